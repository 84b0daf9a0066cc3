/**
 * A map of records: accounts, contracts, codes, hooks and weights by their keys.
 *
 * Records are kept as the objects that they are, in front of their bytes, which are written when they are hashed or go
 * outside; one that comes from outside is read when it is first asked for.
 * @module
 */

import type { Writer } from "../../wire/scale.ts";
import { Packed, type Page, type StateSource } from "./page.ts";
import { Tree, type Values } from "./tree.ts";

/** What is known of the records of a map. */
export interface Records<V> extends Values {
  readonly write: (w: Writer, value: V) => unknown;
  /**
   * Reads a record.
   * @param value what `write` wrote.
   * @param extra what goes along with it: that of `inner`.
   * @throws {EngineError} `Undecodable`.
   */
  read(key: Uint8Array, value: Uint8Array, extra: Uint8Array, source: StateSource | undefined): V;
}

const nothing = new Uint8Array(0);

/** A map from byte strings to records with a root hash. */
export class Trie<V extends NonNullable<unknown>> extends Tree {
  readonly #records: Records<V>;

  constructor(records: Records<V>, epoch: number, source?: StateSource) {
    super(records, epoch, source);
    this.#records = records;
  }

  /** A second map of the same content, of an epoch of its own. This one must be given one too before it is changed. */
  fork(epoch: number): Trie<V> {
    const other = new Trie(this.#records, epoch, this.source);
    other.share(this);
    return other;
  }

  get(key: Uint8Array): V | undefined {
    const page = this.locate(key);
    return page === undefined ? undefined : this.recordOf(page, this.index);
  }

  /** Sets the record of a key. Returns the one before. */
  set(key: Uint8Array, value: V): V | undefined {
    const page = this.reach(key);
    const { index } = this;
    if (index >= 0) {
      const before = this.recordOf(page, index);
      page.setObject(index, value);
      page.mark(index);
      page.resized = true;
      return before;
    }
    this.settle(page.insert(~index, key, this.depth, undefined, value));
    this.resize(1);
    return undefined;
  }

  /** Removes a key. Returns the record that it had. */
  delete(key: Uint8Array): V | undefined {
    if (this.locate(key) === undefined) return undefined;
    const page = this.reach(key);
    const { index } = this;
    const before = this.recordOf(page, index);
    page.remove(index);
    this.resize(-1);
    return before;
  }

  /** Makes the record of a key what it was. */
  restore(key: Uint8Array, before: V | undefined): void {
    if (before === undefined) this.delete(key);
    else this.set(key, before);
  }

  /** The records in the order of their keys; absent ones are loaded. */
  *entries(): Generator<{ readonly key: Uint8Array; readonly value: V }> {
    for (const page of this.pages()) {
      for (let i = 0; i < page.count; i++) yield { key: page.key(i).slice(), value: this.recordOf(page, i) };
    }
  }

  override objectOf(page: Page, index: number): V {
    return this.recordOf(page, index);
  }

  /** The record of an entry. */
  recordOf(page: Page, index: number): V {
    const object = page.object(index);
    if (object !== undefined && !(object instanceof Packed)) return object as V;
    const at = page.valueAt(index);
    const { value, extra } = object ?? {
      value: page.part(at, at + page.valueLength(index)),
      extra: nothing,
    };
    const record = this.#records.read(page.key(index).slice(), value, extra, this.source);
    page.setObject(index, record);
    return record;
  }
}
