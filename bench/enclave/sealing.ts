/**
 * What sealing costs beside the cipher that it uses: chunks of 1 MiB as a stream, sealed and opened, against bare native
 * AES-256-GCM of the same bytes.
 *
 * Rounds alternate; medians are compared. Run with `node bench/run.mjs bench/enclave/sealing.ts [--json]`.
 * @module
 */

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { SealingKeys, type SealPolicy } from "../../src/enclave/keys/sealing.ts";
import { median } from "../vm/measure.ts";

const MIB = 2 ** 20;
const CHUNKS = 32;
const ROUNDS = 25;
const chunks = Array.from({ length: CHUNKS }, () => new Uint8Array(randomBytes(MIB)));
const keys = new SealingKeys(new Uint8Array(randomBytes(32)));
const policy: SealPolicy = { kind: "measurement", identity: new Uint8Array(32) };
const key = randomBytes(32);

/** Sealed chunks with their tags, as they would be written. */
type Sealed = readonly (readonly [Uint8Array, Uint8Array])[];

function bareSeal(): Sealed {
  return chunks.map((chunk, i) => {
    const iv = Buffer.alloc(12);
    iv.writeUInt32BE(i);
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    const body = cipher.update(chunk);
    cipher.final();
    return [body, cipher.getAuthTag()];
  });
}

function bareOpen(sealed: Sealed): void {
  for (const [i, [body, tag]] of sealed.entries()) {
    const iv = Buffer.alloc(12);
    iv.writeUInt32BE(i);
    const decipher = createDecipheriv("aes-256-gcm", key, iv);
    decipher.setAuthTag(tag);
    decipher.update(body);
    decipher.final();
  }
}

function sealed(): { head: Uint8Array; parts: Sealed } {
  const stream = keys.seal(policy, "bench", { sequence: 1n, counter: 1n }, randomBytes(16), 20);
  return { head: stream.head, parts: chunks.map((chunk, i) => stream.next(chunk, i === CHUNKS - 1)) };
}

function open(head: Uint8Array, records: readonly Uint8Array[]): void {
  const stream = keys.open(policy, "bench", head);
  for (const [i, record] of records.entries()) stream.next(record, i === CHUNKS - 1);
}

function time(work: () => unknown): number {
  // What the round before left behind is not this one's to collect.
  globalThis.gc?.();
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

const bare = bareSeal();
const own = sealed();
// A chunk of a file is read with its tag behind it.
const records = own.parts.map((parts) => Buffer.concat(parts));
const times = { bareSeal: [] as number[], seal: [] as number[], bareOpen: [] as number[], open: [] as number[] };
for (let round = 0; round < ROUNDS + 5; round++) {
  const one = [time(bareSeal), time(sealed), time(() => bareOpen(bare)), time(() => open(own.head, records))] as const;
  if (round < 5) continue;
  times.bareSeal.push(one[0]);
  times.seal.push(one[1]);
  times.bareOpen.push(one[2]);
  times.open.push(one[3]);
}
const ms = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)])) as Record<
  keyof typeof times,
  number
>;
const result = { chunks: CHUNKS, ms, seal: ms.bareSeal / ms.seal, open: ms.bareOpen / ms.open };
if (process.argv.includes("--json")) console.log(JSON.stringify(result));
else {
  const rate = (milliseconds: number): string => `${(CHUNKS / (milliseconds / 1000) / 1024).toFixed(2)} GiB/s`;
  for (const [name, value] of Object.entries(ms)) console.log(`${name.padEnd(10)} ${rate(value)}`);
  console.log(`sealing, of the bare cipher's speed ${result.seal.toFixed(2)} (at least 0.6)`);
  console.log(`opening, of the bare cipher's speed ${result.open.toFixed(2)} (at least 0.6)`);
}
