/**
 * The state of a cluster: accounts, contracts with their storage, codes, hooks, weights, rules for
 * requests and the cluster's own record.
 *
 * A fork costs nothing and changes nothing; that is what a query runs on, and what a block that fails falls back to.
 * The root is a hash over the roots of the parts; see `Trie` for theirs.
 *
 * ```
 * root = blake2_256( "phatvm/state" | accounts | contracts | codes | hooks | weights | egress | blake2_256(cluster) )
 * ```
 * @module
 */

import { blake2_256 } from "../../crypto/hash.ts";
import type { ContractId } from "../../wire/bytes.ts";
import { Writer } from "../../wire/scale.ts";
import type { LeafEncoder } from "./nodes.ts";
import {
  type Account,
  type ClusterRecord,
  type CodeRecord,
  type ContractInfo,
  ContractRecord,
  type Hook,
  type Storage,
  writeAccount,
  writeCluster,
  writeCodeFacts,
  writeContractInfo,
  writeHook,
} from "./records.ts";
import { nextEpoch, Trie } from "./trie.ts";

const accountLeaf: LeafEncoder<Account> = (w, { key, value }) => writeAccount(w.raw(key), value);
const storageLeaf: LeafEncoder<undefined> = (w, { bytes, keyLength }) => w.compact(keyLength).raw(bytes);
const codeLeaf: LeafEncoder<CodeRecord> = (w, { key, value }) => writeCodeFacts(w.raw(key), value);
const hookLeaf: LeafEncoder<Hook> = (w, { key, value }) => writeHook(w.raw(key), value);
const weightLeaf: LeafEncoder<number> = (w, { key, value }) => w.raw(key).u32(value);
const egressLeaf: LeafEncoder<Uint8Array> = (w, { key, value }) => w.raw(key).bytes(value);
const contractLeaf: LeafEncoder<ContractRecord> = (w, { key, value }) => {
  // The writer is shared with the storage's leaves, whose hashes this asks for: those come first.
  const root = value.storage.root();
  w.clear().u8(0).raw(key).raw(root);
  writeContractInfo(w, value.info);
};

/** An empty storage of a contract. */
export function emptyStorage(epoch: number): Storage {
  return new Trie(storageLeaf, epoch);
}

const tag = new TextEncoder().encode("phatvm/state");

/** The state of a cluster at one moment. */
export class State {
  /** Keys are account ids. */
  readonly accounts: Trie<Account>;
  /** Keys are contract ids. */
  readonly contracts: Trie<ContractRecord>;
  /** Keys are code hashes. */
  readonly codes: Trie<CodeRecord>;
  /** Keys are contract ids. */
  readonly hooks: Trie<Hook>;
  /** Keys are contract ids. */
  readonly weights: Trie<number>;
  /** What the cluster's owner lets contracts reach: SCALE `EgressRules`. Keys are contract ids. */
  readonly egress: Trie<Uint8Array>;
  /** Undefined until a cluster was deployed. */
  cluster: ClusterRecord | undefined;
  #epoch: number;
  /** Whether this is a fork of another. */
  #aside = false;
  /** Contracts whose leaves do not have the hash of what the records say now. */
  #touched: ContractRecord[] = [];

  private constructor(
    parts: Pick<State, "accounts" | "contracts" | "codes" | "hooks" | "weights" | "egress">,
    epoch: number,
  ) {
    this.accounts = parts.accounts;
    this.contracts = parts.contracts;
    this.codes = parts.codes;
    this.hooks = parts.hooks;
    this.weights = parts.weights;
    this.egress = parts.egress;
    this.#epoch = epoch;
  }

  /** A state with nothing in it. */
  static empty(): State {
    const epoch = nextEpoch();
    return new State(
      {
        accounts: new Trie(accountLeaf, epoch),
        contracts: new Trie(contractLeaf, epoch),
        codes: new Trie(codeLeaf, epoch),
        hooks: new Trie(hookLeaf, epoch),
        weights: new Trie(weightLeaf, epoch),
        egress: new Trie(egressLeaf, epoch),
      },
      epoch,
    );
  }

  /** The epoch whose nodes this state owns. */
  get epoch(): number {
    return this.#epoch;
  }

  /** A state of the same content; both go on apart. */
  fork(): State {
    this.#settle();
    this.#renew();
    const epoch = nextEpoch();
    const other = new State(
      {
        accounts: this.accounts.fork(epoch),
        contracts: this.contracts.fork(epoch),
        codes: this.codes.fork(epoch),
        hooks: this.hooks.fork(epoch),
        weights: this.weights.fork(epoch),
        egress: this.egress.fork(epoch),
      },
      epoch,
    );
    other.cluster = this.cluster;
    other.#aside = true;
    return other;
  }

  /** The record of a contract to be changed in place: the one that is there, or its successor in this epoch. */
  writable(record: ContractRecord): ContractRecord {
    if (record.epoch === this.#epoch) return record;
    const own = new ContractRecord(record.id, this.#epoch, record.storage.fork(this.#epoch, this.#aside), record.info);
    this.contracts.set(record.id, own);
    return own;
  }

  /** Notes that a record of this epoch has changed, or its storage, so that the next root sees it. */
  touch(record: ContractRecord): void {
    if (record.touched) return;
    record.touched = true;
    this.#touched.push(record);
  }

  /** A record for a new contract, not yet in the state. */
  newContract(id: ContractId, info: ContractInfo): ContractRecord {
    return new ContractRecord(id, this.#epoch, emptyStorage(this.#epoch), info);
  }

  /** The root: 32 bytes. Costs what has changed since it was last asked for. */
  root(): Uint8Array {
    this.#settle();
    const { accounts, contracts, codes, hooks, weights, egress } = this;
    const parts = [accounts, contracts, codes, hooks, weights, egress].map((part) => part.root());
    const cluster = new Writer();
    cluster.option(this.cluster, writeCluster);
    const w = new Writer().raw(tag);
    for (const part of parts) w.raw(part);
    return blake2_256(w.raw(blake2_256(cluster.written())).written());
  }

  /** Gives every touched contract a new leaf. */
  #settle(): void {
    for (const record of this.#touched) {
      record.touched = false;
      if (this.contracts.get(record.id) === record) this.contracts.set(record.id, record);
    }
    this.#touched = [];
  }

  #renew(): void {
    const epoch = nextEpoch();
    this.#epoch = epoch;
    this.accounts.renew(epoch);
    this.contracts.renew(epoch);
    this.codes.renew(epoch);
    this.hooks.renew(epoch);
    this.weights.renew(epoch);
    this.egress.renew(epoch);
  }
}
