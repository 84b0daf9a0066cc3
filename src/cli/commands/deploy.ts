/**
 * `phatvm deploy`: makes a contract.
 * @module
 */

import { type Command, dirOption, paymentOptions, signerOptions } from "../command.ts";
import { receiptText } from "../format.ts";
import { badUsage } from "../parse.ts";
import { paymentOf, signerOf, withNetwork } from "../session.ts";

export const deploy: Command = {
  usage: "<bundle> [constructor] [args…]",
  about: [
    "Stores the bundle's code, unless it is there, makes a contract of it, and prints the contract's id.",
    "Arguments are read by the constructor's types: true, 42, //Bob, 0x…, text as it is, JSON for what has parts.",
  ].join("\n"),
  options: {
    ...dirOption,
    ...signerOptions,
    ...paymentOptions,
    salt: { type: "string", value: "<0x…>", help: "tells contracts of one code and signer apart (default: a number)" },
  },
  examples: [
    "phatvm deploy build/flipper.contract new true",
    "phatvm deploy build/token.contract new 1_000_000 --signer //Bob --json",
  ],
  positionals: { least: 1, most: Number.POSITIVE_INFINITY },
  run: (call) =>
    withNetwork(call, true, async (net) => {
      const [bundle = "", constructorName, ...text] = call.positionals;
      const salt = call.text("salt");
      if (salt !== undefined && !/^0x([0-9a-fA-F]{2})*$/.test(salt)) throw badUsage("--salt takes 0x and hex digits");
      const contract = await call.terminal.step(
        "deploying",
        net.deploy({
          bundle,
          signer: signerOf(call, net),
          text,
          ...paymentOf(call),
          ...(constructorName === undefined ? {} : { constructor: constructorName }),
          ...(salt === undefined ? {} : { salt: salt as `0x${string}` }),
          signal: call.signal,
        }),
      );
      const { id, codeHash, metadata, deployment } = contract;
      call.terminal.result({ id, codeHash, name: metadata.name, receipt: deployment }, () => {
        if (deployment !== undefined) call.terminal.note(receiptText(deployment));
        return id;
      });
    }),
};
