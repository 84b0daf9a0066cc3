/** Every version of call, instantiate, transfer, terminate and the rest that has arguments of its own. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { hostFunctions } from "../../src/enclave/contract/imports.ts";
import { alice, bob, cluster, contractAddress, hex, Network, selectors, toText } from "../runtime/network.ts";
import { act, actor, actorCode } from "./actor.ts";
import { freshSalt, type HostCall, memoryEnd, type Probe, probe, readU128, u32, u128 } from "./probe.ts";

const network = Network.start();
const run = (calls: HostCall[], more: Omit<Probe, "calls"> = {}) => probe(network, { calls, ...more });
const none = -1;

describe("calls", () => {
  const callee = actor(network);
  const input = act.ok([7, 8, 9]);
  /** Callee at 0, value at 32, deposit at 48, input at 64; output at 128, length cell at 120. */
  const memory = { 0: callee, 32: u128(0n), 48: u128(0n), 64: input, 120: u32(16) };
  const n = input.length;

  it.each([
    ["seal0.call", 0, 0, 0n, 32, 0, 64, n, 128, 120],
    ["seal0.seal_call", 0, 77, 0n, 32, 99, 64, n, 128, 120],
    ["seal1.call", 0, 0, 0n, 32, 64, n, 128, 120],
    ["seal1.seal_call", 8, 0, 1_000_000_000n, 32, 64, n, 128, 120],
    ["seal2.call", 0, 0, 0n, 0n, 48, 32, 64, n, 128, 120],
    ["seal2.seal_call", 0, 0, 0n, 5n, none, 32, 64, n, 128, 120],
  ] as HostCall[])("%s", (...call) => {
    const { results, memory: after } = run([call as unknown as HostCall], { memory });
    expect(results).toEqual([0]);
    expect(toText(after.slice(128, 131))).toBe("070809");
    expect(after[120]).toBe(3);
  });

  it("leave the output alone when it is not wanted", () => {
    const { results, memory: after } = run([["seal1.call", 0, 0, 0n, 32, 64, n, none, 120]], { memory });
    expect(results).toEqual([0]);
    expect([...after.slice(120, 132)]).toEqual([...u32(16), ...u32(0), ...u32(0)]);
    // The cell is not looked at either.
    expect(run([["seal1.call", 0, 0, 0n, 32, 64, n, none, none]], { memory }).error).toBeUndefined();
  });

  it("check every pointer before anything runs", () => {
    for (const call of [
      ["seal1.call", 0, memoryEnd - 31, 0n, 32, 64, n, 128, 120],
      ["seal1.call", 0, 0, 0n, memoryEnd - 15, 64, n, 128, 120],
      ["seal1.call", 0, 0, 0n, 32, memoryEnd - 2, n, 128, 120],
      ["seal1.call", 0, 0, 0n, 32, 64, n, 128, memoryEnd - 3],
    ] as HostCall[]) {
      expect(run([call], { memory }).error, String(call)).toBe("OutOfBounds");
    }
    expect(run([["seal1.call", 0, 0, 0n, 32, 64, n, 128, 116]], { memory: { ...memory, 116: u32(2) } }).error).toBe(
      "OutputBufferTooSmall",
    );
  });

  it("a deposit limit of its own stops the callee where it is passed", () => {
    const priced = Network.start({ depositPerItem: 10n, depositPerByte: 1n });
    const writer = actor(priced);
    const write = Uint8Array.from([...act.set(1, 1), ...act.ok()]);
    const limited = (limit: bigint) =>
      probe(priced, {
        calls: [["seal2.call", 0, 0, 0n, 0n, 48, 32, 64, write.length, none, none]],
        memory: { 0: writer, 32: u128(0n), 48: u128(limit), 64: write },
      });
    expect(limited(13n).error).toBe("StorageDepositLimitExhausted");
    expect(limited(14n).error).toBeUndefined();
  });

  it("delegate calls in both spellings", () => {
    const code = { ...memory, 0: blake2_256(actorCode) };
    for (const name of ["seal0.delegate_call", "seal0.seal_delegate_call"]) {
      const { results, memory: after } = run([[name, 0, 0, 64, n, 128, 120]], { memory: code });
      expect(results).toEqual([0]);
      expect(toText(after.slice(128, 131))).toBe("070809");
    }
  });
});

describe("instantiation", () => {
  const made = actor(network);
  const hash = network.runtime.contractCode(made)!;
  const input = Uint8Array.from([...selectors.new, ...act.ok([5])]);
  const n = input.length;

  it.each([
    ["seal0.instantiate", 0, 0, 0n, 32, 0, 64, n, 160, 124, 128, 120, 96, 4],
    ["seal0.seal_instantiate", 0, 9, 0n, 32, 9, 64, n, 160, 124, 128, 120, 96, 4],
    ["seal1.instantiate", 0, 0n, 32, 64, n, 160, 124, 128, 120, 96, 4],
    ["seal1.seal_instantiate", 0, 0n, 32, 64, n, 160, 124, 128, 120, 96, 4],
    ["seal2.instantiate", 0, 0n, 0n, none, 32, 64, n, 160, 124, 128, 120, 96, 4],
    ["seal2.seal_instantiate", 0, 0n, 0n, 48, 32, 64, n, 160, 124, 128, 120, 96, 4],
  ] as HostCall[])("%s", (...call) => {
    const salt = Uint8Array.of(...freshSalt(), 9);
    const { results, memory, contract } = run([call as unknown as HostCall], {
      memory: { 0: hash, 32: u128(0n), 48: u128(0n), 64: input, 96: salt, 120: u32(32), 124: u32(32) },
    });
    expect(results).toEqual([0]);
    expect(toText(memory.slice(160, 192))).toBe(toText(contractAddress(contract!, hash, cluster, salt)));
    expect(memory[128]).toBe(5);
    expect(memory[120]).toBe(1);
  });

  it("checks every pointer", () => {
    const memory = { 0: hash, 32: u128(0n), 64: input, 120: u32(32), 124: u32(32) };
    for (const call of [
      ["seal1.instantiate", memoryEnd - 31, 0n, 32, 64, n, none, none, none, none, 96, 4],
      ["seal1.instantiate", 0, 0n, memoryEnd - 15, 64, n, none, none, none, none, 96, 4],
      ["seal1.instantiate", 0, 0n, 32, memoryEnd - 2, n, none, none, none, none, 96, 4],
      ["seal1.instantiate", 0, 0n, 32, 64, n, none, none, none, none, memoryEnd - 3, 4],
      ["seal1.instantiate", 0, 0n, 32, 64, n, memoryEnd - 31, 124, none, none, 96, 4],
    ] as HostCall[]) {
      expect(run([call], { memory }).error, String(call)).toBe("OutOfBounds");
    }
  });
});

describe("money and the end", () => {
  it("transfer: 0, or 5 when there is too little; pointers are checked", () => {
    const memory = { 0: bob, 32: u128(40n), 48: u128(41n) };
    const options = { value: 40n };
    const { results } = run(
      [
        ["seal0.transfer", 0, 32, 48, 16],
        ["seal0.seal_transfer", 0, 0, 32, 0],
        ["seal0.transfer", 0, 32, 32, 16],
      ],
      { memory, options },
    );
    expect(results).toEqual([5, 0, 5]);
    expect(run([["seal0.transfer", memoryEnd - 31, 32, 32, 16]], { memory }).error).toBe("OutOfBounds");
    expect(run([["seal0.transfer", 0, 32, memoryEnd - 15, 16]], { memory }).error).toBe("OutOfBounds");
  });

  it.each([
    ["seal0.terminate", 0, 32],
    ["seal0.seal_terminate", 0, 0],
    ["seal1.terminate", 0],
    ["seal1.seal_terminate", 0],
  ] as HostCall[])("%s ends the contract and never comes back", (...call) => {
    const { receipt, contract } = run([call as unknown as HostCall, ["seal0.debug_message", 0, 4]], {
      memory: { 0: bob },
    });
    expect(receipt).toMatchObject({ outcome: "ok", flags: 0, output: new Uint8Array(0) });
    expect(receipt.debug).toHaveLength(0);
    expect(network.runtime.contractCode(contract!)).toBeUndefined();
    expect(
      run([call[0] === "seal1.terminate" ? ["seal1.terminate", memoryEnd] : ["seal0.terminate", -1, 0]]).error,
    ).toBe("OutOfBounds");
  });

  it("set_code_hash: 0, or 7 for code that is not there", () => {
    const hash = network.runtime.contractCode(actor(network))!;
    const { results, contract } = run(
      [
        ["seal0.set_code_hash", 32],
        ["seal0.seal_set_code_hash", 0],
      ],
      {
        memory: { 0: hash },
      },
    );
    expect(results).toEqual([7, 0]);
    expect(network.runtime.contractCode(contract!)).toEqual(hash);
    expect(run([["seal0.set_code_hash", memoryEnd - 31]]).error).toBe("OutOfBounds");
  });

  it("set_code_hash to relaxed code is Indeterministic, as is making a contract of it", () => {
    const relaxed = network.upload(Uint8Array.of(...actorCode, 0, 3, 1, 0x79, 0), "relaxed");
    expect(relaxed.outcome).toBe("ok");
    expect(run([["seal0.set_code_hash", 0]], { memory: { 0: relaxed.output } }).error).toBe("Indeterministic");
    const receipt = network.instantiate(relaxed.output as never, selectors.new, { salt: freshSalt() });
    expect(toText(receipt.error)).toBe("03041c000000");
  });

  it("seal_return: data with flags 0 or 1, anything else is InvalidCallFlags", () => {
    const end = (flags: number, at = 0, length = 3) =>
      run([["seal0.seal_return", flags, at, length]], { memory: { 0: [1, 2, 3] } });
    expect(end(0).receipt).toMatchObject({ outcome: "ok", output: Uint8Array.of(1, 2, 3) });
    expect(end(1).receipt).toMatchObject({ outcome: "reverted", output: Uint8Array.of(1, 2, 3) });
    expect(end(2).error).toBe("InvalidCallFlags");
    expect(end(-1).error).toBe("InvalidCallFlags");
    expect(end(0, memoryEnd - 2).error).toBe("OutOfBounds");
    expect(end(0, memoryEnd, 0).error).toBeUndefined();
  });
});

describe("the extension", () => {
  it("answers through call_chain_extension; errors of its own trap", () => {
    const call = (id: number, input: Uint8Array, room = 64, name = "seal0.call_chain_extension") =>
      run([[name, id, 0, input.length, 128, 120]], { memory: { 0: input, 120: u32(room) } });
    const own = call(12, new Uint8Array(0));
    expect(own.results).toEqual([0]);
    expect(own.memory[128]).toBe(1);
    expect(call(12, new Uint8Array(0), 64, "seal0.seal_call_chain_extension").results).toEqual([0]);
    expect(toText(call(0xffff, hex("00")).receipt.error)).toBe("030501000000");
    expect(toText(call(0x01_0001, hex("00")).receipt.error)).toBe("030500000000");
    expect(toText(call(12, new Uint8Array(0), 0).receipt.error)).toBe("030502000000");
    expect(toText(call(15, new Uint8Array(0)).receipt.error)).toBe("030505000000");
  });

  it("balance_of knows what alice has", () => {
    const { memory } = run([["seal0.call_chain_extension", 16, 0, 32, 128, 120]], {
      memory: { 0: alice, 120: u32(64) },
    });
    const { total, free } = network.runtime.balance(alice);
    expect([readU128(memory, 128), readU128(memory, 144)]).toEqual([total, free]);
  });
});

describe("the table", () => {
  it("has a case here for every row", () => {
    const folder = new URL(".", import.meta.url);
    const tests = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
    const text = tests.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
    for (const { module, name } of hostFunctions) {
      const spelt = new RegExp(
        `["'\`]${module}(\\.|", ")(seal_)?${name}"|\\["${name}", |"${name}"\\)|value\\("${name}"`,
      );
      expect(spelt.test(text), `${module}.${name}`).toBe(true);
    }
  });
});
