/** A contract from upload to query, through signed blocks. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { alice, Network, selectors, toText, wat } from "./network.ts";
import { saved } from "./saving.ts";

const counter = wat(readFileSync(new URL("../../fixtures/counter.wat", import.meta.url), "utf8"));

describe("a counter", () => {
  it("counts in blocks and is read by queries", () => {
    const network = Network.start();
    const id = network.deploy(counter);
    expect(network.call(id, selectors.flip)).toMatchObject({ outcome: "ok", flags: 0 });
    const receipt = network.call(id, selectors.flip);
    expect(toText(receipt.output)).toBe("02000000");
    expect(receipt.gasUsed).toBeGreaterThan(0n);
    const answer = network.ask(id, selectors.get);
    expect(answer.result).toMatchObject({ ok: true, flags: 0 });
    expect(toText(answer.result.ok ? answer.result.data : undefined)).toBe("02000000");
  });

  it("a query cannot write state", () => {
    const network = Network.start();
    const id = network.deploy(counter);
    const root = network.runtime.stateRoot;
    const snapshot = saved(network.runtime);
    const answer = network.ask(id, selectors.flip);
    expect(toText(answer.result.ok ? answer.result.data : undefined)).toBe("01000000");
    expect(saved(network.runtime)).toEqual(snapshot);
    expect(network.runtime.stateRoot).toEqual(root);
    expect(toText(network.call(id, selectors.get).output)).toBe("00000000");
  });

  it("is found by its owner's name: the same salt again is refused and burns nothing", () => {
    const network = Network.start();
    const id = network.deploy(counter);
    const before = network.runtime.balance(alice);
    expect(() => network.deploy(counter)).toThrow("refused");
    expect(network.runtime.balance(alice)).toEqual(before);
    expect(network.deploy(counter, selectors.new, { salt: Uint8Array.of(1) })).not.toEqual(id);
  });
});
