/**
 * SCALE, the codec of everything that crosses a boundary here: a writer that grows and a reader that trusts nothing.
 *
 * Hand-written codecs over these two are used where messages are many (blocks, receipts, frames, guest data); types
 * known only at run time, from a contract's metadata, are the client's business.
 * @module
 */

import { EngineError } from "../errors.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const U32 = 0x1_0000_0000;

/** Appends SCALE values to a growing buffer. */
export class Writer {
  private buffer: Uint8Array;
  private view: DataView;
  private at = 0;

  /** @param capacity bytes to start with; it grows as needed. */
  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity);
    this.view = new DataView(this.buffer.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.at;
  }

  /** Bytes that there is room for without growing. */
  get capacity(): number {
    return this.buffer.length;
  }

  private room(n: number): number {
    const at = this.at;
    const end = at + n;
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, at));
      this.buffer = grown;
      this.view = new DataView(grown.buffer);
    }
    this.at = end;
    return at;
  }

  u8(value: number): this {
    const at = this.room(1);
    this.buffer[at] = value;
    return this;
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  u16(value: number): this {
    const at = this.room(2);
    this.view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.room(4);
    this.view.setUint32(at, value, true);
    return this;
  }

  /** A u64 from a bigint, or from a number that is a safe integer. */
  u64(value: bigint | number): this {
    const at = this.room(8);
    if (typeof value === "bigint") {
      this.view.setBigUint64(at, value, true);
    } else {
      this.view.setUint32(at, value % U32, true);
      this.view.setUint32(at + 4, Math.floor(value / U32), true);
    }
    return this;
  }

  u128(value: bigint): this {
    const at = this.room(16);
    if (value >> 64n === 0n) {
      this.view.setBigUint64(at, value, true);
      this.view.setUint32(at + 8, 0);
      this.view.setUint32(at + 12, 0);
    } else {
      this.view.setBigUint64(at, value & 0xffff_ffff_ffff_ffffn, true);
      this.view.setBigUint64(at + 8, value >> 64n, true);
    }
    return this;
  }

  /** A compact integer below 2^53. */
  compact(value: number): this {
    if (value < 1 << 6) return this.u8(value << 2);
    if (value < 1 << 14) return this.u16((value << 2) | 1);
    if (value < 2 ** 30) return this.u32(((value << 2) | 2) >>> 0);
    return this.compactBig(BigInt(value));
  }

  /** A compact integer of any size up to 2^536 - 1. */
  compactBig(value: bigint): this {
    if (value < 1n << 30n) return this.compact(Number(value));
    const bytes: number[] = [];
    for (let rest = value; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 0xffn));
    while (bytes.length < 4) bytes.push(0);
    return this.u8(((bytes.length - 4) << 2) | 3).raw(bytes);
  }

  /** Bytes as they are, without a length. */
  raw(bytes: ArrayLike<number>): this {
    const { length } = bytes;
    const at = this.room(length);
    const { buffer } = this;
    // Below some fifty bytes a loop is faster than the engine's own copy.
    if (length > 48) buffer.set(bytes, at);
    else for (let i = 0; i < length; i++) buffer[at + i] = bytes[i] as number;
    return this;
  }

  /** `Vec<u8>`: a compact length and the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.compact(bytes.length).raw(bytes);
  }

  /** `String`: UTF-8 with a compact length in bytes. */
  str(value: string): this {
    const { length } = value;
    if (length >= 64) return this.bytes(utf8.encode(value));
    const start = this.room(length + 1);
    const { buffer } = this;
    buffer[start] = length << 2;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 127) {
        this.at = start;
        return this.bytes(utf8.encode(value));
      }
      buffer[start + 1 + i] = unit;
    }
    return this;
  }

  option<T>(value: T | undefined, write: (writer: this, value: T) => unknown): this {
    if (value === undefined) return this.u8(0);
    this.u8(1);
    write(this, value);
    return this;
  }

  vec<T>(values: readonly T[], write: (writer: this, value: T) => unknown): this {
    this.compact(values.length);
    for (const value of values) write(this, value);
    return this;
  }

  /** A copy of what was written; the writer may go on. */
  take(): Uint8Array {
    return this.buffer.slice(0, this.at);
  }

  /** What was written, as a view that the next write may change. */
  written(): Uint8Array {
    return this.buffer.subarray(0, this.at);
  }

  /** Forgets what was written and keeps the buffer. */
  clear(): this {
    this.at = 0;
    return this;
  }
}

/**
 * Takes SCALE values from bytes that may be hostile.
 *
 * Every method throws `EngineError` `Undecodable` when the bytes end early or the form is not canonical; nothing is
 * allocated for a length that the remaining bytes cannot hold.
 */
export class Reader {
  private readonly source: Uint8Array;
  private readonly what: string;
  private readonly from: number;
  private readonly to: number;
  private at: number;

  /**
   * @param source the bytes; they are not copied, and what `raw` and `bytes` return are copies.
   * @param what what is being read, for the error.
   * @param from where in them it begins.
   * @param to where it ends: none of the bytes from there on are read.
   */
  constructor(source: Uint8Array, what: string, from = 0, to = source.length) {
    // A Buffer's `slice` is a view of pooled memory: read through a plain array, whose slices are copies.
    this.source =
      source.constructor === Uint8Array ? source : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    this.what = what;
    this.from = from;
    this.to = to;
    this.at = from;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.to - this.at;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.at - this.from;
  }

  /** The error for bytes that do not fit `what`. */
  fail(reason: string): EngineError {
    return new EngineError("Undecodable", { what: this.what, reason, offset: this.offset });
  }

  private step(n: number): number {
    const at = this.at;
    if (n > this.to - at) throw this.fail(`${n} bytes wanted, ${this.to - at} left`);
    this.at = at + n;
    return at;
  }

  u8(): number {
    return this.source[this.step(1)] as number;
  }

  bool(): boolean {
    const byte = this.u8();
    if (byte > 1) throw this.fail(`a bool of ${byte}`);
    return byte === 1;
  }

  u16(): number {
    const at = this.step(2);
    return (this.source[at] as number) | ((this.source[at + 1] as number) << 8);
  }

  u32(): number {
    return this.word(this.step(4));
  }

  private word(at: number): number {
    const { source } = this;
    return (
      ((source[at] as number) |
        ((source[at + 1] as number) << 8) |
        ((source[at + 2] as number) << 16) |
        ((source[at + 3] as number) << 24)) >>>
      0
    );
  }

  private long(at: number): bigint {
    const low = this.word(at);
    const high = this.word(at + 4);
    return high < 1 << 21 ? BigInt(high * U32 + low) : (BigInt(high) << 32n) | BigInt(low);
  }

  u64(): bigint {
    return this.long(this.step(8));
  }

  /** A u64 as a number; what is above 2^53 - 1 saturates there. */
  u64Saturated(): number {
    const at = this.step(8);
    const value = this.word(at) + this.word(at + 4) * U32;
    return Math.min(value, Number.MAX_SAFE_INTEGER);
  }

  u128(): bigint {
    const at = this.step(16);
    const low = this.long(at);
    const high = this.long(at + 8);
    return high === 0n ? low : low | (high << 64n);
  }

  /** A compact integer in its shortest form. */
  compactBig(): bigint {
    const first = this.u8();
    const mode = first & 3;
    if (mode === 0) return BigInt(first >> 2);
    this.at--;
    if (mode === 1) {
      const value = this.u16() >> 2;
      if (value < 1 << 6) throw this.fail("a compact integer not in its shortest form");
      return BigInt(value);
    }
    if (mode === 2) {
      const value = this.u32() >>> 2;
      if (value < 1 << 14) throw this.fail("a compact integer not in its shortest form");
      return BigInt(value);
    }
    this.at++;
    const length = (first >> 2) + 4;
    const at = this.step(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.source[at + i] as number);
    if (this.source[at + length - 1] === 0 || value < 1n << 30n) {
      throw this.fail("a compact integer not in its shortest form");
    }
    return value;
  }

  /** A compact integer below 2^53, in its shortest form. */
  compact(): number {
    if (this.at < this.to) {
      const first = this.source[this.at] as number;
      if ((first & 3) === 0) {
        this.at++;
        return first >> 2;
      }
    }
    const value = this.compactBig();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.fail("a compact integer above 2^53");
    return Number(value);
  }

  /** `n` bytes, copied. */
  raw(n: number): Uint8Array {
    const at = this.step(n);
    const { source } = this;
    if (n > 48) return source.slice(at, at + n);
    const copy = new Uint8Array(n);
    for (let i = 0; i < n; i++) copy[i] = source[at + i] as number;
    return copy;
  }

  /** What was read since an offset, as a view of the source. */
  since(offset: number): Uint8Array {
    return this.source.subarray(this.from + offset, this.at);
  }

  /** `n` bytes, as a view of the source. */
  view8(n: number): Uint8Array {
    const at = this.step(n);
    return this.source.subarray(at, at + n);
  }

  /** `Vec<u8>`, copied. */
  bytes(): Uint8Array {
    return this.raw(this.compact());
  }

  /** `String`; what is not UTF-8 is refused. */
  str(): string {
    return this.text(this.bytesView());
  }

  /** `Vec<u8>` as a view of the source. */
  bytesView(): Uint8Array {
    return this.view8(this.compact());
  }

  /** Bytes as text; what is not UTF-8 is refused. */
  text(bytes: Uint8Array): string {
    try {
      return text.decode(bytes);
    } catch {
      throw this.fail("a string that is not UTF-8");
    }
  }

  option<T>(read: (reader: this) => T): T | undefined {
    const tag = this.u8();
    if (tag > 1) throw this.fail(`an option tagged ${tag}`);
    return tag === 1 ? read(this) : undefined;
  }

  /** `Vec<T>`; an item is taken to need at least `least` bytes, so that a lying count ends at once. */
  vec<T>(read: (reader: this) => T, least = 1): T[] {
    const count = this.compact();
    if (count * least > this.remaining) throw this.fail(`${count} items announced, ${this.remaining} bytes left`);
    const values: T[] = [];
    for (let i = 0; i < count; i++) values.push(read(this));
    return values;
  }

  /** Ends the reading; bytes left over are refused. */
  end(): void {
    if (this.remaining > 0) throw this.fail(`${this.remaining} bytes left over`);
  }
}

/** Reads one whole value: `read` must use up every byte, or every one from `from` up to, and without, `to`. */
export function decode<T>(
  source: Uint8Array,
  what: string,
  read: (reader: Reader) => T,
  from = 0,
  to = source.length,
): T {
  const reader = new Reader(source, what, from, to);
  const value = read(reader);
  reader.end();
  return value;
}

/** A writer that waits for its next use: to make one costs as much as a small value does. */
let spare: Writer | undefined;
/** The most bytes of one that is kept. */
const mostKept = 64 * 1024;

/** Writes one value. */
export function encode<T>(value: T, write: (writer: Writer, value: T) => unknown): Uint8Array {
  const writer = spare ?? new Writer(1024);
  // One that fails, or is cut off, is not used again.
  spare = undefined;
  write(writer.clear(), value);
  const bytes = writer.take();
  if (writer.capacity <= mostKept) spare = writer;
  return bytes;
}
