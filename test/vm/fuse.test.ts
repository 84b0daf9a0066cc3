/** A fuse: what needs more gas than it lets through is given up, to be done again with what long work needs. */

import { describe, expect, it } from "vitest";
import { Machine, type Outcome, type Run } from "../../src/vm/index.ts";
import { contract, hostOf } from "./wat.ts";

const gas = 1_000_000_000;
const request = Symbol("long");
const imports = `(import "h" "pay" (func $pay (param i32))) (import "h" "left" (func $left)) (import "h" "inner" (func $inner))`;
const machine = new Machine();

/** Runs a guest, and another in its `inner`, with and without a fuse. */
function run(call: string, fuse: number | undefined, options: { gas?: number | bigint; inner?: string } = {}) {
  const seen: number[] = [];
  const ends: Outcome[] = [];
  const code = machine.load(contract(call, "", imports));
  const inner = options.inner === undefined ? undefined : machine.load(contract(options.inner, "", imports));
  const host = hostOf({
    pay: (slot, n: number) => slot.charge(n),
    left: (slot) => seen.push(slot.gasLeft()),
    inner(slot) {
      const end = machine.run(inner!, { ...common, gas: slot.gasLeft() });
      ends.push(end);
      slot.charge(end.gasUsed);
    },
  });
  const common: Omit<Run<undefined>, "gas"> = {
    host,
    frame: undefined,
    entry: "call",
    ...(fuse === undefined ? {} : { fuse: { gas: fuse, request } }),
  };
  const outcome = machine.run(code, { ...common, gas: options.gas ?? gas });
  return { outcome, seen, ends };
}

const short = "(call $left) (call $pay (i32.const 5000)) (call $left)";
const long =
  "(local $i i32) (loop (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if 0 (i32.lt_u (local.get $i) (i32.const 1000))))";

describe("a run with a fuse", () => {
  it("that needs less is as it is without: outcome, gas, and what it sees of its gas", () => {
    const bare = run(short, undefined);
    expect(bare.outcome.type).toBe("returned");
    expect(run(short, gas / 2)).toEqual(bare);
    expect(run(short, bare.outcome.gasUsed)).toEqual(bare);
    expect(run(short, gas * 2)).toEqual(bare);
    // Numbers beyond 2^53 round alike.
    expect(run(short, gas, { gas: 2n ** 64n - 1n }).outcome).toEqual(bare.outcome);
  });

  it("that needs more is suspended with the fuse's request, wherever it finds out", () => {
    const { gasUsed } = run(short, undefined).outcome;
    const { outcome } = run(short, gasUsed - 1);
    expect(outcome).toMatchObject({ type: "suspended", request });
    expect(outcome.gasUsed).toBeLessThanOrEqual(gasUsed);
    expect(run(long, 100_000).outcome).toMatchObject({ type: "suspended", request });
    expect(run(long, 0).outcome).toMatchObject({ type: "suspended", request });
    // Nothing is left of it in the instance.
    expect(run(long, undefined).outcome).toMatchObject({ type: "returned" });
    expect(run("(loop (br 0))", undefined).outcome).toMatchObject({ type: "outOfGas", gasUsed: gas });
  });

  it("that has no more than the fuse lets through runs out of gas as any other", () => {
    for (const fuse of [100_000, 100_001, gas]) {
      expect(run(long, fuse, { gas: 100_000 }).outcome).toEqual({ type: "outOfGas", gasUsed: 100_000 });
    }
  });

  it("counts what the runs inside it used", () => {
    const nested = { inner: long };
    const { outcome, ends } = run("(call $inner)", undefined, nested);
    const [inner] = ends;
    expect([outcome.type, inner?.type]).toEqual(["returned", "returned"]);
    expect(run("(call $inner)", outcome.gasUsed, nested).outcome).toEqual(outcome);
    // Each is short enough, together they are not.
    const twice = run("(call $inner) (call $inner)", inner!.gasUsed + 200_000, nested);
    expect(twice.ends.map(({ type }) => type)).toEqual(["returned", "returned"]);
    expect(twice.outcome).toMatchObject({ type: "suspended", request });
    expect(run("(call $inner)", 100_000, nested).ends).toMatchObject([{ type: "suspended", request }]);
  });
});
