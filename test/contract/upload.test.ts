/** What is refused at upload, and in which words. */

import { describe, expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { accountId, type ContractId } from "../../src/wire/bytes.ts";
import { extensionInput, probe } from "../pink/probe.ts";
import { alice, cluster, Network, toText, treasury, wat } from "../runtime/network.ts";
import { act, actor, actorCode, nested } from "./actor.ts";

const network = Network.start({ depositPerItem: 3n, depositPerByte: 2n });
const memory = `(import "env" "memory" (memory 1 16))`;
const entries = `(func (export "call")) (func (export "deploy"))`;
const refusal = (text: string, profile: Network = network) => {
  const receipt = profile.upload(wat(`(module ${text})`));
  expect(receipt.outcome, receipt.diagnosis).toBe("refused");
  expect(toText(receipt.error)).toBe("03041b000000");
  return receipt.diagnosis;
};

describe("an upload is refused", () => {
  it.each([
    [
      "unknown function export: expecting only deploy and call functions",
      `${memory} ${entries} (func (export "other"))`,
    ],
    ["memory export is forbidden", `${memory} ${entries} (export "memory" (memory 0))`],
    ["global export is forbidden", `${memory} ${entries} (global (export "g") i32 (i32.const 0))`],
    ["table export is forbidden", `${memory} ${entries} (table (export "t") 1 funcref)`],
    ["deploy function isn't exported", `${memory} (func (export "call"))`],
    ["call function isn't exported", `${memory} (func (export "deploy"))`],
    ["entry point has wrong signature", `${memory} (func (export "call") (param i32)) (func (export "deploy"))`],
    ["No memory import found in the module", entries],
    ["No memory import found in the module", `(memory 1) ${entries}`],
    ["Invalid module for imported memory", `(import "seal0" "memory" (memory 1 16)) ${entries}`],
    ["Memory import must have the field name 'memory'", `(import "env" "mem" (memory 1 16)) ${entries}`],
  ])("%s", (reason, text) => {
    expect(refusal(text)).toContain(reason);
  });

  it("for an import that there is not, by its name", () => {
    expect(refusal(`(import "seal0" "println" (func (param i32 i32))) ${memory} ${entries}`)).toContain(
      "seal0.println",
    );
    expect(refusal(`(import "seal9" "call" (func)) ${memory} ${entries}`)).toContain("seal9.call");
    expect(refusal(`(import "seal0" "seal_instantiation_nonce" (func (result i64))) ${memory} ${entries}`)).toContain(
      "seal0.seal_instantiation_nonce",
    );
  });

  it("for an import of another type than the function has", () => {
    const text = refusal(`(import "seal0" "caller" (func (param i32) (result i32))) ${memory} ${entries}`);
    expect(text).toContain("seal0.caller as (i32) -> (i32), which is (i32, i32) -> ()");
  });

  it("for segments that do not fit where they belong", () => {
    refusal(`${memory} ${entries} (data (i32.const 65530) "too long for it")`);
    refusal(`${memory} (table 1 funcref) ${entries} (func $f) (elem (i32.const 1) $f)`);
  });

  it("for what is no module", () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0, 0x61, 0x73, 0x6d), actorCode.slice(0, -1)]) {
      expect(network.upload(bytes)).toMatchObject({ outcome: "refused" });
    }
  });

  it("for being too large", () => {
    const receipt = network.upload(new Uint8Array(2 * 1024 * 1024 + 1));
    expect(toText(receipt.error)).toBe("030407000000");
  });

  it("for a deposit that the uploader does not have", () => {
    const poor = Network.start({ depositPerByte: 10n ** 9n }, 10n ** 9n);
    expect(toText(poor.upload(actorCode).error)).toBe("030417000000");
  });
});

describe("checking an upload", () => {
  const price = (code: Uint8Array): bigint => 400_000_000n + 1_000_000n * BigInt(code.length);
  const taken = wat(`(module ${memory} ${entries})`);
  const garbage = new Uint8Array(30_000).fill(7);
  const floating = wat(`(module ${memory} ${entries} (func (result f64) (f64.const 1)))`);
  const prices = { gasPrice: 3n, depositPerByte: 2n, depositPerItem: 3n, profile: "pink" };

  it("costs its sender gas by the code's length, before anything is done, refused or taken", () => {
    const paying = Network.start(prices);
    for (const [code, outcome] of [
      [garbage, "refused"],
      [floating, "refused"],
      [garbage, "refused"],
      [taken, "ok"],
    ] as const) {
      const before = [alice, treasury].map((id) => paying.runtime.balance(id));
      const receipt = paying.upload(code);
      expect(receipt).toMatchObject({ outcome, gasUsed: price(code), gasRequired: price(code) });
      const [sender, fees] = [alice, treasury].map((id, n) => {
        const now = paying.runtime.balance(id);
        return { total: now.total - before[n]!.total, free: now.free - before[n]!.free };
      });
      const cost = 3n * price(code);
      expect(sender).toEqual({ total: -cost, free: -cost - receipt.storageDeposit });
      expect(fees).toEqual({ total: cost, free: cost });
    }
    const [stored, large] = [paying.runtime.balance(alice), new Uint8Array(2 * 1024 * 1024 + 1)];
    expect(paying.upload(taken)).toMatchObject({ outcome: "ok", gasUsed: 0n });
    expect(paying.upload(large)).toMatchObject({ outcome: "refused", gasUsed: 0n });
    expect(paying.runtime.balance(alice)).toEqual(stored);
  });

  it("is not done for whoever cannot pay for it", () => {
    const paying = Network.start(prices);
    const poor = accountId(new Uint8Array(32).fill(0x0e));
    const cost = 3n * price(floating);
    // What it is paid with is not what an account lives on.
    paying.event({ kind: "deposit", cluster, to: poor, amount: cost });
    const root = paying.runtime.stateRoot;
    const unpaid = paying.upload(floating, "enforced", poor);
    expect(unpaid).toMatchObject({ outcome: "refused", gasUsed: 0n });
    expect(toText(unpaid.error)).toBe("0700");
    expect(paying.runtime.stateRoot).toEqual(root);
    paying.event({ kind: "deposit", cluster, to: poor, amount: 1n });
    expect(toText(paying.upload(floating, "enforced", poor).error)).toBe("03041b000000");
    expect(paying.runtime.balance(poor)).toEqual({ total: 1n, free: 1n });
  });

  it("leaves one root on every replica, whatever became of the code", () => {
    const roots = [1, 2].map(() => {
      const replica = Network.start(prices);
      for (const code of [garbage, floating, taken, garbage]) replica.upload(code);
      return toText(replica.runtime.stateRoot);
    });
    expect(roots[0]).toBe(roots[1]);
  });

  it("costs the call that imports the system contract's code the same, and nothing once that is stored", () => {
    const paying = Network.start({ ...prices, profile: "deterministic", systemCode: probe });
    const system = paying.runtime.systemContract as ContractId;
    paying.event({ kind: "deposit", cluster, to: system, amount: 10n ** 12n });
    const imported = extensionInput(20, (w) => w.raw(alice));
    const known = paying.call(system, imported);
    expect(known.outcome).toBe("ok");
    paying.event({ kind: "systemCode", code: taken });
    const fresh = paying.call(system, imported);
    expect(fresh.outcome).toBe("ok");
    expect(paying.runtime.codeExists(blake2_256(taken))).toBe(true);
    expect(fresh.gasUsed - known.gasUsed).toBe(price(taken));
    // One that cannot pay stops there.
    paying.event({ kind: "systemCode", code: floating });
    expect(paying.call(system, imported, { gas: known.gasUsed + price(floating) - 1n }).outcome).toBe("outOfGas");
    expect(paying.runtime.codeExists(blake2_256(floating))).toBe(false);
  });
});

describe("an upload that is taken", () => {
  it("gives the hash, holds the deposit, and costs nothing the second time", () => {
    const code = wat(`(module ${memory} ${entries})`);
    const before = network.runtime.balance(alice);
    const receipt = network.upload(code);
    const deposit = BigInt(code.length + 90) * 2n + 6n;
    expect(receipt).toMatchObject({ outcome: "ok", output: blake2_256(code), storageDeposit: deposit });
    expect(receipt.palletEvents.map((event) => toText(event.slice(0, 34)))).toEqual([`0402${toText(receipt.output)}`]);
    const after = network.runtime.balance(alice);
    expect(after).toEqual({ total: before.total, free: before.free - deposit });
    expect(network.upload(code)).toMatchObject({ outcome: "ok", output: receipt.output, storageDeposit: 0n });
    expect(network.runtime.balance(alice)).toEqual(after);
    expect(network.runtime.codeExists(receipt.output)).toBe(true);
  });

  it("may have a start section, memory without a maximum and a table of its own", () => {
    const code = wat(`(module (import "env" "memory" (memory 2)) (table 4 funcref) (start $s) (func $s) ${entries})`);
    expect(network.upload(code).outcome).toBe("ok");
  });

  it("may have the entries of the first ink! releases, which return an i32", () => {
    const code = wat(
      `(module ${memory} (func (export "call") (result i32) (i32.const 0)) (func (export "deploy") (result i32) (i32.const 0)))`,
    );
    const id = network.deploy(code);
    expect(network.call(id, new Uint8Array(4))).toMatchObject({ outcome: "ok", flags: 0 });
  });
});

describe("profiles", () => {
  const pink = Network.start({ profile: "pink" });
  const random = `(import "seal1" "seal_random" (func (param i32 i32 i32 i32))) ${memory} ${entries}`;
  const nonce = `(import "seal0" "reentrance_count" (func (result i32))) ${memory} ${entries}`;
  const floats = `${memory} (func (export "call") (drop (f64.add (f64.const 1) (f64.const 2)))) (func (export "deploy"))`;

  it("pink links what upstream links; deterministic also what is gone and what is not open yet", () => {
    expect(refusal(random, pink)).toContain("seal1.seal_random: the function is deprecated");
    expect(refusal(nonce, pink)).toContain("seal0.reentrance_count: the function is unstable");
    expect(network.upload(wat(`(module ${random})`)).outcome).toBe("ok");
    expect(network.upload(wat(`(module ${nonce})`)).outcome).toBe("ok");
  });

  it("pink refuses floats unless the code is relaxed; deterministic takes them", () => {
    refusal(floats, pink);
    expect(pink.upload(wat(`(module ${floats})`), "relaxed").outcome).toBe("ok");
    expect(network.upload(wat(`(module ${floats})`)).outcome).toBe("ok");
  });

  it("relaxed code runs in a query by delegate call, and nowhere else", () => {
    const caller = actor(pink);
    const relaxed = pink.upload(Uint8Array.of(...actorCode, 0, 3, 1, 0x7a, 0), "relaxed").output;
    const message = act.delegate(relaxed, act.ok([1]));
    const answer = pink.ask(caller, message);
    expect(answer.result.ok && nested(answer.result.data)).toMatchObject({ code: 0, output: "01" });
    const refused = pink.ask(caller, message, { estimating: true });
    expect(refused.result).toEqual({ ok: false, error: Uint8Array.of(3, 4, 28, 0, 0, 0) });
    expect(toText(pink.call(caller, message).error)).toBe("03041c000000");
  });
});
