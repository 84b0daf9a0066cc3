/** Queries and estimates: what they see, what they may do, what they tell. */

import { describe, expect, it } from "vitest";
import { coarseDeposit, coarseGas, maskLowBits } from "../../src/enclave/runtime/coarse.ts";
import { codeHash, contractId } from "../../src/wire/bytes.ts";
import type { QueryAnswer } from "../../src/wire/query.ts";
import { act, actor, actorCode, all, nested } from "../contract/actor.ts";
import { freshSalt } from "../contract/probe.ts";
import { alice, bob, cluster, contractAddress, Network, selectors, toText } from "./network.ts";
import { saved } from "./saving.ts";

const idle = act.ok([0, 0, 0]);
const dataOf = (answer: QueryAnswer) => (answer.result.ok ? toText(answer.result.data) : undefined);
const errorOf = (answer: QueryAnswer) => (answer.result.ok ? undefined : toText(answer.result.error));

describe("coarse figures", () => {
  it("keep the highest nine bits and hide at least a minimum of the others", () => {
    expect(maskLowBits(0n, 24, 64)).toBe(0xff_ffffn);
    expect(maskLowBits(0x10n, 24, 64)).toBe(0xff_ffffn);
    expect(maskLowBits(0x1000_0000n, 24, 64)).toBe(0x10ff_ffffn);
    expect(maskLowBits(0x10_0000_0000n, 24, 64)).toBe(0x10_0fff_ffffn);
    expect(maskLowBits(0x10_0000_0000_0000n, 24, 64)).toBe(0x10_0fff_ffff_ffffn);
    expect(maskLowBits(0xffff_ffff_0000_0000n, 24, 64)).toBe(0xffff_ffff_ffff_ffffn);
  });

  it("of gas hide 28 bits, of deposits 256 bytes' worth, and the sign of a refund stays", () => {
    expect(coarseGas(0n)).toBe(2n ** 28n - 1n);
    expect(coarseGas(2n ** 64n - 1n)).toBe(2n ** 64n - 1n);
    expect(coarseDeposit(0n, 0n)).toBe(0n);
    expect(coarseDeposit(0n, 1n)).toBe(255n);
    expect(coarseDeposit(-5n, 1n)).toBe(-255n);
    expect(coarseDeposit(0n, 10n)).toBe(4095n);
    expect(coarseDeposit(1n, 2n ** 127n)).toBe(2n ** 128n - 1n);
  });
});

describe("a query", () => {
  const network = Network.start({ gasPrice: 5n, depositPerItem: 4n, depositPerByte: 2n });
  const contract = actor(network);

  it("sees the last block and what it wrote, and its own writes only itself", () => {
    network.call(contract, all(act.set(1, 5), idle), { gas: 10n ** 12n });
    const answer = network.ask(contract, all(act.set(1, 6), act.get(1)));
    expect(answer.block).toBe(network.runtime.height);
    expect(dataOf(answer)).toBe("0000000006000000");
    expect(dataOf(network.ask(contract, act.get(1)))).toBe("0000000005000000");
  });

  it("has its origin as the caller, costs nothing, and tells figures coarsely", () => {
    const before = network.runtime.balance(bob);
    const answer = network.ask(contract, all(act.context(), idle), { origin: bob });
    expect(dataOf(answer)?.slice(0, 64)).toBe(toText(bob));
    expect(answer.gasUsed & (2n ** 28n - 1n)).toBe(2n ** 28n - 1n);
    expect(answer.gasRequired).toBeGreaterThanOrEqual(answer.gasUsed);
    expect(network.runtime.balance(bob)).toEqual(before);
  });

  it("may come from an account without money, which a deposit lets pay", () => {
    const nobody = new Uint8Array(32).fill(0x66) as typeof alice;
    const write = all(act.set(9, 1), idle);
    expect(errorOf(network.ask(contract, write, { origin: nobody }))).toBe("030418000000");
    const answer = network.ask(contract, write, { origin: nobody, deposit: 1000n });
    expect(answer.result.ok).toBe(true);
    expect(answer.storageDeposit).toBe(511n);
    expect(network.runtime.balance(nobody).total).toBe(0n);
    const most = 2n ** 128n - 1n;
    expect(network.ask(contract, write, { origin: alice, deposit: most }).result.ok).toBe(true);
  });

  it("tells of a revert by its flags, of a trap by its error and a diagnosis", () => {
    const reverted = network.ask(contract, act.revert([1, 2, 3]));
    expect(reverted.result).toMatchObject({ ok: true, flags: 1 });
    const trapped = network.ask(contract, all(act.trap(), idle));
    expect(errorOf(trapped)).toBe("03040c000000");
    expect(trapped.diagnosis).toContain("unreachable");
    expect(new TextDecoder().decode(network.ask(contract, all(act.print("hi"), idle)).debug)).toBe("hi");
  });

  it("of a contract that there is not, or shorter than a selector, is an error and no crash", () => {
    expect(errorOf(network.ask(contractId(alice), idle))).toBe("030406000000");
    for (const payload of [new Uint8Array(0), Uint8Array.of(0, 1, 2)]) {
      expect(errorOf(network.ask(contract, payload))).toBe("03040b000000");
    }
  });

  it("ends at its gas limit, its own or the usual one", () => {
    const answer = network.ask(contract, all(act.loop(), idle), { gasLimit: 10n ** 9n });
    expect(errorOf(answer)).toBe("030402000000");
    expect(network.ask(contract, idle, { gasLimit: 0n }).result.ok).toBe(false);
    expect(network.ask(contract, idle, { gasLimit: 2n ** 64n - 1n }).result.ok).toBe(true);
  });

  it("that computes for longer than it may is given up, and the next one is answered", () => {
    const request = {
      origin: alice,
      contract,
      deposit: 0n,
      transfer: 0n,
      gasLimit: 2n ** 64n - 1n,
      body: { kind: "message" as const, payload: all(act.loop(), idle), estimating: false },
    };
    const environment = { nowMs: 0n, random: (length: number) => new Uint8Array(length), deadlineMs: 20 };
    const root = saved(network.runtime);
    expect(() => network.runtime.query(request, environment)).toThrow("20");
    expect(network.ask(contract, idle).result.ok).toBe(true);
    expect(saved(network.runtime)).toEqual(root);
  });

  it("can be pinned: it sees its block however many follow", () => {
    const pinned = network.runtime.pin();
    network.call(contract, all(act.set(1, 77), idle), { gas: 10n ** 12n });
    const environment = { nowMs: 0n, random: (length: number) => new Uint8Array(length) };
    const body = { kind: "message" as const, payload: act.get(1), estimating: false };
    const request = { origin: alice, contract, deposit: 0n, transfer: 0n, gasLimit: undefined, body };
    const pass = pinned.query(request, environment);
    expect(pass.type === "answered" && dataOf(pass.answer)).toBe("0000000005000000");
    expect(pass.type === "answered" && pass.answer.block).toBe(pinned.block);
    expect(dataOf(network.ask(contract, act.get(1)))).toBe("000000004d000000");
  });
});

describe("an estimate", () => {
  const network = Network.start({ depositPerItem: 4n, depositPerByte: 2n });
  const contract = actor(network);

  it("is never less than what the transaction then needs", () => {
    for (const message of [idle, all(act.set(1, 1), act.set(2, 1), idle), act.call(actor(network), idle)]) {
      const estimate = network.ask(contract, message, { estimating: true });
      const receipt = network.call(contract, message, { gas: estimate.gasRequired, limit: estimate.storageDeposit });
      expect(receipt.outcome).toBe("ok");
      expect(estimate.gasRequired).toBeGreaterThanOrEqual(receipt.gasRequired);
      expect(estimate.storageDeposit).toBeGreaterThanOrEqual(receipt.storageDeposit);
    }
  });

  it("has the gas limit of a transaction", () => {
    const loop = network.ask(contract, all(act.loop(), idle), { estimating: true, gasLimit: 2n ** 64n - 1n });
    expect(errorOf(loop)).toBe("030402000000");
    expect(loop.gasUsed).toBe(coarseGas(2_500_000_000_000n));
  });

  it("of an instantiation gives the id that it would have", () => {
    const hash = codeHash(network.upload(actorCode).output);
    const salt = freshSalt();
    const body = { kind: "instantiate" as const, codeHash: hash, data: all(selectors.new, act.ok([9])), salt };
    const pass = network.pass({ contract, body });
    expect(pass.type).toBe("answered");
    if (pass.type !== "answered") return;
    const id = contractAddress(alice, hash, cluster, salt);
    expect(pass.answer.result).toMatchObject({ ok: true, flags: 0, contract: id });
    expect(network.runtime.contractCode(id)).toBeUndefined();
    expect(network.instantiate(hash, body.data, { salt }).contract).toEqual(id);
    const again = network.pass({ contract, body });
    expect(again.type === "answered" && errorOf(again.answer)).toBe("030414000000");
  });

  it("before there is a cluster is refused", () => {
    expect(() => new Network().ask(contract, idle)).toThrow("serves no cluster");
  });
});

describe("constructors", () => {
  const network = Network.start();
  const hash = codeHash(network.upload(actorCode).output);

  it("that return an error give its data with the revert flag and make no contract", () => {
    const receipt = network.instantiate(hash, all(selectors.new, act.revert([0, 1, 7])), { salt: freshSalt() });
    expect(receipt).toMatchObject({ outcome: "reverted", flags: 1 });
    expect(toText(receipt.output)).toBe("000107");
    expect(network.runtime.contractCode(receipt.contract!)).toBeUndefined();
  });

  it("that panic end as ContractTrapped and make no contract", () => {
    const receipt = network.instantiate(hash, all(selectors.new, act.trap()), { salt: freshSalt() });
    expect(receipt.outcome).toBe("trapped");
    expect(toText(receipt.error)).toBe("03040c000000");
    expect(network.runtime.contractCode(receipt.contract!)).toBeUndefined();
  });

  it("of code that is not there are refused", () => {
    const receipt = network.instantiate(codeHash(new Uint8Array(32)), selectors.new);
    expect(receipt.outcome).toBe("refused");
    expect(toText(receipt.error)).toBe("030408000000");
  });

  it("nested calls answer in a query as in a transaction", () => {
    const [one, other] = [actor(network), actor(network)];
    const answer = network.ask(one, act.call(other, act.ok([5])));
    expect(answer.result.ok && nested(answer.result.data)).toMatchObject({ code: 0, output: "05" });
  });
});
