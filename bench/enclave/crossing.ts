/**
 * What a message costs to cross into the enclave and back, in a frame of 256 and alone, against one `postMessage` round
 * trip of a structured clone per message.
 *
 * The message gives up a query that there is not, so what is measured is the way. Run with
 * `node bench/run.mjs bench/enclave/crossing.ts [--json]` after `npm run build`. Medians of interleaved rounds.
 * @module
 */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { Chain } from "../../src/host/chain/chain.ts";
import type { Enclave as EnclaveType } from "../../src/host/enclave.ts";
import { memoryStore } from "../../src/host/store/memory.ts";
import { Entry, writeEnclaveOptions, writeStartOffer } from "../../src/wire/entry.ts";
import { encode } from "../../src/wire/scale.ts";
import { median } from "../vm/measure.ts";

const BATCH = 256;
const ROUNDS = 60;
/** The round trips that are waited for one after the other: fewer, as each takes its time. */
const SINGLES = 64;

const module = (path: string): string => pathToFileURL(join(process.cwd(), "dist", path)).href;
const { Enclave } = (await import(module("host/enclave.js"))) as { Enclave: typeof EnclaveType };
const limits = { heapMegabytes: 256 };
const enclaves = { thread: new Enclave(limits, "thread"), process: new Enclave(limits, "process") };
const body = new Uint8Array(4);
const { genesisBytes: genesis } = await Chain.open(memoryStore(), {}, 1_000);
for (const enclave of Object.values(enclaves)) {
  await enclave.call(Entry.open, encode({ platformFolder: undefined, genesis }, writeEnclaveOptions));
  await enclave.call(Entry.start, encode({ head: 1, acceptRollback: false }, writeStartOffer));
}

const echo = new Worker(
  "const { parentPort } = require('node:worker_threads'); parentPort.on('message', (m) => parentPort.postMessage(m));",
  { eval: true, env: {} },
);
const roundTrip = (): Promise<unknown> =>
  new Promise((resolve) => {
    echo.once("message", resolve);
    echo.postMessage({ kind: Entry.cancel, request: 1, body });
  });
const call = (enclave: EnclaveType): Promise<unknown> => enclave.call(Entry.cancel, body);
/** Whole calls: promise, frame, entry, answer, and whoever waits for it. Only a list of them is no caller's to make. */
const calls = new Array<Promise<unknown>>(BATCH);
const batch = (enclave: EnclaveType): Promise<unknown> => {
  for (let i = 0; i < BATCH; i++) calls[i] = call(enclave);
  return Promise.all(calls);
};

interface Case {
  readonly messages: number;
  run(): Promise<unknown>;
}
const oneByOne = (one: () => Promise<unknown>) => async (): Promise<void> => {
  for (let i = 0; i < SINGLES; i++) await one();
};
const cases: Readonly<Record<string, Case>> = {
  "postMessage round trip": { messages: SINGLES, run: oneByOne(roundTrip) },
  "thread, alone": { messages: SINGLES, run: oneByOne(() => call(enclaves.thread)) },
  "process, alone": { messages: SINGLES, run: oneByOne(() => call(enclaves.process)) },
  "thread, 256 a frame": { messages: BATCH, run: () => batch(enclaves.thread) },
  "process, 256 a frame": { messages: BATCH, run: () => batch(enclaves.process) },
};

const times: Record<string, number[]> = {};
for (let round = -20; round < ROUNDS; round++) {
  for (const [name, { messages, run }] of Object.entries(cases)) {
    const start = process.hrtime.bigint();
    await run();
    const each = Number(process.hrtime.bigint() - start) / messages;
    if (round >= 0) (times[name] ??= []).push(each);
  }
}
await Promise.all([echo.terminate(), ...Object.values(enclaves).map((enclave) => enclave.terminate())]);

const base = median(times["postMessage round trip"] as number[]);
for (const [name, values] of Object.entries(times)) {
  const nanoseconds = median(values);
  const bound = name.endsWith("a frame") ? 30 : undefined;
  if (process.argv.includes("--json"))
    console.log(JSON.stringify({ name, nanoseconds, fraction: base / nanoseconds, bound }));
  else {
    const told = `${name.padEnd(26)} ${nanoseconds.toFixed(0).padStart(8)} ns  1/${(base / nanoseconds).toFixed(1)}`;
    console.log(bound === undefined ? told : `${told} of a round trip (at most 1/${bound})`);
  }
}
