/**
 * The isolate that is a process: what it was given, and that it lives exactly as long as whoever started it.
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { open } from "../../src/index.ts";
import { commandOf, computed, isAlive, isolatesOf, socketsOf, until } from "./processes.ts";

const victim = join(import.meta.dirname, "victim.mjs");
const bundle = join(import.meta.dirname, "../../build/stress.contract");

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-process-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

/** Starts the victim, and gives it and its isolate once it is ready. */
async function started(...words: string[]): Promise<{ child: ChildProcess; isolate: number }> {
  const child = spawn(process.execPath, [victim, join(dir, "net"), bundle, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PHATVM_MARK: "of the host" },
    detached: true,
  });
  children.push(child);
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  await until(() => said.includes("ready"), "the victim was ready");
  const [isolate, ...more] = isolatesOf(child.pid as number);
  expect(more).toEqual([]);
  return { child, isolate: isolate as number };
}

describe("the process of an isolate", () => {
  it("has no environment, no standard streams, and two sockets from its host", async () => {
    const { isolate } = await started();
    expect(readFileSync(`/proc/${isolate}/environ`, "utf8")).toBe("");
    const leads = (fd: number) => readlinkSync(`/proc/${isolate}/fd/${fd}`);
    expect([0, 1, 2].map(leads)).toEqual(["/dev/null", "/dev/null", "/dev/null"]);
    expect([3, 4].map(leads)).toEqual([expect.stringMatching(/^socket:/), expect.stringMatching(/^socket:/)]);
    const files = readdirSync(`/proc/${isolate}/fd`).map((fd) => readlinkSync(`/proc/${isolate}/fd/${fd}`));
    // Nothing of the host's is open in it: neither the chain nor the folder's socket.
    expect(files.filter((file) => file.startsWith("/") && !file.startsWith("/dev/"))).toEqual([]);
    expect(commandOf(isolate)).toContain("--max-old-space-size=1024");
    expect(commandOf(isolate)).toContain("--disallow-code-generation-from-strings");
  });

  it("ends with its host's kill -9", async () => {
    const { child, isolate } = await started();
    child.kill("SIGKILL");
    await until(() => !isAlive(isolate), "the isolate ended");
  });

  it("ends with its host's kill -9 also when it computes and hears nothing", async () => {
    const { child, isolate } = await started("busy");
    const before = computed(isolate);
    await until(() => computed(isolate) > before + 100, "the isolate was at work");
    child.kill("SIGKILL");
    await until(() => !isAlive(isolate), "the isolate ended");
  });

  it("is not in its host's process group, and takes no signal that is the host's to act on", async () => {
    const { child, isolate } = await started();
    const groupOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[2];
    expect(groupOf(isolate)).not.toBe(groupOf(child.pid as number));
    const before = socketsOf(isolate);
    // The last one is Node's own: it would open a debugger, which listens.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2", "SIGUSR1"] as const) process.kill(isolate, signal);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(isAlive(isolate)).toBe(true);
    expect(socketsOf(isolate)).toBe(before);
  });

  it("ends when its host ends in order, and when it forgets to close", async () => {
    const net = await open({ dir: join(dir, "own"), isolate: "process" });
    const [isolate] = isolatesOf(process.pid);
    await net.close();
    expect(isAlive(isolate as number)).toBe(false);
    const { child, isolate: other } = await started();
    child.kill("SIGTERM");
    await once(child, "exit");
    await until(() => !isAlive(other), "the isolate ended");
  });
});
