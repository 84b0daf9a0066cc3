/** Every way a run can end comes back as data, with its gas; nothing a guest does comes back as an exception. */

import { describe, expect, it } from "vitest";
import { ContractFault, EngineError } from "../../src/errors.ts";
import { Machine, type TrapKind, trapKinds } from "../../src/vm/index.ts";
import { contract, hostOf, wat } from "./wat.ts";

const machine = new Machine();
const plain = 8_000;
const gas = 1_000_000_000;
const imports = `(import "h" "note" (func $note (param i32)))
  (import "h" "end" (func $end (param i32)))
  (import "h" "pay" (func $pay (param i32)))`;

function run(call: string, options: { rest?: string; gas?: number | bigint; host?: ReturnType<typeof hostOf> } = {}) {
  const code = machine.load(contract(call, options.rest, imports));
  const host = options.host ?? hostOf({ note() {}, end() {}, pay() {} });
  return machine.run(code, { host, frame: undefined, entry: "call", gas: options.gas ?? gas });
}

describe("returned", () => {
  it("an entry that falls off its end has returned nothing, and used what it executed", () => {
    expect(run("(drop (i32.const 1))")).toEqual({
      type: "returned",
      gasUsed: 2 * plain,
      data: new Uint8Array(0),
      value: undefined,
    });
  });

  it("a host function ends the run deep inside the guest, with its data as it is", () => {
    const data = Uint8Array.of(1, 2, 3);
    const host = hostOf({ note() {}, pay() {}, end: (slot) => slot.return(data) });
    const outcome = run("(call $deep (i32.const 50))", {
      host,
      rest: `(func $deep (param i32)
        (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))))
        (call $end (i32.const 0)) unreachable)`,
    });
    expect(outcome).toMatchObject({ type: "returned", data });
    expect((outcome as { data: unknown }).data).toBe(data);
  });

  it("parameters and results of other embedders pass through", () => {
    const other = new Machine({ prepare: { profile: "wasm2" } });
    const code = other.load(
      wat(`(module (func (export "sum") (param i32 i64) (result i64)
        (i64.add (local.get 1) (i64.extend_i32_s (local.get 0)))))`),
    );
    const outcome = other.run(code, { host: hostOf(), frame: undefined, entry: "sum", gas, parameters: [-2, 5n] });
    expect(outcome).toMatchObject({ type: "returned", value: 3n });
  });
});

it("a host function reverts with data", () => {
  const host = hostOf({ note() {}, pay() {}, end: (slot) => slot.revert(Uint8Array.of(9)) });
  expect(run("(call $end (i32.const 0))", { host })).toMatchObject({ type: "reverted", data: Uint8Array.of(9) });
});

it("a host function suspends with a request", () => {
  const request = { url: "https://example.org" };
  const host = hostOf({ note() {}, pay() {}, end: (slot) => slot.suspend(request) });
  const outcome = run("(call $end (i32.const 0))", { host });
  expect(outcome.type === "suspended" && outcome.request).toBe(request);
});

describe("trapped", () => {
  const table = `(table 2 funcref) (elem (i32.const 0) $f) (func $f (param i32)) (type $void (func)) (data $d "abc") (elem $e func $f)`;
  const traps: [kind: Exclude<TrapKind, "host">, how: string, call: string][] = [
    ["unreachable", "unreachable", "unreachable"],
    ["memoryOutOfBounds", "load past the end", "(drop (i32.load (i32.const 65533)))"],
    ["memoryOutOfBounds", "store far past the end", "(i32.store8 (i32.const -1) (i32.const 0))"],
    ["memoryOutOfBounds", "fill", "(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))"],
    ["memoryOutOfBounds", "copy", "(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2))"],
    ["memoryOutOfBounds", "init past the segment", "(memory.init $d (i32.const 0) (i32.const 2) (i32.const 2))"],
    [
      "memoryOutOfBounds",
      "init of a dropped segment",
      "(data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))",
    ],
    ["tableOutOfBounds", "call past the end", "(call_indirect (type $void) (i32.const 2))"],
    ["tableOutOfBounds", "get", "(drop (table.get 0 (i32.const 2)))"],
    ["tableOutOfBounds", "set", "(table.set 0 (i32.const 2) (ref.null func))"],
    ["tableOutOfBounds", "fill", "(table.fill 0 (i32.const 1) (ref.null func) (i32.const 2))"],
    ["tableOutOfBounds", "init past the segment", "(table.init $e (i32.const 0) (i32.const 1) (i32.const 1))"],
    ["indirectCallMismatch", "null", "(call_indirect (type $void) (i32.const 1))"],
    ["indirectCallMismatch", "another type", "(call_indirect (type $void) (i32.const 0))"],
    ["integerDivideByZero", "div_s", "(drop (i32.div_s (i32.const 1) (i32.const 0)))"],
    ["integerDivideByZero", "div_u 64", "(drop (i64.div_u (i64.const 1) (i64.const 0)))"],
    ["integerDivideByZero", "rem_s", "(drop (i32.rem_s (i32.const 1) (i32.const 0)))"],
    ["integerOverflow", "div_s", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"],
    ["integerOverflow", "div_s 64", "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))"],
    ["invalidConversion", "NaN", "(drop (i32.trunc_f64_s (f64.const nan)))"],
    ["invalidConversion", "too large", "(drop (i64.trunc_f32_u (f32.const 1e30)))"],
  ];

  it.each(traps)("%s: %s", (kind, _how, call) => {
    expect(run(call, { rest: table })).toMatchObject({ type: "trapped", kind });
  });

  it("covers every kind but the host's", () => {
    expect(new Set([...traps.map(([kind]) => kind), "host"])).toEqual(new Set(Object.keys(trapKinds)));
  });

  it("a trap in a loop reports the gas of the whole loop", () => {
    const loop = (n: number) => `(local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get 0) (i32.const ${n})))) (drop (i32.load (i32.const -1)))`;
    const short = run(loop(1));
    const long = run(loop(100_001), { gas: 1e12 });
    expect(long).toMatchObject({ type: "trapped", kind: "memoryOutOfBounds" });
    expect(long.gasUsed - short.gasUsed).toBe(100_000 * 8 * plain);
  });

  it("a fault of a host function, thrown or handed over, is a trap of kind host", () => {
    const fault = new ContractFault("CodeRejected", { reason: "of this test" });
    const thrown = hostOf({
      note() {},
      pay() {},
      end() {
        throw fault;
      },
    });
    const handed = hostOf({ note() {}, pay() {}, end: (slot) => slot.trap(fault) });
    for (const host of [thrown, handed]) {
      expect(run("(call $end (i32.const 0))", { host })).toMatchObject({ type: "trapped", kind: "host", fault });
    }
  });
});

describe("outOfGas", () => {
  const endless = "(loop (br 0))";

  it("ends an endless loop, with all gas used", () => {
    expect(run(endless, { gas: 10_000_000 })).toEqual({ type: "outOfGas", gasUsed: 10_000_000 });
  });

  it("comes before any other judgement of a trap", () => {
    expect(run("(drop (i32.const 0)) unreachable", { gas: 1 })).toEqual({ type: "outOfGas", gasUsed: 1 });
  });

  it("exactly enough is enough, one less is not", () => {
    const call = "(drop (i32.const 1)) (call $note (i32.const 7))";
    const { gasUsed } = run(call);
    expect(run(call, { gas: gasUsed })).toMatchObject({ type: "returned", gasUsed });
    expect(run(call, { gas: gasUsed - 1 })).toEqual({ type: "outOfGas", gasUsed: gasUsed - 1 });
  });

  it("no host function is called with an exhausted counter", () => {
    const calls: number[] = [];
    const host = hostOf({ end() {}, pay() {}, note: (_slot, n: number) => calls.push(n) });
    const call = "(call $note (i32.const 1)) (loop (call $note (i32.const 2)) (br 0))";
    expect(run(call, { host, gas: 400_000 }).type).toBe("outOfGas");
    expect(calls[0]).toBe(1);
    expect(calls.length).toBeLessThan(12);
  });
});

describe("charges of host functions", () => {
  const paying = (amount: number) => hostOf({ note() {}, end() {}, pay: (slot) => slot.charge(amount) });
  const call = "(call $pay (i32.const 0))";

  it("count exactly, to the last unit", () => {
    const free = run(call).gasUsed;
    expect(run(call, { host: paying(12_345) }).gasUsed).toBe(free + 12_345);
    expect(run(call, { host: paying(12_345), gas: free + 12_345 }).type).toBe("returned");
    expect(run(call, { host: paying(12_345), gas: free + 12_344 })).toEqual({
      type: "outOfGas",
      gasUsed: free + 12_344,
    });
  });

  it("of more than there is end the run there and then", () => {
    let after = false;
    const host = hostOf({
      note() {},
      end() {},
      pay(slot) {
        slot.charge(Number.MAX_SAFE_INTEGER);
        after = true;
      },
    });
    expect(run(call, { host })).toEqual({ type: "outOfGas", gasUsed: gas });
    expect(after).toBe(false);
  });

  it("a host function that swallows the end of the gas does not bring the run back", () => {
    const host = hostOf({
      note() {},
      end() {},
      pay(slot) {
        try {
          slot.charge(Number.MAX_SAFE_INTEGER);
        } catch {}
      },
    });
    expect(run(`${call} (loop (br 0))`, { host })).toEqual({ type: "outOfGas", gasUsed: gas });
  });

  it.each([-1, Number.NaN])("of %s are refused: gas cannot be made", (amount) => {
    expect(() => run(call, { host: paying(amount) })).toThrow(EngineError);
  });

  it("what is left is what the host sees", () => {
    const seen: number[] = [];
    const host = hostOf({ note: (slot) => seen.push(slot.gasLeft()), end() {}, pay: (slot) => slot.charge(1_000) });
    const { gasUsed } = run("(call $note (i32.const 0)) (call $pay (i32.const 0)) (call $note (i32.const 0))", {
      host,
    });
    // One stretch: it is paid for as a whole when it is entered.
    expect(seen).toEqual([gas - gasUsed + 1_000, gas - gasUsed]);
  });
});

describe("limits", () => {
  it("of 64 bits saturate, and gas used stays exact", () => {
    const call = "(drop (i32.const 1))";
    for (const limit of [2n ** 64n - 1n, 2n ** 63n, 2n ** 63n - 1n, 2 ** 64, Number.MAX_SAFE_INTEGER]) {
      expect(run(call, { gas: limit })).toMatchObject({ type: "returned", gasUsed: 2 * plain });
    }
  });

  it("of 0 and 0n are out of gas at once", () => {
    expect(run("(drop (i32.const 1))", { gas: 0 })).toEqual({ type: "outOfGas", gasUsed: 0 });
    expect(run("(drop (i32.const 1))", { gas: 0n })).toEqual({ type: "outOfGas", gasUsed: 0 });
  });

  it.each([-1, -1n, Number.NaN])("of %s are refused", (limit) => {
    expect(() => run("", { gas: limit })).toThrow(EngineError);
  });
});

describe("stackOverflow", () => {
  const recursion =
    "(func $deep (param i32) (call $note (local.get 0)) (call $deep (i32.add (local.get 0) (i32.const 1))))";

  it("ends endless recursion at the same call every time", () => {
    const depths = Array.from({ length: 5 }, () => {
      let deepest = 0;
      const host = hostOf({ end() {}, pay() {}, note: (_slot, n: number) => (deepest = n) });
      expect(run("(call $deep (i32.const 0))", { rest: recursion, host, gas: 2 ** 50 }).type).toBe("stackOverflow");
      return deepest;
    });
    expect(depths[0]).toBeGreaterThan(500);
    expect(new Set(depths).size).toBe(1);
  });
});

describe("faults of the host are no outcome", () => {
  const throwing = (error: unknown) =>
    hostOf({
      note() {},
      pay() {},
      end() {
        throw error;
      },
    });
  const call = "(call $end (i32.const 0))";

  it("an EngineError goes through as it is", () => {
    const error = new EngineError("Internal", { what: "this test" });
    expect(() => run(call, { host: throwing(error) })).toThrow(error);
  });

  it.each([
    ["a bug's TypeError", new TypeError("x is not a function")],
    ["a string", "text"],
    ["nothing", undefined],
    ["a RuntimeError that the host made itself", new WebAssembly.RuntimeError("unreachable")],
    ["a RangeError", new RangeError("Invalid array length")],
  ])("%s becomes an EngineError with its cause", (_what, error) => {
    let caught: unknown;
    try {
      run(call, { host: throwing(error) });
    } catch (e) {
      caught = e;
    }
    expect(caught).toBeInstanceOf(EngineError);
    expect((caught as EngineError).code).toBe("Internal");
    expect((caught as EngineError).cause).toBe(error);
  });

  it("V8's own stack overflow is one", () => {
    const host = hostOf({
      note() {},
      pay() {},
      end() {
        const deeper = (): number => deeper() + 1;
        deeper();
      },
    });
    expect(() => run(call, { host })).toThrow(expect.objectContaining({ code: "StackExhausted" }));
    expect(run("").type).toBe("returned");
  });

  it("the machine serves the next call after each", () => {
    expect(() => run(call, { host: throwing(new TypeError("bug")) })).toThrow(EngineError);
    expect(machine.stats().activeRuns).toBe(0);
    expect(run("(drop (i32.const 1))")).toMatchObject({ type: "returned", gasUsed: 2 * plain });
  });
});

describe("what the caller can get wrong", () => {
  it("an entry that is not there, or is no function", () => {
    const code = machine.load(contract(""));
    for (const entry of ["absent", "__proto__", "toString", ""]) {
      expect(() => machine.run(code, { host: hostOf(), frame: undefined, entry, gas })).toThrow(
        expect.objectContaining({ code: "CodeRejected" }),
      );
    }
  });

  it("an import that the host does not have is refused by name, at the latest when it is linked", () => {
    const code = machine.load(contract("", "", imports));
    expect(() => machine.link(code, hostOf({ note() {} }))).toThrow(/h\.end/);
  });

  it("a segment that does not fit is refused when it is linked", () => {
    const code = machine.load(contract("", '(data (i32.const 65535) "ab")'));
    expect(() => machine.link(code, hostOf())).toThrow(expect.objectContaining({ code: "CodeRejected" }));
  });
});
