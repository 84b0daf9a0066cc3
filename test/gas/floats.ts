/**
 * The float oracle: makes the result of every float operation canonical at once, where it comes about.
 *
 * Which operations may answer a NaN of the machine's choice is taken from the specification ("Floating-point
 * operations", those that end in a set of NaNs); `neg`, `abs`, `copysign`, `pmin` and `pmax` give bits that are fixed.
 * @module
 */

import type { Bytes } from "../conformance/encode.ts";

type Shape = "f32" | "f64" | "f32x4" | "f64x2";

const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

const ARITHMETIC: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  // ceil floor trunc nearest sqrt add sub mul div min max, and the change of precision
  ...[...from(0x8d, 0x97), 0xb6].map((opcode) => [opcode, "f32"] as const),
  ...[...from(0x9b, 0xa5), 0xbb].map((opcode) => [opcode, "f64"] as const),
  // ceil floor trunc nearest; sqrt; add sub mul div min max; demote_f64x2_zero
  ...[103, 104, 105, 106, 227, ...from(228, 233), 94].map((n) => [0xfd00 | n, "f32x4"] as const),
  // ceil floor; trunc; nearest; sqrt; add sub mul div min max; promote_low_f32x4
  ...[116, 117, 122, 148, 239, ...from(240, 245), 95].map((n) => [0xfd00 | n, "f64x2"] as const),
]);

const NAN32: Bytes = [0x00, 0x00, 0xc0, 0x7f];
const NAN64: Bytes = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
const SELECT = 0x1b;
const BITSELECT: Bytes = [0xfd, 82];

const CANONICAL: Readonly<Record<Shape, { nan: Bytes; equal: Bytes; choose: Bytes }>> = {
  f32: { nan: [0x43, NAN32], equal: [0x5b], choose: [SELECT] },
  f64: { nan: [0x44, NAN64], equal: [0x61], choose: [SELECT] },
  f32x4: { nan: [0xfd, 12, NAN32, NAN32, NAN32, NAN32], equal: [0xfd, 65], choose: BITSELECT },
  f64x2: { nan: [0xfd, 12, NAN64, NAN64], equal: [0xfd, 71], choose: BITSELECT },
};

/** The locals that the added code needs, by the codes of their types, in this order. */
export const SCRATCH = [0x7d, 0x7c, 0x7b];

/** What to add behind an instruction, given the index of the first scratch local; nothing for most. */
export function canonicalise(opcode: number, scratch: (index: number) => Bytes): Bytes | undefined {
  const shape = ARITHMETIC.get(opcode);
  if (shape === undefined) return undefined;
  const local = scratch(shape === "f32" ? 0 : shape === "f64" ? 1 : 2);
  const { nan, equal, choose } = CANONICAL[shape];
  const get: Bytes = [0x20, local];
  // x, NaN, x == x: the first where the last holds.
  return [0x21, local, get, nan, get, get, equal, choose];
}
