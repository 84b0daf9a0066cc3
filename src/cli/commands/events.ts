/**
 * `phatvm events`: what contracts emit.
 * @module
 */

import { type Command, dirOption } from "../command.ts";
import { eventText, shortId } from "../format.ts";
import { withNetwork } from "../session.ts";

export const events: Command = {
  usage: "",
  about: [
    "Prints what contracts emit, by name, as it happens: on a folder that `phatvm serve` owns. Ctrl-C ends it.",
    "Events of one transaction are in the receipt that `phatvm tx` prints.",
  ].join("\n"),
  options: { ...dirOption },
  examples: ["phatvm events", "phatvm events --json"],
  positionals: { least: 0, most: 0 },
  run: (call) =>
    withNetwork(call, false, async (net) => {
      net.on("event", (event) => {
        const where = `block ${event.block}`.padEnd(12);
        call.terminal.result(event, () => `${where} ${shortId(event.contract)} ${eventText(event)}`);
      });
      const { signal } = call;
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    }),
};
