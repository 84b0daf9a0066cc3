/**
 * Compares the bytes of every float operation on every Node and in every compiler tier: `npm ci && npm run matrix`.
 *
 * Prints, for each, in how many cases the bare machine differs from the first one, and in how many a prepared module
 * does: that must be none. Ends with code 1 otherwise.
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleFloatProgram, differing, runTier, tiers } from "../wasm/property-tiers.mjs";
import { nodes } from "./nodes.mjs";

const folder = mkdtempSync(join(tmpdir(), "phatvm-matrix-"));
const program = join(folder, "floats.mjs");
await bundleFloatProgram(program);

let reference;
let disagreements = 0;
const rows = [];
for (const { path, version } of nodes()) {
  for (const tier of tiers) {
    const printed = await runTier(path, program, tier);
    for (const [look, prepared] of printed.prepared.entries()) {
      reference ??= { prepared, bare: printed.bare[0] };
      const differ = differing(reference.prepared, prepared);
      disagreements += differ.length + differing(printed.oracle ?? prepared, prepared).length;
      rows.push({
        Node: version,
        V8: printed.v8,
        compiled: printed.prepared.length === 1 ? tier.name : `${tier.name}, ${look === 0 ? "first" : "last"} run`,
        cases: Object.keys(prepared).length,
        "bare differs": differing(reference.bare, printed.bare[look]).length,
        "prepared differs": differ.length,
        examples: differ.slice(0, 3).join("; "),
      });
    }
  }
}
rmSync(folder, { recursive: true });
console.table(rows);
process.exit(disagreements === 0 ? 0 : 1);
