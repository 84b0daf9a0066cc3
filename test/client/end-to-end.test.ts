/**
 * The library as a host uses it, on the real node, enclave and contracts.
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Account,
  type Contract,
  type Network,
  open,
  PhatError,
  type TransactionReceipt,
} from "../../src/index.ts";
import { troubleCode, troubleMetadata } from "./trouble.ts";

const bundle = (name: string): string => fileURLToPath(new URL(`../../build/${name}.contract`, import.meta.url));

/** Sends by name: the handles here are untyped. */
function send(contract: Contract, message: string, signer: Account, ...args: unknown[]): Promise<TransactionReceipt> {
  return (contract.tx[message] as NonNullable<Contract["tx"][string]>)({ signer, args });
}
function ask(contract: Contract, message: string, ...args: unknown[]): Promise<unknown> {
  return (contract.query[message] as NonNullable<Contract["query"][string]>)({ args });
}

async function failure(work: Promise<unknown>): Promise<PhatError> {
  const error = await work.then(
    (value) => new Error(`it did not fail, but gave ${String(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof PhatError) return error;
  throw error;
}

const codeOf = async (work: Promise<unknown>): Promise<string> => (await failure(work)).code;

describe("a network in memory", () => {
  let net: Network;
  let alice: Account;
  let bob: Account;
  beforeAll(async () => {
    net = await open();
    alice = net.account("//Alice");
    bob = net.account("//Bob");
  });
  afterAll(() => net.close());

  it("deploys a flipper, flips it, and tells", async () => {
    const flipper = await net.deploy({ bundle: bundle("flipper"), constructor: "new", args: [true], signer: alice });
    expect(flipper.deployment).toMatchObject({ outcome: "ok", index: 0 });
    expect(await ask(flipper, "get")).toBe(true);
    const receipt = await send(flipper, "flip", alice);
    expect(receipt).toMatchObject({ outcome: "ok", output: undefined, events: [], debug: "" });
    expect(receipt.block).toBeGreaterThan(flipper.deployment?.block ?? 0);
    expect(receipt.gasUsed).toBeGreaterThan(1_000_000n);
    expect(await ask(flipper, "get")).toBe(false);
  });

  it("takes transactions of both signature schemes, from accounts that have money in the cluster", async () => {
    const edward = net.account("//Bob", { scheme: "ed25519" });
    const poor = await failure(net.deploy({ bundle: bundle("token"), args: [1000n], signer: edward }));
    expect(poor.code).toBe("CallRefused");
    expect(await net.balance(edward)).toEqual({ total: 0n, free: 0n });
    await net.deposit({ to: edward, amount: 10n ** 15n, signer: alice });
    expect(await net.balance(edward)).toEqual({ total: 10n ** 15n, free: 10n ** 15n });

    const token = await net.deploy({ bundle: bundle("token"), args: [1000n], signer: edward });
    expect(await ask(token, "balanceOf", edward)).toBe(1000n);
    const moved = await send(token, "transfer", edward, alice, 300n);
    expect(moved).toMatchObject({ outcome: "ok", output: { ok: undefined } });
    expect(moved.events).toHaveLength(1);
    expect(moved.events[0]).toMatchObject({
      contract: token.id,
      name: "Transfer",
      args: { from: edward.id, to: alice.id, value: 300n },
    });
    expect(await ask(token, "balanceOf", alice.address)).toBe(300n);
  });

  it("gives a reverted transaction its receipt, with the contract's own error", async () => {
    const token = await net.deploy({ bundle: bundle("token"), args: [10n], signer: alice });
    const receipt = await send(token, "transfer", bob, alice, 11n);
    expect(receipt).toMatchObject({ outcome: "reverted", output: { err: "InsufficientBalance" }, events: [] });
    expect(receipt.error?.code).toBe("ContractReverted");
    expect(receipt.error?.message).toContain('"transfer" was reverted by the contract: "InsufficientBalance"');
    const strict = token.tx.transfer?.({ args: [alice, 11n], signer: bob, throws: true });
    expect(await codeOf(strict as Promise<unknown>)).toBe("ContractReverted");
    expect(await codeOf(ask(token, "transfer", alice, 1n))).toBe("ContractReverted");
  });

  it("estimates what a transaction then uses", async () => {
    const counter = await net.deploy({ bundle: bundle("counter"), args: [5], signer: alice });
    const estimate = await (counter.estimate.increment as NonNullable<Contract["estimate"][string]>)({
      args: [1],
      signer: alice,
    });
    const gas = estimate.gasRequired;
    const sent = await (counter.tx.increment as NonNullable<Contract["tx"][string]>)({ args: [1], signer: alice, gas });
    expect(sent.outcome).toBe("ok");
    expect(gas).toBeGreaterThanOrEqual(sent.gasUsed);
    expect(await ask(counter, "get")).toBe(6);
    const made = await net.estimate({ bundle: bundle("counter"), args: [5], signer: alice });
    expect(made.gasRequired).toBeGreaterThanOrEqual(counter.deployment?.gasUsed ?? 0n);
    // Whoever has no money may ask what it would cost.
    const poor = await net.estimate({ bundle: bundle("counter"), args: [5], signer: net.account("//Nobody") });
    expect(poor.gasRequired).toBeGreaterThanOrEqual(counter.deployment?.gasUsed ?? 0n);
    expect(poor.storageDeposit).toBeGreaterThanOrEqual(counter.deployment?.storageDeposit ?? 0n);
    expect(poor.storageDeposit).toBeGreaterThan(0n);
  });

  it("puts many transactions of one account into blocks in their order, each once", async () => {
    const counter = await net.deploy({ bundle: bundle("counter"), args: [0], signer: alice });
    const receipts = await Promise.all(Array.from({ length: 250 }, () => send(counter, "increment", alice, 1)));
    expect(receipts.map((receipt) => (receipt.output as { ok: number }).ok)).toEqual(receipts.map((_, i) => i + 1));
    const places = new Set(receipts.map(({ block, index }) => `${block}/${index}`));
    expect(places.size).toBe(250);
    const blocks = new Set(receipts.map(({ block }) => block));
    expect(blocks.size).toBeLessThan(250);
  });

  it("attaches by id alone, with the metadata that the contract was deployed with", async () => {
    const made = await net.deploy({ bundle: bundle("flipper"), args: [true], signer: alice });
    const attached = await net.attach(made.id);
    expect(attached.codeHash).toBe(made.codeHash);
    expect(await ask(attached, "get")).toBe(true);
    expect(await codeOf(net.attach(`0x${"12".repeat(32)}`))).toBe("ContractNotFound");
    expect(await codeOf(net.attach("0x12"))).toBe("AccountInvalid");
    expect(Object.keys(made.tx)).toEqual(["flip", "get"]);
  });

  it("stores code once", async () => {
    const first = await net.upload({ bundle: { wasm: await troubleCode(), metadata: troubleMetadata }, signer: alice });
    expect(first.receipt?.outcome).toBe("ok");
    const again = await net.upload({ bundle: { wasm: await troubleCode(), metadata: troubleMetadata }, signer: bob });
    expect(again).toEqual({ codeHash: first.codeHash, receipt: undefined });
  });

  it("tells those who listen of blocks and events, in order, until they stop", async () => {
    const counter = await net.deploy({ bundle: bundle("counter"), args: [0], signer: alice });
    const heard: unknown[] = [];
    const blocks: number[] = [];
    const stopEvents = net.on("event", ({ name, args, block }) => heard.push({ name, value: args?.value, block }));
    const stopBlocks = net.on("block", ({ number }) => blocks.push(number));
    const one = await send(counter, "increment", alice, 7);
    const two = await send(counter, "decrement", alice, 3);
    await ask(counter, "get");
    stopEvents();
    stopBlocks();
    await send(counter, "increment", alice, 1);
    expect(heard).toEqual([
      { name: "Moved", value: 7, block: one.block },
      { name: "Moved", value: 4, block: two.block },
    ]);
    expect(blocks).toEqual([one.block, two.block]);
  });

  it("names its one cluster and its one worker, and whose word the measurement is", async () => {
    expect(await net.clusters()).toEqual([{ id: `0x${"00".repeat(31)}01` }]);
    const workers = await net.workers();
    expect(workers).toHaveLength(1);
    expect(workers[0]).toMatchObject({ platform: expect.stringContaining("simulated") });
  });

  describe("with a contract that does everything wrong", () => {
    let trouble: Contract;
    let flipper: Contract;
    beforeAll(async () => {
      const wasm = await troubleCode();
      trouble = await net.deploy({ bundle: { wasm, metadata: troubleMetadata }, signer: alice });
      flipper = await net.deploy({ bundle: bundle("flipper"), args: [true], signer: alice });
    });

    /** What follows each failure: the network still works, and its state is what it was. */
    async function intact(): Promise<void> {
      expect(await ask(flipper, "get")).toBe(true);
      expect((await send(flipper, "flip", bob)).outcome).toBe("ok");
      expect((await send(flipper, "flip", bob)).outcome).toBe("ok");
      expect(await ask(flipper, "get")).toBe(true);
    }

    it.each([
      ["trap", "trapped", "ContractTrapped"],
      ["fail", "reverted", "ContractReverted"],
      ["refuse", "reverted", "ContractReverted"],
    ])("%s: a transaction gets its receipt, a query its typed error", async (message, outcome, code) => {
      const receipt = await send(trouble, message, alice);
      expect(receipt.outcome).toBe(outcome);
      expect(receipt.error?.code).toBe(code);
      expect(await codeOf(ask(trouble, message))).toBe(code);
      await intact();
    });

    it("hands over what it printed before it trapped", async () => {
      const receipt = await send(trouble, "trap", alice);
      expect(receipt.debug).toBe("oh dear");
      expect(receipt.error?.facts).toMatchObject({ debug: "oh dear", message: "trap", contract: trouble.id });
    });

    it("value that is sent to what takes none ends the call, and the error says that it was that", async () => {
      const take = { signer: alice, value: 5n };
      const flip = flipper.tx.flip as NonNullable<Contract["tx"][string]>;
      const { outcome, error } = await flip(take);
      expect({ outcome, code: error?.code, facts: error?.facts }).toMatchObject({
        outcome: "trapped",
        code: "ContractTrapped",
        facts: { message: "flip", unasked: 5n },
      });
      expect(error?.message).toContain(" It is not payable, and 5 was sent along.");
      const estimate = flipper.estimate.flip as NonNullable<Contract["estimate"][string]>;
      await expect(estimate(take)).rejects.toMatchObject({ code: "ContractTrapped", facts: { unasked: 5n } });
      const made = net.deploy({ bundle: bundle("flipper"), args: [true], signer: alice, value: 6n });
      await expect(made).rejects.toMatchObject({ code: "ContractTrapped", facts: { unasked: 6n } });
      expect((await send(trouble, "trap", alice)).error?.facts.unasked).toBeUndefined();
      await intact();
    });

    it("an endless loop ends with its gas", async () => {
      const gas = 20_000_000_000n;
      const receipt = await (trouble.tx.spin as NonNullable<Contract["tx"][string]>)({ signer: alice, gas });
      expect(receipt.outcome).toBe("outOfGas");
      expect(receipt.error?.code).toBe("OutOfGas");
      expect(receipt.gasUsed).toBe(gas);
      const asked = (trouble.query.spin as NonNullable<Contract["query"][string]>)({ gas });
      expect(await codeOf(asked)).toBe("OutOfGas");
      await intact();
    });

    it("an answer that its metadata does not promise is a mismatch", async () => {
      expect(await codeOf(ask(trouble, "lie"))).toBe("AbiMismatch");
      const error = await failure(send(trouble, "lie", alice));
      expect(error.code).toBe("AbiMismatch");
      expect(error.facts.block).toBeTypeOf("number");
      await intact();
    });

    it("metadata of another contract is a mismatch", async () => {
      const other = await net.attach(flipper.id, bundle("counter"));
      expect(await codeOf(ask(other, "increment", 1))).toBe("AbiMismatch");
      await intact();
    });

    it("what is no wasm, or no contract, is refused", async () => {
      const metadata = troubleMetadata;
      const text = new TextEncoder().encode("hello");
      expect(await codeOf(net.deploy({ bundle: { wasm: text, metadata }, signer: alice }))).toBe("CodeRejected");
      const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
      const error = await failure(net.deploy({ bundle: { wasm: empty, metadata }, signer: alice }));
      expect(error.code).toBe("CodeRejected");
      expect(error.message).toContain("deploy");
      expect(await codeOf(net.deploy({ bundle: "no/such.contract", signer: alice }))).toBe("BundleUnreadable");
      await intact();
    });

    it("wrong names and arguments are refused before anything is sent", async () => {
      let blocks = 0;
      const stop = net.on("block", () => blocks++);
      expect(await codeOf(send(flipper, "flop", alice))).toBe("UnknownMessage");
      expect(await codeOf(send(flipper, "flip", alice, 1))).toBe("BadArguments");
      // What plain JavaScript can pass in place of the options.
      const positional = flipper.query.get as unknown as (value: unknown) => Promise<unknown>;
      for (const value of ["yes", 7n, null, [true], new Uint8Array(32)]) {
        const error = await failure(positional(value));
        expect(error.code).toBe("BadArguments");
        expect(error.message).toContain("one object of options");
      }
      expect(await codeOf(net.deploy({ bundle: bundle("flipper"), args: ["yes"], signer: alice }))).toBe(
        "BadArguments",
      );
      expect(await codeOf(net.deploy({ bundle: bundle("flipper"), constructor: "make", signer: alice }))).toBe(
        "UnknownMessage",
      );
      expect(await codeOf(send(flipper, "flip", undefined as unknown as Account))).toBe("SignerMissing");
      stop();
      expect(blocks).toBe(0);
      await intact();
    });

    it("a forged signature is refused", async () => {
      const mallory = { ...alice, sign: (message: Uint8Array) => bob.sign(message) };
      expect(await codeOf(send(flipper, "flip", mallory))).toBe("BadSignature");
      await intact();
    });

    it("one salt makes one contract", async () => {
      const options = { bundle: bundle("flipper"), args: [true], signer: alice, salt: "0x0102" } as const;
      await net.deploy(options);
      const error = await failure(net.deploy(options));
      expect(error.code).toBe("CallRefused");
      expect(error.message).toContain("DuplicateContract");
      await intact();
    });

    it("a signal ends the waiting, not the network", async () => {
      const aborted = AbortSignal.abort(new PhatAbort());
      const sent = (flipper.tx.flip as NonNullable<Contract["tx"][string]>)({ signer: alice, signal: aborted });
      await expect(sent).rejects.toBeInstanceOf(PhatAbort);
      const asked = (flipper.query.get as NonNullable<Contract["query"][string]>)({ signal: aborted });
      await expect(asked).rejects.toBeInstanceOf(PhatAbort);
      await intact();
    });
  });
});

/** What a caller's own signal carries. */
class PhatAbort extends Error {}

describe("a network in a folder", () => {
  const dir = mkdtempSync(join(tmpdir(), "phatvm-client-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("is there again after closing, with contracts, metadata, nonces and balances", async () => {
    const folder = join(dir, "again");
    const first = await open({ dir: folder });
    const alice = first.account("//Alice");
    const counter = await first.deploy({ bundle: bundle("counter"), args: [1], signer: alice });
    await send(counter, "increment", alice, 41);
    const held = await first.balance(alice);
    await first.close();

    const second = await open({ dir: folder });
    const found = await second.attach(counter.id);
    expect(await ask(found, "get")).toBe(42);
    expect(await second.balance(alice)).toEqual(held);
    expect((await send(found, "increment", alice, 1)).output).toEqual({ ok: 43 });
    await second.close();
  });

  it("has one owner; others join the one that listens, or are told how to", async () => {
    const folder = join(dir, "owned");
    const owner = await open({ dir: folder, listen: true });
    const error = await failure(open({ dir: folder }));
    expect(error.code).toBe("FolderInUse");
    expect(error.message).toContain("join: true");

    const guest = await open({ dir: folder, join: true });
    const alice = guest.account("//Alice");
    const flipper = await guest.deploy({ bundle: bundle("flipper"), args: [true], signer: alice });
    await send(flipper, "flip", alice);
    const seen = await owner.attach(flipper.id);
    expect(await ask(seen, "get")).toBe(false);
    // Both use one account: the nonce that one has taken is not the other's.
    await Promise.all(
      Array.from({ length: 6 }, (_, i) => send(i % 2 === 0 ? flipper : seen, "flip", alice).then((r) => r.outcome)),
    );
    expect(await codeOf(ask(flipper, "flop"))).toBe("UnknownMessage");
    expect(await codeOf(send(flipper, "flip", { ...alice, sign: () => new Uint8Array(64) }))).toBe("BadSignature");
    await guest.close();
    expect(await ask(seen, "get")).toBe(false);
    await owner.close();

    const alone = await open({ dir: folder, join: true });
    expect(await ask(await alone.attach(flipper.id), "get")).toBe(false);
    await alone.close();
  });

  it("refuses everything once it is closed", async () => {
    const net = await open();
    const flipper = await net.deploy({ bundle: bundle("flipper"), args: [true], signer: net.account("//Alice") });
    await net.close();
    expect(await codeOf(ask(flipper, "get"))).toBe("NodeClosed");
    expect(await codeOf(send(flipper, "flip", net.account("//Alice")))).toBe("NodeClosed");
    await net.close();
  });
});
