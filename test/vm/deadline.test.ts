/** Preemption of the last resort: an endless loop with unlimited gas ends by wall clock, and only it ends. */

import { describe, expect, it } from "vitest";
import { type Host, Machine, type Run } from "../../src/vm/index.ts";
import { contract, hostOf } from "./wat.ts";

const unlimited = 2n ** 64n - 1n;
const late = expect.objectContaining({ code: "DeadlineExceeded" });
const noHost = hostOf();
const bounded = (milliseconds: number, host: Host<undefined> = noHost): Run<undefined> => ({
  host,
  frame: undefined,
  entry: "call",
  gas: unlimited,
  deadlineMs: milliseconds,
});

const endless = contract("(loop (br 0))");
const quick = contract("(i32.store (i32.const 0) (i32.const 1))");

describe("a run with a deadline", () => {
  it("that is in time has its outcome", () => {
    const machine = new Machine();
    const code = machine.load(quick);
    for (let i = 0; i < 3; i++) expect(machine.run(code, bounded(10_000)).type).toBe("returned");
    expect(machine.stats().reused).toBe(1);
  });

  it.each([0, -1, 0.5, Number.NaN])("of %s milliseconds is one of one", (milliseconds) => {
    const machine = new Machine();
    expect(() => machine.run(machine.load(endless), bounded(milliseconds))).toThrow(late);
  });

  it("of any length is one", () => {
    const machine = new Machine();
    expect(machine.run(machine.load(quick), bounded(Number.POSITIVE_INFINITY)).type).toBe("returned");
  });

  it("that never ends is cut off, and the machine serves the next", () => {
    const machine = new Machine();
    const [loop, code] = [machine.load(endless), machine.load(quick)];
    for (let i = 0; i < 3; i++) {
      expect(() => machine.run(loop, bounded(20))).toThrow(late);
      expect(machine.stats()).toMatchObject({ activeRuns: 0, codes: 2 });
      expect(machine.run(code, bounded(10_000)).type).toBe("returned");
    }
  });

  it("that loops in its start function is cut off", () => {
    const machine = new Machine();
    const code = machine.load(contract("", "(start $begin) (func $begin (loop (br 0)))"));
    expect(() => machine.run(code, bounded(20))).toThrow(late);
  });

  it("that loops in a host function is cut off", () => {
    const machine = new Machine();
    const code = machine.load(contract("(call $f)", "", '(import "h" "f" (func $f))'));
    const host = hostOf({
      f() {
        for (;;);
      },
    });
    expect(() => machine.run(code, bounded(20, host))).toThrow(late);
    expect(machine.stats().activeRuns).toBe(0);
  });

  it("that loops in a nested run is cut off as a whole, whatever the frames between would catch", () => {
    const machine = new Machine();
    const loop = machine.load(endless);
    const outer = machine.load(contract("(call $f)", "", '(import "h" "f" (func $f))'));
    let after = false;
    const host: Host<undefined> = hostOf({
      f() {
        try {
          machine.run(loop, { host: hostOf(), frame: undefined, entry: "call", gas: unlimited });
        } catch {
        } finally {
          after = true;
        }
      },
    });
    expect(() => machine.run(outer, bounded(20, host))).toThrow(late);
    expect(after).toBe(false);
    expect(machine.stats().activeRuns).toBe(0);
    for (let i = 0; i < 6; i++) expect(machine.run(machine.load(quick), bounded(10_000)).type).toBe("returned");
  });

  it("that ends within the instances of others leaves nothing half done in the pool", () => {
    const machine = new Machine({ idleInstances: 4 });
    const codes = Array.from({ length: 8 }, (_, n) => machine.load(contract(`(drop (i32.const ${n}))`)));
    const churn = machine.load(contract("(loop (call $f) (br 0))", "", '(import "h" "f" (func $f))'));
    let turn = 0;
    const host: Host<undefined> = hostOf({
      f() {
        const code = codes[turn++ % codes.length]!;
        expect(machine.run(code, { host, frame: undefined, entry: "call", gas: 1e9 }).type).toBe("returned");
      },
    });
    for (let i = 0; i < 20; i++) {
      expect(() => machine.run(churn, bounded(3, host))).toThrow(late);
      expect(machine.stats().idleInstances).toBe(0);
      for (let k = 0; k < 40; k++) {
        const code = codes[k % codes.length]!;
        expect(machine.run(code, { host, frame: undefined, entry: "call", gas: 1e9 }).type).toBe("returned");
      }
      expect(machine.stats().idleInstances).toBeLessThanOrEqual(4);
    }
  });

  it("what a host function throws goes through it unchanged", () => {
    const machine = new Machine();
    const code = machine.load(contract("(call $f)", "", '(import "h" "f" (func $f))'));
    const cause = Object.assign(new Error("its own"), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
    const host = hostOf({
      f() {
        throw cause;
      },
    });
    expect(() => machine.run(code, bounded(10_000, host))).toThrow(
      expect.objectContaining({ code: "Internal", cause }),
    );
  });
});

it("100 waiting queries survive one that never ends", async () => {
  const machine = new Machine();
  const loop = machine.load(endless);
  const waiting = machine.load(
    contract(
      "(call $ask (i32.const 0)) (call $tell (i32.load (i32.const 0)))",
      "",
      '(import "h" "ask" (func $ask (param i32))) (import "h" "tell" (func $tell (param i32)))',
    ),
  );
  interface Query {
    readonly id: number;
    answer?: number;
    told?: number;
  }
  const host = hostOf<Query>({
    ask(slot, at: number) {
      if (slot.frame.answer === undefined) slot.suspend(slot.frame.id);
      else slot.view.setInt32(at, slot.frame.answer, true);
    },
    tell: (slot, value: number) => void (slot.frame.told = value),
  });

  async function query(id: number): Promise<Query> {
    const frame: Query = { id };
    for (;;) {
      const outcome = machine.run(waiting, { host, frame, entry: "call", gas: 1e9, deadlineMs: 10_000 });
      if (outcome.type === "returned") return frame;
      expect(outcome).toMatchObject({ type: "suspended", request: id });
      await new Promise((resolve) => setTimeout(resolve, 20 + (id % 7)));
      frame.answer = id * 3;
    }
  }

  const queries = Array.from({ length: 100 }, (_, id) => query(id));
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(() => machine.run(loop, bounded(15))).toThrow(late);
  }
  const answered = await Promise.all(queries);
  expect(answered.map(({ told }) => told)).toEqual(Array.from({ length: 100 }, (_, id) => id * 3));
});
