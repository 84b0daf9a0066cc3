/**
 * Queries beside blocks, in an isolate of its own:
 *
 * - the latency of a query beside a stream of blocks of costly transactions, its median and 99th percentile, against the
 *   99th percentile when nothing else is done, and against the time of one such block, half of which a query would wait
 *   for if it were one piece; on a machine that has other things to do the median says more;
 * - what being cut into slices costs blocks of 500 cheap transactions, in processor time.
 *
 * Queries are sent at fixed moments, whether the ones before are answered or not, and timed from then. Rounds alternate;
 * medians are compared. Run with `node bench/run.mjs bench/enclave/blocks.ts [--json]` after `npm run build`.
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { Entries } from "../../src/enclave/entries.ts";
import type { Enclave as EnclaveType } from "../../src/host/enclave.ts";
import { openFiles } from "../../src/platform/files.ts";
import { openPlatform } from "../../src/platform/simulated.ts";
import { type RelayedBlock, writeHeader, writeRelayedBlock } from "../../src/wire/block.ts";
import type { BlockHash } from "../../src/wire/bytes.ts";
import { Entry, writeEnclaveOptions, writeStartOffer } from "../../src/wire/entry.ts";
import type { Message } from "../../src/wire/message.ts";
import { writeQuery } from "../../src/wire/query.ts";
import { encode } from "../../src/wire/scale.ts";
import { alice, command, genesisBytes, Network, selectors, wat } from "../../test/runtime/network.ts";
import { median } from "../vm/measure.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 8);
const COSTLY = 40;
const CHEAP = 500;
/** Milliseconds between two queries. */
const EVERY = 2;
/** Gas of a costly transaction, all of which it computes away: some milliseconds. */
const gas = 20_000_000_000n;

// A chain whose first blocks make the contracts; the others are written as they are needed.
const network = new Network();
const made: Uint8Array[] = [];
const make = network.make.bind(network);
network.make = (...parameters) => {
  const block = make(...parameters);
  made.push(encode(block, writeRelayedBlock));
  return block;
};
const spinning = wat(`(module (import "env" "memory" (memory 1 16))
  (func (export "deploy"))
  (func (export "call") (loop $again (br $again))))`);
network.found();
const counter = network.deploy(wat(readFileSync("fixtures/counter.wat", "utf8")));
const spinner = network.deploy(spinning);
const founding = [...made];

/** The blocks that follow, for one enclave. */
class Following {
  #tip = { number: network.runtime.height + 1, parent: network.runtime.hash };
  #time = network.timestamp;

  next(messages: readonly Message[]): Uint8Array {
    this.#time += 1000n;
    const block: RelayedBlock = make(messages, { ...this.#tip, timestamp: this.#time });
    const { header } = block;
    this.#tip = { number: header.number + 1, parent: blake2_256(encode(header, writeHeader)) as BlockHash };
    return encode(block, writeRelayedBlock);
  }
}

const costly = Array.from({ length: COSTLY }, (_, n) =>
  command(spinner, selectors.flip, { gas, nonce: Uint8Array.of(n) }),
);
const cheap = Array.from({ length: CHEAP }, (_, n) =>
  command(counter, selectors.flip, { nonce: Uint8Array.of(n, n >> 8), gas: 10n ** 12n }),
);
const body = { kind: "message", payload: selectors.get, estimating: false } as const;
const asked = { origin: alice, contract: counter, deposit: 0n, transfer: 0n, gasLimit: undefined, body };
const query = encode(asked, writeQuery);
const options = encode({ platformFolder: undefined, genesis: genesisBytes }, writeEnclaveOptions);
const start = encode({ head: founding.length, acceptRollback: false }, writeStartOffer);
const now = (): number => performance.now();
const p99 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] as number;

// 1. Queries beside costly blocks.
const { Enclave } = (await import(pathToFileURL(join(process.cwd(), "dist/host/enclave.js")).href)) as {
  Enclave: typeof EnclaveType;
};
const enclave = new Enclave({ heapMegabytes: 256 }, "thread");
await enclave.call(Entry.open, options);
await enclave.call(Entry.start, start);
for (const block of founding) await enclave.call(Entry.dispatch, block);

/** Sends queries until a moment comes. */
async function queries(until: () => boolean, into: number[]): Promise<void> {
  const answers: Promise<unknown>[] = [];
  for (let due = now(); !until(); due += EVERY) {
    while (now() < due) await new Promise((resolve) => setImmediate(resolve));
    const sent = due;
    answers.push(enclave.call(Entry.query, query.slice()).then(() => into.push(now() - sent)));
  }
  await Promise.all(answers);
}

const following = new Following();
const latency = { idle: [] as number[], beside: [] as number[] };
const blocks: number[] = [];
for (let round = -2; round < ROUNDS; round++) {
  const idle: number[] = [];
  const beside: number[] = [];
  const end = now() + 500;
  await queries(() => now() >= end, idle);
  let done = false;
  const stream = (async () => {
    for (let n = 0; n < 3; n++) {
      const block = following.next(costly);
      const began = now();
      await enclave.call(Entry.dispatch, block);
      if (round >= 0) blocks.push(now() - began);
    }
    done = true;
  })();
  await queries(() => done, beside);
  await stream;
  if (round < 0) continue;
  latency.idle.push(...idle);
  latency.beside.push(...beside);
}
await enclave.terminate();

// 2. Cheap blocks, in slices and in one piece.
function inside(sliceMs?: number) {
  const entries = new Entries(
    { openPlatform: (folder, configuration) => openPlatform(folder, new Uint8Array(1), configuration), openFiles },
    sliceMs === undefined ? {} : { sliceMs },
  );
  const blocks = new Following();
  entries.call(Entry.open, options);
  entries.call(Entry.start, start);
  /** Executes some blocks. @returns milliseconds of processor time of each. */
  const dispatch = async (several: readonly Uint8Array[]): Promise<number> => {
    const before = process.cpuUsage();
    for (const block of several) {
      await entries.call(Entry.dispatch, block);
      // What the engine does between two turns is part of it.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / several.length;
  };
  return { dispatch, next: () => Array.from({ length: 10 }, () => blocks.next(cheap)), times: [] as number[] };
}
const sliced = inside();
const whole = inside(Number.POSITIVE_INFINITY);
for (const { dispatch } of [sliced, whole]) await dispatch(founding);
for (let round = -4; round < ROUNDS * 5; round++) {
  for (const side of round % 2 === 0 ? [sliced, whole] : [whole, sliced]) {
    const took = await side.dispatch(side.next());
    if (round >= 0) side.times.push(took);
  }
}

const [idle, beside, block] = [p99(latency.idle), p99(latency.beside), median(blocks)];
const results = [
  { name: "queries beside costly blocks, p99 against idle", ratio: beside / idle },
  { name: "queries beside costly blocks, p99 against one block", ratio: beside / block },
  { name: "queries beside costly blocks, median against half a block", ratio: (2 * median(latency.beside)) / block },
  { name: "cheap blocks, in slices against in one piece", ratio: median(sliced.times) / median(whole.times) },
];
if (process.argv.includes("--json")) for (const result of results) console.log(JSON.stringify(result));
else {
  const medians = `medians ${median(latency.idle).toFixed(2)} and ${median(latency.beside).toFixed(2)} ms`;
  console.log(
    `p99 idle ${idle.toFixed(2)} ms, beside ${beside.toFixed(2)} ms, ${medians}, a block ${block.toFixed(0)} ms`,
  );
  console.log(
    `one costly transaction ${(block / COSTLY).toFixed(2)} ms; ${latency.beside.length} queries beside blocks`,
  );
  console.log(
    `a cheap block ${median(sliced.times).toFixed(2)} ms of processor time, in one piece ${median(whole.times).toFixed(2)} ms`,
  );
  for (const { name, ratio } of results) console.log(`${name}: ${ratio.toFixed(3)}x`);
}
