/**
 * Recognises counted loops: innermost loops whose number of iterations, and every address they touch, follow from
 * what locals hold on arrival.
 *
 * Such a loop can be charged as a whole before it starts, when a few comparisons show that it will run to its end:
 * enough gas, and every access inside memory. The charges are those of `gas.md`; where the comparisons fail the loop
 * runs metered step by step.
 * @module
 */

import type { ModuleInfo } from "./module.ts";
import { combine, constant, Evaluation, giveUp, isLinear, type Linear, type Turn } from "./symbolic.ts";

/** Addresses that differ only by constants: from `lowest` on, ending before `end`, all on top of `terms`. */
export interface Reach {
  readonly terms: ReadonlyMap<number, number>;
  readonly lowest: number;
  readonly end: number;
  /** Change of the sum of `terms` per iteration. */
  readonly step: Linear;
}

/** A counted loop. */
export interface CountedLoop {
  /** Something in the body can trap in a way that is not foreseen on arrival; `reaches` then says nothing. */
  readonly traps: boolean;
  /** Where the arm of the `if` that tests the head begins; -1 for `tail`. */
  readonly arm: number;
  /** Whether the test at the head is code that can be run on its own, and ends in an i32 comparison by order. */
  readonly asks: boolean;
  /** `head`: tested before each iteration. `tail`: after it, so that the body runs once more than the test says. */
  readonly test: "head" | "tail";
  /** Goes on while this is above zero (`equality`: differs from zero); shrinks by `shrink` an iteration. */
  readonly form: Linear;
  readonly equality: boolean;
  readonly shrink: Linear;
  /** Values that must stay in the range of their type, with their change per iteration; from zero on when `unsigned`. */
  readonly sides: readonly { readonly form: Linear; readonly step: Linear }[];
  readonly unsigned: boolean;
  readonly reaches: readonly Reach[];
}

/**
 * Evaluates the loop whose body's code begins at `start` and whose `end` opcode is the byte before `end`.
 *
 * The caller has made sure that the loop is valid, has no type, holds no other loop, and is left only at its end.
 * Gives up (`symbolic.ts`) when the loop is no counted one.
 */
export function recogniseCounted(code: Uint8Array, info: ModuleInfo, start: number, end: number): CountedLoop {
  return finish(new Evaluation(code, info, start, end).run(), code);
}

const isOrder = (op: number): boolean => op >= 0x48 && op <= 0x4f;

/** Works out from one turn how all turns go. */
function finish(turn: Turn, code: Uint8Array): CountedLoop {
  const { test, comparison } = turn;
  const steps = new Map<number, Linear>();
  for (const [local, value] of turn.locals) {
    const symbol = 2 * local;
    if (value === undefined || !isLinear(value) || value.terms.get(symbol) !== 1) continue;
    const terms = new Map(value.terms);
    terms.delete(symbol);
    steps.set(symbol, { constant: value.constant, terms });
  }
  const invariant = (symbol: number): boolean =>
    (symbol & 1) === 1 ? !turn.setGlobals.has((symbol - 1) / 2) : !turn.locals.has(symbol / 2);
  for (const [symbol, { terms }] of steps) if (![...terms.keys()].every(invariant)) steps.delete(symbol);
  const stepOf = (terms: ReadonlyMap<number, number>): Linear => {
    let step: Linear = constant(0);
    for (const [symbol, coefficient] of terms) {
      if (invariant(symbol)) continue;
      const own = steps.get(symbol);
      const sum = own === undefined ? undefined : combine(step, own, coefficient);
      if (sum === undefined) giveUp();
      step = sum;
    }
    if (Math.abs(step.constant) > 2 ** 20) giveUp();
    return step;
  };
  const step = stepOf(comparison.form.terms);
  const shrink = combine(constant(0), step, -1);
  if (shrink === undefined) giveUp();
  if (shrink.terms.size === 0 && (comparison.equality ? Math.abs(shrink.constant) !== 1 : shrink.constant < 1)) {
    giveUp();
  }
  if (shrink.terms.size > 0 && (comparison.equality || shrink.constant !== 0)) giveUp();
  // A product of steps and iterations must not overflow: it is as bounded as the range of what is compared.
  const bounded = (own: Linear): Linear => {
    if (own.terms.size === 0) return own;
    const [first] = own.terms;
    const factor = first![1] / (shrink.terms.get(first![0]) ?? 0);
    if (own.constant !== 0 || own.terms.size !== shrink.terms.size || !Number.isInteger(factor)) giveUp();
    for (const [symbol, coefficient] of own.terms) if (shrink.terms.get(symbol)! * factor !== coefficient) giveUp();
    return own;
  };
  const groups = new Map<string, { terms: ReadonlyMap<number, number>; lowest: number; end: number; step: Linear }>();
  for (const { form, end } of turn.traps ? [] : turn.accesses) {
    const key = [...form.terms].sort(([x], [y]) => x - y).join();
    const group = groups.get(key);
    if (group === undefined) {
      const own = bounded(stepOf(form.terms));
      groups.set(key, { terms: form.terms, lowest: form.constant, end: form.constant + end, step: own });
    } else {
      group.lowest = Math.min(group.lowest, form.constant);
      group.end = Math.max(group.end, form.constant + end);
    }
  }
  return {
    traps: turn.traps,
    arm: turn.arm,
    asks: test === "head" && !comparison.equality && isOrder(code[turn.arm - 3]!),
    test,
    form: comparison.form,
    equality: comparison.equality,
    shrink,
    sides: comparison.sides
      .filter(({ terms }) => terms.size > 0)
      .map((form) => ({ form, step: bounded(stepOf(form.terms)) })),
    unsigned: comparison.unsigned,
    reaches: [...groups.values()],
  };
}
