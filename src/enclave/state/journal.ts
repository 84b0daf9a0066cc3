/**
 * Changes to a state that can be taken back: what makes a frame that reverts or traps leave nothing behind.
 *
 * Changes are made at once and what they replaced is noted; rolling back to a mark puts it back, newest first, and
 * costs as much as was changed since. What is not taken back stays: there is nothing to commit.
 * @module
 */

import type { AccountId, CodeHash, ContractId } from "../../wire/bytes.ts";
import type { Leaf } from "./nodes.ts";
import {
  type Account,
  type ClusterRecord,
  type CodeRecord,
  type ContractInfo,
  type ContractRecord,
  type Hook,
  storageEntry,
  storedLength,
} from "./records.ts";
import type { State } from "./state.ts";
import type { Trie } from "./trie.ts";

/** One change: it knows how to undo itself. */
interface Change {
  undo(): void;
}

/** A change of one entry of a trie. */
class EntryChange<V> implements Change {
  readonly trie: Trie<V>;
  readonly key: Uint8Array;
  readonly before: Leaf<V> | undefined;

  constructor(trie: Trie<V>, key: Uint8Array, before: Leaf<V> | undefined) {
    this.trie = trie;
    this.key = key;
    this.before = before;
  }

  undo(): void {
    this.trie.restore(this.key, this.before);
  }
}

/** A change of one value of a contract's storage. */
class StorageChange implements Change {
  readonly state: State;
  readonly record: ContractRecord;
  readonly key: Uint8Array;
  readonly before: Leaf<undefined> | undefined;

  constructor(state: State, record: ContractRecord, key: Uint8Array, before: Leaf<undefined> | undefined) {
    this.state = state;
    this.record = record;
    this.key = key;
    this.before = before;
  }

  undo(): void {
    this.record.storage.restore(this.key, this.before);
    this.state.touch(this.record);
  }
}

/** A value written over another of the same length, in its own place. */
class OverwriteChange implements Change {
  readonly state: State;
  readonly record: ContractRecord;
  readonly entry: Leaf<undefined>;
  readonly before: Uint8Array;

  constructor(state: State, record: ContractRecord, entry: Leaf<undefined>, before: Uint8Array) {
    this.state = state;
    this.record = record;
    this.entry = entry;
    this.before = before;
  }

  undo(): void {
    const { entry, record } = this;
    entry.bytes.set(this.before, entry.keyLength);
    record.storage.mark(entry.key);
    this.state.touch(record);
  }
}

class InfoChange implements Change {
  readonly state: State;
  readonly record: ContractRecord;
  readonly before: ContractInfo;

  constructor(state: State, record: ContractRecord, before: ContractInfo) {
    this.state = state;
    this.record = record;
    this.before = before;
  }

  undo(): void {
    this.record.info = this.before;
    this.state.touch(this.record);
  }
}

class ClusterChange implements Change {
  readonly state: State;
  readonly before: ClusterRecord | undefined;

  constructor(state: State, before: ClusterRecord | undefined) {
    this.state = state;
    this.before = before;
  }

  undo(): void {
    this.state.cluster = this.before;
  }
}

/**
 * The only way in which an execution changes a state.
 *
 * The state must not be forked while changes may still be taken back.
 */
export class Journal {
  readonly state: State;
  readonly #changes: Change[] = [];

  constructor(state: State) {
    this.state = state;
  }

  /** A point to roll back to. */
  mark(): number {
    return this.#changes.length;
  }

  /** Takes back every change since the mark. */
  rollback(mark: number): void {
    const changes = this.#changes;
    while (changes.length > mark) changes.pop()!.undo();
  }

  /**
   * Sets a value in the storage of a contract.
   *
   * A value of this epoch is overwritten in place by one of its length: contracts change the same values block after
   * block, and what is not made anew is not collected as garbage either.
   * @param record a writable record.
   * @param slot the trie key; kept.
   * @param value copied.
   * @returns the length of the value before, -1 when there was none.
   */
  setStorage(record: ContractRecord, slot: Uint8Array, value: Uint8Array): number {
    const { storage } = record;
    const found = storage.leaf(slot);
    this.state.touch(record);
    if (found !== undefined && found.epoch === storage.epoch && storedLength(found) === value.length) {
      const { bytes, keyLength } = found;
      this.#changes.push(new OverwriteChange(this.state, record, found, bytes.slice(keyLength)));
      bytes.set(value, keyLength);
      storage.mark(slot);
      return value.length;
    }
    const before = storage.put(storageEntry(slot, value, storage.epoch));
    this.#changes.push(new StorageChange(this.state, record, slot, before));
    return before === undefined ? -1 : storedLength(before);
  }

  /**
   * Removes a value from the storage of a contract.
   * @param record a writable record.
   * @param slot the trie key; kept.
   * @returns the entry that was there.
   */
  removeStorage(record: ContractRecord, slot: Uint8Array): Leaf<undefined> | undefined {
    const before = record.storage.delete(slot);
    if (before !== undefined) {
      this.#changes.push(new StorageChange(this.state, record, slot, before));
      this.state.touch(record);
    }
    return before;
  }

  /** Replaces what is known of a contract. */
  setInfo(record: ContractRecord, info: ContractInfo): void {
    this.#changes.push(new InfoChange(this.state, record, record.info));
    record.info = info;
    this.state.touch(record);
  }

  addContract(record: ContractRecord): void {
    const before = this.state.contracts.set(record.id, record);
    this.#changes.push(new EntryChange(this.state.contracts, record.id, before));
  }

  removeContract(id: ContractId): void {
    const before = this.state.contracts.delete(id);
    this.#changes.push(new EntryChange(this.state.contracts, id, before));
  }

  /** Sets the balances of an account; one with nothing in it is removed. */
  setAccount(id: AccountId, account: Account): void {
    const { accounts } = this.state;
    const before = account.free === 0n && account.held === 0n ? accounts.delete(id) : accounts.set(id, account);
    this.#changes.push(new EntryChange(accounts, id, before));
  }

  /** Sets or removes stored code. */
  setCode(hash: CodeHash, record: CodeRecord | undefined): void {
    const { codes } = this.state;
    const before = record === undefined ? codes.delete(hash) : codes.set(hash, record);
    this.#changes.push(new EntryChange(codes, hash, before));
  }

  /** Sets what a contract is called with at the end of every block. */
  setHook(contract: ContractId, hook: Hook): void {
    const { hooks } = this.state;
    this.#changes.push(new EntryChange(hooks, contract, hooks.set(contract, hook)));
  }

  /** Sets the weight of a contract; 0 is as good as none. */
  setWeight(contract: ContractId, weight: number): void {
    const { weights } = this.state;
    const before = weight === 0 ? weights.delete(contract) : weights.set(contract, weight);
    this.#changes.push(new EntryChange(weights, contract, before));
  }

  /** Sets or takes back what a contract may reach: SCALE `EgressRules`. */
  setEgress(contract: ContractId, rules: Uint8Array | undefined): void {
    const { egress } = this.state;
    const before = rules === undefined ? egress.delete(contract) : egress.set(contract, rules);
    this.#changes.push(new EntryChange(egress, contract, before));
  }

  setCluster(cluster: ClusterRecord): void {
    this.#changes.push(new ClusterChange(this.state, this.state.cluster));
    this.state.cluster = cluster;
  }
}
