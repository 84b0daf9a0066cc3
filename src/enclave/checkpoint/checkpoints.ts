/**
 * Checkpoints of the enclave's state, bound to the platform's monotonic counter.
 *
 * A checkpoint is small: what of the state has changed since the one before is in segments (`segments.ts`), and it refers
 * to the rest, which is there already.
 *
 * The state is a function of the chain, so any good checkpoint is a good place to start from: what it does not cover is
 * executed again. What a host could gain is to offer a chain, and a state with it, that ends earlier than what was
 * acknowledged. Therefore the height of the newest checkpoint is bound to the counter: every sealed file carries the
 * value that the counter has once the file counts, and small *anchors*, two alike, carry nothing else than the block.
 *
 * ```text
 * take     segments, checkpoint with c+1, both anchors with c+1, flushed  →  named  →  counter: c+1  →  answer
 * start    bound = the highest block that a file of counter c or c+1 names
 * ```
 *
 * A start whose chain ends below the bound is refused, and so is one whose counter has been raised while no file of c
 * or c+1 is left to say for what. A file of c+1 exists without the counter's step when the enclave ended in between;
 * several of them can have been written, and hidden, by enclaves that ended so. The first checkpoint after a start, or
 * after one that failed, therefore uses that value up: both anchors with c+1 for the bound as it is, the counter's
 * step, and then goes on with c+2. What was hidden then names a block that is no lower than the bound of its value.
 *
 * What a host can do to the files, and what comes of it: docs/checkpoints.md.
 * @module
 */

import { EngineError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import type { Platform } from "../../platform/platform.ts";
import { sameBytes } from "../../wire/bytes.ts";
import { decode, encode } from "../../wire/scale.ts";
import { type SealHeader, type SealingKeys, type SealingStream, type SealPolicy, saltBytes } from "../keys/sealing.ts";
import type { RuntimeSave, RuntimeSaving } from "../runtime/runtime.ts";
import type { SaveOptions, StateSink, StateSource } from "../state/extents.ts";
import { type ExecutedBlock, readExecutedBlock, writeExecutedBlock } from "./executed.ts";
import { SealedFolder, turn } from "./folder.ts";
import { readSegments, type SegmentFacts, Segments, writeSegments } from "./segments.ts";

const CHECKPOINT = "checkpoint";
const ANCHOR = "anchor";
const anchors = ["anchor-a.sealed", "anchor-b.sealed"] as const;
const named = /^checkpoint-(\d{10})\.sealed$/;
/** How many checkpoints are kept. */
const KEPT = 2;
/** How many are looked at: a folder full of files with their names is not read whole. */
const LOOKED_AT = 16;
/** Chunks of 64 KiB: a query waits for one at most. */
const CHUNK_BITS = 16;
/** Milliseconds after which everything else has its turn. */
const SLICE_MS = 0.5;
/** Bytes of an `ExecutedBlock`. */
const EXECUTED = 68;

function nameOf(height: number): string {
  return `checkpoint-${String(height).padStart(10, "0")}.sealed`;
}

/** What checkpoints stand on. */
export interface CheckpointSetting {
  readonly files: Files;
  readonly platform: Pick<Platform, "counter" | "increment">;
  readonly keys: SealingKeys;
  /** Who may open what is kept. */
  readonly policy: SealPolicy;
  /** Hash of the chain's genesis: 32 bytes. */
  readonly genesisHash: Uint8Array;
  readonly random: (length: number) => Uint8Array;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds that a query may run on a state of before. */
  readonly graceMs: number;
}

/** Begins to save the state as it is when this is called, part by part. */
export type BeginSave = (sink: StateSink, options: SaveOptions) => RuntimeSaving;

/** A save under way, which whoever needs it done drives on. */
interface Saving {
  readonly steps: RuntimeSaving;
  result: RuntimeSave | undefined;
  error: unknown;
}

/** What a host offers when it starts an enclave. */
export interface Offer {
  /** The highest block that its chain has, and the highest that a checkpoint may stand at. */
  readonly head: number;
  /** Whether the loss of what lies behind it is accepted, by the owner. */
  readonly acceptRollback: boolean;
}

/** How a start went. */
export interface Started<T> {
  /** What was made of the newest good checkpoint; undefined when there is none. */
  readonly restored: T | undefined;
  /** What went wrong without stopping anything, for people. */
  readonly warnings: readonly string[];
}

/** A sealed file's word that a block was reached when the counter had a value. */
interface Testimony {
  readonly counter: bigint;
  readonly at: ExecutedBlock;
}

/** The checkpoints in one folder, kept by one enclave. */
export class Checkpoints {
  readonly #setting: CheckpointSetting;
  readonly #folder: SealedFolder;
  /** The block that the counter's value is bound to. */
  #bound: ExecutedBlock;
  /** Whether files with the counter's next value may be about that this enclave has not acknowledged. */
  #unsettled = true;
  /** Names that are to go with the next checkpoint: they were no good, or of a future that was given up. */
  #refuse = new Set<string>();
  /** The segments that checkpoints need, by the checkpoint's name. */
  readonly #needs = new Map<string, readonly SegmentFacts[]>();
  readonly #segments: Segments;
  #saving: Saving | undefined;
  #busy = false;

  constructor(setting: CheckpointSetting) {
    this.#setting = setting;
    this.#folder = new SealedFolder(setting.files);
    this.#segments = new Segments(setting);
    this.#bound = { height: 0, hash: setting.genesisHash, stateRoot: new Uint8Array(32) };
  }

  /** Where parts of the state are read from, and how many bytes of them were read so far. */
  get source(): StateSource & { readonly bytesRead: number } {
    return this.#segments;
  }

  /** The block that the chain has to reach before anybody is answered. */
  get bound(): ExecutedBlock {
    return this.#bound;
  }

  /**
   * Finds out how far the enclave has been, and starts from the newest good checkpoint that the chain reaches.
   * @param restore makes something of a checkpoint's content; what it throws makes the checkpoint no good.
   * @throws {EngineError} `RollbackDetected`; `PlatformDamaged`, `StorageFailed` when it cannot be told.
   */
  start<T>(offer: Offer, restore: (at: ExecutedBlock, content: Uint8Array) => T): Started<T> {
    this.#folder.prepare();
    this.#segments.adopt([]);
    const all = this.#heights();
    const heights = all.slice(0, LOOKED_AT);
    const warnings: string[] = [];
    const bound = this.#settle(offer, heights, warnings);
    if (bound !== undefined) this.#bound = bound;
    this.#refuse = new Set(offer.acceptRollback ? all.map(nameOf) : []);
    for (const height of heights) {
      if (height > offer.head) continue;
      const name = nameOf(height);
      try {
        const restored = this.#open(name, height, restore);
        if (height < this.#bound.height && warnings.length === 0) {
          warnings.push(
            `No checkpoint of block ${this.#bound.height} is left, where the enclave has been; it starts from that of block ${height}.`,
          );
        }
        return { restored, warnings };
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        // Nothing that it needs is to be taken over into the next one.
        this.#segments.adopt([]);
        this.#refuse.add(name);
        warnings.push(`The checkpoint ${this.#folder.path(name)} was passed over. ${error.message}`);
      }
    }
    if (this.#bound.height > 0 && warnings.length === 0) {
      warnings.push(
        `No checkpoint is left, and the enclave has been at block ${this.#bound.height}; it executes the whole chain again.`,
      );
    }
    return { restored: undefined, warnings };
  }

  /** The block that is bound to the counter; undefined when nothing is, or when the owner gives up what was. */
  #settle(offer: Offer, heights: readonly number[], warnings: string[]): ExecutedBlock | undefined {
    const counter = this.#setting.platform.counter();
    const known = this.#testimonies(heights);
    let bound: ExecutedBlock | undefined;
    let ahead = counter;
    for (const { counter: value, at } of known) {
      if (value > ahead) ahead = value;
      const counts = value === counter || value === counter + 1n;
      if (counts && (bound === undefined || at.height > bound.height)) bound = at;
    }
    const accept = (refused: EngineError): undefined => {
      if (!offer.acceptRollback) throw refused;
      warnings.push(`A rollback was accepted: ${refused.message.split("\n")[0]}`);
      return undefined;
    };
    if (ahead > counter + 1n) {
      return accept(
        new EngineError("RollbackDetected", {
          reason: `the platform's counter stands at ${counter}, and files were sealed when it stood at ${ahead - 1n}`,
        }),
      );
    }
    if (bound === undefined) {
      if (counter === 0n) return undefined;
      return accept(
        new EngineError("RollbackDetected", {
          reason: `no good file of the checkpoints says how far the enclave was when the platform's counter came to ${counter}`,
        }),
      );
    }
    if (bound.height > offer.head) {
      return accept(new EngineError("RollbackDetected", { chain: offer.head, enclave: bound.height }));
    }
    // The chain is long enough; the owner says that it is another one.
    return offer.acceptRollback ? accept(forked(bound.height)) : bound;
  }

  /** What every sealed file that opens says of the counter, whatever it is worth otherwise. */
  #testimonies(heights: readonly number[]): Testimony[] {
    const known: Testimony[] = [];
    const hear = (read: () => Testimony | undefined): void => {
      try {
        const testimony = read();
        if (testimony !== undefined) known.push(testimony);
      } catch (error) {
        // What does not open says nothing. Not being able to read it at all is another matter, but also its silence.
        if (!(error instanceof EngineError)) throw error;
      }
    };
    for (const name of anchors) hear(() => this.#testimony(name, ANCHOR));
    for (const height of heights) hear(() => this.#testimony(nameOf(height), CHECKPOINT));
    return known;
  }

  #testimony(name: string, label: string): Testimony | undefined {
    let counter = 0n;
    for (const chunk of this.#folder.read(
      name,
      (start) => {
        const stream = this.#setting.keys.open(this.#setting.policy, label, start);
        ({ counter } = stream.header);
        return stream;
      },
      1,
    )) {
      return { counter, at: decode(chunk.subarray(0, EXECUTED), label, readExecutedBlock) };
    }
    return undefined;
  }

  #open<T>(name: string, height: number, restore: (at: ExecutedBlock, content: Uint8Array) => T): T {
    const { at, segments, content } = this.#content(name);
    if (at.height !== height || (height === this.#bound.height && !sameBytes(at.hash, this.#bound.hash))) {
      throw new EngineError("SealBroken", { what: `The ${CHECKPOINT}`, reason: "it is that of another block" });
    }
    this.#segments.adopt(segments);
    const restored = restore(at, content);
    this.#needs.set(name, segments);
    return restored;
  }

  #content(name: string) {
    const open = (start: Uint8Array) => this.#setting.keys.open(this.#setting.policy, CHECKPOINT, start);
    return decode(new Uint8Array(Buffer.concat([...this.#folder.read(name, open)])), CHECKPOINT, (r) => ({
      at: readExecutedBlock(r),
      segments: readSegments(r),
      content: r.raw(r.remaining),
    }));
  }

  /** The heights that there are names for, the highest first. */
  #heights(): number[] {
    const heights = this.#folder.names().flatMap((name) => {
      const height = named.exec(name)?.[1];
      return height === undefined ? [] : [Number(height)];
    });
    return heights.sort((a, b) => b - a);
  }

  /**
   * Checks a block that is about to be executed.
   * @throws {EngineError} `RollbackDetected` when the enclave has executed another one in its place.
   */
  check(height: number, hash: () => Uint8Array): void {
    if (height === this.#bound.height && !sameBytes(hash(), this.#bound.hash)) throw forked(height);
  }

  /**
   * Checks the state after a block.
   * @throws {EngineError} `StateDiverged` when it was another one the time before.
   */
  checkState({ height, stateRoot }: Pick<ExecutedBlock, "height" | "stateRoot">): void {
    if (height === this.#bound.height && !sameBytes(stateRoot, this.#bound.stateRoot)) {
      throw new EngineError("StateDiverged", { block: height });
    }
  }

  /**
   * Keeps a checkpoint, binds its block to the counter, and removes what it makes superfluous. Ends when all of it is on
   * the disk; the isolate's other work goes on meanwhile.
   * @param begin is called at once.
   * @throws {EngineError} `StorageFailed`; the checkpoints before it are still there, and so is the binding. `Internal`
   *   when the block is below the bound, or another checkpoint is under way.
   */
  async take(at: ExecutedBlock, begin: BeginSave): Promise<void> {
    if (this.#busy || at.height < this.#bound.height) {
      throw new EngineError("Internal", { what: `a checkpoint of block ${at.height} out of order` });
    }
    this.#busy = true;
    const { moves } = this.#segments;
    const saving = this.#begin(begin, moves === undefined ? {} : { moves });
    try {
      this.#folder.prepare();
      if (this.#unsettled) {
        await this.#anchor(this.#bound, this.#setting.platform.counter() + 1n);
        this.#step();
      }
      this.#unsettled = true;
      const { content, places } = await this.#saved(saving);
      if (moves !== undefined) this.#segments.moved();
      else if (this.#segments.due) await this.#inSlices(this.#segments.count(places()));
      const segments = this.#segments.facts();
      const counter = this.#setting.platform.counter() + 1n;
      const name = nameOf(at.height);
      const header = { sequence: BigInt(at.height), counter };
      const head = encode(at, (w, block) => {
        writeExecutedBlock(w, block);
        writeSegments(w, segments);
      });
      // The disk is waited for once for all of them, and then for their names, which come in this order.
      await settled([
        this.#segments.flush(),
        this.#folder.write(name, this.#stream(CHECKPOINT, header), [head, content]),
        ...this.#anchors(at, counter),
      ]);
      await this.#folder.publish(name, ...anchors);
      this.#step();
      this.#bound = at;
      this.#unsettled = false;
      this.#needs.set(name, segments);
      this.#retire(name);
    } finally {
      this.#saving = undefined;
      this.#busy = false;
    }
  }

  #begin(begin: BeginSave, options: SaveOptions): Saving {
    this.#saving = { steps: begin(this.#segments, options), result: undefined, error: undefined };
    return this.#saving;
  }

  /** One step of a save. What it wrote counts as written at once: it can be read, and will be flushed. */
  #advance(saving: Saving): void {
    if (saving.error !== undefined) throw saving.error;
    if (saving.result !== undefined) return;
    try {
      const step = saving.steps.next();
      if (step.done !== true) return;
      step.value.commit();
      saving.result = step.value;
    } catch (error) {
      saving.error = error;
      throw error;
    }
  }

  async #saved(saving: Saving): Promise<RuntimeSave> {
    let since = this.#setting.now();
    for (;;) {
      this.#advance(saving);
      if (saving.result !== undefined) return saving.result;
      if (this.#setting.now() - since < SLICE_MS) continue;
      await turn();
      since = this.#setting.now();
    }
  }

  async #inSlices(steps: Iterable<void>): Promise<void> {
    let since = this.#setting.now();
    for (const _ of steps) {
      if (this.#setting.now() - since < SLICE_MS) continue;
      await turn();
      since = this.#setting.now();
    }
  }

  /**
   * Writes what of the state has changed, now, so that it can leave memory. No checkpoint comes of it: that is the next
   * one's business.
   * @throws {EngineError} `StorageFailed`.
   */
  spill(begin: BeginSave): void {
    const alone = this.#saving === undefined;
    const saving = this.#saving ?? this.#begin(begin, {});
    try {
      while (saving.result === undefined) this.#advance(saving);
    } finally {
      if (alone) this.#saving = undefined;
    }
  }

  async #anchor(at: ExecutedBlock, counter: bigint): Promise<void> {
    await settled(this.#anchors(at, counter));
    await this.#folder.publish(...anchors);
  }

  /** Writes both anchors; they have no names yet. */
  #anchors(at: ExecutedBlock, counter: bigint): Promise<void>[] {
    const header = { sequence: BigInt(at.height), counter };
    return anchors.map((name) =>
      this.#folder.write(name, this.#stream(ANCHOR, header), [encode(at, writeExecutedBlock)]),
    );
  }

  #stream(label: string, header: SealHeader): SealingStream {
    const { keys, policy, random } = this.#setting;
    return keys.seal(policy, label, header, random(saltBytes), CHUNK_BITS);
  }

  /** The counter's step: from here on what was sealed for its next value counts. */
  #step(): void {
    const { platform } = this.#setting;
    const expected = platform.counter() + 1n;
    const found = platform.increment();
    if (found !== expected) {
      throw new EngineError("RollbackDetected", {
        reason: `the platform's counter went to ${found} where ${expected} was due: another enclave is at work`,
      });
    }
  }

  #retire(newest: string): void {
    const good = this.#heights()
      .map(nameOf)
      .filter((name) => name === newest || !this.#refuse.has(name));
    const kept = new Set(good.slice(0, KEPT));
    for (const height of this.#heights()) if (!kept.has(nameOf(height))) this.#folder.remove(nameOf(height));
    this.#refuse = new Set();
    for (const name of this.#needs.keys()) if (!kept.has(name)) this.#needs.delete(name);
    this.#segments.retire([...kept].map((name) => this.#needsOf(name)));
  }

  /** The segments of a checkpoint, which may be one of an earlier life; one that does not open needs none. */
  #needsOf(name: string): readonly SegmentFacts[] {
    let needs = this.#needs.get(name);
    if (needs === undefined) {
      try {
        needs = this.#content(name).segments;
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        needs = [];
      }
      this.#needs.set(name, needs);
    }
    return needs;
  }
}

function forked(height: number): EngineError {
  return new EngineError("RollbackDetected", { chain: height, enclave: height, fork: true });
}

/** Ends when all have; with the first error, if there is one. */
async function settled(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}
