/**
 * The example contracts on the real network: chain, enclave, machine and all.
 * @module
 */
import { createPublicKey, verify } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromHex } from "../../assembly/transform/hashes.ts";
import { type Account, type Contract, type Network, open, type TransactionReceipt } from "../../src/index.ts";

const bundle = (name: string): string => fileURLToPath(new URL(`../../build/${name}.contract`, import.meta.url));

let net: Network;
let alice: Account;
let bob: Account;
let carol: Account;

beforeAll(async () => {
  net = await open();
  [alice, bob, carol] = ["//Alice", "//Bob", "//Charlie"].map((uri) => net.account(uri)) as [Account, Account, Account];
  for (const to of [bob, carol]) await net.deposit({ to, amount: 10n ** 15n, signer: alice });
});
afterAll(() => net.close());

const deploy = (name: string, args: readonly unknown[] = [], value = 0n): Promise<Contract> =>
  net.deploy({ bundle: bundle(name), constructor: "new", args, signer: alice, value });

function send(contract: Contract, message: string, signer: Account, ...args: unknown[]): Promise<TransactionReceipt> {
  return contract.tx[message]!({ signer, args });
}
const ask = (contract: Contract, message: string, signer: Account, ...args: unknown[]): Promise<unknown> =>
  contract.query[message]!({ signer, args });

describe("counter", () => {
  test("counts, says so, and reverts by name", async () => {
    const counter = await deploy("counter", [40]);
    const moved = await send(counter, "increment", bob, 2);
    expect(moved).toMatchObject({ outcome: "ok", output: { ok: 42 } });
    expect(moved.events).toMatchObject([{ name: "Moved", args: { value: 42 } }]);
    expect(await send(counter, "decrement", bob, 43)).toMatchObject({
      outcome: "reverted",
      output: { err: "Underflow" },
    });
    expect(await ask(counter, "get", bob)).toBe(42);
  });
});

describe("token", () => {
  test("moves, allows, and keeps its sum", async () => {
    const token = await deploy("token", [10n ** 30n]);
    expect(token.deployment?.events).toMatchObject([
      { name: "Transfer", args: { from: undefined, value: 10n ** 30n } },
    ]);
    expect(await send(token, "transfer", alice, bob, 7n)).toMatchObject({ outcome: "ok" });
    expect(await send(token, "approve", bob, carol, 5n)).toMatchObject({ outcome: "ok" });
    expect(await send(token, "transferFrom", carol, bob, alice, 6n)).toMatchObject({
      outcome: "reverted",
      output: { err: "InsufficientAllowance" },
    });
    expect(await send(token, "transferFrom", carol, bob, carol, 5n)).toMatchObject({ outcome: "ok" });
    const balances = await Promise.all([alice, bob, carol].map((who) => ask(token, "balanceOf", alice, who)));
    expect(balances).toEqual([10n ** 30n - 7n, 2n, 5n]);
    expect(await ask(token, "allowance", alice, bob, carol)).toBe(0n);
  });
});

describe("vault", () => {
  let vault: Contract;
  beforeAll(async () => {
    vault = await deploy("vault");
  });

  test("keeps a secret for each account", async () => {
    const secret = new TextEncoder().encode("under the third stone");
    expect(await send(vault, "put", bob, secret)).toMatchObject({ outcome: "ok" });
    expect(await ask(vault, "open", bob)).toEqual({ ok: secret });
    await expect(ask(vault, "open", carol)).rejects.toMatchObject({ code: "ContractReverted" });
    expect(await send(vault, "put", bob, new Uint8Array(1025))).toMatchObject({ output: { err: "TooLong" } });
    expect(await send(vault, "clear", bob)).toMatchObject({ outcome: "ok" });
    expect(await send(vault, "clear", bob)).toMatchObject({ output: { err: "Empty" } });
  });

  test("signs for each account with a key of its own, and Node's crypto verifies it", async () => {
    const [mine, theirs] = (await Promise.all([bob, carol].map((who) => ask(vault, "publicKey", who)))) as Uint8Array[];
    expect(mine).not.toEqual(theirs);
    const signature = (await ask(vault, "sign", bob, "pay 5")) as Uint8Array;
    const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), mine!]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    expect(verify(null, Buffer.from("pay 5"), key, signature)).toBe(true);
    expect(verify(null, Buffer.from("pay 6"), key, signature)).toBe(false);
  });
});

describe("multisig", () => {
  test("pays when enough owners agree, and only once", async () => {
    const purse = await deploy("multisig", [[alice, bob, carol], 2], 1_000n);
    const target = net.account("//Nobody");
    expect(await send(purse, "propose", alice, target, 400n)).toMatchObject({ output: { ok: 0 } });
    expect(await send(purse, "agree", alice, 0)).toMatchObject({ output: { err: "Agreed" } });
    expect(await send(purse, "agree", bob, 9)).toMatchObject({ output: { err: "NoProposal" } });
    const paid = await send(purse, "agree", bob, 0);
    expect(paid).toMatchObject({ outcome: "ok", events: [{ name: "Paid", args: { proposal: 0, amount: 400n } }] });
    expect(await net.balance(target)).toMatchObject({ total: 400n });
    expect(await send(purse, "agree", carol, 0)).toMatchObject({ output: { err: "Done" } });
    expect(await ask(purse, "proposal", alice, 0)).toMatchObject({ amount: 400n, done: true });
  });

  test("undoes an agreement whose payment cannot be made", async () => {
    const purse = await deploy("multisig", [[alice, bob], 2], 10n);
    await send(purse, "propose", alice, carol, 400n);
    expect(await send(purse, "agree", bob, 0)).toMatchObject({
      outcome: "reverted",
      output: { err: "TransferFailed" },
    });
    expect(await ask(purse, "proposal", alice, 0)).toMatchObject({ done: false });
  });

  test("is not deployed with owners that make no sense", async () => {
    await expect(deploy("multisig", [[alice, alice], 1])).rejects.toMatchObject({ code: "ContractReverted" });
    await expect(deploy("multisig", [[alice], 2])).rejects.toMatchObject({ code: "ContractReverted" });
  });
});

describe("registry", () => {
  let registry: Contract;
  let codeHash: Uint8Array;
  beforeAll(async () => {
    registry = await deploy("registry");
    const counter = await deploy("counter", [1]);
    codeHash = fromHex(counter.codeHash);
  });

  test("deploys a contract, finds it, reads it and moves it", async () => {
    const deployed = await send(registry, "deploy", alice, "hits", codeHash, 5, new Uint8Array([1]));
    expect(deployed).toMatchObject({ outcome: "ok" });
    expect(await ask(registry, "find", bob, "hits")).toBe((deployed.output as { ok: string }).ok);
    expect(await ask(registry, "read", bob, "hits")).toEqual({ ok: 5 });
    expect(await send(registry, "increment", bob, "hits", 3)).toMatchObject({ output: { ok: 8 } });
    expect(await ask(registry, "read", bob, "hits")).toEqual({ ok: 8 });
  });

  test("answers for a contract that refuses, and for one that is none", async () => {
    expect(await send(registry, "increment", bob, "hits", 0xffffffff)).toMatchObject({
      output: { err: "NotACounter" },
    });
    expect(await send(registry, "increment", bob, "misses", 1)).toMatchObject({ output: { err: "Unknown" } });
    await send(registry, "register", alice, "nobody", carol);
    expect(await send(registry, "increment", bob, "nobody", 1)).toMatchObject({ output: { err: "NotACounter" } });
    expect(await send(registry, "register", alice, "nobody", bob)).toMatchObject({ output: { err: "Taken" } });
    const unknown = await send(registry, "deploy", alice, "x", new Uint8Array(32), 5, new Uint8Array());
    expect(unknown).toMatchObject({ outcome: "reverted", output: { err: "NotDeployed" } });
  });
});

describe("oracle", () => {
  test("asks a server in a query, cannot in a transaction, and publishes what its owner lets stand", async () => {
    const pages: Readonly<Record<string, string>> = { "/PHA": '{"price":"0.123456789"}', "/HTML": "<html>" };
    const server = createServer((request, response) => {
      const page = pages[request.url ?? ""];
      response.writeHead(page === undefined ? 404 : 200, { "content-type": "application/json" }).end(page);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const outside = await open({ egress: { openAddresses: ["127.0.0.0/8"] } });
    const owner = outside.account("//Alice");
    const url = `http://127.0.0.1:${port}/{}`;
    const oracle = await outside.deploy({ bundle: bundle("oracle"), constructor: "new", args: [url], signer: owner });
    try {
      expect(await ask(oracle, "fetch", owner, "PHA")).toEqual({ ok: 123_456n });
      for (const [symbol, reason] of [
        ["NONE", "BadStatus"],
        ["HTML", "BadAnswer"],
      ]) {
        await expect(ask(oracle, "fetch", owner, symbol)).rejects.toMatchObject({
          code: "ContractReverted",
          message: expect.stringContaining(reason!),
        });
      }
      expect(await send(oracle, "fetch", owner, "PHA")).toMatchObject({ output: { err: "NotInQuery" } });
      expect(await send(oracle, "publish", owner, "PHA", 123_456n)).toMatchObject({
        outcome: "ok",
        events: [{ name: "Published", args: { symbol: "PHA", price: 123_456n } }],
      });
      expect(await ask(oracle, "latest", owner)).toMatchObject({ symbol: "PHA", price: 123_456n });
    } finally {
      await outside.close();
      server.close();
    }
  });
});

describe("stress", () => {
  let stress: Contract;
  beforeAll(async () => {
    stress = await deploy("stress");
  });

  test("counts, computes, hashes", async () => {
    expect(await send(stress, "tick", alice)).toMatchObject({ output: 1n });
    expect(await send(stress, "tick", alice)).toMatchObject({ output: 2n });
    expect(await ask(stress, "add", alice, 3, 4n)).toBe(7n);
    expect(await ask(stress, "spin", alice, 1000)).toBeTypeOf("number");
    expect(await ask(stress, "digest", alice, 10)).toMatch(/^0x[0-9a-f]{64}$/);
    let expected = 7n;
    for (let i = 0; i < 100; i++) expected = (expected * 6_364_136_223_846_793_005n + 1n) % 0xffffffffffffffc5n;
    expect(await ask(stress, "arithmetic", alice, 100)).toBe(expected);
    expect((await send(stress, "emit", alice, 3)).events).toHaveLength(3);
  });

  test("calls itself five deep and no deeper", async () => {
    expect(await send(stress, "nest", alice, 5)).toMatchObject({ outcome: "ok", output: 5 });
    expect(await send(stress, "nest", alice, 6)).toMatchObject({ outcome: "ok" });
  });

  test("a contract that writes and then traps has written nothing", async () => {
    const failed = await send(stress, "fillAndFail", alice, 100, 50);
    expect(failed).toMatchObject({ outcome: "trapped", events: [] });
    expect(await send(stress, "touch", alice, 120)).toMatchObject({ output: 1n });
  });
});
