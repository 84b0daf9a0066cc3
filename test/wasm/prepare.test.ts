/**
 * What `prepareModule` promises beyond gas and behaviour, which `test/gas` and the property tests look after: names,
 * images, limits, profiles, refusals, keys.
 * @module
 */

import { expect, test } from "vitest";
import makeWabt from "wabt";
import { ContractFault } from "../../src/errors.ts";
import { costs1, type PrepareOptions, prepareModule } from "../../src/wasm/index.ts";

const wabt = await makeWabt();
const assemble = (source: string): Uint8Array =>
  wabt.parseWat("test.wat", source, { tail_call: true, simd: true }).toBinary({}).buffer;
const wasm2 = (source: string, options: PrepareOptions = {}) =>
  prepareModule(assemble(source), { profile: "wasm2", ...options });
const instantiate = (bytes: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports = {}) =>
  new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
const contract = (more: string, memory = "1 16"): string =>
  `(module (import "env" "memory" (memory ${memory})) ${more} (func (export "call")) (func (export "deploy")))`;
const refusal = (bytes: Uint8Array, options: PrepareOptions = {}): ContractFault => {
  try {
    prepareModule(bytes, options);
  } catch (error) {
    expect(error).toBeInstanceOf(ContractFault);
    return error as ContractFault;
  }
  throw new Error("the module was accepted");
};

test("exports that look like the meter's push it to other names", () => {
  const prepared = wasm2(`(module (global (export "phatvm:gas") (mut i64) (i64.const 5)) (func (export "phatvm_:x")))`);
  expect(prepared.gasGlobal).toBe("phatvm__:gas");
  const exports = instantiate(prepared.bytes);
  expect((exports["phatvm:gas"] as WebAssembly.Global).value).toBe(5n);
  expect((exports[prepared.gasGlobal] as WebAssembly.Global).value).toBe(2n ** 63n - 1n);
});

test("an import named as the meter is just an import", () => {
  const prepared = wasm2(
    `(module (import "phatvm" "gas" (global (mut i64))) (func (export "f") (global.set 0 (i64.const 7))))`,
  );
  const meter = new WebAssembly.Global({ value: "i64", mutable: true }, 1n);
  const exports = instantiate(prepared.bytes, { phatvm: { gas: meter } });
  (exports.f as () => void)();
  expect(meter.value).toBe(7n);
  expect((exports[prepared.gasGlobal] as WebAssembly.Global).value).toBeLessThan(2n ** 63n - 1n);
});

test("the counter starts where the option says, and larger limits saturate", () => {
  const start = (gas: bigint): unknown => {
    const prepared = wasm2("(module)", { gas });
    return (instantiate(prepared.bytes)[prepared.gasGlobal] as WebAssembly.Global).value;
  };
  expect(start(123n)).toBe(123n);
  expect(start(2n ** 64n - 1n)).toBe(2n ** 63n - 1n);
});

test("an image names every memory, table and mutable global, and says why a module cannot be reset", () => {
  const source = (body: string): string =>
    `(module (memory 1) (table 2 funcref) (global (mut i32) (i32.const 4)) (global i32 (i32.const 5)) (data "x")
       (func (export "f") ${body}))`;
  const prepared = wasm2(source(""), { image: true });
  const exports = instantiate(prepared.bytes);
  const { memories, tables, globals, resettable } = prepared.image!;
  expect(exports[memories[0]!.name]).toBeInstanceOf(WebAssembly.Memory);
  expect(exports[tables[0]!.name]).toBeInstanceOf(WebAssembly.Table);
  expect(globals).toHaveLength(1);
  expect((exports[globals[0]!.name] as WebAssembly.Global).value).toBe(4);
  expect(resettable).toBe(true);
  const dropping = wasm2(source("(data.drop 0)"), { image: true }).image!;
  expect([dropping.resettable, dropping.reason]).toEqual([false, "it drops data segments"]);
});

test("a contract's start function does not run at instantiation but under its hidden name", () => {
  const source = contract(`(global $ran (mut i32) (i32.const 0)) (func $s (global.set $ran (i32.const 1))) (start $s)`);
  const prepared = prepareModule(assemble(source), { image: true });
  const exports = instantiate(prepared.bytes, { env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 16 }) } });
  const ran = exports[prepared.image!.globals[0]!.name] as WebAssembly.Global;
  expect(ran.value).toBe(0);
  (exports[prepared.start!] as () => void)();
  expect(ran.value).toBe(1);
});

test("a memory without a maximum gets the profile's, and growing past it fails inside the module", () => {
  const prepared = prepareModule(assemble(contract("", "1")), {});
  expect(prepared.imports[0]).toMatchObject({ kind: "memory", minimum: 1, maximum: 64 });
  const small = wasm2(`(module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 3))))`, {
    limits: { memoryPages: 3 },
  });
  expect((instantiate(small.bytes).grow as () => number)()).toBe(-1);
  expect(refusal(assemble(contract("", "65 70"))).facts.reason).toContain("more than the limit of 64");
});

test("a fill of a gigabyte is paid for before it happens", () => {
  const prepared = wasm2(
    `(module (memory 1) (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x40000000))))`,
    { gas: 10n ** 12n },
  );
  const exports = instantiate(prepared.bytes);
  expect(exports.fill as () => void).toThrow(WebAssembly.RuntimeError);
  expect((exports[prepared.gasGlobal] as WebAssembly.Global).value).toBeLessThan(0n);
});

test.each([
  ['(func (export "other"))', "unknown function export: expecting only deploy and call functions"],
  ['(export "m" (memory 0))', "memory export is forbidden"],
  ['(table 1 funcref) (export "t" (table 0))', "table export is forbidden"],
  ['(global i32 (i32.const 0)) (export "g" (global 0))', "global export is forbidden"],
])("a contract with %s is refused in upstream's words", (more, reason) => {
  for (const profile of ["deterministic", "pink"] as const) {
    expect(refusal(assemble(contract(more)), { profile }).facts.reason).toBe(reason);
  }
});

test("a contract without a memory import is refused", () => {
  const source = '(module (memory 1) (func (export "call")) (func (export "deploy")))';
  expect(refusal(assemble(source)).facts.reason).toBe("No memory import found in the module");
});

test.each([
  ["(func (drop (f32.const 1)))", "floats are refused"],
  ["(func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))", "bulk operations are not part of the profile"],
  ["(func (result i32 i32) (i32.const 1) (i32.const 1))", "functions with several results are not part of the profile"],
  ["(func (drop (ref.null func)))", "reference instructions are not part of the profile"],
  ["(func (drop (v128.const i64x2 0 0)))", "vectors are not part of the profile"],
  ["(func $f (return_call $f))", "tail calls are not part of the profile"],
])("pink refuses %s, which deterministic accepts", (more, reason) => {
  const bytes = assemble(contract(more));
  expect(refusal(bytes, { profile: "pink" }).facts.reason).toBe(reason);
  expect(prepareModule(bytes).report.instructions).toBeGreaterThan(0);
});

test("a refusal says where: reason, function and byte", () => {
  const bytes = assemble('(module (func) (func (export "f") (result i32) (i32.const 1)))');
  const broken = bytes.slice();
  const at = broken.lastIndexOf(0x41);
  broken[at] = 0x42;
  const fault = refusal(broken, { profile: "wasm2" });
  expect(fault.code).toBe("CodeRejected");
  expect(fault.facts).toMatchObject({ reason: "an instruction needs i32 and finds i64", function: 1 });
  expect(fault.facts.offset).toBe(at + 2);
  expect(fault.message).toContain("in function 1 at byte");
});

test("every option and weight is part of the key", () => {
  const choices: PrepareOptions[] = [
    {},
    { profile: "wasm2" },
    { gas: 5n },
    { costs: { ...costs1, call: 25_000 } },
    { maxStack: 100_000 },
    { floats: "native" },
    { limits: { memoryPages: 3 } },
    { image: true },
    { meter: false },
    { reentrant: true },
  ];
  const bytes = assemble(contract(""));
  expect(new Set(choices.map((options) => prepareModule(bytes, options).key)).size).toBe(choices.length);
});

test("with reentrant, depth goes on through the host and overflows at the same call every time", () => {
  const source = `(module (import "env" "again" (func $again)) (func (export "f") (call $again)))`;
  const depths = [1, 2].map(() => {
    const prepared = wasm2(source, { reentrant: true, maxStack: 20_000 });
    let depth = 0;
    const exports = instantiate(prepared.bytes, {
      env: {
        again: () => {
          depth++;
          (exports.f as () => void)();
        },
      },
    });
    expect(exports.f as () => void).toThrow(WebAssembly.RuntimeError);
    expect((exports[prepared.stackGlobal] as WebAssembly.Global).value).toBe(-1);
    return depth;
  });
  expect(depths[0]).toBeGreaterThan(10);
  expect(depths[1]).toBe(depths[0]);
});

test("tail calls run for ever without depth", () => {
  const prepared = wasm2(
    `(module (func $f (export "f") (param i32) (result i32)
       (if (result i32) (local.get 0) (then (return_call $f (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 9)))))`,
    { maxStack: 1000 },
  );
  const exports = instantiate(prepared.bytes);
  expect((exports.f as (n: number) => number)(1_000_000)).toBe(9);
  expect((exports[prepared.stackGlobal] as WebAssembly.Global).value).toBe(1000);
});

test("the report counts instructions, stretches and stack per function", () => {
  const { report } = wasm2(
    `(module (func $a (call $b)) (func $b (param i64) (result i32) (i32.const 1) (loop) (call $c)) (func $c (call $c)))`.replace(
      "(call $b)",
      "(drop (call $b (i64.const 1)))",
    ),
  );
  expect(report.functions).toEqual([
    { index: 0, instructions: 4, stack: report.functions[0]!.stack, stretches: 1 },
    { index: 1, instructions: 5, stack: 96 + 16 * 2, stretches: 1 },
    { index: 2, instructions: 2, stack: "counted", stretches: 1 },
  ]);
  expect(report.functions[0]!.stack).toBe(96 + 16 + 96 + 16 * 2);
  expect(report.counted).toBe(1);
});
