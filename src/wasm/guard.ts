/**
 * Writes the comparisons that decide, on arrival at a counted loop, whether it can be charged as a whole.
 *
 * All of them are sums whose sign says yes or no; they are joined with `or`, so that one test at the end decides.
 * Computed in 64 bits, where nothing overflows unless another of them says no (`bounds.ts`).
 * @module
 */

import { type Bounds, turnsSymbol } from "./bounds.ts";
import type { Linear } from "./symbolic.ts";
import type { Writer } from "./writer.ts";

/** Locals and costs that a guard works with. */
export interface GuardContext {
  /** Local that holds the counter. */
  readonly gas: number;
  /** Where a local of the original is. */
  readonly place: (local: number) => number;
  /** Locals for the number of iterations and for what the counter will hold after the loop. */
  readonly iterations: number;
  readonly after: number;
  /** Cost of one iteration, and of the head that is run once more than the body. */
  readonly each: number;
  readonly once: number;
}

const i64Const = 0x42;
const add = 0x7c;
const sub = 0x7d;
const mul = 0x7e;
const or = 0x84;

/** The most bytes that what is written here takes. */
export const guardBytes = ({ natural, withinMemory }: Bounds): number =>
  480 + 128 * (natural.length + withinMemory.length);

/** Writes parts of one guard. */
export class Guard {
  private readonly w: Writer;
  private readonly bounds: Bounds;
  private readonly context: GuardContext;

  constructor(w: Writer, bounds: Bounds, context: GuardContext) {
    this.w = w;
    this.bounds = bounds;
    this.context = context;
  }

  private number(value: number): void {
    this.w.byte(i64Const);
    this.w.signed(value);
  }

  /** A sum in 64 bits, or its low half in 32. */
  private linear({ constant, terms }: Linear, wide = true): void {
    const { w } = this;
    const [addition, subtraction, product] = wide ? [add, sub, mul] : [0x6a, 0x6b, 0x6c];
    let first = true;
    const number = (value: number): void => {
      w.byte(wide ? i64Const : 0x41);
      w.signed(wide ? value : value | 0);
    };
    // What is subtracted comes last, where it needs no product.
    for (const [symbol, coefficient] of terms) {
      if (coefficient === -1) continue;
      this.symbol(symbol, wide);
      if (coefficient !== 1) {
        number(coefficient);
        w.byte(product);
      }
      if (!first) w.byte(addition);
      first = false;
    }
    if (constant !== 0 || first) {
      number(constant);
      if (!first) w.byte(addition);
    }
    for (const [symbol, coefficient] of terms) {
      if (coefficient !== -1) continue;
      this.symbol(symbol, wide);
      w.byte(subtraction);
    }
  }

  private symbol(symbol: number, wide: boolean): void {
    const { w, context } = this;
    if (symbol === turnsSymbol) {
      w.indexed(0x20, context.iterations);
      return;
    }
    if ((symbol & 1) === 1) w.indexed(0x23, symbol >> 1);
    else w.indexed(0x20, context.place(symbol >> 1));
    if (wide) w.byte(0xac);
  }

  /** Works out the number of turns. What is divided is below 2^32 where the conditions hold, and what it is divided by is not zero. */
  private divide(): void {
    const { w, bounds, context } = this;
    const { dividend, divisor, more } = bounds.quotient!;
    const power = Math.log2(divisor.constant);
    this.linear(dividend, false);
    if (divisor.terms.size === 0 && Number.isInteger(power)) {
      w.byte(0x41);
      w.signed(power);
      w.byte(0x76);
    } else {
      this.linear(divisor, false);
      w.byte(0x6e);
    }
    w.byte(0xad);
    this.number(more);
    w.byte(add);
    w.indexed(0x21, context.iterations);
  }

  /** Sets the local `after` to what the counter will hold after so many turns. */
  private subtract(turns: Linear): void {
    const { w, context } = this;
    w.indexed(0x20, context.gas);
    this.linear(turns);
    this.number(context.each);
    w.byte(mul);
    w.byte(sub);
    if (context.once > 0) {
      this.number(context.once);
      w.byte(sub);
    }
    w.indexed(0x22, context.after);
  }

  /** Leaves 1 on the stack when the loop can be charged as a whole. */
  conditions(): void {
    const { w, bounds } = this;
    if (bounds.quotient !== undefined && !bounds.later) this.divide();
    this.subtract(bounds.turns);
    for (const form of bounds.natural) {
      this.linear(form);
      w.byte(or);
    }
    for (const form of bounds.withinMemory) {
      w.byte(0x3f);
      w.byte(0x00);
      w.byte(0xad);
      this.number(16);
      w.byte(0x86);
      this.linear(form);
      w.byte(sub);
      w.byte(or);
    }
    this.number(0);
    w.byte(0x59);
  }

  /** Where all conditions hold: leaves on the stack what the counter will hold after the loop. */
  result(): void {
    const { w, bounds, context } = this;
    if (!bounds.later) {
      w.indexed(0x20, context.after);
      return;
    }
    this.divide();
    this.subtract({ constant: 0, terms: new Map([[turnsSymbol, 1]]) });
  }
}
