/**
 * The field of integers modulo 2^255 - 19, as WebAssembly.
 *
 * An element is ten limbs of 26 and 25 bits by turns, each in 64 bits of memory; products of limbs need no carry before
 * ten of them are summed. Elements are named by their address. Every operation leaves limbs reduced, so that results
 * can be operands at once; the value itself is brought below the modulus only when it is written out.
 * @module
 */

import { assemble, Body, op } from "./assembler.ts";

/** Bytes of one element. */
export const elementSize = 80;

const limbs = Array.from({ length: 10 }, (_, i) => i);
const bitsOf = (limb: number): number => (limb % 2 === 0 ? 26 : 25);

/** Brings limbs in locals into range: each passes what is above its bits to the next, the last by 19 to the first. */
function carry(body: Body, h: (limb: number) => number, spare: number): void {
  const pass = (from: number, to: number, times: number): void => {
    const bits = bitsOf(from);
    body.get(h(from)).i64(bits).do(op.i64ShrS).set(spare);
    body
      .get(h(from))
      .i64(2 ** bits - 1)
      .do(op.i64And)
      .set(h(from));
    body.get(h(to), spare);
    if (times > 1) body.i64(times).do(op.i64Mul);
    body.do(op.i64Add).set(h(to));
  };
  for (let i = 0; i < 9; i++) pass(i, i + 1, 1);
  pass(9, 0, 19);
  pass(0, 1, 1);
}

function storeAll(body: Body, h: (limb: number) => number): void {
  for (const i of limbs) {
    body
      .get(0)
      .get(h(i))
      .memory(op.i64Store, 8 * i);
  }
}

function loadAll(body: Body, pointer: number, to: (limb: number) => number): void {
  for (const i of limbs) {
    body
      .get(pointer)
      .memory(op.i64Load, 8 * i)
      .set(to(i));
  }
}

/** mul(out, f, g) */
function multiplication(): Body {
  const body = new Body(["i32", "i32", "i32"], { i32: 0, i64: 50 }, "mul");
  const f = (i: number): number => 3 + i;
  const g = (i: number): number => 13 + i;
  const twice = (i: number): number => 23 + i;
  const by19 = (i: number): number => 33 + i;
  const h = (i: number): number => 43 + i;
  loadAll(body, 1, f);
  loadAll(body, 2, g);
  for (const i of limbs) {
    if (i % 2 === 1) body.get(f(i), f(i)).do(op.i64Add).set(twice(i));
    if (i > 0) body.get(g(i)).i64(19).do(op.i64Mul).set(by19(i));
  }
  for (const k of limbs) {
    for (const i of limbs) {
      const j = (k - i + 10) % 10;
      const both = i % 2 === 1 && j % 2 === 1;
      body.get(both ? twice(i) : f(i), i + j >= 10 ? by19(j) : g(j)).do(op.i64Mul);
      if (i > 0) body.do(op.i64Add);
    }
    // h(0) to h(9) must not overlap what later sums still read: they have locals of their own.
    body.set(h(k));
  }
  carry(body, h, f(0));
  storeAll(body, h);
  return body;
}

/** sqr(out, f): the product of an element with itself, in half the multiplications. */
function squaring(): Body {
  const body = new Body(["i32", "i32"], { i32: 0, i64: 41 }, "sqr");
  const f = (i: number): number => 2 + i;
  const twice = (i: number): number => 12 + i;
  const by19 = (i: number): number => 22 + i;
  const h = (i: number): number => 32 + i;
  loadAll(body, 1, f);
  for (const i of limbs) {
    body.get(f(i), f(i)).do(op.i64Add).set(twice(i));
    body.get(f(i)).i64(19).do(op.i64Mul).set(by19(i));
  }
  for (const k of limbs) {
    let terms = 0;
    for (const i of limbs) {
      const j = (k - i + 10) % 10;
      if (i > j) continue;
      const high = i + j >= 10 ? by19(j) : f(j);
      body.get(i < j ? twice(i) : f(i), high).do(op.i64Mul);
      // Two limbs at odd places stand one bit higher than their product says.
      if (i % 2 === 1 && j % 2 === 1) body.i64(2).do(op.i64Mul);
      if (terms++ > 0) body.do(op.i64Add);
    }
    body.set(h(k));
  }
  carry(body, h, f(0));
  storeAll(body, h);
  return body;
}

/** add(out, f, g) and sub(out, f, g) */
function sum(name: string, opcode: number): Body {
  const body = new Body(["i32", "i32", "i32"], { i32: 0, i64: 11 }, name);
  const h = (i: number): number => 3 + i;
  for (const i of limbs) {
    body.get(1).memory(op.i64Load, 8 * i);
    body
      .get(2)
      .memory(op.i64Load, 8 * i)
      .do(opcode)
      .set(h(i));
  }
  carry(body, h, 13);
  storeAll(body, h);
  return body;
}

interface Exports {
  readonly m: WebAssembly.Memory;
  mul(out: number, f: number, g: number): void;
  sqr(out: number, f: number): void;
  add(out: number, f: number, g: number): void;
  sub(out: number, f: number, g: number): void;
}

/** Pages of memory: most of it is for the multiples of the base point. */
const pages = 6;

/** Makes the field: a millisecond of work. In its operations, here and below, `out` may be an operand. */
export function makeField25519() {
  const machine = assemble(
    [multiplication(), squaring(), sum("add", op.i64Add), sum("sub", op.i64Sub)],
    pages,
    new Uint8Array(),
  ).exports as unknown as Exports;

  /** The low halves of the limbs are at even places; the high halves extend their sign. */
  const words = new Int32Array(machine.m.buffer);

  let next = 0;

  /** Room for `count` elements one behind the other, for as long as the process runs. */
  function allocate(count = 1): number {
    const address = next;
    next += count * elementSize;
    return address;
  }

  /** Copies elements that stand one behind the other. */
  function copy(out: number, from: number, count = 1): void {
    words.copyWithin(out >> 2, from >> 2, (from + count * elementSize) >> 2);
  }

  /** Sets an element to a small number. */
  function setSmall(out: number, value: number): void {
    words.fill(0, out >> 2, (out + elementSize) >> 2);
    words[out >> 2] = value;
  }

  /** Reads 255 bits from 32 little-endian bytes; the highest bit is ignored. */
  function setBytes(out: number, bytes: Uint8Array): void {
    let acc = 0;
    let filled = 0;
    let at = 0;
    for (const i of limbs) {
      const bits = bitsOf(i);
      for (; filled < bits && at < 32; at++, filled += 8) {
        acc += (at === 31 ? (bytes[at] as number) & 127 : (bytes[at] as number)) * 2 ** filled;
      }
      const limb = acc % 2 ** bits;
      words[(out >> 2) + 2 * i] = limb;
      words[(out >> 2) + 2 * i + 1] = 0;
      acc = (acc - limb) / 2 ** bits;
      filled -= bits;
    }
  }

  /** The value below the modulus, as 32 little-endian bytes. */
  function toBytes(f: number): Uint8Array {
    const h = new Int32Array(10);
    for (const i of limbs) h[i] = words[(f >> 2) + 2 * i] as number;
    // How often the modulus fits: what carries out of the top once 19 is added.
    let q = (19 * (h[9] as number) + 2 ** 24) >> 25;
    for (const i of limbs) q = ((h[i] as number) + q) >> bitsOf(i);
    h[0] = (h[0] as number) + 19 * q;
    for (const i of limbs) {
      const bits = bitsOf(i);
      if (i < 9) h[i + 1] = (h[i + 1] as number) + ((h[i] as number) >> bits);
      h[i] = (h[i] as number) & (2 ** bits - 1);
    }
    const bytes = new Uint8Array(32);
    let acc = 0;
    let filled = 0;
    let at = 0;
    for (const i of limbs) {
      acc += (h[i] as number) * 2 ** filled;
      filled += bitsOf(i);
      for (; filled >= 8; filled -= 8) {
        bytes[at++] = acc % 256;
        acc = Math.floor(acc / 256);
      }
    }
    bytes[31] = acc;
    return bytes;
  }

  const { mul, sqr, add, sub } = machine;
  return { mul, sqr, add, sub, allocate, copy, setSmall, setBytes, toBytes };
}
