/**
 * Which instructions make, move or see the bits of a NaN.
 *
 * The specification leaves the bits of a NaN that arithmetic produces open; machines and compiler tiers differ. A
 * result of arithmetic is *tainted*. Tainted values may flow through arithmetic, comparisons and locals of their own;
 * before anything can see their bits they are replaced by the canonical NaN of their type (positive, quiet, no other
 * payload bit). Moves preserve every bit, also of NaNs that came from outside.
 * @module
 */

import type { Events } from "./events.ts";
import { f32, f64, v128 } from "./types.ts";

// Effects; 0 is neither: nothing of a float's bits is seen or made (comparisons, conversions to integers).
/** The result may be a NaN with bits of the machine's choosing. */
export const arithmetic = 1;
/** A move that sees the sign or the payload: operands are made canonical first, the result is exact. */
export const bits = 2;
/** The result is never a NaN. */
export const number = 3;

/** What each scalar opcode does to float bits. */
export const floatEffect = new Uint8Array(256);
floatEffect.fill(arithmetic, 0x8d, 0x98); // f32: ceil floor trunc nearest sqrt add sub mul div min max
floatEffect.fill(arithmetic, 0x9b, 0xa6); // f64: the same
floatEffect[0xb6] = arithmetic; // f32.demote_f64
floatEffect[0xbb] = arithmetic; // f64.promote_f32
floatEffect.fill(bits, 0x8b, 0x8d); // f32.abs neg
floatEffect[0x98] = bits; // f32.copysign
floatEffect.fill(bits, 0x99, 0x9b); // f64.abs neg
floatEffect[0xa6] = bits; // f64.copysign
floatEffect.fill(bits, 0xbc, 0xc0); // reinterpretations, both ways
floatEffect.fill(number, 0xb2, 0xb6); // f32.convert_*
floatEffect.fill(number, 0xb7, 0xbb); // f64.convert_*

/** Shapes of tainted values; 0 is "not tainted". */
export const shapeF32 = 1;
export const shapeF64 = 2;
export const shapeF32x4 = 3;
export const shapeF64x2 = 4;

/** The shape in which a vector instruction reads its operands as floats; 0 when it can see their bits. */
export const laneReads = new Uint8Array(256);
/** The shape of a vector instruction's tainted result; 0 when the result's bits are exact. */
export const laneMakes = new Uint8Array(256);
function lanes(shape: number, makes: number, ...ops: number[]): void {
  for (const op of ops) {
    laneReads[op] = shape;
    laneMakes[op] = makes;
  }
}
lanes(shapeF32x4, shapeF32x4, 0x67, 0x68, 0x69, 0x6a, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9);
lanes(shapeF64x2, shapeF64x2, 0x74, 0x75, 0x7a, 0x94, 0xef, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5);
lanes(shapeF32x4, 0, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0xf8, 0xf9); // comparisons, truncations
lanes(shapeF64x2, 0, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0xfc, 0xfd);
lanes(shapeF64x2, shapeF32x4, 0x5e); // f32x4.demote_f64x2_zero
lanes(shapeF32x4, shapeF64x2, 0x5f); // f64x2.promote_low_f32x4

/** Vector instructions that mention floats; refused in mode `reject`. */
export const isFloatLane = new Uint8Array(256);
for (const op of [0x13, 0x14, 0x1f, 0x20, 0x21, 0x22, 0x5e, 0x5f, 0x74, 0x75, 0x7a, 0x94]) isFloatLane[op] = 1;
isFloatLane.fill(1, 0x41, 0x4d);
isFloatLane.fill(1, 0x67, 0x6b);
isFloatLane.fill(1, 0xe0, 0x100);

/** The shape of a scalar type's tainted value. */
export const scalarShape = (type: number): number => (type === f32 ? shapeF32 : type === f64 ? shapeF64 : 0);

/** Tag of a stack value with no tainted bits. */
export const exact = 0;
/** Tag of a stack value that is certainly no NaN in any shape: making it canonical changes nothing. */
export const neutral = -1;

/** Bits in a candidate's `b`: something can see the value. */
export const seen = 1;
/** It is used in arithmetic of this shape. */
export const usedAs = (shape: number): number => 1 << shape;

/** Event kinds (see `events.ts`): the result of arithmetic, and a read of a local that may hold one. */
export const taintedResult = 9;
export const taintedLocal = 10;

/**
 * Decides, for one function, which float locals may hold tainted values.
 *
 * A local that only ever receives tainted values (and its initial zero) holds them as they are, and its reads are
 * tainted; a local that also receives exact bits gets only canonical ones, made canonical where they are produced.
 * The choice is per local, not per point of the program: one walk suffices, and accumulators stay untouched.
 */
export class FloatLocals {
  private locals = new Int32Array(256);
  private tags = new Int32Array(256);
  private count = 0;
  private shapes = new Uint8Array(256);

  /** Starts a function. */
  reset(): void {
    this.count = 0;
  }

  /** Notes that `local` is set to a value with `tag` (a candidate's event + 1, `exact` or `neutral`). */
  set(local: number, tag: number): void {
    if (this.count === this.locals.length) {
      this.locals = grown(this.locals);
      this.tags = grown(this.tags);
    }
    this.locals[this.count] = local;
    this.tags[this.count++] = tag;
  }

  /** Ends a function: sets `seen` on every candidate that must be made canonical, and clears the others. */
  solve(events: Events, first: number, localCount: number, parameters: number, localTypes: Uint8Array): void {
    if (this.count > 0) this.solveSets(events, localCount, parameters);
    for (let e = first; e < events.count; e++) {
      const kind = events.kind[e];
      if (kind === taintedResult) {
        if (events.b[e] === 0) events.kind[e] = 0;
      } else if (kind === taintedLocal) {
        const local = events.a[e]!;
        const shape = this.count > 0 ? this.shapes[local]! : 0;
        const used = events.b[e]!;
        if (shape === 0 || (used & ~usedAs(shape)) === 0) events.kind[e] = 0;
        else {
          events.kind[e] = taintedResult;
          events.a[e] = localTypes[local] === v128 ? shape : scalarShape(localTypes[local]!);
        }
      }
    }
  }

  private solveSets(events: Events, localCount: number, parameters: number): void {
    if (this.shapes.length < localCount) this.shapes = new Uint8Array(localCount * 2);
    const { shapes, locals, tags, count } = this;
    shapes.fill(0, 0, localCount);
    const shapeOf = (tag: number): number =>
      events.kind[tag - 1] === taintedLocal ? shapes[events.a[tag - 1]!]! : events.a[tag - 1]!;
    // Hopeful start: a local has the shape of the first arithmetic result it receives.
    for (let i = 0; i < count; i++) {
      const local = locals[i]!;
      const tag = tags[i]!;
      if (tag > 0 && local >= parameters && shapes[local] === 0 && events.kind[tag - 1] === taintedResult) {
        shapes[local] = events.a[tag - 1]!;
      }
    }
    // Then take away what does not hold, until nothing changes. Copies of copies are rare: when rounds keep finding
    // more, hope is given up for all locals, so that the work stays linear.
    for (let changed = true, round = 0; changed; round++) {
      changed = false;
      if (round === 16) shapes.fill(0, 0, localCount);
      for (let i = 0; i < count; i++) {
        const local = locals[i]!;
        const tag = tags[i]!;
        if (shapes[local] !== 0 && tag !== neutral && (tag === exact || shapeOf(tag) !== shapes[local])) {
          shapes[local] = 0;
          changed = true;
        }
      }
    }
    for (let i = 0; i < count; i++) {
      const tag = tags[i]!;
      if (tag > 0 && shapes[locals[i]!] === 0) events.b[tag - 1]! |= seen;
    }
  }
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(array.length * 2);
  wider.set(array);
  return wider;
}
