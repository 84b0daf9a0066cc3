/**
 * Blocks are executed in slices: between two messages everything else has its turn, sees the block before, and changes
 * nothing of what comes out.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { Entries } from "../../src/enclave/entries.ts";
import type { Pace } from "../../src/enclave/line.ts";
import { type RelayedBlock, writeHeader, writeRelayedBlock } from "../../src/wire/block.ts";
import { type BlockHash, type CodeHash, type ContractId, codeHash } from "../../src/wire/bytes.ts";
import { checkSettings } from "../../src/wire/egress.ts";
import {
  Entry,
  readEnclaveFacts,
  readEnclaveHeight,
  readEnclaveResult,
  readEnclaveStart,
  writeEnclaveOptions,
  writeStartOffer,
} from "../../src/wire/entry.ts";
import { clusterMessage, contractOpTopic, type Message, writeInstantiation } from "../../src/wire/message.ts";
import { writeQuery } from "../../src/wire/query.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import { writeStateQuestion } from "../../src/wire/state-proof.ts";
import { act, actorCode, all } from "../contract/actor.ts";
import { Disk } from "../faults/disk.ts";
import { eventInput, extensionInput, probe, text } from "../pink/probe.ts";
import {
  alice,
  bob,
  cluster,
  command,
  genesisBytes,
  Network,
  pallet,
  selectors,
  treasury,
} from "../runtime/network.ts";
import { storing } from "../runtime/storing.ts";

const nothing = new Uint8Array(0);
const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** A chain whose later blocks nobody but the enclaves executes. */
class Written extends Network {
  readonly blocks: Uint8Array[] = [];
  #tip: { number: number; parent: BlockHash } | undefined;

  override make(...parameters: Parameters<Network["make"]>): RelayedBlock {
    const block = super.make(...parameters);
    this.blocks.push(encode(block, writeRelayedBlock));
    return block;
  }

  /** From here on blocks are only written. */
  next(messages: readonly Message[]): Uint8Array {
    this.#tip ??= { number: this.runtime.height + 1, parent: this.runtime.hash };
    const { header } = this.make(messages, this.#tip);
    this.timestamp += 1000n;
    this.#tip = { number: header.number + 1, parent: blake2_256(encode(header, writeHeader)) as BlockHash };
    return this.blocks.at(-1) as Uint8Array;
  }

  /** Gives up what was only written. */
  cut(): void {
    this.#tip = undefined;
    this.blocks.length = this.runtime.height;
  }
}

const network = new Written();
const prices = { gasPrice: 1n, depositPerItem: 3n, depositPerByte: 2n, profile: "deterministic" };
network.found({ ...prices, systemCode: probe }, 10n ** 17n);
const system = network.runtime.systemContract as ContractId;
const money = (to: Uint8Array): Message =>
  clusterMessage(pallet, { kind: "deposit", cluster, to: to as typeof alice, amount: 10n ** 16n });
const salted = (salt: number) => ({ salt: Uint8Array.of(salt) });
const user = network.deploy(probe, nothing, salted(1));
const actors = [2, 3, 4].map((salt) => network.deploy(actorCode, selectors.new, salted(salt)));
const filled = network.deploy(storing(300), nothing, salted(9));
const actorHash = codeHash(blake2_256(actorCode)) as CodeHash;
network.block([system, user, ...actors, filled].map(money));
network.call(filled, words(0, 0, 3000, 1));
network.call(system, eventInput({ kind: "SetContractWeight", contract: user, weight: 1 }));
network.call(system, eventInput({ kind: "SetHook", contract: user, selector: 0x12345678, gasLimit: 10n ** 10n }));
const [one, two, three] = actors as [ContractId, ContractId, ContractId];
network.call(one, act.set(1, 7));

const cacheSet = (key: string, value: string) => extensionInput(6, (w) => w.bytes(text(key)).bytes(text(value)));
const cacheGet = (key: string) => extensionInput(8, (w) => w.bytes(text(key)));
const account = (id: Uint8Array): { kind: "account"; id: typeof alice } => ({
  kind: "account",
  id: id as typeof alice,
});

/** An instantiation of an actor. */
function instantiation(salt: number, data: Uint8Array = selectors.new): Message {
  const op = { cluster, codeHash: actorHash, data, salt: Uint8Array.of(200, salt), transfer: 5n };
  const payload = encode({ ...op, gasLimit: 10n ** 12n, storageDepositLimit: undefined }, writeInstantiation);
  return { sender: account(alice), destination: contractOpTopic, payload };
}

/** Messages of every kind, by two numbers. */
function messageOf(kind: number, n: number): Message {
  const contract = actors[n % 3] as ContractId;
  const nonce = Uint8Array.of(kind, n);
  const send = (to: ContractId, input: Uint8Array, from = alice): Message =>
    command(to, input, { nonce, from, gas: 10n ** 11n });
  switch (kind) {
    case 0:
      return send(contract, act.set(n % 5, n));
    case 1:
      return send(contract, all(act.set(1, n), act.event(1, n), act.revert([n, 0, 0, 0])));
    case 2:
      return send(contract, all(act.set(2, n), act.trap()));
    case 3:
      return send(contract, all(act.transfer(bob, BigInt(n + 1)), act.call(two, act.set(3, n))), bob);
    case 4:
      return send(three, act.terminate(bob));
    case 5:
      return instantiation(n % 3, n % 2 === 0 ? selectors.new : act.trap());
    case 6:
      return clusterMessage(account(alice), {
        kind: "upload",
        cluster,
        determinism: "enforced",
        code: n % 3 === 0 ? Uint8Array.of(0, n) : storing(300 + (n % 4)),
      });
    case 7:
      return send(filled, words(0, (n * 37) % 2900, ((n * 37) % 2900) + 40, n));
    case 8:
      return money(n % 2 === 0 ? bob : two);
    case 9:
      return send(user, cacheSet(`k${n % 3}`, `v${n}`));
    case 10:
      return send(
        user,
        extensionInput(9, (w) => w.bytes(text(`k${n % 3}`))),
      );
    case 11:
      return send(
        user,
        extensionInput(10, (w) => w.u8(3).str(`line ${n}`)),
      );
    case 12: {
      const hooked = actors[n % 2] as ContractId;
      return send(
        system,
        eventInput({ kind: "SetHook", contract: hooked, selector: n, gasLimit: BigInt(n) * 10n ** 8n }),
      );
    }
    case 13:
      return send(system, eventInput({ kind: "SetContractWeight", contract: user, weight: n % 3 }));
    case 14:
      return clusterMessage(account(n % 2 === 0 ? alice : bob), {
        kind: "egress",
        cluster,
        contract: user,
        rules: undefined,
      });
    default:
      return { sender: account(alice), destination: n % 2 === 0 ? "phala/registry/event" : "nowhere", payload: nonce };
  }
}
const kinds = 16;

const asked = (contract: ContractId, payload: Uint8Array, estimating = false): [number, Uint8Array] => [
  Entry.query,
  encode(
    {
      origin: alice,
      contract,
      deposit: 0n,
      transfer: 0n,
      gasLimit: undefined,
      body: { kind: "message", payload, estimating },
    } as const,
    writeQuery,
  ),
];
const proof = (part: "account" | "contract" | "code", key: Uint8Array): [number, Uint8Array] => [
  Entry.prove,
  encode({ part, key }, writeStateQuestion),
];
/** Everything that is answered at once, whose answers say something of the state. */
const questions: readonly [number, Uint8Array][] = [
  ...[0, 1, 2].flatMap((n) => [1, 2, 3].map((key) => asked(actors[n] as ContractId, act.get(key)))),
  asked(one, all(act.set(1, 1), act.call(two, act.get(3))), true),
  asked(user, cacheGet("k0")),
  asked(user, cacheGet("k1")),
  asked(
    user,
    extensionInput(16, (w) => w.raw(bob)),
  ),
  ...[5, 1200, 2899].map((key) => asked(filled, words(1, key))),
  ...[alice, bob, treasury, one, two, three].map((id): [number, Uint8Array] => [Entry.balance, id]),
  ...[301, 302].map((length): [number, Uint8Array] => [Entry.codeExists, blake2_256(storing(length))]),
  ...[one, three].map((id): [number, Uint8Array] => [Entry.contractCode, id]),
  [Entry.egressRules, user],
  proof("account", bob),
  proof("account", treasury),
  proof("contract", three),
  proof("code", blake2_256(storing(302))),
];

/** An enclave whose turns are given by hand. */
class Sliced {
  readonly disk = new Disk();
  readonly entries: Entries;
  readonly secrets: Uint8Array;
  /** What is to be called back when everything else has had its turn. */
  readonly #later: (() => void)[] = [];

  constructor(kept: { secrets?: Uint8Array }, pace: Partial<Pace> = {}, memoryBytes?: number) {
    const { disk } = this;
    this.entries = new Entries(
      { openPlatform: () => disk.platform(), openFiles: () => disk.folder() },
      { sliceMs: 0, patienceMs: Number.POSITIVE_INFINITY, later: (work) => this.#later.push(work), ...pace },
    );
    const settings = checkSettings(memoryBytes === undefined ? {} : { enclave: { memoryBytes } });
    const given = { platformFolder: "p", checkpointFolder: "c", genesis: genesisBytes, settings, ...kept };
    const facts = this.entries.call(Entry.open, encode(given, writeEnclaveOptions)) as Uint8Array;
    kept.secrets ??= decode(facts, "facts", readEnclaveFacts).secrets as Uint8Array;
    this.secrets = kept.secrets;
    this.entries.call(Entry.start, encode({ head: 0, acceptRollback: false }, writeStartOffer));
  }

  get waits(): boolean {
    return this.#later.length > 0;
  }

  /** One turn. */
  turn(): void {
    for (const work of this.#later.splice(0)) work();
  }

  call(entry: number, body: Uint8Array = nothing): Promise<Uint8Array> {
    return Promise.resolve().then(() => this.entries.call(entry, body));
  }

  /** Calls, and gives turns until that is answered. */
  async whole(entry: number, body: Uint8Array = nothing): Promise<Uint8Array> {
    let ended = false;
    const answer = this.call(entry, body).finally(() => {
      ended = true;
    });
    answer.catch(() => undefined);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (ended) return answer;
      this.turn();
    }
  }

  async feed(blocks: readonly Uint8Array[]): Promise<void> {
    for (const block of blocks) await this.whole(Entry.dispatch, block);
  }
}

const atOnce: Partial<Pace> = { sliceMs: Number.POSITIVE_INFINITY };
const bytes = (found: Uint8Array): string => Buffer.from(found).toString("hex");

/** The enclave of the chain so far, and another that pauses after each message. */
async function pair(memoryBytes?: number): Promise<{ readonly plain: Sliced; readonly sliced: Sliced }> {
  network.cut();
  const kept = {};
  const plain = new Sliced(kept, atOnce);
  const sliced = new Sliced(kept, {}, memoryBytes);
  for (const subject of [plain, sliced]) await subject.feed(network.blocks);
  return { plain, sliced };
}

async function ask(subject: Sliced, at: number): Promise<string> {
  const [entry, body] = questions[at % questions.length] as [number, Uint8Array];
  return bytes(await subject.call(entry, body));
}

describe("a block in slices", () => {
  it("gives what it gives in one piece, and until it is sealed everybody sees the block before", async () => {
    let [between, turns, seen] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(fc.nat(kinds - 1), fc.nat(60)), { minLength: 1, maxLength: 9, size: "max" }), {
          minLength: 1,
          maxLength: 3,
          size: "max",
        }),
        fc.array(fc.tuple(fc.nat(3), fc.nat(1000)), { minLength: 20, maxLength: 20 }),
        fc.boolean(),
        async (blocks, course, cold) => {
          const { plain, sliced } = await pair(cold ? 1024 * 1024 : undefined);
          if (cold) await sliced.whole(Entry.checkpoint);
          let turn = 0;
          for (const messages of blocks) {
            const block = network.next(messages.map(([kind, n]) => messageOf(kind, n)));
            turns += messages.length;
            const before: string[] = [];
            for (let at = 0; at < questions.length; at++) before.push(await ask(plain, at));
            const expected = bytes(await plain.call(Entry.dispatch, block));
            let found: string | undefined;
            const dispatched = sliced.call(Entry.dispatch, block).then((result) => {
              found = bytes(result);
            });
            await new Promise((resolve) => setImmediate(resolve));
            while (found === undefined) {
              const [many, first] = course[turn++ % course.length] as [number, number];
              for (let i = 0; i < many; i++) {
                const at = (first + 7 * i) % questions.length;
                seen++;
                expect(await ask(sliced, at), `question ${at}`).toBe(before[at]);
              }
              sliced.turn();
              between++;
              await new Promise((resolve) => setImmediate(resolve));
            }
            await dispatched;
            expect(found).toBe(expected);
            for (let at = 0; at < questions.length; at++) {
              expect(await ask(sliced, at), `question ${at} afterwards`).toBe(await ask(plain, at));
            }
          }
        },
      ),
      { numRuns: 25 },
    );
    // After each message at least.
    expect(between).toBeGreaterThanOrEqual(turns);
    expect(seen).toBeGreaterThan(100);
  });

  it("is where queries are answered: one that comes in the middle, and the other entries that wait for nothing", async () => {
    const { sliced } = await pair();
    const block = network.next([0, 1, 2, 3, 4, 5].map((n) => command(one, act.set(1, n), { nonce: Uint8Array.of(n) })));
    const order: string[] = [];
    const dispatched = sliced.call(Entry.dispatch, block).then(() => order.push("block"));
    await Promise.resolve();
    for (let n = 0; n < 3; n++) sliced.turn();
    const value = asked(one, act.get(1));
    await sliced.call(...value).then(() => order.push("query"));
    await sliced.call(Entry.metrics).then(() => order.push("metrics"));
    await sliced.call(Entry.cancel, words(99)).then(() => order.push("cancel"));
    await sliced.call(Entry.balance, alice).then(() => order.push("balance"));
    while (!order.includes("block")) {
      sliced.turn();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await dispatched;
    expect(order).toEqual(["query", "metrics", "cancel", "balance", "block"]);
  });

  it("lets nobody see its effects on the cache, its log lines and its weights early", async () => {
    const { sliced } = await pair();
    const seen = async (): Promise<string> =>
      Buffer.from(decode(await sliced.call(...asked(user, cacheGet("k"))), "result", readEnclaveResult).result)
        .toString("latin1")
        .includes("the value")
        ? "there"
        : "not there";
    const block = network.next([
      command(user, cacheSet("k", "the value")),
      command(
        user,
        extensionInput(10, (w) => w.u8(3).str("from the block")),
      ),
      command(system, eventInput({ kind: "SetContractWeight", contract: user, weight: 0 })),
      command(one, act.set(1, 1)),
    ]);
    const dispatched = sliced.call(Entry.dispatch, block);
    await Promise.resolve();
    for (let n = 0; n < 5; n++) {
      sliced.turn();
      expect(await seen()).toBe("not there");
      const { logs } = decode(await sliced.call(...asked(one, act.get(1))), "result", readEnclaveResult);
      expect(logs).toEqual([]);
    }
    while (sliced.waits) sliced.turn();
    const { logs } = decode(await dispatched, "result", readEnclaveResult);
    expect(logs.map((line) => line.text)).toEqual(["from the block"]);
    // The weight went with the same block, and with it the room for what was cached.
    expect(await seen()).toBe("not there");
    await sliced.whole(
      Entry.dispatch,
      network.next([command(system, eventInput({ kind: "SetContractWeight", contract: user, weight: 1 }))]),
    );
    await sliced.whole(Entry.dispatch, network.next([command(user, cacheSet("k", "the value"))]));
    expect(await seen()).toBe("there");
  });

  it("is followed, in their order, by what stands in line behind it: blocks, checkpoints, handovers", async () => {
    const { plain, sliced } = await pair();
    const height = network.blocks.length;
    const blocks = [1, 2, 3].map((n) => network.next([0, 1].map((i) => command(one, act.set(n, i)))));
    const [first, second, third] = blocks as [Uint8Array, Uint8Array, Uint8Array];
    const damaged = second.map((byte, at) => (at === second.length - 1 ? byte ^ 1 : byte));
    const frame = second.slice();
    const ends: string[] = [];
    const calls: [string, Promise<Uint8Array>][] = [
      ["first", sliced.call(Entry.dispatch, first)],
      ["checkpoint", sliced.call(Entry.checkpoint)],
      ["out of turn", sliced.call(Entry.dispatch, third)],
      ["damaged", sliced.call(Entry.dispatch, damaged)],
      ["challenge", sliced.call(Entry.challenge)],
      ["give", sliced.call(Entry.give, Uint8Array.of(1))],
      ["second", sliced.call(Entry.dispatch, frame)],
      ["third", sliced.call(Entry.dispatch, third)],
    ];
    for (const [name, call] of calls) {
      call.then(
        () => ends.push(name),
        (error) => ends.push(`${name}: ${error.code}`),
      );
    }
    await Promise.resolve();
    // The frame that it came in is the sender's again.
    frame.fill(0);
    for (let n = 0; n < 100; n++) {
      if (sliced.waits) sliced.turn();
      if (!ends.includes("first")) expect(ends).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // A checkpoint has begun in its turn; that it is on disk is told when it is.
    expect(ends.filter((name) => name !== "checkpoint")).toEqual([
      "first",
      "out of turn: BlockRefused",
      "damaged: BlockRefused",
      expect.stringMatching(/^challenge/),
      "give: Undecodable",
      "second",
      "third",
    ]);
    const at = decode(await (calls[1] as [string, Promise<Uint8Array>])[1], "height", readEnclaveHeight);
    expect(at.height).toBe(height + 1);
    for (const block of blocks) await plain.call(Entry.dispatch, block);
    for (let n = 0; n < questions.length; n++) expect(await ask(sliced, n)).toBe(await ask(plain, n));
  });

  it("may change as much as it likes before somebody asks", async () => {
    const { plain, sliced } = await pair();
    const filling = [0, 1, 2].map((n) => command(filled, words(0, 2500 * n, 2500 * (n + 1), n + 9)));
    const block = network.next([command(one, act.set(1, 3)), ...filling, command(two, act.trap()), ...filling]);
    const before: string[] = [];
    for (let at = 0; at < questions.length; at++) before.push(await ask(plain, at));
    const expected = bytes(await plain.call(Entry.dispatch, block));
    for (const askedAt of [1, 4, 7]) {
      network.cut();
      const other = new Sliced({ secrets: sliced.secrets });
      await other.feed(network.blocks);
      const dispatched = other.call(Entry.dispatch, block);
      await Promise.resolve();
      for (let turn = 0; turn < askedAt; turn++) other.turn();
      for (let at = 0; at < questions.length; at++) expect(await ask(other, at), `question ${at}`).toBe(before[at]);
      while (other.waits) other.turn();
      expect(bytes(await dispatched), `asked after ${askedAt} messages`).toBe(expected);
      for (let at = 0; at < questions.length; at++) expect(await ask(other, at)).toBe(await ask(plain, at));
    }
  });

  it("is not held up by calls that come and come, so that nothing else gets a turn", async () => {
    const { sliced } = await pair();
    const block = network.next([0, 1, 2, 3].map((n) => command(one, act.set(1, n))));
    let time = 0;
    const pressed = new Sliced({ secrets: sliced.secrets }, { sliceMs: 1, patienceMs: 5, now: () => (time += 1) });
    await pressed.feed(network.blocks.slice(0, -1));
    let ended = false;
    const dispatched = pressed.call(Entry.dispatch, block).finally(() => {
      ended = true;
    });
    let calls = 0;
    while (!ended && calls < 1000) {
      await pressed.call(...asked(one, act.get(1)));
      calls++;
    }
    expect(calls).toBeGreaterThan(4);
    expect(bytes(await dispatched)).toBe(bytes(await sliced.whole(Entry.dispatch, block)));
  });

  it("refuses what is refused at any time, and is executed all the same", async () => {
    const { plain, sliced } = await pair();
    const block = network.next([0, 1, 2].map((n) => command(one, act.set(1, n))));
    const dispatched = sliced.call(Entry.dispatch, block);
    await Promise.resolve();
    sliced.turn();
    for (const entry of [Entry.open, Entry.start, Entry.succeed, Entry.follow, Entry.ask, Entry.take, 99]) {
      await expect(sliced.call(entry, nothing), `entry ${entry}`).rejects.toMatchObject({ code: "EntryUnknown" });
    }
    sliced.turn();
    while (sliced.waits) sliced.turn();
    expect(bytes(await dispatched)).toBe(bytes(await plain.call(Entry.dispatch, block)));
  });

  it("leaves nothing behind when the enclave ends in its middle: the next one executes it again", async () => {
    const { plain, sliced } = await pair();
    await sliced.whole(Entry.checkpoint);
    const block = network.next([0, 1, 2, 3].map((n) => command(one, act.set(1, n))));
    sliced.call(Entry.dispatch, block).catch(() => undefined);
    await Promise.resolve();
    sliced.turn();
    await sliced.call(...asked(one, act.get(1)));
    sliced.turn();
    // Nothing of it is called any more; what it has on its disk is all that is left.
    const again = new Entries(
      { openPlatform: () => sliced.disk.platform(), openFiles: () => sliced.disk.folder() },
      atOnce,
    );
    const given = { platformFolder: "p", checkpointFolder: "c", genesis: genesisBytes, secrets: sliced.secrets };
    again.call(Entry.open, encode(given, writeEnclaveOptions));
    const started = again.call(
      Entry.start,
      encode({ head: network.blocks.length, acceptRollback: false }, writeStartOffer),
    );
    expect(decode(started as Uint8Array, "start", readEnclaveStart)).toMatchObject({
      height: network.blocks.length - 1,
      warnings: [],
    });
    const expected = bytes(await plain.call(Entry.dispatch, block));
    expect(bytes(again.call(Entry.dispatch, block) as Uint8Array)).toBe(expected);
  });

  it("gives memory back between its messages, which may use more state than the budget holds", async () => {
    const readsOf = async (pace?: Partial<Pace>): Promise<number> => {
      network.cut();
      const kept = {};
      const subject = new Sliced(kept, pace, 1024 * 1024);
      await subject.feed(network.blocks);
      const large = [0, 1, 2, 3, 4, 5].map((n) =>
        network.next([command(filled, words(0, 3000 + 2000 * n, 5000 + 2000 * n, n + 1))]),
      );
      await subject.feed(large);
      await subject.whole(Entry.checkpoint);
      await subject.whole(Entry.dispatch, network.next([]));
      const before = subject.disk.read;
      // Each part is used once, and then each once more.
      const parts = Array.from({ length: 300 }, (_, n) => command(filled, words(1, (n % 150) * 80)));
      await subject.whole(Entry.dispatch, network.next(parts));
      return subject.disk.read - before;
    };
    const once = await readsOf(atOnce);
    expect(once).toBeGreaterThan(1024 * 1024);
    expect(await readsOf()).toBeGreaterThan(1.5 * once);
  });
});
