/**
 * `phatvm egress`: what the cluster's owner lets a contract reach.
 * @module
 */

import type { EgressRules } from "../../index.ts";
import { type Command, dirOption, signerOptions } from "../command.ts";
import { badUsage } from "../parse.ts";
import { signerOf, withNetwork } from "../session.ts";

function rulesOf(text: string): EgressRules {
  try {
    // What is in it is checked where it is signed.
    return JSON.parse(text) as EgressRules;
  } catch {
    throw badUsage("--rules takes JSON", "egress");
  }
}

export const egress: Command = {
  usage: "<contract>",
  about: [
    "Prints what the cluster's owner lets a contract reach on the internet, or says it, with --rules or --clear.",
    "Rules hold beside those of the worker's host: a request leaves when both let it.",
  ].join("\n"),
  options: {
    ...dirOption,
    ...signerOptions,
    rules: {
      type: "string",
      value: "<json>",
      help: "allow and deny by scheme, host, port, method; requestsPerMinute, bytesPerMinute",
    },
    clear: { type: "boolean", help: "take back what was said" },
  },
  examples: [
    "phatvm egress 0x5b…",
    `phatvm egress 0x5b… --rules '{"allow":[{"scheme":"https","host":"*.example.org"}],"requestsPerMinute":60}'`,
    "phatvm egress 0x5b… --clear",
  ],
  positionals: { least: 1, most: 1 },
  run: (call) => {
    const text = call.text("rules");
    const clear = call.flag("clear");
    if (text !== undefined && clear) throw badUsage("--rules and --clear say two things", "egress");
    const said = text === undefined ? undefined : rulesOf(text);
    return withNetwork(call, false, async (net) => {
      const [contract = ""] = call.positionals;
      if (said !== undefined || clear) {
        const signer = signerOf(call, net);
        const sent = net.governEgress({ contract, rules: said, signer, signal: call.signal });
        await call.terminal.step("sending rules", sent);
      }
      const rules = await net.egressRules(contract);
      call.terminal.result(rules, () => (rules === undefined ? "no rules" : JSON.stringify(rules, undefined, 2)));
    });
  },
};
