/**
 * The embedded node: one process that is chain, relay and host of one enclave, and answers as `NodeApi`.
 *
 * An extrinsic's way: decoded and bounded, its nonce admitted, its signature checked, put in the pool, in a block on
 * disk, executed by the enclave; then its submitter gets the receipt.
 * @module
 */

import { blake2_256 } from "../crypto/hash.ts";
import { EngineError } from "../errors.ts";
import { writeAttestation } from "../wire/attestation.ts";
import { type CodeHash, toHex } from "../wire/bytes.ts";
import { checkSettings, type EgressRules } from "../wire/egress.ts";
import { readEgressRules } from "../wire/egress-rules.ts";
import { type EnclaveFacts, type EnclaveLog, Entry, readEnclaveResult } from "../wire/entry.ts";
import { decodeExtrinsic } from "../wire/extrinsic.ts";
import type {
  BlockProof,
  Inclusion,
  LogRecord,
  NetworkFacts,
  NodeApi,
  NodeEvents,
  Registrations,
} from "../wire/node.ts";
import { readSealedReceipts, receiptCore, type SealedReceipts, writeReceipt, writeSeal } from "../wire/receipt.ts";
import { decode, encode } from "../wire/scale.ts";
import {
  type BlockStateProof,
  readBlockStateProof,
  type StateQuestion,
  writeStateQuestion,
} from "../wire/state-proof.ts";
import { Author } from "./chain/author.ts";
import { Chain, type CheckedExtrinsic, type Place } from "./chain/chain.ts";
import { embeddedCluster } from "./chain/genesis.ts";
import { Pool, poolLimits } from "./chain/pool.ts";
import { acceptedSigners, allowedMeasurements, isTrusted, registeredWorkers } from "./chain/registry.ts";
import { checkSignature } from "./chain/signature.ts";
import { Enclaves } from "./enclaves.ts";
import { allowSuccessor } from "./governance.ts";
import type { NodeOptions } from "./options.ts";
import { Registrar, registerHolder } from "./registrar.ts";
import { Relay } from "./relay/relay.ts";
import { key, type Store } from "./store/store.ts";

/** The most bytes of an extrinsic: code of 2 MiB, and what goes around it. */
const LARGEST_EXTRINSIC = 2 * 1024 * 1024 + 4096;
/** The most bytes of metadata kept for one code. */
const LARGEST_METADATA = 8 * 1024 * 1024;
/** Log lines that are remembered. */
const LOG_LINES = 10_000;
/** Milliseconds after which receipts are written that no block has taken along. */
const IDLE_MS = 50;

/** Where a node keeps what it keeps. */
export interface Places {
  readonly store: Store;
  /** Whether there was a chain in the store already: then none is begun, and one that is gone is damage. */
  readonly begun?: boolean;
  /** Folder of the enclave's checkpoints. */
  readonly checkpointFolder: string | undefined;
  readonly platformFolder: string | undefined;
  /** Where the code of the enclave that holds the secrets is kept; undefined = nowhere. */
  readonly enclaveFolder?: string | undefined;
  /** Path of the enclave's code, the package's own by default. */
  readonly code?: string | undefined;
  /** Called once everything else has ended. */
  readonly release: () => Promise<void>;
}

/** No operator. */
const nobody = Uint8Array.of(0);

interface Waiter {
  readonly resolve: (sealed: SealedReceipts) => void;
  readonly reject: (error: unknown) => void;
}

/** Rejects when the signal is aborted first; what was asked for goes on. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** The node of this process. */
export class EmbeddedNode implements NodeApi {
  private readonly places: Places;
  private readonly dir: string | undefined;
  private readonly chain: Chain;
  private readonly pool: Pool;
  private readonly author: Author;
  private readonly relay: Relay;
  private readonly registrar: Registrar;
  private enclave: EnclaveFacts | undefined;
  /** Extrinsics under way, by hash. */
  private readonly submissions = new Map<string, Promise<Inclusion>>();
  /** Who waits for the place of an extrinsic, by hash. */
  private readonly unplaced = new Map<string, { resolve: (place: Place) => void; reject: (error: unknown) => void }>();
  /** Who waits for a block to be executed. */
  private readonly unexecuted = new Map<number, Waiter[]>();
  private readonly listeners: { [E in keyof NodeEvents]: Set<(value: NodeEvents[E]) => void> } = {
    block: new Set(),
    receipt: new Set(),
    log: new Set(),
  };
  private readonly lines: LogRecord[] = [];
  private nextLine = 0;
  /** The newest proof: receipts of one block are often checked one after the other. */
  private proven: { readonly block: number; readonly proof: BlockProof } | undefined;
  private idle: NodeJS.Timeout | undefined;
  /** Why nothing is answered any more. */
  private end: unknown;
  private closing: Promise<void> | undefined;

  private constructor(places: Places, chain: Chain, options: NodeOptions) {
    this.places = places;
    this.dir = options.dir;
    this.chain = chain;
    this.pool = new Pool(
      () => chain.view(),
      chain.rules,
      () => chain.turn(Date.now()),
    );
    this.author = new Author(chain, this.pool, options.blocks ?? {}, Date.now, {
      final: (head, extrinsics) => this.placed(head.number, extrinsics),
      failed: (error) => this.fail(error),
    });
    this.relay = new Relay({
      chain,
      limits: { heapMegabytes: options.enclaveMegabytes ?? 1024 },
      isolate: options.isolate ?? "thread",
      enclaves: new Enclaves(places.enclaveFolder, places.code),
      register: async (attest) => {
        await registerHolder(chain, attest, Date.now());
        this.pool.included();
      },
      allow: async (place, former) => {
        await allowSuccessor(chain, place, former, Date.now());
        this.pool.included();
      },
      platformFolder: places.platformFolder,
      settings: checkSettings(options),
      checkpointFolder: places.checkpointFolder,
      checkpointEvery: options.checkpointEvery ?? 64,
      acceptRollback: options.acceptRollback === true,
      warn: options.onWarning ?? (() => undefined),
      executed: (number, sealed, logs, again) => this.executed(number, sealed, logs, again),
      failed: (error) => this.fail(error),
    });
    this.registrar = new Registrar({
      chain,
      now: Date.now,
      block: async () => {
        const next = chain.head.number + 1;
        this.author.next();
        await this.receiptsOf(next);
      },
      attest: () => this.relay.call(Entry.attest, nobody),
      nextNonce: (account) => this.nextNonce(account),
      submit: (extrinsic) => this.submit(extrinsic),
      warn: options.onWarning ?? (() => undefined),
    });
  }

  /**
   * Starts a node: opens or begins its chain, starts the enclave, executes what it has not executed yet.
   * @throws {EngineError} what its parts throw; `places` is as it was then.
   */
  static async start(places: Places, options: NodeOptions): Promise<EmbeddedNode> {
    if (places.begun === true && !Chain.isIn(places.store)) {
      throw new EngineError("FolderDamaged", { dir: options.dir, reason: "its chain has no beginning" });
    }
    let made: EmbeddedNode | undefined;
    const nodeOf = (chain: Chain): EmbeddedNode => {
      made ??= new EmbeddedNode(places, chain, options);
      return made;
    };
    try {
      const node = nodeOf(
        await Chain.open(places.store, options, Date.now(), (newborn) => nodeOf(newborn).relay.beginning()),
      );
      node.enclave = await node.relay.start();
      await node.registrar.keep(node.enclave);
      node.check();
      return node;
    } catch (error) {
      const failed = made as EmbeddedNode | undefined;
      failed?.fail(error);
      await failed?.relay.stop();
      throw error;
    }
  }

  private check(): void {
    if (this.end !== undefined) throw this.end;
  }

  async facts(): Promise<NetworkFacts> {
    this.check();
    const { measurement, platform, worker } = this.enclave as EnclaveFacts;
    const { genesis, genesisHash } = this.chain;
    return { name: genesis.name, genesisHash, cluster: embeddedCluster, measurement, platform, worker };
  }

  async workers(): Promise<Registrations> {
    this.check();
    const { chain } = this;
    const view = chain.view();
    const workers = registeredWorkers(view).map(({ attestation, expires }) => ({
      attestation: encode(attestation, writeAttestation),
      header: chain.header(attestation.registration.block.number),
      active: isTrusted(view, attestation) && chain.head.timestamp < expires,
    }));
    const [measurements, signers] = [allowedMeasurements(view), acceptedSigners(view)];
    return { genesis: chain.genesisBytes.slice(), workers, measurements, signers };
  }

  async nextNonce(account: Uint8Array): Promise<number> {
    this.check();
    return this.pool.nextNonce(account);
  }

  async submit(bytes: Uint8Array, signal?: AbortSignal): Promise<Inclusion> {
    this.check();
    signal?.throwIfAborted();
    if (bytes.length > LARGEST_EXTRINSIC) {
      throw new EngineError("ExtrinsicTooLarge", { bytes: bytes.length, most: LARGEST_EXTRINSIC });
    }
    const hash = blake2_256(bytes);
    const name = toHex(hash);
    let submission = this.submissions.get(name);
    if (submission === undefined) {
      // Those whose signatures are still to be checked are in no pool yet, but they wait as well.
      const waiting = this.submissions.size;
      if (waiting >= 2 * poolLimits.extrinsics) throw new EngineError("PoolFull", { waiting });
      submission = this.order(bytes.slice(), hash).finally(() => this.submissions.delete(name));
      submission.catch(() => undefined);
      this.submissions.set(name, submission);
    }
    return unlessAborted(submission, signal);
  }

  private async order(bytes: Uint8Array, hash: Uint8Array): Promise<Inclusion> {
    const known = this.chain.placeOf(hash);
    if (known !== undefined) return this.included(known);
    const checked: CheckedExtrinsic = { extrinsic: decodeExtrinsic(bytes), bytes, hash };
    this.pool.admit(checked);
    await checkSignature(checked.extrinsic, this.chain.genesisHash);
    this.check();
    const place = new Promise<Place>((resolve, reject) => {
      this.unplaced.set(toHex(hash), { resolve, reject });
      const refuse = (error: unknown): void => {
        this.unplaced.delete(toHex(hash));
        reject(error);
      };
      try {
        this.pool.add({ ...checked, refuse });
      } catch (error) {
        refuse(error);
      }
    });
    this.author.wake();
    return this.included(await place);
  }

  /** A block is on disk. */
  private placed(block: number, extrinsics: readonly CheckedExtrinsic[]): void {
    for (const { hash } of extrinsics) {
      const name = toHex(hash);
      const place = this.chain.placeOf(hash);
      const waiter = this.unplaced.get(name);
      this.unplaced.delete(name);
      if (place === undefined)
        waiter?.reject(new EngineError("Internal", { what: `block ${block} lost an extrinsic` }));
      else waiter?.resolve(place);
    }
    this.relay.wake();
  }

  /** The inclusion of an extrinsic that is in a block, once the block is executed. */
  private async included({ block, index }: Place): Promise<Inclusion> {
    const { receipts } = await this.receiptsOf(block);
    const receipt = receipts[index];
    if (receipt === undefined) throw new EngineError("Internal", { what: `block ${block} has no receipt ${index}` });
    return { block, index, receipt: encode(receipt, writeReceipt) };
  }

  private receiptsOf(block: number): Promise<SealedReceipts> {
    const bytes = this.chain.receipts(block);
    if (bytes !== undefined) return Promise.resolve(decode(bytes, "sealed receipts", readSealedReceipts));
    // What is executed is not executed again, so nobody may wait for it.
    if (block <= this.relay.executed) {
      const reason = `it has no receipts of block ${block}`;
      return Promise.reject(new EngineError("FolderDamaged", { dir: this.dir, reason }));
    }
    return new Promise((resolve, reject) => {
      const waiters = this.unexecuted.get(block) ?? [];
      waiters.push({ resolve, reject });
      this.unexecuted.set(block, waiters);
    });
  }

  /** The enclave has executed a block that is on disk. */
  private executed(number: number, sealed: SealedReceipts, logs: readonly EnclaveLog[], again: boolean): void {
    for (const waiter of this.unexecuted.get(number) ?? []) waiter.resolve(sealed);
    this.unexecuted.delete(number);
    this.author.wake();
    this.idle ??= setTimeout(() => {
      this.idle = undefined;
      this.chain.writeReceipts().catch((error) => this.fail(error));
    }, IDLE_MS).unref();
    if (again) return;
    this.log(logs);
    if (this.listeners.receipt.size > 0) {
      for (const receipt of sealed.receipts) this.emit("receipt", { receipt: encode(receipt, writeReceipt) });
    }
    const { hash, stateRoot } = sealed.seal;
    if (this.listeners.block.size > 0) {
      this.emit("block", { number, hash, extrinsics: this.chain.extrinsicsIn(number), stateRoot });
    }
  }

  private log(logs: readonly EnclaveLog[]): void {
    for (const line of logs) {
      const record = { ...line, sequence: this.nextLine++ };
      this.lines.push(record);
      if (this.lines.length > LOG_LINES * 2) this.lines.splice(0, LOG_LINES);
      this.emit("log", record);
    }
  }

  private emit<E extends keyof NodeEvents>(event: E, value: NodeEvents[E]): void {
    for (const listener of this.listeners[event]) {
      // A listener's failure is its own: it must neither stop the relay nor the other listeners.
      queueMicrotask(() => listener(value));
    }
  }

  /** Calls the enclave; when the node ends meanwhile, that is what the caller is told. */
  private async ask(entry: number, body: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.relay.call(entry, body, signal);
    } catch (error) {
      this.check();
      throw error;
    }
  }

  async query(request: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    this.check();
    signal?.throwIfAborted();
    const answer = decode(
      await unlessAborted(this.ask(Entry.query, request, signal), signal),
      "enclave result",
      readEnclaveResult,
    );
    this.log(answer.logs);
    return answer.result;
  }

  async metrics(): Promise<Uint8Array> {
    this.check();
    return await this.ask(Entry.metrics, new Uint8Array(0));
  }

  async codeExists(hash: Uint8Array): Promise<boolean> {
    this.check();
    return decode(await this.ask(Entry.codeExists, hash), "answer", (r) => r.bool());
  }

  async contractCode(contract: Uint8Array): Promise<Uint8Array | undefined> {
    this.check();
    return decode(await this.ask(Entry.contractCode, contract), "answer", (r) => r.option((o) => o.raw(32)));
  }

  async egressRules(contract: Uint8Array): Promise<EgressRules | undefined> {
    this.check();
    return decode(await this.ask(Entry.egressRules, contract), "answer", (r) => r.option(readEgressRules));
  }

  async prove(question: StateQuestion): Promise<BlockStateProof> {
    this.check();
    return decode(await this.ask(Entry.prove, encode(question, writeStateQuestion)), "answer", readBlockStateProof);
  }

  async balance(account: Uint8Array): Promise<{ readonly total: bigint; readonly free: bigint }> {
    this.check();
    return decode(await this.ask(Entry.balance, account), "answer", (r) => ({
      total: r.u128(),
      free: r.u128(),
    }));
  }

  async inclusion(hash: Uint8Array): Promise<Inclusion | undefined> {
    this.check();
    const place = this.chain.placeOf(hash);
    return place === undefined ? undefined : this.included(place);
  }

  async inclusionOf(account: Uint8Array, nonce: number): Promise<Inclusion | undefined> {
    this.check();
    const place = this.chain.placeOfNonce(account, nonce);
    return place === undefined ? undefined : this.included(place);
  }

  async proof(block: number): Promise<BlockProof | undefined> {
    this.check();
    if (!(block >= 1 && block <= this.chain.head.number)) return undefined;
    if (this.proven?.block !== block) {
      const { seal, receipts } = await this.receiptsOf(block);
      const hashes = new Uint8Array(32 * receipts.length);
      for (const [i, receipt] of receipts.entries()) hashes.set(blake2_256(receiptCore(receipt)), 32 * i);
      this.proven = { block, proof: { seal: encode(seal, writeSeal), hashes } };
    }
    const { seal, hashes } = this.proven.proof;
    return { seal: seal.slice(), hashes: hashes.slice() };
  }

  async putMetadata(hash: Uint8Array, metadata: string): Promise<void> {
    this.check();
    const value = new TextEncoder().encode(metadata);
    if (hash.length !== 32 || value.length > LARGEST_METADATA) {
      const reason = `${hash.length} bytes of hash, ${value.length} of metadata (${LARGEST_METADATA} at most)`;
      throw new EngineError("Undecodable", { what: "contract metadata", reason });
    }
    await this.places.store.write([{ key: key("metadata", hash as CodeHash), value }]).flushed;
  }

  async metadata(hash: Uint8Array): Promise<string | undefined> {
    this.check();
    const value = this.places.store.get(key("metadata", hash));
    return value === undefined ? undefined : new TextDecoder().decode(value);
  }

  async logs(from: number, limit: number): Promise<readonly LogRecord[]> {
    this.check();
    const first = this.lines[0]?.sequence ?? 0;
    const start = Math.max(0, from - first);
    return this.lines.slice(start, start + Math.min(limit, LOG_LINES));
  }

  on<E extends keyof NodeEvents>(event: E, listener: (value: NodeEvents[E]) => void): () => void {
    // One entry a call, so that a function that listens twice is heard twice and ends one at a time.
    const entry = (value: NodeEvents[E]): void => listener(value);
    this.listeners[event].add(entry);
    return () => this.listeners[event].delete(entry);
  }

  /** Ends what waits; nothing is answered any more. */
  private fail(error: unknown): void {
    this.end ??= error;
    this.registrar.stop();
    clearTimeout(this.idle);
    this.pool.clear(error);
    for (const { reject } of this.unplaced.values()) reject(error);
    this.unplaced.clear();
    for (const waiters of this.unexecuted.values()) for (const { reject } of waiters) reject(error);
    this.unexecuted.clear();
  }

  /** Finishes what is in blocks, refuses what only waits, takes a checkpoint, and ends everything. */
  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    const closed = new EngineError("NodeClosed");
    const failed = this.end !== undefined;
    this.end ??= closed;
    this.registrar.stop();
    try {
      await this.author.stop();
      this.pool.clear(closed);
      await this.relay.stop();
      clearTimeout(this.idle);
      if (!failed) await this.chain.writeReceipts();
    } finally {
      this.fail(closed);
      for (const set of Object.values(this.listeners)) set.clear();
      try {
        await this.places.store.close();
      } finally {
        await this.places.release();
      }
    }
  }
}
