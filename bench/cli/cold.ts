/**
 * What a cold `phatvm query` costs: the whole process, beside an empty Node process that opens LMDB and starts a worker.
 *
 * `npm run build && node bench/run.mjs bench/cli/cold.ts [--json]`. Runs are interleaved, figures are medians, and the
 * folders differ in how many blocks they hold: 100, and `PHATVM_BENCH_BLOCKS` (default 1,000; the promise is for 10,000).
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Network } from "../../src/index.ts";

const rounds = 15;
const root = process.cwd();
const main = resolve(root, "dist/cli/main.js");
const work = mkdtempSync(join(tmpdir(), "phatvm-cold-"));
const { open } = (await import(pathToFileURL(resolve(root, "dist/index.js")).href)) as {
  open(options: { dir: string }): Promise<Network>;
};

/** A folder with a counter and so many blocks. */
async function folder(blocks: number): Promise<{ readonly dir: string; readonly id: string }> {
  const dir = join(work, String(blocks));
  const net = await open({ dir });
  const signer = net.account("//Alice");
  const counter = await net.deploy({ bundle: resolve(root, "build/counter.contract"), args: [0], signer });
  for (let last = 0; last < blocks; ) last = (await counter.tx.increment?.({ args: [1], signer }))?.block ?? blocks;
  await net.close();
  return { dir, id: counter.id };
}

// Inside the package, so that `lmdb` is found.
const empty = resolve(root, "node_modules/.cache/phatvm-empty.mjs");
writeFileSync(
  empty,
  `import { open } from "lmdb";
import { Worker } from "node:worker_threads";
const db = open({ path: process.argv[2] });
const worker = new Worker("", { eval: true });
await new Promise((resolve) => worker.on("exit", resolve));
await db.close();
`,
);

function milliseconds(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - start;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

try {
  const few = await folder(100);
  const many = await folder(Number(process.env.PHATVM_BENCH_BLOCKS ?? 1_000));
  const query = ({ dir, id }: typeof few): string[] => [main, "query", id, "get", "--dir", dir];
  const times = { empty: [] as number[], few: [] as number[], many: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.empty.push(milliseconds([empty, join(work, "lmdb")]));
    times.few.push(milliseconds(query(few)));
    times.many.push(milliseconds(query(many)));
  }
  const result = {
    emptyMs: median(times.empty),
    queryToEmpty: median(times.few) / median(times.empty),
    manyBlocksToFew: median(times.many) / median(times.few),
  };
  if (process.argv.includes("--json")) console.log(JSON.stringify(result));
  else {
    console.log(`an empty process with LMDB and a worker   ${result.emptyMs.toFixed(0)} ms`);
    console.log(`phatvm query, to that                     ${result.queryToEmpty.toFixed(2)}x (promised: 5x)`);
    console.log(`a folder of many blocks to one of 100     ${result.manyBlocksToFew.toFixed(2)}x (promised: 1.2x)`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
  rmSync(empty, { force: true });
}
