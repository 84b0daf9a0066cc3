import { mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lmdbStore } from "../../../src/host/store/lmdb.ts";
import { memoryStore } from "../../../src/host/store/memory.ts";
import { key, type Store } from "../../../src/host/store/store.ts";
import { sameBytes } from "../../../src/wire/bytes.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-store-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const bytes = (...values: number[]) => Uint8Array.from(values);

describe.each<[string, () => Promise<Store>]>([
  ["in memory", async () => memoryStore()],
  ["in a folder", () => lmdbStore(join(dir, "chain.mdb"), dir, true)],
])("a store %s", (_, open) => {
  it("gives back what was written, after it was committed", async () => {
    const store = await open();
    await store.write([
      { key: key("block", 1), value: bytes(1, 2, 3) },
      { key: key("meta", "head"), value: bytes() },
    ]).committed;
    expect(store.get(key("block", 1))).toEqual(bytes(1, 2, 3));
    expect(store.get(key("meta", "head"))).toEqual(bytes());
    expect(store.get(key("block", 2))).toBeUndefined();
    await store.write([{ key: key("block", 1), value: undefined }]).flushed;
    expect(store.get(key("block", 1))).toBeUndefined();
    await store.close();
  });

  it("takes what is written as it is at the time of the call, and hands out copies", async () => {
    const store = await open();
    const value = bytes(1, 2, 3);
    const commit = store.write([{ key: key("block", 1), value }]);
    value.fill(9);
    await commit.flushed;
    const first = store.get(key("block", 1)) as Uint8Array;
    expect(first).toEqual(bytes(1, 2, 3));
    first.fill(7);
    expect(store.get(key("block", 1))).toEqual(bytes(1, 2, 3));
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
    await store.close();
  });

  it("holds values of every size", async () => {
    const store = await open();
    for (const size of [0, 1, 1000, 4096, 70_000, 3_000_000]) {
      const value = new Uint8Array(size).map((_, i) => i * 7);
      await store.write([{ key: key("block", size), value }]).flushed;
      expect(sameBytes(store.get(key("block", size)) as Uint8Array, value)).toBe(true);
    }
    await store.close();
  });
});

describe("a store in a folder", () => {
  const path = () => join(dir, "chain.mdb");

  it("is still there when it is opened again", async () => {
    const store = await lmdbStore(path(), dir, true);
    for (let n = 0; n < 50; n++) store.write([{ key: key("block", n), value: bytes(n) }]);
    await store.close();
    const again = await lmdbStore(path(), dir, false);
    for (let n = 0; n < 50; n++) expect(again.get(key("block", n))).toEqual(bytes(n));
    await again.close();
  });

  async function written(): Promise<void> {
    const store = await lmdbStore(path(), dir, true);
    await store.write([{ key: key("block", 1), value: new Uint8Array(20_000).fill(0x5a) }]).flushed;
    await store.close();
  }

  it("finds a value that was changed on disk", async () => {
    await written();
    const file = readFileSync(path());
    const at = file.indexOf(Buffer.alloc(64, 0x5a)) + 10;
    writeSync(openSync(path(), "r+"), Buffer.from([0x5b]), 0, 1, at);
    const store = await lmdbStore(path(), dir, false);
    expect(() => store.get(key("block", 1))).toThrow(expect.objectContaining({ code: "FolderDamaged" }));
    await store.close();
  });

  it.each([
    ["missing", () => rmSync(path())],
    ["empty", () => truncateSync(path(), 0)],
    ["cut inside its header", () => truncateSync(path(), 100)],
    ["cut after its header", () => truncateSync(path(), 8192)],
    ["something else", () => writeFileSync(path(), Buffer.alloc(65_536, 7))],
  ])("refuses a file that is %s, and does not die of it", async (_, damage) => {
    await written();
    damage();
    await expect(lmdbStore(path(), dir, false)).rejects.toMatchObject({ code: "FolderDamaged" });
  });
});
