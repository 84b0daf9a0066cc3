/**
 * Instances and memories that wait for their next use.
 *
 * Each live memory reserves about ten gigabytes of address space and V8 ends at some 13,000 of them, so the number of
 * idle instances is bounded, the least recently used of all codes going first; what runs at the moment is not counted,
 * so a nested run never fails for the bound's sake. Making a memory costs 20 us, four times the rest of an instance:
 * when an instance is given up, its memory is kept for the next module that asks for one of the same size.
 * @module
 */

import { EngineError } from "../errors.ts";
import type { Code } from "./code.ts";
import type { Host } from "./host.ts";
import type { Instance } from "./instance.ts";

/** Spare memories are for codes that come and go; the few sizes that contracts have need few of them. */
const mostSpares = 16;
/** Pages that spare memories may hold in all: 16 MiB. Filling with zeros is cheaper than mapping at every size. */
const mostSparePages = 256;

interface Spare {
  readonly minimum: number;
  readonly maximum: number;
  readonly memory: WebAssembly.Memory;
}

/** The idle instances of all codes. */
export class Pool {
  readonly #mostInstances: number;
  readonly #mostBytes: number;
  #newest: Instance<never> | undefined;
  #oldest: Instance<never> | undefined;
  #count = 0;
  #bytes = 0;
  #spares: Spare[] = [];
  #sparePages = 0;
  /** Codes remember under which epoch their idle instances were put here. */
  #epoch = {};

  /**
   * @param mostInstances The most idle instances to keep.
   * @param mostBytes The most bytes that these may hold in memories and tables.
   */
  constructor(mostInstances: number, mostBytes: number) {
    this.#mostInstances = mostInstances;
    this.#mostBytes = mostBytes;
  }

  /** Number of idle instances. */
  get instances(): number {
    return this.#count;
  }

  /** Bytes that they hold in memories and tables. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of memories without an instance. */
  get spares(): number {
    return this.#spares.length;
  }

  /** An idle instance of a code for a host, the one used last, if there is one. */
  take<F>(code: Code, host: Host<F>): Instance<F> | undefined {
    const idle = code.idle;
    if (code.idleEpoch !== this.#epoch) return undefined;
    for (let i = idle.length - 1; i >= 0; i--) {
      const instance = idle[i]!;
      if ((instance.host as unknown) !== host) continue;
      if (i === idle.length - 1) idle.pop();
      else idle.splice(i, 1);
      this.#unlink(instance);
      return instance as unknown as Instance<F>;
    }
    return undefined;
  }

  /** Keeps an instance for its next use. */
  put<F>(instance: Instance<F>): void {
    const kept = instance as unknown as Instance<never>;
    const { code } = kept;
    if (code.idleEpoch !== this.#epoch) {
      code.idle = [];
      code.idleEpoch = this.#epoch;
    }
    code.idle.push(kept);
    kept.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = kept;
    else this.#newest.newer = kept;
    this.#newest = kept;
    this.#bytes += code.bytesHeld;
    this.#count++;
    while (this.#count > this.#mostInstances || this.#bytes > this.#mostBytes) this.#evict(this.#oldest!);
  }

  /** Gives up all idle instances of a code. */
  drop(code: Code): void {
    if (code.idleEpoch !== this.#epoch) return;
    for (const instance of [...code.idle]) this.#evict(instance);
  }

  /** A memory of all zeros. Sizes in pages. */
  memory(minimum: number, maximum: number): WebAssembly.Memory {
    const index = this.#spares.findLastIndex((spare) => spare.minimum === minimum && spare.maximum === maximum);
    if (index >= 0) {
      const [{ memory }] = this.#spares.splice(index, 1) as [Spare];
      this.#sparePages -= minimum;
      new Uint8Array(memory.buffer).fill(0);
      return memory;
    }
    try {
      return new WebAssembly.Memory({ initial: minimum, maximum });
    } catch {
      // Out of address space or of memory: what is idle can go.
      this.clear();
      try {
        return new WebAssembly.Memory({ initial: minimum, maximum });
      } catch (cause) {
        throw new EngineError("MemoryRefused", { what: `a memory of ${minimum} pages` }, { cause });
      }
    }
  }

  /** Takes back the memory of an instance that is given up, if it is worth keeping. */
  recycle<F>(instance: Instance<F>): void {
    const { memory } = instance;
    const type = instance.code.memory;
    if (memory === undefined || type === undefined || instance.grown) return;
    this.#spares.push({ minimum: type.minimum, maximum: type.maximum, memory });
    this.#sparePages += type.minimum;
    while (this.#spares.length > mostSpares || this.#sparePages > mostSparePages) {
      this.#sparePages -= this.#spares.shift()!.minimum;
    }
  }

  /**
   * Gives up everything, whatever state this object is in: a run that is cut off by the wall clock, or by the end of
   * V8's stack, may have been cut off in here.
   */
  clear(): void {
    this.#epoch = {};
    // The epoch alone makes them unused; this lets go of them. The list may be torn, so its length is not trusted.
    let instance = this.#newest;
    for (let steps = this.#mostInstances; steps >= 0 && instance !== undefined; steps--) {
      instance.code.idle = [];
      instance = instance.older;
    }
    this.#newest = undefined;
    this.#oldest = undefined;
    this.#count = 0;
    this.#bytes = 0;
    this.#spares = [];
    this.#sparePages = 0;
  }

  #evict(instance: Instance<never>): void {
    const { idle } = instance.code;
    idle.splice(idle.indexOf(instance), 1);
    this.#unlink(instance);
    this.recycle(instance);
  }

  #unlink(instance: Instance<never>): void {
    const { newer, older } = instance;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    instance.newer = undefined;
    instance.older = undefined;
    this.#count--;
    this.#bytes -= instance.code.bytesHeld;
  }
}
