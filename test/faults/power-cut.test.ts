import { randomInt } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { EmbeddedNode } from "../../src/host/embedded.ts";
import { lmdbStore } from "../../src/host/store/lmdb.ts";
import type { Store } from "../../src/host/store/store.ts";
import { type AccountId, contractId } from "../../src/wire/bytes.ts";
import { account, deployed, deposit, signed } from "../host/support/extrinsics.ts";
import { PowerCut } from "./power-cut.ts";
import {
  construct,
  counter,
  expectCounted,
  expectPromiseKept,
  type Given,
  incrementExtrinsic,
  random,
  sender,
} from "./promise.ts";

const COUNT = 500;
const ROUNDS = Number(process.env.PHATVM_CUTS ?? 20);
const seed = Number(process.env.PHATVM_SEED ?? randomInt(2 ** 31));
const next = random(seed);

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-power-"));
  dirs.push(dir);
});

const never = async (): Promise<void> => undefined;

function start(store: Store, at: string, checkpointEvery = 16): Promise<EmbeddedNode> {
  return EmbeddedNode.start(
    { store, checkpointFolder: join(at, "checkpoints"), platformFolder: join(at, "platform"), release: never },
    { checkpointEvery },
  );
}

async function funded(node: EmbeddedNode): Promise<AccountId> {
  const { genesisHash } = await node.facts();
  await node.submit(signed(account("//Alice"), genesisHash, 0, deposit(sender.publicKey, 10n ** 17n)));
  return deployed(node, sender, counter.code, construct);
}

/** Copies a folder whose files the isolate still replaces: one that was renamed meanwhile makes it begin anew. */
function copyAlive(from: string, to: string): void {
  for (;;) {
    try {
      cpSync(from, to, { recursive: true });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      rmSync(to, { recursive: true, force: true });
    }
  }
}

describe(`a power cut in a run of ${COUNT} transactions (seed ${seed})`, () => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    "loses nothing that was acknowledged: cut %i",
    async () => {
      const disk = await lmdbStore(join(dir, "chain.mdb"), dir, true);
      const store = new PowerCut(disk, () => next() * 4);
      const node = await start(store, dir);
      const contract = contractId(await funded(node));
      const { genesisHash } = await node.facts();

      const given: Given[] = [];
      const cutAt = Math.floor(next() * COUNT);
      let cut: Promise<void> | undefined;
      let started = 0;
      const client = async (): Promise<void> => {
        while (started < COUNT && cut === undefined) {
          const i = started++;
          const inclusion = await node.submit(incrementExtrinsic(genesisHash, contract, i)).catch(() => undefined);
          if (inclusion !== undefined && cut === undefined) given.push({ i, ...inclusion });
          if (given.length > cutAt) {
            cut ??= new Promise((resolve) => setTimeout(resolve, next() * 5)).then(() => store.cut());
          }
        }
      };
      await Promise.all(Array.from({ length: 24 }, client));
      await cut;
      // What the files were at that moment; the process is gone with the power, whatever it still does.
      const left = join(dir, "left");
      for (const name of ["platform", "checkpoints"]) {
        if (existsSync(join(dir, name))) copyAlive(join(dir, name), join(left, name));
      }
      await node.close().catch(() => undefined);
      await disk.close();

      const again = await start(await lmdbStore(join(dir, "chain.mdb"), dir, false), left);
      try {
        const included = await expectPromiseKept(again, contract, COUNT, given);
        expect(included).toBeGreaterThanOrEqual(given.length);
        await again.submit(incrementExtrinsic(genesisHash, contract, included));
        await expectCounted(again, contract, included + 1);
      } finally {
        await again.close();
      }
    },
  );
});

describe("a receipt", () => {
  it("waits for the flush of its block, not for the commit", async () => {
    let held = false;
    let release = (): void => undefined;
    const gate = (): Promise<void> => (held ? new Promise((resolve) => (release = resolve)) : Promise.resolve());
    const disk = await lmdbStore(join(dir, "chain.mdb"), dir, true);
    const store: Store = {
      get: (key) => disk.get(key),
      write(writes) {
        const { committed, flushed } = disk.write(writes);
        const open = gate();
        return { committed, flushed: flushed.then(() => open) };
      },
      close: () => disk.close(),
    };
    const node = await start(store, dir);
    const { genesisHash } = await node.facts();
    held = true;
    let given = false;
    const before = (await node.balance(sender.publicKey)).total;
    const inclusion = node
      .submit(signed(account("//Alice"), genesisHash, 0, deposit(sender.publicKey, 1n)))
      .finally(() => (given = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(given).toBe(false);
    // Nor has the enclave seen the block: it is not final.
    expect((await node.balance(sender.publicKey)).total).toBe(before);
    held = false;
    release();
    await inclusion;
    expect((await node.balance(sender.publicKey)).total).toBe(before + 1n);
    await node.close();
  });

  it("is not given when the disk fails, and everything that waits is told", async () => {
    const disk = await lmdbStore(join(dir, "chain.mdb"), dir, true);
    const store = new PowerCut(disk, () => 20);
    const node = await start(store, dir);
    const { genesisHash } = await node.facts();
    const waiting = node.submit(signed(account("//Alice"), genesisHash, 0, deposit(sender.publicKey, 1n)));
    const refused = expect(waiting).rejects.toMatchObject({ code: "StorageFailed" });
    while (store.unflushed === 0) await new Promise((resolve) => setImmediate(resolve));
    await store.cut();
    await refused;
    await expect(node.facts()).rejects.toMatchObject({ code: "StorageFailed" });
    await node.close().catch(() => undefined);
    await disk.close();
  });
});
