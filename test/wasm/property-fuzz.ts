/**
 * Random valid modules from Binaryen's fuzzer, which knows nothing of this project.
 *
 * `wasm-opt --translate-to-fuzz` turns any bytes into a valid module; the bytes come from a seed, so a seed names a
 * module. It comes with the npm package `binaryen`, which `assemblyscript` brings.
 * @module
 */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readInterface } from "../conformance/interface.ts";
import { type Value, WIDTHS } from "../conformance/values.ts";
import { exposed } from "../gas/expose.ts";
import type { Step } from "../gas/trace.ts";
import { Choices, seededBytes } from "./property-choices.ts";
import { wasmOpt } from "./property-wasm-opt.ts";

const FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
  "simd",
  "tail-call",
].map((feature) => `--enable-${feature}`);

const MOST_STEPS = 8;

/**
 * A module of the fuzzer's, everything in it exported, and calls into it. Now and then there is an instruction of typed
 * references in it, though they are switched off: no module of WebAssembly 2.0 then.
 */
export interface FuzzedModule {
  readonly bytes: Uint8Array;
  readonly steps: readonly Step[];
}

/** Makes the module of a seed; without NaNs, if so wished, whose bits machines may choose. */
export async function fuzzedModule(seed: number, withoutNaN: boolean): Promise<FuzzedModule> {
  const folder = await mkdtemp(join(tmpdir(), "phatvm-fuzz-"));
  try {
    const [input, output] = [join(folder, "input"), join(folder, "module.wasm")];
    const random = seededBytes(seed, 1_000 + (seed % 16) * 1_000);
    await writeFile(input, random);
    const denan = withoutNaN ? ["--denan"] : [];
    await wasmOpt([input, "--translate-to-fuzz", "--quiet", ...denan, ...FEATURES, "-o", output]);
    const bytes = exposed(await readFile(output));
    return { bytes, steps: stepsFor(bytes, new Choices(random)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function stepsFor(bytes: Uint8Array, choices: Choices): Step[] {
  return [...readInterface(bytes).functions].slice(0, MOST_STEPS).map(([entry, { params }]) => ({
    entry,
    args: params.map((type): Value => {
      if (type === "funcref" || type === "externref") return { type, reference: null };
      return { type, bits: choices.once(2) ? choices.bits(WIDTHS[type]) : BigInt(choices.below(64)) };
    }),
  }));
}
