import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectNode, openNode } from "../../src/host/node.ts";
import { isOwnerFile } from "../../src/host/owner.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-folder-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const contents = (folder: string): string[] => readdirSync(folder).filter((name) => !isOwnerFile(name));

describe("a folder", () => {
  it("is made when it is not there, also below folders that are not", async () => {
    const deep = join(dir, "a", "b");
    const node = await openNode({ dir: deep });
    await node.close();
    expect(readFileSync(join(deep, "format"), "utf8")).toBe("phatvm folder 3\n");
  });

  it.skipIf(!existsSync("/proc/self"))("that cannot be made is an error, and not a wait without end", async () => {
    await expect(openNode({ dir: "/proc/phatvm/net" })).rejects.toMatchObject({ code: "StorageFailed" });
    const file = join(dir, "file");
    writeFileSync(file, "");
    await expect(openNode({ dir: join(file, "net") })).rejects.toMatchObject({ code: "StorageFailed" });
  });

  it("of somebody else's is refused, and nothing is written into it", async () => {
    writeFileSync(join(dir, "thesis.txt"), "years of work");
    await expect(openNode({ dir })).rejects.toMatchObject({ code: "FolderForeign", facts: { holds: "thesis.txt" } });
    expect(readdirSync(dir)).toEqual(["thesis.txt"]);
  });

  it("of another version is refused, and says which", async () => {
    await (await openNode({ dir })).close();
    writeFileSync(join(dir, "format"), "phatvm folder 9\n");
    await expect(openNode({ dir })).rejects.toMatchObject({
      code: "FolderVersion",
      facts: { found: "9", expected: "3" },
    });
  });

  it.each([
    ["without its chain", () => rmSync(join(dir, "chain.mdb"))],
    ["with a chain that was cut", () => truncateSync(join(dir, "chain.mdb"), 5000)],
    ["with a chain that is something else", () => writeFileSync(join(dir, "chain.mdb"), "x".repeat(100_000))],
    ["with an unreadable format file", () => writeFileSync(join(dir, "format"), "???")],
  ])("%s is damaged, is refused again and again, and is not made worse", async (_, damage) => {
    await (await openNode({ dir })).close();
    damage();
    const before = contents(dir).map((name) => name);
    for (let again = 0; again < 2; again++) {
      await expect(openNode({ dir })).rejects.toMatchObject({ code: "FolderDamaged" });
    }
    expect(contents(dir)).toEqual(before);
  });

  it("whose making was cut short is made anew", async () => {
    await (await openNode({ dir })).close();
    rmSync(join(dir, "format"));
    truncateSync(join(dir, "chain.mdb"), 5000);
    const node = await openNode({ dir });
    expect(await node.nextNonce(new Uint8Array(32))).toBe(0);
    await node.close();
  });

  it("with a damaged platform says so", async () => {
    await (await openNode({ dir })).close();
    truncateSync(join(dir, "platform", "root"), 5);
    await expect(openNode({ dir })).rejects.toMatchObject({ code: "PlatformDamaged" });
    // A failed opening leaves the folder to whoever comes next.
    expect(await connectNode(dir)).toBeUndefined();
  });

  it("that cannot be a folder gives a typed error", async () => {
    const file = join(dir, "file");
    writeFileSync(file, "");
    await expect(openNode({ dir: file })).rejects.toMatchObject({ code: "StorageFailed" });
    await expect(openNode({ dir: join(file, "below") })).rejects.toMatchObject({ code: "StorageFailed" });
  });

  it("that nobody owns or that is not there has no owner to connect to", async () => {
    expect(await connectNode(dir)).toBeUndefined();
    expect(await connectNode(join(dir, "nowhere"))).toBeUndefined();
    mkdirSync(join(dir, "checkpoints"));
    await (await openNode({ dir })).close();
    expect(await connectNode(dir)).toBeUndefined();
  });
});
