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
  const node = await openNode({ dir, checkpointEvery: 4, onWarning: (warning) => warnings.push(warning), ...options });
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

const file = (name: string) => join(dir, "checkpoints", name);
const files = () => readdirSync(join(dir, "checkpoints")).toSorted();
/** The checkpoints, the oldest first. */
const checkpoints = () => files().filter((name) => name.startsWith("checkpoint-"));

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
  it("starts from the newest checkpoint, and says nothing of it", async () => {
    let node = await open();
    const contract = await prepared(node);
    const given = await increments(node, contract, 0, 10);
    await node.close();
    expect(checkpoints()).toHaveLength(2);
    expect(files().filter((name) => name.startsWith("anchor-"))).toHaveLength(2);
    node = await open();
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings).toEqual([]);
  });

  it("passes over a damaged checkpoint with a warning, and has the same state", async () => {
    let node = await open();
    const contract = await prepared(node);
    const given = await increments(node, contract, 0, 10);
    await node.close();
    const newest = file(checkpoints()[1] as string);
    const bytes = readFileSync(newest);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(newest, bytes);
    node = await open();
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings).toEqual([expect.stringContaining(newest)]);
  });

  it("executes the whole chain again when no checkpoint is good, or none is there", async () => {
    let node = await open();
    const contract = await prepared(node);
    const given = await increments(node, contract, 0, 10);
    await node.close();
    for (const name of checkpoints()) writeFileSync(file(name), "phatseal and then nothing");
    node = await open();
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings).toHaveLength(2);
    await node.close();
    for (const name of checkpoints()) rmSync(file(name));
    node = await open();
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings).toHaveLength(3);
  });

  it("starts its enclave again when a part of the state is damaged under its feet", async () => {
    let node = await open();
    const contract = await prepared(node);
    const given = await increments(node, contract, 0, 10);
    await node.close();
    node = await open();
    expect(warnings).toEqual([]);
    // Nothing of the contract is in memory yet; the same files, changed in their place.
    for (const name of files().filter((one) => one.startsWith("segment-"))) {
      const bytes = readFileSync(file(name));
      bytes.fill(7, 10, 40);
      writeFileSync(file(name), bytes);
    }
    const get = counter.selector("get");
    await expect(ask(node, contract, get, sender.publicKey)).rejects.toMatchObject({ code: "SealBroken" });
    expect((await ask(node, contract, get, sender.publicKey)).result).toMatchObject({ ok: true });
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings.join("\n")).toContain("passed over");
    await node.close();
    // What was damaged is not used again.
    warnings = [];
    node = await open();
    expect(await expectPromiseKept(node, contract, 10, given)).toBe(10);
    expect(warnings).toEqual([]);
  });

  it("notices that its chain was replaced by an older copy", async () => {
    let node = await open();
    const contract = await prepared(node);
    await node.close();
    const older = readFileSync(join(dir, "chain.mdb"));
    node = await open();
    await increments(node, contract, 0, 10);
    await node.close();
    writeFileSync(join(dir, "chain.mdb"), older);
    await expect(open()).rejects.toMatchObject({ code: "RollbackDetected" });
    // The way out: what came after is lost, and what is there counts from now on.
    node = await open({ acceptRollback: true });
    expect(warnings).toEqual([expect.stringContaining("A rollback was accepted")]);
    expect(await expectPromiseKept(node, contract, 10, [])).toBe(0);
    const given = await increments(node, contract, 0, 3);
    await node.close();
    node = await open();
    expect(await expectPromiseKept(node, contract, 3, given)).toBe(3);
    expect(warnings).toHaveLength(1);
  });

  it("notices another chain of the same length, and goes on with it from the last block of both when told to", async () => {
    let node = await open({ checkpointEvery: 2 });
    const contract = await prepared(node);
    await node.close();
    const common = readFileSync(join(dir, "chain.mdb"));
    node = await open({ checkpointEvery: 100 });
    await increments(node, contract, 0, 6);
    await node.close();
    const aside = mkdtempSync(join(tmpdir(), "phatvm-recovery-"));
    for (const name of ["platform", "checkpoints"]) cpSync(join(dir, name), join(aside, name), { recursive: true });
    // The other chain, made by a node whose counter nobody misses.
    writeFileSync(join(dir, "chain.mdb"), common);
    node = await open({ acceptRollback: true });
    const given = await increments(node, contract, 0, 7);
    await node.close();
    for (const name of ["platform", "checkpoints"]) {
      rmSync(join(dir, name), { recursive: true });
      cpSync(join(aside, name), join(dir, name), { recursive: true });
    }
    rmSync(aside, { recursive: true });
    await expect(open()).rejects.toMatchObject({ code: "RollbackDetected", facts: { fork: true } });
    node = await open({ acceptRollback: true });
    expect(await expectPromiseKept(node, contract, 7, given)).toBe(7);
    await node.close();
    warnings = [];
    node = await open();
    expect(await expectPromiseKept(node, contract, 7, given)).toBe(7);
    expect(warnings).toEqual([]);
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
    for (const name of checkpoints()) rmSync(file(name));
    const store = await lmdbStore(join(dir, "chain.mdb"), dir, false);
    const name = key("receipts", 3);
    const sealed = decode(store.get(name) as Uint8Array, "receipts", readSealedReceipts);
    const other = { ...sealed, seal: { ...sealed.seal, stateRoot: new Uint8Array(32) } };
    await store.write([{ key: name, value: encode(other, writeSealedReceipts) }]).flushed;
    await store.close();
    await expect(open()).rejects.toMatchObject({ code: "StateDiverged", facts: { block: 3 } });
  });
});

describe("a chain that has lost an entry", () => {
  let contract: ContractId;
  let given: readonly Given[];
  /** Takes entries out of a chain that is whole otherwise. */
  async function without(...names: readonly Uint8Array[]): Promise<void> {
    const node = await open();
    contract = await prepared(node);
    given = await increments(node, contract, 0, 3);
    await node.close();
    const store = await lmdbStore(join(dir, "chain.mdb"), dir, false);
    for (const name of names) expect(store.get(name)).toBeDefined();
    await store.write(names.map((name) => ({ key: name, value: undefined }))).flushed;
    await store.close();
  }

  it.each([
    ["its genesis", ["genesis"]],
    ["its end", ["head"]],
    ["all that says that it ever began", ["genesis", "authority", "head", "executed", "secrets", "enclave"]],
  ])("(%s) is damaged, and no other is begun in its place, whatever the owner accepts", async (_, names) => {
    await without(...names.map((name) => key("meta", name)));
    const before = readFileSync(join(dir, "chain.mdb"));
    for (const acceptRollback of [false, true]) {
      await expect(open({ acceptRollback })).rejects.toMatchObject({ code: "FolderDamaged", facts: { dir } });
    }
    expect(Buffer.compare(readFileSync(join(dir, "chain.mdb")), before)).toBe(0);
  });

  it("(the receipts of a block) says so to whoever asks for them, and goes on", async () => {
    await without(key("receipts", 6));
    const node = await open();
    const lost = given.findIndex(({ block }) => block === 6);
    const { genesisHash } = await node.facts();
    const damaged = { code: "FolderDamaged", facts: { dir, reason: "it has no receipts of block 6" } };
    await expect(node.inclusionOf(sender.publicKey, lost + 2)).rejects.toMatchObject(damaged);
    await expect(node.submit(incrementExtrinsic(genesisHash, contract, lost))).rejects.toMatchObject(damaged);
    await expect(node.proof(6)).rejects.toMatchObject(damaged);
    expect(await increments(node, contract, 3, 5)).toHaveLength(2);
    // They follow from the block: executing it again gives them again.
    await node.close();
    for (const name of checkpoints()) rmSync(file(name));
    expect(await expectPromiseKept(await open(), contract, 5, given)).toBe(5);
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
