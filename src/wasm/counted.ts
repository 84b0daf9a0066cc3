/**
 * Recognises counted loops: innermost loops whose number of iterations, and every address they touch, follow from
 * what locals hold on arrival.
 *
 * Such a loop can be charged as a whole before it starts, when a few comparisons show that it will run to its end:
 * enough gas, and every access inside memory. The charges are those of `gas.md`; where the comparisons fail the loop
 * runs metered step by step. The body is evaluated once with symbols: values are linear forms over what locals and
 * globals hold when an iteration begins, or unknown.
 * @module
 */

import { isDivision, memoryType } from "./opcodes.ts";

/** constant + sum of coefficients x symbols; a symbol is 2 x local or 2 x global + 1. Exact integers. */
export interface Linear {
  readonly constant: number;
  readonly terms: ReadonlyMap<number, number>;
}

/** A comparison that goes on while `form` is above zero (or, with `equality`, differs from zero). */
interface Comparison {
  readonly form: Linear;
  readonly equality: boolean;
  readonly unsigned: boolean;
  readonly sides: readonly Linear[];
}

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

type Value = Linear | Comparison | undefined;

const none: ReadonlyMap<number, number> = new Map();
const constant = (value: number): Linear => ({ constant: value, terms: none });
const isLinear = (value: Value): value is Linear => value !== undefined && "terms" in value;
/** Coefficients and constants beyond this are not worth the care. */
const bound = 2 ** 31;

function combine(a: Linear, b: Linear, factor: number): Linear | undefined {
  const terms = new Map(a.terms);
  for (const [symbol, coefficient] of b.terms) {
    const sum = (terms.get(symbol) ?? 0) + factor * coefficient;
    if (Math.abs(sum) > 65_536) return undefined;
    if (sum === 0) terms.delete(symbol);
    else terms.set(symbol, sum);
  }
  const value = a.constant + factor * b.constant;
  return Math.abs(value) > bound || terms.size > 4 ? undefined : { constant: value, terms };
}

/** Thrown inside the evaluation to end it; no error. */
const notCounted = Symbol("not counted");

/** Evaluates the bytes of one loop. */
class Evaluation {
  private readonly code: Uint8Array;
  private p: number;
  private readonly end: number;
  private readonly stack: Value[] = [];
  private readonly locals = new Map<number, Value>();
  private readonly setGlobals = new Set<number>();
  private readonly readGlobals = new Set<number>();
  /** Locals set inside each open construct. */
  private readonly constructs: { readonly set: Set<number>; readonly results: number; readonly height: number }[] = [];
  private readonly accesses: { readonly form: Linear; readonly end: number }[] = [];
  private touches = false;
  private traps = false;
  private arm = -1;
  private head: Comparison | undefined;
  private inHead = true;

  constructor(code: Uint8Array, start: number, end: number) {
    this.code = code;
    this.p = start;
    this.end = end;
  }

  private give(): never {
    throw notCounted;
  }

  private u32(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const b = this.code[this.p++]!;
      value += (b & 127) * 2 ** shift;
      if (b < 128) return value;
      shift += 7;
    }
  }

  private s32(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const b = this.code[this.p++]!;
      value |= (b & 127) << shift;
      shift += 7;
      if (b < 128) return shift < 32 && (b & 64) !== 0 ? value | (-1 << shift) : value;
    }
  }

  private pop(): Value {
    return this.stack.pop();
  }

  private setLocal(local: number, value: Value): void {
    this.locals.set(local, value);
    for (const { set } of this.constructs) set.add(local);
    if (this.head === undefined && this.constructs.length === 0) this.inHeadSets = true;
  }
  private inHeadSets = false;

  private openConstruct(results: number): void {
    this.constructs.push({ set: new Set(), results, height: this.stack.length });
  }

  /** What was set under a condition is not known after it. */
  private forget(set: ReadonlySet<number>): void {
    for (const local of set) this.locals.set(local, undefined);
  }

  private access(size: number): void {
    this.u32();
    const offset = this.u32();
    const address = this.pop();
    this.touches = true;
    if (isLinear(address)) this.accesses.push({ form: address, end: offset + size });
    else this.traps = true;
  }

  /** Runs to the loop's end. */
  run(): CountedLoop {
    const { code } = this;
    for (;;) {
      if (this.p >= this.end) this.give();
      const op = code[this.p++]!;
      switch (op) {
        case 0x01:
          break;
        case 0x02:
        case 0x04: {
          const type = code[this.p++]!;
          if (type < 0x40 || type > 0x7f) this.give();
          if (op === 0x04) {
            const condition = this.pop();
            if (this.inHead && this.constructs.length === 0 && type === 0x40 && this.stack.length === 0) {
              const head = this.comparison(condition);
              if (head !== undefined && !this.touches && !this.traps && !this.inHeadSets && this.endsAsHead()) {
                this.head = head;
                this.arm = this.p;
                this.inHead = false;
                break;
              }
            }
          }
          this.inHead = false;
          this.openConstruct(type === 0x40 ? 0 : 1);
          break;
        }
        case 0x05:
        case 0x0b: {
          const construct = this.constructs.pop();
          if (construct === undefined) this.give();
          this.forget(construct.set);
          this.stack.length = construct.height;
          if (op === 0x05) this.openConstruct(construct.results);
          else if (construct.results === 1) this.stack.push(undefined);
          break;
        }
        case 0x0c: {
          const label = this.u32();
          if (this.head === undefined || this.constructs.length > 0 || label !== 1) this.give();
          if (this.p + 2 !== this.end) this.give();
          return this.finish("head", this.head);
        }
        case 0x0d: {
          const label = this.u32();
          const condition = this.pop();
          if (this.constructs.length > label) {
            // A way out of an inner construct: what is set in it from here on is conditional, and forgotten at its end anyway.
            break;
          }
          if (this.head !== undefined || label !== 0 || this.p + 1 !== this.end) this.give();
          const tail = this.comparison(condition);
          if (tail === undefined) this.give();
          return this.finish("tail", tail);
        }
        case 0x1a:
          this.pop();
          break;
        case 0x1b:
          this.pop();
          this.pop();
          this.pop();
          this.stack.push(undefined);
          break;
        case 0x20: {
          const local = this.u32();
          this.stack.push(
            this.locals.has(local) ? this.locals.get(local) : { constant: 0, terms: new Map([[2 * local, 1]]) },
          );
          break;
        }
        case 0x21:
          this.setLocal(this.u32(), this.pop());
          break;
        case 0x22:
          this.setLocal(this.u32(), this.stack[this.stack.length - 1]);
          break;
        case 0x23: {
          const global = this.u32();
          this.readGlobals.add(global);
          this.stack.push({ constant: 0, terms: new Map([[2 * global + 1, 1]]) });
          break;
        }
        case 0x24:
          this.setGlobals.add(this.u32());
          this.pop();
          break;
        case 0x41:
          this.stack.push(constant(this.s32()));
          break;
        case 0x42:
          while (code[this.p++]! > 127);
          this.stack.push(undefined);
          break;
        case 0x43:
          this.p += 4;
          this.stack.push(undefined);
          break;
        case 0x44:
          this.p += 8;
          this.stack.push(undefined);
          break;
        default:
          if (memoryType[op] !== 0) this.memory(op);
          else this.compute(op);
      }
    }
  }

  private memory(op: number): void {
    const sizes = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4];
    const isStore = op >= 0x36;
    if (isStore) this.pop();
    this.access(sizes[op - 0x28]!);
    if (!isStore) this.stack.push(undefined);
  }

  private compute(op: number): void {
    if (op < 0x45 || op > 0xc4) this.give();
    if ((op >= 0xa8 && op <= 0xab) || (op >= 0xae && op <= 0xb1)) this.traps = true;
    const unary =
      op === 0x45 ||
      op === 0x50 ||
      (op >= 0x67 && op <= 0x69) ||
      (op >= 0x79 && op <= 0x7b) ||
      (op >= 0x8b && op <= 0x91) ||
      (op >= 0x99 && op <= 0x9f) ||
      op >= 0xa7;
    const b = this.pop();
    if (unary) {
      this.stack.push(op === 0x45 ? this.negate(b) : undefined);
      return;
    }
    const a = this.pop();
    if (isDivision[op] === 1 && op < 0x8b) {
      // Cannot trap only when the divisor is a constant other than 0 and -1.
      if (op > 0x78 || !isLinear(b) || b.terms.size > 0 || b.constant === 0 || b.constant === -1) this.traps = true;
      this.stack.push(undefined);
      return;
    }
    if (!isLinear(a) || !isLinear(b)) {
      this.stack.push(undefined);
      return;
    }
    if (op === 0x6a) this.stack.push(combine(a, b, 1));
    else if (op === 0x6b) this.stack.push(combine(a, b, -1));
    else if (op === 0x74 && b.terms.size === 0) this.stack.push(combine(constant(0), a, 2 ** (b.constant & 31)));
    else if (op === 0x6c && b.terms.size === 0) this.stack.push(combine(constant(0), a, b.constant));
    else if (op === 0x6c && a.terms.size === 0) this.stack.push(combine(constant(0), b, a.constant));
    else if (op >= 0x47 && op <= 0x4f) this.stack.push(this.compare(op, a, b));
    else this.stack.push(undefined);
  }

  /** i32 comparisons as "goes on while above zero". */
  private compare(op: number, a: Linear, b: Linear): Comparison | undefined {
    const unsigned = op >= 0x48 && (op & 1) === 1;
    const sides = [a, b];
    const form = (left: Linear, right: Linear, plus: number): Linear | undefined => {
      const difference = combine(left, right, -1);
      return difference === undefined ? undefined : combine(difference, constant(plus), 1);
    };
    let difference: Linear | undefined;
    if (op === 0x47) difference = form(a, b, 0);
    else if (op <= 0x49)
      difference = form(b, a, 0); // lt: b - a > 0
    else if (op <= 0x4b)
      difference = form(a, b, 0); // gt
    else if (op <= 0x4d)
      difference = form(b, a, 1); // le: b - a + 1 > 0
    else difference = form(a, b, 1); // ge
    return difference === undefined ? undefined : { form: difference, equality: op === 0x47, unsigned, sides };
  }

  private negate(value: Value): Value {
    if (value === undefined || isLinear(value) || value.equality) return undefined;
    // not (f > 0) is 1 - f > 0.
    const form = combine(constant(1), value.form, -1);
    return form === undefined ? undefined : { ...value, form };
  }

  private comparison(value: Value): Comparison | undefined {
    if (value === undefined) return undefined;
    if (isLinear(value)) return { form: value, equality: true, unsigned: false, sides: [value] };
    return value;
  }

  /** Whether the loop's last bytes are `br 1 end end`, so that an `if` here is the loop's test. */
  private endsAsHead(): boolean {
    const { code, end } = this;
    return code[end - 4] === 0x0c && code[end - 3] === 1 && code[end - 2] === 0x0b && code[end - 1] === 0x0b;
  }

  private finish(test: "head" | "tail", comparison: Comparison): CountedLoop {
    if (this.stack.length > 0) this.give();
    const steps = new Map<number, Linear>();
    for (const [local, value] of this.locals) {
      const symbol = 2 * local;
      if (value === undefined || !isLinear(value) || value.terms.get(symbol) !== 1) continue;
      const terms = new Map(value.terms);
      terms.delete(symbol);
      steps.set(symbol, { constant: value.constant, terms });
    }
    const invariant = (symbol: number): boolean =>
      (symbol & 1) === 1 ? !this.setGlobals.has((symbol - 1) / 2) : !this.locals.has(symbol / 2);
    for (const [symbol, { terms }] of steps) if (![...terms.keys()].every(invariant)) steps.delete(symbol);
    const stepOf = (terms: ReadonlyMap<number, number>): Linear => {
      let step: Linear = constant(0);
      for (const [symbol, coefficient] of terms) {
        if (invariant(symbol)) continue;
        const own = steps.get(symbol);
        const sum = own === undefined ? undefined : combine(step, own, coefficient);
        if (sum === undefined) this.give();
        step = sum;
      }
      if (Math.abs(step.constant) > 2 ** 20) this.give();
      return step;
    };
    const step = stepOf(comparison.form.terms);
    const shrink = combine(constant(0), step, -1);
    if (shrink === undefined) this.give();
    if (shrink.terms.size === 0 && (comparison.equality ? Math.abs(shrink.constant) !== 1 : shrink.constant < 1)) {
      this.give();
    }
    if (shrink.terms.size > 0 && (comparison.equality || shrink.constant !== 0)) this.give();
    // A product of steps and iterations must not overflow: it is as bounded as the range of what is compared.
    const bounded = (own: Linear): Linear => {
      if (own.terms.size === 0) return own;
      const [first] = own.terms;
      const factor = first![1] / (shrink.terms.get(first![0]) ?? 0);
      if (own.constant !== 0 || own.terms.size !== shrink.terms.size || !Number.isInteger(factor)) this.give();
      for (const [symbol, coefficient] of own.terms)
        if (shrink.terms.get(symbol)! * factor !== coefficient) this.give();
      return own;
    };
    const groups = new Map<string, { terms: ReadonlyMap<number, number>; lowest: number; end: number; step: Linear }>();
    for (const { form, end } of this.traps ? [] : this.accesses) {
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
      traps: this.traps,
      arm: this.arm,
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
}

/**
 * Evaluates the loop whose body's code begins at `start` and whose `end` opcode is the byte before `end`.
 *
 * The caller has made sure that the loop is valid, has no type, holds no other loop, and is left only at its end.
 */
export function recogniseCounted(code: Uint8Array, start: number, end: number): CountedLoop | undefined {
  try {
    return new Evaluation(code, start, end).run();
  } catch (thrown) {
    if (thrown === notCounted) return undefined;
    throw thrown;
  }
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
