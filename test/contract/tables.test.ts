/** What a code declares before it runs is paid for when it runs. */

import { describe, expect, it } from "vitest";
import { Network, selectors, toText, wat } from "../runtime/network.ts";
import { act, actor, actorCode, nested } from "./actor.ts";

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

it("a table that nobody can pay for is never made", () => {
  const network = Network.start({ profile: "pink" });
  const hash = network.upload(withTable(10_000_000)).output;
  const receipt = network.instantiate(hash as never, selectors.new);
  expect(receipt.outcome).toBe("outOfGas");
  expect(toText(receipt.error)).toBe("030402000000");
  expect(network.upload(actorCode).outcome).toBe("ok");
});
