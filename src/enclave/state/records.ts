/**
 * What the state holds of accounts, contracts, codes and the cluster, and the canonical bytes of each.
 *
 * Records are never changed in place, save a contract's, which carries its storage: so a journal can put an old one back.
 * @module
 */

import {
  type AccountId,
  accountId,
  type ClusterId,
  type CodeHash,
  type ContractId,
  clusterId,
  codeHash,
  contractId,
} from "../../wire/bytes.ts";
import type { Reader, Writer } from "../../wire/scale.ts";
import type { Blob } from "./page.ts";
import type { Storage } from "./storage.ts";

/** Balances of an account in the cluster. An account whose balances are all 0 has no record. */
export interface Account {
  readonly free: bigint;
  /** Held as deposit for storage or code. */
  readonly held: bigint;
}

/** Who sees to it that code is the same on every replica. */
export type Determinism = "enforced" | "relaxed";

/** Stored code. */
export interface CodeRecord {
  /** Its hash is the record's key. */
  readonly code: Blob;
  readonly owner: AccountId;
  /** Held from the owner. */
  readonly deposit: bigint;
  readonly determinism: Determinism;
  /** How many contracts and delegate dependencies use it. */
  readonly users: number;
}

/** A code that a contract holds on to for its delegate calls, and the deposit for it. */
export interface DelegateDependency {
  readonly codeHash: CodeHash;
  readonly deposit: bigint;
}

/** What is known of a contract beside its storage. */
export interface ContractInfo {
  readonly codeHash: CodeHash;
  /** Names its storage: blake2_256 of the id and the instantiation nonce. */
  readonly trieId: Uint8Array;
  /**
   * 32 bytes that nobody outside knows; the same on every replica. They go into the hash of what else is known here and of
   * the storage, so that the root of the state, which is public, says nothing to who guesses what the storage holds.
   */
  readonly blind: Uint8Array;
  /** Bytes of all values. */
  readonly storageBytes: number;
  readonly storageItems: number;
  readonly byteDeposit: bigint;
  readonly itemDeposit: bigint;
  readonly baseDeposit: bigint;
  readonly dependencies: readonly DelegateDependency[];
}

/** A contract with its storage. */
export class ContractRecord {
  readonly id: ContractId;
  /** The epoch in which this record may be changed in place; see `State.writable`. */
  readonly epoch: number;
  readonly storage: Storage;
  info: ContractInfo;
  /** Whether it has changed since the state's root was last asked for; see `State.touch`. */
  touched = false;

  constructor(id: ContractId, epoch: number, storage: Storage, info: ContractInfo) {
    this.id = id;
    this.epoch = epoch;
    this.storage = storage;
    this.info = info;
  }
}

/** A call at the end of every block. */
export interface Hook {
  /** The four bytes of the selector as a big-endian number. */
  readonly selector: number;
  readonly gasLimit: bigint;
}

/** The cluster: its configuration and what its system contract has set. */
export interface ClusterRecord {
  readonly id: ClusterId;
  readonly owner: AccountId;
  readonly treasury: AccountId;
  readonly gasPrice: bigint;
  readonly depositPerItem: bigint;
  readonly depositPerByte: bigint;
  /** The profile that every contract of the cluster is checked against. */
  readonly profile: Profile;
  readonly systemContract: ContractId | undefined;
  /** The chain's latest system contract code. */
  readonly systemCode: Uint8Array | undefined;
  /** The contract that log lines are for. */
  readonly logHandler: ContractId | undefined;
  /** Code hash of the module that `js_eval` would use. */
  readonly jsRuntime: Uint8Array | undefined;
  /** What `runtime_version` answers. */
  readonly runtimeVersion: readonly [major: number, minor: number];
  /** Instantiations so far, in this cluster; part of trie ids. */
  readonly nonce: number;
}

/** The rules that uploaded code is checked by. */
export type Profile = "deterministic" | "pink";
/** Every profile that a cluster can be deployed with. */
export const profiles: readonly Profile[] = ["deterministic", "pink"];

export function writeAccount(w: Writer, account: Account): void {
  w.u128(account.free).u128(account.held);
}

export function readAccount(r: Reader): Account {
  return { free: r.u128(), held: r.u128() };
}

/** The code record without the code, which its key is the hash of. */
export function writeCodeFacts(w: Writer, record: CodeRecord): void {
  w.raw(record.owner)
    .u128(record.deposit)
    .bool(record.determinism === "relaxed")
    .u64(record.users);
}

export function readCodeFacts(r: Reader, code: Blob): CodeRecord {
  return {
    code,
    owner: accountId(r.raw(32)),
    deposit: r.u128(),
    determinism: r.bool() ? "relaxed" : "enforced",
    users: r.u64Saturated(),
  };
}

export function writeContractInfo(w: Writer, info: ContractInfo): void {
  w.raw(info.codeHash).raw(info.trieId).raw(info.blind).u64(info.storageBytes).u64(info.storageItems);
  w.u128(info.byteDeposit).u128(info.itemDeposit).u128(info.baseDeposit);
  w.vec(info.dependencies, (o, dependency) => o.raw(dependency.codeHash).u128(dependency.deposit));
}

export function readContractInfo(r: Reader): ContractInfo {
  return {
    codeHash: codeHash(r.raw(32)),
    trieId: r.raw(32),
    blind: r.raw(32),
    storageBytes: r.u64Saturated(),
    storageItems: r.u64Saturated(),
    byteDeposit: r.u128(),
    itemDeposit: r.u128(),
    baseDeposit: r.u128(),
    dependencies: r.vec((o) => ({ codeHash: codeHash(o.raw(32)), deposit: o.u128() }), 48),
  };
}

export function writeHook(w: Writer, hook: Hook): void {
  w.u32(hook.selector).u64(hook.gasLimit);
}

export function readHook(r: Reader): Hook {
  return { selector: r.u32(), gasLimit: r.u64() };
}

export function writeCluster(w: Writer, cluster: ClusterRecord): void {
  w.raw(cluster.id).raw(cluster.owner).raw(cluster.treasury);
  w.u128(cluster.gasPrice).u128(cluster.depositPerItem).u128(cluster.depositPerByte).str(cluster.profile);
  w.option(cluster.systemContract, (o, id) => o.raw(id));
  w.option(cluster.systemCode, (o, code) => o.bytes(code));
  w.option(cluster.logHandler, (o, id) => o.raw(id));
  w.option(cluster.jsRuntime, (o, hash) => o.raw(hash));
  w.u32(cluster.runtimeVersion[0]).u32(cluster.runtimeVersion[1]).u64(cluster.nonce);
}

/** Whether a profile is one that a cluster can have. */
export function isProfile(name: string): name is Profile {
  return (profiles as readonly string[]).includes(name);
}

export function readCluster(r: Reader): ClusterRecord {
  const head = {
    id: clusterId(r.raw(32)),
    owner: accountId(r.raw(32)),
    treasury: accountId(r.raw(32)),
    gasPrice: r.u128(),
    depositPerItem: r.u128(),
    depositPerByte: r.u128(),
  };
  const profile = r.str();
  if (!isProfile(profile)) throw r.fail(`a profile named ${JSON.stringify(profile)}`);
  return {
    ...head,
    profile,
    systemContract: r.option((o) => contractId(o.raw(32))),
    systemCode: r.option((o) => o.bytes()),
    logHandler: r.option((o) => contractId(o.raw(32))),
    jsRuntime: r.option((o) => o.raw(32)),
    runtimeVersion: [r.u32(), r.u32()],
    nonce: r.u64Saturated(),
  };
}
