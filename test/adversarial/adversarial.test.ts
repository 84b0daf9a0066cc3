import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requiredStackBytes } from "../../src/vm/index.ts";
import type { TextParser } from "../conformance/runner.ts";
import { wabtParser } from "../conformance/wabt-parser.ts";
import { type Attack, expectation } from "./attack.ts";
import { type Request, type Verdict, WELL } from "./worker.ts";

const folder = fileURLToPath(new URL("modules", import.meta.url));
const files = readdirSync(folder).sort();

/** Longer than any attack may take by its gas, and short enough to call what lasts longer a hang. */
const HANG_MS = 200_000;

let parse: TextParser;
let bundle: string;
let worker: Worker;

const start = (): Worker =>
  new Worker(join(bundle, "worker.mjs"), {
    resourceLimits: { stackSizeMb: Math.ceil(requiredStackBytes() / 2 ** 20) },
  });

beforeAll(async () => {
  parse = await wabtParser();
  bundle = mkdtempSync(join(tmpdir(), "phatvm-adversarial-"));
  await build({
    entryPoints: [fileURLToPath(new URL("worker.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: join(bundle, "worker.mjs"),
    logLevel: "error",
  });
  worker = start();
});

afterAll(async () => {
  await worker?.terminate();
  rmSync(bundle, { recursive: true, force: true });
});

/** Reads an attack from a text file: what it tries, and lines of `;; key: value`. */
function fromText(source: string): Attack {
  const says = (key: string): string | undefined => new RegExp(`^;; ${key}: (.*)$`, "m").exec(source)?.[1];
  const notes = says("notes")?.split(" ").map(Number);
  const profile = says("profile") as Attack["profile"];
  return {
    bytes: parse(new TextEncoder().encode(source)),
    expect: says("expect") ?? "",
    gas: Number(says("gas") ?? Number.NaN) || 1e9,
    usesAtLeast: Number(says("uses at least") ?? 0),
    ...(notes === undefined ? {} : { notes }),
    ...(profile === undefined ? {} : { profile }),
  };
}

async function read(file: string): Promise<Attack> {
  const path = join(folder, file);
  if (file.endsWith(".wat")) return fromText(readFileSync(path, "utf8"));
  const { attack } = (await import(`./modules/${file.replace(/\.ts$/, "")}.ts`)) as { attack: Attack };
  return attack;
}

/** Sends an attack to the worker; a hang or a dead thread fails, and the next attack gets a new one. */
async function send(request: Request): Promise<Verdict> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), HANG_MS);
  try {
    const exited = once(worker, "exit", { signal: patience.signal }).then(([code]) => {
      throw new Error(`the isolate died with code ${code}`);
    });
    const answered = once(worker, "message", { signal: patience.signal }).then(([verdict]) => verdict as Verdict);
    worker.postMessage(request);
    return await Promise.race([answered, exited]);
  } catch (thrown) {
    await worker.terminate();
    worker = start();
    if (patience.signal.aborted) throw new Error(`no answer within ${HANG_MS} ms: a hang`, { cause: thrown });
    throw thrown;
  } finally {
    clearTimeout(timer);
    patience.abort();
  }
}

/** What an attack tries: its file's first line. */
function tries(file: string): string {
  const first = readFileSync(join(folder, file), "utf8").split("\n", 1)[0]!;
  return first.replace(/^(;;|\/\/) (Tries )?/, "").replace(/\.$/, "");
}

describe("a hostile module ends in a refusal or an outcome, and the machine serves the next call", () => {
  test("there are at least forty, and each says in its first line what it tries", () => {
    expect(files.length).toBeGreaterThanOrEqual(40);
    const silent = files.filter(
      (file) => !/^(;;|\/\/) Tries .+\.$/m.test(readFileSync(join(folder, file), "utf8").split("\n", 1)[0]!),
    );
    expect(silent).toEqual([]);
  });

  test.each(files.map((file) => ({ file, tries: tries(file) })))("$file tries $tries", async ({ file }) => {
    const attack = await read(file);
    const expected = expectation(attack.expect);
    const gas = attack.gas ?? 1e9;
    const verdict = await send({ bytes: attack.bytes, profile: attack.profile ?? "deterministic", gas });
    expect(verdict.ended, verdict.detail).toBe(expected.ends);
    if (expected.ends === "refused") expect(verdict.detail.toLowerCase()).toContain(expected.reason.toLowerCase());
    if (expected.ends === "trapped") expect(verdict.detail).toBe(expected.kind);
    if (expected.ends === "outOfGas") expect(verdict.gasUsed).toBe(gas);
    expect(verdict.gasUsed).toBeLessThanOrEqual(gas);
    expect(verdict.gasUsed).toBeGreaterThanOrEqual(attack.usesAtLeast ?? 0);
    if (attack.notes !== undefined) expect(verdict.notes).toEqual(attack.notes);
    expect(verdict.afterwards).toBe(WELL);
  });
});
