/**
 * The registers of an instance (gas counter, stack counter, mutable globals, tables) at the price of a plain call.
 *
 * Reading or writing an i64 global from JavaScript makes a bigint and costs 35 ns; a reset would pay that for each
 * global. So beside each instance stands a second, tiny one: it imports these globals and tables, keeps a copy of what
 * was in them at first, and exports what the machine does to them as WebAssembly functions of numbers (5 ns). Being
 * WebAssembly it also copies what JavaScript cannot read (v128, NaN payloads). Its code depends only on the types of
 * what it is given, so contracts share it.
 * @module
 */

/** What is imported, in order. */
export interface RegisterTypes {
  /** Value types of the mutable globals beside the two counters, as encoded in the binary format. */
  readonly globals: readonly number[];
  /** Element types of the tables that a run can change, as encoded in the binary format. */
  readonly tables: readonly number[];
}

/** What the machine does to the registers of one instance. */
export interface Registers {
  /** Remembers what is in the globals now. */
  capture(): void;
  /** Remembers what is in the tables now; that costs some 50 ns an element. Once. */
  captureTables(): void;
  /** Sets the tables back to what was captured. */
  restoreTables(): void;
  /** Sets the globals back to what was captured, and the gas to a limit in ref_time; it saturates at 2^63 - 1. */
  enter(gas: number): void;
  /** As `enter`, for a limit that a number does not hold exactly: below 2^63. */
  enterWide(gas: bigint): void;
  /** Takes gas; 0 when that much was there, 1 when not: then nothing is left. */
  charge(refTime: number): number;
  /** Gas left, rounded above 2^53. */
  left(): number;
  /** Gas used since `enter`, rounded above 2^53. */
  used(): number;
  /** 1 when the gas ran out. */
  exhausted(): number;
  /** The stack counter; negative says why the guest trapped (`wasm/stack.md`). */
  stack(): number;
}

const i32 = 0x7f;
const i64 = 0x7e;
const f64 = 0x7c;
const funcType = 0x60;
const end = 0x0b;
/** The initial value of a copy, by value type: any will do, `capture` overwrites it. */
const zero: Readonly<Record<number, readonly number[]>> = {
  [i32]: [0x41, 0],
  [i64]: [0x42, 0],
  125: [0x43, 0, 0, 0, 0],
  [f64]: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  123: [0xfd, 0x0c, ...new Array<number>(16).fill(0)],
  112: [0xd0, 0x70],
  111: [0xd0, 0x6f],
};

/** Index of the gas counter among the globals of the module made here. */
const gas = 0;
const stack = 1;

const leb = (n: number): number[] => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...leb(n >>> 7)]);
const name = (text: string): number[] => [...leb(text.length), ...Array.from(text, (c) => c.charCodeAt(0))];
const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, items: readonly (readonly number[])[]): number[] => {
  const body = vector(items);
  return [id, ...leb(body.length), ...body];
};
const body = (code: readonly number[]): number[] => [...leb(code.length + 2), 0, ...code, end];
const get = (index: number): number[] => [0x23, ...leb(index)];
const set = (index: number): number[] => [0x24, ...leb(index)];
const argument = [0x20, 0];

/** Encodes the module for given types: see the file's header for what it does. */
function encode({ globals, tables }: RegisterTypes): Uint8Array {
  const imported = [i64, i32, ...globals];
  const copyOf = (index: number): number => imported.length + index;
  const saved = imported.map((_, index) => index).filter((index) => index !== gas);
  const tableCopy = (to: number, from: number): number[] => [
    ...[0x41, 0, 0x41, 0, 0xfc, 0x10, ...leb(tables.length > from ? from : from - tables.length)],
    ...[0xfc, 0x0e, ...leb(to), ...leb(from)],
  ];
  const limit = copyOf(gas);
  const positive = [...get(gas), 0x42, 0, ...get(gas), 0x42, 0, 0x59, 0x1b]; // gas, or 0 when it is below
  const exhausted = [...get(gas), 0x42, 0, 0x53];
  const restore = saved.flatMap((index) => [...get(copyOf(index)), ...set(index)]);
  const functions: readonly (readonly [name: string, type: number, code: readonly number[]])[] = [
    ["capture", 0, saved.flatMap((index) => [...get(index), ...set(copyOf(index))])],
    [
      "captureTables",
      0,
      tables.flatMap((type, index) => [
        ...[0xd0, type, 0xfc, 0x10, ...leb(index), 0xfc, 0x0f, ...leb(tables.length + index), 0x1a],
        ...tableCopy(tables.length + index, index),
      ]),
    ],
    ["restoreTables", 0, tables.flatMap((_, index) => tableCopy(index, tables.length + index))],
    ["enter", 1, [...argument, 0xfc, 0x06, ...set(limit), ...get(limit), ...set(gas), ...restore]],
    ["enterWide", 2, [...argument, ...set(limit), ...argument, ...set(gas), ...restore]],
    [
      "charge",
      3,
      [
        ...[...get(gas), ...argument, 0xfc, 0x06, 0x7d, ...set(gas)],
        ...[...exhausted, 0x04, i32, 0x42, 0x7f, ...set(gas), 0x41, 1, 0x05, 0x41, 0, end],
      ],
    ],
    ["left", 4, [...positive, 0xb9]],
    ["used", 4, [...get(limit), ...positive, 0x7d, 0xb9]],
    ["exhausted", 5, exhausted],
    ["stack", 5, get(stack)],
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [
      [funcType, 0, 0],
      [funcType, 1, f64, 0],
      [funcType, 1, i64, 0],
      [funcType, 1, f64, 1, i32],
      [funcType, 0, 1, f64],
      [funcType, 0, 1, i32],
    ]),
    ...section(2, [
      ...imported.map((type, index) => [...name("g"), ...name(String(index)), 0x03, type, 1]),
      ...tables.map((type, index) => [...name("t"), ...name(String(index)), 0x01, type, 0, 0]),
    ]),
    ...section(
      3,
      functions.map(([, type]) => [type]),
    ),
    ...(tables.length === 0
      ? []
      : section(
          4,
          tables.map((type) => [type, 0, 0]),
        )),
    ...section(
      6,
      imported.map((type) => [type, 1, ...zero[type]!, end]),
    ),
    ...section(
      7,
      functions.map(([exported], index) => [...name(exported), 0x00, index]),
    ),
    ...section(
      10,
      functions.map(([, , code]) => body(code)),
    ),
  ]);
}

const modules = new Map<string, WebAssembly.Module>();

/** The compiled module for given types, from a cache that stays small: real contracts have a handful of shapes. */
function moduleFor(types: RegisterTypes): WebAssembly.Module {
  const key = `${types.globals.join()};${types.tables.join()}`;
  let module = modules.get(key);
  if (module === undefined) {
    if (modules.size >= 256) modules.clear();
    module = new WebAssembly.Module(encode(types));
    modules.set(key, module);
  }
  return module;
}

/**
 * Stands beside an instance.
 *
 * @param counters The gas counter (i64) and the stack counter (i32).
 * @param globals The other mutable globals, with types as given.
 * @param tables The tables that a run can change, with types as given.
 */
export function attachRegisters(
  types: RegisterTypes,
  counters: readonly [gas: WebAssembly.Global, stack: WebAssembly.Global],
  globals: readonly WebAssembly.Global[],
  tables: readonly WebAssembly.Table[],
): Registers {
  const instance = new WebAssembly.Instance(moduleFor(types), {
    g: Object.fromEntries([...counters, ...globals].map((global, index) => [String(index), global])),
    t: Object.fromEntries(tables.map((table, index) => [String(index), table])),
  });
  return instance.exports as unknown as Registers;
}
