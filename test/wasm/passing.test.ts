/**
 * Functions that hand the counter on in registers: the figures are those of `gas.md` wherever they can be seen, and
 * from outside nothing has changed.
 * @module
 */

import { expect, test } from "vitest";
import makeWabt from "wabt";
import { type PrepareOptions, prepareModule } from "../../src/wasm/index.ts";

const wabt = await makeWabt();
const assemble = (source: string): Uint8Array =>
  wabt.parseWat("test.wat", source, { tail_call: true, multi_value: true }).toBinary({}).buffer;

type Exports = Record<string, (...values: unknown[]) => unknown>;

function open(source: string, imports: WebAssembly.Imports = {}, options: PrepareOptions = {}) {
  const prepared = prepareModule(assemble(source), { profile: "wasm2", ...options });
  const exports = new WebAssembly.Instance(new WebAssembly.Module(prepared.bytes), imports).exports;
  const gas = exports[prepared.gasGlobal] as WebAssembly.Global<bigint>;
  const stack = exports[prepared.stackGlobal] as WebAssembly.Global<number>;
  const set = (value: number): void => void (gas.value = BigInt(value));
  return { prepared, exports: exports as unknown as Exports, set, left: () => Number(gas.value), stack };
}

/** Whether the function `f` of the module takes the counter: it then is not what is exported. */
const isPrivate = (source: string): boolean => {
  const { exports } = open(source);
  return Number(exports.f!.name) >= Number(exports.last!.name);
};
const plain = 8_000;
const call = 24_000;

const fib = `(module (func $fib (export "fib") (param i32) (result i32)
  (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0)) (else
    (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`;

test("a recursion that cannot trap leaves the exact figure to the host, and its stack as it was", () => {
  const { exports, set, left, stack } = open(fib);
  const whole = stack.value;
  set(1e12);
  expect(exports.fib!(10)).toBe(55);
  // 177 calls, each a stretch that has absorbed both arms: if, comparison, 2 operands; 1; 9 and 2 calls.
  expect(1e12 - left()).toBe(177 * (4 * plain + plain + 7 * plain + 2 * call));
  expect(stack.value).toBe(whole);
});

test("a recursion that cannot trap shows exhaustion and overflow where they happen", () => {
  const { exports, set, left, stack } = open(fib);
  set(1_000_000);
  expect(() => exports.fib!(20)).toThrow(WebAssembly.RuntimeError);
  expect(left()).toBeLessThan(0);
  set(1e12);
  stack.value = 1_000;
  expect(() => exports.fib!(20)).toThrow(WebAssembly.RuntimeError);
  expect(stack.value).toBe(-1);
  // Five frames of 192 bytes fit; the sixth is charged.
  expect(1e12 - left()).toBe(6 * 144_000);
});

test("what a silent function has charged is there when its caller traps, calls the host, or returns", () => {
  const seen: number[] = [];
  const opened = open(
    `(module (import "h" "see" (func $see)) (memory 1)
      (func $silent (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
      (func $outer (param i32) (call $see) (drop (call $silent (i32.const 1))) (call $see) (drop (i32.load (call $silent (local.get 0)))))
      (func (export "run") (param i32) (call $outer (local.get 0)) (call $see)))`,
    { h: { see: () => seen.push(opened.left()) } },
  );
  const { exports, set, left } = opened;
  const silent = 3 * plain;
  const outer = 2 * call + 2 * call + 5 * plain;
  const run = 2 * call + plain;
  set(1e9);
  exports.run!(8);
  expect(seen.map((value) => 1e9 - value)).toEqual([run + outer, run + outer + silent, run + outer + 2 * silent]);
  expect(1e9 - left()).toBe(run + outer + 2 * silent);
  set(1e9);
  expect(() => exports.run!(-5)).toThrow(/out of bounds/);
  expect(1e9 - left()).toBe(run + outer + 2 * silent);
});

test("what a host function takes stays taken, also where a private call and an unreachable follow", () => {
  const opened = open(
    `(module (import "h" "pay" (func $pay)) (import "h" "stop" (func $stop)) (memory 1)
      (func $silent (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
      (func $writes (param i32) (drop (i32.load (local.get 0))))
      (func $outer (call $pay) (call $writes (call $silent (i32.const 1))) (call $pay) (call $stop) (unreachable))
      (func (export "run") (call $outer)))`,
    {
      h: {
        pay: () => set(opened.left() - 1_000_000),
        stop: () => {
          throw new Error("stopped");
        },
      },
    },
  );
  const { exports, set, left } = opened;
  set(1e9);
  expect(() => exports.run!()).toThrow("stopped");
  expect(1e9 - left()).toBe(2_000_000 + call + (5 * call + 2 * plain) + 3 * plain + 3 * plain);
  // Whoever has paid the last is not heard any more.
  set(3 * plain + 3 * plain + 6 * call + 2 * plain + 1_500_000);
  expect(() => exports.run!()).toThrow(WebAssembly.RuntimeError);
  expect(left()).toBeLessThan(0);
});

test("locals that added parameters displace keep their values, whatever their index and number", () => {
  for (const parameters of [0, 1, 3, 126, 127, 128, 200]) {
    for (const locals of [0, 1, 2, 3, 130]) {
      const total = parameters + locals;
      const sum = Array.from(
        { length: total },
        (_, i) => `(local.set $sum (i64.add (local.get $sum) (i64.mul (local.get ${i}) (i64.const ${i + 1}))))`,
      );
      const source = `(module (func $f (export "f") ${parameters > 0 ? `(param ${"i64 ".repeat(parameters)})` : ""} (result i64)
          ${locals > 0 ? `(local ${"i64 ".repeat(locals)})` : ""} (local $sum i64)
          ${Array.from({ length: locals }, (_, i) => `(local.set ${parameters + i} (i64.const ${1000 + i}))`).join(" ")} ${sum.join(" ")}
          (if (i64.lt_s (local.tee $sum (local.get $sum)) (i64.const 0)) (then (drop (call $f ${"(i64.const 1)".repeat(parameters)})) (return (i64.const 7))))
          (local.get $sum))
        (func (export "last")))`;
      const { exports } = open(source);
      const bare = new WebAssembly.Instance(new WebAssembly.Module(assemble(source) as Uint8Array<ArrayBuffer>))
        .exports as unknown as Exports;
      const values = Array.from({ length: parameters }, (_, i) => BigInt(i * 7 + 1));
      expect(exports.f!(...values)).toBe(bare.f!(...values));
      expect(isPrivate(source)).toBe(true);
    }
  }
});

test("calls, tail calls and returns that are not reached fit any types", () => {
  const { exports } = open(
    `(module (func $f (export "f") (param i32) (result i32) (local.get 0) (return) (i32.const 5) (return) (call $f) (drop) (i32.const 1) (return_call $f))
      (func $g (export "g") (param i32) (result i32) (unreachable) (block (result i32) (i32.const 4) (call $f) (return_call $f)) (f64.const 1) (drop) (return))
      (func (export "h") (result i32) (i32.add (call $f (i32.const 20)) (if (result i32) (call $f (i32.const 0)) (then (call $g (i32.const 1))) (else (i32.const 3))))))`,
  );
  expect(exports.h!()).toBe(23);
});

test("functions that references, tail calls or several results reach keep their types", () => {
  const module = (more: string, own = '(func $f (export "f"))'): string =>
    `(module ${own} (func $g (call $f)) ${more} (func (export "last")))`;
  expect(isPrivate(module(""))).toBe(true);
  expect(isPrivate(module("(table 1 funcref) (elem (i32.const 0) $f)"))).toBe(false);
  expect(isPrivate(module("(global funcref (ref.func $f))"))).toBe(false);
  expect(isPrivate(module("(func (drop (ref.func $f)))"))).toBe(false);
  expect(isPrivate(module("(start $f)"))).toBe(false);
  expect(isPrivate(module("(func (return_call $f))"))).toBe(false);
  expect(isPrivate(module("", `(func $f (export "f") (return_call $h)) (func $h)`))).toBe(false);
  expect(
    isPrivate(
      `(module (func $f (export "f") (result i32 i32) (i32.const 1) (i32.const 2)) (func (call $f) (drop) (drop)) (func (export "last")))`,
    ),
  ).toBe(false);
});

test("a function exported under two names is one function, and nothing that was not exported is", () => {
  const { exports, prepared } = open(`(module (func $f (export "a") (export "b") (call $f)) (func $g (call $f)))`);
  expect(exports.a).toBe(exports.b);
  expect(prepared.exports.map(({ name, index }) => [name, index])).toEqual([
    ["a", 0],
    ["b", 0],
  ]);
  expect(prepared.report.functions).toHaveLength(2);
});
