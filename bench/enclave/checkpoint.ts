/**
 * What checkpoints cost, with 100,000 keys of 32 bytes in one contract:
 *
 * - the first checkpoint, of everything, against sealing the same bytes in one piece, both written and flushed;
 * - one after 1,000 changed keys, against that of everything;
 * - queries while checkpoints are taken, one after the other, against queries while none is: the 99th percentile;
 * - starting again and executing 100 blocks, against the same without enclave: read, open, execute.
 *
 * Rounds alternate; medians are compared. Run with `node bench/run.mjs bench/enclave/checkpoint.ts [--json]`.
 * @module
 */

import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { Entries } from "../../src/enclave/entries.ts";
import { SealingKeys, type SealPolicy } from "../../src/enclave/keys/sealing.ts";
import { openFiles } from "../../src/platform/files.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { decodeRelayedBlock, type RelayedBlock, writeHeader, writeRelayedBlock } from "../../src/wire/block.ts";
import type { BlockHash, ContractId } from "../../src/wire/bytes.ts";
import { Entry, readEnclaveFacts, writeEnclaveOptions, writeStartOffer } from "../../src/wire/entry.ts";
import { writeQuery } from "../../src/wire/query.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import { alice, command, genesisBytes, Network } from "../../test/runtime/network.ts";
import { resumed, saved } from "../../test/runtime/saving.ts";
import { storing } from "../../test/runtime/storing.ts";
import { median } from "../vm/measure.ts";

const KEYS = Number(process.env.KEYS ?? 100_000);
const STEP = 5_000;
const ROUNDS = Number(process.env.ROUNDS ?? 7);

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const nothing = new Uint8Array(0);

// A chain that fills the keys, then one that changes a few in each block.
const network = new Network();
const blocks: RelayedBlock[] = [];
const make = network.make.bind(network);
network.make = (...parameters) => {
  const block = make(...parameters);
  blocks.push(block);
  return block;
};
network.found();
const contract: ContractId = network.deploy(storing(32), nothing);
for (let at = 0; at < KEYS; at += STEP) network.call(contract, words(0, at, Math.min(at + STEP, KEYS), 1));
const filling = blocks.map((block) => encode(block, writeRelayedBlock));
let tip: { number: number; parent: BlockHash } = { number: network.runtime.height + 1, parent: network.runtime.hash };
function changing(messages: number, each: number, seed: number): Uint8Array {
  const block = make(
    Array.from({ length: messages }, (_, i) => {
      const from = (seed * 7919 + i * 104_729) % (KEYS - each);
      return command(contract, words(0, from, from + each, seed & 255), { nonce: Uint8Array.of(i) });
    }),
    tip,
  );
  network.timestamp += 1000n;
  tip = { number: tip.number + 1, parent: blake2_256(encode(block.header, writeHeader)) as BlockHash };
  return encode(block, writeRelayedBlock);
}

const work = mkdtempSync(join(tmpdir(), "phatvm-bench-"));
const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

interface Enclave {
  readonly entries: Entries;
  dispatch(block: Uint8Array): void;
  checkpoint(): Promise<void>;
}

/** An enclave over a folder; its counter is a number, so that no flush but those of its files is measured. */
function enclave(folder: string, kept: { secrets?: Uint8Array; counter: bigint }, head: number): Enclave {
  const platform: Platform = {
    name: "bench",
    measurement: key(1),
    signer: key(2),
    sealKey: key(3),
    counter: () => kept.counter,
    increment: () => ++kept.counter,
    quote: () => {
      throw new Error("no quotes here");
    },
  };
  const entries = new Entries({ openPlatform: () => platform, openFiles }, { sliceMs: Number.POSITIVE_INFINITY });
  const call = (entry: number, body: Uint8Array): Uint8Array => entries.call(entry, body) as Uint8Array;
  const given = { platformFolder: "p", checkpointFolder: folder, genesis: genesisBytes, secrets: kept.secrets };
  const facts = decode(call(Entry.open, encode(given, writeEnclaveOptions)), "facts", readEnclaveFacts);
  if (facts.secrets !== undefined) kept.secrets = facts.secrets;
  call(Entry.start, encode({ head, acceptRollback: false }, writeStartOffer));
  return {
    entries,
    dispatch: (block) => call(Entry.dispatch, block),
    checkpoint: async () => {
      await entries.call(Entry.checkpoint, nothing);
    },
  };
}

const ms = async (run: () => unknown): Promise<number> => {
  const start = process.hrtime.bigint();
  await run();
  return Number(process.hrtime.bigint() - start) / 1e6;
};

const keys = new SealingKeys(new Uint8Array(randomBytes(32)));
const policy: SealPolicy = { kind: "measurement", identity: key(1) };
const state = saved(network.runtime);
const snapshot = Buffer.concat([state.content, ...state.parts]);
const onePiece = join(work, "one-piece");
function sealInOnePiece(): void {
  const sealed = keys.sealRecord(policy, "state", { sequence: 1n, counter: 1n }, snapshot);
  const file = openSync(onePiece, "w");
  writeSync(file, sealed);
  fsyncSync(file);
  closeSync(file);
}

// 1. Everything, and a little.
const times = { onePiece: [] as number[], everything: [] as number[], little: [] as number[] };
let subject: Enclave | undefined;
let kept = { counter: 0n };
let folder = "";
for (let round = 0; round < ROUNDS; round++) {
  folder = mkdtempSync(join(work, "round-"));
  kept = { counter: 0n };
  subject = enclave(folder, kept, 0);
  const [first, ...rest] = filling as [Uint8Array, ...Uint8Array[]];
  subject.dispatch(first);
  // The value of the counter that a first checkpoint uses up is not part of what is compared.
  await subject.checkpoint();
  for (const block of rest) subject.dispatch(block);
  globalThis.gc?.();
  times.onePiece.push(await ms(sealInOnePiece));
  globalThis.gc?.();
  const now = subject;
  times.everything.push(await ms(() => now.checkpoint()));
  tip = { number: network.runtime.height + 1, parent: network.runtime.hash };
  subject.dispatch(changing(10, 100, round));
  times.little.push(await ms(() => now.checkpoint()));
}

// 2. Queries meanwhile.
const request = (n: number): Uint8Array =>
  encode(
    {
      origin: alice,
      contract,
      deposit: 0n,
      transfer: 0n,
      gasLimit: undefined,
      body: { kind: "message", payload: words(1, (n * 7919) % KEYS), estimating: false } as const,
    },
    writeQuery,
  );
const late = subject as Enclave;
async function queries(until: () => boolean, into: number[]): Promise<void> {
  for (let n = 0; !until(); n++) {
    const asked = request(n);
    // As messages of a port do, each comes in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve));
    into.push(await ms(() => late.entries.call(Entry.query, asked)));
  }
}
const latency = { idle: [] as number[], busy: [] as number[] };
await queries(() => latency.idle.length >= 500, latency.idle);
latency.idle = [];
for (let round = 0; round < 12; round++) {
  const goal = latency.idle.length + 250;
  await queries(() => latency.idle.length >= goal, latency.idle);
  // Every other block changes keys all over the contract, so that a checkpoint writes most of it.
  late.dispatch(changing(200, 20, round));
  let done = false;
  const taken = late.checkpoint().then(() => {
    done = true;
  });
  await queries(() => done, latency.busy);
  await taken;
}
const p99 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] as number;

// 3. Starting again.
await late.checkpoint();
const plain = join(work, "plain");
const restart = { enclave: [] as number[], plain: [] as number[] };
const sealedWhole = keys.sealRecord(policy, "state", { sequence: 1n, counter: 1n }, snapshot);
const file = openSync(plain, "w");
writeSync(file, sealedWhole);
closeSync(file);
// Both start from the end of the filling, and execute the same hundred blocks.
tip = { number: network.runtime.height + 1, parent: network.runtime.hash };
const hundred = Array.from({ length: 100 }, (_, i) => changing(5, 10, i));
const restartFolder = mkdtempSync(join(work, "restart-"));
const restartKept = { counter: 0n };
{
  const one = enclave(restartFolder, restartKept, 0);
  for (const block of filling) one.dispatch(block);
  await one.checkpoint();
}
for (let round = 0; round < ROUNDS; round++) {
  globalThis.gc?.();
  restart.plain.push(
    await ms(() => {
      const opened = keys.openRecord(policy, "state", new Uint8Array(readFileSync(plain)));
      let end = 0;
      const [content, ...parts] = [state.content, ...state.parts].map(({ length }) =>
        opened.plaintext.subarray(end, (end += length)),
      ) as [Uint8Array, ...Uint8Array[]];
      const runtime = resumed({ content, parts }, new Network().services());
      for (const block of hundred) runtime.dispatch(decodeRelayedBlock(block));
    }),
  );
  globalThis.gc?.();
  restart.enclave.push(
    await ms(() => {
      const one = enclave(restartFolder, restartKept, network.runtime.height);
      for (const block of hundred) one.dispatch(block);
    }),
  );
}
rmSync(work, { recursive: true, force: true });

const result = {
  keys: KEYS,
  bytes: snapshot.length,
  onePieceMs: median(times.onePiece),
  everythingMs: median(times.everything),
  littleMs: median(times.little),
  idleP99Ms: p99(latency.idle),
  busyP99Ms: p99(latency.busy),
  busy: latency.busy.length,
  restartMs: median(restart.enclave),
  plainMs: median(restart.plain),
};
if (process.argv.includes("--json")) console.log(JSON.stringify(result));
else {
  const line = (name: string, value: number, most: number): void =>
    console.log(`${name.padEnd(56)} ${value.toFixed(2)} (at most ${most})`);
  console.log(result);
  line("checkpoint of everything / sealing it in one piece", result.everythingMs / result.onePieceMs, 4);
  line("checkpoint after 1,000 changed keys / of everything", result.littleMs / result.everythingMs, 1);
  line("p99 of queries during checkpoints / without", result.busyP99Ms / result.idleP99Ms, 3);
  line("restart with 100 blocks / the same without enclave", result.restartMs / result.plainMs, 2);
}
