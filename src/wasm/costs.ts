/**
 * The cost table: what instructions are charged, in upstream's ref_time.
 *
 * A table is data with a version; `gas.md` says what each weight applies to. A plain instruction is 8,000 always, so
 * that limits which existing clients send keep their meaning. Weights are prices, not measurements: a bench prints how
 * far each is from measured time and changes nothing. Bounds on the weights keep the counter from ever wrapping.
 * @module
 */

import { ContractFault } from "../errors.ts";

/** Weights in ref_time (picoseconds of upstream's reference machine); integers. */
export interface CostTable {
  /** Names the table in cache keys; a table whose weights differ must carry another version. */
  readonly version: number;
  /** Every instruction without a weight of its own. */
  readonly plain: number;
  /** Integer division and remainder, float and lane division and square root. */
  readonly division: number;
  /** `call`, `return_call`. */
  readonly call: number;
  /** `call_indirect`, `return_call_indirect`. */
  readonly callIndirect: number;
  /** Each declared local, at function entry. */
  readonly local: number;
  /** Each byte of a bulk memory instruction. */
  readonly bulkByte: number;
  /** Each element of a bulk table instruction or of `table.grow`. */
  readonly tableElement: number;
  /** Each page asked for by `memory.grow`. */
  readonly memoryPage: number;
  /** The most that a stretch absorbs of code that a branch may skip. */
  readonly slack: number;
}

/** Version 1, the table of every profile unless an option names another. */
export const costs1: CostTable = Object.freeze({
  version: 1,
  plain: 8_000,
  division: 40_000,
  call: 24_000,
  callIndirect: 40_000,
  local: 1_000,
  bulkByte: 1_000,
  tableElement: 320_000,
  memoryPage: 8_192_000,
  slack: 256_000,
});

/** The largest weight of an instruction: 2^24 bodies of 2^23 instructions stay far below 2^62. */
const largestWeight = 2 ** 24;
/** The largest weight by length: times 2^32 - 1 it stays below 2^61. */
const largestWeightByLength = 2 ** 28;

/**
 * Checks a table's bounds.
 *
 * @throws {ContractFault} `CodeRejected` when a weight is not an integer from 0 (1 for `plain`) to its bound.
 */
export function checkCosts(costs: CostTable): void {
  const bounds: Record<keyof CostTable, number> = {
    version: 2 ** 31,
    plain: largestWeight,
    division: largestWeight,
    call: largestWeight,
    callIndirect: largestWeight,
    local: largestWeight,
    bulkByte: largestWeightByLength,
    tableElement: largestWeightByLength,
    memoryPage: largestWeightByLength,
    slack: largestWeight,
  };
  for (const name of Object.keys(bounds) as (keyof CostTable)[]) {
    const weight = costs[name];
    if (!Number.isInteger(weight) || weight < (name === "plain" ? 1 : 0) || weight > bounds[name]) {
      throw new ContractFault("CodeRejected", {
        reason: `the cost table gives "${name}" as ${weight}, which is not an integer from ${name === "plain" ? 1 : 0} to ${bounds[name]}`,
      });
    }
  }
}
