/**
 * How a call ended that did not return, in the words of the specification and in V8's.
 * @module
 */

/** The kinds of trap that the core suite tells apart. */
export type TrapKind =
  | "unreachable"
  | "divide by zero"
  | "integer overflow"
  | "memory out of bounds"
  | "table out of bounds"
  | "table operation out of bounds"
  | "indirect call";

/** How a call or an instantiation ended when it threw. */
export type Ending =
  | { readonly how: "trap"; readonly kind: TrapKind | undefined; readonly says: string }
  | { readonly how: "exhaustion" }
  | { readonly how: "unlinkable"; readonly says: string }
  | { readonly how: "broken"; readonly says: string };

// The suite tells an undefined element from an uninitialized one and from a wrong signature; V8 does not always.
const SPECIFIED: readonly (readonly [RegExp, readonly TrapKind[]])[] = [
  [/^unreachable/, ["unreachable"]],
  [/^integer divide by zero/, ["divide by zero"]],
  [/^(integer overflow|invalid conversion to integer)/, ["integer overflow"]],
  [/^out of bounds memory access/, ["memory out of bounds"]],
  [/^out of bounds table access/, ["table out of bounds", "table operation out of bounds"]],
  [/^undefined( element)?/, ["table out of bounds", "indirect call"]],
  [/^uninitialized/, ["indirect call"]],
  [/^indirect call type mismatch/, ["indirect call"]],
];

const OBSERVED: readonly (readonly [RegExp, TrapKind])[] = [
  [/^unreachable/, "unreachable"],
  [/divide by zero|remainder by zero/, "divide by zero"],
  [/divide result unrepresentable|float unrepresentable in integer range/, "integer overflow"],
  [/memory access out of bounds|data segment .*out of bounds/, "memory out of bounds"],
  [/table index is out of bounds/, "table out of bounds"],
  [/table (access )?out of bounds|table initializer|element segment|table operation/i, "table operation out of bounds"],
  [/null function or function signature mismatch/, "indirect call"],
];

/** Whether a trap is the one that a script names. */
export function isTrap(ending: Ending, says: string): boolean {
  if (ending.how !== "trap") return false;
  const kinds = SPECIFIED.find(([pattern]) => pattern.test(says))?.[1];
  return kinds !== undefined && ending.kind !== undefined && kinds.includes(ending.kind);
}

/** What V8 threw, put in the suite's terms. */
export function endingOf(thrown: unknown): Ending {
  if (thrown instanceof WebAssembly.RuntimeError) {
    const kind = OBSERVED.find(([pattern]) => pattern.test(thrown.message))?.[1];
    return { how: "trap", kind, says: thrown.message };
  }
  if (thrown instanceof RangeError && /call stack/.test(thrown.message)) return { how: "exhaustion" };
  if (thrown instanceof WebAssembly.LinkError) return { how: "unlinkable", says: thrown.message };
  return { how: "broken", says: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown) };
}

/** An ending for a message. */
export function showEnding(ending: Ending): string {
  return "says" in ending ? `${ending.how}: ${ending.says}` : ending.how;
}
