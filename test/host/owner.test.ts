import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ownFolder, reachOwner } from "../../src/host/owner.ts";

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-owner-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

const owner = pathToFileURL(join(import.meta.dirname, "../../dist/host/owner.js")).href;

/** A second process that tries to own the folder and says what came of it. */
function contender(folder: string): { child: ChildProcess; said: Promise<string> } {
  const program = `
    import { ownFolder } from ${JSON.stringify(owner)};
    const keep = setInterval(() => {}, 1000);
    ownFolder(${JSON.stringify(folder)}, false).then(
      () => process.send("owner"),
      (error) => { process.send(error.code ?? String(error)); clearInterval(keep); },
    );`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.push(child);
  return { child, said: new Promise((resolve) => child.once("message", (word) => resolve(String(word)))) };
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

describe("a folder has one owner", () => {
  it("refuses a second one while the first lives, and says who it is", async () => {
    const first = await ownFolder(dir, false);
    await expect(ownFolder(dir, false)).rejects.toMatchObject({
      code: "FolderInUse",
      facts: { dir, pid: process.pid, serving: false },
    });
    await first.release();
    await (await ownFolder(dir, false)).release();
  });

  it("is free again after kill -9 of its owner, whatever files that left", async () => {
    for (let round = 0; round < 3; round++) {
      const { child, said } = contender(dir);
      expect(await said).toBe("owner");
      await expect(ownFolder(dir, false)).rejects.toMatchObject({ code: "FolderInUse", facts: { pid: child.pid } });
      await killed(child);
      expect(await reachOwner(dir, 60_000)).toBeUndefined();
    }
    const mine = await ownFolder(dir, false);
    expect(readdirSync(dir)).toHaveLength(1);
    await mine.release();
  });

  it("has exactly one winner when many come at once, after a clean end and after a killed owner", async () => {
    for (let round = 0; round < 2; round++) {
      const rivals = Array.from({ length: 8 }, () => contender(dir));
      const words = await Promise.all(rivals.map(({ said }) => said));
      expect(words.filter((word) => word === "owner")).toHaveLength(1);
      expect(words.filter((word) => word === "FolderInUse")).toHaveLength(7);
      await killed(rivals[words.indexOf("owner")]!.child);
    }
  });

  it("has exactly one winner among callers in one process", async () => {
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => ownFolder(dir, false)));
    const winners = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(winners).toHaveLength(1);
    await winners[0]!.release();
  });

  it("is nobody's when its owner stops listening before it has accepted who is connecting", async () => {
    const ending = createServer();
    await new Promise<void>((resolve) => {
      ending.listen(join(dir, "owner-1.sock"), resolve);
    });
    const reached = reachOwner(dir, 60_000);
    ending.close();
    expect(await reached).toBeUndefined();
    await (await ownFolder(dir, false)).release();
  });

  it("may lie deeper than a socket's path can say", async () => {
    const deep = join(dir, "a-folder-name-of-some-length/".repeat(12));
    mkdirSync(deep, { recursive: true });
    const mine = await ownFolder(deep, false);
    await expect(ownFolder(deep, false)).rejects.toMatchObject({ code: "FolderInUse" });
    await mine.release();
    expect(await reachOwner(deep, 60_000)).toBeUndefined();
  });

  it("is not blocked by files that only look like sockets", async () => {
    writeFileSync(join(dir, "owner-5.sock"), "not a socket");
    writeFileSync(join(dir, "owner-new-00.sock"), "neither");
    const mine = await ownFolder(dir, false);
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(["owner-6.sock"]));
    expect(readdirSync(dir)).not.toContain("owner-5.sock");
    await mine.release();
  });

  it("hands over the connections that came before it was ready", async () => {
    const mine = await ownFolder(dir, true);
    const found = await reachOwner(dir, 60_000);
    expect(found?.hello).toEqual({ serving: true, pid: process.pid });
    const taken = await new Promise((resolve) => {
      mine.serve((socket) => socket.once("data", (chunk) => resolve(chunk.toString())));
      found?.socket.write("late");
    });
    expect(taken).toBe("late");
    await mine.release();
  });
});
