/**
 * Evaluates the body of a loop once with symbols: values are linear forms over what locals and globals hold when an
 * iteration begins, or unknown.
 *
 * Exact integers, not modulo 2^32: where a sum wraps in the program its form is not what it says, and whoever uses it
 * must make sure that it does not (`guard.ts`).
 * @module
 */

import type { ModuleInfo } from "./module.ts";
import { isDivision, memoryType } from "./opcodes.ts";

/** constant + sum of coefficients x symbols; a symbol is 2 x local or 2 x global + 1. Exact integers. */
export interface Linear {
  readonly constant: number;
  readonly terms: ReadonlyMap<number, number>;
}

/** A comparison that goes on while `form` is above zero (or, with `equality`, differs from zero). */
export interface Comparison {
  readonly form: Linear;
  readonly equality: boolean;
  readonly unsigned: boolean;
  readonly sides: readonly Linear[];
}

export type Value = Linear | Comparison | undefined;

const none: ReadonlyMap<number, number> = new Map();
export const constant = (value: number): Linear => ({ constant: value, terms: none });
export const isLinear = (value: Value): value is Linear => value !== undefined && "terms" in value;
/** Coefficients and constants beyond this are not worth the care. */
const bound = 2 ** 31;

/** a + factor x b; nothing when it is not worth the care. */
export function combine(a: Linear, b: Linear, factor: number): Linear | undefined {
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

/** Thrown to end an evaluation; no error. */
const notCounted = Symbol("not counted");

/** Ends an evaluation: the loop is no counted one. */
export function giveUp(): never {
  throw notCounted;
}

/** What `evaluate` gives, or nothing when it gave up. */
export function considered<T>(evaluate: () => T): T | undefined {
  try {
    return evaluate();
  } catch (thrown) {
    if (thrown === notCounted) return undefined;
    throw thrown;
  }
}

/** What one turn of a loop does, in terms of what locals and globals hold when it begins. */
export interface Turn {
  /** `head`: tested before each iteration. `tail`: after it, so that the body runs once more than the test says. */
  readonly test: "head" | "tail";
  readonly comparison: Comparison;
  /** What the locals that are set hold at the turn's end. */
  readonly locals: ReadonlyMap<number, Value>;
  readonly setGlobals: ReadonlySet<number>;
  /** Addresses, each with the place after the last byte that is accessed there. */
  readonly accesses: readonly { readonly form: Linear; readonly end: number }[];
  /** Whether something can trap that `accesses` does not tell of. */
  readonly traps: boolean;
  /** Where the arm of the `if` that tests the head begins; -1 for `tail`. */
  readonly arm: number;
}

/** Evaluates the bytes of one loop. */
export class Evaluation {
  private readonly code: Uint8Array;
  private readonly info: ModuleInfo;
  private p: number;
  private readonly end: number;
  private readonly stack: Value[] = [];
  private readonly locals = new Map<number, Value>();
  private readonly setGlobals = new Set<number>();
  /** Locals set inside each open construct. */
  private readonly constructs: { readonly set: Set<number>; readonly results: number; readonly height: number }[] = [];
  private readonly accesses: { readonly form: Linear; readonly end: number }[] = [];
  private touches = false;
  private traps = false;
  private arm = -1;
  private head: Comparison | undefined;
  private inHead = true;

  constructor(code: Uint8Array, info: ModuleInfo, start: number, end: number) {
    this.code = code;
    this.info = info;
    this.p = start;
    this.end = end;
  }

  private give(): never {
    return giveUp();
  }

  /** A mutable global that is imported may be another one too. */
  private mayAlias(global: number): boolean {
    return global < this.info.importedGlobals && this.info.globalMutable[global] === 1;
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
    if (this.head === undefined) this.inHeadSets = true;
  }

  private openConstruct(results: number): void {
    this.constructs.push({ set: new Set(), results, height: this.stack.length });
  }

  /** Whether something was set before the loop's test, which then is no mere question. */
  private inHeadSets = false;

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

  /** Evaluates the body once, to the loop's end. */
  run(): Turn {
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
          return this.turn("head", this.head);
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
          return this.turn("tail", tail);
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
          this.stack.push(this.mayAlias(global) ? undefined : { constant: 0, terms: new Map([[2 * global + 1, 1]]) });
          break;
        }
        case 0x24:
          this.setGlobals.add(this.u32());
          this.pop();
          if (this.head === undefined) this.inHeadSets = true;
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

  private turn(test: "head" | "tail", comparison: Comparison): Turn {
    if (this.stack.length > 0) this.give();
    const { locals, setGlobals, accesses, traps, arm } = this;
    return { test, comparison, locals, setGlobals, accesses, traps, arm };
  }
}
