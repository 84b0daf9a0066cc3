/**
 * What a caller can choose: profile, gas, stack, floats, limits; and the key that tells two choices apart.
 *
 * A profile is a fixed, versioned list of features and limits that does not depend on the engine underneath, so that
 * replicas on different engines accept the same modules.
 * @module
 */

import { type CostTable, checkCosts, costs1 } from "./costs.ts";

/** Which modules are accepted; see `Features` and `profiles`. */
export type Profile = "deterministic" | "wasm2" | "pink";

/** How floats are treated: made canonical where bits can be seen, refused, or left to the machine. */
export type FloatMode = "canonical" | "reject" | "native";

/** Bounds on a module; all counts. Memory in pages of 64 KiB, sizes in bytes. */
export interface Limits {
  readonly moduleBytes: number;
  readonly types: number;
  readonly imports: number;
  readonly exports: number;
  readonly functions: number;
  readonly globals: number;
  readonly tables: number;
  readonly elementSegments: number;
  readonly dataSegments: number;
  readonly parameters: number;
  readonly results: number;
  readonly locals: number;
  readonly functionBytes: number;
  readonly brTableTargets: number;
  readonly nesting: number;
  /** Entries of one table; a larger or absent declared maximum is rewritten to it. */
  readonly tableElements: number;
  /** Pages of memory; a larger or absent declared maximum is rewritten to it. */
  readonly memoryPages: number;
}

/** What `prepareModule` can be told. Every field is part of the key. */
export interface PrepareOptions {
  /** Default `"deterministic"`. */
  readonly profile?: Profile;
  /** What the counter starts with, in ref_time; larger values saturate. Default 2^63 - 1. */
  readonly gas?: bigint;
  /** Default `costs1`. */
  readonly costs?: CostTable;
  /** Bytes of stack by the formula of `stack.md`. Default 524,288, which fits V8's own default stack with room to spare. */
  readonly maxStack?: number;
  /** Default `"reject"` in profile `pink`, else `"canonical"`. */
  readonly floats?: FloatMode;
  /** Tightens or loosens the profile's limits; bounded by what every engine serves. */
  readonly limits?: Partial<Limits>;
  /** Host functions may call back into the same instance: its depth goes on from theirs. Default false. */
  readonly reentrant?: boolean;
  /** Also export what a reset needs: mutable globals, tables, memory, the start function. Default false. */
  readonly image?: boolean;
  /** False leaves gas metering out (for measurements). Default true. */
  readonly meter?: boolean;
}

/** Options with every default filled in. */
export interface Settings {
  readonly profile: Profile;
  readonly gas: bigint;
  readonly costs: CostTable;
  readonly maxStack: number;
  readonly floats: FloatMode;
  readonly limits: Limits;
  readonly reentrant: boolean;
  readonly image: boolean;
  readonly meter: boolean;
  /** Differs whenever the prepared bytes could. */
  readonly key: string;
}

/** Changes whenever the pass would emit other code or accept other modules; part of every key. */
export const passVersion = 4;

const largestGas = 2n ** 63n - 1n;

/** What every engine serves (the WebAssembly JS API's implementation limits, less room for what the pass adds). */
const engineLimits: Limits = {
  moduleBytes: 256 * 1024 * 1024,
  types: 1_000_000,
  imports: 100_000,
  exports: 90_000,
  functions: 1_000_000,
  globals: 900_000,
  tables: 90_000,
  elementSegments: 10_000_000,
  dataSegments: 100_000,
  parameters: 1_000,
  results: 1_000,
  locals: 49_900,
  functionBytes: 4_000_000,
  brTableTargets: 65_520,
  nesting: 50_000,
  tableElements: 10_000_000,
  memoryPages: 65_536,
};

const contractLimits: Limits = {
  ...engineLimits,
  moduleBytes: 2 * 1024 * 1024,
  globals: 1_024,
  tables: 16,
  locals: 4_096,
  parameters: 128,
  results: 16,
  tableElements: 16_384,
  memoryPages: 64,
};

/** Each profile's limits. */
export const profileLimits: Readonly<Record<Profile, Limits>> = {
  wasm2: engineLimits,
  deterministic: contractLimits,
  // Upstream bounds neither globals nor tables; these bounds are far above what a contract has, and keep an instance small.
  pink: {
    ...engineLimits,
    moduleBytes: 2 * 1024 * 1024,
    globals: 4_096,
    tableElements: 65_536,
    memoryPages: 64,
  },
};

/** Fills in the defaults and makes the key. */
export function settle(options: PrepareOptions): Settings {
  const profile = options.profile ?? "deterministic";
  const costs = options.costs ?? costs1;
  checkCosts(costs);
  const asked = options.gas ?? largestGas;
  const gas = asked > largestGas ? largestGas : asked < 0n ? 0n : asked;
  const floats = options.floats ?? (profile === "pink" ? "reject" : "canonical");
  const maxStack = Math.min(Math.max(Math.trunc(options.maxStack ?? 524_288), 0), 2 ** 30);
  const limits = { ...profileLimits[profile] } as Record<keyof Limits, number>;
  for (const name of Object.keys(limits) as (keyof Limits)[]) {
    const own = options.limits?.[name];
    if (own !== undefined) limits[name] = Math.min(own, engineLimits[name]);
  }
  const reentrant = options.reentrant ?? false;
  const image = options.image ?? false;
  const meter = options.meter ?? true;
  const key = JSON.stringify([
    passVersion,
    profile,
    gas.toString(),
    Object.entries(costs).sort(([a], [b]) => (a < b ? -1 : 1)),
    maxStack,
    floats,
    Object.values(limits),
    reentrant,
    image,
    meter,
  ]);
  return { profile, gas, costs, maxStack, floats, limits, reentrant, image, meter, key };
}
