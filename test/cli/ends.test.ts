/**
 * How commands end that are ended from outside, what they leave behind, and what they say of a folder that is not right.
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isAlive, isolatesOf, socketsOf, until } from "../enclave/processes.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const bundle = fileURLToPath(new URL("../../build/counter.contract", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "phatvm-ends-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** A command that runs: what it has printed so far, and how it ended. */
interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
}

const all: ChildProcess[] = [];
afterEach(() => {
  for (const child of all.splice(0)) child.kill("SIGKILL");
});

function start(words: readonly string[], options: { uid?: number } = {}): Running {
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(process.execPath, [main, ...words], { cwd: work, env, detached: true, ...options });
  all.push(child);
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, out, err }));
  return { child, out: () => out, err: () => err, ended };
}
const phatvm = (...words: readonly string[]) => start(words).ended;

async function serving(dir: string, ...words: string[]): Promise<Running> {
  const running = start(["serve", "--dir", dir, ...words]);
  await until(() => running.out().includes("ready") || running.child.exitCode !== null, "it served");
  expect(running.child.exitCode, running.err()).toBeNull();
  return running;
}

/** A folder with a counter that stands at 1. */
let made: string;
let counter: string;
beforeAll(async () => {
  made = join(work, "made");
  counter = (await phatvm("deploy", bundle, "new", "1", "--dir", made)).out.trim();
  expect(counter).toMatch(/^0x/);
});
let copies = 0;
function folder(): string {
  const dir = join(work, `copy-${++copies}`);
  cpSync(made, dir, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  return dir;
}
/** Tells whether a command that is started now has come so far that it owns the folder, or is connected to its owner. */
function reaches(dir: string, owner: Running | undefined): () => boolean {
  // Owners count up, and leave their file behind.
  const owners = (): string =>
    readdirSync(dir)
      .filter((name) => /^owner-\d+\.sock$/.test(name))
      .join();
  const sockets = (): number => (owner === undefined ? 0 : socketsOf(owner.child.pid as number));
  const before = { owners: owners(), sockets: sockets() };
  return () => owners() !== before.owners || sockets() > before.sockets;
}
const count = async (dir: string) => (await phatvm("query", counter, "get", "--dir", dir)).out.trim();

describe.each(["thread", "process"])("serve with an isolate that is a %s", (isolate) => {
  it.each(["SIGINT", "SIGTERM"] as const)("ends in order with %s, and the folder is served again", async (signal) => {
    const dir = folder();
    for (let round = 1; round <= (signal === "SIGINT" ? 2 : 1); round++) {
      const { child, err, ended } = await serving(dir, "--isolate", isolate);
      const isolates = isolatesOf(child.pid as number);
      expect(isolates).toHaveLength(isolate === "process" ? 1 : 0);
      expect((await phatvm("tx", counter, "increment", "1", "--dir", dir)).code).toBe(0);
      // As a terminal does it: to the whole group.
      process.kill(-(child.pid as number), signal);
      const { code } = await ended;
      expect({ code, err: err() }).toEqual({ code: 0, err: expect.not.stringContaining("warning") });
      for (const pid of isolates) await until(() => !isAlive(pid), "the isolate ended");
      expect(await count(dir)).toBe(String(1 + round));
    }
  });

  it("is killed with -9, twice, and what it acknowledged is there", async () => {
    const dir = folder();
    for (let round = 1; round <= 2; round++) {
      const { child, ended } = await serving(dir, "--isolate", isolate);
      const isolates = isolatesOf(child.pid as number);
      expect((await phatvm("tx", counter, "increment", "1", "--dir", dir)).code).toBe(0);
      child.kill("SIGKILL");
      await ended;
      for (const pid of isolates) await until(() => !isAlive(pid), "the isolate ended");
    }
    // The dead owners' sockets are nobody's.
    expect(await count(dir)).toBe("3");
  });
});

describe("serve", () => {
  it("refuses an isolate of another kind", async () => {
    const { code, err } = await phatvm("serve", "--dir", join(work, "none"), "--isolate", "chip");
    expect(code).toBe(2);
    expect(err).toContain('--isolate is thread or process, not "chip"');
  });
});

describe("a command that waits", () => {
  it.each([
    ["logs --follow", ["logs", "--follow"]],
    ["events", ["events"]],
  ])("%s ends with Ctrl-C and with SIGTERM, on a folder of its own and on one that is served", async (_, words) => {
    for (const served of [false, true]) {
      const dir = folder();
      const owner = served ? await serving(dir) : undefined;
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        const reached = reaches(dir, owner);
        const { child, ended } = start([...words, "--dir", dir]);
        await until(reached, "it had the folder, or its owner");
        child.kill(signal);
        expect([0, 130, 143]).toContain((await ended).code);
        expect(await count(dir)).toBe("1");
      }
      owner?.child.kill("SIGINT");
      if (owner !== undefined) expect((await owner.ended).code).toBe(0);
    }
  });

  it("ends when its server is killed, with an error that says what to do", async () => {
    const dir = folder();
    const owner = await serving(dir);
    const follower = start(["tx", counter, "increment", "1", "--dir", dir]);
    owner.child.kill("SIGKILL");
    const { code, err } = await follower.ended;
    // It came before the kill, opened the folder itself after it, or was told.
    if (code !== 0) expect(err).toMatch(/connection to the owner .* ended[\s\S]*same extrinsic sent again/);
    expect(["1", "2"]).toContain(await count(dir));
  });

  it("tour and deploy end early, and leave a folder that can be used", async () => {
    for (const words of [["tour"], ["deploy", bundle, "new", "1"]]) {
      for (const milliseconds of [50, 300, 600]) {
        const dir = join(work, `early-${words[0]}-${milliseconds}`);
        const { child, ended } = start([...words, "--dir", dir]);
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        child.kill("SIGINT");
        const { code } = await ended;
        // Null is a signal that came before anything was set up.
        expect([0, 130, null]).toContain(code);
        expect((await phatvm("deploy", bundle, "new", "1", "--dir", dir)).code).toBe(0);
      }
    }
  });
});

describe("a folder that is not right", () => {
  const said = async (dir: string, ...words: readonly string[]) => {
    const { code, err, out } = await phatvm(...words, "--dir", dir);
    expect(out).toBe("");
    return { code, err };
  };
  const ways = (dir: string) => [
    said(dir, "query", counter, "get"),
    said(dir, "serve"),
    said(dir, "tx", counter, "flip"),
  ];

  it("of another version says which, and what to do", async () => {
    const dir = folder();
    writeFileSync(join(dir, "format"), "phatvm folder 99\n");
    for (const { code, err } of await Promise.all(ways(dir))) {
      expect(code).toBe(1);
      expect(err).toMatch(/has format 99; this version of phatvm reads format \d+\.\n {2}Open it with the version/);
    }
  });

  it("that is damaged says so, and what to do", async () => {
    const unreadable = folder();
    writeFileSync(join(unreadable, "format"), "?");
    const dir = folder();
    const chain = readFileSync(join(dir, "chain.mdb"));
    chain.fill(0xff, 0, 8192);
    writeFileSync(join(dir, "chain.mdb"), chain);
    for (const damaged of [unreadable, dir]) {
      for (const { code, err } of await Promise.all(ways(damaged))) {
        expect(code).toBe(1);
        expect(err).toMatch(/is damaged: .*\n {2}Restore it from a backup, or take a new folder/);
      }
    }
  });

  it("that is somebody else's says what it holds, and stays as it was", async () => {
    const dir = mkdtempSync(join(work, "foreign-"));
    writeFileSync(join(dir, "letter.txt"), "dear");
    const { code, err } = await said(dir, "serve");
    expect(code).toBe(1);
    expect(err).toMatch(/holds letter\.txt\.\n {2}Name an empty or a new folder; nothing was written/);
  });

  it("that may only be read says so, and what to do", async () => {
    const dir = folder();
    chmodSync(dir, 0o555);
    // Whoever may do everything is not stopped by the folder's mode: then somebody else asks.
    const other = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    chmodSync(work, 0o755);
    for (const words of [["serve"], ["query", counter, "get"], ["tx", counter, "increment", "1"]]) {
      const { code, err } = await start([...words, "--dir", dir], other).ended;
      expect(code).toBe(1);
      expect(err).toMatch(
        /failed: .*(EACCES|permission denied).*\n {2}Check that the disk has room and that the folder/i,
      );
    }
  });
});
