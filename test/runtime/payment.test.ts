/** What a transaction costs: gas bought and given back, deposits held and returned. */

import { describe, expect, it } from "vitest";
import { codeHash } from "../../src/wire/bytes.ts";
import { act, actor, actorCode, all } from "../contract/actor.ts";
import { freshSalt } from "../contract/probe.ts";
import { alice, bob, cluster, command, Network, selectors, toText, treasury } from "./network.ts";

const idle = act.ok([0, 0, 0]);

describe("gas", () => {
  const money = 10n ** 14n;
  const network = Network.start({ gasPrice: 2n }, money);
  const contract = actor(network, { gas: 10n ** 12n });

  it("is paid to the treasury for what was used, whatever became of the call", () => {
    for (const input of [idle, act.revert([0, 0, 0]), Uint8Array.of(2, 0, 0, 0)]) {
      const before = { alice: network.runtime.balance(alice).free, treasury: network.runtime.balance(treasury).free };
      const { gasUsed } = network.call(contract, input, { gas: 10n ** 12n });
      expect(gasUsed).toBeGreaterThan(0n);
      expect(network.runtime.balance(alice).free).toBe(before.alice - gasUsed * 2n);
      expect(network.runtime.balance(treasury).free).toBe(before.treasury + gasUsed * 2n);
    }
  });

  it("that the sender cannot buy up front is not sold: nothing runs", () => {
    const poor = new Uint8Array(32).fill(0x0e) as typeof alice;
    network.event({ kind: "deposit", cluster, to: poor, amount: 1_000_000n });
    const root = network.runtime.stateRoot;
    const receipt = network.call(contract, all(act.event(1, 1), idle), { from: poor, gas: 500_000n });
    expect(receipt).toMatchObject({ outcome: "refused", gasUsed: 0n, events: [], palletEvents: [] });
    // All of it would leave nothing for the account to live on.
    expect(toText(receipt.error)).toBe("0700");
    expect(network.runtime.stateRoot).toEqual(root);
    expect(network.call(contract, idle, { from: poor, gas: 499_999n }).outcome).toBe("outOfGas");
    expect(network.runtime.balance(poor).free).toBe(2n);
  });

  it("is clipped to the limit of a transaction", () => {
    const rich = Network.start({ gasPrice: 1n }, 10n ** 18n);
    const other = actor(rich);
    const receipt = rich.call(other, Uint8Array.of(3, 0, 0, 0), { gas: 2n ** 64n - 1n });
    expect(receipt).toMatchObject({ outcome: "outOfGas", gasUsed: 2_500_000_000_000n });
  });

  it("is free for what the chain itself sends", () => {
    const before = network.runtime.balance(treasury);
    const receipt = network.one(command(contract, idle, { sender: { kind: "pallet", name: new Uint8Array(0) } }));
    expect(receipt.diagnosis).toContain("no system contract");
    expect(network.runtime.balance(treasury)).toEqual(before);
  });
});

describe("deposits", () => {
  const prices = { depositPerItem: 10n, depositPerByte: 3n };

  it("are held from the origin for what was added and come back for what was removed", () => {
    const network = Network.start(prices);
    const before = network.runtime.balance(alice);
    const upload = network.upload(actorCode);
    const made = network.instantiate(codeHash(upload.output), all(selectors.new, act.set(1, 1)), { salt: freshSalt() });
    // Its record, one item of four bytes, and the existential deposit.
    expect(made.storageDeposit).toBe(122n * 3n + 10n + 4n * 3n + 10n + 1n);
    const contract = made.contract!;
    const held = network.runtime.balance(contract);
    expect(held.total - held.free).toBe(made.storageDeposit - 1n);
    expect(network.runtime.balance(alice).free).toBe(before.free - upload.storageDeposit - made.storageDeposit);
    expect(network.call(contract, all(act.set(1, 2), idle)).storageDeposit).toBe(0n);
    expect(network.call(contract, all(act.set(2, 2), act.set(3, 2), idle)).storageDeposit).toBe(2n * 22n);
    expect(network.call(contract, all(act.set(4, 2), act.revert())).storageDeposit).toBe(0n);
    expect(network.runtime.balance(contract).total).toBe(made.storageDeposit + 44n);
  });

  it("of the example of upstream's own test come to 126", () => {
    const network = Network.start({ depositPerItem: 1n, depositPerByte: 1n });
    const { output } = network.upload(actorCode);
    const one = all(selectors.new, Uint8Array.of(16, 0, 0, 0, 0, 1, 0, 0, 0));
    // One item of one byte there, of four here.
    expect(network.instantiate(codeHash(output), one).storageDeposit).toBe(126n + 3n);
  });

  it("above the limit end the call, and nothing of it stays", () => {
    const network = Network.start(prices);
    const contract = actor(network);
    const root = network.runtime.stateRoot;
    const over = network.call(contract, all(act.set(1, 1), idle), { limit: 21n });
    expect(over).toMatchObject({ outcome: "trapped", storageDeposit: 0n });
    expect(toText(over.error)).toBe("030418000000");
    expect(network.runtime.stateRoot).toEqual(root);
    expect(network.call(contract, all(act.set(1, 1), idle), { limit: 22n }).outcome).toBe("ok");
  });

  it("that the origin does not have are refused before anything runs", () => {
    const network = Network.start(prices);
    const contract = actor(network);
    const refused = network.call(contract, idle, { limit: 10n ** 30n });
    expect(refused.outcome).toBe("refused");
    expect(toText(refused.error)).toBe("030417000000");
    const poor = new Uint8Array(32).fill(0x0f) as typeof alice;
    expect(network.call(contract, idle, { from: poor }).outcome).toBe("ok");
    expect(toText(network.call(contract, all(act.set(9, 1), idle), { from: poor }).error)).toBe("030418000000");
  });

  it("are refunded to whoever removes, pro rata of what the contract has paid", () => {
    const network = Network.start(prices);
    const contract = actor(network);
    network.call(contract, all(act.set(1, 1), idle));
    const before = network.runtime.balance(bob).free;
    const receipt = network.call(contract, all(act.terminate(alice)), { from: bob });
    expect(receipt.storageDeposit).toBe(-(122n * 3n + 10n + 22n));
    expect(network.runtime.balance(bob).free).toBe(before - receipt.storageDeposit);
  });
});

describe("money", () => {
  it("is neither made nor lost by transactions, whatever they do", () => {
    const network = Network.start({ gasPrice: 1n, depositPerItem: 7n, depositPerByte: 2n });
    const sum = () => {
      const accounts = [alice, bob, treasury, ...contracts];
      return accounts.reduce((total, id) => total + network.runtime.balance(id).total, 0n);
    };
    const contracts: (typeof alice)[] = [];
    const before = sum();
    contracts.push(actor(network), actor(network));
    const [a, b] = contracts as [ReturnType<typeof actor>, ReturnType<typeof actor>];
    network.call(a, all(act.set(1, 1), idle), { value: 1000n });
    network.call(a, all(act.transfer(b, 10n), act.call(b, all(act.set(1, 1), act.trap()), { value: 5n })));
    network.call(a, act.call(b, act.terminate(bob)), { from: bob });
    network.call(a, all(act.set(5, 1), act.loop()), { gas: 10n ** 10n });
    network.call(a, act.terminate(bob));
    expect(sum()).toBe(before);
  });
});
