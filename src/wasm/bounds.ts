/**
 * What must hold on arrival at a counted loop so that it runs to its end: sums of what locals and globals hold there,
 * and of what the loop changes them by.
 *
 * With f what the loop's test compares with zero (`CountedLoop.form`) and s what it shrinks by, the body runs
 * n = ceil(f / s) times, once more when the test is behind it. Where s is 1 that is a sum like any other, and much
 * falls out: of `for (i = 0; i < n; i++) a[i]` the last address is that of `a[n - 1]`. Where s is another constant, n
 * is worked out first. Where s is known only at run time, n s < f + s bounds what n itself is not needed for.
 *
 * Nothing overflows in 64 bits when what is compared is in range at the start, which is one of the conditions: f is
 * then below 2^33, and so is n.
 * @module
 */

import type { CountedLoop } from "./counted.ts";
import { combine, constant, giveUp, type Linear } from "./symbolic.ts";

/** In a linear form: the number of turns, beside the symbols of locals and globals. */
export const turnsSymbol = -1;

/** What a guard compares. */
export interface Bounds {
  /** The number of turns, or, where `later` says so, no less. */
  readonly turns: Linear;
  /** The number of turns where it must be worked out: (dividend / divisor, rounded down) + more. */
  readonly quotient: { readonly dividend: Linear; readonly divisor: Linear; readonly more: number } | undefined;
  /** Whether the quotient is worked out when all conditions are known to hold, and not before. */
  readonly later: boolean;
  /** Whether the conditions mean something only where the loop's own test has said yes: many a loop is arrived at in vain. */
  readonly asksFirst: boolean;
  /** Whether the number of turns is the same on every arrival. */
  readonly certain: boolean;
  /** Not below zero. */
  readonly natural: readonly Linear[];
  /** At most the size of memory in bytes. */
  readonly withinMemory: readonly Linear[];
}

/** What the values of 32 bits that a form is made of cannot take away from its constant. */
function holds({ constant, terms }: Linear): boolean {
  let least = constant;
  for (const [symbol, coefficient] of terms) {
    if (symbol === turnsSymbol) return false;
    least -= coefficient > 0 ? coefficient * 2 ** 31 : -coefficient * (2 ** 31 - 1);
  }
  return least >= 0;
}

/** Conditions without those that follow from others, or always hold; a loop with one that never does is none to be charged as a whole. */
class Conditions {
  readonly natural = new Map<string, Linear>();
  readonly withinMemory = new Map<string, Linear>();
  private readonly memory: number;

  constructor(memory: number) {
    this.memory = memory;
  }

  get none(): boolean {
    return this.natural.size + this.withinMemory.size === 0;
  }

  /** Keeps the stricter of two that differ by a constant. */
  private add(to: Map<string, Linear>, form: Linear, stricter: -1 | 1): void {
    const key = [...form.terms].sort(([x], [y]) => x - y).join();
    const other = to.get(key);
    if (other === undefined || (form.constant - other.constant) * stricter > 0) to.set(key, form);
  }

  addNatural(form: Linear): void {
    if (holds(form)) return;
    if (form.terms.size === 0) giveUp();
    this.add(this.natural, form, -1);
  }

  addRanged({ constant, terms }: Linear): void {
    this.addNatural({ constant: constant + 2 ** 31, terms });
    const negated = new Map([...terms].map(([symbol, coefficient]) => [symbol, -coefficient]));
    this.addNatural({ constant: 2 ** 31 - 1 - constant, terms: negated });
  }

  addWithinMemory(form: Linear): void {
    // Memory may have grown.
    if (form.terms.size > 0 || form.constant > this.memory) this.add(this.withinMemory, form, 1);
  }
}

function sum(a: Linear, b: Linear, factor: number): Linear {
  return combine(a, b, factor) ?? giveUp();
}

const one = constant(1);

/**
 * Works out the conditions.
 *
 * @param known what locals are known to hold on arrival, by their symbols
 * @param memory bytes that memory surely has
 * @throws `notCounted` when they cannot hold, or are not worth the care
 */
export function boundsOf(loop: CountedLoop, known: ReadonlyMap<number, number>, memory: number): Bounds {
  const arriving = (form: Linear): Linear => {
    let result = form;
    for (const [symbol, coefficient] of form.terms) {
      const value = known.get(symbol);
      if (value === undefined) continue;
      result = sum(result, { constant: 0, terms: new Map([[symbol, 1]]) }, -coefficient);
      result = sum(result, constant(value), coefficient);
    }
    return result;
  };
  const { equality, unsigned } = loop;
  const more = loop.test === "tail" ? 1 : 0;
  const form = arriving(equality && loop.shrink.constant === -1 ? sum(constant(0), loop.form, -1) : loop.form);
  const shrink = equality ? one : arriving(loop.shrink);
  const conditions = new Conditions(memory);
  const dividend = sum(form, one, -1);
  const asksFirst = loop.asks && form.terms.size > 0;
  if (!asksFirst) conditions.addNatural(equality && more === 1 ? form : dividend);

  const stepping = shrink.terms.size > 0;
  let turns = sum(form, constant(more), 1);
  let quotient: Bounds["quotient"];
  if (stepping) conditions.addNatural(sum(shrink, one, -1));
  else if (shrink.constant < 1) giveUp();
  else if (shrink.constant > 1 && form.terms.size === 0) {
    turns = constant(Math.ceil(form.constant / shrink.constant) + more);
  } else if (shrink.constant > 1) turns = { constant: 0, terms: new Map([[turnsSymbol, 1]]) };
  if (stepping || turns.terms.has(turnsSymbol)) quotient = { dividend, divisor: shrink, more: more + 1 };

  /** By how many of what the loop shrinks by a value moves in a turn; 0 when it moves by a constant. */
  const factorOf = (step: Linear): number => {
    const [first] = step.terms;
    return first === undefined ? 0 : first[1] / loop.shrink.terms.get(first[0])!;
  };
  /** At least as far as a value that moves by `step` has got before the last turn, or after it. */
  const end = (first: Linear, step: Linear, after: boolean): Linear => {
    const factor = stepping ? factorOf(step) : 0;
    if (factor !== 0) {
      let way = sum(dividend, shrink, more);
      if (after) way = sum(way, shrink, 1);
      return sum(first, way, factor);
    }
    const moved = arriving(step);
    // With a step known only at run time, and a value that moves by nothing of it.
    if (moved.terms.size > 0) giveUp();
    return sum(first, after ? turns : sum(turns, one, -1), moved.constant);
  };
  const rises = (step: Linear): boolean => (step.terms.size > 0 ? factorOf(step) > 0 : step.constant >= 0);

  for (const side of loop.sides) {
    const first = arriving(side.form);
    for (const value of [first, end(first, side.step, true)]) {
      conditions.addRanged(value);
      if (unsigned) conditions.addNatural(value);
    }
  }
  const certain = conditions.none && turns.terms.size === 0 && !asksFirst;
  for (const { terms, lowest, end: past, step } of loop.reaches) {
    const bottom = arriving({ constant: lowest, terms });
    const top = arriving({ constant: past, terms });
    conditions.addNatural(rises(step) ? bottom : end(bottom, step, false));
    conditions.addWithinMemory(rises(step) ? end(top, step, false) : top);
  }
  const { natural, withinMemory } = conditions;
  return {
    turns,
    quotient,
    later: stepping,
    asksFirst,
    certain,
    natural: [...natural.values()],
    withinMemory: [...withinMemory.values()],
  };
}
