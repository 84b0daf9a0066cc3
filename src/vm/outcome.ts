/**
 * How a run ended, as data: nothing that a guest does leaves `Machine.run` as an exception.
 *
 * The order of judgement: an exhausted counter is `outOfGas` whatever else happened; a call that the stack counter
 * refused is `stackOverflow`; what a host function decided comes next; any other trap is `trapped`. Gas is upstream's
 * ref_time, a whole number up to 2^53 - 1 where it saturates.
 * @module
 */

import type { ContractFault } from "../errors.ts";
import type { TrapKind } from "./traps.ts";

/** One call on the guest's stack when it trapped, innermost first. */
export interface TraceFrame {
  /** Index of the function in the module as it was uploaded. */
  readonly function: number;
  /** Its name from the name section. */
  readonly name?: string;
  /** Byte offset of the instruction in the module as it was uploaded, when the embedder can give the module. */
  readonly offset?: number;
  /** Where in the source, when the module names a source map. Line and column count from 1. */
  readonly source?: { readonly file: string; readonly line: number; readonly column: number };
}

/** A guest's stack: kept as V8 wrote it, read and symbolised when asked. A local diagnostic, never part of a result. */
export interface Backtrace {
  /** The calls, innermost first; at most as many as `Error.stackTraceLimit` let V8 keep. */
  frames(): readonly TraceFrame[];
  /** The calls as text, one a line. */
  toString(): string;
}

/** The entry came to its end, or a host function ended the run well. */
export interface Returned {
  readonly type: "returned";
  /** Gas used, in ref_time. */
  readonly gasUsed: number;
  /** What the host function gave; empty when the entry fell off its end. The machine does not copy it. */
  readonly data: Uint8Array;
  /** What the entry returned as a WebAssembly function; nothing when a host function ended the run. */
  readonly value: unknown;
}

/** A host function ended the run with "undo what I did". */
export interface Reverted {
  readonly type: "reverted";
  readonly gasUsed: number;
  readonly data: Uint8Array;
}

/** The guest trapped, or a host function ended the run with a fault. */
export interface Trapped {
  readonly type: "trapped";
  readonly kind: TrapKind;
  readonly gasUsed: number;
  readonly backtrace: Backtrace;
  /** The fault of the host function, for kind `host`. */
  readonly fault?: ContractFault;
}

/** The counter ran out; all the gas is used. */
export interface OutOfGas {
  readonly type: "outOfGas";
  readonly gasUsed: number;
}

/** A call would have gone deeper than the module's stack limit: at the same call on every machine. */
export interface StackOverflow {
  readonly type: "stackOverflow";
  readonly gasUsed: number;
}

/** A host function cannot answer yet; the run is undone and may be done again once the request is answered. */
export interface Suspended {
  readonly type: "suspended";
  readonly gasUsed: number;
  /** What the host function asked for. */
  readonly request: unknown;
}

/** How a run ended. */
export type Outcome = Returned | Reverted | Trapped | OutOfGas | StackOverflow | Suspended;
