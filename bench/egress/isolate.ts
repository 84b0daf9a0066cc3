/**
 * What waiting costs in a real isolate: 2,000 queries in flight against the same requests by its client alone, on the same
 * warm connections, and the latency of a query beside them. All by frames, from a host in another thread.
 *
 * Medians of interleaved rounds. The server is a process of its own, on loopback, and answers after 100 ms.
 * Run with `NODE_FLAGS=--no-expose-gc node bench/run.mjs bench/egress/isolate.ts [--json]` after `npm run build`: the
 * isolate starts in no realm that has more than Node gives.
 * @module
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Enclave as EnclaveOfHost } from "../../src/host/enclave.ts";
import type { startThread as StartThread } from "../../src/host/isolate/thread.ts";
import { type RelayedBlock, writeRelayedBlock } from "../../src/wire/block.ts";
import { checkSettings } from "../../src/wire/egress.ts";
import { Entry, writeEnclaveOptions, writeStartOffer } from "../../src/wire/entry.ts";
import { writeQuery } from "../../src/wire/query.ts";
import { encode } from "../../src/wire/scale.ts";
import { alice, genesisBytes, Network, selectors, wat } from "../../test/runtime/network.ts";
import { median } from "../vm/measure.ts";

const IN_FLIGHT = 2000;
const ROUNDS = 5;
const bare = 250;
const now = (): number => performance.now();

const server = spawn(
  process.execPath,
  [
    "-e",
    `require("node:http").createServer((request, response) => {
       setTimeout(() => response.end('{"price":"1.5"}'), 100);
     }).listen(0, "127.0.0.1", 4096, function () { process.stdout.write(String(this.address().port)); }).keepAliveTimeout = 60000;`,
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const port = await new Promise<string>((resolve) => server.stdout?.once("data", (data) => resolve(String(data))));

const network = new (class extends Network {
  readonly blocks: RelayedBlock[] = [];
  override make(...parameters: Parameters<Network["make"]>): RelayedBlock {
    const block = super.make(...parameters);
    this.blocks.push(block);
    return block;
  }
})();
network.found();
const source = (file: string): Uint8Array => wat(readFileSync(join(process.cwd(), file), "utf8"));
const asker = network.deploy(source("bench/egress/asker.wat"));
const flipper = network.deploy(source("fixtures/flip.wat"), Uint8Array.from([...selectors.new, 1]));

const folder = mkdtempSync(join(tmpdir(), "phatvm-bench-"));
const code = join(folder, "enclave.js");
const flags = [
  "--bundle",
  "--platform=node",
  "--format=iife",
  "--target=node20",
  "--minify",
  "--ignore-annotations",
  "--log-level=error",
];
spawnSync("npx", ["esbuild", "bench/egress/inside.ts", ...flags, `--outfile=${code}`], { stdio: "inherit" });
const built = async (path: string): Promise<unknown> =>
  await import(pathToFileURL(join(process.cwd(), "dist", path)).href);
const { Enclave } = (await built("host/enclave.js")) as { Enclave: typeof EnclaveOfHost };
const { startThread } = (await built("host/isolate/thread.js")) as { startThread: typeof StartThread };
const enclave = new Enclave({ heapMegabytes: 1024 }, (limits, events) => startThread(limits, events, code));
const settings = checkSettings({
  egress: { openAddresses: ["127.0.0.1"], connections: IN_FLIGHT },
  queries: { timeoutMs: 60_000 },
});
await enclave.call(
  Entry.open,
  encode({ platformFolder: undefined, genesis: genesisBytes, settings }, writeEnclaveOptions),
);
await enclave.call(Entry.start, encode({ head: 0, acceptRollback: false }, writeStartOffer));
for (const block of network.blocks) await enclave.call(Entry.dispatch, encode(block, writeRelayedBlock));

const url = `http://127.0.0.1:${port}/`;
const asked = (contract: typeof asker, payload: Uint8Array): Uint8Array => {
  const body = { kind: "message", payload, estimating: false } as const;
  return encode({ origin: alice, contract, deposit: 0n, transfer: 0n, gasLimit: undefined, body }, writeQuery);
};
const waiting = asked(
  asker,
  encode(url, (w, to) => w.u32(0).str(to).str("GET").compact(0).compact(0)),
);
const short = asked(flipper, selectors.get);
const requests = encode(url, (w, to) => w.u32(IN_FLIGHT).str(to));

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = now();
  await work();
  return now() - start;
}
const viaQueries = (): Promise<number> =>
  timed(() => Promise.all(Array.from({ length: IN_FLIGHT }, () => enclave.call(Entry.query, waiting))));
const viaUndici = (): Promise<number> => timed(() => enclave.call(bare, requests));

/** Latencies of a query without requests, one after the other, while something else is under way. */
async function beside(work: () => Promise<number>): Promise<number> {
  const latencies: number[] = [];
  let over = false;
  const done = work().finally(() => {
    over = true;
  });
  // In a frame of its own.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  while (!over) {
    latencies.push(await timed(() => enclave.call(Entry.query, short)));
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  await done;
  latencies.sort((a, b) => a - b);
  return latencies[Math.floor(latencies.length * 0.99)] ?? 0;
}

await enclave.call(Entry.query, waiting);
for (let i = 0; i < 3; i++) {
  await viaUndici();
  await viaQueries();
}
const samples = { queries: [] as number[], undici: [] as number[], p99: [] as number[], p99Undici: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
  samples.undici.push(await viaUndici());
  samples.queries.push(await viaQueries());
  samples.p99Undici.push(await beside(viaUndici));
  samples.p99.push(await beside(viaQueries));
}
const result = {
  inFlight: IN_FLIGHT,
  queriesMs: median(samples.queries),
  undiciMs: median(samples.undici),
  toUndici: median(samples.queries) / median(samples.undici),
  p99Ms: median(samples.p99),
  p99UndiciMs: median(samples.p99Undici),
  p99ToUndici: median(samples.p99) / median(samples.p99Undici),
};
if (process.argv.includes("--json")) console.log(JSON.stringify(result));
else {
  const { queriesMs, undiciMs, p99Ms, p99UndiciMs } = result;
  console.log(
    `2,000 queries / undici alone     ${result.toUndici.toFixed(2)} (at most 2)   ${queriesMs.toFixed(0)} / ${undiciMs.toFixed(0)} ms`,
  );
  console.log(
    `p99 beside them / beside undici  ${result.p99ToUndici.toFixed(2)} (at most 3)   ${p99Ms.toFixed(1)} / ${p99UndiciMs.toFixed(1)} ms`,
  );
}
await enclave.terminate();
server.kill();
rmSync(folder, { recursive: true });
process.exit(0);
