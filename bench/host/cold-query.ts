/**
 * What a cold `phatvm query` costs, as a whole process, and whether that depends on the length of the chain.
 *
 * Baseline: an empty Node process that opens LMDB and starts a worker. Ratios are of medians of interleaved runs.
 * Run with `node bench/run.mjs bench/host/cold-query.ts [--json]` after `npm run build`.
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const ROUNDS = 15;
const root = process.cwd();
const cli = join(root, "dist/cli/main.js");
const work = mkdtempSync(join(tmpdir(), "phatvm-cold-"));

function run(...argv: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", cwd: root });
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

/** A folder with a flipper and so many blocks. */
function folder(blocks: number): { dir: string; contract: string } {
  const dir = join(work, String(blocks));
  const deployed = run(cli, "deploy", join(root, "build/flipper.contract"), "new", "true", "--dir", dir, "--json");
  const { id } = JSON.parse(deployed) as { id: string };
  const filler = join(work, "fill.mjs");
  const module = (path: string): string => JSON.stringify(pathToFileURL(join(root, "dist", path)).href);
  writeFileSync(
    filler,
    `import { openNode } from ${module("host/node.js")};
     import { keyPairFromUri } from ${module("crypto/secret-uri.js")};
     import { clusterNumber } from ${module("wire/bytes.js")};
     import { encodeExtrinsic, signingPayload } from ${module("wire/extrinsic.js")};
     const node = await openNode({ dir: ${JSON.stringify(dir)} });
     const { genesisHash } = await node.facts();
     const pair = keyPairFromUri("//Filler", "ed25519");
     const call = { kind: "cluster", event: { kind: "deposit", cluster: clusterNumber(1), to: pair.publicKey, amount: 0n } };
     for (let nonce = 0, block = 3; block < ${blocks}; nonce++) {
       const signature = pair.sign(signingPayload(genesisHash, nonce, call));
       ({ block } = await node.submit(encodeExtrinsic({ signer: pair.publicKey, scheme: "ed25519", nonce, call, signature })));
     }
     await node.close();`,
  );
  run(filler);
  return { dir, contract: id };
}

const baseline = join(work, "baseline.mjs");
writeFileSync(
  baseline,
  `import { Worker } from "node:worker_threads";
   import { open } from ${JSON.stringify(pathToFileURL(join(root, "node_modules/lmdb/node-index.js")).href)};
   const db = open({ path: ${JSON.stringify(join(work, "baseline.mdb"))}, noSubdir: true });
   const worker = new Worker("", { eval: true });
   worker.once("online", async () => { await worker.terminate(); await db.close(); });`,
);

const [short, long] = [folder(100), folder(10_000)];
const query = ({ dir, contract }: { dir: string; contract: string }): string[] => [
  cli,
  "query",
  contract,
  "get",
  "--dir",
  dir,
];
const cases: Record<string, string[]> = {
  "empty process, LMDB, worker": [baseline],
  "query, 100 blocks": query(short),
  "query, 10,000 blocks": query(long),
};

const times: Record<string, number[]> = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, argv] of Object.entries(cases)) {
    const start = process.hrtime.bigint();
    run(...argv);
    (times[name] ??= []).push(Number(process.hrtime.bigint() - start) / 1e6);
  }
}
rmSync(work, { recursive: true, force: true });

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
const [base, few, many] = Object.values(times).map(median) as [number, number, number];
const result = { rounds: ROUNDS, baselineMs: base, queryMs: few, toBaseline: few / base, longToShort: many / few };
if (process.argv.includes("--json")) console.log(JSON.stringify(result));
else {
  for (const [name, values] of Object.entries(times)) console.log(`${name.padEnd(30)} ${median(values).toFixed(0)} ms`);
  console.log(`query / empty process          ${result.toBaseline.toFixed(2)} (at most 5)`);
  console.log(`10,000 blocks / 100 blocks     ${result.longToShort.toFixed(2)} (0.8 to 1.2)`);
}
