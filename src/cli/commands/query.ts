/**
 * `phatvm query`: asks a contract.
 * @module
 */

import { type Command, dirOption, paymentOptions, signerOptions } from "../command.ts";
import { valueText } from "../format.ts";
import { paymentOf, signerOf, withNetwork } from "../session.ts";

export const query: Command = {
  usage: "<contract> <message> [args…]",
  about: [
    "Asks the newest state and prints the answer; nothing is written, nothing is signed.",
    "Arguments are read by the message's types: true, 42, //Bob, 0x…, text as it is, JSON for what has parts.",
  ].join("\n"),
  options: {
    ...dirOption,
    ...signerOptions,
    signer: { type: "string", value: "<uri>", help: "who asks, as the contract sees it (default: the zero account)" },
    ...paymentOptions,
    bundle: { type: "string", value: "<file>", help: "the contract's bundle (default: the one it was deployed with)" },
  },
  examples: ["phatvm query 0x5b… get", "phatvm query 0x5b… balanceOf //Bob --json"],
  positionals: { least: 2, most: Number.POSITIVE_INFINITY },
  run: (call) =>
    withNetwork(call, false, async (net) => {
      const [id = "", message = "", ...text] = call.positionals;
      const contract = await net.attach(id, call.text("bundle"));
      const signer = call.text("signer") === undefined ? {} : { signer: signerOf(call, net) };
      const asked = contract.query[message]?.({ text, ...signer, ...paymentOf(call), signal: call.signal });
      const answer: unknown = await call.terminal.step(`asking ${message}`, asked as Promise<unknown>);
      call.terminal.result({ answer }, () => valueText(answer));
    }),
};
