/**
 * Calls exported functions and reads exported globals without losing a bit.
 *
 * JavaScript cannot pass `v128`, and a NaN that crosses into it may come back with other bits. So every call goes
 * through a small generated module that imports the function, takes its arguments from memory (16 bytes each) and
 * leaves its results there; references travel in tables.
 * @module
 */

import { type Bytes, moduleOf, name, section, signed, sized, TYPE_CODES, unsigned, vector } from "./encode.ts";
import type { FunctionType, GlobalType } from "./interface.ts";
import { type Value, type ValueType, WIDTHS } from "./values.ts";

const SLOT = 16;
const LOAD: Readonly<Record<string, Bytes>> = { i32: [0x28, 0], i64: [0x29, 0], f32: [0x2a, 0], f64: [0x2b, 0] };
const STORE: Readonly<Record<string, Bytes>> = { i32: [0x36, 0], i64: [0x37, 0], f32: [0x38, 0], f64: [0x39, 0] };
const V128_LOAD: Bytes = [0xfd, 0, 0];
const V128_STORE: Bytes = [0xfd, 11, 0];
const TABLES = { funcref: 0, externref: 1 } as const;

const i32Const = (value: number): Bytes => [0x41, signed(value)];
const isReference = (type: ValueType): type is "funcref" | "externref" => type === "funcref" || type === "externref";

const load = (type: ValueType, slot: number): Bytes =>
  isReference(type) ? [i32Const(slot), 0x25, TABLES[type]] : [i32Const(slot * SLOT), LOAD[type] ?? V128_LOAD, 0];

const store = (type: ValueType, slot: number, value: Bytes): Bytes =>
  isReference(type)
    ? [i32Const(slot), value, 0x26, TABLES[type]]
    : [i32Const(slot * SLOT), value, STORE[type] ?? V128_STORE, 0];

/** The module that calls an imported function of this type. */
function callerModule({ params, results }: FunctionType): Uint8Array {
  const code = (type: ValueType): number => TYPE_CODES[type];
  const local = (index: number): Bytes => unsigned(index);
  return adapterModule(
    params.length + results.length,
    [0x60, vector(params.map((type) => [code(type)])), vector(results.map((type) => [code(type)]))],
    [0, 1],
    results.map((type) => [1, code(type)]),
    [
      params.map((type, slot) => load(type, slot)),
      [0x10, 0],
      // The last result is on top.
      results.map((_, index) => [0x21, local(index)]).reverse(),
      results.map((type, slot) => store(type, slot, [0x20, local(slot)])),
    ],
  );
}

/** The module that reads an imported global of this type. */
function readerModule({ type, mutable }: GlobalType): Uint8Array {
  return adapterModule(1, undefined, [3, TYPE_CODES[type], mutable ? 1 : 0], [], store(type, 0, [0x23, 0]));
}

function adapterModule(
  slots: number,
  type: Bytes | undefined,
  subject: Bytes,
  locals: Bytes[],
  body: Bytes,
): Uint8Array {
  const run: Bytes = [0x60, 0, 0];
  const pages = Math.ceil((slots * SLOT) / 65536);
  const table = (reference: "funcref" | "externref"): Bytes => [TYPE_CODES[reference], 0, unsigned(slots)];
  return moduleOf(
    section(1, vector(type === undefined ? [run] : [run, type])),
    section(2, vector([[name("subject"), name("it"), subject]])),
    section(3, vector([[0]])),
    section(4, vector([table("funcref"), table("externref")])),
    section(5, vector([[0, unsigned(pages)]])),
    section(
      7,
      vector([
        [name("run"), 0, type === undefined ? 0 : 1],
        [name("memory"), 2, 0],
        [name("funcref"), 1, 0],
        [name("externref"), 1, 1],
      ]),
    ),
    section(10, vector([sized([vector(locals), body, 0x0b])])),
  );
}

interface Adapter {
  readonly run: () => void;
  readonly memory: DataView;
  readonly tables: Readonly<Record<"funcref" | "externref", WebAssembly.Table>>;
}

const modules = new Map<string, WebAssembly.Module>();

function instantiate(key: string, build: () => Uint8Array, it: WebAssembly.ImportValue): Adapter {
  let module = modules.get(key);
  if (module === undefined) modules.set(key, (module = new WebAssembly.Module(build())));
  const { exports } = new WebAssembly.Instance(module, { subject: { it } });
  return {
    run: exports.run as () => void,
    memory: new DataView((exports.memory as WebAssembly.Memory).buffer),
    tables: {
      funcref: exports.funcref as WebAssembly.Table,
      externref: exports.externref as WebAssembly.Table,
    },
  };
}

/** A function that takes and gives exact values; it throws what the call throws. */
export type ExactFunction = (args: readonly Value[]) => Value[];

/** Wraps an exported function. */
export function exactFunction(subject: WebAssembly.ExportValue, type: FunctionType): ExactFunction {
  const key = `${type.params.join()}>${type.results.join()}`;
  const adapter = instantiate(key, () => callerModule(type), subject as WebAssembly.ImportValue);
  return (args) => {
    args.forEach((value, slot) => {
      if ("reference" in value) adapter.tables[value.type].set(slot, value.reference);
      else writeBits(adapter.memory, slot * SLOT, value.bits);
    });
    adapter.run();
    return type.results.map((result, slot) => readResult(adapter, result, slot));
  };
}

/** The value of an exported global. */
export function exactGlobal(subject: WebAssembly.ExportValue, type: GlobalType): Value {
  const key = `${type.mutable ? "mut " : ""}${type.type}`;
  const adapter = instantiate(key, () => readerModule(type), subject as WebAssembly.ImportValue);
  adapter.run();
  return readResult(adapter, type.type, 0);
}

function writeBits(memory: DataView, at: number, bits: bigint): void {
  memory.setBigUint64(at, BigInt.asUintN(64, bits), true);
  memory.setBigUint64(at + 8, bits >> 64n, true);
}

function readResult(adapter: Adapter, type: ValueType, slot: number): Value {
  if (isReference(type)) return { type, reference: adapter.tables[type].get(slot) };
  const low = adapter.memory.getBigUint64(slot * SLOT, true);
  const high = adapter.memory.getBigUint64(slot * SLOT + 8, true);
  return { type, bits: BigInt.asUintN(WIDTHS[type], low | (high << 64n)) };
}
