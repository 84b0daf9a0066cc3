/**
 * Pages: where the entries of a tree lie in memory, a few dozen to a run of bytes, so that a million entries are not as
 * many objects. Paging is nothing but representation; hashes do not know of it.
 *
 * ```
 * page   = hashes of the quarters, 32 bytes each | head of each entry | hash of each entry, 32 bytes each
 *          | entries, in order of their keys | room to grow
 * head   = two bytes of the key, from the byte on in which the page's keys begin to differ
 *          | offset of the entry, 15 bits, and whether its hash is stale, 1 bit, LE
 * entry  = length of the key, u8 | length of the value, u8 | key | value
 * ```
 * A value that is longer, or kept in another form, stands in `objects`; an object there goes before the bytes. The hashes
 * of the quarters are used by pages that are divided.
 * @module
 */

import { blake2_256, blake2Area } from "../../crypto/hash.ts";
import { hashBucket, hashContent, hashFour, hashLeaf, undividedEntries, wholeBytes } from "../../crypto/merkle.ts";
import { EngineError } from "../../errors.ts";
import { sameBytes } from "../../wire/bytes.ts";
import { Writer } from "../../wire/scale.ts";
import type { Absent } from "./nodes.ts";

/** Names what was written outside the enclave; who writes knows what it means. At most 255 bytes. */
export type Place = Uint8Array;

/** Where what was written outside is read from. */
export interface StateSource {
  /**
   * Reads what was written, before anything else happens.
   * @throws {EngineError} when it is not there or not as it was written.
   */
  read(place: Place): Uint8Array;
}

/** The longest value that stands among a page's bytes. */
export const inlineBytes = 255;
/** The longest key. */
export const maxKeyBytes = 255;
const head = 4;
const digest = 32;
const perEntry = head + digest;
/** Where the heads begin. */
const heads = 4 * digest;
/** The bit of the second byte of an offset that says that the hash is stale. */
const staleBit = 0x80;

/** Where changed pages are put together. */
const scratch = new Uint8Array(1 << 16);

/** The time of uses: moves on with every root of a state, and tells what was not used for long. */
export const useClock = { now: 0 };

/** A long value, or code: bytes known by their hash, which may be outside. */
export class Blob {
  readonly length: number;
  bytes: Uint8Array | undefined;
  place: Place | undefined;
  /** When it was last used. */
  usedAt = useClock.now;
  #hash: Uint8Array | undefined;

  private constructor(
    length: number,
    bytes: Uint8Array | undefined,
    hash: Uint8Array | undefined,
    place: Place | undefined,
  ) {
    this.length = length;
    this.bytes = bytes;
    this.#hash = hash;
    this.place = place;
  }

  /** A blob of these bytes, which it keeps. */
  static of(bytes: Uint8Array): Blob {
    return new Blob(bytes.length, bytes, undefined, undefined);
  }

  /** A blob that is outside. */
  static at(place: Place, hash: Uint8Array, length: number): Blob {
    return new Blob(length, undefined, hash, place);
  }

  /** blake2_256 of the bytes. */
  get hash(): Uint8Array {
    this.#hash ??= blake2_256(this.bytes!);
    return this.#hash;
  }

  /**
   * The bytes, which are not to be changed; read when they are outside.
   * @throws {EngineError} what the source throws, and `Undecodable` when it gives others.
   */
  open(source: StateSource | undefined): Uint8Array {
    this.usedAt = useClock.now;
    if (this.bytes === undefined) {
      if (source === undefined) throw new EngineError("Internal", { what: "a part of the state has no source" });
      const bytes = source.read(this.place!);
      if (bytes.length !== this.length || !sameBytes(blake2_256(bytes), this.hash)) {
        throw new EngineError("Undecodable", { what: "value of the state", reason: "its hash is another" });
      }
      this.bytes = bytes;
    }
    return this.bytes;
  }
}

/** A value of a map as it came from outside, not looked at yet. */
export class Packed {
  /** What is hashed. */
  readonly value: Uint8Array;
  /** What goes along without being hashed. */
  readonly extra: Uint8Array;

  constructor(value: Uint8Array, extra: Uint8Array) {
    this.value = value;
    this.extra = extra;
  }
}

/** Writes the bytes of a value that are hashed. */
export type WriteValue = (w: Writer, value: never) => unknown;

const writer = new Writer(1024);
const hashedValue = new Uint8Array(digest);

/** The bytes of an object that are hashed, as a view that the next call changes. */
function encoded(object: unknown, write: WriteValue | undefined): Uint8Array {
  (write as (w: Writer, value: unknown) => unknown)(writer.clear(), object);
  return writer.written();
}

/** Up to `bucketEntries` entries. */
export class Page {
  readonly epoch: number;
  count: number;
  /** Room beyond `used` has no meaning. */
  bytes: Uint8Array;
  used: number;
  /** Bit n is set when the hash of quarter n is right. */
  #quarters: number;
  objects: unknown[] | undefined;
  /** Whether its size is another than the branch above knows. */
  resized = true;
  /** What may stand in its place, once it has been written as it is. */
  outside: Absent | undefined = undefined;
  /** When it was last used, if it was written. */
  usedAt = 0;

  constructor(epoch: number, count: number, bytes: Uint8Array, used: number, quarters: number, objects?: unknown[]) {
    this.epoch = epoch;
    this.count = count;
    this.bytes = bytes;
    this.used = used;
    this.#quarters = quarters;
    this.objects = objects;
  }

  /**
   * Where a key is: its index, or -1 less the index that it would have.
   * @param depth bits that the page's keys share for where it stands; a multiple of four.
   */
  find(key: Uint8Array, length: number, depth: number): number {
    const { bytes, count } = this;
    const mark = markOf(key, 0, length, depth);
    for (let i = 0, at = heads; i < count; i++, at += head) {
      const here = (bytes[at]! << 8) | bytes[at + 1]!;
      if (here < mark) continue;
      if (here > mark) return ~i;
      const order = this.#compare(i, key, length);
      if (order === 0) return i;
      if (order > 0) return ~i;
    }
    return ~count;
  }

  /** Negative when the key of an entry is before the other, 0 when it is that. */
  #compare(index: number, key: Uint8Array, length: number): number {
    const { bytes } = this;
    const entry = this.#entry(index);
    const own = bytes[entry]!;
    const shared = Math.min(own, length);
    for (let i = 0, at = entry + 2; i < shared; i++, at++) {
      const difference = bytes[at]! - key[i]!;
      if (difference !== 0) return difference;
    }
    return own - length;
  }

  #entry(index: number): number {
    const { bytes } = this;
    const at = heads + head * index + 2;
    return heads + perEntry * this.count + (bytes[at]! | ((bytes[at + 1]! & ~staleBit) << 8));
  }

  #entryEnd(index: number): number {
    return index + 1 < this.count ? this.#entry(index + 1) : this.used;
  }

  /** Where the key of an entry begins among the bytes. */
  keyAt(index: number): number {
    return this.#entry(index) + 2;
  }

  keyLength(index: number): number {
    return this.bytes[this.#entry(index)]!;
  }

  /** The key of an entry, as a view. */
  key(index: number): Uint8Array {
    const at = this.#entry(index);
    return this.bytes.subarray(at + 2, at + 2 + this.bytes[at]!);
  }

  /** Where the inline value of an entry begins; it ends with the entry. */
  valueAt(index: number): number {
    const at = this.#entry(index);
    return at + 2 + this.bytes[at]!;
  }

  /** How long the inline value of an entry is. */
  valueLength(index: number): number {
    return this.bytes[this.#entry(index) + 1]!;
  }

  object(index: number): unknown {
    return this.objects?.[index];
  }

  /** Puts an object before the inline value of an entry, which it must not differ from unless the entry is marked. */
  setObject(index: number, object: unknown): void {
    if (this.objects === undefined) {
      if (object === undefined) return;
      this.objects = new Array(this.count).fill(undefined);
    }
    this.objects[index] = object;
  }

  /** Notes that the hash of an entry is not right any more. */
  mark(index: number): void {
    this.bytes[heads + head * index + 3]! |= staleBit;
  }

  isStale(index: number): boolean {
    return (this.bytes[heads + head * index + 3]! & staleBit) !== 0;
  }

  /** A copy to be changed in another epoch. */
  copy(epoch: number): Page {
    const bytes = this.bytes.slice(0, this.used);
    return new Page(epoch, this.count, bytes, this.used, this.#quarters, this.objects?.slice());
  }

  /** Puts a new entry at an index. */
  insert(index: number, key: Uint8Array, depth: number, value: Uint8Array | undefined, object: unknown): void {
    this.#splice(index, 0, entryOf(key, value), markOf(key, 0, key.length, depth));
    if (this.objects !== undefined) this.objects.splice(index, 0, object);
    else if (object !== undefined) {
      this.objects = new Array(this.count).fill(undefined);
      this.objects[index] = object;
    }
  }

  /** Takes an entry away. */
  remove(index: number): void {
    this.#splice(index, 1, undefined, 0);
    this.#quarters = 0;
    this.objects?.splice(index, 1);
  }

  /** Gives an entry another value. */
  replace(index: number, value: Uint8Array | undefined, object: unknown): void {
    const length = value === undefined ? 0 : value.length;
    if (this.valueLength(index) !== length) {
      const at = heads + head * index;
      const mark = (this.bytes[at]! << 8) | this.bytes[at + 1]!;
      this.#splice(index, 1, entryOf(this.key(index), value), mark);
    } else if (length > 0) {
      const at = this.valueAt(index);
      const { bytes } = this;
      if (length > 48) bytes.set(value!, at);
      else for (let i = 0; i < length; i++) bytes[at + i] = value![i]!;
    }
    if (object !== undefined || this.objects !== undefined) this.resized = true;
    this.setObject(index, object);
    this.mark(index);
  }

  /** Puts one entry in the place of none or one. */
  #splice(index: number, drop: 0 | 1, entry: Uint8Array | undefined, mark: number): void {
    const { bytes, count, used } = this;
    const add = entry === undefined ? 0 : 1;
    const total = count + add - drop;
    const from = heads + perEntry * count;
    const before = index < count ? this.#entry(index) : used;
    const after = drop === 0 ? before : this.#entryEnd(index);
    const shift = (entry === undefined ? 0 : entry.length) - (after - before);
    const made = scratch;
    const rest = index + drop;
    made.set(bytes.subarray(0, heads + head * index));
    for (let i = rest, to = heads + head * (index + add); i < count; i++, to += head) {
      const at = heads + head * i;
      made[to] = bytes[at]!;
      made[to + 1] = bytes[at + 1]!;
      const offset = (bytes[at + 2]! | (bytes[at + 3]! << 8)) + shift;
      made[to + 2] = offset;
      made[to + 3] = offset >> 8;
    }
    const hashes = heads + head * count;
    const hashesNow = heads + head * total;
    made.set(bytes.subarray(hashes, hashes + digest * index), hashesNow);
    made.set(bytes.subarray(hashes + digest * rest, from), hashesNow + digest * (index + add));
    const begin = heads + perEntry * total;
    made.set(bytes.subarray(from, before), begin);
    if (entry !== undefined) {
      putHead(made, index, mark, before - from);
      made.set(entry, begin + before - from);
    }
    made.set(bytes.subarray(after, used), begin + (after - from) + shift);
    this.count = total;
    this.resized = true;
    this.used = used + shift + perEntry * (total - count);
    // Room to grow saves most pages of a growing tree an allocation, which costs more than the copy.
    if (this.used > bytes.length) this.bytes = new Uint8Array((this.used * 1.375 + 63) & ~63);
    this.bytes.set(made.subarray(0, this.used));
  }

  /**
   * Brings the hashes of the entries up to date and leaves the page's in `blake2Area.digest`. There must be entries.
   * @param depth that of `find`.
   */
  seal(depth: number, write: WriteValue | undefined): void {
    const { bytes, count } = this;
    for (let i = 0, at = heads + 3; i < count; i++, at += head) {
      if ((bytes[at]! & staleBit) === 0) continue;
      bytes[at]! &= ~staleBit;
      this.#sealEntry(i, write);
      this.#quarters &= ~(1 << this.#quarterOf(i, depth));
    }
    if (this.isDivided) this.#hashQuarters(depth);
    else {
      this.#quarters = 0;
      this.#hashRun(0, count);
    }
  }

  /** Reads a little of what `seal` reads, so that it is near when that comes. */
  lookAt(): number {
    const { bytes, count } = this;
    const last = bytes.length - 1;
    let seen = bytes[0]! ^ bytes[2 * digest]!;
    for (let i = 0, at = heads + 3; i < count; i++, at += head) {
      if ((bytes[at]! & staleBit) === 0) continue;
      const entry = this.#entry(i);
      const hash = heads + head * count + digest * i;
      seen ^= bytes[entry]! ^ bytes[Math.min(entry + 2 * digest, last)]!;
      seen ^= bytes[hash - 2 * digest]! ^ bytes[hash]! ^ bytes[Math.min(hash + 2 * digest, last)]!;
    }
    return seen;
  }

  /** The two bits of the key of an entry that decide at the page's own depth. */
  #quarterOf(index: number, depth: number): number {
    const byte = this.bytes[heads + head * index]!;
    return ((depth & 4) === 0 ? byte >> 6 : byte >> 2) & 3;
  }

  #hashRun(from: number, to: number): void {
    const at = heads + head * this.count;
    blake2Area.input.set(this.bytes.subarray(at + digest * from, at + digest * to));
    hashBucket(to - from);
  }

  #hashQuarters(depth: number): void {
    const { bytes } = this;
    for (let quarter = 0, from = 0; quarter < 4; quarter++) {
      const to = this.#quarterEnd(quarter, from, depth);
      if ((this.#quarters & (1 << quarter)) === 0) {
        if (from === to) bytes.fill(0, digest * quarter, digest * quarter + digest);
        else {
          this.#hashRun(from, to);
          bytes.set(blake2Area.digestBytes, digest * quarter);
        }
      }
      from = to;
    }
    this.#quarters = 15;
    blake2Area.input.set(bytes.subarray(0, heads));
    hashFour();
  }

  /** Where a quarter that begins at an index ends. */
  #quarterEnd(quarter: number, from: number, depth: number): number {
    let to = from;
    while (to < this.count && this.#quarterOf(to, depth) === quarter) to++;
    return to;
  }

  /** Whether the entries of the page are divided into quarters. */
  get isDivided(): boolean {
    return this.count > undividedEntries;
  }

  /**
   * A quarter of a sealed page that is divided.
   * @returns its entries, from one index to before another, and the hashes of the three others, in order.
   */
  quarter(number: number, depth: number): { readonly from: number; readonly to: number; readonly beside: Uint8Array } {
    let from = 0;
    for (let before = 0; before < number; before++) from = this.#quarterEnd(before, from, depth);
    const hashes = this.bytes.subarray(0, heads);
    const beside = hashes.filter((_, at) => at >> 5 !== number);
    return { from, to: this.#quarterEnd(number, from, depth), beside };
  }

  /** The bytes of the value of an entry that are hashed. Not for blobs. */
  valueOf(index: number, write: WriteValue | undefined): Uint8Array {
    const object = this.object(index);
    if (object instanceof Packed) return object.value;
    if (object !== undefined) return encoded(object, write).slice();
    const at = this.valueAt(index);
    return this.bytes.slice(at, at + this.valueLength(index));
  }

  /** The hash of the content of an entry: see `merkle.ts`. */
  contentHash(index: number, write: WriteValue | undefined): Uint8Array {
    this.#hashContent(index, write);
    return blake2Area.digestBytes.slice();
  }

  /** Leaves the hash of the content of an entry in `blake2Area.digest`. */
  #hashContent(index: number, write: WriteValue | undefined): void {
    const object = this.object(index);
    let value = this.bytes;
    let at = 0;
    let end = 0;
    if (object === undefined) {
      at = this.valueAt(index);
      end = at + this.valueLength(index);
    } else if (object instanceof Blob) {
      hashedValue.set(object.hash);
      end = wholeBytes + 1;
    } else {
      value = object instanceof Packed ? object.value : encoded(object, write);
      end = value.length;
    }
    const whole = end - at <= wholeBytes;
    if (!whole) {
      if (!(object instanceof Blob)) {
        blake2Area.hashOf(value.subarray(at, end));
        hashedValue.set(blake2Area.digestBytes);
      }
      [value, at, end] = [hashedValue, 0, digest];
    }
    const entry = this.#entry(index);
    hashContent(this.bytes, entry + 2, entry + 2 + this.bytes[entry]!, value, at, end, whole);
  }

  #sealEntry(index: number, write: WriteValue | undefined): void {
    this.#hashContent(index, write);
    const { bytes } = this;
    const at = this.#entry(index);
    hashLeaf(bytes, at + 2, at + 2 + bytes[at]!);
    const { digestBytes } = blake2Area;
    const to = heads + head * this.count + digest * index;
    for (let i = 0; i < digest; i++) bytes[to + i] = digestBytes[i]!;
  }

  /** The hash of an entry of a sealed page, as a view. */
  leafHash(index: number): Uint8Array {
    const at = heads + head * this.count + digest * index;
    return this.bytes.subarray(at, at + digest);
  }
}

/** A page without entries. */
export function emptyPage(epoch: number): Page {
  return new Page(epoch, 0, new Uint8Array(heads), heads, 0);
}

/** Entries of a page from one index to before another. */
export interface Run {
  readonly page: Page;
  readonly from: number;
  readonly to: number;
}

/** A page of the entries of others, which are in the order of their keys. */
export function pageOf(epoch: number, runs: readonly Run[], depth: number): Page {
  let count = 0;
  let length = heads;
  for (const { page, from, to } of runs) {
    count += to - from;
    for (let i = from; i < to; i++) length += perEntry + 2 + page.keyLength(i) + page.valueLength(i);
  }
  const bytes = new Uint8Array(length);
  const begin = heads + perEntry * count;
  let objects: unknown[] | undefined;
  let index = 0;
  let at = begin;
  for (const { page, from, to } of runs) {
    for (let i = from; i < to; i++, index++) {
      const start = page.keyAt(i);
      const keyLength = page.keyLength(i);
      const entry = page.bytes.subarray(start - 2, start + keyLength + page.valueLength(i));
      putHead(bytes, index, markOf(page.bytes, start, keyLength, depth), at - begin);
      if (!page.isStale(i)) bytes[heads + head * index + 3]! &= ~staleBit;
      bytes.set(page.leafHash(i), heads + head * count + digest * index);
      bytes.set(entry, at);
      at += entry.length;
      const object = page.object(i);
      if (object !== undefined) {
        objects ??= new Array(count).fill(undefined);
        objects[index] = object;
      }
    }
  }
  return new Page(epoch, count, bytes, length, 0, objects);
}

/** An entry for a new page. */
export interface PageEntry {
  readonly key: Uint8Array;
  /** At most `inlineBytes`; undefined when there is an object. */
  readonly value: Uint8Array | undefined;
  readonly object: unknown;
}

/** A page of entries that nobody owns, in the order of their keys; all is to be hashed. */
export function pageOfEntries(entries: readonly PageEntry[], depth: number): Page {
  const count = entries.length;
  const begin = heads + perEntry * count;
  let length = begin;
  for (const { key, value } of entries) length += 2 + key.length + (value === undefined ? 0 : value.length);
  const bytes = new Uint8Array(length);
  let objects: unknown[] | undefined;
  let at = begin;
  for (let i = 0; i < count; i++) {
    const { key, value, object } = entries[i]!;
    putHead(bytes, i, markOf(key, 0, key.length, depth), at - begin);
    const entry = entryOf(key, value);
    bytes.set(entry, at);
    at += entry.length;
    if (object !== undefined) {
      objects ??= new Array(count).fill(undefined);
      objects[i] = object;
    }
  }
  return new Page(0, count, bytes, length, 0, objects);
}

/** Writes the head of an entry whose hash is stale. */
function putHead(bytes: Uint8Array, index: number, mark: number, offset: number): void {
  const at = heads + head * index;
  bytes[at] = mark >> 8;
  bytes[at + 1] = mark;
  bytes[at + 2] = offset;
  bytes[at + 3] = (offset >> 8) | staleBit;
}

/** The two bytes of a key that a page's heads have. */
function markOf(key: Uint8Array, from: number, length: number, depth: number): number {
  const at = depth >> 3;
  const high = at < length ? key[from + at]! : 0;
  return (high << 8) | (at + 1 < length ? key[from + at + 1]! : 0);
}

function entryOf(key: Uint8Array, value: Uint8Array | undefined): Uint8Array {
  const { length } = key;
  const valueLength = value === undefined ? 0 : value.length;
  const entry = new Uint8Array(2 + length + valueLength);
  entry[0] = length;
  entry[1] = valueLength;
  entry.set(key, 2);
  if (value !== undefined) entry.set(value, 2 + length);
  return entry;
}
