/**
 * The gas oracle: makes a module that calls the host at the entry of every stretch and before every charge by length.
 *
 * Slow and obvious. The host functions are called through a table of their own that is added behind the module's
 * tables, so that no index of the module changes. Shares nothing with `src/`; the rules are in `stretches.ts`.
 * @module
 */

import {
  type Bytes,
  moduleOf,
  name,
  section,
  signed,
  sized,
  TYPE_CODES,
  unsigned,
  vector,
} from "../conformance/encode.ts";
import { canonicalise, SCRATCH } from "./floats.ts";
import { OPCODE, Reader, readInstructions } from "./instructions.ts";
import {
  appended,
  countOf,
  readFunctions,
  readImported,
  readSections,
  readTypes,
  SECTION,
  writeSections,
} from "./sections.ts";
import { findCharges, type Weights } from "./stretches.ts";

/** The export that holds the host functions, and the one that holds what was the start function. */
export const COUNTER_TABLE = "the gas oracle's table";
export const START = "the gas oracle's start";

/** Thrown out of the module when the counter falls below zero. */
export class Exhausted extends Error {}

const SLOTS = { stretch: 0, bulkByte: 1, tableElement: 2, memoryPage: 3 } as const;
type Slot = keyof typeof SLOTS;

const BY_LENGTH: ReadonlyMap<number, Exclude<Slot, "stretch">> = new Map([
  [OPCODE.memoryFill, "bulkByte"],
  [OPCODE.memoryCopy, "bulkByte"],
  [OPCODE.memoryInit, "bulkByte"],
  [OPCODE.tableFill, "tableElement"],
  [OPCODE.tableCopy, "tableElement"],
  [OPCODE.tableInit, "tableElement"],
  [OPCODE.tableGrow, "tableElement"],
  [OPCODE.memoryGrow, "memoryPage"],
] as const);

/** The counter that the host functions work on. */
export class Counter {
  /** What remains; below zero is exhausted. */
  remaining: number;
  /** What has been charged after each charge, in order; for finding limits that end a run at each of them. */
  readonly totals: number[] = [];
  readonly #weights: Weights;
  #total = 0;

  constructor(weights: Weights, limit: number) {
    this.#weights = weights;
    this.remaining = limit;
  }

  charge(cost: number): void {
    this.#total += cost;
    this.remaining -= cost;
    this.totals.push(this.#total);
    if (this.remaining < 0) throw new Exhausted();
  }

  /** Puts the host functions into an instance's table. */
  attach(exports: WebAssembly.Exports): void {
    const byLength = (weight: Exclude<Slot, "stretch">) => (length: number) => {
      this.charge((length >>> 0) * this.#weights[weight]);
      return length;
    };
    const functions = exportedAsWasm({
      stretch: (cost) => this.charge(cost),
      bulkByte: byLength("bulkByte"),
      tableElement: byLength("tableElement"),
      memoryPage: byLength("memoryPage"),
    });
    const table = exports[COUNTER_TABLE] as WebAssembly.Table;
    for (const [key, slot] of Object.entries(SLOTS)) table.set(slot, functions[key]);
  }
}

const STRETCH_TYPE: Bytes = [0x60, vector([[TYPE_CODES.f64]]), vector([])];
const LENGTH_TYPE: Bytes = [0x60, vector([[TYPE_CODES.i32]]), vector([[TYPE_CODES.i32]])];

/** Tables hold functions of WebAssembly only; this module hands JavaScript's through. */
function exportedAsWasm(functions: Record<Slot, (value: number) => unknown>): WebAssembly.Exports {
  const names = Object.keys(SLOTS);
  const bytes = moduleOf(
    section(1, vector([STRETCH_TYPE, LENGTH_TYPE])),
    section(2, vector(names.map((key, slot) => [name("host"), name(key), 0, slot === 0 ? 0 : 1]))),
    section(7, vector(names.map((key, slot) => [name(key), 0, slot]))),
  );
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: functions }).exports;
}

/** What the oracle adds. */
export interface Additions {
  readonly weights: Weights;
  /** Whether the result of each float operation is made canonical at once. */
  readonly canonicalFloats: boolean;
}

/** Adds the counting to a valid module. Its start function, if any, is exported as `START` and not run. */
export function withCounter(bytes: Uint8Array, { weights, canonicalFloats }: Additions): Uint8Array {
  const sections = readSections(bytes);
  const types = readTypes(sections.get(SECTION.type));
  const imported = readImported(sections.get(SECTION.import));
  const functions = readFunctions(sections.get(SECTION.function));
  const table = countOf(sections.get(SECTION.table)) + imported.tables;
  const call = (type: number, slot: Slot): Bytes => [0x41, signed(SLOTS[slot]), 0x11, unsigned(type), unsigned(table)];
  const charge = (cost: number): Bytes => [0x44, f64Bytes(cost), call(types.length, "stretch")];
  const chargeByLength = (slot: Slot): Bytes => call(types.length + 1, slot);

  const start = sections.get(SECTION.start);
  const exported: Bytes[] = [[name(COUNTER_TABLE), 1, unsigned(table)]];
  if (start !== undefined) exported.push([name(START), 0, start]);

  const written = new Map<number, Bytes>(sections);
  written.delete(SECTION.start);
  written.set(SECTION.type, appended(sections.get(SECTION.type), [STRETCH_TYPE, LENGTH_TYPE]));
  written.set(
    SECTION.table,
    appended(sections.get(SECTION.table), [[TYPE_CODES.funcref, 0, Object.keys(SLOTS).length]]),
  );
  written.set(SECTION.export, appended(sections.get(SECTION.export), exported));
  const code = sections.get(SECTION.code);
  if (code !== undefined) {
    const reader = new Reader(code);
    let index = 0;
    written.set(
      SECTION.code,
      vector(reader.list(() => countedBody(reader.sized(), types[functions[index++]!]!.params.length))),
    );
  }
  return writeSections(written);

  function countedBody(body: Uint8Array, parameters: number): Bytes {
    const reader = new Reader(body);
    const groups = reader.list(() => ({ count: reader.u32(), type: reader.byte() }));
    const locals = groups.reduce((sum, { count }) => sum + count, 0);
    const scratch = (index: number): Bytes => unsigned(parameters + locals + index);
    const instructions = readInstructions(body, reader.at);
    // Where several things stand at one place, what belongs to the instruction before comes first.
    const insertions: { at: number; code: Bytes }[] = [];
    if (canonicalFloats) {
      for (const { opcode, end } of instructions) {
        const fix = canonicalise(opcode, scratch);
        if (fix !== undefined) insertions.push({ at: end, code: fix });
      }
    }
    for (const { at, cost } of findCharges(instructions, locals, weights)) insertions.push({ at, code: charge(cost) });
    for (const { opcode, start: at } of instructions) {
      const slot = BY_LENGTH.get(opcode);
      if (slot !== undefined) insertions.push({ at, code: chargeByLength(slot) });
    }
    insertions.sort((a, b) => a.at - b.at);
    const parts: Bytes[] = [];
    let done = reader.at;
    for (const { at, code: added } of insertions) {
      parts.push(body.subarray(done, at), added);
      done = at;
    }
    const declared = [...groups, ...SCRATCH.map((type) => ({ count: 1, type }))];
    return sized([vector(declared.map(({ count, type }) => [unsigned(count), type])), parts, body.subarray(done)]);
  }
}

function f64Bytes(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(value).buffer);
}
