/**
 * BLAKE2b without a key (RFC 7693), as WebAssembly built on first import.
 *
 * Memory: the chain value h at 0, the initial value at 64, the byte counter t at 128, the last block when it is filled up
 * at 256, the input from 1024 on, the stage after it. Inputs pass through memory in chunks; one that fits a chunk costs a
 * single call.
 * @module
 */

import { assemble, Body, op } from "./assembler.ts";

const IV = 64;
const COUNTER = 128;
const FILLED = 256;
const INPUT = 1024;
const BLOCK = 128;
/** Bytes of the input area: a multiple of the block. */
const CHUNK = 65_536;
const STAGE = INPUT + CHUNK;
/** Bytes of the stage. */
const STAGE_BYTES = 65_536;

/** The initial value of RFC 7693, 2.6, as little-endian words. */
const initial =
  "08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5" +
  "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b";

/** The order of message words in each of the twelve rounds: RFC 7693, 2.7. */
const sigma = [
  "0123456789abcdef",
  "ea489fd61c02b753",
  "b8c052fdae367194",
  "7931dcbe265a40f8",
  "905724afe1bc683d",
  "2c6a0b834d75fe19",
  "c51fed4a0763928b",
  "db7ec13950f4862a",
  "6fe9b308c2d714a5",
  "a2847615fb9e3cd0",
  "0123456789abcdef",
  "ea489fd61c02b753",
];

/** The columns and diagonals of the state that a round mixes. */
const lanes = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

/** compress(block, last): mixes one block into h; `last` is -1 for the last block and 0 before. */
function compression(): Body {
  const body = new Body(["i32", "i64"], { i32: 0, i64: 32 });
  const m = (index: number): number => 18 + index;
  const v = (index: number): number => 2 + index;
  const load = (address: number): Body => body.i32(0).memory(op.i64Load, address);
  for (let i = 0; i < 8; i++) {
    load(8 * i).set(v(i));
    load(IV + 8 * i).set(v(8 + i));
  }
  for (let i = 0; i < 16; i++) {
    body
      .get(0)
      .memory(op.i64Load, 8 * i)
      .set(m(i));
  }
  load(COUNTER).get(v(12)).do(op.i64Xor).set(v(12));
  body.get(1, v(14)).do(op.i64Xor).set(v(14));
  // The mixing function G of RFC 7693, 3.1, of which this is nearly all: written as bytes, which builds it in no time.
  const { localGet: get, localSet: set, i64Add, i64Xor, i64Rotr, i64Const } = op;
  const half = (a: number, b: number, c: number, d: number, word: number, first: number, second: number): void => {
    body.raw([get, a, get, b, i64Add, get, word, i64Add, set, a]);
    body.raw([get, d, get, a, i64Xor, i64Const, first, i64Rotr, set, d]);
    body.raw([get, c, get, d, i64Add, set, c]);
    body.raw([get, b, get, c, i64Xor, i64Const, second, i64Rotr, set, b]);
  };
  for (const order of sigma) {
    for (let lane = 0; lane < 8; lane++) {
      const [a, b, c, d] = lanes[lane] as (typeof lanes)[number];
      const x = m(Number.parseInt(order[2 * lane] as string, 16));
      const y = m(Number.parseInt(order[2 * lane + 1] as string, 16));
      half(v(a), v(b), v(c), v(d), x, 32, 24);
      half(v(a), v(b), v(c), v(d), y, 16, 63);
    }
  }
  for (let i = 0; i < 8; i++) {
    body.i32(0);
    load(8 * i)
      .get(v(i))
      .do(op.i64Xor)
      .get(v(8 + i))
      .do(op.i64Xor)
      .memory(op.i64Store, 8 * i);
  }
  return body;
}

/** Adds the i64 on the stack, made from local `length` or given, to the byte counter. */
function count(body: Body, amount: () => Body): Body {
  body.i32(0).i32(0).memory(op.i64Load, COUNTER);
  return amount().do(op.i64Add).memory(op.i64Store, COUNTER);
}

/** begin(outLength): h to its initial value for a digest of that many bytes. */
function begin(): Body {
  const body = new Body(["i32"], { i32: 0, i64: 0 }, "begin");
  body.i32(0).i32(0).memory(op.i64Load, IV).i64(0x01010000).do(op.i64Xor).get(0).do(op.i64ExtendI32U, op.i64Xor);
  body.memory(op.i64Store, 0);
  for (let i = 1; i < 8; i++) {
    body
      .i32(0)
      .i32(0)
      .memory(op.i64Load, IV + 8 * i)
      .memory(op.i64Store, 8 * i);
  }
  return body.i32(0).i64(0).memory(op.i64Store, COUNTER);
}

/** One round of a loop over whole blocks: compresses the block at local 1 and steps past it. */
function wholeBlock(body: Body): void {
  count(body, () => body.i64(BLOCK));
  body.get(1).i64(0).at(op.call, 0);
  body.get(1).i32(BLOCK).do(op.i32Add).set(1);
  body.get(0).i32(BLOCK).do(op.i32Sub).set(0);
}

/** more(length): takes in a whole number of blocks that are not the last. */
function more(): Body {
  const body = new Body(["i32"], { i32: 1, i64: 0 }, "more");
  body.i32(INPUT).set(1).enter(op.loop);
  wholeBlock(body);
  return body.i32(0).get(0).do(op.i32LtU).at(op.brIf, 0).do(op.end);
}

/** finish(length): takes in the rest, from nothing to a whole chunk, and leaves the digest in h. */
function finish(): Body {
  const body = new Body(["i32"], { i32: 1, i64: 0 }, "finish");
  body.i32(INPUT).set(1).enter(op.block).enter(op.loop);
  body.get(0).i32(BLOCK).do(op.i32LeU).at(op.brIf, 1);
  wholeBlock(body);
  body.at(op.br, 0).do(op.end, op.end);
  body.get(1, 0).do(op.i32Add).i32(0).i32(BLOCK).get(0).do(op.i32Sub).fill();
  count(body, () => body.get(0).do(op.i64ExtendI32U));
  return body.get(1).i64(-1).at(op.call, 0);
}

/** once(length, outLength): begin and finish in one call. */
function once(): Body {
  return new Body(["i32", "i32"], { i32: 0, i64: 0 }, "once").get(1).at(op.call, 1).get(0).at(op.call, 3);
}

/**
 * within(from, length, to, outLength): hashes bytes where they lie, and writes 32 bytes of the digest.
 *
 * Locals: 4 how far the last block is copied.
 */
function within(): Body {
  const body = new Body(["i32", "i32", "i32", "i32"], { i32: 1, i64: 0 }, "within");
  body.get(3).at(op.call, 1);
  body.enter(op.block).enter(op.loop);
  body.get(1).i32(BLOCK).do(op.i32LeU).at(op.brIf, 1);
  count(body, () => body.i64(BLOCK));
  body.get(0).i64(0).at(op.call, 0);
  body.get(0).i32(BLOCK).do(op.i32Add).set(0);
  body.get(1).i32(BLOCK).do(op.i32Sub).set(1);
  body.at(op.br, 0).do(op.end, op.end);
  count(body, () => body.get(1).do(op.i64ExtendI32U));
  body.enter(op.block).get(1).i32(BLOCK).do(op.i32Eq).at(op.brIf, 0);
  for (let at = 0; at < BLOCK; at += 8) body.i32(FILLED).i64(0).memory(op.i64Store, at);
  body.enter(op.block).enter(op.loop);
  body.get(1).get(4).i32(8).do(op.i32Add).do(op.i32LtU).at(op.brIf, 1);
  body.get(4).get(0, 4).do(op.i32Add).memory(op.i64Load, 0).memory(op.i64Store, FILLED);
  body.get(4).i32(8).do(op.i32Add).set(4);
  body.at(op.br, 0).do(op.end, op.end);
  // Of the word that is begun, the bytes that are part of it.
  body.get(4).get(0, 4).do(op.i32Add).memory(op.i64Load, 0);
  body.i64(1).get(1).i32(7).do(op.i32And).i32(8).do(op.i32Mul, op.i64ExtendI32U).do(op.i64Shl).i64(1).do(op.i64Sub);
  body.do(op.i64And).memory(op.i64Store, FILLED);
  body.i32(FILLED).set(0).do(op.end);
  body.get(0).i64(-1).at(op.call, 0);
  for (let at = 0; at < 32; at += 8) body.get(2).i32(0).memory(op.i64Load, at).memory(op.i64Store, at);
  return body;
}

interface Exports {
  readonly m: WebAssembly.Memory;
  begin(outLength: number): void;
  more(length: number): void;
  finish(length: number): void;
  once(length: number, outLength: number): void;
  within(from: number, length: number, to: number, outLength: number): void;
}

function constants(): Uint8Array {
  const data = new Uint8Array(COUNTER);
  for (let i = 0; i < 64; i++) data[IV + i] = Number.parseInt(initial.slice(2 * i, 2 * i + 2), 16);
  return data;
}

const machine = assemble([compression(), begin(), more(), finish(), once(), within()], 3, constants())
  .exports as unknown as Exports;
// Functions of their own: those of an object of exports are looked up at every call.
const { once: hashOnce, begin: hashBegin, more: hashMore, finish: hashFinish, within: hashWithin } = machine;
const memory = new Uint8Array(machine.m.buffer);
const input = memory.subarray(INPUT, INPUT + CHUNK);

/** Hashes `data`; the digest stands at the start of `digestMemory` until the next call. */
function run(data: Uint8Array, outLength: number): void {
  if (data.length <= CHUNK) {
    input.set(data);
    hashOnce(data.length, outLength);
    return;
  }
  hashBegin(outLength);
  let at = 0;
  for (; data.length - at > CHUNK; at += CHUNK) {
    input.set(data.subarray(at, at + CHUNK));
    hashMore(CHUNK);
  }
  input.set(data.subarray(at));
  hashFinish(data.length - at);
}

/** BLAKE2b of any digest length: 1 to 64 bytes. */
export function blake2b(data: Uint8Array, length: number): Uint8Array {
  run(data, length);
  return memory.slice(0, length);
}

/** BLAKE2b with a digest of 32 bytes, the hash of code, accounts and storage. */
export function blake2_256(data: Uint8Array): Uint8Array {
  run(data, 32);
  return memory.slice(0, 32);
}

/** BLAKE2b with a digest of 16 bytes. */
export function blake2_128(data: Uint8Array): Uint8Array {
  run(data, 16);
  return memory.slice(0, 16);
}

/** Writes the 32-byte digest of `data` into `out` from `at` on: for paths that reuse their buffers. */
export function blake2_256Into(data: Uint8Array, out: Uint8Array, at: number): void {
  run(data, 32);
  for (let i = 0; i < 32; i++) out[at + i] = memory[i] as number;
}

/** Writes the 16-byte digest of `data` into `out` from `at` on. */
export function blake2_128Into(data: Uint8Array, out: Uint8Array, at: number): void {
  run(data, 16);
  for (let i = 0; i < 16; i++) out[at + i] = memory[i] as number;
}

/** blake2_256 of byte strings one after the other, with nothing between them. */
export function blake2_256Of(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  if (length <= CHUNK) {
    let at = 0;
    for (const part of parts) {
      input.set(part, at);
      at += part.length;
    }
    hashOnce(length, 32);
    return memory.slice(0, 32);
  }
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return blake2_256(joined);
}

/**
 * The hash function without copies, for callers that gather their input themselves: fill `input`, call `hash`, read
 * `digest`. Words are little-endian 32-bit integers; everything holds until the next call of any function here.
 */
export const blake2Area = {
  /** 64 KiB for the input, as bytes. */
  input,
  /** The same, as words. */
  words: new Int32Array(machine.m.buffer, INPUT, CHUNK / 4),
  /** The first 32 bytes of the digest, as words. */
  digest: new Int32Array(machine.m.buffer, 0, 8),
  /** The same, as bytes. */
  digestBytes: memory.subarray(0, 32),
  /**
   * Hashes the first `length` bytes of the input, at most 64 KiB, to 32 bytes.
   * @param parameters the first word of BLAKE2's parameter block, by `blake2Parameters`; sequential mode when absent.
   */
  hash(length: number, parameters = 32): void {
    hashOnce(length, parameters);
  },
  /** 64 KiB for what is hashed where it lies, as bytes. Nothing but who fills it changes it. */
  stage: memory.subarray(STAGE, STAGE + STAGE_BYTES),
  /**
   * Hashes bytes of the stage to 32 bytes of the stage, which may be among them.
   * @param from offset of the first byte.
   * @param length how many.
   * @param to offset of the digest, which is in `digest` as well.
   * @param parameters those of `hash`.
   */
  hashStaged(from: number, length: number, to: number, parameters = 32): void {
    hashWithin(STAGE + from, length, STAGE + to, parameters);
  },
  /** The same for bytes of any length, which are copied to the input; sequential mode. */
  hashOf(data: Uint8Array): void {
    run(data, 32);
  },
};

/**
 * What sets the hash function of a tree apart from the plain one: fanout and depth of BLAKE2's parameter block, as they
 * are mixed into its first word.
 * @param fanout 0 to 255; 1 in sequential mode.
 * @param depth 1 to 255; 1 in sequential mode.
 * @see BLAKE2: simpler, smaller, fast as MD5, section 2.8 and 2.10
 */
export function blake2Parameters(fanout: number, depth: number): number {
  return 32 | ((fanout ^ 1) << 16) | ((depth ^ 1) << 24);
}
