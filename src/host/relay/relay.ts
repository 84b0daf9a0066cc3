/**
 * The relay: carries final blocks into the enclave, in order, and receipts out; starts the enclave again when it is gone.
 *
 * An enclave starts from the newest checkpoint that it finds good and executes the blocks after it again. What was
 * ordered while it was gone waits in the chain, so whoever waits for a receipt gets it, later. An enclave that dies at
 * the same block again and again is given up.
 * @module
 */

import { blake2_256 } from "../../crypto/hash.ts";
import { EngineError } from "../../errors.ts";
import { type Attestation, readAttestation } from "../../wire/attestation.ts";
import { decodeRelayedBlock, writeHeader } from "../../wire/block.ts";
import { sameBytes, toHex } from "../../wire/bytes.ts";
import {
  type EnclaveFacts,
  type EnclaveHeight,
  type EnclaveOptions,
  type EnclavePlace,
  type EnclaveResult,
  Entry,
  readEnclaveFacts,
  readEnclavePlace,
  readEnclaveResult,
  readEnclaveStart,
  readSealedSecrets,
  writeEnclaveOptions,
  writeStartOffer,
} from "../../wire/entry.ts";
import { readSealedReceipts, type SealedReceipts } from "../../wire/receipt.ts";
import { decode, encode } from "../../wire/scale.ts";
import type { Beginning, Chain, KeptSecrets } from "../chain/chain.ts";
import { Enclave } from "../enclave.ts";
import { decodeEnclaveRecord, type Enclaves, encodeEnclaveRecord } from "../enclaves.ts";
import type { IsolateKind, IsolateLimits, StartIsolate } from "../isolate/isolate.ts";
import { handOver } from "./handover.ts";

/** Blocks that are sent to the enclave in one frame, at most. */
const BATCH = 32;
/** Bytes of blocks in one frame, at most, unless a single one is larger. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** How often an enclave may die at one block. */
const MOST_DEATHS = 3;

/** What the relay stands on. */
export interface RelaySetting {
  readonly chain: Chain;
  readonly limits: IsolateLimits;
  /** How its isolates are started. */
  readonly isolate: IsolateKind | StartIsolate;
  /** Where the enclave's code comes from, and that of the one before it. */
  readonly enclaves: Enclaves;
  /** Has the chain know the worker by the enclave that has its secrets, which it is given a way to ask. */
  readonly register: (attest: () => Promise<Attestation>) => Promise<void>;
  /** Lets the enclave of this place have what one of another measurement has, as the chain's governance. */
  readonly allow: (place: EnclavePlace, former: Uint8Array) => Promise<void>;
  /** Folder of the platform; without one an enclave that dies takes its keys along and cannot be followed by another. */
  readonly platformFolder: string | undefined;
  /** JSON of `EnclaveSettings`. */
  readonly settings: string;
  /** Folder of the enclave's checkpoints; without one it keeps none. */
  readonly checkpointFolder: string | undefined;
  /** Blocks between two checkpoints. */
  readonly checkpointEvery: number;
  /** Whether the owner accepts the loss of what the enclave has executed and this chain does not have. */
  readonly acceptRollback: boolean;
  readonly warn: (warning: string) => void;
  /** A block was executed, or executed again when `again`. */
  readonly executed: (number: number, sealed: SealedReceipts, logs: EnclaveResult["logs"], again: boolean) => void;
  /** There will be no enclave any more. */
  readonly failed: (error: unknown) => void;
}

interface Running {
  readonly enclave: Enclave;
  readonly facts: EnclaveFacts;
}

/** An enclave that was opened without secrets has made some; one that keeps them to itself is none. */
function secretive(): EngineError {
  return new EngineError("EnclaveGone", { reason: "it gives no secrets to be kept" });
}

async function attestationOf(enclave: Enclave): Promise<Attestation> {
  const operator = encode(undefined, (w) => w.option(undefined, () => undefined));
  return decode(await enclave.call(Entry.attest, operator), "attestation", readAttestation);
}

/**
 * Whether an enclave says that it cannot read a part of its own state: the next one finds out at its start which
 * checkpoint is damaged, and uses another, or the chain.
 */
function stateLost(error: unknown): boolean {
  return error instanceof EngineError && error.facts.state === true;
}

/** Feeds one chain to one enclave. */
export class Relay {
  private readonly setting: RelaySetting;
  private running: Promise<Running> | undefined;
  /** The enclave of a new chain, which stands at its genesis. */
  private prepared: Running | undefined;
  /** Number of the last block that the enclave has executed. */
  private height = 0;
  /** Number of the block of the last checkpoint that was asked for. */
  private checkpointAt = 0;
  /** The block up to which the enclave has been before: it takes no checkpoint below. */
  private bound = 0;
  private checkpointing: Promise<void> | undefined;
  /** What is offered to the next enclave when the first one has refused the chain, until a checkpoint binds it anew. */
  private rollback: { highest: number } | undefined;
  private pumping: Promise<void> | undefined;
  private stopped = false;
  /** How often in a row enclaves died without coming further than this block. */
  private deaths = { height: -1, count: 0 };

  constructor(setting: RelaySetting) {
    this.setting = setting;
  }

  /** Number of the last block that the enclave has executed. */
  get executed(): number {
    return this.height;
  }

  /**
   * Starts the enclave of a chain that has no block yet, and asks it what the first one is to say of it.
   * @throws {PhatError} what it answers with, or `EnclaveGone`; then there is no enclave.
   */
  beginning(): Promise<Beginning> {
    return this.persist(() => this.prepare());
  }

  /** An isolate of the package's own enclave. */
  private isolate(code = this.setting.enclaves.own): Enclave {
    return new Enclave(this.setting.limits, this.setting.isolate, code);
  }

  private async prepare(): Promise<Beginning> {
    const enclave = this.isolate();
    // While the isolate starts.
    const code = this.setting.enclaves.keep();
    code.catch(() => undefined);
    try {
      const facts = await this.open(enclave);
      await this.restore(enclave);
      const attestation = await attestationOf(enclave);
      const { platform, signer, measurement } = facts;
      if (facts.secrets === undefined) throw secretive();
      const secrets = this.kept(facts.secrets, await code);
      this.prepared = { enclave, facts };
      return {
        registry: [
          { kind: "addSigner", platform, signer },
          { kind: "addMeasurement", measurement },
          { kind: "registerWorker", attestation },
        ],
        secrets,
      };
    } catch (error) {
      // Nothing is written any more once the folder is given back, or while another attempt writes the same.
      await Promise.allSettled([enclave.terminate(), code]);
      throw error;
    }
  }

  /** What an enclave is opened with, or opened for a handover. */
  private options(settings = this.setting.settings): EnclaveOptions {
    const { platformFolder, checkpointFolder, chain } = this.setting;
    return { platformFolder, checkpointFolder, genesis: chain.genesisBytes, settings };
  }

  private async open(enclave: Enclave, options = this.options()): Promise<EnclaveFacts> {
    const secrets = this.setting.chain.secrets?.sealed;
    const body = encode({ ...options, secrets }, writeEnclaveOptions);
    return decode(await enclave.call(Entry.open, body), "enclave facts", readEnclaveFacts);
  }

  private kept(sealed: Uint8Array, code: Uint8Array): KeptSecrets {
    return { sealed, enclave: encodeEnclaveRecord({ code, settings: this.setting.settings }) };
  }

  /** Opens the enclave with its secrets, which it takes over from the one before it when they are that one's. */
  private async enter(enclave: Enclave): Promise<EnclaveFacts> {
    const { chain, enclaves } = this.setting;
    let facts: EnclaveFacts;
    try {
      facts = await this.open(enclave);
    } catch (error) {
      const known = chain.secrets;
      if (known === undefined || !(error instanceof EngineError) || error.code !== "HandoverNeeded") throw error;
      facts = await this.takeOver(enclave, known);
    }
    const { secrets } = facts;
    if (secrets === undefined) {
      if (chain.secrets === undefined) throw secretive();
      const { code } = decodeEnclaveRecord(chain.secrets.enclave);
      if (!enclaves.has(code)) await enclaves.keep();
      return facts;
    }
    // Nothing may be executed under keys that a crash could take along, and the code has to be there before them.
    const code = await enclaves.keep();
    await chain.keepSecrets(this.kept(secrets, code));
    enclaves.prune(code);
    return facts;
  }

  /** Starts the enclave that has the secrets, and has it hand them over to this one. */
  private async takeOver(taker: Enclave, { sealed, enclave: record }: KeptSecrets): Promise<EnclaveFacts> {
    const { chain, enclaves, allow, register, warn } = this.setting;
    const former = decode(sealed, "sealed secrets", readSealedSecrets).measurement;
    const { code, settings } = decodeEnclaveRecord(record);
    const path = enclaves.find(code);
    const body = encode(this.options(), writeEnclaveOptions);
    const place = decode(await taker.call(Entry.succeed, body), "enclave place", readEnclavePlace);
    const giver = await this.former(path, this.options(settings));
    try {
      await register(async () => {
        await this.feed(giver);
        return attestationOf(giver);
      });
      await allow(place, former);
      await this.feed(giver);
      const facts = await handOver(giver, taker, chain);
      warn(`The enclave ${toHex(former)} has handed its secrets over to ${toHex(place.measurement)}.`);
      return facts;
    } finally {
      await giver.terminate();
    }
  }

  /** The enclave that has the secrets, at the head of the chain. */
  private async former(code: string, options: EnclaveOptions): Promise<Enclave> {
    for (;;) {
      const enclave = this.isolate(code);
      try {
        await this.open(enclave, options);
        this.height = await this.restore(enclave);
        this.checkpointAt = this.height;
        await this.feed(enclave);
        await this.checkpointing;
        if (this.rollback === undefined) return enclave;
        // One that was rolled back hands nothing over before the platform's counter stands for where it is now.
        await this.bindAnew(enclave);
      } catch (error) {
        await enclave.terminate();
        throw error;
      }
      await enclave.terminate();
    }
  }

  /** Starts the enclave and brings it to the head of the chain. */
  async start(): Promise<EnclaveFacts> {
    try {
      return (await this.begin()).facts;
    } catch (error) {
      this.stopped = true;
      throw error;
    }
  }

  /** Starts an enclave, another one when it dies, and gives up when they die again and again. */
  private begin(): Promise<Running> {
    this.running = this.persist(() => this.launch());
    // A caller that comes while nobody waits must not end the process.
    this.running.catch(() => undefined);
    return this.running;
  }

  private async persist<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        if (error.code === "RollbackDetected" ? !this.accepts(error) : !this.survives(error)) throw error;
      }
    }
  }

  /**
   * Calls an entry of the enclave that is at work, once there is one.
   * @throws {PhatError} what it answers with, or `EnclaveGone`.
   */
  async call(entry: number, body: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    const enclave = await this.live();
    try {
      return await enclave.call(entry, body, signal);
    } catch (error) {
      if (stateLost(error)) void enclave.terminate();
      throw error;
    }
  }

  /** The enclave that is at work; while one is dying, the one that follows it. */
  private async live(): Promise<Enclave> {
    for (;;) {
      const { running } = this;
      if (running === undefined) throw new EngineError("EnclaveGone", { reason: "it was not started" });
      const { enclave } = await running;
      if (!enclave.ended) return enclave;
      // `lost` has seen it first, and begun anew, unless there is to be no other.
      const error = await enclave.gone;
      if (running === this.running) throw error;
    }
  }

  private async launch(): Promise<Running> {
    const { prepared } = this;
    this.prepared = undefined;
    const enclave = prepared?.enclave ?? this.isolate();
    try {
      const facts = prepared?.facts ?? (await this.enter(enclave));
      this.height = prepared === undefined ? await this.restore(enclave) : 0;
      this.checkpointAt = this.height;
      // Nobody is answered from a state that is behind what was answered before.
      await this.feed(enclave);
      if (this.rollback !== undefined) await this.bindAnew(enclave);
      enclave.gone.then((error) => this.lost(error));
      return { enclave, facts };
    } catch (error) {
      await enclave.terminate();
      throw error;
    }
  }

  /** Starts the enclave from the newest checkpoint that it finds good, or from the genesis. */
  private async restore(enclave: Enclave): Promise<number> {
    const { chain, warn } = this.setting;
    const head = this.rollback?.highest ?? chain.head.number;
    const offer = encode({ head, acceptRollback: this.rollback !== undefined }, writeStartOffer);
    const start = decode(await enclave.call(Entry.start, offer), "enclave start", readEnclaveStart);
    this.sameChain(start);
    for (const warning of start.warnings) warn(warning);
    this.bound = start.bound;
    return start.height;
  }

  /** The enclave stands on a block of this chain, or on one that the chain has lost. */
  private sameChain(at: EnclaveHeight): void {
    const { chain } = this.setting;
    const { number } = chain.head;
    const lost = new EngineError("RollbackDetected", { chain: number, enclave: at.height, fork: at.height <= number });
    if (at.height > number) throw lost;
    const hash =
      at.height === 0
        ? chain.genesisHash
        : blake2_256(encode(decodeRelayedBlock(chain.relayed(at.height)).header, writeHeader));
    if (!sameBytes(hash, at.hash)) throw lost;
  }

  /** New blocks are final. */
  wake(): void {
    if (this.pumping !== undefined || this.stopped) return;
    this.pumping = this.pump()
      .catch((error) => {
        // The end of an isolate is dealt with where it is noticed.
        if (!(error instanceof EngineError && error.code === "EnclaveGone")) this.fail(error);
      })
      .finally(() => {
        this.pumping = undefined;
      });
  }

  private async pump(): Promise<void> {
    const enclave = await this.live();
    try {
      await this.feed(enclave);
    } catch (error) {
      if (!stateLost(error)) throw error;
      this.setting.warn((error as EngineError).message);
      await enclave.terminate();
    }
  }

  /** Feeds blocks until the enclave is at the head. */
  private async feed(enclave: Enclave): Promise<void> {
    const { chain, checkpointEvery } = this.setting;
    while (!this.stopped && this.height < chain.final) {
      const answers: Promise<Uint8Array>[] = [];
      let bytes = 0;
      for (let next = this.height + 1; next <= chain.final && answers.length < BATCH; next++) {
        const block = chain.relayed(next);
        if (answers.length > 0 && bytes + block.length > BATCH_BYTES) break;
        bytes += block.length;
        const answer = enclave.call(Entry.dispatch, block);
        answer.catch(() => undefined);
        answers.push(answer);
      }
      for (const answer of answers) this.take(decode(await answer, "enclave result", readEnclaveResult));
      if (this.height - this.checkpointAt >= checkpointEvery) await this.checkpoint(enclave);
    }
  }

  private take({ result, logs }: EnclaveResult): void {
    const { chain, executed } = this.setting;
    const sealed = decode(result, "sealed receipts", readSealedReceipts);
    const number = this.height + 1;
    const known = number <= chain.executed ? chain.receipts(number) : undefined;
    if (known !== undefined) {
      const before = decode(known, "sealed receipts", readSealedReceipts).seal;
      const { stateRoot, receiptsRoot } = sealed.seal;
      if (!sameBytes(before.stateRoot, stateRoot) || !sameBytes(before.receiptsRoot, receiptsRoot)) {
        throw new EngineError("StateDiverged", { block: number });
      }
    } else {
      chain.keepReceipts(number, result);
    }
    this.height = number;
    executed(number, sealed, logs, known !== undefined);
  }

  /**
   * Lets the enclave take a checkpoint of where it stands, unless one is under way, and ends when it has begun to: blocks
   * go on meanwhile. What a checkpoint covers is never executed again, so its receipts are flushed first.
   */
  private async checkpoint(enclave: Enclave): Promise<void> {
    const { chain, checkpointFolder } = this.setting;
    if (checkpointFolder === undefined || this.height < this.bound || this.checkpointing !== undefined) return;
    this.checkpointAt = this.height;
    const receipts = chain.writeReceipts();
    this.checkpointing = this.taken(enclave, receipts).finally(() => {
      this.checkpointing = undefined;
    });
    await receipts;
  }

  /** Calls are answered in their order: the enclave sees its state as it is now, whatever it is fed after. */
  private async taken(enclave: Enclave, receipts: Promise<void>): Promise<void> {
    const at = this.height;
    try {
      await receipts;
      await enclave.call(Entry.checkpoint, new Uint8Array(0));
    } catch (error) {
      // The end of an isolate, and of the chain's store, are dealt with where they are noticed.
      if (error instanceof EngineError && error.code === "EnclaveGone") return;
      this.setting.warn(`No checkpoint was kept of block ${at}. ${(error as Error).message}`);
    }
  }

  /** Whether the owner accepts that the chain is offered once more, as it is. */
  private accepts(refused: EngineError): boolean {
    const { acceptRollback, chain } = this.setting;
    if (!acceptRollback || this.stopped) return false;
    const { enclave, fork } = refused.facts;
    // On another chain than the enclave's, what was before the block where they differ may still be common to both.
    const highest = fork === true && typeof enclave === "number" ? enclave - 1 : chain.head.number;
    if (this.rollback !== undefined && highest >= this.rollback.highest) return false;
    this.rollback = { highest };
    return true;
  }

  /** Makes the chain as it is what the next start is measured by. */
  private async bindAnew(enclave: Enclave): Promise<void> {
    await this.checkpointing;
    await this.checkpoint(enclave);
    await this.checkpointing;
    this.rollback = undefined;
  }

  /**
   * Whether there is to be another enclave after one that died. The death is counted, unless it had nothing to execute:
   * what a query did to it is told to whoever asked, and need not happen again.
   */
  private survives(error: EngineError, idle = false): boolean {
    if (
      !(error.code === "EnclaveGone" || stateLost(error)) ||
      this.stopped ||
      this.setting.platformFolder === undefined
    )
      return false;
    if (idle) this.deaths = { height: -1, count: 0 };
    const { height, deaths } = this;
    // Answers that were under way are lost with an isolate: one that seems to have come less far may have died of the same.
    const alike = height <= deaths.height && height >= deaths.height - BATCH;
    this.deaths = alike ? { height: deaths.height, count: deaths.count + 1 } : { height, count: 1 };
    if (this.deaths.count >= MOST_DEATHS) return false;
    this.setting.warn(`${error.message} (started again)`);
    return true;
  }

  private lost(error: EngineError): void {
    if (this.stopped) return;
    if (!this.survives(error, this.height === this.setting.chain.final)) {
      this.fail(error);
      return;
    }
    this.begin().then(
      () => this.wake(),
      (failure) => this.fail(failure),
    );
  }

  private fail(error: unknown): void {
    if (this.stopped) return;
    this.stopped = true;
    this.running?.then(
      ({ enclave }) => enclave.terminate(),
      () => undefined,
    );
    const end = Promise.reject(error);
    end.catch(() => undefined);
    this.running = end;
    this.setting.failed(error);
  }

  /** Brings the enclave to the head, lets it take a last checkpoint, and ends it. */
  async stop(): Promise<void> {
    try {
      if (!this.stopped && this.running !== undefined) {
        while (!this.stopped && this.height < this.setting.chain.final) {
          this.wake();
          await this.pumping;
        }
        const enclave = await this.live();
        this.stopped = true;
        await this.pumping;
        await this.checkpointing;
        if (this.height > this.checkpointAt) await this.checkpoint(enclave);
        await this.checkpointing;
      }
    } finally {
      this.stopped = true;
      await this.prepared?.enclave.terminate();
      await this.running?.then(
        ({ enclave }) => enclave.terminate(),
        () => undefined,
      );
    }
  }
}
