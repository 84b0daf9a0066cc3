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
import type { Depth } from "./depths.ts";
import { canonicalise, SCRATCH } from "./floats.ts";
import { type Instruction, OPCODE, Reader, readInstructions } from "./instructions.ts";
import {
  appended,
  countOf,
  readFunctions,
  readImported,
  readSections,
  readTypes,
  SECTION,
  type TypeCodes,
  writeSections,
} from "./sections.ts";
import { findCharges, type Weights } from "./stretches.ts";

/** The export that holds the host functions, and the one that holds what was the start function. */
export const COUNTER_TABLE = "the gas oracle's table";
export const START = "the gas oracle's start";

/** Thrown out of the module when the counter falls below zero. */
export class Exhausted extends Error {}
/** Thrown out of the module when a function's frame does not fit. */
export class TooDeep extends Error {}

const SLOTS = { stretch: 0, bulkByte: 1, tableElement: 2, memoryPage: 3, enter: 4, leave: 5 } as const;
type Slot = keyof typeof SLOTS;
type ByLength = "bulkByte" | "tableElement" | "memoryPage";

const BY_LENGTH: ReadonlyMap<number, ByLength> = new Map([
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
  readonly #depths: readonly Depth[];
  readonly #maxStack: number;
  #total = 0;
  /** What remained of the stack on entry of each function that is running, and what remains now. */
  #entries: number[] = [];
  #stack: number;

  constructor({ weights, maxStack }: Additions, limit: number, depths: readonly Depth[] = []) {
    this.#weights = weights;
    this.#depths = depths;
    this.#maxStack = this.#stack = maxStack ?? Number.POSITIVE_INFINITY;
    this.remaining = limit;
  }

  /** After a run that did not return: the next one begins at the bottom of the stack. */
  unwind(): void {
    this.#entries = [];
    this.#stack = this.#maxStack;
  }

  #enter(index: number): void {
    const depth = this.#depths[index];
    if (depth === undefined) return;
    if (depth.counted && this.#stack - depth.cost < depth.below) throw new TooDeep();
    this.#entries.push(this.#stack);
    if (depth.carries) this.#stack -= depth.cost;
  }

  #leave(): void {
    this.#stack = this.#entries.pop() ?? this.#maxStack;
  }

  charge(cost: number): void {
    this.#total += cost;
    this.remaining -= cost;
    this.totals.push(this.#total);
    if (this.remaining < 0) throw new Exhausted();
  }

  /** Puts the host functions into an instance's table. */
  attach(exports: WebAssembly.Exports): void {
    const byLength = (weight: ByLength) => (length: number) => {
      this.charge((length >>> 0) * this.#weights[weight]);
      return length;
    };
    const functions = exportedAsWasm({
      stretch: (cost) => this.charge(cost),
      bulkByte: byLength("bulkByte"),
      tableElement: byLength("tableElement"),
      memoryPage: byLength("memoryPage"),
      enter: (index) => this.#enter(index),
      leave: () => this.#leave(),
    });
    const table = exports[COUNTER_TABLE] as WebAssembly.Table;
    for (const [key, slot] of Object.entries(SLOTS)) table.set(slot, functions[key]);
  }
}

const STRETCH_TYPE: Bytes = [0x60, vector([[TYPE_CODES.f64]]), vector([])];
const LENGTH_TYPE: Bytes = [0x60, vector([[TYPE_CODES.i32]]), vector([[TYPE_CODES.i32]])];
const ENTRY_TYPE: Bytes = [0x60, vector([[TYPE_CODES.i32]]), vector([])];
const ADDED_TYPES = [STRETCH_TYPE, LENGTH_TYPE, ENTRY_TYPE];

/** Which of the added types a slot's function has. */
const typeOf = (slot: Slot): number => (slot === "stretch" ? 0 : slot === "enter" || slot === "leave" ? 2 : 1);

/** Tables hold functions of WebAssembly only; this module hands JavaScript's through. */
function exportedAsWasm(functions: Record<Slot, (value: number) => unknown>): WebAssembly.Exports {
  const names = Object.keys(SLOTS) as Slot[];
  const bytes = moduleOf(
    section(1, vector(ADDED_TYPES)),
    section(2, vector(names.map((key) => [name("host"), name(key), 0, typeOf(key)]))),
    section(7, vector(names.map((key, slot) => [name(key), 0, slot]))),
  );
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: functions }).exports;
}

/** What the oracle adds. */
export interface Additions {
  readonly weights: Weights;
  /** Whether the result of each float operation is made canonical at once. */
  readonly canonicalFloats: boolean;
  /** Bytes of stack by the formula of `stack.md`; not counted without it. */
  readonly maxStack?: number;
}

/** Adds the counting to a valid module. Its start function, if any, is exported as `START` and not run. */
export function withCounter(bytes: Uint8Array, { weights, canonicalFloats, maxStack }: Additions): Uint8Array {
  const sections = readSections(bytes);
  const types = readTypes(sections.get(SECTION.type));
  const imported = readImported(sections.get(SECTION.import));
  const functions = readFunctions(sections.get(SECTION.function));
  const table = countOf(sections.get(SECTION.table)) + imported.tables;
  const call = (slot: Slot): Bytes => [
    [0x41, signed(SLOTS[slot])],
    [0x11, unsigned(types.length + typeOf(slot)), unsigned(table)],
  ];
  const charge = (cost: number): Bytes => [0x44, f64Bytes(cost), call("stretch")];
  const enter = (index: number): Bytes => [0x41, signed(index), call("enter")];
  const leave: Bytes = [0x41, 0, call("leave")];
  /** Types of blocks around whole bodies, for those that give several results. */
  const wrapperTypes: Bytes[] = [];

  const start = sections.get(SECTION.start);
  const exported: Bytes[] = [[name(COUNTER_TABLE), 1, unsigned(table)]];
  if (start !== undefined) exported.push([name(START), 0, start]);

  const written = new Map<number, Bytes>(sections);
  const code = sections.get(SECTION.code);
  if (code !== undefined) {
    const reader = new Reader(code);
    let index = 0;
    written.set(
      SECTION.code,
      vector(reader.list(() => countedBody(reader.sized(), index, types[functions[index++]!]!))),
    );
  }
  written.delete(SECTION.start);
  written.set(SECTION.type, appended(sections.get(SECTION.type), [...ADDED_TYPES, ...wrapperTypes]));
  written.set(
    SECTION.table,
    appended(sections.get(SECTION.table), [[TYPE_CODES.funcref, 0, Object.keys(SLOTS).length]]),
  );
  written.set(SECTION.export, appended(sections.get(SECTION.export), exported));
  return writeSections(written);

  function countedBody(body: Uint8Array, index: number, { params, results }: TypeCodes): Bytes {
    const reader = new Reader(body);
    const groups = reader.list(() => ({ count: reader.u32(), type: reader.byte() }));
    const locals = groups.reduce((sum, { count }) => sum + count, 0);
    const scratch = (at: number): Bytes => unsigned(params.length + locals + at);
    const instructions = readInstructions(body, reader.at);
    // Where several things stand at one place, what belongs to the instruction before comes first.
    const edits: Edit[] = [];
    const insert = (at: number, added: Bytes): number => edits.push({ at, until: at, code: added });
    if (canonicalFloats) {
      for (const { opcode, end } of instructions) {
        const fix = canonicalise(opcode, scratch);
        if (fix !== undefined) insert(end, fix);
      }
    }
    for (const { at, cost } of findCharges(instructions, locals, weights)) insert(at, charge(cost));
    // The first stretch is charged before the depth is checked.
    if (maxStack !== undefined) insert(reader.at, [enter(index), 0x02, wrapperType(results)]);
    for (const { opcode, start: at } of instructions) {
      const slot = BY_LENGTH.get(opcode);
      if (slot !== undefined) insert(at, call(slot));
    }
    if (maxStack !== undefined) edits.push(...leaving(instructions, leave));
    edits.sort((a, b) => a.at - b.at);
    const parts: Bytes[] = [];
    let done = reader.at;
    for (const { at, until, code: added } of edits) {
      parts.push(body.subarray(done, at), added);
      done = until;
    }
    parts.push(body.subarray(done));
    if (maxStack !== undefined) parts.push(leave, [OPCODE.end]);
    const declared = [...groups, ...SCRATCH.map((type) => ({ count: 1, type }))];
    return sized([vector(declared.map(({ count, type }) => [unsigned(count), type])), parts]);
  }

  function wrapperType(results: readonly number[]): Bytes {
    if (results.length === 0) return [0x40];
    if (results.length === 1) return [results[0]!];
    wrapperTypes.push([0x60, 0, vector(results.map((type) => [type]))]);
    return signed(types.length + ADDED_TYPES.length + wrapperTypes.length - 1);
  }
}

/** Bytes of a body to be replaced; none when something is only added. */
interface Edit {
  readonly at: number;
  readonly until: number;
  readonly code: Bytes;
}

/**
 * The edits that let every way out of a function pass by its end, where it is left: the body has become a block, to
 * whose end `return` branches; branches to the function's label now have the block's. A tail call leaves before.
 */
function leaving(instructions: readonly Instruction[], leave: Bytes): Edit[] {
  const edits: Edit[] = [];
  let open = 0;
  for (const { opcode, start, end } of instructions) {
    if (opcode === OPCODE.block || opcode === OPCODE.loop || opcode === OPCODE.if) open++;
    if (opcode === OPCODE.end) open--;
    if (opcode === OPCODE.return) edits.push({ at: start, until: end, code: [OPCODE.br, unsigned(open)] });
    if (opcode === OPCODE.returnCall || opcode === OPCODE.returnCallIndirect)
      edits.push({ at: start, until: start, code: leave });
  }
  return edits;
}

function f64Bytes(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(value).buffer);
}
