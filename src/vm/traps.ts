/**
 * The ways a guest can trap: one fixed list of kinds, each with a number and a text that never change.
 *
 * V8 reports a trap as a `WebAssembly.RuntimeError` whose text differs between versions and merges cases that the
 * specification keeps apart (a null and a mismatching function share one). The kinds here are what every supported V8
 * can tell apart, so that the same trap has the same kind on Node 20, 22 and 24; this file is the only place that reads
 * V8's texts. A kind is a local diagnostic: what goes into receipts is the ABI's error alone.
 * @module
 */

/** Every kind of trap with its number and its fixed text. */
export const trapKinds = {
  unreachable: { number: 1, text: "unreachable executed" },
  memoryOutOfBounds: { number: 2, text: "out of bounds memory access" },
  tableOutOfBounds: { number: 3, text: "out of bounds table access" },
  indirectCallMismatch: { number: 4, text: "indirect call to nothing or to a function of another type" },
  integerDivideByZero: { number: 5, text: "integer divide by zero" },
  integerOverflow: { number: 6, text: "integer overflow" },
  invalidConversion: { number: 7, text: "invalid conversion to integer" },
  host: { number: 8, text: "a host function ended the run with a fault" },
} as const;

/** The name of a kind of trap. */
export type TrapKind = keyof typeof trapKinds;

/** What V8 says, version by version where it changed, and the kind that it means. */
const texts: ReadonlyMap<string, TrapKind> = new Map<string, TrapKind>([
  ["unreachable", "unreachable"],
  ["memory access out of bounds", "memoryOutOfBounds"],
  ["data segment out of bounds", "memoryOutOfBounds"],
  ["data segment is out of bounds", "memoryOutOfBounds"],
  ["data segment has been dropped", "memoryOutOfBounds"],
  ["table index is out of bounds", "tableOutOfBounds"],
  ["table access out of bounds", "tableOutOfBounds"],
  ["element segment out of bounds", "tableOutOfBounds"],
  ["element segment is out of bounds", "tableOutOfBounds"],
  ["element segment has been dropped", "tableOutOfBounds"],
  ["null function or function signature mismatch", "indirectCallMismatch"],
  ["divide by zero", "integerDivideByZero"],
  ["remainder by zero", "integerDivideByZero"],
  ["divide result unrepresentable", "integerOverflow"],
  ["float unrepresentable in integer range", "invalidConversion"],
]);

/**
 * The kind of trap that V8 means by the message of a `WebAssembly.RuntimeError`.
 *
 * @returns The kind, or nothing when the text is none that a module of the accepted features can cause.
 */
export function trapKindOf(message: string): TrapKind | undefined {
  return texts.get(message);
}
