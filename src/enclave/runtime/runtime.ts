/**
 * pRuntime: verified blocks in, sealed receipts out; queries on snapshots.
 *
 * The relay is not trusted: a block is executed only when it continues the header chain, is signed by the authority and
 * carries the very messages that its header commits to. A block that is refused changes nothing. There is no clock
 * here: the time is the chain's, and what a query needs beyond it comes with the query.
 *
 * Who may send what (the chain answers for the sender of a message):
 * - cluster events `deploy`, `deposit`, `systemCode`: the pallet, or for `deploy` and `systemCode` the governor's
 *   account;
 * - cluster event `upload`: an account, who pays the deposit;
 * - cluster event `egress`: the account that owns the cluster;
 * - registry events: the pallet;
 * - instantiations: an account;
 * - commands: an account; or the pallet, whose command runs without gas payment in the name of the system contract.
 * Everything else is answered by a `refused` receipt.
 * @module
 */

import { blake2_256 } from "../../crypto/hash.ts";
import { EngineError } from "../../errors.ts";
import type { Machine } from "../../vm/index.ts";
import { type Genesis, type RelayedBlock, readGenesis } from "../../wire/block.ts";
import { type BlockHash, blockHash, type ClusterId, type ContractId, sameBytes, toHex } from "../../wire/bytes.ts";
import type { LogRecord } from "../../wire/node.ts";
import type { QueryRequest } from "../../wire/query.ts";
import type { SealedReceipts } from "../../wire/receipt.ts";
import { decode, encode, type Reader, Writer } from "../../wire/scale.ts";
import { type BlockStateProof, type ProvablePart, writeStateProof } from "../../wire/state-proof.ts";
import { accountOf } from "../contract/balances.ts";
import type { QueryEnvironment } from "../contract/call.ts";
import { CodeStore } from "../contract/codes.ts";
import type { Engine, Moment } from "../contract/execution.ts";
import { contractHost } from "../contract/host.ts";
import { LocalCache } from "../contract/pink/cache.ts";
import type { KeyProvider } from "../keys/provider.ts";
import {
  dirtyBytes,
  evict,
  loadState,
  type Place,
  placesOf,
  residentBytes,
  type SaveOptions,
  type StateSink,
  type StateSource,
  saveState,
} from "../state/extents.ts";
import { proveState } from "../state/proofs.ts";
import { State } from "../state/state.ts";
import { BlockExecution } from "./block.ts";
import { type Pinned, type QueryPass, runQuery } from "./query.ts";
import { Registry } from "./registry.ts";
import { type Tip, verifyBlock } from "./verify.ts";

/** A log line; the host numbers it. */
export type RuntimeLog = Omit<LogRecord, "sequence">;

/** What the runtime stands on. */
export interface RuntimeServices {
  /** Not shared with another runtime. */
  readonly machine: Machine;
  /**
   * Bytes of stack of a frame's guest: the same on every replica. The thread must have `requiredStackBytes` for it; the
   * default fits any thread's.
   */
  readonly maxStack?: number;
  readonly keys: KeyProvider;
  /** Takes what contracts log and print, as it happens; a block that fails has logged what it had. */
  readonly log?: (record: RuntimeLog) => void;
  /** The worker's cache, with its own clock; one that goes by the chain's time when absent. */
  readonly cache?: LocalCache;
  /** Where parts of the state that were saved are read from; without one all of it stays in memory. */
  readonly source?: StateSource;
}

/** A save of the state, one part a step. */
export type RuntimeSaving = Generator<void, RuntimeSave>;

/** A state that was saved. */
export interface RuntimeSave {
  /** What `resume` begins with. */
  readonly content: Uint8Array;
  /** Takes the parts as written: until then they are kept, and would be written again. */
  commit(): void;
  /** Every place that this state needs. */
  places(): Iterable<Place>;
}

/** A block under way. Whatever one of these throws, the block is over, and the state is as it was before it. */
export interface Dispatching {
  /** Executes the next message or hook. @returns false, and nothing done, when none is left: then it is to be finished. */
  step(): boolean;
  /** Whether the last step took next to no time, by its gas: then there is no need to look at a clock. */
  light(): boolean;
  /** To be called before anything else here is. */
  pause(): void;
  /** Seals the block. */
  finish(): DispatchResult;
}

/** What executing a block gives. */
export interface DispatchResult {
  /** One receipt for each message, then one for each block-end hook, and the seal over them. */
  readonly sealed: SealedReceipts;
}

/** A moment of the state that queries can be run on, as often as they need. */
export interface QuerySnapshot {
  /** Number of the block whose state it is. */
  readonly block: number;
  /** What the query's contracts see of the chain. */
  readonly moment: QueryMoment;
  /** Root of the state: 32 bytes. */
  readonly stateRoot: Uint8Array;
  /**
   * Runs one pass of a query; nothing of it is written.
   * @param environment `pink` is the query's `QuerySession`, kept over its passes; one that is not suspended needs none.
   */
  query(request: QueryRequest, environment: QueryEnvironment): QueryPass;
}

/** The block that a query sees as the last one. */
export type QueryMoment = Pick<Moment, "block" | "lastBlockHash" | "now">;

/** The version of what `save` gives. */
const saveVersion = 5;

/** The contract runtime of one isolate: one chain, at most one cluster. */
export class Runtime {
  readonly #genesis: Genesis;
  readonly #genesisHash: BlockHash;
  readonly #engine: Engine;
  /** The local caches of the worker's contracts; never part of the state. */
  readonly cache: LocalCache;
  /** With what the block under way has changed so far. */
  #state: State;
  #block: BlockExecution | undefined;
  #registry: Registry;
  /** What queries run on since the last block. */
  #pinned: Pinned | undefined;
  #tip: Tip;
  #root: Uint8Array;

  private constructor(
    chain: { readonly genesis: Genesis; readonly hash: BlockHash },
    services: RuntimeServices,
    at: { readonly state: State; readonly tip: Tip; readonly registry: Registry },
  ) {
    this.#genesis = chain.genesis;
    this.#genesisHash = chain.hash;
    this.#state = at.state;
    this.#registry = at.registry;
    this.#tip = at.tip;
    this.#root = at.state.root();
    this.cache = services.cache ?? new LocalCache(() => Number(this.#tip.timestamp / 1000n));
    const { log } = services;
    this.#engine = {
      machine: services.machine,
      host: contractHost,
      codes: new CodeStore(services.machine, services.maxStack),
      keys: services.keys,
      log: (contract, level, text, query, block) => log?.({ block, contract, level, text, query }),
    };
    this.#applyWeights();
  }

  /**
   * Starts at the genesis block.
   * @param genesis SCALE `Genesis`; its blake2_256 is the hash of block 0.
   */
  static create(genesis: Uint8Array, services: RuntimeServices): Runtime {
    const chain = chainOf(genesis);
    const tip = { number: 0, hash: chain.hash, timestamp: chain.genesis.timestamp };
    return new Runtime(chain, services, { state: State.empty(services.source), tip, registry: Registry.empty });
  }

  /** Number of the last block executed. */
  get height(): number {
    return this.#tip.number;
  }

  /** Its hash. */
  get hash(): BlockHash {
    return this.#tip.hash;
  }

  /** Root of the state after it: 32 bytes. */
  get stateRoot(): Uint8Array {
    return this.#root;
  }

  /** The cluster that this worker serves; undefined until one was deployed. */
  get cluster(): ClusterId | undefined {
    return this.#sealed.cluster?.id;
  }

  /** What the chain trusts, and who is registered, as of that block. */
  get registry(): Registry {
    return this.#registry;
  }

  /** The cluster's system contract; undefined when there is none. */
  get systemContract(): ContractId | undefined {
    return this.#sealed.cluster?.systemContract;
  }

  /**
   * Executes the next block.
   * @throws {EngineError} `BlockRefused` when the block does not continue the chain or is not what its header says;
   *   any `EngineError` leaves the state as it was before the block.
   */
  dispatch(block: RelayedBlock): DispatchResult {
    const dispatching = this.begin(block);
    while (dispatching.step());
    return dispatching.finish();
  }

  /**
   * Begins to execute the next block, a step at a time. Until it is finished everything else here answers from the block
   * before, and no other one can be begun.
   * @throws {EngineError} `BlockRefused` when the block does not continue the chain or is not what its header says.
   */
  begin(block: RelayedBlock): Dispatching {
    if (this.#block !== undefined) throw new EngineError("Internal", { what: "two blocks at a time" });
    const hash = verifyBlock(block, this.#tip, this.#genesis.authority);
    const execution = new BlockExecution(block, {
      genesis: this.#genesis,
      genesisHash: this.#genesisHash,
      engine: this.#engine,
      cache: this.cache,
      state: this.#state,
      registry: this.#registry,
      tip: this.#tip,
      root: this.#root,
      before: this.#pinned?.state,
    });
    this.#block = execution;
    const { number, timestamp } = block.header;
    const step = (): boolean => execution.step();
    const pause = (): void => execution.pause();
    const finish = (): DispatchResult => this.#finish(execution, { number, hash, timestamp });
    return {
      step: () => this.#attempt(execution, step),
      light: () => execution.light,
      pause: () => this.#attempt(execution, pause),
      finish: () => this.#attempt(execution, finish),
    };
  }

  /** Does a part of a block; when it cannot be done nothing of the block has been. */
  #attempt<T>(execution: BlockExecution, work: () => T): T {
    if (this.#block !== execution) throw new EngineError("Internal", { what: "a step of a block that is over" });
    try {
      return work();
    } catch (error) {
      this.#state = execution.takeBack();
      this.#block = undefined;
      throw error;
    }
  }

  #finish(execution: BlockExecution, tip: Tip): DispatchResult {
    const stateRoot = this.#state.root();
    const sealed = execution.receipts.seal(tip.hash, stateRoot, this.#engine.keys);
    execution.cache.apply();
    this.#block = undefined;
    this.#registry = execution.registry;
    this.#tip = tip;
    this.#root = stateRoot;
    this.#pinned = undefined;
    if (execution.reweighed) this.#applyWeights();
    return { sealed };
  }

  /** The state after the last block, whatever is under way. */
  get #sealed(): State {
    return this.#block === undefined ? this.#state : this.#pin().state;
  }

  /** One fork for all queries between two blocks: each makes the next block copy what it changes. */
  #pin(): Pinned {
    this.#pinned ??= { state: this.#block?.before() ?? this.#state.fork(), spare: undefined };
    return this.#pinned;
  }

  #applyWeights(): void {
    const weights = [...this.#state.weights.entries()];
    this.cache.applyWeights(weights.map(({ key, value }) => ({ contract: key as ContractId, weight: value })));
  }

  /**
   * Keeps the newest state for queries, however many blocks follow.
   * @param as the block that its queries see in place of the last one: that of a query which is done again.
   * @throws {EngineError} `NoCluster` before a cluster was deployed.
   */
  pin(as?: QueryMoment): QuerySnapshot {
    const { cluster } = this.#sealed;
    if (cluster === undefined) throw new EngineError("NoCluster");
    const pinned = this.#pin();
    const { number, hash, timestamp } = this.#tip;
    const moment = as ?? { block: number, lastBlockHash: hash, now: timestamp };
    const context = { engine: this.#engine, pinned, cluster, moment, cache: this.cache };
    const query: QuerySnapshot["query"] = (request, environment) => runQuery(request, environment, context);
    return { block: moment.block, moment, stateRoot: this.#root, query };
  }

  /**
   * Runs one pass of a query on the newest state; nothing of it is written.
   * @throws {EngineError} `NoCluster` before a cluster was deployed.
   */
  query(request: QueryRequest, environment: QueryEnvironment): QueryPass {
    return this.pin().query(request, environment);
  }

  /**
   * Saves the state as it is now, whatever blocks follow: one part a step.
   * @throws {EngineError} what the sink throws; then nothing was saved.
   */
  save(sink: StateSink, options: SaveOptions = {}): RuntimeSaving {
    const head = new Writer(256);
    const { number, hash, timestamp } = this.#tip;
    head.u16(saveVersion).raw(this.#genesisHash).u32(number).raw(hash).u64(timestamp);
    this.#registry.write(head);
    return saving(head.take(), this.#sealed.fork(), sink, options);
  }

  /**
   * Goes on from what `save` gave; parts of the state are read when they are used.
   * @throws {EngineError} `Undecodable` when it is damaged, `GenesisMismatch` when it is another chain's.
   */
  static resume(
    genesis: Uint8Array,
    content: Uint8Array,
    services: RuntimeServices & { source: StateSource },
  ): Runtime {
    const chain = chainOf(genesis);
    const at = decode(content, "saved state", (r) => {
      const head = readHead(r, chain.hash);
      return { state: loadState(r.raw(r.remaining), services.source), ...head };
    });
    return new Runtime(chain, services, at);
  }

  /** Whether a block is under way. */
  get busy(): boolean {
    return this.#block !== undefined;
  }

  /** About how many bytes of memory the state takes, what the block under way has changed counted. */
  get residentBytes(): number {
    this.#settle();
    return residentBytes(this.#state);
  }

  /** Has what the block under way has changed hashed, which is what sizes are known from and what lets parts go. */
  #settle(): void {
    if (this.#block !== undefined) this.#state.root();
  }

  /** About how many of them have changed since they were saved. */
  get dirtyBytes(): number {
    return dirtyBytes(this.#state);
  }

  /** Lets go of parts of the state that were saved, those longest unused first. @returns the bytes freed. */
  evict(bytes: number): number {
    this.#settle();
    const freed = evict(this.#state, bytes);
    if (freed >= bytes || this.#block === undefined || this.#pinned === undefined) return freed;
    // What was read beside what the block has changed since may be the fork's alone.
    return freed + evict(this.#pinned.state, bytes - freed);
  }

  /** The weight of a contract, a u32; 0 unless the system contract gave it one. */
  weight(contract: Uint8Array): number {
    return this.#sealed.weights.get(contract) ?? 0;
  }

  /** What the cluster's owner lets a contract reach, SCALE `EgressRules`; undefined when there is no word of it. */
  egressRules(contract: Uint8Array): Uint8Array | undefined {
    return contract.length === 32 ? this.#sealed.egress.get(contract) : undefined;
  }

  /**
   * Proves what is at a key of the state after the last block, or that nothing is.
   *
   * Of what anybody may know, and whoever asks is told without proof: balances, code hashes of contracts, that code is
   * stored. Nothing of a contract's storage is proven to the outside; `proofs.ts` says what a proof shows.
   * @param key 32 bytes.
   */
  prove(part: ProvablePart, key: Uint8Array): BlockStateProof {
    return { block: this.#tip.number, proof: encode(proveState(this.#sealed, part, key), writeStateProof) };
  }

  /** Whether contract code of this hash is stored. */
  codeExists(hash: Uint8Array): boolean {
    return hash.length === 32 && this.#sealed.codes.get(hash) !== undefined;
  }

  /** The code hash of a contract; undefined when there is none. */
  contractCode(contract: Uint8Array): Uint8Array | undefined {
    return contract.length === 32 ? this.#sealed.contracts.get(contract)?.info.codeHash : undefined;
  }

  /** Balance of an account in the cluster. */
  balance(account: Uint8Array): { readonly total: bigint; readonly free: bigint } {
    const { free, held } = account.length === 32 ? accountOf(this.#sealed, account) : { free: 0n, held: 0n };
    return { total: free + held, free };
  }
}

function readHead(r: Reader, genesisHash: BlockHash): { readonly tip: Tip; readonly registry: Registry } {
  const version = r.u16();
  if (version !== saveVersion) throw r.fail(`a state of version ${version}`);
  const genesis = r.raw(32);
  if (!sameBytes(genesis, genesisHash)) {
    throw new EngineError("GenesisMismatch", { found: toHex(genesis), expected: toHex(genesisHash) });
  }
  const tip = { number: r.u32(), hash: blockHash(r.raw(32)), timestamp: r.u64() };
  return { tip, registry: Registry.read(r) };
}

function* saving(head: Uint8Array, state: State, sink: StateSink, options: SaveOptions): RuntimeSaving {
  const { manifest, commit } = yield* saveState(state, sink, options);
  const content = new Uint8Array(head.length + manifest.length);
  content.set(head);
  content.set(manifest, head.length);
  return { content, commit, places: () => placesOf(state) };
}

function chainOf(bytes: Uint8Array): { readonly genesis: Genesis; readonly hash: BlockHash } {
  return { genesis: decode(bytes, "genesis", readGenesis), hash: blockHash(blake2_256(bytes)) };
}
