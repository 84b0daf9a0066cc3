/** How deep a contract may recurse is the runtime's to say, and the same for all that share the figure. */

import { expect, it } from "vitest";
import { Runtime } from "../../src/enclave/runtime/runtime.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import { genesisBytes, Network, selectors, toText, wat } from "../runtime/network.ts";

/** Calls itself as often as its input says. */
const recursion = wat(`(module
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "env" "memory" (memory 2 16))
  (func $down (param i32)
    (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.store (i32.const 0) (local.get 0)))))
  (func (export "deploy"))
  (func (export "call")
    (i32.store (i32.const 0) (i32.const 16))
    (call $input (i32.const 8) (i32.const 0))
    (call $down (i32.load (i32.const 12)))))`);

function deepest(network: Network): number {
  const contract: ContractId = network.deploy(recursion);
  let low = 1;
  let high = 100_000;
  while (low < high) {
    const depth = Math.ceil((low + high) / 2);
    const receipt = network.call(
      contract,
      Uint8Array.of(...selectors.get, depth & 255, (depth >> 8) & 255, depth >> 16, 0),
    );
    if (receipt.outcome === "ok") low = depth;
    else {
      expect(toText(receipt.error)).toBe("03040c000000");
      high = depth - 1;
    }
  }
  return low;
}

it("a runtime with four times the stack recurses four times as deep", () => {
  const depth = (maxStack: number): number => {
    const network = Network.start();
    network.runtime = Runtime.create(genesisBytes, { ...network.services(), maxStack });
    network.found();
    return deepest(network);
  };
  const shallow = depth(65_536);
  expect(shallow).toBeGreaterThan(100);
  expect(Math.abs(depth(262_144) / shallow - 4)).toBeLessThan(0.05);
});
