/**
 * The local cache: what contracts keep on one worker, outside the state.
 *
 * It lives in memory alone, is never part of a snapshot, and no transaction can read it: it may be lost at any moment.
 * Each contract has a share of one budget, in proportion to its weight; a contract without weight has none.
 * @see phala-runtime.md, section 1.4
 * @module
 */

import type { ContractId } from "../../../wire/bytes.ts";
import { toHex } from "../../../wire/bytes.ts";

/** Bytes that all contracts share. */
export const cacheBudget = 20 * 1024 * 1024;
/** Seconds that an entry lives unless told otherwise: seven days. */
const defaultTtl = 7 * 24 * 3600;
/** Expired entries of all contracts are dropped once in so many changes. */
const collectEvery = 1000;
/**
 * Bytes of quota that a contract needs for each entry beyond the first sixteen: an entry costs the worker more than its
 * own bytes, and upstream, which does not count that, can be filled with millions of tiny ones.
 */
const quotaPerEntry = 32;

interface Entry {
  readonly value: Uint8Array;
  readonly size: number;
  /** In seconds of the cache's clock; the entry is there before it. */
  readonly expires: number;
}

class Store {
  readonly entries = new Map<string, Entry>();
  size = 0;
  quota: number;

  constructor(quota: number) {
    this.quota = quota;
  }

  drop(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry !== undefined) {
      this.entries.delete(key);
      this.size -= entry.size;
    }
    return entry;
  }

  dropExpired(now: number): void {
    for (const [key, entry] of this.entries) if (entry.expires <= now) this.drop(key);
  }

  recount(): void {
    this.size = 0;
    for (const entry of this.entries.values()) this.size += entry.size;
  }

  private holds(more: number): boolean {
    return this.size + more <= this.quota && this.entries.size < 16 + this.quota / quotaPerEntry;
  }

  /** Sets a value. The old one is given up first, and stays so when the new one does not fit. */
  set(key: string, value: Uint8Array, now: number): boolean {
    this.drop(key);
    const size = key.length + value.length;
    if (!this.holds(size)) {
      this.dropExpired(now);
      if (!this.holds(size)) return false;
    }
    this.entries.set(key, { value, size, expires: now + defaultTtl });
    this.size += size;
    return true;
  }

  /** Takes another quota; what expires soonest goes first. */
  resize(quota: number): void {
    this.quota = quota;
    if (this.size <= quota) return;
    const soonest = [...this.entries].sort(([, a], [, b]) => a.expires - b.expires);
    for (const [key] of soonest) {
      if (this.size <= quota) return;
      this.drop(key);
    }
  }
}

/** Bytes as a text of the same length: the key of a map. */
function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** A contract and its weight, a u32. */
export interface ContractWeight {
  readonly contract: ContractId;
  readonly weight: number;
}

/** What share of the budget each contract has: in proportion to its weight, rounded down. */
export function quotas(weights: readonly ContractWeight[], budget = cacheBudget): Map<string, number> {
  let sum = 0n;
  for (const { weight } of weights) sum += BigInt(weight);
  const shares = new Map<string, number>();
  for (const { contract, weight } of weights) {
    shares.set(toHex(contract), sum === 0n ? 0 : Number((BigInt(budget) * BigInt(weight)) / sum));
  }
  return shares;
}

/** The caches of all contracts of a worker. */
export class LocalCache {
  readonly #now: () => number;
  readonly #stores = new Map<string, Store>();
  #changes = 0;

  /** @param now seconds of a clock that never goes back; its origin does not matter. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Gives every contract its share by the weights; a contract whose share is nothing loses all. */
  applyWeights(weights: readonly ContractWeight[]): void {
    this.applyQuotas(quotas(weights));
  }

  /** Gives contracts, by the hex of their ids, these quotas in bytes; all others lose all they have. */
  applyQuotas(shares: ReadonlyMap<string, number>): void {
    for (const contract of this.#stores.keys()) {
      if ((shares.get(contract) ?? 0) === 0) this.#stores.delete(contract);
    }
    for (const [contract, quota] of shares) {
      const store = this.#stores.get(contract);
      if (store !== undefined) store.resize(quota);
      else if (quota > 0) this.#stores.set(contract, new Store(quota));
    }
  }

  /**
   * Sets a value for seven days.
   * @returns false when the contract's quota has no room for it; the value before is gone in any case.
   */
  set(contract: ContractId, key: Uint8Array, value: Uint8Array): boolean {
    const store = this.#changing(contract);
    return store?.set(keyOf(key), value.slice(), this.#now()) ?? false;
  }

  /** The value of a key; undefined when it is absent or has expired. */
  get(contract: ContractId, key: Uint8Array): Uint8Array | undefined {
    const entry = this.#stores.get(toHex(contract))?.entries.get(keyOf(key));
    return entry === undefined || entry.expires <= this.#now() ? undefined : entry.value.slice();
  }

  /** Lets an entry live so many seconds from now; 0 removes it. An entry that has expired is not revived. */
  setExpiration(contract: ContractId, key: Uint8Array, seconds: bigint): void {
    const store = this.#changing(contract);
    const name = keyOf(key);
    const entry = store?.entries.get(name);
    if (store === undefined || entry === undefined) return;
    const now = this.#now();
    if (seconds === 0n || entry.expires <= now) store.drop(name);
    else store.entries.set(name, { ...entry, expires: now + Number(seconds) });
  }

  /** Removes an entry and gives its value, unless it had expired. */
  remove(contract: ContractId, key: Uint8Array): Uint8Array | undefined {
    const entry = this.#changing(contract)?.drop(keyOf(key));
    return entry === undefined || entry.expires <= this.#now() ? undefined : entry.value;
  }

  /** Counts anew what each contract holds: after a change that was cut off midway. */
  recount(): void {
    for (const store of this.#stores.values()) store.recount();
  }

  /** Bytes of keys and values that a contract holds, those expired and not yet dropped counted. */
  size(contract: ContractId): number {
    return this.#stores.get(toHex(contract))?.size ?? 0;
  }

  /** Bytes that a contract may hold; 0 when it has no room at all. */
  quota(contract: ContractId): number {
    return this.#stores.get(toHex(contract))?.quota ?? 0;
  }

  #changing(contract: ContractId): Store | undefined {
    if (++this.#changes % collectEvery === 0) {
      const now = this.#now();
      for (const store of this.#stores.values()) store.dropExpired(now);
    }
    return this.#stores.get(toHex(contract));
  }
}
