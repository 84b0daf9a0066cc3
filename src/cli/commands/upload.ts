/**
 * `phatvm upload`: stores code.
 * @module
 */

import { type Command, dirOption, signerOptions } from "../command.ts";
import { receiptText } from "../format.ts";
import { signerOf, withNetwork } from "../session.ts";

export const upload: Command = {
  usage: "<bundle>",
  about: "Stores the bundle's code on the cluster, unless it is there, and prints the code hash.",
  options: { ...dirOption, ...signerOptions },
  examples: ["phatvm upload build/flipper.contract"],
  positionals: { least: 1, most: 1 },
  run: (call) =>
    withNetwork(call, true, async (net) => {
      const [bundle = ""] = call.positionals;
      const signer = signerOf(call, net);
      const stored = await call.terminal.step("uploading", net.upload({ bundle, signer, signal: call.signal }));
      call.terminal.result(stored, () => {
        const { receipt } = stored;
        call.terminal.note(receipt === undefined ? "the code was stored before" : receiptText(receipt));
        return stored.codeHash;
      });
    }),
};
