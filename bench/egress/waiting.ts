/**
 * What waiting costs: 2,000 queries in flight against undici alone, the heap of each, and what running a query again
 * costs. In this process and without frames; `isolate.ts` is the whole way, with the latency of a query beside them.
 *
 * Baseline: the same requests, on the same warm connections, through undici without queries around them. Medians of
 * interleaved rounds. The server is a process of its own, on loopback, and answers after 100 ms.
 * `--oracle`: with the oracle in AssemblyScript in place of a contract by hand.
 * Run with `node bench/run.mjs bench/egress/waiting.ts [--oracle] [--json]` after `npm run build`.
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type EgressRequest, encodeHttpResult, type HttpResult } from "../../src/enclave/contract/pink/http.ts";
import { QuerySession } from "../../src/enclave/contract/pink/session.ts";
import type { Client } from "../../src/enclave/egress/client.ts";
import { Egress } from "../../src/enclave/egress/egress.ts";
import { Queries } from "../../src/enclave/egress/queries.ts";
import { prepare } from "../../src/enclave/egress/request.ts";
import { Machine } from "../../src/vm/index.ts";
import { fromHex, toHex } from "../../src/wire/bytes.ts";
import type { QueryRequest } from "../../src/wire/query.ts";
import { encode } from "../../src/wire/scale.ts";
import { alice, Network, wat } from "../../test/runtime/network.ts";
import { median } from "../vm/measure.ts";

const IN_FLIGHT = 2000;
const ROUNDS = 5;
const PASSES = 400;
const now = (): number => performance.now();
const collect = (globalThis as { gc?: () => void }).gc ?? (() => undefined);

const server: ChildProcess = spawn(
  process.execPath,
  [
    "-e",
    `require("node:http").createServer((request, response) => {
       setTimeout(() => response.end('{"price":"1.5"}'), Number(request.url.slice(1).split("/")[0]));
     }).listen(0, "127.0.0.1", 4096, function () { process.stdout.write(String(this.address().port)); }).keepAliveTimeout = 60000;`,
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const port = await new Promise<string>((resolve) => server.stdout?.once("data", (data) => resolve(String(data))));

/** Shared by the runtime and what bounds its passes, as in the enclave. */
const machine = new Machine();
const network = new (class extends Network {
  override services() {
    return { ...super.services(), machine };
  }
})();
network.found();
interface Labelled {
  readonly label: string;
  readonly selector: string;
}
const { spec } = JSON.parse(readFileSync(join(process.cwd(), "build/oracle.json"), "utf8")) as {
  spec: { constructors: Labelled[]; messages: Labelled[] };
};
const selector = (label: string): Uint8Array =>
  fromHex([...spec.constructors, ...spec.messages].find((one) => one.label === label)?.selector ?? "0x");
const code = new Uint8Array(readFileSync(join(process.cwd(), "build/oracle.wasm")));
const at = (delay: number): string => `http://127.0.0.1:${port}/${delay}/{}`;
const contract = network.deploy(code, Uint8Array.from(encode(at(100), (w, url) => w.raw(selector("new")).str(url))));

const egress = new Egress({ options: { openAddresses: ["127.0.0.1"], connections: IN_FLIGHT }, now });
const queries = new Queries({
  runtime: network.runtime,
  egress,
  limits: { timeoutMs: 60_000 },
  logs: { seal: (log) => log, unseal: (log) => log },
  now,
  time: () => BigInt(Date.now()),
  random: (length) => new Uint8Array(randomBytes(length)),
  logInto: (_, work) => work(),
});

const requestOf = (to: Uint8Array, payload: Uint8Array): QueryRequest => ({
  origin: alice,
  contract: to as QueryRequest["contract"],
  deposit: 0n,
  transfer: 0n,
  gasLimit: undefined,
  body: { kind: "message", payload, estimating: false },
});
const fetching = encode("PHA", (w, symbol) => w.raw(selector("fetch")).str(symbol));
const asking = requestOf(contract, fetching);

async function inFlight(one: () => Promise<unknown>): Promise<number> {
  const start = now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  return now() - start;
}
const small = network.deploy(wat(readFileSync(join(process.cwd(), "bench/egress/asker.wat"), "utf8")));
function sending(delay: number): Uint8Array {
  return encode(at(delay), (w, url) => w.u32(0).str(url).str("GET").compact(0).compact(0));
}
const waiting = process.argv.includes("--oracle") ? asking : requestOf(small, sending(100));
const viaQueries = (): Promise<unknown> => queries.ask(waiting, 0);
const client: Client = await egress.client();
function bare(delay: number): () => Promise<unknown> {
  const outgoing = prepare({ url: at(delay).replace("{}", "PHA"), method: "GET", headers: [], body: new Uint8Array() });
  if (typeof outgoing === "string") throw new TypeError(outgoing);
  return () =>
    new Promise((ended) => {
      client.send(outgoing, { timeoutMs: 60_000, maxBody: 1 << 21, receive: () => undefined, ended });
    });
}
const viaUndici = bare(100);

for (let i = 0; i < 2; i++) {
  await inFlight(viaUndici);
  await inFlight(viaQueries);
}
const samples = {
  queries: [] as number[],
  undici: [] as number[],
};
for (let round = 0; round < ROUNDS; round++) {
  samples.undici.push(await inFlight(viaUndici));
  samples.queries.push(await inFlight(viaQueries));
}

/** Heap in use while all of them wait, on connections that are warm. */
async function waitingHeap(one: () => Promise<unknown>): Promise<number> {
  collect();
  const before = process.memoryUsage().heapUsed;
  const all = Promise.all(Array.from({ length: IN_FLIGHT }, one));
  await new Promise((resolve) => {
    setTimeout(resolve, 2500);
  });
  collect();
  const used = process.memoryUsage().heapUsed - before;
  await all;
  return used / IN_FLIGHT;
}
const slowly = requestOf(small, sending(4000));
const heap = { undici: [] as number[], queries: [] as number[] };
for (let round = 0; round < 3; round++) {
  heap.undici.push(await waitingHeap(bare(4000)));
  heap.queries.push(await waitingHeap(() => queries.ask(slowly, 0)));
}

/** The same query from the first pass to the answer, and fed from its log: without any client. */
function passes(): { readonly live: number; readonly fed: number } {
  const snapshot = network.runtime.pin();
  const environment = (session: QuerySession) => ({
    nowMs: 0n,
    random: (length: number) => new Uint8Array(length),
    pink: session,
  });
  const live: number[] = [];
  const fed: number[] = [];
  for (let i = 0; i < PASSES; i++) {
    const session = new QuerySession();
    let start = now();
    const first = snapshot.query(asking, environment(session));
    if (first.type !== "suspended" || (first.request as EgressRequest).type !== "http")
      throw new TypeError("no request");
    session.supply(answer);
    if (snapshot.query(asking, environment(session)).type !== "answered") throw new TypeError("no answer");
    live.push(now() - start);
    start = now();
    const again = new QuerySession(undefined, session.answers);
    if (snapshot.query(asking, environment(again)).type !== "answered") throw new TypeError("no answer");
    fed.push(now() - start);
  }
  return { live: median(live), fed: median(fed) };
}
const answer = await new Promise<Uint8Array>((resolve, reject) => {
  const scope = { remaining: () => 10_000, spend: () => undefined, denied: () => undefined };
  const request = { url: at(0).replace("{}", "PHA"), method: "GET", headers: [], body: new Uint8Array() };
  const asker = { id: contract, hex: toHex(contract), scope };
  const fetched = (result: HttpResult): void => resolve(encodeHttpResult(result));
  egress.perform({ type: "http", contract, request }, asker, { fetched, batched: () => undefined, lost: reject });
});
passes();
const cost = passes();

const of = (list: readonly number[]): number => median(list);
const result = {
  inFlight: IN_FLIGHT,
  queriesMs: of(samples.queries),
  undiciMs: of(samples.undici),
  toUndici: of(samples.queries) / of(samples.undici),
  heapPerQueryBeyondUndici: of(heap.queries) - of(heap.undici),
  heapPerRequestUndici: of(heap.undici),
  replayMs: cost.live,
  fedMs: cost.fed,
  replayToFed: cost.live / cost.fed,
};
if (process.argv.includes("--json")) console.log(JSON.stringify(result));
else {
  console.log(
    `2,000 queries / undici alone        ${result.toUndici.toFixed(2)} (at most 2)   ${result.queriesMs.toFixed(0)} / ${result.undiciMs.toFixed(0)} ms`,
  );
  console.log(
    `heap of a waiting query beyond that ${(result.heapPerQueryBeyondUndici / 1024).toFixed(1)} KB (at most 10)`,
  );
  console.log(
    `run, wait, run again / run from log ${result.replayToFed.toFixed(2)} (at most 3)   ${(cost.live * 1000).toFixed(0)} / ${(cost.fed * 1000).toFixed(0)} us`,
  );
}
server.kill();
await egress.close();
process.exit(0);
