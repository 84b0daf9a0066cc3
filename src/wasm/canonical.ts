/**
 * Writes what replaces a NaN by the canonical one of its type (`floats.ts`).
 * @module
 */

import { shapeF32, shapeF32x4, shapeF64 } from "./floats.ts";
import { f32Local, f64Local, type Locals, vectorLocal } from "./locals.ts";
import type { Writer } from "./writer.ts";

/** The temporary that a value of some shape goes through. */
export const canonicalLocal = (shape: number): number =>
  shape === shapeF32 ? f32Local : shape === shapeF64 ? f64Local : vectorLocal;

/** With a value of `shape` on top of the stack: replaces a NaN, in each lane. */
export function writeCanonical(w: Writer, locals: Locals, shape: number): void {
  const local = canonicalLocal(shape);
  locals.tee(local);
  if (shape === shapeF32) {
    w.byte(0x43);
    for (const x of [0x00, 0x00, 0xc0, 0x7f]) w.byte(x);
  } else if (shape === shapeF64) {
    w.byte(0x44);
    for (const x of [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]) w.byte(x);
  } else {
    w.byte(0xfd);
    w.byte(0x0c);
    for (let k = 0; k < 4; k++) {
      const lane = shape === shapeF32x4 ? [0x00, 0x00, 0xc0, 0x7f] : (k & 1) === 0 ? [0, 0, 0, 0] : [0, 0, 0xf8, 0x7f];
      for (const x of lane) w.byte(x);
    }
  }
  locals.get(local);
  locals.get(local);
  if (shape === shapeF32) w.byte(0x5b);
  else if (shape === shapeF64) w.byte(0x61);
  else {
    w.byte(0xfd);
    w.byte(shape === shapeF32x4 ? 0x41 : 0x47);
  }
  if (shape === shapeF32 || shape === shapeF64) w.byte(0x1b);
  else {
    w.byte(0xfd);
    w.byte(0x52);
  }
}
