/**
 * The storage of a contract: values by slot.
 *
 * Reads and writes of short values make no objects, and a value that is overwritten by one of its length stays where it
 * is: contracts change the same values block after block, and what is not made anew is not collected as garbage either.
 * @module
 */

import { Blob, inlineBytes, type Page, type StateSource } from "./page.ts";
import { blobWeight, Tree, type Values } from "./tree.ts";

/** A value as it was: bytes that nobody changes, or a long one. */
export type Stored = Uint8Array | Blob;

const values: Values = {
  write: undefined,
  weigh: (object) => blobWeight(object as Blob),
  inner: (object) => object as Blob,
};

/** Bytes somewhere in an array. */
export interface Found {
  bytes: Uint8Array;
  from: number;
  to: number;
}

/** What was read last: one for all storages, so that each does not hold a value of its own that was let go. */
const found: Found = { bytes: new Uint8Array(0), from: 0, to: 0 };

/** A map from slots to values with a root hash. */
export class Storage extends Tree {
  constructor(epoch: number, source: StateSource | undefined) {
    super(values, epoch, source);
  }

  /** A second storage of the same content, of an epoch of its own; this one is not to be changed any more in the old. */
  fork(epoch: number): Storage {
    const other = new Storage(epoch, this.source);
    other.share(this);
    return other;
  }

  /** The value of a slot, good until the next call for any storage; undefined when there is none. */
  read(slot: Uint8Array): Found | undefined {
    const page = this.locate(slot);
    if (page === undefined) return undefined;
    const object = page.object(this.index) as Blob | undefined;
    if (object === undefined) {
      found.bytes = page;
      found.from = page.valueAt(this.index);
      found.to = page.valueEnd(this.index);
    } else {
      found.bytes = object.open(this.source);
      found.from = 0;
      found.to = object.length;
    }
    return found;
  }

  /** The length of the value of a slot; -1 when there is none. */
  lengthOf(slot: Uint8Array): number {
    const page = this.locate(slot);
    if (page === undefined) return -1;
    const object = page.object(this.index) as Blob | undefined;
    return object === undefined ? page.valueLength(this.index) : object.length;
  }

  /**
   * Sets the value of a slot.
   * @param value bytes are copied.
   * @returns the value before.
   */
  put(slot: Uint8Array, value: Stored): Stored | undefined {
    const page = this.reach(slot);
    const short = value instanceof Uint8Array && value.length <= inlineBytes ? value : undefined;
    const long = short !== undefined ? undefined : value instanceof Blob ? value : Blob.of(value.slice());
    const { index } = this;
    if (index >= 0) {
      const before = stored(page, index);
      const next = page.replace(index, short, long);
      if (next !== page) this.settle(next);
      return before;
    }
    this.settle(page.insert(~index, slot, this.depth, short, long));
    this.resize(1);
    return undefined;
  }

  /** Removes the value of a slot. @returns the value before. */
  delete(slot: Uint8Array): Stored | undefined {
    if (this.locate(slot) === undefined) return undefined;
    const page = this.reach(slot);
    const before = stored(page, this.index);
    page.remove(this.index);
    this.resize(-1);
    return before;
  }

  /** Makes the value of a slot what it was. */
  restore(slot: Uint8Array, before: Stored | undefined): void {
    if (before === undefined) this.delete(slot);
    else this.put(slot, before);
  }

  /** All slots and values in the order of the slots; absent parts are loaded. */
  *entries(): Generator<{ readonly slot: Uint8Array; readonly value: Uint8Array }> {
    for (const page of this.pages()) {
      for (let i = 0; i < page.count; i++) {
        const value = stored(page, i);
        yield { slot: page.key(i).slice(), value: value instanceof Blob ? value.open(this.source) : value };
      }
    }
  }
}

/** The value of an entry, for keeps. */
function stored(page: Page, index: number): Stored {
  const object = page.object(index) as Blob | undefined;
  if (object !== undefined) return object;
  const at = page.valueAt(index);
  const length = page.valueEnd(index) - at;
  if (length > 48) return page.part(at, at + length).slice();
  const copy = new Uint8Array(length);
  for (let i = 0; i < length; i++) copy[i] = page[at + i]!;
  return copy;
}
