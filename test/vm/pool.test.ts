/** Instances are few, codes are many: what is kept, what is given up, and what runs nested. */

import { describe, expect, it } from "vitest";
import { type Code, type Host, Machine, type Outcome, type Slot } from "../../src/vm/index.ts";
import { costs1 as defaultCosts } from "../../src/wasm/index.ts";
import { contract, hostOf, wat } from "./wat.ts";

const gas = 1_000_000_000;
const noHost = hostOf();
const numbered = (n: number) => contract(`(i32.store (i32.const 0) (i32.const ${n}))`);
const call = (machine: Machine, code: Code) =>
  machine.run(code, { host: noHost, frame: undefined, entry: "call", gas });

describe("codes", () => {
  it("are prepared once, by content or by the key that the caller has", () => {
    const machine = new Machine();
    const code = machine.load(numbered(1));
    expect(machine.load(numbered(1))).toBe(code);
    expect(machine.load(numbered(2), { key: "two" })).toBe(machine.find("two"));
    expect(machine.find("three")).toBeUndefined();
    expect(machine.stats()).toMatchObject({ compiled: 2, codes: 2 });
  });

  it("prepared in another way are other codes, under the same key too", () => {
    const machine = new Machine();
    const code = machine.load(numbered(1), { key: "k" });
    const dear = { costs: { ...defaultCosts, version: 77, plain: 16_000 } };
    const other = machine.load(numbered(1), { key: "k", prepare: dear });
    expect(other).not.toBe(code);
    expect(call(machine, other).gasUsed).toBe(2 * call(machine, code).gasUsed);
    expect(machine.find("k", dear)).toBe(other);
    expect(machine.find("k")).toBe(code);
  });

  it("go when they take too much, the least recently used first, with their instances", () => {
    const { size } = new Machine().load(numbered(0));
    const machine = new Machine({ codeCacheBytes: 3.5 * size });
    for (const n of [0, 1, 2]) {
      const code = machine.load(numbered(n), { key: String(n) });
      call(machine, code);
      call(machine, code);
    }
    expect(machine.stats()).toMatchObject({ codes: 3, idleInstances: 3 });
    machine.find("0");
    machine.load(numbered(3), { key: "3" });
    expect(["0", "1", "2", "3"].map((key) => machine.find(key) !== undefined)).toEqual([true, false, true, true]);
    expect(machine.stats()).toMatchObject({ codes: 3, idleInstances: 2 });
  });

  it("that went still run for whoever holds them", () => {
    const machine = new Machine({ codeCacheBytes: 1 });
    const first = machine.load(numbered(0));
    machine.load(numbered(1));
    expect(machine.stats().codes).toBe(1);
    expect([call(machine, first), call(machine, first)].map(({ type }) => type)).toEqual(["returned", "returned"]);
  });

  it("10,000 of them hold no live memory and at most the bound of instances", () => {
    const machine = new Machine({ idleInstances: 20 });
    // Told apart by a custom section at the end.
    const base = numbered(0);
    const codes = Array.from({ length: 10_000 }, (_, n) =>
      machine.load(Uint8Array.from([...base, 0, 3, 0, n & 255, n >> 8])),
    );
    expect(machine.stats()).toMatchObject({ codes: 10_000, idleInstances: 0, spareMemories: 0, instantiated: 0 });
    for (const code of codes.slice(0, 500)) {
      call(machine, code);
      call(machine, code);
    }
    const { idleInstances, spareMemories } = machine.stats();
    expect(idleInstances).toBe(20);
    expect(spareMemories).toBeLessThanOrEqual(16);
  });
});

describe("instances", () => {
  it("of the code used least recently go first", () => {
    const machine = new Machine({ idleInstances: 2 });
    const [a, b, c] = [0, 1, 2].map((n) => machine.load(numbered(n))) as [Code, Code, Code];
    for (const code of [a, a, b, b, a, c, c]) call(machine, code); // b's goes when c's comes
    const { instantiated } = machine.stats();
    call(machine, a);
    call(machine, c);
    expect(machine.stats().instantiated).toBe(instantiated);
    call(machine, b);
    expect(machine.stats().instantiated).toBe(instantiated + 1);
  });

  it("are kept within a bound of bytes too", () => {
    const machine = new Machine({ idleMemoryBytes: 10 * 65_536 });
    const large = (n: number) =>
      machine.load(
        wat(`(module (import "env" "memory" (memory 4 4)) (func (export "deploy"))
          (func (export "call") (i32.store (i32.const 200000) (i32.const ${n}))))`),
      );
    for (let n = 0; n < 5; n++) {
      const code = large(n);
      call(machine, code);
      call(machine, code);
      const { idleInstances, idleMemoryBytes } = machine.stats();
      expect(idleInstances).toBe(Math.min(n + 1, 2));
      expect(idleMemoryBytes).toBe(idleInstances * 4 * 65_536);
    }
  });

  it("count with their tables", () => {
    const machine = new Machine({ idleMemoryBytes: 200_000 });
    const code = machine.load(contract("", "(table 10000 funcref)"));
    for (let i = 0; i < 3; i++) call(machine, code);
    expect(machine.stats()).toMatchObject({ idleInstances: 0, reused: 0 });
  });

  it("are not shared between hosts", () => {
    const machine = new Machine();
    const code = machine.load(contract("(call $f)", "", '(import "h" "f" (func $f))'));
    const log: string[] = [];
    const hosts = ["a", "b"].map((name) => hostOf({ f: () => void log.push(name) }));
    for (let i = 0; i < 3; i++) {
      for (const host of hosts) machine.run(code, { host, frame: undefined, entry: "call", gas });
    }
    expect(log).toEqual(["a", "b", "a", "b", "a", "b"]);
  });

  it("a memory that is used again by another code is all zeros", () => {
    const machine = new Machine({ idleInstances: 0 });
    const dirty = machine.load(contract("(memory.fill (i32.const 0) (i32.const 0xff) (i32.const 65536))"));
    const sums: number[] = [];
    const host = hostOf({
      look: (slot: Slot<undefined>) => void sums.push(slot.bytes.reduce((sum, byte) => sum + byte, 0)),
    });
    for (let n = 0; n < 20; n++) {
      call(machine, dirty);
      const clean = machine.load(
        contract(`(call $look) (drop (i32.const ${n}))`, "", '(import "h" "look" (func $look))'),
      );
      machine.run(clean, { host, frame: undefined, entry: "call", gas });
    }
    expect(sums).toEqual(Array(20).fill(0));
  });
});

describe("nested runs", () => {
  const recursive = contract(
    "(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (call $again) (call $look)",
    "",
    '(import "h" "again" (func $again)) (import "h" "look" (func $look))',
  );

  interface Frame {
    readonly depth: number;
  }

  /** Hosts are made once: instances are kept apart by them. */
  function nesting(machine: Machine, deepest: number) {
    const code = machine.load(recursive);
    let counts: number[] = [];
    let inner: Outcome[] = [];
    const host: Host<Frame> = hostOf<Frame>({
      again(slot) {
        const { depth } = slot.frame;
        if (depth >= deepest) return;
        inner.push(machine.run(code, { host, frame: { depth: depth + 1 }, entry: "call", gas }));
        expect(slot.frame.depth).toBe(depth);
      },
      look: (slot) => void counts.push(slot.view.getInt32(0, true)),
    });
    return () => {
      counts = [];
      inner = [];
      const outcome = machine.run(code, { host, frame: { depth: 1 }, entry: "call", gas });
      return { outcome, counts, inner };
    };
  }

  it("of the same code each have an instance of their own", () => {
    const machine = new Machine();
    const nest = nesting(machine, 6);
    for (let i = 0; i < 3; i++) {
      const { outcome, counts } = nest();
      expect(outcome.type).toBe("returned");
      expect(counts).toEqual([1, 1, 1, 1, 1, 1]);
    }
    expect(machine.stats()).toMatchObject({ activeRuns: 0 });
    expect(machine.stats().instantiated).toBeLessThanOrEqual(7);
  });

  it("of a code that writes its table find it as it was, whichever of the instances was made first", () => {
    const machine = new Machine();
    const code = machine.load(
      contract(
        `(call $see (call_indirect (result i32) (i32.const 0))) (table.set 0 (i32.const 0) (ref.func $two)) (call $again)`,
        `(table 1 funcref) (elem (i32.const 0) $one) (elem declare func $two)
        (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))`,
        '(import "h" "see" (func $see (param i32))) (import "h" "again" (func $again))',
      ),
    );
    const seen: number[] = [];
    const host: Host<number> = hostOf<number>({
      see: (_slot, value: number) => void seen.push(value),
      again(slot) {
        if (slot.frame > 1) machine.run(code, { host, frame: slot.frame - 1, entry: "call", gas });
      },
    });
    for (let i = 0; i < 3; i++) {
      expect(machine.run(code, { host, frame: 4, entry: "call", gas }).type).toBe("returned");
    }
    expect(seen).toEqual(Array(12).fill(1));
  });

  it("never fail for the bound on instances", () => {
    const machine = new Machine({ idleInstances: 0 });
    expect(nesting(machine, 6)().outcome.type).toBe("returned");
    expect(machine.stats().idleInstances).toBe(0);
  });

  it("go no deeper than told", () => {
    expect(nesting(new Machine(), 7)).toThrow(expect.objectContaining({ code: "Internal" }));
    expect(nesting(new Machine({ frames: 7 }), 7)().outcome.type).toBe("returned");
  });

  it("use gas of their own", () => {
    const { outcome, inner } = nesting(new Machine(), 3)();
    for (const { gasUsed } of inner) expect(gasUsed).toBe(outcome.gasUsed);
  });

  it("a decision of the inner run's host is the inner run's alone", () => {
    const machine = new Machine();
    const inner = machine.load(contract("(call $end) unreachable", "", '(import "h" "end" (func $end))'));
    const outer = machine.load(contract("(call $go)", "", '(import "h" "go" (func $go))'));
    for (const [kind, end] of Object.entries({
      returned: (slot: Slot<undefined>) => slot.return(new Uint8Array(1)),
      reverted: (slot: Slot<undefined>) => slot.revert(new Uint8Array(1)),
      suspended: (slot: Slot<undefined>) => slot.suspend(1),
      outOfGas: (slot: Slot<undefined>) => slot.charge(2 * gas),
    })) {
      let seen: Outcome | undefined;
      const host = hostOf({
        go: () => void (seen = machine.run(inner, { host: hostOf({ end }), frame: undefined, entry: "call", gas })),
      });
      expect(machine.run(outer, { host, frame: undefined, entry: "call", gas }).type).toBe("returned");
      expect(seen?.type).toBe(kind);
    }
  });

  it("a decision on the slot of another run is a fault of the host", () => {
    const machine = new Machine();
    const inner = machine.load(contract("(call $end)", "", '(import "h" "end" (func $end))'));
    const outer = machine.load(contract("(call $go)", "", '(import "h" "go" (func $go))'));
    const host = hostOf({
      go(outerSlot) {
        const wrong = hostOf({ end: () => outerSlot.return(new Uint8Array(0)) });
        machine.run(inner, { host: wrong, frame: undefined, entry: "call", gas });
      },
    });
    expect(() => machine.run(outer, { host, frame: undefined, entry: "call", gas })).toThrow(
      expect.objectContaining({ code: "Internal" }),
    );
  });

  it("a fault of the host inside the inner run ends the outer one too", () => {
    const machine = new Machine();
    const inner = machine.load(contract("(call $end)", "", '(import "h" "end" (func $end))'));
    const outer = machine.load(contract("(call $go)", "", '(import "h" "go" (func $go))'));
    const failing = hostOf({
      end() {
        throw new TypeError("bug");
      },
    });
    const host = hostOf({ go: () => void machine.run(inner, { host: failing, frame: undefined, entry: "call", gas }) });
    expect(() => machine.run(outer, { host, frame: undefined, entry: "call", gas })).toThrow(
      expect.objectContaining({ code: "Internal" }),
    );
    expect(machine.stats().activeRuns).toBe(0);
  });
});
