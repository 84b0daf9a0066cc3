/** What a code declares before it runs is paid for when it runs. */

import { describe, expect, it } from "vitest";
import { Network, selectors, wat } from "../runtime/network.ts";
import { act, actor, nested } from "./actor.ts";
import { freshSalt } from "./probe.ts";

const withTable = (elements: number): Uint8Array =>
  wat(
    `(module (import "env" "memory" (memory 1 16)) (table ${elements} funcref)
      (func (export "call")) (func (export "deploy")))`,
  );
const perElement = 1_000_000n;

describe.each(["pink", "deterministic"])("tables in profile %s", (profile) => {
  const network = Network.start({ profile });

  it("cost nothing up to 4,096 elements, and 1,000,000 for each element beyond", () => {
    const small = network.deploy(withTable(4_096), selectors.new);
    const large = network.deploy(withTable(5_000), selectors.new);
    const free = network.call(small, selectors.get);
    const paid = network.call(large, selectors.get);
    expect(free.outcome).toBe("ok");
    expect(paid.outcome).toBe("ok");
    const bytes = BigInt(withTable(5_000).length - withTable(4_096).length);
    expect(paid.gasUsed - free.gasUsed).toBe(904n * perElement + bytes * 39_917n);
  });

  it("are paid for by the caller of a nested call too", () => {
    const caller = actor(network);
    const cost = (elements: number): bigint => {
      const callee = network.deploy(withTable(elements), selectors.new, { salt: Uint8Array.of(7) });
      const receipt = network.call(caller, act.call(callee, selectors.get));
      expect(nested(receipt.output).code).toBe(0);
      return receipt.gasUsed;
    };
    expect(cost(5_001) - cost(5_000)).toBe(perElement);
  });
});

it("globals cost nothing up to 256 mutable ones, and 60,000,000 for each beyond", () => {
  const network = Network.start();
  const withGlobals = (mutable: number, fixed: number): Uint8Array =>
    wat(`(module (import "env" "memory" (memory 1 16)) (func (export "call")) (func (export "deploy"))
      ${"(global (mut i32) (i32.const 0))".repeat(mutable)} ${"(global i32 (i32.const 0))".repeat(fixed)})`);
  const gas = (mutable: number, fixed: number): bigint => {
    const code = withGlobals(mutable, fixed);
    const receipt = network.call(network.deploy(code, selectors.new, { salt: freshSalt() }), selectors.get);
    return receipt.gasUsed - BigInt(code.length) * 39_917n;
  };
  expect(gas(256, 600)).toBe(gas(0, 0));
  expect(gas(300, 0) - gas(0, 0)).toBe(44n * 60_000_000n);
});
