/**
 * Instructions with prefix 0xfd: fixed-width SIMD, as WebAssembly 2.0 has it.
 *
 * A table gives each instruction's form; taint of float lanes follows `floats.ts`.
 * @module
 */

import { exact, isFloatLane, laneMakes, laneReads, neutral } from "./floats.ts";
import type { Scanner } from "./scan.ts";
import { f32, f64, i32, i64, v128 } from "./types.ts";

// Forms. Alignments and lane counts stand beside them in `detail`.
const load = 1;
const store = 2;
const constant = 3;
const shuffle = 4;
const splat = 5;
const extract = 6;
const replace = 7;
const unary = 8;
const binary = 9;
const ternary = 10;
const shift = 11;
const test = 12;
const loadLane = 13;
const storeLane = 14;

const form = new Uint8Array(256);
/** Largest alignment of a memory form; number of lanes of a lane form. */
const detail = new Uint8Array(256);
const lanesOf = new Uint8Array(256);
/** Scalar type of splat, extract and replace. */
const scalar = new Uint8Array(256);

function define(kind: number, ...ops: number[]): void {
  for (const op of ops) form[op] = kind;
}
function range(kind: number, from: number, to: number): void {
  form.fill(kind, from, to + 1);
}
function memory(kind: number, align: number, lanes: number, ...ops: number[]): void {
  for (const op of ops) {
    form[op] = kind;
    detail[op] = align;
    lanesOf[op] = lanes;
  }
}
function lane(kind: number, type: number, lanes: number, ...ops: number[]): void {
  for (const op of ops) {
    form[op] = kind;
    scalar[op] = type;
    lanesOf[op] = lanes;
  }
}

memory(load, 4, 0, 0x00);
memory(load, 3, 0, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x5d);
memory(load, 0, 0, 0x07);
memory(load, 1, 0, 0x08);
memory(load, 2, 0, 0x09, 0x5c);
memory(store, 4, 0, 0x0b);
define(constant, 0x0c);
define(shuffle, 0x0d);
define(binary, 0x0e);
lane(splat, i32, 0, 0x0f, 0x10, 0x11);
lane(splat, i64, 0, 0x12);
lane(splat, f32, 0, 0x13);
lane(splat, f64, 0, 0x14);
lane(extract, i32, 16, 0x15, 0x16);
lane(replace, i32, 16, 0x17);
lane(extract, i32, 8, 0x18, 0x19);
lane(replace, i32, 8, 0x1a);
lane(extract, i32, 4, 0x1b);
lane(replace, i32, 4, 0x1c);
lane(extract, i64, 2, 0x1d);
lane(replace, i64, 2, 0x1e);
lane(extract, f32, 4, 0x1f);
lane(replace, f32, 4, 0x20);
lane(extract, f64, 2, 0x21);
lane(replace, f64, 2, 0x22);
range(binary, 0x23, 0x4c); // comparisons
define(unary, 0x4d, 0x5e, 0x5f); // not, demote, promote
range(binary, 0x4e, 0x51);
define(ternary, 0x52);
define(test, 0x53);
memory(loadLane, 0, 16, 0x54);
memory(loadLane, 1, 8, 0x55);
memory(loadLane, 2, 4, 0x56);
memory(loadLane, 3, 2, 0x57);
memory(storeLane, 0, 16, 0x58);
memory(storeLane, 1, 8, 0x59);
memory(storeLane, 2, 4, 0x5a);
memory(storeLane, 3, 2, 0x5b);
// i8x16
range(unary, 0x60, 0x62);
define(test, 0x63, 0x64);
define(binary, 0x65, 0x66);
range(unary, 0x67, 0x6a); // f32x4 rounding
range(shift, 0x6b, 0x6d);
range(binary, 0x6e, 0x73);
define(unary, 0x74, 0x75, 0x7a); // f64x2 rounding
range(binary, 0x76, 0x79);
define(binary, 0x7b);
range(unary, 0x7c, 0x7f);
// i16x8
range(unary, 0x80, 0x81);
define(binary, 0x82, 0x85, 0x86);
define(test, 0x83, 0x84);
range(unary, 0x87, 0x8a);
range(shift, 0x8b, 0x8d);
range(binary, 0x8e, 0x93);
define(unary, 0x94);
range(binary, 0x95, 0x99);
range(binary, 0x9b, 0x9f);
// i32x4
range(unary, 0xa0, 0xa1);
define(test, 0xa3, 0xa4);
range(unary, 0xa7, 0xaa);
range(shift, 0xab, 0xad);
define(binary, 0xae, 0xb1);
range(binary, 0xb5, 0xba);
range(binary, 0xbc, 0xbf);
// i64x2
range(unary, 0xc0, 0xc1);
define(test, 0xc3, 0xc4);
range(unary, 0xc7, 0xca);
range(shift, 0xcb, 0xcd);
define(binary, 0xce, 0xd1);
range(binary, 0xd5, 0xdf);
// f32x4, f64x2
range(unary, 0xe0, 0xe1);
define(unary, 0xe3);
range(binary, 0xe4, 0xeb);
range(unary, 0xec, 0xed);
define(unary, 0xef);
range(binary, 0xf0, 0xf7);
range(unary, 0xf8, 0xff);

/** Vector division and square root, priced as `division`. */
const isDivision = new Uint8Array(256);
for (const op of [0xe3, 0xe7, 0xef, 0xf3]) isDivision[op] = 1;

/** Validates the instruction whose prefix stands at `at`; the cursor is after the prefix. */
export function scanVector(s: Scanner, at: number, division: number): void {
  const op = s.u32();
  const kind = op < 256 ? form[op]! : 0;
  if (kind === 0) s.fail(`0xfd ${op} is no instruction of the profile`, at);
  if (!s.features.vectors) s.fail("vectors are not part of the profile", at);
  if (s.refusesFloats && isFloatLane[op] === 1) s.fail("floats are refused", at);
  s.info.usesVectors = true;
  s.computations++;
  if (isDivision[op] === 1) s.extra += division;
  switch (kind) {
    case load:
      memarg(s, op, at);
      s.pop(i32, at);
      s.pushType(v128, exact);
      return;
    case store:
      memarg(s, op, at);
      s.see(s.pop(v128, at));
      s.pop(i32, at);
      return;
    case constant: {
      if (s.p + 16 > s.end) s.fail("the body ends inside a constant", at);
      let any = 0;
      for (let i = 0; i < 16; i++) any |= s.bytes[s.p + i]!;
      s.p += 16;
      s.pushType(v128, any === 0 ? neutral : exact);
      return;
    }
    case shuffle:
      for (let i = 0; i < 16; i++) if (s.byte() >= 32) s.fail("a shuffle names a lane beyond 31", s.p - 1);
      s.see(s.pop(v128, at));
      s.see(s.pop(v128, at));
      s.pushType(v128, exact);
      return;
    case splat:
      s.see(s.pop(scalar[op]!, at));
      s.pushType(v128, exact);
      return;
    case extract:
      checkLane(s, op);
      s.see(s.pop(v128, at));
      s.pushType(scalar[op]!, exact);
      return;
    case replace:
      checkLane(s, op);
      s.see(s.pop(scalar[op]!, at));
      s.see(s.pop(v128, at));
      s.pushType(v128, exact);
      return;
    case unary:
      read(s, s.pop(v128, at), op);
      s.pushType(v128, made(s, op));
      return;
    case binary:
      read(s, s.pop(v128, at), op);
      read(s, s.pop(v128, at), op);
      s.pushType(v128, made(s, op));
      return;
    case ternary:
      for (let i = 0; i < 3; i++) s.see(s.pop(v128, at));
      s.pushType(v128, exact);
      return;
    case shift:
      s.pop(i32, at);
      s.see(s.pop(v128, at));
      s.pushType(v128, exact);
      return;
    case test:
      s.see(s.pop(v128, at));
      s.pushType(i32, exact);
      return;
    default:
      memarg(s, op, at);
      checkLane(s, op);
      s.see(s.pop(v128, at));
      s.pop(i32, at);
      if (kind === loadLane) s.pushType(v128, exact);
  }
}

function memarg(s: Scanner, op: number, at: number): void {
  if (s.info.memories.length === 0) s.fail("there is no memory", at);
  s.p = s.readAlignment(s.p, detail[op]!);
  s.u32();
}

function checkLane(s: Scanner, op: number): void {
  const n = s.byte();
  if (n >= lanesOf[op]!) s.fail(`lane ${n} does not exist`, s.p - 1);
}

function read(s: Scanner, tag: number, op: number): void {
  if (laneReads[op] === 0) s.see(tag);
  else s.readAs(tag, laneReads[op]!);
}

const made = (s: Scanner, op: number): number => (laneMakes[op] === 0 ? exact : s.taint(laneMakes[op]!));
