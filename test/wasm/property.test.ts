import { describe, expect, test } from "vitest";
import { ContractFault } from "../../src/errors.ts";
import { prepareModule } from "../../src/wasm/index.ts";
import { disagreement } from "../gas/agreement.ts";
import { seededBytes } from "./property-choices.ts";
import { fuzzedModule } from "./property-fuzz.ts";
import { randomModule } from "./property-module.ts";

/**
 * How many modules of each kind, and from which seed on. `property-campaign.mjs` sets both; a failure names the
 * seed, and `PHATVM_PROPERTY_SEED=<seed> PHATVM_PROPERTY_RUNS=1` runs that module alone.
 */
const RUNS = Number(process.env.PHATVM_PROPERTY_RUNS ?? 200);
const FUZZED_RUNS = Number(process.env.PHATVM_PROPERTY_RUNS ?? 60);
const FIRST_SEED = Number(process.env.PHATVM_PROPERTY_SEED ?? 1);
const BATCH = 20;

const ample = { limit: 50_000_000, boundaries: 4 };

/** Seeds in batches, so that a long campaign shows how far it is. */
function batches(runs: number): number[][] {
  const seeds = Array.from({ length: runs }, (_, index) => FIRST_SEED + index);
  return Array.from({ length: Math.ceil(runs / BATCH) }, (_, batch) => seeds.slice(batch * BATCH, (batch + 1) * BATCH));
}

const named = (batch: number[]): { seeds: number[]; from: number; to: number } => ({
  seeds: batch,
  from: batch[0]!,
  to: batch.at(-1)!,
});

/** A newer V8 takes modules that are refused here for what came after WebAssembly 2.0. */
const isNewer = Number(process.versions.v8.split(".")[0]) > 11;

function isRefused(bytes: Uint8Array): boolean {
  try {
    prepareModule(bytes, { profile: "wasm2" });
    return false;
  } catch (thrown) {
    if (thrown instanceof ContractFault && thrown.code === "CodeRejected") return true;
    throw thrown;
  }
}

describe("a prepared module and its original agree on results, memory and globals", () => {
  test.each(batches(RUNS).map(named))("own generator, seeds $from to $to", ({ seeds }) => {
    for (const seed of seeds) {
      const { bytes, steps } = randomModule(seededBytes(seed, 400 + (seed % 8) * 300));
      const floats = seed % 2 === 0 ? "canonical" : "native";
      expect(disagreement(bytes, steps, { ...ample, floats }), `seed ${seed}, floats ${floats}`).toBeUndefined();
    }
  });

  test.each(batches(FUZZED_RUNS).map(named))("Binaryen's fuzzer, seeds $from to $to", async ({ seeds }) => {
    for (const seed of seeds) {
      const floats = seed % 2 === 0 ? "canonical" : "native";
      const { bytes, steps } = await fuzzedModule(seed, floats === "native");
      const named = `seed ${seed}, floats ${floats}`;
      if (isRefused(bytes)) expect(isNewer || !WebAssembly.validate(bytes), named).toBe(true);
      else expect(disagreement(bytes, steps, { ...ample, floats }), named).toBeUndefined();
    }
  });
});
