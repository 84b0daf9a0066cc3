/**
 * Changes of the local cache that wait for the end of the block that makes them, so that no query sees half of it.
 *
 * What waits is bounded by the cache itself: a contract without room in it changes nothing, and changes of one that has
 * more waiting than it has room are done at once, all of its own before them. The result is the same; only such a
 * contract's own queries can see it early.
 * @module
 */

import { type ContractId, toHex } from "../../../wire/bytes.ts";
import type { LocalCache } from "./cache.ts";

/** Bytes that a change counts beyond its own. */
const overhead = 256;

interface Waiting {
  changes: (() => void)[];
  bytes: number;
}

/** What a block does to a cache. */
export class CacheChanges {
  readonly #cache: LocalCache;
  readonly #waiting = new Map<string, Waiting>();

  constructor(cache: LocalCache) {
    this.#cache = cache;
  }

  /** As `LocalCache.set`. */
  set(contract: ContractId, key: Uint8Array, value: Uint8Array): void {
    this.#note(contract, key.length + value.length, () => this.#cache.set(contract, key, value));
  }

  /** As `LocalCache.setExpiration`. */
  setExpiration(contract: ContractId, key: Uint8Array, seconds: bigint): void {
    this.#note(contract, key.length, () => this.#cache.setExpiration(contract, key, seconds));
  }

  /** As `LocalCache.remove`. */
  remove(contract: ContractId, key: Uint8Array): void {
    this.#note(contract, key.length, () => this.#cache.remove(contract, key));
  }

  /** Does what waits, once. */
  apply(): void {
    for (const { changes } of this.#waiting.values()) for (const change of changes) change();
    this.#waiting.clear();
  }

  #note(contract: ContractId, bytes: number, change: () => void): void {
    const quota = this.#cache.quota(contract);
    if (quota === 0) return;
    const hex = toHex(contract);
    let waiting = this.#waiting.get(hex);
    if (waiting === undefined) this.#waiting.set(hex, (waiting = { changes: [], bytes: 0 }));
    waiting.changes.push(change);
    waiting.bytes += bytes + overhead;
    if (waiting.bytes <= quota) return;
    for (const due of waiting.changes) due();
    waiting.changes = [];
    waiting.bytes = 0;
  }
}
