/**
 * The field of secp256k1, the integers modulo 2^256 - 2^32 - 977, as WebAssembly.
 *
 * An element is ten limbs of 26 bits, each in 64 bits of memory, and any number below about 2^260 that stands for it:
 * what is above folds back, because 2^260 is 2^36 + 15632 here. Elements are named by their address. The value itself
 * is brought below the modulus only when it is written out.
 * @module
 */

import { assemble, Body, op } from "./assembler.ts";

/** The modulus. */
export const modulus = 2n ** 256n - 2n ** 32n - 977n;
/** Bytes of one element. */
export const elementSize = 80;

const BITS = 26;
const MASK = 2 ** BITS - 1;
/** 2^260 in the field, as two limbs. */
const FOLD = [15_632, 1024] as const;
const limbs = Array.from({ length: 10 }, (_, i) => i);

/** Passes on what a limb has above its bits. */
function pass(body: Body, from: number, to: number): void {
  body.get(to, from).i64(BITS).do(op.i64ShrS, op.i64Add).set(to);
  body.get(from).i64(MASK).do(op.i64And).set(from);
}

/** Adds to limbs 0 and 1 what stands for `over`, which counts 2^260. */
function fold(body: Body, h: (limb: number) => number, over: number, at = 0): void {
  for (const [i, times] of FOLD.entries()) {
    const limb = h(at + i);
    body.get(limb, over).i64(times).do(op.i64Mul, op.i64Add).set(limb);
  }
}

/** Brings ten limbs into range; what is above the last comes back at the first. */
function reduce(body: Body, h: (limb: number) => number, over: number): void {
  for (let i = 0; i < 9; i++) pass(body, h(i), h(i + 1));
  body.get(h(9)).i64(BITS).do(op.i64ShrS).set(over);
  body.get(h(9)).i64(MASK).do(op.i64And).set(h(9));
  fold(body, h, over);
  for (let i = 0; i < 4; i++) pass(body, h(i), h(i + 1));
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

/** Folds a product of twenty limbs, the last made by carrying, into ten; and stores it. */
function finishProduct(body: Body, h: (limb: number) => number, over: number): void {
  body.i64(0).set(h(19));
  for (let i = 0; i < 19; i++) pass(body, h(i), h(i + 1));
  // The highest limb folds onto the tenth and, beyond it, once more onto the first two.
  body.get(h(19)).i64(FOLD[1]).do(op.i64Mul).set(over);
  for (let i = 10; i < 19; i++) fold(body, h, h(i), i - 10);
  body.get(h(9), h(19)).i64(FOLD[0]).do(op.i64Mul, op.i64Add).set(h(9));
  fold(body, h, over);
  reduce(body, h, over);
  storeAll(body, h);
}

/** mul(out, f, g) */
function multiplication(): Body {
  const body = new Body(["i32", "i32", "i32"], { i32: 0, i64: 41 }, "mul");
  const f = (i: number): number => 3 + i;
  const g = (i: number): number => 13 + i;
  const h = (i: number): number => 23 + i;
  loadAll(body, 1, f);
  loadAll(body, 2, g);
  for (let k = 0; k < 19; k++) {
    let terms = 0;
    for (let i = Math.max(0, k - 9); i <= Math.min(9, k); i++) {
      body.get(f(i), g(k - i)).do(op.i64Mul);
      if (terms++ > 0) body.do(op.i64Add);
    }
    body.set(h(k));
  }
  finishProduct(body, h, 43);
  return body;
}

/** sqr(out, f) */
function squaring(): Body {
  const body = new Body(["i32", "i32"], { i32: 0, i64: 41 }, "sqr");
  const f = (i: number): number => 2 + i;
  const twice = (i: number): number => 12 + i;
  const h = (i: number): number => 22 + i;
  loadAll(body, 1, f);
  for (const i of limbs) body.get(f(i), f(i)).do(op.i64Add).set(twice(i));
  for (let k = 0; k < 19; k++) {
    let terms = 0;
    for (let i = Math.max(0, k - 9); 2 * i <= k; i++) {
      body.get(2 * i < k ? twice(i) : f(i), f(k - i)).do(op.i64Mul);
      if (terms++ > 0) body.do(op.i64Add);
    }
    body.set(h(k));
  }
  finishProduct(body, h, 42);
  return body;
}

/** The limbs of 64 times the modulus: each larger than any limb that is subtracted from it. */
function aboveEveryLimb(): number[] {
  return limbs.map((i) => {
    const bits = i === 9 ? modulus >> 234n : (modulus >> BigInt(BITS * i)) & BigInt(MASK);
    return Number(bits) * 64;
  });
}

/** add(out, f, g), or sub(out, f, g), which adds a multiple of the modulus first so that no limb is negative. */
function sum(name: "add" | "sub"): Body {
  const body = new Body(["i32", "i32", "i32"], { i32: 0, i64: 11 }, name);
  const h = (i: number): number => 3 + i;
  const above = aboveEveryLimb();
  for (const i of limbs) {
    body.get(1).memory(op.i64Load, 8 * i);
    if (name === "sub") body.i64(above[i] as number).do(op.i64Add);
    body
      .get(2)
      .memory(op.i64Load, 8 * i)
      .do(name === "sub" ? op.i64Sub : op.i64Add)
      .set(h(i));
  }
  reduce(body, h, 13);
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

/** Pages of memory: most of it is for the multiples of the generator. */
const pages = 5;

/** Makes the field: a millisecond of work. In its operations, here and below, `out` may be an operand. */
export function makeFieldSecp256k1() {
  const machine = assemble([multiplication(), squaring(), sum("add"), sum("sub")], pages, new Uint8Array())
    .exports as unknown as Exports;

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

  /** Sets an element to a number from 0 to 2^260 - 1. */
  function setNumber(out: number, value: bigint): void {
    let rest = value;
    for (const i of limbs) {
      words[(out >> 2) + 2 * i] = Number(rest & BigInt(MASK));
      words[(out >> 2) + 2 * i + 1] = 0;
      rest >>= BigInt(BITS);
    }
  }

  /** The value, below the modulus. */
  function toNumber(f: number): bigint {
    let value = 0n;
    for (let i = 9; i >= 0; i--) value = (value << BigInt(BITS)) + BigInt(words[(f >> 2) + 2 * i] as number);
    return value % modulus;
  }

  const powers = allocate(16);

  /** out = f^exponent, by digits of four bits; the exponent is public. */
  function power(out: number, f: number, exponent: bigint): void {
    setNumber(powers, 1n);
    for (let i = 1; i < 16; i++) machine.mul(powers + i * elementSize, powers + (i - 1) * elementSize, f);
    const digits = exponent.toString(16);
    setNumber(out, 1n);
    for (const digit of digits) {
      for (let i = 0; i < 4; i++) machine.sqr(out, out);
      const value = Number.parseInt(digit, 16);
      if (value > 0) machine.mul(out, out, powers + value * elementSize);
    }
  }

  const { mul, sqr, add, sub } = machine;
  return { mul, sqr, add, sub, allocate, copy, setNumber, toNumber, power };
}
