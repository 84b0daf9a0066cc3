/**
 * The entry calls of the enclave: the only ways in. Bytes in, bytes out; anything else is refused.
 *
 * Everything that arrives here is the host's, so it is hostile: it is read by codecs that trust nothing, and what is
 * wrong becomes an error for the caller, never the end of the enclave.
 *
 * A block is executed in slices of some milliseconds: a message or a hook is never interrupted, and between two of them
 * the isolate's other work has its turn. What an entry does while a block is half executed is one of three:
 * - it answers at once, from the state after the block before: `query`, `balance`, `codeExists`, `contractCode`,
 *   `egressRules`, `prove`, `attest`; or without any state: `cancel`, `metrics`;
 * - it stands in line behind the block, and behind whatever came before it: `dispatch`, `checkpoint`, `challenge`, `give`.
 *   They are answered as if every block had been executed in one go, `checkpoint` once it is on disk;
 * - it is refused, as it is at any time after `start`: `open`, `start`, `succeed`, `follow`, `ask`, `take`.
 * Nothing of a block can be seen before the block is sealed: of its changes, its log lines, its effects on the cache.
 * @module
 */

import { randomBytes } from "node:crypto";
import { blake2_256 } from "../crypto/hash.ts";
import { quotedData } from "../crypto/quote.ts";
import { EngineError } from "../errors.ts";
import type { Platform } from "../platform/platform.ts";
import type { Surroundings } from "../platform/surroundings.ts";
import { Machine } from "../vm/index.ts";
import { type Registration, registrationBytes, registrationPurpose, writeAttestation } from "../wire/attestation.ts";
import { decodeRelayedBlock, readGenesis, writeHeader } from "../wire/block.ts";
import { accountId, type BlockHash, blockHash, sameBytes } from "../wire/bytes.ts";
import { type EnclaveSettings, readSettings, writeMetrics } from "../wire/egress.ts";
import {
  type EnclaveLog,
  type EnclaveOptions,
  Entry,
  readEnclaveOptions,
  readStartOffer,
  type StartOffer,
  writeEnclaveFacts,
  writeEnclaveHeight,
  writeEnclavePlace,
  writeEnclaveResult,
  writeEnclaveStart,
} from "../wire/entry.ts";
import {
  readHandoverAnswer,
  readHandoverChallenge,
  readHandoverRequest,
  writeHandoverAnswer,
  writeHandoverChallenge,
  writeHandoverRequest,
} from "../wire/handover.ts";
import { readQuery } from "../wire/query.ts";
import { writeSealedReceipts } from "../wire/receipt.ts";
import { decode, encode } from "../wire/scale.ts";
import { readStateQuestion, writeBlockStateProof } from "../wire/state-proof.ts";
import { Checkpoints } from "./checkpoint/checkpoints.ts";
import { measuredConfiguration } from "./configuration.ts";
import { maxContractStack } from "./contract/limits.ts";
import { LocalCache } from "./contract/pink/cache.ts";
import { Egress } from "./egress/egress.ts";
import { Queries } from "./egress/queries.ts";
import { Giver, type GiverPosition, Taker } from "./handover.ts";
import { keysFromRoot } from "./keys/from-root.ts";
import type { KeyProvider } from "./keys/provider.ts";
import { openSecrets, type Seals, sealSecrets, sealsOf } from "./keys/secrets.ts";
import { Line, type Pace, type Work } from "./line.ts";
import { Runtime, type RuntimeServices } from "./runtime/runtime.ts";
import type { StateSource } from "./state/extents.ts";

const QUERY_LOG = "query log";
/** The most log lines that one call gives back; the first ones are kept. */
const MOST_LOGS = 10_000;
/** Bytes of contract state that stay in memory unless the host says otherwise. */
const usualMemory = 512 * 1024 * 1024;
/** Milliseconds that a query can take, when it is not said. */
const usualGrace = 10_000;

/** What an enclave has before it has secrets. */
interface Prepared {
  readonly platform: Platform;
  readonly genesis: Uint8Array;
  readonly genesisHash: BlockHash;
  readonly settings: EnclaveSettings;
  readonly egress: Egress;
  readonly checkpointFolder: string | undefined;
}

interface Opened extends Prepared {
  readonly keys: KeyProvider;
  readonly seals: Seals;
  readonly giver: Giver;
  /** Undefined when nothing is kept. */
  readonly checkpoints: Checkpoints | undefined;
}

/** What answers queries, from `start` on. */
interface Started {
  readonly runtime: Runtime;
  readonly queries: Queries;
}

/**
 * Milliseconds of blocks between two turns of everything else, and those that such a turn may have, about. To give way costs
 * some hundredths of a millisecond; a block of some hundred cheap transactions is done within one slice.
 */
const sliceMs = 5;
const patienceMs = 10;

const nothing = new Uint8Array(0);
/** Milliseconds of a clock that never goes back. */
const now = (): number => performance.now();
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

function outOfOrder(entry: string): EngineError {
  return new EngineError("EntryUnknown", { entry: `"${entry}" in this state of the enclave` });
}

/** The enclave behind its entries. */
export class Entries {
  readonly #surroundings: Pick<Surroundings, "openPlatform" | "openFiles">;
  #opened: Opened | undefined;
  /** Whose secrets it is to have, before it has them. */
  #succession: { readonly prepared: Prepared; readonly taker: Taker } | undefined;
  /** Whether it started from less than it had been at, by its owner's leave. */
  #rolledBack = false;
  /** Bytes of state that had been read when memory was last looked at. */
  #readBefore = 0;
  #retired = false;
  #running: Started | undefined;
  /** Where log lines go. */
  #logs: EnclaveLog[] = [];
  readonly #line: Line;

  /** @param pace of blocks. */
  constructor(surroundings: Pick<Surroundings, "openPlatform" | "openFiles">, pace: Partial<Pace> = {}) {
    this.#surroundings = surroundings;
    this.#line = new Line({ now, sliceMs, patienceMs, later: setImmediate, ...pace });
  }

  /**
   * Answers one call: a query later, and what stands in line when its turn comes.
   * @param frame what its body is read from: the bytes from `from` up to, and without, `to`.
   * @param request number of the call, by which a query can be cancelled.
   * @throws {PhatError} whatever is wrong with it; the enclave is as it was. A promise rejects with the same.
   */
  call(entry: number, frame: Uint8Array, request = 0, from = 0, to = frame.length): Uint8Array | Promise<Uint8Array> {
    this.#line.press();
    if (this.#retired) throw new EngineError("EnclaveRetired");
    switch (entry) {
      case Entry.query:
        return this.#query(frame, request, from, to);
      case Entry.cancel: {
        const { queries } = this.#running ?? this.#none("cancel");
        queries.cancel(decode(frame, "request number", (r) => r.u32(), from, to));
        return nothing;
      }
      case Entry.metrics: {
        const { queries } = this.#running ?? this.#none("metrics");
        return encode((this.#opened as Opened).egress.metrics.read(queries.active), writeMetrics);
      }
      case Entry.egressRules: {
        const rules = this.#answering("egressRules").runtime.egressRules(account(frame, from, to));
        return encode(rules, (w) => w.option(rules, (o, bytes) => o.raw(bytes)));
      }
      case Entry.balance: {
        const { total, free } = this.#answering("balance").runtime.balance(account(frame, from, to));
        return encode(total, (w) => w.u128(total).u128(free));
      }
      case Entry.codeExists: {
        const exists = this.#answering("codeExists").runtime.codeExists(account(frame, from, to));
        return encode(exists, (w) => w.bool(exists));
      }
      case Entry.contractCode: {
        const code = this.#answering("contractCode").runtime.contractCode(account(frame, from, to));
        return encode(code, (w) => w.option(code, (o, hash) => o.raw(hash)));
      }
      case Entry.prove: {
        const { runtime } = this.#answering("prove");
        const { part, key } = decode(frame, "question", readStateQuestion, from, to);
        return encode(runtime.prove(part, key), writeBlockStateProof);
      }
      default:
        return this.#change(entry, frame.subarray(from, to));
    }
  }

  /** Answers what only the node itself calls: what changes the enclave, or keeps or vouches for what it is. */
  #change(entry: number, body: Uint8Array): Uint8Array | Promise<Uint8Array> {
    switch (entry) {
      case Entry.open:
        return this.#open(body);
      case Entry.start:
        return this.#start(body);
      case Entry.dispatch:
        return this.#stand(body, (block) => this.#dispatch(block));
      case Entry.checkpoint:
        return this.#stand(body, () => this.#checkpoint());
      case Entry.attest:
        return this.#attest(body);
      case Entry.challenge:
        return this.#stand(body, () => this.#challenge());
      case Entry.give:
        return this.#stand(body, (request) => this.#give(request));
      case Entry.succeed:
        return this.#succeed(body);
      case Entry.follow:
        this.#taker("follow").follow(decodeRelayedBlock(body));
        return nothing;
      case Entry.ask:
        return encode(this.#taker("ask").ask(decode(body, "challenge", readHandoverChallenge)), writeHandoverRequest);
      case Entry.take:
        return this.#take(body);
      default:
        throw new EngineError("EntryUnknown", { entry });
    }
  }

  #none(entry: string): never {
    throw outOfOrder(entry);
  }

  #started(entry: string): Runtime {
    return (this.#running ?? this.#none(entry)).runtime;
  }

  /** What answers: nothing, while the state is behind what it has answered from before. */
  #answering(entry: string): Started {
    const running = this.#running ?? this.#none(entry);
    if (running.runtime.height < this.#bound) {
      throw new EngineError("EntryUnknown", { entry: `"${entry}" until block ${this.#bound} is executed again` });
    }
    return running;
  }

  get #bound(): number {
    return this.#opened?.checkpoints?.bound.height ?? 0;
  }

  #open(body: Uint8Array): Uint8Array {
    if (this.#opened !== undefined || this.#succession !== undefined) throw outOfOrder("open");
    const options = decode(body, "enclave options", readEnclaveOptions);
    const prepared = this.#prepare(options);
    const { platform, genesisHash } = prepared;
    const known = options.secrets;
    const root = known === undefined ? random(32) : openSecrets(platform, genesisHash, known);
    return this.#enter(prepared, root, known !== undefined);
  }

  #prepare(options: EnclaveOptions): Prepared {
    const settings = readSettings(options.settings);
    const egress = new Egress({
      options: settings.egress,
      now,
      owned: (contract) => this.#running?.runtime.egressRules(contract),
    });
    const platform = this.#surroundings.openPlatform(options.platformFolder, measuredConfiguration(settings));
    const { genesis, checkpointFolder } = options;
    return { platform, genesis, genesisHash: blockHash(blake2_256(genesis)), settings, egress, checkpointFolder };
  }

  /** Has its secrets from here on. @param kept whether the host has them sealed already. */
  #enter(prepared: Prepared, root: Uint8Array, kept: boolean): Uint8Array {
    const { platform, genesisHash, checkpointFolder } = prepared;
    const secrets = kept ? undefined : sealSecrets(platform, genesisHash, root);
    const keys = keysFromRoot(root);
    const seals = sealsOf(root, genesisHash);
    const giver = new Giver(platform, genesisHash, root);
    const files = checkpointFolder === undefined ? undefined : this.#surroundings.openFiles(checkpointFolder);
    const checkpoints =
      files === undefined
        ? undefined
        : new Checkpoints({
            files,
            platform,
            ...seals,
            genesisHash,
            random,
            now,
            graceMs: 2 * (prepared.settings.queries.timeoutMs ?? usualGrace),
          });
    this.#opened = { ...prepared, keys, seals, giver, checkpoints };
    const { measurement, signer, name } = platform;
    return encode({ measurement, platform: name, signer, worker: keys.workerKey, secrets }, writeEnclaveFacts);
  }

  /** Opens without secrets, to be given another enclave's. */
  #succeed(body: Uint8Array): Uint8Array {
    if (this.#opened !== undefined || this.#succession !== undefined) throw outOfOrder("succeed");
    const prepared = this.#prepare(decode(body, "enclave options", readEnclaveOptions));
    const { platform, genesisHash } = prepared;
    const genesis = decode(prepared.genesis, "genesis", readGenesis);
    this.#succession = { prepared, taker: new Taker(platform, { genesis, hash: genesisHash }) };
    const { measurement, signer, name } = platform;
    return encode({ measurement, platform: name, signer }, writeEnclavePlace);
  }

  #taker(entry: string): Taker {
    return (this.#succession ?? this.#none(entry)).taker;
  }

  #take(body: Uint8Array): Uint8Array {
    const root = this.#taker("take").take(decode(body, "answer", readHandoverAnswer));
    const { prepared } = this.#succession as { prepared: Prepared };
    this.#succession = undefined;
    return this.#enter(prepared, root, false);
  }

  /**
   * The giver, if it stands where it has to. A host that takes the counter away, or the files that say how far the
   * enclave had been, shows it a chain of its choice: one on which what governance has removed is still allowed.
   */
  #giver(): Giver {
    this.#answering("challenge");
    const { giver, checkpoints, platform } = this.#opened as Opened;
    const unbound = checkpoints === undefined && platform.counter() > 0n;
    if (unbound || this.#rolledBack) {
      throw new EngineError("HandoverRefused", { reason: "nothing shows that this is the newest end of the chain" });
    }
    return giver;
  }

  #position(): GiverPosition {
    return this.#started("challenge");
  }

  #challenge(): Uint8Array {
    return encode(this.#giver().challenge(this.#position(), random(32)), writeHandoverChallenge);
  }

  #give(body: Uint8Array): Uint8Array {
    const answer = this.#giver().give(decode(body, "request", readHandoverRequest), this.#position());
    this.#retired = true;
    return encode(answer, writeHandoverAnswer);
  }

  #start(body: Uint8Array): Uint8Array {
    const opened = this.#opened;
    if (opened === undefined || this.#running !== undefined) throw outOfOrder("start");
    const offer = decode(body, "start", readStartOffer);
    this.#rolledBack = offer.acceptRollback;
    const services: RuntimeServices = {
      machine: new Machine(),
      maxStack: maxContractStack,
      keys: opened.keys,
      cache: new LocalCache(() => Math.floor(now() / 1000)),
      log: (record: EnclaveLog) => {
        if (this.#logs.length < MOST_LOGS) this.#logs.push(record);
      },
    };
    const { checkpoints } = opened;
    const { runtime, warnings } =
      checkpoints === undefined
        ? { runtime: Runtime.create(opened.genesis, services), warnings: [] }
        : this.#recovered(opened, checkpoints, offer, { ...services, source: checkpoints.source });
    this.#running = { runtime, queries: this.#queries(opened, runtime) };
    const { height, hash } = runtime;
    return encode({ height, hash, bound: this.#bound, warnings }, writeEnclaveStart);
  }

  #recovered(
    { genesis }: Opened,
    checkpoints: Checkpoints,
    offer: StartOffer,
    services: RuntimeServices & { readonly source: StateSource },
  ): { readonly runtime: Runtime; readonly warnings: readonly string[] } {
    const { restored, warnings } = checkpoints.start(offer, (at, content) => {
      const runtime = Runtime.resume(genesis, content, services);
      if (!sameBytes(runtime.hash, at.hash) || !sameBytes(runtime.stateRoot, at.stateRoot)) {
        throw new EngineError("SealBroken", { what: "The checkpoint", reason: "its state is that of another block" });
      }
      return runtime;
    });
    return { runtime: restored ?? Runtime.create(genesis, services), warnings };
  }

  #queries({ seals, settings, egress }: Opened, runtime: Runtime): Queries {
    const { keys, policy } = seals;
    return new Queries({
      runtime,
      egress,
      limits: settings.queries,
      logs: {
        seal: (log, block) => keys.sealRecord(policy, QUERY_LOG, { sequence: BigInt(block), counter: 0n }, log),
        unseal: (sealed) => keys.openRecord(policy, QUERY_LOG, sealed).plaintext,
      },
      now,
      time: () => BigInt(Date.now()),
      random,
      logInto: (lines, work) => this.#logInto(lines, work),
    });
  }

  /** Vouches for this worker's key, chain and height: what it registers with. */
  #attest(body: Uint8Array): Uint8Array {
    const { height, hash } = this.#started("attest");
    const operator = decode(body, "operator", (r) => r.option((o) => accountId(o.raw(32))));
    const { platform, keys, genesisHash } = this.#opened as Opened;
    const registration: Registration = {
      version: 1,
      worker: keys.workerKey,
      genesisHash,
      block: { number: height, hash },
      features: [1],
      operator,
    };
    const quote = platform.quote(quotedData(registrationPurpose, registrationBytes(registration)));
    return encode({ registration, quote }, writeAttestation);
  }

  /**
   * Does something once everything that came before it in line is done.
   * @param body its memory is the frame's: what has to wait is given a copy.
   */
  #stand(
    body: Uint8Array,
    work: (body: Uint8Array) => Uint8Array | Promise<Uint8Array> | Work,
  ): Uint8Array | Promise<Uint8Array> {
    const kept = this.#line.waits ? body.slice() : body;
    return this.#line.take(this.#inTurn(() => work(kept)));
  }

  *#inTurn(work: () => Uint8Array | Promise<Uint8Array> | Work): Work {
    if (this.#retired) throw new EngineError("EnclaveRetired");
    const result = work();
    return result instanceof Uint8Array || result instanceof Promise ? result : yield* result;
  }

  *#dispatch(body: Uint8Array): Work {
    const runtime = this.#started("dispatch");
    const block = decodeRelayedBlock(body);
    const { checkpoints } = this.#opened as Opened;
    checkpoints?.check(block.header.number, () => blake2_256(encode(block.header, writeHeader)));
    const dispatching = runtime.begin(block);
    const logs: EnclaveLog[] = [];
    // What is left of the slice, then slice by slice; sealing it comes in one of its own when there is no time left.
    const slice = (): boolean => {
      while (dispatching.step()) if (this.#line.used(dispatching.light())) return true;
      return false;
    };
    while (this.#logInto(logs, slice)) {
      dispatching.pause();
      if (this.#readMuch) this.#trim();
      yield;
    }
    const { sealed } = this.#logInto(logs, () => dispatching.finish());
    checkpoints?.checkState(runtime);
    this.#trim();
    return encode({ result: encode(sealed, writeSealedReceipts), logs }, writeEnclaveResult);
  }

  /** Lets what runs in `work` log into `lines`. */
  #logInto<T>(lines: EnclaveLog[], work: () => T): T {
    const before = this.#logs;
    this.#logs = lines;
    try {
      return work();
    } finally {
      this.#logs = before;
    }
  }

  async #checkpoint(): Promise<Uint8Array> {
    const runtime = this.#answering("checkpoint").runtime;
    const { checkpoints } = this.#opened as Opened;
    if (checkpoints === undefined) throw outOfOrder("checkpoint");
    const { height, hash, stateRoot } = runtime;
    await checkpoints.take({ height, hash, stateRoot }, (sink, options) => runtime.save(sink, options));
    this.#trim();
    return encode({ height, hash }, writeEnclaveHeight);
  }

  /** Answers a query; what it took of cold state into memory goes again. */
  #query(frame: Uint8Array, request: number, from: number, to: number): Promise<Uint8Array> {
    const { queries } = this.#answering("query");
    return queries.ask(decode(frame, "query", readQuery, from, to), request).finally(() => {
      if (this.#readMuch) this.#trim();
    });
  }

  /** Whether much of cold state has come since memory was last looked at: counting what is there takes time. */
  get #readMuch(): boolean {
    const { checkpoints, settings } = this.#opened as Opened;
    const read = (checkpoints?.source.bytesRead ?? 0) - this.#readBefore;
    return read > (settings.enclave.memoryBytes ?? usualMemory) / 16;
  }

  /**
   * Lets go of cold state until the rest fits its budget; what has changed is written out first where need be, save what
   * the block under way has changed.
   */
  #trim(): void {
    const { checkpoints, settings } = this.#opened as Opened;
    if (checkpoints === undefined || this.#running === undefined) return;
    const { runtime } = this.#running;
    this.#readBefore = checkpoints.source.bytesRead;
    const budget = settings.enclave.memoryBytes ?? usualMemory;
    // A quarter more goes than has to, so that this is not done after every block.
    const excess = (): number => runtime.residentBytes - budget * 0.75;
    if (runtime.residentBytes <= budget || runtime.evict(excess()) >= excess()) return;
    if (runtime.residentBytes <= budget || runtime.busy) return;
    try {
      checkpoints.spill((sink, options) => runtime.save(sink, options));
      runtime.evict(excess());
    } catch (error) {
      // A disk that is full: memory holds what it must, and the next checkpoint tells of the disk.
      if (!(error instanceof EngineError)) throw error;
    }
  }
}

function account(frame: Uint8Array, from: number, to: number): Uint8Array {
  return decode(frame, "32 bytes", (r) => r.raw(32), from, to);
}
