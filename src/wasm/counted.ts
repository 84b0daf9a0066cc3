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
import { combine, constant, Evaluation, giveUp, isLinear, type Linear, notCounted, type Turn } from "./symbolic.ts";

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
 */
export function recogniseCounted(
  code: Uint8Array,
  info: ModuleInfo,
  start: number,
  end: number,
): CountedLoop | undefined {
  try {
    return finish(new Evaluation(code, info, start, end).run());
  } catch (thrown) {
    if (thrown === notCounted) return undefined;
    throw thrown;
  }
}

/** Works out from one turn how all turns go. */
function finish(turn: Turn): CountedLoop {
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

/** The number of iterations when it is the same on every arrival: `known` gives the locals that the code before the loop sets to constants. */
export function staticCount(loop: CountedLoop, known: ReadonlyMap<number, number>): number | undefined {
  const value = ({ constant: sum, terms }: Linear): number | undefined => {
    let total = sum;
    for (const [symbol, coefficient] of terms) {
      const own = known.get(symbol);
      if (own === undefined) return undefined;
      total += coefficient * own;
    }
    return total;
  };
  const start = value(loop.form);
  const { shrink } = loop;
  if (start === undefined || shrink.terms.size > 0) return undefined;
  const more = loop.equality ? start * shrink.constant : Math.ceil(start / shrink.constant);
  if (more < (loop.equality ? 0 : 1)) return undefined;
  const count = loop.test === "head" ? more : more + 1;
  for (const { form, step } of loop.sides) {
    const first = value(form);
    if (first === undefined || step.terms.size > 0) return undefined;
    const last = first + step.constant * count;
    const least = loop.unsigned ? 0 : -(2 ** 31);
    if (Math.min(first, last) < least || Math.max(first, last) >= 2 ** 31) return undefined;
  }
  return count;
}
