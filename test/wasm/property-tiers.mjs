/**
 * Runs the float program on one Node with the flags of each compiler tier.
 *
 * Plain JavaScript, since the matrix of newer Nodes runs it without a test runner.
 * @module
 */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

/** The ways in which V8 compiles: one tier, the other, and from one to the other while running. */
export const tiers = [
  { name: "Liftoff", flags: ["--liftoff-only"], args: ["oracle"] },
  { name: "TurboFan", flags: ["--no-liftoff"], args: [] },
  { name: "tier-up", flags: ["--wasm-tiering-budget=1000"], args: ["tier-up"] },
];

/** Writes the float program as one file that any Node runs. */
export async function bundleFloatProgram(outfile) {
  await build({
    entryPoints: [fileURLToPath(new URL("property-float-program.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    logLevel: "error",
  });
}

/** Runs the program and gives what it printed. */
export async function runTier(node, program, { flags, args }) {
  const { stdout } = await promisify(execFile)(node, [...flags, program, ...args], { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout);
}

/** The cases in which two runs differ. */
export function differing(one, other) {
  return Object.keys({ ...one, ...other }).filter((title) => one[title] !== other[title]);
}
