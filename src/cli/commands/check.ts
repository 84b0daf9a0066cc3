/**
 * `phatvm check`: judges code without a network.
 * @module
 */

import colour from "picocolors";
import type { Command } from "../command.ts";
import { grouped } from "../format.ts";
import { badUsage } from "../parse.ts";

export const check: Command = {
  usage: "<file.wasm or .contract>",
  about: [
    "Says whether a cluster would accept the code, and what it imports, exports and needs. No network is opened.",
    "Ends with 1 when the code is refused.",
  ].join("\n"),
  options: {
    profile: { type: "string", value: "<name>", help: "deterministic or pink (default deterministic)" },
  },
  examples: ["phatvm check build/flipper.contract", "phatvm check old.wasm --profile pink --json"],
  positionals: { least: 1, most: 1 },
  ownsNothing: true,
  async run(call) {
    const profile = call.text("profile") ?? "deterministic";
    if (profile !== "deterministic" && profile !== "pink") {
      throw badUsage(`--profile is deterministic or pink, not "${profile}"`, "check");
    }
    const { check: judge } = await import("../../check.ts");
    const report = await judge(call.positionals[0] ?? "", { profile });
    call.terminal.result(report, () => {
      const { module, metadata } = report;
      const verdict = report.accepted ? colour.green("✓ accepted") : colour.red("✗ refused");
      const lines = [`${verdict} by profile ${profile}`];
      if (report.reason !== undefined) lines.push(`  ${report.reason}`);
      lines.push(`  code hash     ${report.codeHash}`, `  size          ${grouped(report.bytes)} bytes`);
      if (module !== undefined) {
        const { preparedBytes, functions, instructions, worstStack, countedFunctions, imports } = module;
        lines.push(`  with metering ${grouped(preparedBytes)} bytes`);
        lines.push(`  functions     ${grouped(functions)}, ${grouped(instructions)} instructions`);
        const counted = countedFunctions === 0 ? "" : `, ${countedFunctions} functions count theirs as they run`;
        lines.push(`  stack         at most ${grouped(worstStack)} bytes${counted}`);
        lines.push(`  exports       ${module.exports.join(", ")}`);
        for (const [i, item] of imports.entries())
          lines.push(`  ${i === 0 ? "imports      " : "             "} ${item}`);
      }
      if (metadata !== undefined) {
        lines.push(`  metadata      ${metadata.name}, ${metadata.language}, format ${metadata.format}`);
        for (const message of metadata.messages) lines.push(`                ${message}`);
      }
      return lines.join("\n");
    });
    return report.accepted ? 0 : 1;
  },
};
