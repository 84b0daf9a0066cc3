/**
 * Runs the float cases in a process of its own and prints what came out, case by case, as JSON.
 *
 * Bundled and started with the flags of one compiler tier, on one version of Node. With the argument `tier-up` it runs
 * each case often enough for V8 to compile it anew with the optimising compiler, and prints what came out first and
 * last.
 * @module
 */

import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { prepareModule } from "../../src/wasm/index.ts";
import { Counter, withCounter } from "../gas/counter.ts";
import { WEIGHTS } from "../gas/stretches.ts";
import { floatCases, floatModule, RESULT_BYTES, RESULT_START } from "./property-float-cases.ts";

/** Digests of the results by case. */
export type Digests = Readonly<Record<string, string>>;

/** What the program prints. */
export interface Printed {
  readonly v8: string;
  readonly bare: readonly Digests[];
  readonly prepared: readonly Digests[];
  /** The original with each result made canonical at once, by the oracle; with the argument `oracle`. */
  readonly oracle?: Digests;
}

/** Turns of each case between the first and the last look: V8 tiers up after a budget far below this. */
const TURNS = 60;

function digests({ exports }: WebAssembly.Instance): Digests {
  const memory = (exports.memory as WebAssembly.Memory).buffer;
  const results = new Uint8Array(memory, RESULT_START, RESULT_BYTES);
  const found: Record<string, string> = {};
  for (const { title, entry } of floatCases) {
    results.fill(0);
    (exports[entry] as () => void)();
    found[title] = createHash("sha256").update(results).digest("base64url").slice(0, 16);
  }
  return found;
}

async function looks(bytes: Uint8Array, tierUp: boolean): Promise<Digests[]> {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const first = digests(instance);
  if (!tierUp) return [first];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { entry } of floatCases) (instance.exports[entry] as () => void)();
    // The optimising compiler works beside; what it has finished is used from the next call on.
    await pause(turn % 10 === 0 ? 100 : 0);
  }
  return [first, digests(instance)];
}

function oracle(bytes: Uint8Array): Digests {
  const additions = { weights: WEIGHTS, canonicalFloats: true };
  const module = new WebAssembly.Module(withCounter(bytes, additions));
  const instance = new WebAssembly.Instance(module);
  new Counter(additions, Number.MAX_SAFE_INTEGER).attach(instance.exports);
  return digests(instance);
}

const tierUp = process.argv[2] === "tier-up";
const original = floatModule();
const { bytes } = prepareModule(original, { profile: "wasm2", floats: "canonical" });
const printed: Printed = {
  v8: process.versions.v8,
  bare: await looks(original, tierUp),
  prepared: await looks(bytes, tierUp),
  ...(process.argv[2] === "oracle" ? { oracle: oracle(original) } : {}),
};
process.stdout.write(JSON.stringify(printed));
