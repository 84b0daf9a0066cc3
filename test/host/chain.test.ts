import { describe, expect, it } from "vitest";
import { verifyEd25519 } from "../../src/crypto/ed25519.ts";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { Author } from "../../src/host/chain/author.ts";
import { Chain, type CheckedExtrinsic } from "../../src/host/chain/chain.ts";
import { developmentAccounts } from "../../src/host/chain/genesis.ts";
import { Pool, poolLimits } from "../../src/host/chain/pool.ts";
import { checkSignature } from "../../src/host/chain/signature.ts";
import type { NodeOptions } from "../../src/host/options.ts";
import { memoryStore } from "../../src/host/store/memory.ts";
import type { Store } from "../../src/host/store/store.ts";
import { decodeRelayedBlock, finalityMessage, messagesBytes, writeHeader } from "../../src/wire/block.ts";
import { blockHash, clusterNumber, contractId, publicKey } from "../../src/wire/bytes.ts";
import { type Call, decodeExtrinsic } from "../../src/wire/extrinsic.ts";
import { commandTopic, readClusterEvent } from "../../src/wire/message.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import { random } from "../faults/promise.ts";
import { account, deposit, message, signed, upload } from "./support/extrinsics.ts";

const alice = account("//Alice");
const bob = account("//Bob", "ed25519");
const nobody = account("//Nobody", "ed25519");
const someContract = contractId(new Uint8Array(32).fill(5));

const begin = (options: NodeOptions = {}, store: Store = memoryStore()) => Chain.open(store, options, 1_000_000);

function checked(chain: Chain, pair: typeof alice, nonce: number, call: Call): CheckedExtrinsic {
  const bytes = signed(pair, chain.genesisHash, nonce, call);
  return { bytes, hash: blake2_256(bytes), extrinsic: decodeExtrinsic(bytes) };
}
const command = (nonce: number): Call => message(someContract, Uint8Array.of(1, 2, 3, 4), Uint8Array.of(nonce & 255));
const code = (expected: string) => expect.objectContaining({ code: expected });

describe("the chain", () => {
  it("begins with the cluster and the development accounts, in block 1", async () => {
    const chain = await begin({ endowment: 77n, cluster: { gasPrice: 3n } });
    const { messages } = decodeRelayedBlock(chain.relayed(1));
    const events = messages.map(({ payload }) => decode(payload, "event", readClusterEvent));
    expect(events[0]).toMatchObject({
      kind: "deploy",
      cluster: clusterNumber(1),
      gasPrice: 3n,
      profile: "deterministic",
    });
    expect(events.slice(1)).toEqual(
      developmentAccounts.map(({ id }) => ({ kind: "deposit", cluster: clusterNumber(1), to: id, amount: 77n })),
    );
    for (const { name, id } of developmentAccounts) {
      expect(account(name).publicKey, name).toEqual(id);
      expect(chain.view().account(id)).toEqual({ nonce: 0, free: 77n, held: 0n });
    }
  });

  it("is another chain each time it begins", async () => {
    expect((await begin()).genesisHash).not.toEqual((await begin()).genesisHash);
  });

  it("links blocks by hash, commits to what is in them, and signs them as final", async () => {
    const store = memoryStore();
    const chain = await begin({}, store);
    for (let n = 0; n < 5; n++) await chain.append([checked(chain, bob, n, command(n))], 2_000_000 - n).flushed;
    let parent: Uint8Array = chain.genesisHash;
    let time = chain.genesis.timestamp;
    for (let n = 1; n <= 6; n++) {
      const { header, justification, messages } = decodeRelayedBlock(chain.relayed(n));
      expect(header).toMatchObject({ number: n, parent, messagesRoot: blake2_256(messagesBytes(messages)) });
      expect(header.timestamp).toBeGreaterThanOrEqual(time);
      const hash = blockHash(blake2_256(encode(header, writeHeader)));
      expect(verifyEd25519(chain.genesis.authority, finalityMessage(hash), justification.signature)).toBe(true);
      parent = hash;
      time = header.timestamp;
    }
    expect(chain.head).toMatchObject({ number: 6, hash: parent });
    const again = await begin({}, store);
    expect(again.head).toEqual(chain.head);
    expect(again.genesisHash).toEqual(chain.genesisHash);
  });

  it("finds an extrinsic by its hash, and by its signer and nonce", async () => {
    const chain = await begin();
    const extrinsics = [0, 1, 2].map((n) => checked(chain, bob, n, command(n)));
    await chain.append(extrinsics, 1).flushed;
    for (const [index, { hash }] of extrinsics.entries()) {
      expect(chain.placeOf(hash)).toEqual({ block: 2, index });
      expect(chain.placeOfNonce(bob.publicKey, index)).toEqual({ block: 2, index });
    }
    expect(chain.placeOf(new Uint8Array(32))).toBeUndefined();
    expect(chain.placeOfNonce(bob.publicKey, 3)).toBeUndefined();
  });

  it("takes deposits from the account and answers for them itself", async () => {
    const chain = await begin({ endowment: 100n });
    await chain.append([checked(chain, alice, 0, deposit(bob.publicKey, 60n))], 1).flushed;
    expect(chain.view().account(alice.publicKey)).toEqual({ nonce: 1, free: 40n, held: 0n });
    const { messages } = decodeRelayedBlock(chain.relayed(2));
    expect(messages).toMatchObject([{ sender: { kind: "pallet" }, destination: "phala/cluster/event" }]);
    expect(() => chain.append([checked(chain, alice, 1, deposit(bob.publicKey, 41n))], 1)).toThrow(
      code("InsufficientBalance"),
    );
  });

  it("holds stakes, gives them back, and tells the system contract the contract's total", async () => {
    const chain = await begin({ endowment: 100n, cluster: { systemCode: Uint8Array.of(0, 97, 115, 109) } });
    const stake = (pair: typeof alice, nonce: number, amount: bigint) =>
      checked(chain, pair, nonce, { kind: "adjustStake", contract: someContract, amount });
    const charlie = account("//Charlie");
    await chain.append([stake(alice, 0, 30n), stake(charlie, 0, 20n)], 1).flushed;
    expect(chain.view().account(alice.publicKey)).toEqual({ nonce: 1, free: 70n, held: 30n });
    expect(chain.view().totalStake(someContract)).toBe(50n);
    await chain.append([stake(alice, 1, 0n)], 1).flushed;
    expect(chain.view().account(alice.publicKey)).toEqual({ nonce: 2, free: 100n, held: 0n });
    expect(chain.view().totalStake(someContract)).toBe(20n);
    expect(() => chain.append([stake(charlie, 1, 101n)], 1)).toThrow(code("InsufficientBalance"));
    const told = decodeRelayedBlock(chain.relayed(2)).messages;
    expect(told.map(({ sender }) => sender.kind)).toEqual(["pallet", "pallet"]);
    expect(told[0]!.destination).toBe(commandTopic(chain.rules.systemContract!));
    expect(Buffer.from(told[1]!.payload).includes(Buffer.from([0xa2, 0x4b, 0xcb, 0x44, ...someContract, 50, 0]))).toBe(
      true,
    );
  });

  it("refuses what only governance may, what names no cluster, and stakes without a system contract", async () => {
    const chain = await begin();
    const system = (pair: typeof alice) =>
      checked(chain, pair, 0, { kind: "cluster", event: { kind: "systemCode", code: Uint8Array.of(1) } });
    expect(() => chain.append([system(bob)], 1)).toThrow(code("NotPermitted"));
    const elsewhere: Call = {
      kind: "cluster",
      event: { kind: "deposit", cluster: clusterNumber(2), to: publicKey(bob.publicKey), amount: 1n },
    };
    expect(() => chain.append([checked(chain, alice, 0, elsewhere)], 1)).toThrow(code("ClusterUnknown"));
    const stake: Call = { kind: "adjustStake", contract: someContract, amount: 1n };
    expect(() => chain.append([checked(chain, alice, 0, stake)], 1)).toThrow(code("NoSystemContract"));
    expect(chain.head.number).toBe(1);
    await chain.append([system(alice)], 1).flushed;
  });
});

describe("a signature", () => {
  const calls: Call[] = [command(1), deposit(bob.publicKey, 1n), upload(Uint8Array.of(1, 2))];
  it.each(["sr25519", "ed25519"] as const)(
    "by %s is good for its account, chain, nonce and call, and no other",
    async (scheme) => {
      const chain = await begin();
      const pair = account("//Dave", scheme);
      for (const call of calls) {
        const { extrinsic } = checked(chain, pair, 3, call);
        await checkSignature(extrinsic, chain.genesisHash);
        const refused = code("BadSignature");
        await expect(checkSignature(extrinsic, (await begin()).genesisHash)).rejects.toEqual(refused);
        await expect(checkSignature({ ...extrinsic, nonce: 4 }, chain.genesisHash)).rejects.toEqual(refused);
        await expect(checkSignature({ ...extrinsic, call: command(2) }, chain.genesisHash)).rejects.toEqual(refused);
        await expect(
          checkSignature({ ...extrinsic, signer: publicKey(alice.publicKey) }, chain.genesisHash),
        ).rejects.toEqual(refused);
        const signature = new Uint8Array(64);
        await expect(checkSignature({ ...extrinsic, signature }, chain.genesisHash)).rejects.toEqual(refused);
      }
    },
  );
});

describe("the pool", () => {
  const nothing = (): void => undefined;
  async function pool(options: NodeOptions = {}) {
    const chain = await begin(options);
    const made = new Pool(
      () => chain.view(),
      chain.rules,
      () => chain.turn(1),
    );
    const add = (pair: typeof alice, nonce: number, call: Call, refuse: (error: unknown) => void = nothing) =>
      made.add({ ...checked(chain, pair, nonce, call), refuse });
    return { chain, pool: made, add };
  }

  it("gives out every account's extrinsics in the order of their nonces, however they came", async () => {
    const next = random(3);
    for (let round = 0; round < 20; round++) {
      const { chain, pool: waiting, add } = await pool();
      const pairs = [bob, nobody];
      const all = pairs.flatMap((pair) => Array.from({ length: 12 }, (_, nonce) => ({ pair, nonce })));
      for (const { pair, nonce } of all.toSorted(() => next() - 0.5)) add(pair, nonce, command(nonce));
      const seen: CheckedExtrinsic[] = [];
      while (waiting.waiting) {
        const taken = waiting.take(1 + Math.floor(next() * 6), 10_000);
        seen.push(...taken);
        await chain.append(taken, 1).flushed;
        waiting.included();
      }
      for (const pair of pairs) {
        const nonces = seen.filter((x) => x.extrinsic.signer[0] === pair.publicKey[0]).map((x) => x.extrinsic.nonce);
        expect(nonces).toEqual(Array.from({ length: 12 }, (_, n) => n));
        expect(waiting.nextNonce(pair.publicKey)).toBe(12);
      }
    }
  });

  it("refuses nonces that were used, are taken, or are too far ahead", async () => {
    const { chain, pool: waiting, add } = await pool();
    add(bob, 0, command(0));
    expect(() => add(bob, 0, command(9))).toThrow(code("BadNonce"));
    add(bob, 2, command(2));
    expect(() => add(bob, 2, command(9))).toThrow(code("BadNonce"));
    expect(() => add(bob, 2 + poolLimits.future, command(9))).toThrow(code("BadNonce"));
    const taken = waiting.take(10, 10_000);
    expect(taken).toHaveLength(1);
    await chain.append(taken, 1).flushed;
    waiting.included();
    expect(() => add(bob, 0, command(0))).toThrow(code("BadNonce"));
    expect(waiting.nextNonce(bob.publicKey)).toBe(1);
  });

  it("refuses at the door what the account cannot pay after everything that waits", async () => {
    const { chain, pool: waiting, add } = await pool({ endowment: 100n });
    add(alice, 0, deposit(bob.publicKey, 60n));
    expect(() => add(alice, 1, deposit(bob.publicKey, 41n))).toThrow(code("InsufficientBalance"));
    // What waits for a nonce is tried when its turn comes, and told.
    const refused: unknown[] = [];
    add(alice, 2, deposit(bob.publicKey, 41n), (error) => refused.push(error));
    add(alice, 1, command(1));
    expect(refused).toEqual([code("InsufficientBalance")]);
    await chain.append(waiting.take(10, 10_000), 1).flushed;
    waiting.included();
    add(alice, 2, deposit(bob.publicKey, 40n));
    expect(waiting.take(10, 10_000)).toHaveLength(1);
  });

  it("keeps blocks within their bounds, except for a single large one", async () => {
    const { pool: waiting, add } = await pool();
    for (let n = 0; n < 5; n++) add(bob, n, upload(new Uint8Array(n === 2 ? 5000 : 100)));
    const sizes: number[] = [];
    while (waiting.waiting) {
      sizes.push(waiting.take(2, 1000).length);
      waiting.included();
    }
    expect(sizes).toEqual([2, 1, 2]);
  });

  it("tells everything that waits when it is cleared", async () => {
    const { pool: waiting, add } = await pool();
    const told: unknown[] = [];
    for (const nonce of [0, 1, 5]) add(bob, nonce, command(nonce), (error) => told.push(error));
    waiting.take(1, 1000);
    waiting.clear("closed");
    expect(told).toEqual(["closed", "closed", "closed"]);
    expect(waiting.waiting).toBe(false);
  });
});

describe("the author", () => {
  it("makes a block at an interval, empty ones included, when it is told to", async () => {
    const chain = await begin();
    const pool = new Pool(
      () => chain.view(),
      chain.rules,
      () => chain.turn(1),
    );
    const heights: number[] = [];
    await new Promise<void>((resolve) => {
      const author = new Author(chain, pool, { everyMs: 5 }, () => 1_000_000, {
        final: ({ number }) => {
          heights.push(number);
          chain.keepReceipts(number, new Uint8Array(0));
          if (number === 4) resolve(author.stop());
        },
        failed: () => undefined,
      });
    });
    expect(heights).toEqual([2, 3, 4]);
  });

  it("stops making blocks when the enclave is too far behind, and goes on when it has caught up", async () => {
    const chain = await begin();
    chain.keepReceipts(1, new Uint8Array(0));
    const pool = new Pool(
      () => chain.view(),
      chain.rules,
      () => chain.turn(1),
    );
    const author = new Author(chain, pool, { maxExtrinsics: 1 }, () => 1_000_000, {
      final: () => undefined,
      failed: () => undefined,
    });
    for (let n = 0; n < 20; n++) pool.add({ ...checked(chain, bob, n, command(n)), refuse: () => undefined });
    const stopsAt = async (height: number) => {
      await expect.poll(() => chain.head.number).toBe(height);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(chain.head.number).toBe(height);
    };
    author.wake();
    await stopsAt(9);
    chain.keepReceipts(9, new Uint8Array(0));
    author.wake();
    await stopsAt(17);
    await author.stop();
  });
});
