import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type CodeHash, codeHash, toHex } from "../../src/wire/bytes.ts";
import { dispatchErrorName } from "../../src/wire/dispatch-error.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import { alice, bob, cluster, contractAddress, hex, Network, selectors, toText, wat } from "../runtime/network.ts";
import { text } from "./probe.ts";

const fixture = (name: string): Uint8Array =>
  wat(readFileSync(new URL(`../../fixtures/${name}.wat`, import.meta.url), "utf8"));
const flip = fixture("flip");
const cross = fixture("cross");
const deployTrue = Uint8Array.of(0x9b, 0xae, 0x9d, 0x5e, 1);

/** What a receipt says was instantiated: deployer and contract, in order. */
function instantiations(receipt: Receipt): string[] {
  return receipt.palletEvents
    .filter((event) => event[0] === 4 && event[1] === 0)
    .map((event) => `${toText(event.subarray(2, 34))} -> ${toText(event.subarray(34, 66))}`);
}

function answer(
  network: Network,
  contract: Parameters<Network["ask"]>[0],
  payload: Uint8Array,
  estimating = false,
): string | undefined {
  const { result } = network.ask(contract, payload, { estimating });
  return result.ok ? toText(result.data) : dispatchErrorName(result.error);
}

describe("a flipper of ink! 3", () => {
  test("is made once, and flips in a transaction and not in an estimate", () => {
    const network = Network.start();
    const hash = codeHash(network.upload(flip).output);
    const made = network.instantiate(hash, deployTrue);
    const id = made.contract as NonNullable<typeof made.contract>;
    expect(made.outcome).toBe("ok");
    expect(instantiations(made)).toEqual([`${toText(alice)} -> ${toText(id)}`]);
    expect(answer(network, id, selectors.get)).toBe("01");
    expect(answer(network, id, selectors.flip, true)).toBe("");
    expect(answer(network, id, selectors.flip)).toBe("");
    expect(answer(network, id, selectors.get)).toBe("01");
    expect(network.call(id, selectors.flip).outcome).toBe("ok");
    expect(answer(network, id, selectors.get)).toBe("00");
  });

  test("echoes a tuple, and traps on what it does not understand", () => {
    const network = Network.start();
    const id = network.deploy(flip, deployTrue);
    const tuple = `2a000000${"18".padEnd(32, "0")}`;
    expect(answer(network, id, hex(`f7dff04c${tuple}`))).toBe(tuple);
    expect(answer(network, id, hex("deadbeef"))).toBe("ContractTrapped");
    expect(network.call(id, hex("deadbeef"))).toMatchObject({ outcome: "trapped" });
  });

  test("whose constructor returns an error is no contract, with a result and the mark of a revert", () => {
    const network = Network.start();
    const hash = codeHash(network.upload(flip).output);
    const root = network.runtime.stateRoot;
    const receipt = network.instantiate(hash, hex("00000001"));
    expect(receipt).toMatchObject({ outcome: "reverted", flags: 1, error: undefined });
    expect(toText(receipt.output)).toBe("0100");
    expect(network.runtime.contractCode(contractAddress(alice, hash, cluster, new Uint8Array()))).toBeUndefined();
    expect(network.runtime.stateRoot).toEqual(root);
  });

  test("whose constructor panics is no contract either; the address is free for another try", () => {
    const network = Network.start();
    const hash = codeHash(network.upload(flip).output);
    const receipt = network.instantiate(hash, hex("00000002"));
    expect(receipt.outcome).toBe("trapped");
    expect(toText(receipt.error)).toBe("03040c000000");
    const again = network.instantiate(hash, deployTrue);
    expect(again.contract && toHex(again.contract)).toBe(
      toHex(contractAddress(alice, hash, cluster, new Uint8Array())),
    );
  });
});

describe("a contract that makes another in its constructor", () => {
  const start = (value: bigint): { network: Network; hash: CodeHash; receipt: Receipt } => {
    const network = Network.start();
    const hash = codeHash(network.upload(flip).output);
    const outer = codeHash(network.upload(cross).output);
    const receipt = network.instantiate(outer, Uint8Array.from([...selectors.new, ...hash]), { value, from: bob });
    return { network, hash, receipt };
  };

  test("passes its value on, and what it makes is listed before itself", () => {
    const { network, hash, receipt } = start(1000n);
    expect(receipt.outcome).toBe("ok");
    const outer = receipt.contract as NonNullable<typeof receipt.contract>;
    const inner = contractAddress(outer, hash, cluster, new Uint8Array());
    expect(instantiations(receipt)).toEqual([
      `${toText(outer)} -> ${toText(inner)}`,
      `${toText(bob)} -> ${toText(outer)}`,
    ]);
    expect(network.runtime.balance(inner).total - network.runtime.balance(outer).total).toBe(1000n);
    expect(answer(network, outer, hex("c3220014"))).toBe("01");
    network.call(inner, selectors.flip);
    expect(answer(network, outer, hex("c3220014"))).toBe("00");
  });

  test("of code that is not there makes neither", () => {
    const { network } = start(0n);
    const outer = codeHash(network.upload(cross).output);
    const root = network.runtime.stateRoot;
    const missing = Uint8Array.from([...selectors.new, ...new Uint8Array(32)]);
    const receipt = network.instantiate(outer, missing, { value: 5n, from: bob, salt: text("again") });
    expect(receipt.outcome).toBe("trapped");
    expect(network.runtime.stateRoot).toEqual(root);
  });
});
