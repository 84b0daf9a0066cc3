/**
 * What many contracts cost: one hot among 10,000, 10,000 of one code, 10,000 codes.
 * @module
 */

import { type Code, Machine } from "../../src/vm/index.ts";
import { bare, counter, host, numbered } from "./guests.ts";
import { type Case, measure, ratio, report } from "./measure.ts";

const many = 10_000;
const gas = 5e12;
/** Where the number stands in a code of `numbered`. */
const markerAt = numbered(0x7f7f7f7f).findIndex(
  (_, i, all) => all[i] === 0x7f && all[i + 1] === 0x7f && all[i + 2] === 0x7f && all[i + 3] === 0x7f,
);

const lonely = new Machine();
const lonelyCode = lonely.load(counter);

const heapBefore = heap();
const crowded = new Machine();
const bytes = Array.from({ length: many }, (_, n) => numbered(n));
const heapWithBytes = heap();
const codes: Code[] = bytes.map((code, n) => crowded.load(code, { key: String(n) }));
const heapEach = (heap() - heapWithBytes) / many;
const crowdedCode = crowded.load(counter);
for (const code of codes) call(crowded, code, undefined);
const frames = Array.from({ length: many }, (_, id) => ({ id, state: new Map<string, number>() }));

function call(machine: Machine, code: Code, frame: unknown): void {
  const outcome = machine.run(code, { host, frame, entry: "call", gas });
  if (outcome.type !== "returned") throw outcome;
}

function heap(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Something done to the items in turn, from round to round. */
function rotate<T>(name: string, items: readonly T[], once: (item: T) => void): Case {
  let turn = 0;
  return {
    name,
    run(times) {
      for (let i = 0; i < times; i++) {
        once(items[turn]!);
        turn = (turn + 1) % items.length;
      }
    },
  };
}

const hot = measure([
  rotate("one contract, alone", [frames[0]], (frame) => call(lonely, lonelyCode, frame)),
  rotate("one hot contract among 10,000", [frames[0]], (frame) => call(crowded, crowdedCode, frame)),
  rotate("10,000 contracts of one code in rotation", frames, (frame) => call(crowded, crowdedCode, frame)),
]);
const cold = measure(
  [
    rotate("compile + instantiate on the bare engine", bytes, (code) => bare(code).call()),
    rotate("10,000 codes in rotation", codes, (code) => call(crowded, code, undefined)),
    rotate("10,000 codes in rotation, found by key", bytes, (code) => {
      const key = String(new DataView(code.buffer).getUint32(markerAt, true));
      call(crowded, crowded.find(key) ?? crowded.load(code, { key }), undefined);
    }),
  ],
  { rounds: 15, millisecondsEach: 60 },
);

report([
  ratio(hot, "one hot contract among 10,000", "one contract, alone", 1.1),
  ratio(hot, "10,000 contracts of one code in rotation", "one contract, alone", 1.3),
  ratio(cold, "10,000 codes in rotation", "compile + instantiate on the bare engine", 1.2),
  ratio(cold, "10,000 codes in rotation, found by key", "compile + instantiate on the bare engine", 1.2),
]);
const { idleInstances, spareMemories } = crowded.stats();
const facts = {
  heapBytesEach: Math.round(heapEach),
  heapOfBytes: heapWithBytes - heapBefore,
  idleInstances,
  spareMemories,
};
console.log(process.argv.includes("--json") ? JSON.stringify(facts) : facts);
