/**
 * Signatures of the instructions that only compute: what they take and what they give.
 *
 * Indexed by opcode. Control, variables, calls, tables and constants are handled one by one in `scan.ts`; everything
 * with a fixed signature stands here, so that the walk looks up instead of deciding.
 * @module
 */

import { f32, f64, i32, i64 } from "./types.ts";

/** Type of each operand (all operands of one instruction have one type); 0 when the opcode is not a plain computation. */
export const operand = new Uint8Array(256);
/** Type of the result. */
export const result = new Uint8Array(256);
/** 1 or 2 operands. */
export const arity = new Uint8Array(256);

function define(from: number, to: number, count: 1 | 2, takes: number, gives: number): void {
  operand.fill(takes, from, to + 1);
  result.fill(gives, from, to + 1);
  arity.fill(count, from, to + 1);
}

define(0x45, 0x45, 1, i32, i32); // i32.eqz
define(0x46, 0x4f, 2, i32, i32); // i32 comparisons
define(0x50, 0x50, 1, i64, i32); // i64.eqz
define(0x51, 0x5a, 2, i64, i32); // i64 comparisons
define(0x5b, 0x60, 2, f32, i32); // f32 comparisons
define(0x61, 0x66, 2, f64, i32); // f64 comparisons
define(0x67, 0x69, 1, i32, i32); // clz ctz popcnt
define(0x6a, 0x78, 2, i32, i32);
define(0x79, 0x7b, 1, i64, i64);
define(0x7c, 0x8a, 2, i64, i64);
define(0x8b, 0x91, 1, f32, f32); // abs neg ceil floor trunc nearest sqrt
define(0x92, 0x98, 2, f32, f32); // add sub mul div min max copysign
define(0x99, 0x9f, 1, f64, f64);
define(0xa0, 0xa6, 2, f64, f64);
define(0xa7, 0xa7, 1, i64, i32); // i32.wrap_i64
define(0xa8, 0xa9, 1, f32, i32); // i32.trunc_f32_s/u
define(0xaa, 0xab, 1, f64, i32);
define(0xac, 0xad, 1, i32, i64); // i64.extend_i32_s/u
define(0xae, 0xaf, 1, f32, i64);
define(0xb0, 0xb1, 1, f64, i64);
define(0xb2, 0xb3, 1, i32, f32); // f32.convert_i32_s/u
define(0xb4, 0xb5, 1, i64, f32);
define(0xb6, 0xb6, 1, f64, f32); // f32.demote_f64
define(0xb7, 0xb8, 1, i32, f64);
define(0xb9, 0xba, 1, i64, f64);
define(0xbb, 0xbb, 1, f32, f64); // f64.promote_f32
define(0xbc, 0xbc, 1, f32, i32); // reinterpret
define(0xbd, 0xbd, 1, f64, i64);
define(0xbe, 0xbe, 1, i32, f32);
define(0xbf, 0xbf, 1, i64, f64);
define(0xc0, 0xc1, 1, i32, i32); // i32.extend8_s extend16_s
define(0xc2, 0xc4, 1, i64, i64);

/** Type that a load gives or a store takes; 0x28 to 0x3e. */
export const memoryType = new Uint8Array(256);
/** Largest allowed alignment (exponent of two) of a memory instruction. */
export const memoryAlign = new Uint8Array(256);
const memory: readonly (readonly [op: number, type: number, align: number])[] = [
  [0x28, i32, 2],
  [0x29, i64, 3],
  [0x2a, f32, 2],
  [0x2b, f64, 3],
  [0x2c, i32, 0],
  [0x2d, i32, 0],
  [0x2e, i32, 1],
  [0x2f, i32, 1],
  [0x30, i64, 0],
  [0x31, i64, 0],
  [0x32, i64, 1],
  [0x33, i64, 1],
  [0x34, i64, 2],
  [0x35, i64, 2],
  [0x36, i32, 2],
  [0x37, i64, 3],
  [0x38, f32, 2],
  [0x39, f64, 3],
  [0x3a, i32, 0],
  [0x3b, i32, 1],
  [0x3c, i64, 0],
  [0x3d, i64, 1],
  [0x3e, i64, 2],
];
for (const [op, type, align] of memory) {
  memoryType[op] = type;
  memoryAlign[op] = align;
}

/** 1 for the instructions that `gas.md` prices as `division`. */
export const isDivision = new Uint8Array(256);
for (const op of [0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0x91, 0x95, 0x9f, 0xa3]) isDivision[op] = 1;

/** 1 for the numeric instructions that can trap: integer division, and truncation of floats. */
export const mayTrap = new Uint8Array(256);
for (const op of [0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82]) mayTrap[op] = 1;
for (const op of [0xa8, 0xa9, 0xaa, 0xab, 0xae, 0xaf, 0xb0, 0xb1]) mayTrap[op] = 1;
