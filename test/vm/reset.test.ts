/** What one run leaves behind, no later run finds. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryImage } from "../../src/vm/image.ts";
import { Machine } from "../../src/vm/index.ts";
import { contract, hostOf, wat } from "./wat.ts";

const gas = 1_000_000_000_000;

/** Runs a contract three times over, so that from the second run on the instance is one that was used before. */
function thrice(bytes: Uint8Array, functions: Parameters<typeof hostOf>[0] = {}) {
  const machine = new Machine();
  const code = machine.load(bytes);
  const host = hostOf(functions);
  const outcomes = Array.from({ length: 4 }, () => machine.run(code, { host, frame: undefined, entry: "call", gas }));
  return { outcomes, stats: machine.stats() };
}

/** What the host saw, as a list that each run adds one entry to. */
function seen() {
  const values: unknown[] = [];
  return { values, see: (_slot: unknown, value: unknown) => values.push(value) };
}

const see = (type: string) => `(import "h" "see" (func $see (param ${type})))`;

describe("an instance that was used before", () => {
  it("is the same one, set back", () => {
    const { stats } = thrice(contract("(i32.store (i32.const 0) (i32.const 1))"));
    expect(stats).toMatchObject({ instantiated: 2, reused: 2, idleInstances: 1 });
  });

  it("has its memory as it was: zeros, data, and what lies far from both", () => {
    const { values, see: host } = seen();
    thrice(
      contract(
        `(local i32)
        ;; sum everything, then overwrite everything
        (loop (call $add (i32.load (local.get 0)))
          (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 4))) (i32.const 65536))))
        (call $see (global.get $sum))
        (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 65536))`,
        `(global $sum (mut i32) (i32.const 0))
        (func $add (param i32) (global.set $sum (i32.add (i32.mul (global.get $sum) (i32.const 31)) (local.get 0))))
        (data (i32.const 17) "near the start") (data (i32.const 40000) "far away") (data (i32.const 65535) "!")`,
        see("i32"),
      ),
      { see: host },
    );
    expect(values).toHaveLength(4);
    expect(new Set(values).size).toBe(1);
    expect(values[0]).not.toBe(0);
  });

  it.each([
    ["i32", "(i32.const -7)", "(i32.const 3)"],
    ["i64", "(i64.const -9000000000000000000)", "(i64.const 3)"],
    ["f32", "(f32.const -1.5)", "(f32.const 3)"],
    ["f64", "(f64.const 1e300)", "(f64.const 3)"],
  ])("has its mutable globals as they were: %s", (type, initial, changed) => {
    const { values, see: host } = seen();
    thrice(
      contract(
        `(call $see (global.get $g)) (global.set $g ${changed})`,
        `(global $g (mut ${type}) ${initial})`,
        see(type),
      ),
      { see: host },
    );
    expect(values).toHaveLength(4);
    expect(new Set(values).size).toBe(1);
  });

  it("has globals as they were that JavaScript cannot read: v128 and the payload of a NaN", () => {
    const { values, see: host } = seen();
    thrice(
      contract(
        `(call $see (i64x2.extract_lane 1 (global.get $v))) (call $see (i64.reinterpret_f64 (global.get $n)))
        (global.set $v (v128.const i64x2 5 6)) (global.set $n (f64.const 1))`,
        `(global $v (mut v128) (v128.const i64x2 1 2)) (global $n (mut f64) (f64.const -nan:0x123456789abcd))`,
        see("i64"),
      ),
      { see: host },
    );
    expect(values).toEqual(Array.from({ length: 4 }, () => [2n, BigInt.asIntN(64, 0xfff123456789abcdn)]).flat());
  });

  it("has its tables and references as they were", () => {
    const { values, see: host } = seen();
    thrice(
      contract(
        `(call $see (call_indirect (result i32) (i32.const 1)))
        (call $see (call_indirect (result i32) (i32.const 2)))
        (call $see (ref.is_null (global.get $r)))
        (table.set 0 (i32.const 1) (ref.func $three))
        (table.fill 0 (i32.const 2) (ref.null func) (i32.const 1))
        (global.set $r (ref.func $three))`,
        `(table 3 funcref) (elem (i32.const 1) $one $two)
        (global $r (mut funcref) (ref.null func))
        (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2)) (func $three (result i32) (i32.const 3))
        (elem declare func $three)`,
        see("i32"),
      ),
      { see: host },
    );
    expect(values).toEqual(Array.from({ length: 4 }, () => [1, 2, 1]).flat());
  });

  it("has its shadow stack pointer as it was, also after a host function ended the run deep inside", () => {
    const { values, see: host } = seen();
    const { outcomes } = thrice(
      contract(
        "(call $see (global.get $sp)) (call $deep (i32.const 20))",
        `(global $sp (mut i32) (i32.const 65536))
        (func $deep (param i32)
          (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
          (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $end)))
          (global.set $sp (i32.add (global.get $sp) (i32.const 16))))`,
        `${see("i32")} (import "h" "end" (func $end))`,
      ),
      { see: host, end: (slot) => slot.return(new Uint8Array(0)) },
    );
    expect(outcomes.map(({ type }) => type)).toEqual(["returned", "returned", "returned", "returned"]);
    expect(values).toEqual([65_536, 65_536, 65_536, 65_536]);
  });

  it("has its stack counter as it was, also after an overflow", () => {
    const { values, see: host } = seen();
    const { outcomes } = thrice(
      contract(
        "(call $deep (i32.const 1))",
        "(func $deep (param i32) (call $see (local.get 0)) (call $deep (i32.add (local.get 0) (i32.const 1))))",
        see("i32"),
      ),
      { see: host },
    );
    expect(outcomes.map(({ type }) => type)).toEqual(Array(4).fill("stackOverflow"));
    expect(values.filter((depth) => depth === 1)).toHaveLength(4);
    expect(values.length).toBe(4 * (values.at(-1) as number));
  });

  it.each([
    ["trap", "unreachable", "trapped"],
    ["the end of the gas", "(loop (br 0))", "outOfGas"],
    ["suspension", "(call $end)", "suspended"],
  ])("is set back after %s too", (_what, ending, type) => {
    const { values, see: host } = seen();
    const { outcomes } = thrice(
      contract(
        `(call $see (i32.load (i32.const 60000))) (i32.store (i32.const 60000) (i32.const 1)) ${ending}`,
        "",
        `${see("i32")} (import "h" "end" (func $end))`,
      ),
      { see: host, end: (slot) => slot.suspend(1) },
    );
    expect(outcomes.map((outcome) => outcome.type)).toEqual(Array(4).fill(type));
    expect(values).toEqual([0, 0, 0, 0]);
  });
});

describe("the start function", () => {
  const started = contract(
    "(call $see (global.get $g))",
    `(global $g (mut i32) (i32.const 0)) (start $begin)
    (func $begin (call $see (i32.const -1)) (global.set $g (i32.add (global.get $g) (i32.const 1))))`,
    see("i32"),
  );

  it("runs before the entry, in each frame, on the image", () => {
    const { values, see: host } = seen();
    thrice(started, { see: host });
    expect(values).toEqual(Array.from({ length: 4 }, () => [-1, 1]).flat());
  });

  it("is metered", () => {
    const endless = contract("", "(start $begin) (func $begin (loop (br 0)))");
    expect(thrice(endless).outcomes.map(({ type }) => type)).toEqual(Array(4).fill("outOfGas"));
  });

  it.each(["deterministic", "wasm2"] as const)("does not run when the module is loaded or linked: %s", (profile) => {
    const { values, see: host } = seen();
    const machine = new Machine({ prepare: { profile } });
    machine.link(machine.load(started), hostOf({ see: host }));
    expect(values).toEqual([]);
  });
});

describe("given up instead of set back", () => {
  it("an instance whose memory grew", () => {
    const { values, see: host } = seen();
    const { stats } = thrice(
      contract(
        "(call $see (memory.size)) (drop (memory.grow (i32.const 1))) (i32.store (i32.const 65536) (i32.const 1))",
        "",
        see("i32"),
      ),
      { see: host },
    );
    expect(values).toEqual([1, 1, 1, 1]);
    expect(stats).toMatchObject({ instantiated: 4, reused: 0, idleInstances: 0 });
  });

  it("but not one whose memory grew by nothing, or could not grow", () => {
    const { stats, outcomes } = thrice(
      contract("(drop (memory.grow (i32.const 0))) (drop (memory.grow (i32.const 4)))"),
    );
    expect(outcomes.map(({ type }) => type)).toEqual(Array(4).fill("returned"));
    expect(stats).toMatchObject({ instantiated: 2, reused: 2 });
  });

  it.each([
    ["data.drop", "(data.drop $d)", '(data $d "abc")'],
    ["elem.drop", "(elem.drop $e)", "(table 1 funcref) (elem $e func $call)"],
    ["table.grow", "(drop (table.grow 0 (ref.null func) (i32.const 1)))", "(table 1 10 funcref)"],
  ])("an instance of a module with %s", (_what, call, rest) => {
    const { stats, outcomes } = thrice(contract(call, rest));
    expect(outcomes.map(({ type }) => type)).toEqual(Array(4).fill("returned"));
    expect(stats).toMatchObject({ instantiated: 4, reused: 0, idleInstances: 0 });
  });
});

describe("memory as host functions see it", () => {
  it("is the guest's, before and after growth, as bytes and as numbers", () => {
    const lengths: number[] = [];
    const machine = new Machine();
    const code = machine.load(
      contract(
        `(i32.store (i32.const 8) (i32.const 0x01020304)) (call $look (i32.const 8))
        (drop (memory.grow (i32.const 2)))
        (i32.store (i32.const 131080) (i32.const 0x01020304)) (call $look (i32.const 131080))`,
        "",
        '(import "h" "look" (func $look (param i32)))',
      ),
    );
    const host = hostOf({
      look(slot, at: number) {
        lengths.push(slot.bytes.length);
        expect([...slot.bytes.subarray(at, at + 4)]).toEqual([4, 3, 2, 1]);
        expect(slot.view.getUint32(at, true)).toBe(0x01020304);
        slot.bytes[at] = 0;
      },
    });
    for (let i = 0; i < 3; i++) machine.run(code, { host, frame: undefined, entry: "call", gas });
    expect(lengths).toEqual([65_536, 196_608, 65_536, 196_608, 65_536, 196_608]);
  });

  it("is empty for a module without memory", () => {
    const machine = new Machine({ prepare: { profile: "wasm2" } });
    const code = machine.load(wat('(module (import "h" "look" (func $look)) (func (export "f") (call $look)))'));
    let length = -1;
    const host = hostOf({ look: (slot) => void (length = slot.bytes.length + slot.view.byteLength) });
    for (let i = 0; i < 3; i++) machine.run(code, { host, frame: undefined, entry: "f", gas });
    expect(length).toBe(0);
    expect(machine.stats()).toMatchObject({ instantiated: 1, reused: 2 });
  });

  it("the frame in the slot is that of the run", () => {
    const machine = new Machine();
    const code = machine.load(contract("(call $look)", "", '(import "h" "look" (func $look))'));
    const frames: number[] = [];
    const host = hostOf<number>({ look: (slot) => void frames.push(slot.frame) });
    for (let frame = 0; frame < 5; frame++) machine.run(code, { host, frame, entry: "call", gas });
    expect(frames).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("an image", () => {
  const page = 65_536;
  const writes = fc.array(fc.tuple(fc.nat(page - 1), fc.uint8Array({ minLength: 1, maxLength: 600 })), {
    maxLength: 60,
  });
  const fill = (memory: Uint8Array, content: [number, Uint8Array][]) => {
    for (const [at, bytes] of content) memory.set(bytes.subarray(0, memory.length - at), at);
  };

  it("brings back any memory from any other", () => {
    fc.assert(
      fc.property(writes, writes, (content, dirt) => {
        const memory = new Uint8Array(page);
        fill(memory, content);
        const image = MemoryImage.capture(memory);
        const before = memory.slice();
        fill(memory, dirt);
        image.restore(memory);
        expect(Buffer.compare(memory, before)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("of zeros holds nothing, of a few constants little", () => {
    const memory = new Uint8Array(4 * page);
    expect(MemoryImage.capture(memory).heldBytes).toBe(0);
    memory.fill(1, 70_000, 70_100);
    memory.fill(1, 200_000, 200_100);
    expect(MemoryImage.capture(memory).heldBytes).toBeLessThan(300);
  });
});
