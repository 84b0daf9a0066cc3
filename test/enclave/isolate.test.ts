import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { measurementOf } from "../../src/crypto/quote.ts";
import { measuredConfiguration } from "../../src/enclave/configuration.ts";
import { maxContractStack, maxDepth } from "../../src/enclave/contract/limits.ts";
import { Chain } from "../../src/host/chain/chain.ts";
import { Enclave } from "../../src/host/enclave.ts";
import type { IsolateKind } from "../../src/host/isolate/isolate.ts";
import { enclaveStackMegabytes } from "../../src/host/isolate/thread.ts";
import { memoryStore } from "../../src/host/store/memory.ts";
import { requiredStackBytes } from "../../src/vm/index.ts";
import { writeRelayedBlock } from "../../src/wire/block.ts";
import { codeHash, toHex } from "../../src/wire/bytes.ts";
import {
  type EnclaveOptions,
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
import { readSealedReceipts } from "../../src/wire/receipt.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import { act, actorCode, all } from "../contract/actor.ts";
import { random } from "../faults/promise.ts";
import {
  alice,
  cluster,
  command,
  contractAddress,
  genesisBytes,
  Network,
  pallet,
  selectors,
  treasury,
} from "../runtime/network.ts";

const bundle = join(import.meta.dirname, "../../dist/enclave/main.js");
const nothing = new Uint8Array(0);
const fromGenesis = encode({ head: 1, acceptRollback: false }, writeStartOffer);

let dir: string;
let chain: Chain;
const enclaves: Enclave[] = [];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-isolate-"));
  chain = await Chain.open(memoryStore(), {}, 1_000);
});
afterEach(async () => {
  await Promise.all(enclaves.splice(0).map((enclave) => enclave.terminate()));
  rmSync(dir, { recursive: true, force: true });
});

let kind: IsolateKind = "thread";

function isolate(): Enclave {
  const enclave = new Enclave({ heapMegabytes: 256 }, kind);
  enclaves.push(enclave);
  return enclave;
}

/** The sealed secrets of the enclaves on each platform, as a host keeps them. */
const kept = new Map<string, Uint8Array>();

async function opened(platformFolder: string = dir, changes: Partial<EnclaveOptions> = {}) {
  const enclave = isolate();
  const secrets = kept.get(platformFolder);
  const options = encode({ platformFolder, genesis: chain.genesisBytes, secrets, ...changes }, writeEnclaveOptions);
  const facts = decode(await enclave.call(Entry.open, options), "facts", readEnclaveFacts);
  if (facts.secrets !== undefined) kept.set(platformFolder, facts.secrets);
  return { enclave, facts };
}

describe.each(["thread", "process"] as const)("the isolate that is a %s", (where) => {
  beforeEach(() => {
    kind = where;
  });

  it("is measured by its one bundled file and its configuration, and says that its platform is simulated", async () => {
    const { facts } = await opened();
    const code = createHash("sha256").update(readFileSync(bundle)).digest();
    const plain = measuredConfiguration({ egress: {}, queries: {}, enclave: {} });
    expect(facts.measurement).toEqual(measurementOf(code, plain));
    expect(facts.platform).toBe("simulated");
  });

  it("measures what is set of whom its contracts can rely on, and nothing else that is set", async () => {
    const measured = async (settings: unknown) => {
      const { facts } = await opened(join(dir, "set"), { settings: JSON.stringify(settings), secrets: undefined });
      return Buffer.from(facts.measurement).toString("hex");
    };
    const plain = await measured({});
    const limits = { egress: { enabled: false, openAddresses: ["127.0.0.0/8"] }, queries: { timeoutMs: 9000 } };
    expect(await measured(limits)).toBe(plain);
    expect(await measured({ queries: { clearLogs: false } })).toBe(plain);
    const certificate = "-----BEGIN CERTIFICATE-----";
    const others = [{ queries: { clearLogs: true } }, { egress: { roots: [certificate] } }, { egress: { roots: [] } }];
    const measurements = await Promise.all(others.map(measured));
    expect(new Set([plain, ...measurements]).size).toBe(4);
  });

  it("opens its secrets for its own measurement, platform and chain, unchanged, and for nothing else", async () => {
    const { facts } = await opened();
    const secrets = facts.secrets as Uint8Array;
    expect((await opened()).facts).toEqual({ ...facts, secrets: undefined });
    const clear = JSON.stringify({ queries: { clearLogs: true } });
    await expect(opened(dir, { settings: clear })).rejects.toMatchObject({
      code: "HandoverNeeded",
      facts: { sealed: toHex(facts.measurement) },
    });
    // Nor does a host that says otherwise about whose they are get an enclave to open them.
    const other = (await opened(join(dir, "other"), { settings: clear })).facts.measurement;
    const relabelled = Uint8Array.from([...other, ...secrets.subarray(32)]);
    await expect(opened(dir, { settings: clear, secrets: relabelled })).rejects.toMatchObject({ code: "SealBroken" });
    const genesis = (await Chain.open(memoryStore(), {}, 1_000)).genesisBytes;
    await expect(opened(dir, { genesis })).rejects.toMatchObject({ code: "GenesisMismatch" });
    await expect(opened(join(dir, "elsewhere"), { secrets })).rejects.toMatchObject({ code: "SealBroken" });
    const next = random(5);
    for (let i = 0; i < 12; i++) {
      const at = 32 + Math.floor(next() * (secrets.length - 32));
      const changed = secrets.map((byte, n) => (n === at ? byte ^ (1 << (i % 8)) : byte));
      await expect(opened(dir, { secrets: changed }), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^(SealBroken|Undecodable)$/),
      });
    }
  });

  it("has the stack that the machine requires for its deepest nesting", () => {
    expect(enclaveStackMegabytes * 2 ** 20).toBeGreaterThanOrEqual(requiredStackBytes(maxDepth, maxContractStack));
  });

  it("asks for no module of Node but those listed here; the last two are refused, which its HTTP client takes", () => {
    const asked = readFileSync(bundle, "utf8").matchAll(/\("(node:[a-z0-9_/]+)"\)/g);
    expect([...new Set([...asked].map(([, name]) => name))].toSorted()).toMatchInlineSnapshot(`
      [
        "node:assert",
        "node:buffer",
        "node:crypto",
        "node:diagnostics_channel",
        "node:dns/promises",
        "node:events",
        "node:http",
        "node:http2",
        "node:net",
        "node:perf_hooks",
        "node:querystring",
        "node:sqlite",
        "node:stream",
        "node:tls",
        "node:util",
        "node:util/types",
        "node:vm",
        "node:worker_threads",
        "node:zlib",
      ]
    `);
    expect(readFileSync(bundle, "utf8")).not.toMatch(/\b(eval|import|Function)\(/);
  });

  it("keeps its identity on its platform, whose folder is its owner's alone", async () => {
    const folder = join(dir, "platform");
    const first = (await opened(folder)).facts;
    const second = (await opened(folder)).facts;
    expect(second.worker).toEqual(first.worker);
    expect((await opened(join(dir, "another"))).facts.worker).not.toEqual(first.worker);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "root")).mode & 0o777).toBe(0o600);
  });

  it("answers every entry that is called before its time, or that there is not, with an error", async () => {
    const enclave = isolate();
    for (const entry of [0, ...Object.values(Entry), 200]) {
      if (entry === Entry.open || entry === Entry.succeed) continue;
      await expect(enclave.call(entry, nothing)).rejects.toMatchObject({ code: "EntryUnknown" });
    }
    const { enclave: open } = await opened(join(dir, "p"));
    const again = encode({ platformFolder: undefined, genesis: chain.genesisBytes }, writeEnclaveOptions);
    await expect(open.call(Entry.open, again)).rejects.toMatchObject({ code: "EntryUnknown" });
  });

  it("answers random bytes at every entry, and is what it was", async () => {
    const { enclave } = await opened();
    await enclave.call(Entry.start, fromGenesis);
    const next = random(7);
    const calls = Array.from({ length: 600 }, (_, i) => {
      const body = Uint8Array.from({ length: Math.floor(next() * 200) }, () => next() * 256);
      return enclave.call([...Object.values(Entry), 77][i % 9] as number, body).then(
        () => "answered",
        (error: { code: string }) => error.code,
      );
    });
    const outcomes = new Set(await Promise.all(calls));
    expect(outcomes).not.toContain("EnclaveGone");
    expect(outcomes).toContain("Undecodable");
    const { enclave: undisturbed } = await opened();
    await undisturbed.call(Entry.start, fromGenesis);
    const block = chain.relayed(1);
    expect(await enclave.call(Entry.dispatch, block)).toEqual(await undisturbed.call(Entry.dispatch, block));
  });

  it("executes a block of the chain, and refuses one that was changed anywhere", async () => {
    const { enclave } = await opened();
    await enclave.call(Entry.start, fromGenesis);
    const block = chain.relayed(1);
    const next = random(11);
    for (let i = 0; i < 40; i++) {
      const changed = block.slice();
      const at = i === 0 ? 0 : Math.floor(next() * block.length);
      changed[at] = (changed[at] as number) ^ (1 << Math.floor(next() * 8));
      await expect(enclave.call(Entry.dispatch, changed), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^(BlockRefused|Undecodable)$/),
      });
    }
    const { result } = decode(await enclave.call(Entry.dispatch, block), "result", readEnclaveResult);
    const { seal, receipts } = decode(result, "receipts", readSealedReceipts);
    expect(seal).toMatchObject({ block: 1, hash: chain.head.hash });
    expect(receipts.map(({ outcome }) => outcome)).toEqual(Array(7).fill("ok"));
    // The same block again does not continue the chain.
    await expect(enclave.call(Entry.dispatch, block)).rejects.toMatchObject({ code: "BlockRefused" });
  });

  it("starts from its checkpoint, and from none that is another's", async () => {
    const folder = join(dir, "checkpoints");
    const { enclave } = await opened(dir, { checkpointFolder: folder });
    await enclave.call(Entry.start, fromGenesis);
    await enclave.call(Entry.dispatch, chain.relayed(1));
    const at = decode(await enclave.call(Entry.checkpoint, nothing), "height", readEnclaveHeight);
    const { enclave: fresh } = await opened(dir, { checkpointFolder: folder });
    const start = decode(await fresh.call(Entry.start, fromGenesis), "start", readEnclaveStart);
    expect(start).toEqual({ ...at, bound: 1, warnings: [] });
    const { enclave: other } = await opened(join(dir, "another-platform"), { checkpointFolder: folder });
    const its = decode(await other.call(Entry.start, fromGenesis), "start", readEnclaveStart);
    expect(its).toMatchObject({ height: 0, bound: 0, warnings: [expect.stringContaining("passed over")] });
  });

  it("answers nobody, and binds nothing, while it is behind what it has executed before", async () => {
    const folder = join(dir, "checkpoints");
    const { enclave } = await opened(dir, { checkpointFolder: folder });
    await enclave.call(Entry.start, fromGenesis);
    await enclave.call(Entry.dispatch, chain.relayed(1));
    await enclave.call(Entry.checkpoint, nothing);
    rmSync(join(folder, "checkpoint-0000000001.sealed"));
    const { enclave: fresh } = await opened(dir, { checkpointFolder: folder });
    const start = decode(await fresh.call(Entry.start, fromGenesis), "start", readEnclaveStart);
    expect(start).toMatchObject({ height: 0, bound: 1 });
    for (const entry of [Entry.balance, Entry.codeExists, Entry.contractCode, Entry.query, Entry.checkpoint]) {
      await expect(fresh.call(entry, new Uint8Array(32))).rejects.toMatchObject({ code: "EntryUnknown" });
    }
    await fresh.call(Entry.dispatch, chain.relayed(1));
    expect(await fresh.call(Entry.balance, new Uint8Array(32))).toHaveLength(32);
  });

  it("answers queries in the middle of a block", async () => {
    const network = new Network();
    const blocks: Uint8Array[] = [];
    const record = (messages: readonly Message[]): void => {
      const block = network.make(messages);
      blocks.push(encode(block, writeRelayedBlock));
      if (messages.length < 50) network.runtime.dispatch(block);
      network.timestamp += 1000n;
    };
    const account = { kind: "account", id: alice } as const;
    const prices = { gasPrice: 0n, depositPerItem: 0n, depositPerByte: 0n, profile: "deterministic" };
    record([
      clusterMessage(pallet, { kind: "deploy", cluster, owner: alice, treasury, ...prices, systemCode: undefined }),
      clusterMessage(pallet, { kind: "deposit", cluster, to: alice, amount: 10n ** 18n }),
      clusterMessage(account, { kind: "upload", cluster, determinism: "enforced", code: actorCode }),
    ]);
    const hash = codeHash(blake2_256(actorCode));
    const made = { cluster, codeHash: hash, data: selectors.new, salt: nothing, transfer: 0n, gasLimit: 10n ** 12n };
    const payload = encode({ ...made, storageDepositLimit: undefined }, writeInstantiation);
    record([{ sender: account, destination: contractOpTopic, payload }]);
    const id = contractAddress(alice, hash, cluster, nothing);
    // Each computes until it has no gas any more.
    const heavy = command(id, all(act.set(1, 5), act.loop()), { gas: 10n ** 10n });
    record(Array.from({ length: 50 }, () => heavy));
    const { enclave } = await opened(dir, { genesis: genesisBytes, secrets: undefined });
    await enclave.call(Entry.start, fromGenesis);
    for (const block of blocks.slice(0, 2)) await enclave.call(Entry.dispatch, block);
    const body = { kind: "message", payload: act.get(1), estimating: false } as const;
    const asked = { origin: alice, contract: id, deposit: 0n, transfer: 0n, gasLimit: undefined, body };
    const order: string[] = [];
    const call = async (name: string, entry: number, bytes: Uint8Array): Promise<Uint8Array> => {
      const answer = await enclave.call(entry, bytes);
      order.push(name);
      return answer;
    };
    // All in one frame.
    const [dispatched] = await Promise.all([
      call("block", Entry.dispatch, blocks[2] as Uint8Array),
      call("query", Entry.query, encode(asked, writeQuery)),
      call("balance", Entry.balance, alice),
      call("another query", Entry.query, encode(asked, writeQuery)),
    ]);
    const { result } = decode(dispatched, "result", readEnclaveResult);
    const { receipts } = decode(result, "receipts", readSealedReceipts);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(Array(50).fill("outOfGas"));
    expect(order).toEqual(["balance", "query", "another query", "block"]);
  });

  it("gives callers a typed error when it is gone, and calls in one turn share a frame", async () => {
    const { enclave } = await opened();
    await enclave.call(Entry.start, fromGenesis);
    const calls = Array.from({ length: 50 }, () => enclave.call(Entry.balance, new Uint8Array(32)));
    expect(await Promise.all(calls)).toHaveLength(50);
    const last = enclave.call(Entry.balance, new Uint8Array(32));
    const refused = expect(last).rejects.toMatchObject({ code: "EnclaveGone" });
    await enclave.terminate();
    await refused;
    await expect(enclave.call(Entry.balance, nothing)).rejects.toMatchObject({ code: "EnclaveGone" });
    expect((await enclave.gone).code).toBe("EnclaveGone");
  });
});
