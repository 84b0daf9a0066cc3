/**
 * What the size of the storage does to a transaction: one random read and write among a thousand keys, and among a
 * million, beside what it does to a bare `Map`.
 *
 * Blocks of 500 transactions; the state root and the seal are part of it. The heap has settled when it begins. Rounds
 * alternate; medians are compared.
 * @module
 */

import { median } from "../vm/measure.ts";
import { dispatched, filled, generator, settle, words } from "./keys.ts";

const perBlock = 500;
const rounds = Number(process.env.ROUNDS ?? 60);
const small = 1_000;
const large = Number(process.env.KEYS ?? 1_000_000);

function round(network: ReturnType<typeof filled>, keys: number, next: (below: number) => number): number {
  const inputs = Array.from({ length: perBlock }, (_, i) => words(1, next(keys), i));
  return dispatched(network, inputs) / perBlock;
}

/** A map of as many keys, by strings of the keys' bytes: one read and one write. */
function bareMap(keys: number): (next: (below: number) => number) => number {
  const text = (n: number): string =>
    String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24, 0, 0, 0, 0);
  const map = new Map<string, Uint8Array>();
  for (let n = 0; n < keys; n++) map.set(text(n), new Uint8Array(32).fill(n));
  return (next) => {
    const chosen = Array.from({ length: perBlock }, () => next(keys));
    const start = process.hrtime.bigint();
    for (const n of chosen) {
      const key = text(n);
      const before = map.get(key)!;
      const after = before.slice();
      after[0] = n;
      map.set(key, after);
    }
    return Number(process.hrtime.bigint() - start) / 1000 / perBlock;
  };
}

const few = filled(small);
const many = filled(large);
const fewInMap = bareMap(small);
const manyInMap = bareMap(large);
settle();
const next = generator(7);
const times = { few: [] as number[], many: [] as number[], fewInMap: [] as number[], manyInMap: [] as number[] };
for (let i = 0; i < rounds + 20; i++) {
  const one = [round(few, small, next), round(many, large, next), fewInMap(next), manyInMap(next)] as const;
  if (i < 20) continue;
  times.few.push(one[0]);
  times.many.push(one[1]);
  times.fewInMap.push(one[2]);
  times.manyInMap.push(one[3]);
}
const [a, b, c, d] = [median(times.few), median(times.many), median(times.fewInMap), median(times.manyInMap)];
const fastest = [times.few, times.many, times.fewInMap, times.manyInMap].map((all) => Math.min(...all).toFixed(2));
console.log(`fastest rounds ${fastest.join(", ")} us`);
const allowed = 1.3 * a + (d - c);
console.log(`${small} keys ${a.toFixed(2)} us, ${large} keys ${b.toFixed(2)} us: ${(b / a).toFixed(2)}x`);
console.log(`a bare Map ${c.toFixed(2)} us and ${d.toFixed(2)} us; allowed ${allowed.toFixed(2)} us`);
