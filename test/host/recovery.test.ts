import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EmbeddedNode } from "../../src/host/embedded.ts";
import { openNode } from "../../src/host/node.ts";
import type { NodeOptions } from "../../src/host/options.ts";
import { lmdbStore } from "../../src/host/store/lmdb.ts";
import { key } from "../../src/host/store/store.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import { Entry } from "../../src/wire/entry.ts";
import type { NodeApi } from "../../src/wire/node.ts";
import { readSealedReceipts, writeSealedReceipts } from "../../src/wire/receipt.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import { construct, counter, expectPromiseKept, type Given, incrementExtrinsic, sender } from "../faults/promise.ts";
import { account, ask, deployed, deposit, signed } from "./support/extrinsics.ts";

let dir: string;
let warnings: string[];
const nodes: NodeApi[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-recovery-"));
  warnings = [];
});
afterEach(async () => {
  await Promise.allSettled(nodes.splice(0).map((node) => node.close()));
  rmSync(dir, { recursive: true, force: true });
});

async function open(options: NodeOptions = {}): Promise<EmbeddedNode> {
  const node = await openNode({ dir, snapshotEvery: 4, onWarning: (warning) => warnings.push(warning), ...options });
  nodes.push(node);
  return node as EmbeddedNode;
}

async function prepared(node: NodeApi): Promise<ContractId> {
  const { genesisHash } = await node.facts();
  await node.submit(signed(account("//Alice"), genesisHash, 0, deposit(sender.publicKey, 10n ** 17n)));
  return deployed(node, sender, counter.code, construct);
}

async function increments(node: NodeApi, contract: ContractId, from: number, to: number): Promise<Given[]> {
  const { genesisHash } = await node.facts();
  const given: Given[] = [];
  for (let i = from; i < to; i++) {
    given.push({ i, ...(await node.submit(incrementExtrinsic(genesisHash, contract, i))) });
  }
  return given;
}

const files = () => readdirSync(join(dir, "snapshots")).toSorted();
const file = (name: string) => join(dir, "snapshots", name);

/** Ends the isolate under a node's feet, as running out of memory would. */
async function crash(node: EmbeddedNode): Promise<void> {
  // biome-ignore lint/complexity/useLiteralKeys: a private part, reached on purpose
  const { enclave } = (await node["relay"]["running"]) as unknown as {
    enclave: { isolate: { terminate(): Promise<void> } };
  };
  // biome-ignore lint/complexity/useLiteralKeys: a private part, reached on purpose
  await enclave["isolate"].terminate();
}

describe("a node that is opened again", () => {
  it("starts from the newest snapshot, and says nothing of it", async () => {
    let node = await open();
    const contract = await prepared(node);
    const given = await increments(node, contract, 0, 10);
    await node.close();
    expect(files()).toHaveLength(2);
    node = await open();
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings).toEqual([]);
  });

  it("passes over a damaged snapshot with a warning, and has the same state", async () => {
    let node = await open();
    const contract = await prepared(node);
    const given = await increments(node, contract, 0, 10);
    await node.close();
    const newest = file(files()[1] as string);
    const bytes = readFileSync(newest);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(newest, bytes);
    node = await open();
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings).toEqual([expect.stringContaining(newest)]);
  });

  it("executes the whole chain again when no snapshot is good, or none is there", async () => {
    let node = await open();
    const contract = await prepared(node);
    const given = await increments(node, contract, 0, 10);
    await node.close();
    for (const name of files()) writeFileSync(file(name), "phatseal and then nothing");
    node = await open();
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings).toHaveLength(2);
    await node.close();
    rmSync(join(dir, "snapshots"), { recursive: true });
    node = await open();
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings).toHaveLength(2);
  });

  it("notices that its chain was replaced by an older copy", async () => {
    let node = await open();
    const contract = await prepared(node);
    await node.close();
    cpSync(join(dir, "chain.mdb"), join(dir, "snapshots", "older.mdb"));
    node = await open();
    await increments(node, contract, 0, 10);
    await node.close();
    cpSync(join(dir, "snapshots", "older.mdb"), join(dir, "chain.mdb"));
    await expect(open()).rejects.toMatchObject({ code: "RollbackDetected" });
  });

  it("says so when its platform was lost, and is whole again when the platform is put back", async () => {
    const node = await open();
    const contract = await prepared(node);
    await increments(node, contract, 0, 3);
    const { worker } = await node.facts();
    await node.close();
    const platform = join(dir, "platform");
    renameSync(platform, `${dir}-platform`);
    // Other keys would be another worker, whose contracts no longer know their own signatures: never silently.
    await expect(open()).rejects.toMatchObject({ code: "SealBroken" });
    rmSync(platform, { recursive: true });
    renameSync(`${dir}-platform`, platform);
    const again = await open();
    expect((await again.facts()).worker).toEqual(worker);
    const { result } = await ask(again, contract, counter.selector("get"), sender.publicKey);
    expect(result).toMatchObject({ ok: true, data: Uint8Array.of(0, 3, 0, 0, 0) });
  });

  it("notices that executing again gives something else than its receipts say", async () => {
    const node = await open();
    const contract = await prepared(node);
    await increments(node, contract, 0, 3);
    await node.close();
    rmSync(join(dir, "snapshots"), { recursive: true });
    const store = await lmdbStore(join(dir, "chain.mdb"), dir, false);
    const name = key("receipts", 3);
    const sealed = decode(store.get(name) as Uint8Array, "receipts", readSealedReceipts);
    const other = { ...sealed, seal: { ...sealed.seal, stateRoot: new Uint8Array(32) } };
    await store.write([{ key: name, value: encode(other, writeSealedReceipts) }]).flushed;
    await store.close();
    await expect(open()).rejects.toMatchObject({ code: "StateDiverged", facts: { block: 3 } });
  });
});

describe("an enclave that cannot start", () => {
  it.each([
    ["in memory", () => ({})],
    ["in a folder", () => ({ dir })],
  ])("%s is a typed error, and leaves nothing behind", async (_, options) => {
    // No heap is small enough for any script: the isolate dies before it answers.
    await expect(openNode({ ...options(), enclaveMegabytes: 1 })).rejects.toMatchObject({ code: "EnclaveGone" });
    await (await openNode(options())).close();
  });
});

describe("an enclave that dies", () => {
  it("is started again, recovers, and who waits for a receipt gets it", async () => {
    const node = await open();
    const contract = await prepared(node);
    const given = await increments(node, contract, 0, 6);
    const { genesisHash } = await node.facts();
    for (let round = 0; round < 3; round++) {
      const from = 6 + round * 8;
      const waiting = Array.from({ length: 8 }, (_, k) =>
        node
          .submit(incrementExtrinsic(genesisHash, contract, from + k))
          .then((inclusion) => ({ i: from + k, ...inclusion })),
      );
      await crash(node);
      given.push(...(await Promise.all(waiting)));
    }
    expect(await expectPromiseKept(node, contract, 30, given)).toBe(30);
    expect(warnings.filter((warning) => warning.includes("started again"))).toHaveLength(3);
  });

  it("gives queries under way a typed error, and answers the next ones", async () => {
    const node = await open();
    const contract = await prepared(node);
    // biome-ignore lint/complexity/useLiteralKeys: a private part, reached on purpose
    const under = node["relay"].call(Entry.balance, sender.publicKey);
    const refused = expect(under).rejects.toMatchObject({ code: "EnclaveGone" });
    await crash(node);
    await refused;
    const { result } = await ask(node, contract, counter.selector("get"), sender.publicKey);
    expect(result.ok).toBe(true);
  });

  it("takes a network in memory with it, and every caller is told", async () => {
    const node = (await openNode({})) as EmbeddedNode;
    nodes.push(node);
    const contract = await prepared(node);
    await crash(node);
    await expect(ask(node, contract, counter.selector("get"), sender.publicKey)).rejects.toMatchObject({
      code: "EnclaveGone",
    });
    await expect(node.submit(new Uint8Array(10))).rejects.toMatchObject({ code: "EnclaveGone" });
  });
});
