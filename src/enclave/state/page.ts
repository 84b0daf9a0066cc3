/**
 * Pages: where the entries of a tree lie in memory, a few dozen to a run of bytes, so that a million entries are not as
 * many objects. Paging is nothing but representation; hashes do not know of it.
 *
 * ```
 * page   = hashes of the quarters, 32 bytes each | head of each entry | hash of each entry, 32 bytes each
 *          | entries, in order of their keys | room to grow
 * head   = two bytes of the key, from the byte on in which the page's keys begin to differ
 *          | offset of the entry, 15 bits, and whether its hash is stale, 1 bit, LE
 * entry  = length of the key, u8 | key | 0 | value
 * ```
 * An entry is what the hash of its content is made of, so that it is hashed as it lies. A value that is longer than
 * `inlineBytes`, or kept in another form, stands in `objects`; an object there goes before the bytes. The hashes of the
 * quarters are used by pages that are divided.
 * @module
 */

import { blake2_256, blake2Area } from "../../crypto/hash.ts";
import { bucket, four, hashContent, hashLeaf, undividedEntries, wholeBytes } from "../../crypto/merkle.ts";
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

/** Where two hashes lie on the stage, beyond every page. */
const pair = 65_536 - 2 * digest;

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

/**
 * Up to `bucketEntries` entries, and room to grow.
 *
 * A page is its bytes and knows them by no other object: on the way to an entry of a large state each object more is one
 * more wait for memory.
 */
export class Page extends Uint8Array {
  /** What may stand in its place, once it has been written as it is. */
  outside: Absent | undefined = undefined;
  /** When it was last used, if it was written. */
  usedAt = 0;
  readonly epoch: number;
  count: number;
  /** Room beyond it has no meaning. */
  used: number;
  objects: unknown[] | undefined;
  /** Whether the hashes of the quarters are right, but for those that have an entry whose hash is stale. */
  #quartered = false;
  /** Whether its size is another than the branch above knows. */
  resized = true;

  /** What the methods of arrays make of pages are plain bytes. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }

  /** @param room bytes that it has. */
  constructor(epoch: number, count: number, room: number, used: number, objects?: unknown[]) {
    super(room);
    this.epoch = epoch;
    this.count = count;
    this.used = used;
    this.objects = objects;
  }

  /**
   * Where a key is: its index, or -1 less the index that it would have.
   * @param depth bits that the page's keys share for where it stands; a multiple of four.
   */
  search(key: Uint8Array, length: number, depth: number): number {
    const { count } = this;
    const mark = markOf(key, 0, length, depth);
    for (let i = 0, at = heads; i < count; i++, at += head) {
      const here = (this[at]! << 8) | this[at + 1]!;
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
    const entry = this.#entry(index);
    const own = this[entry]!;
    const shared = Math.min(own, length);
    for (let i = 0, at = entry + 1; i < shared; i++, at++) {
      const difference = this[at]! - key[i]!;
      if (difference !== 0) return difference;
    }
    return own - length;
  }

  #entry(index: number): number {
    const at = heads + head * index + 2;
    return heads + perEntry * this.count + (this[at]! | ((this[at + 1]! & ~staleBit) << 8));
  }

  /** Where the key of an entry begins among the bytes. */
  keyAt(index: number): number {
    return this.#entry(index) + 1;
  }

  keyLength(index: number): number {
    return this[this.#entry(index)]!;
  }

  /** The key of an entry, as a view. */
  key(index: number): Uint8Array {
    const at = this.#entry(index);
    return this.part(at + 1, at + 1 + this[at]!);
  }

  /** Where the inline value of an entry begins. */
  valueAt(index: number): number {
    const at = this.#entry(index);
    return at + 2 + this[at]!;
  }

  /** Where the inline value of an entry ends, and the entry with it. */
  valueEnd(index: number): number {
    return index + 1 < this.count ? this.#entry(index + 1) : this.used;
  }

  /** How long the inline value of an entry is. */
  valueLength(index: number): number {
    return this.valueEnd(index) - this.valueAt(index);
  }

  /** Some of its bytes, as a view. */
  part(from: number, to: number): Uint8Array {
    return new Uint8Array(this.buffer, from, to - from);
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
    this[heads + head * index + 3]! |= staleBit;
  }

  isStale(index: number): boolean {
    return (this[heads + head * index + 3]! & staleBit) !== 0;
  }

  /** A copy to be changed in another epoch. */
  copy(epoch: number): Page {
    const { used } = this;
    const copy = new Page(epoch, this.count, used, used, this.objects?.slice());
    copy.#quartered = this.#quartered;
    copy.set(used === this.length ? this : this.part(0, used));
    return copy;
  }

  /** Puts a new entry at an index. @returns the page that has it: another when there was no room. */
  insert(index: number, key: Uint8Array, depth: number, value: Uint8Array | undefined, object: unknown): Page {
    const page = this.#splice(index, 0, entryOf(key, value), markOf(key, 0, key.length, depth));
    if (page.objects !== undefined) page.objects.splice(index, 0, object);
    else if (object !== undefined) {
      page.objects = new Array(page.count).fill(undefined);
      page.objects[index] = object;
    }
    return page;
  }

  /** Takes an entry away. */
  remove(index: number): void {
    this.#splice(index, 1, undefined, 0);
    this.#quartered = false;
    this.objects?.splice(index, 1);
  }

  /** Gives an entry another value. @returns the page that has it: another when there was no room. */
  replace(index: number, value: Uint8Array | undefined, object: unknown): Page {
    const length = value === undefined ? 0 : value.length;
    let page: Page = this;
    const at = this.valueAt(index);
    if (this.valueEnd(index) - at !== length) {
      const own = heads + head * index;
      const mark = (this[own]! << 8) | this[own + 1]!;
      page = this.#splice(index, 1, entryOf(this.key(index), value), mark);
    } else if (length > 0) {
      if (length > 48) this.set(value!, at);
      else for (let i = 0; i < length; i++) this[at + i] = value![i]!;
    }
    if (object !== undefined || page.objects !== undefined) page.resized = true;
    page.setObject(index, object);
    page.mark(index);
    return page;
  }

  /** Puts one entry in the place of none or one. @returns the page that has it. */
  #splice(index: number, drop: 0 | 1, entry: Uint8Array | undefined, mark: number): Page {
    const { count, used } = this;
    const add = entry === undefined ? 0 : 1;
    const total = count + add - drop;
    const from = heads + perEntry * count;
    const before = index < count ? this.#entry(index) : used;
    const after = drop === 0 ? before : this.valueEnd(index);
    const shift = (entry === undefined ? 0 : entry.length) - (after - before);
    const made = scratch;
    const rest = index + drop;
    made.set(this.part(0, heads + head * index));
    for (let i = rest, to = heads + head * (index + add); i < count; i++, to += head) {
      const at = heads + head * i;
      made[to] = this[at]!;
      made[to + 1] = this[at + 1]!;
      const offset = (this[at + 2]! | (this[at + 3]! << 8)) + shift;
      made[to + 2] = offset;
      made[to + 3] = offset >> 8;
    }
    const hashes = heads + head * count;
    const hashesNow = heads + head * total;
    made.set(this.part(hashes, hashes + digest * index), hashesNow);
    made.set(this.part(hashes + digest * rest, from), hashesNow + digest * (index + add));
    const begin = heads + perEntry * total;
    made.set(this.part(from, before), begin);
    if (entry !== undefined) {
      putHead(made, index, mark, before - from);
      made.set(entry, begin + before - from);
    }
    made.set(this.part(after, used), begin + (after - from) + shift);
    const now = used + shift + perEntry * (total - count);
    let page: Page = this;
    if (now > this.length) {
      // Room to grow saves most pages of a growing tree an allocation, which costs more than the copy.
      page = new Page(this.epoch, total, (now * 1.375 + 63) & ~63, now, this.objects);
      page.#quartered = this.#quartered;
    }
    page.count = total;
    page.resized = true;
    page.used = now;
    page.set(made.subarray(0, now));
    return page;
  }

  /**
   * Brings the hashes of the entries up to date and leaves the page's in `blake2Area.digest`. There must be entries.
   * @param depth that of `search`.
   * @throws {EngineError} `Undecodable` when it was read and its entries are out of order.
   */
  seal(depth: number, write: WriteValue | undefined): void {
    const { count, objects } = this;
    // What an object is written as may have a root in it, for which other pages come to the stage.
    if (objects !== undefined) this.#sealObjects(objects, write);
    blake2Area.stage.set(this);
    if (count > undividedEntries) {
      this.#sealQuarters(depth);
      return;
    }
    this.#quartered = false;
    this.#sealRun(0, count);
  }

  /** Brings the hashes of entries up to date, and leaves that of their bucket on the stage and in `blake2Area.digest`. */
  #sealRun(from: number, to: number, into = 0): void {
    for (let i = from, at = heads + head * from + 3; i < to; i++, at += head) {
      if ((this[at]! & staleBit) === 0) continue;
      this[at]! &= ~staleBit;
      if (this.objects?.[i] === undefined) this.#sealEntry(i);
    }
    blake2Area.hashStaged(heads + head * this.count + digest * from, digest * (to - from), into, bucket);
  }

  #sealQuarters(depth: number): void {
    const { count } = this;
    const known = this.#quartered;
    if (!known) blake2Area.stage.fill(0, 0, heads);
    let last = -1;
    for (let i = 0; i < count; i++) {
      if (known && !this.isStale(i)) continue;
      // The run of the quarter that the entry is in.
      const quarter = this.#quarterOf(i, depth);
      // Of what was read, a second run of a quarter would stand in for the first, whose entries no hash would know of.
      if (quarter <= last) {
        throw new EngineError("Undecodable", { what: "part of the state", reason: "its entries are out of order" });
      }
      last = quarter;
      let from = i;
      while (from > 0 && this.#quarterOf(from - 1, depth) === quarter) from--;
      const to = this.#quarterEnd(quarter, i + 1, depth);
      this.#sealRun(from, to, digest * quarter);
      if (known) this.#takeBack(digest * quarter);
      i = to - 1;
    }
    if (!known) this.set(blake2Area.stage.subarray(0, heads));
    this.#quartered = true;
    blake2Area.hashStaged(0, heads, 0, four);
  }

  /** The two bits of the key of an entry that decide at the page's own depth. */
  #quarterOf(index: number, depth: number): number {
    return (this[heads + head * index]! >> ((depth & 4) === 0 ? 6 : 2)) & 3;
  }

  /** Takes a hash from the stage, where it is at the same offset. */
  #takeBack(at: number): void {
    const { stage } = blake2Area;
    for (let i = at; i < at + digest; i += 8) {
      this[i] = stage[i]!;
      this[i + 1] = stage[i + 1]!;
      this[i + 2] = stage[i + 2]!;
      this[i + 3] = stage[i + 3]!;
      this[i + 4] = stage[i + 4]!;
      this[i + 5] = stage[i + 5]!;
      this[i + 6] = stage[i + 6]!;
      this[i + 7] = stage[i + 7]!;
    }
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
    const hashes = this.part(0, heads);
    const beside = hashes.filter((_, at) => at >> 5 !== number);
    return { from, to: this.#quarterEnd(number, from, depth), beside };
  }

  /** The bytes of the value of an entry that are hashed. Not for blobs. */
  valueBytes(index: number, write: WriteValue | undefined): Uint8Array {
    const object = this.object(index);
    if (object instanceof Packed) return object.value;
    if (object !== undefined) return encoded(object, write).slice();
    const at = this.valueAt(index);
    return this.part(at, at + this.valueLength(index)).slice();
  }

  /** The hash of the content of an entry: see `merkle.ts`. */
  contentHash(index: number, write: WriteValue | undefined): Uint8Array {
    this.#hashContent(index, write);
    return blake2Area.digestBytes.slice();
  }

  /** Leaves the hash of the content of an entry in `blake2Area.digest`. */
  #hashContent(index: number, write: WriteValue | undefined): void {
    const object = this.object(index);
    let value: Uint8Array = this;
    let at = 0;
    let end = 0;
    if (object === undefined) {
      at = this.valueAt(index);
      end = at + this.valueLength(index);
    } else if (object instanceof Blob) {
      if (write !== undefined) throw ofAnother("a record");
      hashedValue.set(object.hash);
      end = wholeBytes + 1;
    } else {
      if (write === undefined) throw ofAnother("a value");
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
    const key = this.keyAt(index);
    hashContent(this, key, key + this.keyLength(index), value, at, end, whole);
  }

  /** Brings the hashes of entries with objects up to date, which stay marked. */
  #sealObjects(objects: readonly unknown[], write: WriteValue | undefined): void {
    for (let i = 0; i < this.count; i++) {
      if (objects[i] === undefined || !this.isStale(i)) continue;
      this.#hashContent(i, write);
      const key = this.keyAt(i);
      hashLeaf(this, key, key + this.keyLength(i));
      this.set(blake2Area.digestBytes, heads + head * this.count + digest * i);
    }
  }

  /** Brings the hash of an entry without object up to date, here and on the stage, where the page is. */
  #sealEntry(index: number): void {
    const entry = this.#entry(index);
    const key = entry + 1;
    const keyLength = this[entry]!;
    const value = key + keyLength + 1;
    const end = this.valueEnd(index);
    if (end - value <= wholeBytes) blake2Area.hashStaged(entry, end - entry, pair + digest);
    else {
      this.#hashContent(index, undefined);
      blake2Area.stage.set(blake2Area.digestBytes, pair + digest);
    }
    const to = heads + head * this.count + digest * index;
    blake2Area.hashStaged(key, keyLength, pair);
    blake2Area.hashStaged(pair, 2 * digest, to);
    this.#takeBack(to);
  }

  /** The hash of an entry of a sealed page, as a view. */
  leafHash(index: number): Uint8Array {
    const at = heads + head * this.count + digest * index;
    return this.part(at, at + digest);
  }
}

/** What was read has the hash of what belongs there, but is not of its kind. */
function ofAnother(kind: string): EngineError {
  return new EngineError("Undecodable", { what: "part of the state", reason: `${kind} in it is of another kind` });
}

/** A page without entries. */
export function emptyPage(epoch: number): Page {
  return new Page(epoch, 0, heads, heads);
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
  const made = new Page(epoch, count, length, length);
  const begin = heads + perEntry * count;
  let objects: unknown[] | undefined;
  let index = 0;
  let at = begin;
  for (const { page, from, to } of runs) {
    for (let i = from; i < to; i++, index++) {
      const start = page.keyAt(i);
      const keyLength = page.keyLength(i);
      const entry = page.part(start - 1, start + keyLength + 1 + page.valueLength(i));
      putHead(made, index, markOf(page, start, keyLength, depth), at - begin);
      if (!page.isStale(i)) made[heads + head * index + 3]! &= ~staleBit;
      made.set(page.leafHash(i), heads + head * count + digest * index);
      made.set(entry, at);
      at += entry.length;
      const object = page.object(i);
      if (object !== undefined) {
        objects ??= new Array(count).fill(undefined);
        objects[index] = object;
      }
    }
  }
  made.objects = objects;
  return made;
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
  const page = new Page(0, count, length, length);
  let objects: unknown[] | undefined;
  let at = begin;
  for (let i = 0; i < count; i++) {
    const { key, value, object } = entries[i]!;
    putHead(page, i, markOf(key, 0, key.length, depth), at - begin);
    const entry = entryOf(key, value);
    page.set(entry, at);
    at += entry.length;
    if (object !== undefined) {
      objects ??= new Array(count).fill(undefined);
      objects[i] = object;
    }
  }
  page.objects = objects;
  return page;
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
  entry.set(key, 1);
  if (value !== undefined) entry.set(value, 2 + length);
  return entry;
}
