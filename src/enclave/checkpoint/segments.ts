/**
 * Segments: files of sealed extents, parts of the state that are read when they are used.
 *
 * ```text
 * record = u32 LE length of the ciphertext | ciphertext | tag 16         one behind the other, from byte 0
 * ```
 *
 * A segment has a random id and a key made from it; the nonce of a record is its offset. Nothing is ever written twice
 * at one offset under one id: a segment that a write failed in is written no more, and a new life begins a new one. So
 * id, offset and length say all there is to say of a record, and no other bytes, older ones neither, can stand in for it.
 * The ids are in the checkpoints, nowhere else.
 *
 * What no checkpoint kept refers to is garbage. When there may be as much of it as of the rest, the places that the
 * state needs are counted; segments without any are left out of the next checkpoint, those that are mostly garbage are
 * written anew with it. Files go once no checkpoint that is kept needs them.
 * @module
 */

import { aeadTagBytes, openAeadApart, sealAeadApart } from "../../crypto/aead.ts";
import { EngineError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import type { Reader, Writer } from "../../wire/scale.ts";
import type { SealingKeys, SealPolicy } from "../keys/sealing.ts";
import type { Place, StateSink, StateSource } from "../state/extents.ts";

const LABEL = "state segment";
const ID = 16;
const HEAD = 4;
const named = /^segment-(\d{10})\.sealed$/;
/** A segment of so many bytes is followed by a new one. */
const FULL = 8 * 1024 * 1024;
/** Segments are counted when so much has been written since, and as much as there was then. */
const COUNTED_AFTER = 8 * 1024 * 1024;
/** More segments than this are brought together where they are small. */
const MANY = 16;
const SMALL = 1024 * 1024;
/** Bytes of a place: number of the segment, offset and length of the ciphertext. */
const PLACE = 12;

/** What a checkpoint says of a segment that it needs. */
export interface SegmentFacts {
  readonly number: number;
  readonly id: Uint8Array;
  /** Bytes of whole records: what is behind them does not belong to it. */
  readonly length: number;
}

export function writeSegments(w: Writer, segments: readonly SegmentFacts[]): void {
  w.vec(segments, (o, { number, id, length }) => o.u32(number).raw(id).u32(length));
}

export function readSegments(r: Reader): SegmentFacts[] {
  return r.vec((o) => ({ number: o.u32(), id: o.raw(ID), length: o.u32() }), ID + 8);
}

interface Segment {
  readonly number: number;
  readonly id: Uint8Array;
  readonly key: Uint8Array;
  length: number;
  flushed: number;
  /** Its descriptor, once it was needed. */
  file: number | undefined;
  /** When its file was removed; who began to read before may still need it. */
  removedAt: number | undefined;
}

/** What segments stand on. */
export interface SegmentsSetting {
  readonly files: Files;
  readonly keys: SealingKeys;
  readonly policy: SealPolicy;
  readonly random: (length: number) => Uint8Array;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds that something may still be read in after the state does not need it any more. */
  readonly graceMs: number;
}

/** The segments of one enclave. */
export class Segments implements StateSource, StateSink {
  readonly #setting: SegmentsSetting;
  #known = new Map<number, Segment>();
  /** The one that is written. */
  #current: Segment | undefined;
  #last = 0;
  #written = 0;
  #live = 0;
  #moving = new Set<number>();
  #recount = false;
  /** Bytes that were read since the enclave began: what came into memory with them may have to leave it again. */
  bytesRead = 0;

  constructor(setting: SegmentsSetting) {
    this.#setting = setting;
  }

  /**
   * Goes on with the segments of a checkpoint, once every record of them was opened.
   * @throws {EngineError} `SealBroken`, `StorageFailed`.
   */
  adopt(facts: readonly SegmentFacts[]): void {
    for (const segment of this.#known.values()) this.#close(segment);
    this.#known = new Map();
    this.#current = undefined;
    this.#moving = new Set();
    this.#recount = false;
    this.#written = 0;
    this.#live = 0;
    for (const { number, id, length } of facts) {
      const segment = this.#segment(number, id, length);
      this.#known.set(number, segment);
      this.#live += length;
      this.#verify(segment);
    }
  }

  #segment(number: number, id: Uint8Array, length: number): Segment {
    const key = this.#setting.keys.secret(this.#setting.policy, LABEL, id);
    return { number, id, key, length, flushed: length, file: undefined, removedAt: undefined };
  }

  #verify(segment: Segment): void {
    for (let at = 0; at < segment.length; ) {
      const head = this.#bytes(segment, at, HEAD);
      const length = head.length < HEAD ? 0 : new DataView(head.buffer, head.byteOffset).getUint32(0, true);
      const end = at + HEAD + length + aeadTagBytes;
      if (head.length < HEAD || end > segment.length) throw broken();
      this.#open(segment, at, length);
      at = end;
    }
  }

  #file(segment: Segment): number {
    segment.file ??= this.#setting.files.open(nameOf(segment.number)).file;
    return segment.file;
  }

  #bytes(segment: Segment, at: number, length: number): Uint8Array {
    try {
      return this.#setting.files.read(this.#file(segment), at, length);
    } catch (error) {
      throw failed(`Reading ${this.#setting.files.path(nameOf(segment.number))}`, error, { state: true });
    }
  }

  #open(segment: Segment, offset: number, length: number): Uint8Array {
    const bytes = this.#bytes(segment, offset + HEAD, length + aeadTagBytes);
    const plaintext =
      bytes.length < length + aeadTagBytes
        ? undefined
        : openAeadApart(segment.key, nonceOf(offset), bytes.subarray(0, length), bytes.subarray(length));
    if (plaintext === undefined) throw broken();
    return plaintext;
  }

  /**
   * Reads an extent.
   * @throws {EngineError} `SealBroken` when it is not what was written, `StorageFailed`; both with `state: true`.
   */
  read(place: Place): Uint8Array {
    const view = new DataView(place.buffer, place.byteOffset, place.byteLength);
    const segment = place.length === PLACE ? this.#known.get(view.getUint32(0, true)) : undefined;
    if (segment === undefined) throw broken();
    this.bytesRead += view.getUint32(8, true);
    return this.#open(segment, view.getUint32(4, true), view.getUint32(8, true));
  }

  /**
   * Writes an extent; it is on the disk after `flush`.
   * @throws {EngineError} `StorageFailed`.
   */
  write(extent: Uint8Array): Place {
    const segment = this.#writable();
    const offset = segment.length;
    const [ciphertext, tag] = sealAeadApart(segment.key, nonceOf(offset), extent);
    const record = new Uint8Array(HEAD + ciphertext.length + aeadTagBytes);
    new DataView(record.buffer).setUint32(0, ciphertext.length, true);
    record.set(ciphertext, HEAD);
    record.set(tag, HEAD + ciphertext.length);
    try {
      this.#setting.files.append(this.#file(segment), record);
    } catch (error) {
      // How far it came nobody knows: what is there stays, and nothing is put behind it.
      this.#current = undefined;
      throw failed(`Writing ${this.#setting.files.path(nameOf(segment.number))}`, error);
    }
    segment.length += record.length;
    this.#written += record.length;
    const place = new Uint8Array(PLACE);
    const view = new DataView(place.buffer);
    view.setUint32(0, segment.number, true);
    view.setUint32(4, offset, true);
    view.setUint32(8, ciphertext.length, true);
    return place;
  }

  #writable(): Segment {
    if (this.#current !== undefined && this.#current.length < FULL) return this.#current;
    const { files, random } = this.#setting;
    try {
      files.make();
      this.#last = Math.max(this.#last, ...this.#numbers(), ...this.#known.keys()) + 1;
      const segment = this.#segment(this.#last, random(ID), 0);
      segment.file = files.create(nameOf(segment.number));
      this.#known.set(segment.number, segment);
      this.#current = segment;
      return segment;
    } catch (error) {
      throw failed(`Making ${files.path(nameOf(this.#last))}`, error);
    }
  }

  /** The numbers that there are files for. */
  #numbers(): number[] {
    return this.#setting.files.names().flatMap((name) => {
      const number = named.exec(name)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
  }

  /** Ends when everything written is on the disk, but for the names of new files. */
  async flush(): Promise<void> {
    const { files } = this.#setting;
    for (const segment of [...this.#known.values()]) {
      const { length } = segment;
      if (segment.flushed === length || segment.removedAt !== undefined) continue;
      try {
        await files.flush(this.#file(segment));
      } catch (error) {
        throw failed(`Writing ${files.path(nameOf(segment.number))}`, error);
      }
      segment.flushed = length;
    }
  }

  /** Which places the next save is to give up; undefined when none. */
  get moves(): ((place: Place) => boolean) | undefined {
    if (this.#moving.size === 0) return undefined;
    return (place) => this.#moving.has(segmentOf(place));
  }

  /**
   * Notes that a save with these `moves` is committed. The state went on while it was under way and may still have places
   * in what was moved, which the next count finds out.
   */
  moved(): void {
    this.#moving = new Set();
    this.#recount = true;
  }

  /** Whether there may be enough garbage to count. */
  get due(): boolean {
    const many = [...this.#known.values()].filter(({ removedAt }) => removedAt === undefined).length > MANY;
    return this.#recount || many || this.#written > Math.max(COUNTED_AFTER, this.#live);
  }

  /**
   * Counts the places that the state needs, one a step.
   * @param places those of a fork that was saved without `moves`.
   */
  *count(places: Iterable<Place>): Generator<void> {
    const live = new Map<number, number>();
    const before = new Map([...this.#known.values()].map(({ number, length }) => [number, length]));
    for (const place of places) {
      const number = segmentOf(place);
      const length = new DataView(place.buffer, place.byteOffset).getUint32(8, true);
      live.set(number, (live.get(number) ?? 0) + HEAD + length + aeadTagBytes);
      yield;
    }
    for (const segment of this.#known.values()) {
      // What was written to meanwhile the fork does not know of.
      const asBefore = before.get(segment.number) === segment.length && segment !== this.#current;
      if (asBefore && !live.has(segment.number)) segment.removedAt ??= this.#setting.now();
    }
    this.#recount = false;
    this.#live = [...live.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.#written = 0;
    const many = live.size > MANY;
    if (this.#current !== undefined && (live.get(this.#current.number) ?? 0) * 2 < this.#current.length) {
      this.#current = undefined;
    }
    for (const [number, bytes] of live) {
      const segment = this.#known.get(number);
      if (segment === undefined || segment === this.#current) continue;
      if (bytes * 2 < segment.length || (many && segment.length < SMALL)) this.#moving.add(number);
    }
  }

  /** What a checkpoint must say that it needs. */
  facts(): SegmentFacts[] {
    return [...this.#known.values()]
      .filter(({ removedAt, length }) => removedAt === undefined && length > 0)
      .map(({ number, id, length }) => ({ number, id, length }));
  }

  /** Removes the files that neither this state nor one of these checkpoints needs. */
  retire(kept: readonly (readonly SegmentFacts[])[]): void {
    const { files, now, graceMs } = this.#setting;
    const needed = new Set(kept.flatMap((facts) => facts.map(({ number }) => number)));
    for (const number of this.#numbers()) {
      const segment = this.#known.get(number);
      if (needed.has(number) || (segment !== undefined && segment.removedAt === undefined)) continue;
      try {
        // Whoever still reads it has it open, and goes on reading.
        if (segment !== undefined) this.#file(segment);
        files.remove(nameOf(number));
      } catch {
        // It is in nobody's way, and is met again the next time.
      }
    }
    for (const segment of [...this.#known.values()]) {
      if (segment.removedAt === undefined || now() - segment.removedAt < graceMs) continue;
      this.#close(segment);
      this.#known.delete(segment.number);
    }
  }

  #close(segment: Segment): void {
    if (segment.file !== undefined) this.#setting.files.close(segment.file);
    segment.file = undefined;
  }
}

function nameOf(number: number): string {
  return `segment-${String(number).padStart(10, "0")}.sealed`;
}

function segmentOf(place: Place): number {
  return new DataView(place.buffer, place.byteOffset).getUint32(0, true);
}

function nonceOf(offset: number): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(8, offset);
  return nonce;
}

/** `state` tells a host that the enclave's memory is not whole any more: it is to be started again. */
function broken(): EngineError {
  return new EngineError("SealBroken", {
    what: "A part of the state",
    reason: "it was changed, cut off, or exchanged",
    state: true,
  });
}

function failed(what: string, error: unknown, more: { readonly state?: true } = {}): EngineError {
  if (error instanceof EngineError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError("StorageFailed", { what, reason, ...more }, { cause: error });
}
