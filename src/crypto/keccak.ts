/**
 * Keccak-256, the hash of Ethereum (the padding from before SHA-3), as WebAssembly built on first use.
 *
 * Memory: the 25 lanes of the state at 0, the round constants at 256, the input from 1024 on.
 * @module
 */

import { assemble, Body, op } from "./assembler.ts";

const CONSTANTS = 256;
const ROUNDS = 24;
const INPUT = 1024;
/** Bytes absorbed by one permutation for a digest of 32 bytes. */
const RATE = 136;
/** Bytes of the input area: a multiple of the rate, with room for the padding behind. */
const CHUNK = RATE * 480;

/** Rotations of the lanes, by x + 5y: FIPS 202, 3.2.2. */
const rotations = [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14];

/** The round constants of FIPS 202, 3.2.5, by the register that defines them, as little-endian bytes. */
function constants(): Uint8Array {
  const data = new Uint8Array(CONSTANTS + 8 * ROUNDS);
  let register = 1;
  for (let round = 0; round < ROUNDS; round++) {
    for (let j = 0; j <= 6; j++) {
      const bit = 2 ** j - 1;
      if (register & 1) (data[CONSTANTS + 8 * round + (bit >> 3)] as number) |= 1 << (bit & 7);
      register = register & 0x80 ? ((register << 1) ^ 0x71) & 0xff : register << 1;
    }
  }
  return data;
}

/** permute(block): takes the block into the state and permutes it. */
function permutation(): Body {
  const body = new Body(["i32"], { i32: 1, i64: 60 });
  const round = 1;
  const a = (x: number, y: number): number => 2 + x + 5 * y;
  const b = (x: number, y: number): number => 27 + x + 5 * y;
  const c = (x: number): number => 52 + (x % 5);
  const d = (x: number): number => 57 + x;
  const five = [0, 1, 2, 3, 4];
  for (let i = 0; i < 25; i++) {
    body.i32(0).memory(op.i64Load, 8 * i);
    if (8 * i < RATE) {
      body
        .get(0)
        .memory(op.i64Load, 8 * i)
        .do(op.i64Xor);
    }
    body.set(2 + i);
  }
  body.enter(op.loop);
  for (const x of five) {
    body.get(a(x, 0));
    for (const y of [1, 2, 3, 4]) body.get(a(x, y)).do(op.i64Xor);
    body.set(c(x));
  }
  for (const x of five) {
    body
      .get(c(x + 4), c(x + 1))
      .i64(1)
      .do(op.i64Rotl, op.i64Xor)
      .set(d(x));
  }
  for (const y of five) {
    for (const x of five) {
      body.get(a(x, y), d(x)).do(op.i64Xor);
      const turns = rotations[x + 5 * y] as number;
      if (turns > 0) body.i64(turns).do(op.i64Rotl);
      body.set(b(y, (2 * x + 3 * y) % 5));
    }
  }
  for (const y of five) {
    for (const x of five) {
      body.get(b(x, y), b((x + 1) % 5, y)).i64(-1);
      body
        .do(op.i64Xor)
        .get(b((x + 2) % 5, y))
        .do(op.i64And, op.i64Xor)
        .set(a(x, y));
    }
  }
  body.get(a(0, 0), round).memory(op.i64Load, CONSTANTS).do(op.i64Xor).set(a(0, 0));
  body.get(round).i32(8).do(op.i32Add).at(op.localTee, round);
  body
    .i32(8 * ROUNDS)
    .do(op.i32LtU)
    .at(op.brIf, 0)
    .do(op.end);
  for (let i = 0; i < 25; i++) {
    body
      .i32(0)
      .get(2 + i)
      .memory(op.i64Store, 8 * i);
  }
  return body;
}

/** begin(): an empty state. */
function begin(): Body {
  return new Body([], { i32: 0, i64: 0 }, "begin").i32(0).i32(0).i32(200).fill();
}

/** finish(length): absorbs the input, pads it, and leaves the digest at the start of the state. */
function finish(exportName: "more" | "finish"): Body {
  const body = new Body(["i32"], { i32: 1, i64: 0 }, exportName);
  body.i32(INPUT).set(1).enter(op.block).enter(op.loop);
  body.get(0).i32(RATE).do(op.i32LtU).at(op.brIf, 1);
  body.get(1).at(op.call, 0);
  body.get(1).i32(RATE).do(op.i32Add).set(1);
  body.get(0).i32(RATE).do(op.i32Sub).set(0);
  body.at(op.br, 0).do(op.end, op.end);
  if (exportName === "more") return body;
  body.get(1, 0).do(op.i32Add).i32(0).i32(RATE).get(0).do(op.i32Sub).fill();
  body.get(1, 0).do(op.i32Add).i32(1).memory(op.i32Store8, 0);
  body
    .get(1)
    .get(1)
    .memory(op.i32Load8U, RATE - 1)
    .i32(0x80)
    .do(op.i32Or)
    .memory(op.i32Store8, RATE - 1);
  return body.get(1).at(op.call, 0);
}

interface Exports {
  readonly m: WebAssembly.Memory;
  begin(): void;
  more(length: number): void;
  finish(length: number): void;
}

interface Machine {
  readonly run: Exports;
  readonly memory: Uint8Array;
  readonly input: Uint8Array;
}

let made: Machine | undefined;

function machine(): Machine {
  if (made === undefined) {
    const functions = [permutation(), begin(), finish("more"), finish("finish")];
    const run = assemble(functions, 2, constants()).exports as unknown as Exports;
    const memory = new Uint8Array(run.m.buffer);
    made = { run, memory, input: memory.subarray(INPUT, INPUT + CHUNK) };
  }
  return made;
}

/** Keccak-256 of `data`: 32 bytes. */
export function keccak_256(data: Uint8Array): Uint8Array {
  const { run, input, memory } = machine();
  run.begin();
  let at = 0;
  for (; data.length - at > CHUNK; at += CHUNK) {
    input.set(data.subarray(at, at + CHUNK));
    run.more(CHUNK);
  }
  input.set(at === 0 ? data : data.subarray(at));
  run.finish(data.length - at);
  return memory.slice(0, 32);
}
