/**
 * One live instance: the guest's exports, its memory, its registers, and its host functions' slot.
 *
 * An instance runs one frame at a time and is used again after a reset. A host function that ends the run throws the
 * instance itself: an object that exists already and carries no stack costs 0.5 us to throw, an error several times
 * that, and every contract call ends this way.
 * @module
 */

import { ContractFault, EngineError } from "../errors.ts";
import type { Code } from "./code.ts";
import type { Host, Slot } from "./host.ts";
import { attachRegisters, type Registers } from "./registers.ts";

/** What a host function decided before it unwound the guest. */
export type Ending = "none" | "returned" | "reverted" | "suspended" | "outOfGas" | "fault";

/** An exported function of the guest. */
export type Entry = (...parameters: (number | bigint)[]) => unknown;

const noBytes = new Uint8Array(0);
/** What an element of a table takes in V8: a reference, and an entry to dispatch by. */
const bytesOfElement = 24;

/** One live instance, and the slot of its host functions. */
export class Instance<F> implements Slot<F> {
  readonly code: Code;
  readonly host: Host<F>;
  /** The memory, when the guest has one. */
  readonly memory: WebAssembly.Memory | undefined;
  /** What the start function was; it runs before the entry in each frame. */
  readonly start: Entry | undefined;
  readonly registers: Registers;

  /** Set by the machine before each run. */
  frame!: F;
  /** Whether guest code has run since the memory was last set back. */
  dirty = false;
  /** Whether all that a run can change was remembered: not so for the first instance of a code, which may be the last. */
  resettable = false;
  ending: Ending = "none";
  /** What came with the ending: data, a request, a fault. */
  endingValue: unknown;

  /** Gas that the run has but that its fuse keeps from the counter, and what it is suspended with where that is needed. */
  reserve = 0;
  fuseRequest: unknown;

  /** Neighbours in the pool's list of idle instances, by age of last use. */
  newer: Instance<never> | undefined;
  older: Instance<never> | undefined;

  readonly #exports: WebAssembly.Exports;
  readonly #initialLength: number;
  readonly #charge: (refTime: number) => number;
  #bytes: Uint8Array = noBytes;
  #view: DataView;
  #entryName: string | undefined;
  #entry: Entry | undefined;

  /**
   * Instantiates; no guest code runs.
   *
   * @param memory For a module that imports its memory: one of the size it asks for, all zeros.
   * @throws {ContractFault} `CodeRejected` when an import is unknown or a segment does not fit.
   */
  constructor(code: Code, host: Host<F>, memory: WebAssembly.Memory | undefined) {
    this.code = code;
    this.host = host;
    const { exports } = link(code, importsOf(code, host, this, memory));
    const { names } = code;
    const [named] = names.memories;
    this.#exports = exports;
    this.memory = named === undefined ? undefined : (exports[named.name] as WebAssembly.Memory);
    this.start = code.start === undefined ? undefined : (exports[code.start] as Entry);
    this.registers = attachRegisters(
      code.registers,
      [exports[code.gasGlobal] as WebAssembly.Global, exports[code.stackGlobal] as WebAssembly.Global],
      names.globals.map(({ name }) => exports[name] as WebAssembly.Global),
      code.tables.map((name) => exports[name] as WebAssembly.Table),
    );
    this.#charge = this.registers.charge;
    this.#view = new DataView(noBytes.buffer);
    this.#initialLength = this.bytes.length;
    this.registers.capture();
  }

  /** The exported function of a name. */
  entry(name: string): Entry {
    if (this.#entryName === name) return this.#entry!;
    const entry = this.#exports[name];
    if (typeof entry !== "function") {
      throw new ContractFault("CodeRejected", { reason: `it exports no function named ${JSON.stringify(name)}` });
    }
    this.#entryName = name;
    return (this.#entry = entry as Entry);
  }

  get bytes(): Uint8Array {
    const bytes = this.#bytes;
    return bytes.length !== 0 ? bytes : this.#refresh().#bytes;
  }

  get view(): DataView {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view;
  }

  /** Takes new views; growth (also by nothing) detaches the old ones, which then have no length. */
  #refresh(): this {
    if (this.memory !== undefined) {
      const { buffer } = this.memory;
      this.#bytes = new Uint8Array(buffer);
      this.#view = new DataView(buffer);
    }
    return this;
  }

  /** Bytes that memory and tables hold. */
  get bytesHeld(): number {
    let bytes = this.bytes.length;
    for (const { name } of this.code.names.tables) {
      bytes += (this.#exports[name] as WebAssembly.Table).length * bytesOfElement;
    }
    return bytes;
  }

  /** Whether the memory is larger than the image. */
  get grown(): boolean {
    return this.bytes.length !== this.#initialLength;
  }

  /** Lets go of what belonged to the run that ended. */
  forget(): void {
    this.frame = undefined as F;
    this.ending = "none";
    this.endingValue = undefined;
    this.reserve = 0;
    this.fuseRequest = undefined;
  }

  charge(refTime: number): void {
    if (!(refTime >= 0)) throw new EngineError("Internal", { what: `a host function charged ${refTime}` });
    if (this.#charge(refTime) === 0) return;
    if (this.reserve > 0) this.suspend(this.fuseRequest);
    this.ending = "outOfGas";
    throw this;
  }

  gasLeft(): number {
    return this.registers.left() + this.reserve;
  }

  return(data: Uint8Array): never {
    this.ending = "returned";
    this.endingValue = data;
    throw this;
  }

  revert(data: Uint8Array): never {
    this.ending = "reverted";
    this.endingValue = data;
    throw this;
  }

  suspend(request: unknown): never {
    this.ending = "suspended";
    this.endingValue = request;
    throw this;
  }

  trap(fault: ContractFault): never {
    this.ending = "fault";
    this.endingValue = fault;
    throw this;
  }
}

/** The import object: null prototypes, because the names are the guest's. */
function importsOf<F>(
  code: Code,
  host: Host<F>,
  slot: Slot<F>,
  memory: WebAssembly.Memory | undefined,
): WebAssembly.Imports {
  const imports: WebAssembly.Imports = Object.create(null);
  for (const { module, name, kind } of code.imports) {
    const named = (imports[module] ??= Object.create(null) as Record<string, WebAssembly.ImportValue>);
    if (kind === "memory") named[name] = memory!;
    else if (kind === "function") named[name] ??= bound(host, module, name, slot);
  }
  return imports;
}

function bound<F>(host: Host<F>, module: string, name: string, slot: Slot<F>): (...parameters: never[]) => unknown {
  const found = host.bind(module, name, slot);
  if (found === undefined) {
    throw new ContractFault("CodeRejected", { reason: `it imports ${module}.${name}, which the host does not have` });
  }
  return found;
}

function link(code: Code, imports: WebAssembly.Imports): WebAssembly.Instance {
  try {
    return new WebAssembly.Instance(code.module, imports);
  } catch (error) {
    // A segment that does not fit, or an import of another type: the module's own doing, the same everywhere.
    if (error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.LinkError) {
      throw new ContractFault("CodeRejected", { reason: `it cannot be instantiated (${error.message})` });
    }
    throw new EngineError("MemoryRefused", { what: "an instance" }, { cause: error });
  }
}
