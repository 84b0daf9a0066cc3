import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openNode } from "../../src/host/node.ts";
import { contractId } from "../../src/wire/bytes.ts";
import type { NodeApi, NodeEvents } from "../../src/wire/node.ts";
import { account, ask, deployed, deposit, hashOf, message, receiptOf, signed } from "./support/extrinsics.ts";
import { data, fixture } from "./support/fixtures.ts";

let dir: string;
const open: NodeApi[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-node-"));
});
afterEach(async () => {
  await Promise.allSettled(open.splice(0).map((node) => node.close()));
  rmSync(dir, { recursive: true, force: true });
});
async function opened(options: Parameters<typeof openNode>[0]): Promise<NodeApi> {
  const node = await openNode(options);
  open.push(node);
  return node;
}

const alice = account("//Alice");
const bob = account("//Bob", "ed25519");
const flipper = fixture("flipper");
const counter = fixture("counter");

describe("a node in memory", () => {
  it("carries a transaction from signature to receipt, and answers a query on the new state", async () => {
    const node = await opened({});
    const contract = await deployed(node, alice, flipper.code, data(flipper.selector("new"), 1));
    const { genesisHash } = await node.facts();
    const get = async () => {
      const { result } = await ask(node, contract, flipper.selector("get"), alice.publicKey);
      return result.ok ? [...result.data] : result;
    };
    expect(await get()).toEqual([0, 1]);
    const nonce = await node.nextNonce(alice.publicKey);
    const flip = signed(alice, genesisHash, nonce, message(contract, flipper.selector("flip"), Uint8Array.of(7)));
    const inclusion = await node.submit(flip);
    const receipt = receiptOf(inclusion);
    expect(receipt).toMatchObject({
      block: inclusion.block,
      index: inclusion.index,
      outcome: "ok",
      nonce: Uint8Array.of(7),
    });
    expect(receipt.gasUsed).toBeGreaterThan(0n);
    expect(await get()).toEqual([0, 0]);
    expect(await node.inclusion(hashOf(flip))).toEqual(inclusion);
  });

  it("gives the same inclusion for the same extrinsic, never a second execution", async () => {
    const node = await opened({});
    const { genesisHash } = await node.facts();
    const extrinsic = signed(alice, genesisHash, 0, deposit(bob.publicKey, 5n));
    const before = await node.balance(bob.publicKey);
    const [first, second] = await Promise.all([node.submit(extrinsic), node.submit(extrinsic)]);
    const third = await node.submit(extrinsic);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect((await node.balance(bob.publicKey)).total).toBe(before.total + 5n);
  });

  it("puts many waiting transactions into one block, in the order of their nonces", async () => {
    const node = await opened({});
    const contract = await deployed(node, alice, counter.code, data(counter.selector("new"), 0, 0, 0, 0));
    const { genesisHash } = await node.facts();
    const first = await node.nextNonce(alice.publicKey);
    const calls = Array.from({ length: 40 }, (_, i) =>
      signed(
        alice,
        genesisHash,
        first + i,
        message(contract, data(counter.selector("increment"), 1, 0, 0, 0), Uint8Array.of(i)),
      ),
    );
    // Sent in the wrong order: those that come early wait for theirs.
    const inclusions = await Promise.all(calls.toReversed().map((call) => node.submit(call)));
    const order = inclusions.toReversed().map(({ block, index }) => block * 1000 + index);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(inclusions.map(({ block }) => block)).size).toBeLessThan(20);
    const { result } = await ask(node, contract, counter.selector("get"), alice.publicKey);
    expect(result).toMatchObject({ ok: true, data: Uint8Array.of(0, 40, 0, 0, 0) });
  });

  it("tells listeners of blocks and receipts", async () => {
    const node = await opened({});
    const blocks: NodeEvents["block"][] = [];
    const receipts: Uint8Array[] = [];
    node.on("block", (block) => blocks.push(block));
    const end = node.on("receipt", ({ receipt }) => receipts.push(receipt));
    const { genesisHash } = await node.facts();
    const inclusion = await node.submit(signed(bob, genesisHash, 0, deposit(bob.publicKey, 0n)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(blocks).toMatchObject([{ number: inclusion.block, extrinsics: 1 }]);
    expect(receipts).toEqual([inclusion.receipt]);
    end();
    await node.submit(signed(bob, genesisHash, 1, deposit(bob.publicKey, 0n)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(blocks).toHaveLength(2);
    expect(receipts).toHaveLength(1);
  });
});

describe("a node that refuses something", () => {
  it("says why by its code, changes nothing, and goes on", async () => {
    const node = await opened({ endowment: 1000n, cluster: { gasPrice: 0n, depositPerByte: 0n, depositPerItem: 0n } });
    const { genesisHash } = await node.facts();
    const pay = (nonce: number, amount: bigint) => signed(alice, genesisHash, nonce, deposit(bob.publicKey, amount));
    await node.submit(pay(0, 1n));
    const forged = pay(1, 1n);
    forged[40]! ^= 1;
    const refusals: [Uint8Array, string][] = [
      [new Uint8Array(0), "Undecodable"],
      [Uint8Array.of(1, 2, 3), "Undecodable"],
      [pay(1, 1n).subarray(1), "Undecodable"],
      [new Uint8Array(3 * 1024 * 1024), "ExtrinsicTooLarge"],
      [forged, "BadSignature"],
      [signed(alice, new Uint8Array(32), 1, deposit(bob.publicKey, 1n)), "BadSignature"],
      [pay(0, 2n), "BadNonce"],
      [pay(2_000_000, 2n), "BadNonce"],
      [pay(1, 1000n), "InsufficientBalance"],
      [
        signed(alice, genesisHash, 1, { kind: "adjustStake", contract: contractId(alice.publicKey), amount: 1n }),
        "NoSystemContract",
      ],
      [
        signed(bob, genesisHash, 0, { kind: "cluster", event: { kind: "systemCode", code: new Uint8Array(8) } }),
        "NotPermitted",
      ],
    ];
    for (const [extrinsic, code] of refusals) {
      const before = await node.balance(bob.publicKey);
      await expect(node.submit(extrinsic), code).rejects.toMatchObject({ code });
      expect(await node.inclusion(hashOf(extrinsic))).toBeUndefined();
      expect(await node.nextNonce(alice.publicKey)).toBe(1);
      expect(await node.balance(bob.publicKey)).toEqual(before);
    }
    expect(receiptOf(await node.submit(pay(1, 999n))).outcome).toBe("ok");
  });

  it("closes once, refuses what waits and what comes, and finishes what is in a block", async () => {
    const node = await opened({});
    const { genesisHash } = await node.facts();
    const included = node.submit(signed(bob, genesisHash, 0, deposit(bob.publicKey, 0n)));
    await included;
    const waits = node.submit(signed(bob, genesisHash, 5, deposit(bob.publicKey, 0n)));
    const refused = expect(waits).rejects.toMatchObject({ code: "NodeClosed" });
    await Promise.all([node.close(), node.close()]);
    await refused;
    for (const call of [node.facts(), node.submit(new Uint8Array(9)), node.query(new Uint8Array(9)), node.logs(0, 1)]) {
      await expect(call).rejects.toMatchObject({ code: "NodeClosed" });
    }
  });

  it("gives up waiting when it is told to", async () => {
    const node = await opened({});
    const { genesisHash } = await node.facts();
    const control = new AbortController();
    const later = signed(bob, genesisHash, 1, deposit(bob.publicKey, 0n));
    const waiting = node.submit(later, control.signal);
    control.abort(new RangeError("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(node.submit(later, AbortSignal.abort(new RangeError("at once")))).rejects.toThrow("at once");
    await node.submit(signed(bob, genesisHash, 0, deposit(bob.publicKey, 0n)));
    expect(receiptOf(await node.submit(later)).outcome).toBe("ok");
  });
});

describe("a node in a folder", () => {
  it("is what it was when it is opened again", async () => {
    let node = await opened({ dir });
    const contract = await deployed(node, alice, flipper.code, data(flipper.selector("new"), 0));
    const facts = await node.facts();
    const flip = signed(alice, facts.genesisHash, 2, message(contract, flipper.selector("flip"), Uint8Array.of(1)));
    const inclusion = await node.submit(flip);
    await node.putMetadata(hashOf(flipper.code), "{}");
    await node.close();
    node = await opened({ dir });
    expect(await node.facts()).toEqual(facts);
    expect(await node.nextNonce(alice.publicKey)).toBe(3);
    expect(await node.inclusion(hashOf(flip))).toEqual(inclusion);
    expect(await node.submit(flip)).toEqual(inclusion);
    expect(await node.metadata(hashOf(flipper.code))).toBe("{}");
    const { result } = await ask(node, contract, flipper.selector("get"), bob.publicKey);
    expect(result).toMatchObject({ ok: true, data: Uint8Array.of(0, 1) });
  });

  it("has one owner", async () => {
    await opened({ dir });
    await expect(openNode({ dir })).rejects.toMatchObject({ code: "FolderInUse" });
  });
});
