/**
 * Changes to a state that can be taken back: what makes a frame that reverts or traps leave nothing behind.
 *
 * Changes are made at once and what they replaced is noted; rolling back to a mark puts it back, newest first, and
 * costs as much as was changed since. What is not taken back stays: there is nothing to commit.
 * @module
 */

import type { AccountId, CodeHash, ContractId } from "../../wire/bytes.ts";
import {
  type Account,
  type ClusterRecord,
  type CodeRecord,
  type ContractInfo,
  ContractRecord,
  type Hook,
} from "./records.ts";
import type { State } from "./state.ts";
import type { Stored } from "./storage.ts";
import type { Tree } from "./tree.ts";
import type { Trie } from "./trie.ts";

/** One change: it knows how to undo itself. */
interface Change {
  undo(): void;
  /** Undoes itself on a fork. */
  undoOn(fork: Fork): void;
}

/** A fork of the state of a journal, on which its changes are taken back. */
class Fork {
  readonly state: State;
  readonly #parts: readonly Tree[];
  /** The fork's own records, by those that they come from. */
  readonly #own = new Map<ContractRecord, ContractRecord>();

  constructor(of: State, state: State) {
    this.#parts = of.parts;
    this.state = state;
  }

  /** The fork's part for one of the journal's state. */
  partFor<V extends NonNullable<unknown>>(trie: Trie<V>): Trie<V> {
    return this.state.parts[this.#parts.indexOf(trie)] as Trie<V>;
  }

  /** The fork's record for one that the journal's state has or had. */
  ownFor(record: ContractRecord): ContractRecord {
    let own = this.#own.get(record);
    if (own === undefined) {
      const { epoch } = this.state;
      own = new ContractRecord(record.id, epoch, record.storage.fork(epoch), record.info);
      this.#own.set(record, own);
    }
    return own;
  }

  /** Puts the records that have changed where those that they come from still stand. */
  settle(): void {
    const { contracts } = this.state;
    for (const [record, own] of this.#own) if (contracts.get(record.id) === record) contracts.set(record.id, own);
  }
}

/** A change of one record of a map. */
class RecordChange<V extends NonNullable<unknown>> implements Change {
  readonly trie: Trie<V>;
  readonly key: Uint8Array;
  readonly before: V | undefined;

  constructor(trie: Trie<V>, key: Uint8Array, before: V | undefined) {
    this.trie = trie;
    this.key = key;
    this.before = before;
  }

  undo(): void {
    this.trie.restore(this.key, this.before);
  }

  undoOn(fork: Fork): void {
    const before: unknown = this.before instanceof ContractRecord ? fork.ownFor(this.before) : this.before;
    fork.partFor(this.trie).restore(this.key, before as V | undefined);
  }
}

/** A change of one value of a contract's storage. */
class StorageChange implements Change {
  readonly state: State;
  readonly record: ContractRecord;
  readonly slot: Uint8Array;
  readonly before: Stored | undefined;

  constructor(state: State, record: ContractRecord, slot: Uint8Array, before: Stored | undefined) {
    this.state = state;
    this.record = record;
    this.slot = slot;
    this.before = before;
  }

  undo(): void {
    this.record.storage.restore(this.slot, this.before);
    this.state.touch(this.record);
  }

  undoOn(fork: Fork): void {
    fork.ownFor(this.record).storage.restore(this.slot, this.before);
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

  undoOn(fork: Fork): void {
    fork.ownFor(this.record).info = this.before;
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

  undoOn({ state }: Fork): void {
    state.cluster = this.before;
  }
}

/**
 * The only way in which an execution changes a state.
 *
 * The state must not be forked while changes may still be taken back from it: what a fork shares is not changed any more.
 */
export class Journal {
  readonly state: State;
  readonly #changes: Change[] = [];
  readonly #hashesAhead: boolean;

  /** @param hashesAhead whether what is changed is likely to stay and be hashed, so that it is when it is near. */
  constructor(state: State, hashesAhead = false) {
    this.state = state;
    this.#hashesAhead = hashesAhead;
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
   * Takes every change back on a fork of the state, made just now. The state itself keeps them, and they cannot be taken
   * back from it any more.
   * @throws {EngineError} what reading absent parts throws: the fork is no good then, and the journal is as it was.
   */
  takeBackOn(fork: State): void {
    const on = new Fork(this.state, fork);
    for (let i = this.#changes.length - 1; i >= 0; i--) this.#changes[i]!.undoOn(on);
    on.settle();
  }

  /**
   * Sets a value in the storage of a contract.
   * @param record a writable record.
   * @param slot kept.
   * @param value copied.
   * @returns the length of the value before, -1 when there was none.
   */
  setStorage(record: ContractRecord, slot: Uint8Array, value: Uint8Array): number {
    const before = record.storage.put(slot, value);
    this.state.touch(record);
    this.#changes.push(new StorageChange(this.state, record, slot, before));
    this.#hashAhead(record);
    return before === undefined ? -1 : before.length;
  }

  /**
   * Removes a value from the storage of a contract.
   * @param record a writable record.
   * @param slot kept.
   * @returns the value that was there.
   */
  removeStorage(record: ContractRecord, slot: Uint8Array): Stored | undefined {
    const before = record.storage.delete(slot);
    if (before !== undefined) {
      this.#changes.push(new StorageChange(this.state, record, slot, before));
      this.state.touch(record);
      this.#hashAhead(record);
    }
    return before;
  }

  /** When reading what was absent fails here, the change is there all the same and can be taken back. */
  #hashAhead({ storage }: ContractRecord): void {
    if (this.#hashesAhead && storage.isBehind) storage.hashAhead();
  }

  /** Replaces what is known of a contract. */
  setInfo(record: ContractRecord, info: ContractInfo): void {
    this.#changes.push(new InfoChange(this.state, record, record.info));
    record.info = info;
    this.state.touch(record);
  }

  addContract(record: ContractRecord): void {
    const before = this.state.contracts.set(record.id, record);
    this.#changes.push(new RecordChange(this.state.contracts, record.id, before));
  }

  removeContract(id: ContractId): void {
    const before = this.state.contracts.delete(id);
    this.#changes.push(new RecordChange(this.state.contracts, id, before));
  }

  /** Sets the balances of an account; one with nothing in it is removed. */
  setAccount(id: AccountId, account: Account): void {
    const { accounts } = this.state;
    const before = account.free === 0n && account.held === 0n ? accounts.delete(id) : accounts.set(id, account);
    this.#changes.push(new RecordChange(accounts, id, before));
  }

  /** Sets or removes stored code. */
  setCode(hash: CodeHash, record: CodeRecord | undefined): void {
    const { codes } = this.state;
    const before = record === undefined ? codes.delete(hash) : codes.set(hash, record);
    this.#changes.push(new RecordChange(codes, hash, before));
  }

  /** Sets what a contract is called with at the end of every block. */
  setHook(contract: ContractId, hook: Hook): void {
    const { hooks } = this.state;
    this.#changes.push(new RecordChange(hooks, contract, hooks.set(contract, hook)));
  }

  /** Sets the weight of a contract; 0 is as good as none. */
  setWeight(contract: ContractId, weight: number): void {
    const { weights } = this.state;
    const before = weight === 0 ? weights.delete(contract) : weights.set(contract, weight);
    this.#changes.push(new RecordChange(weights, contract, before));
  }

  /** Sets or takes back what a contract may reach: SCALE `EgressRules`. */
  setEgress(contract: ContractId, rules: Uint8Array | undefined): void {
    const { egress } = this.state;
    const before = rules === undefined ? egress.delete(contract) : egress.set(contract, rules);
    this.#changes.push(new RecordChange(egress, contract, before));
  }

  setCluster(cluster: ClusterRecord): void {
    this.#changes.push(new ClusterChange(this.state, this.state.cluster));
    this.state.cluster = cluster;
  }
}
