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
 * A contract stands in its part as its code hash and the hash of all else, blinded: `writeDetails`.
 * @module
 */

import { blake2_256 } from "../../crypto/hash.ts";
import { type ContractId, contractId, sameBytes } from "../../wire/bytes.ts";
import { decode, encode, Writer } from "../../wire/scale.ts";
import { stateTag } from "../../wire/state-proof.ts";
import { readBlob, readRoot } from "./packing.ts";
import { Blob, type StateSource, useClock } from "./page.ts";
import {
  type Account,
  type ClusterRecord,
  type CodeRecord,
  type ContractInfo,
  ContractRecord,
  type Hook,
  readAccount,
  readCodeFacts,
  readContractInfo,
  readHook,
  writeAccount,
  writeCluster,
  writeCodeFacts,
  writeContractInfo,
  writeHook,
} from "./records.ts";
import { Storage } from "./storage.ts";
import { blobWeight, nextEpoch, type Tree, weightOfTree } from "./tree.ts";
import { type Records, Trie } from "./trie.ts";

/** Records that have nothing of their own ways. */
const plain = (bytes: number) => ({ weigh: () => bytes, inner: () => undefined });

const accounts: Records<Account> = {
  ...plain(200),
  write: writeAccount,
  read: (_, value) => decode(value, "account", readAccount),
};
const hooks: Records<Hook> = {
  ...plain(100),
  write: writeHook,
  read: (_, value) => decode(value, "hook", readHook),
};
const weights: Records<number> = {
  ...plain(8),
  write: (w, weight) => w.u32(weight),
  read: (_, value) => decode(value, "weight", (r) => r.u32()),
};
const egress: Records<Uint8Array> = {
  write: (w, rules) => w.raw(rules),
  read: (_, value) => value.slice(),
  weigh: (rules) => 150 + (rules as Uint8Array).length,
  inner: () => undefined,
};
const codes: Records<CodeRecord> = {
  write: writeCodeFacts,
  read: (key, value, extra) =>
    decode(value, "code record", (r) => {
      const code = decode(extra, "code", readBlob);
      if (!sameBytes(code.hash, key)) throw r.fail("its code has another hash");
      return readCodeFacts(r, code);
    }),
  weigh: (record) => 400 + blobWeight((record as CodeRecord).code),
  inner: (record) => (record as CodeRecord).code,
};
/** What is secret of a contract; the hash of it is not, since it has the contract's blind in it. */
function writeDetails(w: Writer, { info, storage }: ContractRecord): void {
  writeContractInfo(w, info);
  w.raw(storage.root());
}

const contracts: Records<ContractRecord> = {
  write: (w, record) => w.raw(record.info.codeHash).raw(blake2_256(encode(record, writeDetails))),
  note: (w, record) => writeDetails(w, record as ContractRecord),
  read: (key, value, extra, source) =>
    decode(extra, "contract", (r) => {
      const info = readContractInfo(r);
      const root = r.raw(32);
      const details = blake2_256(r.since(0));
      if (
        !sameBytes(
          value,
          encode(details, (w, hash) => w.raw(info.codeHash).raw(hash)),
        )
      )
        throw r.fail("it has another hash");
      const storage = new Storage(0, source);
      const size = r.compact();
      storage.adopt(readRoot(r), size, root);
      return new ContractRecord(contractId(key), 0, storage, info);
    }),
  weigh: (record) => 900 + weightOfTree((record as ContractRecord).storage),
  inner: (record) => (record as ContractRecord).storage,
};

const tag = new TextEncoder().encode(stateTag);

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
  #systemCode: Blob | undefined;
  /** The hash of the cluster's record when it was last asked for. */
  #hashed: { readonly cluster: ClusterRecord | undefined; readonly hash: Uint8Array } | undefined;
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

  /**
   * A state with nothing in it.
   * @param source where what it will be given to adopt is read from.
   */
  static empty(source?: StateSource): State {
    const epoch = nextEpoch();
    return new State(
      {
        accounts: new Trie(accounts, epoch, source),
        contracts: new Trie(contracts, epoch, source),
        codes: new Trie(codes, epoch, source),
        hooks: new Trie(hooks, epoch, source),
        weights: new Trie(weights, epoch, source),
        egress: new Trie(egress, epoch, source),
      },
      epoch,
    );
  }

  /** The parts, in the order in which the root has them. */
  get parts(): readonly Tree[] {
    const { accounts, contracts, codes, hooks, weights, egress } = this;
    return [accounts, contracts, codes, hooks, weights, egress];
  }

  /** The chain's latest system contract code, which the cluster's record has, as what can be written apart from it. */
  get systemCode(): Blob | undefined {
    const bytes = this.cluster?.systemCode;
    if (this.#systemCode?.bytes !== bytes) this.#systemCode = bytes === undefined ? undefined : Blob.of(bytes);
    return this.#systemCode;
  }

  /** Takes the system contract code as it was written. */
  set systemCode(code: Blob | undefined) {
    this.#systemCode = code;
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
    other.#systemCode = this.systemCode;
    other.#hashed = this.#hashed;
    return other;
  }

  /** The record of a contract to be changed in place: the one that is there, or its successor in this epoch. */
  writable(record: ContractRecord): ContractRecord {
    if (record.epoch === this.#epoch) return record;
    const own = new ContractRecord(record.id, this.#epoch, record.storage.fork(this.#epoch), record.info);
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
    return new ContractRecord(id, this.#epoch, new Storage(this.#epoch, this.contracts.source), info);
  }

  /** The root: 32 bytes. Costs what has changed since it was last asked for. */
  root(): Uint8Array {
    this.#settle();
    const w = new Writer().raw(tag);
    for (const part of this.parts) w.raw(part.root());
    useClock.now += 1;
    return blake2_256(w.raw(this.clusterHash).written());
  }

  /** Hash of the cluster's record, which may have megabytes of code in it, and is another object whenever it changes. */
  get clusterHash(): Uint8Array {
    const { cluster } = this;
    if (this.#hashed?.cluster !== cluster || this.#hashed === undefined) {
      this.#hashed = { cluster, hash: blake2_256(encode(cluster, (w) => w.option(cluster, writeCluster))) };
    }
    return this.#hashed.hash;
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
