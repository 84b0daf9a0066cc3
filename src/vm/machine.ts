/**
 * The machine: loads modules, runs them under limits, and gives back how each run ended.
 *
 * A run takes an idle instance (or makes one), sets it back to its image, enters it, and judges how it left. On the way
 * of a call that returns there is no bigint, no allocation but the outcome, and no loop but the reset's own.
 * @module
 */

import { createHash } from "node:crypto";
import { ContractFault, EngineError } from "../errors.ts";
import { type PrepareOptions, prepareModule } from "../wasm/index.ts";
import { settle } from "../wasm/options.ts";
import { Code } from "./code.ts";
import { CodeCache } from "./codeCache.ts";
import { within } from "./deadline.ts";
import type { Host, Run } from "./host.ts";
import { MemoryImage } from "./image.ts";
import { Instance } from "./instance.ts";
import { judge } from "./judge.ts";
import type { Outcome } from "./outcome.ts";
import { Pool } from "./pool.ts";
import type { Symbols } from "./symbols.ts";

/** What a machine can be told. */
export interface MachineOptions {
  /** How modules are prepared; profile `deterministic` by default. Part of the key under which code is kept. */
  readonly prepare?: PrepareOptions;
  /** The most bytes of compiled code to keep, by estimate. Default 512 MiB. */
  readonly codeCacheBytes?: number;
  /** The most idle instances to keep over all codes. Default 256; V8 ends at some 13,000. */
  readonly idleInstances?: number;
  /** The most bytes that idle instances may hold in memories and tables. Default 256 MiB. */
  readonly idleMemoryBytes?: number;
  /** The deepest that runs may be nested in one another. Default 6, the contract ABI's. */
  readonly frames?: number;
}

/** What a caller can tell about the code it loads. */
export interface LoadOptions {
  /**
   * What names these bytes, such as the hex of the code's hash; hashed here when it is not given.
   *
   * Trusted: two modules under one key are one module to the machine.
   */
  readonly key?: string;
  /** Other than the machine's. */
  readonly prepare?: PrepareOptions;
  /** Where backtraces find the module and its source map; without it they have names only. */
  readonly symbols?: Symbols;
}

/** What a machine holds and has done. */
export interface MachineStats {
  /** Loaded modules, and their bytes by estimate. */
  readonly codes: number;
  readonly codeBytes: number;
  /** Instances waiting for their next use, the bytes of memory and tables they hold, and memories without an instance. */
  readonly idleInstances: number;
  readonly idleMemoryBytes: number;
  readonly spareMemories: number;
  /** Runs now under way. */
  readonly activeRuns: number;
  /** Modules compiled, instances made, instances used again, since the machine was made. */
  readonly compiled: number;
  readonly instantiated: number;
  readonly reused: number;
}

const noBytes = new Uint8Array(0);
const largestGas = 2n ** 63n - 1n;
/** What a timer holds, in milliseconds. */
const longestDeadline = 2 ** 31 - 1;

/**
 * Runs prepared modules.
 *
 * Not to be entered from a host function of another machine's run: the depth of the stack is counted per machine.
 */
export class Machine {
  readonly #prepare: PrepareOptions;
  readonly #codes: CodeCache;
  readonly #pool: Pool;
  readonly #frames: number;
  /** A short name for each way of preparing that was asked for, by its key and by the object that said it. */
  readonly #preparations = new Map<string, string>();
  readonly #preparationOf = new WeakMap<PrepareOptions, string>();
  readonly #ownPreparation: string;
  #depth = 0;
  #compiled = 0;
  #instantiated = 0;
  #reused = 0;

  constructor(options: MachineOptions = {}) {
    this.#prepare = { ...options.prepare, image: true };
    this.#ownPreparation = this.#preparation(this.#prepare);
    this.#codes = new CodeCache(options.codeCacheBytes ?? 512 * 1024 * 1024);
    this.#pool = new Pool(options.idleInstances ?? 256, options.idleMemoryBytes ?? 256 * 1024 * 1024);
    this.#frames = options.frames ?? 6;
  }

  /**
   * Prepares and compiles a module, or finds it loaded.
   *
   * @param bytes The module as it was uploaded; not kept.
   * @throws {ContractFault} `CodeRejected` when the module is refused.
   */
  load(bytes: Uint8Array, options: LoadOptions = {}): Code {
    const prepare = options.prepare === undefined ? this.#prepare : { ...options.prepare, image: true };
    const key = this.#key(options.key ?? createHash("sha256").update(bytes).digest("hex"), options.prepare);
    const found = this.#codes.get(key);
    if (found !== undefined) return found;
    const prepared = prepareModule(bytes, prepare);
    for (const { module, name, kind } of prepared.imports) {
      if (kind === "function" || kind === "memory") continue;
      throw new ContractFault("CodeRejected", { reason: `it imports a ${kind}, ${module}.${name}` });
    }
    const { image } = prepared;
    if (image === undefined) throw new EngineError("Internal", { what: "a module was prepared without its image" });
    const code = new Code(key, prepared, image, prepare, options.symbols);
    this.#compiled++;
    for (const evicted of this.#codes.add(code)) this.#pool.drop(evicted);
    return code;
  }

  /**
   * Finds a loaded module by the key that it was loaded under.
   *
   * @param prepare As it was given to `load`.
   */
  find(key: string, prepare?: PrepareOptions): Code | undefined {
    return this.#codes.get(this.#key(key, prepare));
  }

  /**
   * Makes an instance without running anything in it: whether all its imports are there and its segments fit.
   *
   * @throws {ContractFault} `CodeRejected` when not.
   */
  link<F>(code: Code, host: Host<F>): void {
    this.#release(this.#acquire(code, host));
  }

  /**
   * Calls into a module and gives back how that ended. Host functions may call this in their turn.
   *
   * @throws {ContractFault} `CodeRejected` when the module has no such entry, or imports what the host does not have.
   * @throws {EngineError} Whatever a host function threw that is not the guest's: the run is undone and has no outcome.
   */
  run<F>(code: Code, run: Run<F>): Outcome {
    return run.deadlineMs === undefined ? this.#run(code, run) : this.#runWithin(run.deadlineMs, code, run);
  }

  /** What the machine holds and has done. */
  stats(): MachineStats {
    return {
      codes: this.#codes.count,
      codeBytes: this.#codes.bytes,
      idleInstances: this.#pool.instances,
      idleMemoryBytes: this.#pool.bytes,
      spareMemories: this.#pool.spares,
      activeRuns: this.#depth,
      compiled: this.#compiled,
      instantiated: this.#instantiated,
      reused: this.#reused,
    };
  }

  #run<F>(code: Code, run: Run<F>): Outcome {
    if (this.#depth >= this.#frames)
      throw new EngineError("Internal", { what: `more than ${this.#frames} nested runs` });
    const instance = this.#acquire(code, run.host);
    const entry = instance.entry(run.entry);
    const { registers } = instance;
    instance.frame = run.frame;
    instance.dirty = true;
    enter(instance, run.fuse === undefined ? run.gas : fused(instance, run.gas, run.fuse));
    this.#depth++;
    let outcome: Outcome;
    try {
      if (instance.start !== undefined) instance.start();
      const value = run.parameters === undefined ? entry() : entry(...run.parameters);
      outcome = { type: "returned", gasUsed: registers.used(), data: noBytes, value };
    } catch (error) {
      if (error instanceof RangeError) this.#recover();
      outcome = judge(instance, error);
    } finally {
      this.#depth--;
      this.#release(instance);
    }
    return outcome;
  }

  #runWithin<F>(milliseconds: number, code: Code, run: Run<F>): Outcome {
    return this.within(milliseconds, () => this.#run(code, run));
  }

  /**
   * Does some work, of which runs may be a part, within a number of milliseconds: one bound for many short runs, where
   * one for each would cost more than they do.
   *
   * @throws {EngineError} `DeadlineExceeded` when it was cut off; see `Run.deadlineMs` for what that means.
   */
  within<T>(milliseconds: number, work: () => T): T {
    const depth = this.#depth;
    const whole = milliseconds >= 1 ? Math.min(Math.ceil(milliseconds), longestDeadline) : 1;
    const bounded = within(whole, work);
    if (bounded.done) return bounded.value;
    this.#depth = depth;
    this.#recover();
    throw new EngineError("DeadlineExceeded", { milliseconds });
  }

  #acquire<F>(code: Code, host: Host<F>): Instance<F> {
    const idle = this.#pool.take(code, host);
    if (idle === undefined) return this.#instantiate(code, host);
    this.#reused++;
    if (idle.dirty) {
      code.image?.restore(idle.bytes);
      if (code.tables.length > 0) idle.registers.restoreTables();
    }
    return idle;
  }

  #instantiate<F>(code: Code, host: Host<F>): Instance<F> {
    const type = code.memory;
    const memory = type === undefined ? undefined : this.#pool.memory(type.minimum, type.maximum);
    const instance = new Instance(code, host, memory);
    this.#instantiated++;
    if (!code.instantiated) code.bytesHeld = instance.bytesHeld;
    if (code.image === undefined) {
      // Looking for what is not zero takes longer than all the rest; a code that runs once is spared it.
      if (code.instantiated || instance.memory === undefined) code.image = MemoryImage.capture(instance.bytes);
      code.instantiated = true;
    }
    if (code.image !== undefined && code.names.resettable) {
      instance.resettable = true;
      if (code.tables.length > 0) instance.registers.captureTables();
    }
    return instance;
  }

  #release<F>(instance: Instance<F>): void {
    instance.forget();
    if (instance.resettable && !instance.grown) this.#pool.put(instance);
    else this.#pool.recycle(instance);
  }

  /** After a cut at an unknown place: everything that may be half done is given up or counted again. */
  #recover(): void {
    this.#pool.clear();
    this.#codes.recount();
  }

  #key(key: string, prepare: PrepareOptions | undefined): string {
    return (prepare === undefined ? this.#ownPreparation : this.#preparation(prepare)) + key;
  }

  #preparation(prepare: PrepareOptions): string {
    let short = this.#preparationOf.get(prepare);
    if (short !== undefined) return short;
    const { key } = settle({ ...prepare, image: true });
    short = this.#preparations.get(key);
    if (short === undefined) this.#preparations.set(key, (short = `${this.#preparations.size}:`));
    this.#preparationOf.set(prepare, short);
    return short;
  }
}

/** Keeps what is beyond the fuse from the counter. @returns the gas to enter with. */
function fused<F>(instance: Instance<F>, gas: number | bigint, fuse: NonNullable<Run<F>["fuse"]>): number | bigint {
  if (!(gas > fuse.gas)) return gas;
  instance.reserve = Number(gas) - fuse.gas;
  instance.fuseRequest = fuse.request;
  return fuse.gas;
}

function enter<F>(instance: Instance<F>, gas: number | bigint): void {
  if (!(gas >= 0)) throw new EngineError("Internal", { what: `a run was given ${gas} gas` });
  if (typeof gas === "number") instance.registers.enter(gas);
  else instance.registers.enterWide(gas > largestGas ? largestGas : gas);
}
