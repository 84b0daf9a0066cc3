/**
 * `phatvm tx`: sends a transaction.
 * @module
 */

import { type Command, dirOption, paymentOptions, signerOptions } from "../command.ts";
import { receiptText } from "../format.ts";
import { paymentOf, signerOf, withNetwork } from "../session.ts";

export const tx: Command = {
  usage: "<contract> <message> [args…]",
  about: [
    "Sends a transaction, waits until its block is executed and on disk, and prints the receipt.",
    "Arguments are read by the message's types: true, 42, //Bob, 0x…, text as it is, JSON for what has parts.",
    "Ends with 1 when the outcome is not ok.",
  ].join("\n"),
  options: {
    ...dirOption,
    ...signerOptions,
    ...paymentOptions,
    "deposit-limit": {
      type: "string",
      value: "<amount>",
      help: "the most that may be held for storage (default: any)",
    },
    bundle: { type: "string", value: "<file>", help: "the contract's bundle (default: the one it was deployed with)" },
  },
  examples: ["phatvm tx 0x5b… flip", "phatvm tx 0x5b… transfer //Bob 1_000 --signer //Alice --gas 50_000_000_000"],
  positionals: { least: 2, most: Number.POSITIVE_INFINITY },
  run: (call) =>
    withNetwork(call, false, async (net) => {
      const [id = "", message = "", ...text] = call.positionals;
      const contract = await net.attach(id, call.text("bundle"));
      const storageDepositLimit = call.amount("deposit-limit");
      const sent = contract.tx[message]?.({
        text,
        signer: signerOf(call, net),
        ...paymentOf(call),
        ...(storageDepositLimit === undefined ? {} : { storageDepositLimit }),
        signal: call.signal,
      });
      const receipt = await call.terminal.step(`sending ${message}`, sent as NonNullable<typeof sent>);
      call.terminal.result(receipt, () => receiptText(receipt));
      return receipt.outcome === "ok" ? 0 : 1;
    }),
};
