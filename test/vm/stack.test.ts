/** A contract's own stack limit comes before V8's, also with six frames at the limit, on a thread sized as we say. */

import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { requiredStackBytes } from "../../src/vm/index.ts";
import { wat } from "./wat.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "phatvm-stack-"));
  await build({
    stdin: { contents: worker, resolveDir: import.meta.dirname, loader: "ts" },
    outfile: join(folder, "worker.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Goes down to a given number of bytes above the limit, then into the host, six times over; the innermost goes on until
 * its counter says no. Each kind of frame that a guest can make large is tried.
 */
const worker = `
import { workerData, parentPort } from "node:worker_threads";
import { Machine } from "../../src/vm/index.ts";
const machine = new Machine();
const code = machine.load(workerData.code, { prepare: { maxStack: workerData.maxStack } });
const deepest = [];
const host = { bind: (module, name, slot) => (depth) => {
  // The frame's deepest call is the last one before the overflow: find it first, then stop there and nest.
  const { level, stopAt } = slot.frame;
  slot.frame.reached = depth;
  if (depth !== stopAt || level === 6) return;
  inner(level + 1);
} };
function run(frame) {
  return machine.run(code, { host, frame, entry: "call", gas: 1e15 });
}
function inner(level) {
  const measure = { level, stopAt: -1, reached: 0 };
  const overflow = run(measure);
  deepest.push(overflow.type, measure.reached);
  if (level < 6) run({ level, stopAt: measure.reached, reached: 0 });
}
inner(1);
parentPort.postMessage(deepest);
`;

const locals = (count: number, type: string) => `(local ${Array(count).fill(type).join(" ")})`;
/** A recursion that keeps its locals alive across the call. */
function recursion(count: number, type: string): Uint8Array {
  const each = Array.from({ length: count }, (_, i) => i + 1);
  const constant = type === "v128" ? "(v128.const i64x2 1 2)" : `(${type}.const 1)`;
  return wat(`(module
    (import "h" "at" (func $at (param i32)))
    (import "env" "memory" (memory 1 1))
    (func (export "deploy"))
    (func (export "call") (call $deep (i32.const 1)))
    (func $sink (param ${type}))
    (func $deep (param i32) ${locals(count, type)}
      ${each.map((i) => `(local.set ${i} ${constant})`).join(" ")}
      (call $at (local.get 0))
      (call $deep (i32.add (local.get 0) (i32.const 1)))
      ${each.map((i) => `(call $sink (local.get ${i}))`).join(" ")}))`);
}

/** The default, and what an isolate gives to contracts. */
const sizes = [524_288, 8 * 1024 * 1024];
const kinds: readonly (readonly [string, Uint8Array])[] = [
  ["small frames", recursion(1, "i32")],
  ["a hundred i64", recursion(100, "i64")],
  ["a hundred v128", recursion(100, "v128")],
  ["two thousand i32", recursion(2_000, "i32")],
];

it.each(sizes.flatMap((maxStack) => kinds.map(([what, code]) => [what, maxStack, code] as const)))(
  "six nested frames at the limit: %s, %i bytes each",
  async (_what, maxStack, code) => {
    const stack = Math.ceil(requiredStackBytes(6, maxStack) / 2 ** 20);
    await writeFile(join(folder, "code.wasm"), code);
    const result = await new Promise<unknown[]>((resolve, reject) => {
      const thread = new Worker(join(folder, "worker.mjs"), {
        workerData: { code, maxStack },
        resourceLimits: { stackSizeMb: stack },
      });
      thread.once("message", resolve);
      thread.once("error", reject);
    });
    expect(result.filter((_, i) => i % 2 === 0)).toEqual(Array(6).fill("stackOverflow"));
    // The same call on every level, whatever tier V8 is at by then and however deep it stands.
    expect(new Set(result.filter((_, i) => i % 2 === 1)).size).toBe(1);
  },
);
