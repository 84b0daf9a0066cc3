/**
 * What the machine and its host functions say to each other.
 *
 * A host function is a plain JavaScript function that WebAssembly calls with its own parameters: i32 as a signed number
 * (`>>> 0` makes it a pointer), i64 as a bigint, and nothing else, so that a call costs about ten nanoseconds. What it
 * needs beyond that it takes from the `Slot` it was bound to. Costs are ref_time as numbers below 2^53: no bigint and no
 * allocation on this path.
 * @module
 */

import type { ContractFault } from "../errors.ts";

/** What a bound host function looks like to WebAssembly. */
// biome-ignore lint/suspicious/noExplicitAny: the parameters and results are those of the import, which only the host knows
export type HostFunction = (...parameters: any[]) => any;

/**
 * A table of host functions for frames of type `F`.
 *
 * The machine keeps instances apart by the identity of this object: make it once, and tell runs apart by their frame.
 */
export interface Host<F> {
  /**
   * Gives the function for one import, called once per instance for each function import that the module really has.
   *
   * @returns The function, or nothing when there is no such function: the run ends as `CodeRejected`.
   */
  bind(module: string, name: string, slot: Slot<F>): HostFunction | undefined;
}

/** One instance as its host functions see it. Valid inside a host call only. */
export interface Slot<F> {
  /** What the embedder gave with the run. */
  readonly frame: F;
  /** The whole memory of the guest, fresh after growth; empty for a module without one. Take it anew in every call. */
  readonly bytes: Uint8Array;
  /** The same memory for numbers of more than one byte, fresh after growth. Take it anew in every call. */
  readonly view: DataView;
  /**
   * Takes gas, in ref_time: a whole number from 0 to 2^53 - 1.
   *
   * Ends the run as `outOfGas`, with nothing left, when more is asked than there is: then it does not come back.
   */
  charge(refTime: number): void;
  /** The gas that is left, in ref_time; at most 2^53 - 1. */
  gasLeft(): number;
  /** Ends the run as `returned`. The data is handed on as it is: copy it if it is a view of the guest's memory. */
  return(data: Uint8Array): never;
  /** Ends the run as `reverted`, with data as for `return`. */
  revert(data: Uint8Array): never;
  /** Ends the run as `suspended`. */
  suspend(request: unknown): never;
  /** Ends the run as `trapped` of kind `host`. Throwing the fault does the same. */
  trap(fault: ContractFault): never;
}

/** One call into one instance. */
export interface Run<F> {
  /** The host functions. */
  readonly host: Host<F>;
  /** What the host functions find in their slot. */
  readonly frame: F;
  /** The name of the exported function to call. */
  readonly entry: string;
  /** The most gas the run may use, in ref_time. A bigint reaches to 2^64 - 1 and saturates there. */
  readonly gas: number | bigint;
  /** Parameters for the entry; contracts have none. */
  readonly parameters?: readonly (number | bigint)[];
  /**
   * The most milliseconds of wall clock the run may take, a whole number from 1; it costs about 80 us to set up.
   *
   * A run that takes longer is given up with the `EngineError` `DeadlineExceeded`: how far a machine gets in a given
   * time is no property of the guest. It may be cut off anywhere, also inside a host function or a nested run, without
   * `finally` being run: what host functions share with anything beyond the run must bear that.
   */
  readonly deadlineMs?: number;
  /**
   * Ends the run as `suspended`, with this request, where it needs more than this much gas of what it has: a bound for
   * work that is to be done under a deadline only if it turns out to be long. The guest sees the whole of its gas.
   */
  readonly fuse?: { readonly gas: number; readonly request: unknown } | undefined;
}
