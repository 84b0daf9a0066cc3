/**
 * Writes the comparisons that decide, on arrival at a counted loop, whether it can be charged as a whole.
 *
 * All of them are sums whose sign says yes or no; they are joined with `or`, so that one test at the end decides.
 * Computed in 64 bits, where nothing here can overflow: what is compared is bounded by 2^34, factors by 2^20 or by
 * the step of the comparison itself.
 * @module
 */

import type { CountedLoop } from "./counted.ts";
import type { Linear } from "./symbolic.ts";
import type { Writer } from "./writer.ts";

/** Locals and costs that a guard works with. */
export interface GuardContext {
  /** Local that holds the counter. */
  readonly gas: number;
  /** Where a local of the original is. */
  readonly place: (local: number) => number;
  /** Locals for the number of iterations, the size of memory and what the counter will hold after the loop. */
  readonly iterations: number;
  readonly size: number;
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

/** The most bytes that a guard for `loop` may take. */
export const guardBytes = (loop: CountedLoop): number => 160 + 160 * (loop.reaches.length + loop.sides.length);

/** Leaves 1 on the stack when the loop can be charged as a whole; `after` then holds the counter after it. */
export function writeGuard(w: Writer, loop: CountedLoop, context: GuardContext): void {
  const op = (code: number): void => w.byte(code);
  const number = (value: number): void => {
    op(i64Const);
    w.signed(value);
  };
  const local = (code: number, index: number): void => {
    op(code);
    w.u32(index);
  };
  const linear = ({ constant, terms }: Linear): void => {
    let first = true;
    if (constant !== 0 || terms.size === 0) {
      number(constant);
      first = false;
    }
    for (const [symbol, coefficient] of terms) {
      if ((symbol & 1) === 1) local(0x23, symbol >> 1);
      else local(0x20, context.place(symbol >> 1));
      op(0xac);
      if (coefficient !== 1) {
        number(coefficient);
        op(mul);
      }
      if (!first) op(add);
      first = false;
    }
  };
  const isZero = ({ constant, terms }: Linear): boolean => constant === 0 && terms.size === 0;
  /** `form` after so many iterations: all, or all but one. */
  const later = (form: Linear, step: Linear, allButOne: boolean): void => {
    linear(form);
    if (isZero(step)) return;
    local(0x20, context.iterations);
    if (allButOne) {
      number(1);
      op(sub);
    }
    linear(step);
    op(mul);
    op(add);
  };

  // The number of iterations; at least one.
  const { shrink } = loop;
  linear(loop.form);
  if (loop.equality) {
    if (shrink.constant === -1) {
      number(-1);
      op(mul);
    }
  } else if (shrink.terms.size > 0) {
    linear(shrink);
    number(1);
    op(sub);
    op(add);
    linear(shrink);
    number(1);
    linear(shrink);
    number(0);
    op(0x55);
    op(0x1b);
    op(0x7f);
  } else if (shrink.constant !== 1) {
    number(shrink.constant - 1);
    op(add);
    number(shrink.constant);
    op(0x7f);
  }
  if (loop.test === "tail") {
    number(1);
    op(add);
  }
  local(0x22, context.iterations);
  number(loop.test === "tail" && !loop.equality ? 2 : 1);
  op(sub);
  if (shrink.terms.size > 0) {
    linear(shrink);
    number(1);
    op(sub);
    op(or);
  }
  // What the counter will hold.
  local(0x20, context.gas);
  local(0x20, context.iterations);
  number(context.each);
  op(mul);
  op(sub);
  if (context.once > 0) {
    number(context.once);
    op(sub);
  }
  local(0x22, context.after);
  op(or);
  // What is compared stays in range, so that it is what its linear form says.
  for (const { form, step } of loop.sides) {
    const plain = form.constant === 0 && form.terms.size === 1 && [...form.terms.values()][0] === 1;
    for (const end of [0, 1]) {
      if (end === 0 && plain && !loop.unsigned) continue;
      if (end === 1 && isZero(step)) continue;
      const value = (): void => (end === 0 ? linear(form) : later(form, step, false));
      value();
      if (!loop.unsigned) {
        number(2 ** 31);
        op(add);
      }
      op(or);
      number(2 ** 31 - 1);
      value();
      op(sub);
      op(or);
    }
  }
  // Every access lies inside memory, in the first iteration and in the last.
  if (loop.reaches.length > 0) {
    op(0x3f);
    op(0x00);
    op(0xad);
    number(16);
    op(0x86);
    local(0x21, context.size);
  }
  for (const { terms, lowest, end, step } of loop.reaches) {
    for (const last of [false, true]) {
      if (last && isZero(step)) continue;
      const value = (constant: number): void =>
        last ? later({ constant, terms }, step, true) : linear({ constant, terms });
      value(lowest);
      op(or);
      local(0x20, context.size);
      value(end);
      op(sub);
      op(or);
    }
  }
  number(0);
  op(0x59);
}
