/**
 * A loaded module: compiled, with what its instances need, and nothing of its bytes.
 * @module
 */

import type { ImageNames, PreparedModule, PrepareOptions, Report, ValueType } from "../wasm/index.ts";
import type { MemoryImage } from "./image.ts";
import type { Instance } from "./instance.ts";
import { hideNames } from "./names.ts";
import type { RegisterTypes } from "./registers.ts";
import type { Symbols } from "./symbols.ts";

/** The memory of a module, sizes in pages of 64 KiB. */
export interface MemoryType {
  readonly module: string;
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
}

/** A module that a machine has loaded. Opaque: give it back to the machine that made it. */
export class Code {
  /** The key under which the machine keeps it. */
  readonly key: string;
  /** What the pass found. */
  readonly report: Report;
  /** What it imports. */
  readonly imports: PreparedModule["imports"];
  /** What it exports, without what the pass added. */
  readonly exports: PreparedModule["exports"];
  /** Roughly how many bytes of memory it takes. */
  readonly size: number;
  /** Elements that its tables start with, which every new instance has to be given. */
  readonly tableElements: number;
  /** Its mutable globals, each of which every new instance has to be given. */
  readonly mutableGlobals: number;

  /** @internal */
  readonly module: WebAssembly.Module;
  /** @internal */
  readonly gasGlobal: string;
  /** @internal */
  readonly stackGlobal: string;
  /** @internal The name of the start function's export. */
  readonly start: string | undefined;
  /** @internal */
  readonly names: ImageNames;
  /** @internal The imported memory. */
  readonly memory: MemoryType | undefined;
  /** @internal Bytes that an instance holds while it is idle; known once there was one. */
  bytesHeld = 0;
  /** @internal */
  readonly registers: RegisterTypes;
  /** @internal Names of the tables that a run can change. */
  readonly tables: readonly string[];
  /** @internal How it was prepared. */
  readonly prepare: PrepareOptions;
  /** @internal Where to look for what backtraces need. */
  readonly symbols: Symbols | undefined;

  /** @internal From offsets of the prepared module to those of the original, once a backtrace has asked. */
  originalOffset: PreparedModule["originalOffset"] | undefined;
  /** @internal The memory before any guest code ran; captured when a second instance is made. */
  image: MemoryImage | undefined;
  /** @internal Whether an instance was made before: a code that runs once needs no image. */
  instantiated = false;
  /** @internal Idle instances, least recently used first; the pool's. */
  idle: Instance<never>[] = [];
  /** @internal */
  idleEpoch: object | undefined;

  /** @internal */
  constructor(
    key: string,
    prepared: PreparedModule,
    image: ImageNames,
    prepare: PrepareOptions,
    symbols: Symbols | undefined,
  ) {
    this.key = key;
    hideNames(prepared.bytes);
    this.module = new WebAssembly.Module(prepared.bytes);
    this.report = prepared.report;
    this.imports = prepared.imports;
    this.exports = prepared.exports;
    this.size = bytesAside + prepared.bytes.length * machineCodePerByte;
    this.gasGlobal = prepared.gasGlobal;
    this.stackGlobal = prepared.stackGlobal;
    this.start = prepared.start;
    this.names = image;
    this.prepare = prepare;
    this.symbols = symbols;
    for (const { module, name, ...type } of prepared.imports) {
      if (type.kind !== "memory") continue;
      this.memory = { module, name, minimum: type.minimum, maximum: type.maximum ?? type.minimum };
    }
    const tables = image.tables.filter(({ mutable }) => mutable);
    this.tables = tables.map(({ name }) => name);
    this.mutableGlobals = image.globals.length;
    this.tableElements = image.tables.reduce((sum, { minimum }) => sum + minimum, 0);
    this.registers = {
      globals: image.globals.map(({ type }) => encodings[type]),
      tables: tables.map(({ element }) => encodings[element]),
    };
  }
}

/** V8's objects for a module and ours, in bytes, by measurement. */
const bytesAside = 8_192;
/** Bytes of machine code, of both tiers, and of wire bytes for each byte of a module; a generous estimate. */
const machineCodePerByte = 12;

/** Value types in the binary format. */
const encodings: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
};
