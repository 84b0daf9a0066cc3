/**
 * Prints what frames really take on V8's stack beside what `src/wasm/stack.md` reckons.
 *
 * `node bench/run.mjs bench/wasm/stack.ts [--json]`. A margin below 1 would let V8's own limit be reached first.
 * @module
 */

import { measureFrames } from "./frames.ts";

for (const { shape, tier, reckoned, real } of await measureFrames()) {
  const margin = reckoned / real;
  if (process.argv.includes("--json")) console.log(JSON.stringify({ shape, tier, reckoned, real, margin }));
  else {
    const figures = `${real.toFixed(0).padStart(6)} bytes, reckoned ${reckoned.toFixed(0).padStart(6)}`;
    console.log(
      `${shape.padEnd(24)} ${tier.padEnd(10)} ${figures}, margin ${margin.toFixed(2)}${margin < 1 ? "  MISSED" : ""}`,
    );
  }
}
