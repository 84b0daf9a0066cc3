/**
 * `phatvm logs`: what contracts logged and printed.
 * @module
 */

import type { LogLine } from "../../index.ts";
import { type Command, dirOption, type Invocation } from "../command.ts";
import { shortId } from "../format.ts";
import { withNetwork } from "../session.ts";

function print(call: Invocation, line: LogLine): void {
  const { block, contract, level, text, query } = line;
  const where = query ? "query" : `block ${block}`;
  call.terminal.result(line, () => `${where.padEnd(12)} ${shortId(contract)} ${level.padEnd(5)} ${text.trimEnd()}`);
}

export const logs: Command = {
  usage: "",
  about: [
    "Prints the recent lines that contracts logged or printed, oldest first.",
    "With --follow it goes on, which makes sense on a folder that `phatvm serve` owns. Ctrl-C ends it.",
  ].join("\n"),
  options: {
    ...dirOption,
    follow: { type: "boolean", help: "go on with what comes" },
    from: { type: "string", value: "<n>", help: "the first running number wanted (default 0)" },
    limit: { type: "string", value: "<n>", help: "the most lines (default 1000)" },
  },
  examples: ["phatvm logs", "phatvm logs --follow --json"],
  positionals: { least: 0, most: 0 },
  async run(call) {
    const from = Number(call.amount("from") ?? 0n);
    const limit = Number(call.amount("limit") ?? 1000n);
    return await withNetwork(call, false, async (net) => {
      const waiting: LogLine[] = [];
      let take = (line: LogLine): unknown => waiting.push(line);
      if (call.flag("follow")) net.on("log", (line) => take(line));
      let last = -1;
      for (const line of await net.logs({ from, limit })) {
        print(call, line);
        last = line.sequence;
      }
      if (!call.flag("follow")) return;
      take = (line) => print(call, line);
      for (const line of waiting) if (line.sequence > last) print(call, line);
      const { signal } = call;
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    });
  },
};
