/**
 * A receipt is what the enclave signed, or it is refused: whatever the node in between makes of it.
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Network } from "../../src/client/network.ts";
import { receiptOf } from "../../src/client/receipts.ts";
import { blake2_256 } from "../../src/crypto/blake2b.ts";
import { ed25519Signer } from "../../src/crypto/ed25519.ts";
import { quotedData, quoteMessage } from "../../src/crypto/quote.ts";
import { openNode } from "../../src/host/node.ts";
import {
  type Account,
  type Contract,
  open,
  PhatError,
  type TransactionReceipt,
  type WorkerInfo,
} from "../../src/index.ts";
import {
  readAttestation,
  registrationBytes,
  registrationPurpose,
  writeAttestation,
} from "../../src/wire/attestation.ts";
import { fromHex, toHex } from "../../src/wire/bytes.ts";
import type { BlockProof, Inclusion, NetworkFacts, NodeApi, Registrations, WorkerRecord } from "../../src/wire/node.ts";
import {
  type BlockSeal,
  type Receipt,
  readSeal,
  receiptCore,
  sealMessage,
  writeReceipt,
  writeSeal,
} from "../../src/wire/receipt.ts";
import { decode, encode } from "../../src/wire/scale.ts";

const bundle = (name: string): string => fileURLToPath(new URL(`../../build/${name}.contract`, import.meta.url));
const send = (contract: Contract, message: string, signer: Account, ...args: unknown[]) =>
  (contract.tx[message] as NonNullable<Contract["tx"][string]>)({ signer, args });

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "nothing",
    (error: unknown) => (error instanceof PhatError ? error.code : String(error)),
  );
}

let node: NodeApi;
let facts: NetworkFacts;
let net: Network;
let alice: Account;
let token: Contract;
let moved: TransactionReceipt;
/** Three receipts of one block. */
let together: readonly TransactionReceipt[];
beforeAll(async () => {
  node = await openNode({ blocks: { everyMs: 100 } });
  facts = await node.facts();
  net = new Network(node, facts);
  alice = net.account("//Alice");
  token = await net.deploy({ bundle: bundle("token"), args: [1000n], signer: alice });
  moved = await send(token, "transfer", alice, net.account("//Bob"), 3n);
  for (let tries = 0; tries < 20; tries++) {
    together = await Promise.all([1n, 2n, 5000n].map((n) => send(token, "transfer", alice, net.account("//Bob"), n)));
    if (new Set(together.map(({ block }) => block)).size === 1) break;
  }
  expect(new Set(together.map(({ block }) => block)).size).toBe(1);
});
afterAll(() => net.close());

/** The same network through a node that changes what it carries. */
function through(says: Partial<NodeApi>): Network {
  const liar = new Proxy(node, {
    get: (target, name) => {
      const own = (says as Record<string | symbol, unknown>)[name];
      if (own !== undefined) return own;
      const value = (target as unknown as Record<string | symbol, unknown>)[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return new Network(liar, facts);
}

const changed = (change: Partial<Receipt>, of = moved): Uint8Array =>
  encode({ ...receiptOf(of.encoded), ...change }, writeReceipt);
const proofOf = async (block: number): Promise<BlockProof> => (await node.proof(block)) as BlockProof;
const sealOf = async (block: number): Promise<BlockSeal> => decode((await proofOf(block)).seal, "seal", readSeal);

describe("a receipt", () => {
  it("of each outcome is proven by the worker's signature, with its block and the state after it", async () => {
    expect(together.map(({ outcome }) => outcome)).toEqual(["ok", "ok", "reverted"]);
    const blocks = new Map<number, unknown>();
    const told = through({});
    told.on("block", ({ number, hash, stateRoot }) => blocks.set(number, { hash, stateRoot }));
    const fresh = await send(token, "transfer", alice, net.account("//Bob"), 1n);
    const [worker] = await net.workers();
    for (const receipt of [moved, ...together, fresh, token.deployment as TransactionReceipt]) {
      const proven = await net.verify(receipt);
      expect(proven).toMatchObject({ block: receipt.block, index: receipt.index, worker: worker?.publicKey });
      expect(await net.verify(receipt.encoded)).toEqual(proven);
      expect(fromHex(proven.stateRoot)).toEqual((await sealOf(receipt.block)).stateRoot);
    }
    expect(await net.verify(fresh)).toMatchObject(blocks.get(fresh.block) as object);
  });

  it("is found by account and nonce, and proven as the first was", async () => {
    const before = await node.nextNonce(alice.publicKey);
    const sent = await send(token, "transfer", alice, net.account("//Bob"), 7n);
    const found = await net.receipt({ account: alice, nonce: before });
    expect(found).toMatchObject({ block: sent.block, index: sent.index, outcome: "ok", events: sent.events });
    expect(found?.encoded).toEqual(sent.encoded);
    expect(await net.verify(found as TransactionReceipt)).toEqual(await net.verify(sent));
    expect(await net.receipt({ account: alice, nonce: before + 1 })).toBeUndefined();
    expect(await net.receipt({ account: "0x".padEnd(66, "7") as `0x${string}`, nonce: 0 })).toBeUndefined();
    expect(await codeOf(net.receipt({ account: alice, nonce: -1 }))).toBe("BadNonce");
    expect(await codeOf(net.receipt({ account: alice, nonce: 2 ** 32 }))).toBe("BadNonce");
  });

  it("may be told with other debug text: that is nobody's word", async () => {
    const debug = new TextEncoder().encode("made up");
    expect(await net.verify(changed({ debug, diagnosis: "made up" }))).toEqual(await net.verify(moved));
  });
});

describe("a receipt that was changed on the way is refused:", () => {
  const own = (): Receipt => receiptOf(moved.encoded);
  it.each<[string, () => Uint8Array]>([
    ["the outcome", () => changed({ outcome: "reverted" })],
    ["the outcome of one that reverted", () => changed({ outcome: "ok", flags: 0 }, together[2])],
    ["the error", () => changed({ error: Uint8Array.of(0) })],
    ["the gas", () => changed({ gasUsed: own().gasUsed + 1n })],
    ["the gas that was needed", () => changed({ gasRequired: 0n })],
    ["the deposit", () => changed({ storageDeposit: -1n })],
    ["the output", () => changed({ output: Uint8Array.of(0, 1) })],
    ["the events left out", () => changed({ events: [] })],
    ["the events doubled", () => changed({ events: [...own().events, ...own().events] })],
    ["an event's data", () => changed({ events: own().events.map((e) => ({ ...e, data: e.data.map((b) => b ^ 1) })) })],
    [
      "an event's contract",
      () => changed({ events: own().events.map((e) => ({ ...e, contract: alice.publicKey as never })) }),
    ],
    ["an event's topics", () => changed({ events: own().events.map((e) => ({ ...e, topics: [] })) })],
    ["the pallets' events", () => changed({ palletEvents: [] })],
    ["the nonce", () => changed({ nonce: new Uint8Array(16) })],
    ["the contract", () => changed({ contract: undefined })],
    ["the position", () => changed({ index: own().index + 1 })],
    ["another's position", () => changed({ index: together[1]?.index as number }, together[0])],
    ["the block", () => changed({ block: own().block - 1 })],
    ["a block that is not there", () => changed({ block: 1_000_000 })],
    ["block 0", () => changed({ block: 0 })],
  ])("%s", async (_what, make) => {
    expect(await codeOf(net.verify(make()))).toBe("ReceiptForged");
    // A node that answers with it is found out as well.
    const bytes = make();
    const inclusionOf = async (): Promise<Inclusion> => ({ block: moved.block, index: moved.index, receipt: bytes });
    const liar = through({ inclusionOf });
    const receipt = await liar.receipt({ account: alice, nonce: 0 });
    expect(await codeOf(liar.verify(receipt as TransactionReceipt))).toBe("ReceiptForged");
  });

  it("what a program shows of it beside the bytes", async () => {
    for (const change of [
      { outcome: "reverted" },
      { gasUsed: 1n },
      { storageDeposit: 5n },
      { block: moved.block + 1 },
      { index: 9 },
      { events: [] },
      { events: moved.events.map((event) => ({ ...event, data: Uint8Array.of(1) })) },
      { events: moved.events.map((event) => ({ ...event, topics: event.topics.slice(1) })) },
    ]) {
      expect(await codeOf(net.verify({ ...moved, ...change } as TransactionReceipt))).toBe("ReceiptForged");
    }
  });
});

describe("a node that lies about the proof is found out:", () => {
  const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const resealed = async (change: Partial<BlockSeal>): Promise<BlockProof> => {
    const { hashes } = await proofOf(moved.block);
    return { hashes, seal: encode({ ...(await sealOf(moved.block)), ...change }, writeSeal) };
  };
  /** A proof that is right in everything but who signed. */
  const forged = async (receipt: Uint8Array): Promise<BlockProof> => {
    const { hashes } = await proofOf(moved.block);
    const own = hashes.slice();
    own.set(blake2_256(receiptCore(receiptOf(receipt))), 32 * moved.index);
    const { signature: _, ...seal } = { ...(await sealOf(moved.block)), receiptsRoot: blake2_256(own) };
    const signature = ed25519Signer(new Uint8Array(32).fill(7)).sign(sealMessage(seal));
    return { hashes: own, seal: encode({ ...seal, signature }, writeSeal) };
  };
  it.each<[string, () => Promise<BlockProof | undefined>]>([
    ["none at all", async () => undefined],
    ["another block's", async () => await proofOf(together[0]?.block as number)],
    ["the seal's block", async () => await resealed({ block: moved.block + 1 })],
    ["the seal's hash", async () => await resealed({ hash: flip((await sealOf(moved.block)).hash) as never })],
    ["the state's root", async () => await resealed({ stateRoot: new Uint8Array(32) })],
    ["the receipts' root", async () => await resealed({ receiptsRoot: new Uint8Array(32) })],
    ["the signature", async () => await resealed({ signature: flip((await sealOf(moved.block)).signature) })],
    ["no signature", async () => await resealed({ signature: new Uint8Array(64) })],
    ["no hashes", async () => ({ ...(await proofOf(moved.block)), hashes: new Uint8Array(0) })],
    [
      "a hash too many",
      async () => {
        const { seal, hashes } = await proofOf(moved.block);
        return { seal, hashes: Uint8Array.of(...hashes, ...new Uint8Array(32)) };
      },
    ],
    ["a key of its own", async () => await forged(moved.encoded)],
  ])("%s", async (_what, make) => {
    expect(await codeOf(through({ proof: make }).verify(moved))).toBe("ReceiptForged");
  });

  it("bytes that are no seal", async () => {
    const proof = async (): Promise<BlockProof> => ({ seal: Uint8Array.of(1), hashes: new Uint8Array(32) });
    expect(await codeOf(through({ proof }).verify(moved))).toBe("Undecodable");
  });

  it("receipts in another order", async () => {
    const [one, two] = together as [TransactionReceipt, TransactionReceipt];
    const { seal, hashes } = await proofOf(one.block);
    const swapped = hashes.slice();
    swapped.set(hashes.subarray(32 * one.index, 32 * one.index + 32), 32 * two.index);
    swapped.set(hashes.subarray(32 * two.index, 32 * two.index + 32), 32 * one.index);
    const liar = through({ proof: async () => ({ seal, hashes: swapped }) });
    expect(await codeOf(liar.verify(one))).toBe("ReceiptForged");
    expect(await codeOf(liar.verify(changed({ index: two.index }, one)))).toBe("ReceiptForged");
  });

  it("a forged receipt under a worker's key of its own, when the key is known from elsewhere", async () => {
    const receipt = changed({ output: Uint8Array.of(0, 1) });
    const forger = ed25519Signer(new Uint8Array(32).fill(7)).publicKey;
    const liar = through({ proof: async () => await forged(receipt) });
    /** A platform of its own makes any quote: what "simulated" is worth. */
    const workers = async (): Promise<Registrations> => {
      const told = await node.workers();
      const [record] = told.workers as [WorkerRecord];
      const { registration, quote } = decode(record.attestation, "attestation", readAttestation);
      const claimed = { ...registration, worker: forger };
      const data = quotedData(registrationPurpose, registrationBytes(claimed));
      const platform = ed25519Signer(new Uint8Array(32).fill(8));
      const own = { ...quote, data, signer: platform.publicKey };
      const attestation = { registration: claimed, quote: { ...own, signature: platform.sign(quoteMessage(own)) } };
      return { ...told, workers: [{ ...record, attestation: encode(attestation, writeAttestation) }] };
    };
    const alone = { proof: async () => await forged(receipt), workers } as unknown as NodeApi;
    const believing = new Network(alone, { ...facts, worker: forger });
    const [{ publicKey: worker, measurement, signer }] = (await net.workers()) as [WorkerInfo];
    // Whoever takes the node's word for the key, and for whom the network trusts, is told that key.
    expect(await believing.verify(receipt)).toMatchObject({
      worker: toHex(forger),
      platform: "simulated",
      measurement,
    });
    expect(await codeOf(believing.verify(receipt, { worker }))).toBe("ReceiptForged");
    expect(await codeOf(believing.verify(receipt, { signers: [signer] }))).toBe("WorkerUntrusted");
    expect(await net.verify(moved, { worker, measurements: [measurement], signers: [signer] })).toMatchObject({
      worker,
    });
    expect(await codeOf(liar.verify(receipt))).toBe("ReceiptForged");
    expect(await codeOf(net.verify(moved, { worker: "0x12" }))).toBe("ReceiptForged");
  });

  it("another transaction's receipt, however genuine, for the one that was sent", async () => {
    const { block, index, encoded: receipt } = moved;
    const liar = through({ submit: async () => ({ block, index, receipt }) });
    const other = await liar.attach(token.id);
    expect(await codeOf(send(other, "transfer", alice, alice, 1n))).toBe("ReceiptForged");
    expect(await codeOf(liar.deploy({ bundle: bundle("token"), args: [1n], signer: alice }))).toBe("ReceiptForged");
    const elsewhere = through({
      submit: async (extrinsic) => ({ ...(await node.submit(extrinsic)), index: 99 }),
    });
    const third = await elsewhere.attach(token.id);
    expect(await codeOf(send(third, "transfer", alice, alice, 1n))).toBe("ReceiptForged");
  });
});

describe("a receipt over the owner's socket, and of a folder that was opened again", () => {
  const dir = mkdtempSync(join(tmpdir(), "phatvm-verify-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("is proven all the same", async () => {
    const owner = await open({ dir, listen: true });
    const guest = await open({ dir, join: true });
    const counter = await guest.deploy({ bundle: bundle("counter"), args: [1], signer: guest.account("//Alice") });
    const receipt = await send(counter, "increment", guest.account("//Alice"), 2);
    const proven = await guest.verify(receipt);
    expect(await owner.verify(receipt)).toEqual(proven);
    const nonce = 2;
    expect((await guest.receipt({ account: guest.account("//Alice"), nonce }))?.encoded).toEqual(receipt.encoded);
    await guest.close();
    await owner.close();
    const later = await open({ dir });
    expect(await later.verify(receipt)).toEqual(proven);
    expect((await later.receipt({ account: later.account("//Alice"), nonce }))?.encoded).toEqual(receipt.encoded);
    await later.close();
  });
});
