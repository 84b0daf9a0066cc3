/**
 * The entry calls of the enclave: their numbers, and what goes in and comes out in bytes.
 *
 * | entry | in | out |
 * |---|---|---|
 * | open | `EnclaveOptions` | `EnclaveFacts` |
 * | start | `StartOffer` | `EnclaveStart` |
 * | dispatch | `RelayedBlock` | `EnclaveResult` of `SealedReceipts` |
 * | query | `QueryRequest` | `EnclaveResult` of `QueryAnswer` |
 * | checkpoint | nothing | `EnclaveHeight` of the block that it stands for, once it is on disk |
 * | balance | account, 32 bytes | total u128, free u128 |
 * | codeExists | code hash, 32 bytes | bool |
 * | contractCode | contract, 32 bytes | option of 32 bytes |
 * | prove | `StateQuestion` | `BlockStateProof` of the state after the last block executed |
 * | cancel | number of a `query` request, u32 | nothing; that query ends with `CallGivenUp` |
 * | metrics | nothing | `EgressMetrics` |
 * | egressRules | contract, 32 bytes | option of `EgressRules`, those of the cluster's owner |
 * | attest | option of the operator's account | `Attestation` as of the last block executed |
 * | challenge | nothing | `HandoverChallenge` |
 * | give | `HandoverRequest` | `HandoverAnswer`; from then on the enclave does nothing |
 * | succeed | `EnclaveOptions` without secrets | `EnclavePlace` |
 * | follow | `RelayedBlock` | nothing |
 * | ask | `HandoverChallenge` | `HandoverRequest` |
 * | take | `HandoverAnswer` | `EnclaveFacts` |
 *
 * `open` comes first and once, `start` before everything after it; it may be repeated while it fails. An enclave that is
 * to have another one's secrets is opened by `succeed`, `follow` for every block, `ask` and `take` in place of `open`.
 *
 * `dispatch`, `checkpoint`, `challenge` and `give` are answered in their order, and a block may take its time: meanwhile all
 * other entries answer from the block before it.
 *
 * The host of a later version of the package speaks to an enclave of an earlier one when secrets are handed over: what
 * `open`, `start`, `dispatch`, `challenge` and `give` take and give is never changed, only by another version of it.
 * @module
 */

import { contractId } from "./bytes.ts";
import type { LogRecord } from "./node.ts";
import type { Reader, Writer } from "./scale.ts";

/** The number of each entry. Never given another meaning: 5 was one that gave a sealed state to the host. */
export const Entry = {
  open: 1,
  start: 2,
  dispatch: 3,
  query: 4,
  balance: 6,
  codeExists: 7,
  contractCode: 8,
  cancel: 9,
  metrics: 10,
  egressRules: 11,
  checkpoint: 12,
  prove: 13,
  attest: 20,
  challenge: 21,
  give: 22,
  succeed: 23,
  follow: 24,
  ask: 25,
  take: 26,
} as const;

/** What an enclave is opened with. */
export interface EnclaveOptions {
  /** Folder of the platform; undefined = none, the platform is gone with the process. */
  readonly platformFolder: string | undefined;
  /** Folder of the checkpoints; undefined = none are kept. */
  readonly checkpointFolder?: string | undefined;
  /** SCALE `Genesis`. */
  readonly genesis: Uint8Array;
  /** JSON of `EnclaveSettings`; undefined = the defaults. */
  readonly settings?: string | undefined;
  /** SCALE `SealedSecrets`, as an earlier opening gave them; undefined = it makes new ones. */
  readonly secrets?: Uint8Array | undefined;
}

export function writeEnclaveOptions(w: Writer, options: EnclaveOptions): void {
  w.u8(1)
    .option(options.platformFolder, (o, folder) => o.str(folder))
    .bytes(options.genesis);
  w.option(options.settings, (o, settings) => o.str(settings));
  w.option(options.secrets, (o, secrets) => o.bytes(secrets));
  w.option(options.checkpointFolder, (o, folder) => o.str(folder));
}

export function readEnclaveOptions(r: Reader): EnclaveOptions {
  const version = r.u8();
  if (version !== 1) throw r.fail(`options of version ${version}`);
  return {
    platformFolder: r.option((o) => o.str()),
    genesis: r.bytes(),
    settings: r.option((o) => o.str()),
    secrets: r.option((o) => o.bytes()),
    checkpointFolder: r.option((o) => o.str()),
  };
}

/** The root of an enclave's secrets as it leaves the enclave: who can open it, and what only that one can read. */
export interface SealedSecrets {
  /** 32 bytes. */
  readonly measurement: Uint8Array;
  readonly sealed: Uint8Array;
}

export function writeSealedSecrets(w: Writer, { measurement, sealed }: SealedSecrets): void {
  w.raw(measurement).bytes(sealed);
}

export function readSealedSecrets(r: Reader): SealedSecrets {
  return { measurement: r.raw(32), sealed: r.bytes() };
}

/** What an enclave says of where it runs. */
export interface EnclavePlace {
  /** Of its code and configuration: 32 bytes. */
  readonly measurement: Uint8Array;
  /** Name of its platform. */
  readonly platform: string;
  /** ed25519 key that signs the platform's quotes: 32 bytes. */
  readonly signer: Uint8Array;
}

/** What an enclave that has its secrets says of itself. */
export interface EnclaveFacts extends EnclavePlace {
  /** ed25519 key that signs block seals: 32 bytes. */
  readonly worker: Uint8Array;
  /** SCALE `SealedSecrets` to keep and to open it with the next time; undefined when it was opened with them. */
  readonly secrets: Uint8Array | undefined;
}

export function writeEnclavePlace(w: Writer, place: EnclavePlace): void {
  w.raw(place.measurement).str(place.platform).raw(place.signer);
}

export function readEnclavePlace(r: Reader): EnclavePlace {
  return { measurement: r.raw(32), platform: r.str(), signer: r.raw(32) };
}

export function writeEnclaveFacts(w: Writer, facts: EnclaveFacts): void {
  writeEnclavePlace(w, facts);
  w.raw(facts.worker).option(facts.secrets, (o, secrets) => o.bytes(secrets));
}

export function readEnclaveFacts(r: Reader): EnclaveFacts {
  return { ...readEnclavePlace(r), worker: r.raw(32), secrets: r.option((o) => o.bytes()) };
}

/** Where an enclave stands. */
export interface EnclaveHeight {
  /** Number of the last block executed, u32. */
  readonly height: number;
  /** Its hash: 32 bytes. */
  readonly hash: Uint8Array;
}

export function writeEnclaveHeight(w: Writer, at: EnclaveHeight): void {
  w.u32(at.height).raw(at.hash);
}

export function readEnclaveHeight(r: Reader): EnclaveHeight {
  return { height: r.u32(), hash: r.raw(32) };
}

/** What a host offers an enclave that it starts. */
export interface StartOffer {
  /** Number of the last block of its chain; a checkpoint may stand no higher. */
  readonly head: number;
  /** Whether the owner accepts the loss of what the enclave has executed and this chain does not have. */
  readonly acceptRollback: boolean;
}

export function writeStartOffer(w: Writer, offer: StartOffer): void {
  w.u32(offer.head).bool(offer.acceptRollback);
}

export function readStartOffer(r: Reader): StartOffer {
  return { head: r.u32(), acceptRollback: r.bool() };
}

/** Where an enclave has started. */
export interface EnclaveStart extends EnclaveHeight {
  /** Number of the block up to which it answers nobody, because it has been there before. */
  readonly bound: number;
  /** What went wrong without stopping anything, for people. */
  readonly warnings: readonly string[];
}

export function writeEnclaveStart(w: Writer, start: EnclaveStart): void {
  writeEnclaveHeight(w, start);
  w.u32(start.bound).vec(start.warnings, (o, warning) => o.str(warning));
}

export function readEnclaveStart(r: Reader): EnclaveStart {
  return { ...readEnclaveHeight(r), bound: r.u32(), warnings: r.vec((o) => o.str(), 1) };
}

/** A log line without the number that the node gives it. */
export type EnclaveLog = Omit<LogRecord, "sequence">;

export function writeLogs(w: Writer, logs: readonly EnclaveLog[]): void {
  w.vec(logs, (o, log) => o.u32(log.block).raw(log.contract).u8(log.level).bool(log.query).str(log.text));
}

export function readLogs(r: Reader): EnclaveLog[] {
  return r.vec((o) => {
    const head = { block: o.u32(), contract: contractId(o.raw(32)), level: o.u8(), query: o.bool() };
    return { ...head, text: o.str() };
  }, 39);
}

/** What `dispatch` and `query` give: the result, SCALE `SealedReceipts` or `QueryAnswer`, and what was logged. */
export interface EnclaveResult {
  readonly result: Uint8Array;
  readonly logs: readonly EnclaveLog[];
}

export function writeEnclaveResult(w: Writer, { result, logs }: EnclaveResult): void {
  w.bytes(result);
  writeLogs(w, logs);
}

export function readEnclaveResult(r: Reader): EnclaveResult {
  return { result: r.bytes(), logs: readLogs(r) };
}
