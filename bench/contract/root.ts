/**
 * What the size of a storage does to the root of the state: after a thousand changed keys among ten thousand, and among a
 * million.
 *
 * The changes are made as a block makes them, which hashes some of them ahead; the root's own time is printed, and that of
 * changes and root together. Rounds alternate; medians are compared.
 * @module
 */

import { variableSlot } from "../../src/enclave/contract/address.ts";
import { Storage } from "../../src/enclave/state/storage.ts";
import { nextEpoch } from "../../src/enclave/state/tree.ts";
import { median } from "../vm/measure.ts";

const changes = 1_000;
const rounds = Number(process.env.ROUNDS ?? 100);
const sizes = [10_000, Number(process.env.KEYS ?? 1_000_000)] as const;

function slotOf(n: number): Uint8Array {
  return variableSlot(Uint8Array.of(n, n >> 8, n >> 16, 0, 0, 0, 0, 0));
}

/** A storage of as many keys, and a round on it: microseconds of the root, and of the changes before it. */
function filled(keys: number): () => { readonly root: number; readonly all: number } {
  const storage = new Storage(nextEpoch(), undefined);
  const value = new Uint8Array(32);
  for (let n = 0; n < keys; n++) storage.put(slotOf(n), value);
  storage.root();
  let state = 7;
  let round = 0;
  return () => {
    round += 1;
    value[0] = round;
    value[1] = round >> 8;
    const slots = Array.from({ length: changes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return slotOf(Math.floor((state / 2 ** 32) * keys));
    });
    const begin = process.hrtime.bigint();
    for (const slot of slots) {
      storage.put(slot, value);
      if (storage.isBehind) storage.hashAhead();
    }
    const start = process.hrtime.bigint();
    storage.root();
    const end = process.hrtime.bigint();
    return { root: Number(end - start) / 1000, all: Number(end - begin) / 1000 };
  };
}

const few = filled(sizes[0]);
const many = filled(sizes[1]);
const times = { few: [] as ReturnType<typeof few>[], many: [] as ReturnType<typeof many>[] };
for (let i = 0; i < rounds + 10; i++) {
  const [one, other] = [few(), many()];
  if (i < 10) continue;
  times.few.push(one);
  times.many.push(other);
}
for (const part of ["root", "all"] as const) {
  const [a, b] = [times.few, times.many].map((all) => median(all.map((one) => one[part]))) as [number, number];
  const what = part === "root" ? "root after" : "root and";
  console.log(
    `${what} ${changes} changes among ${sizes[0]} keys ${a.toFixed(0)} us, among ${sizes[1]} ${b.toFixed(0)} us: ${(b / a).toFixed(2)}x`,
  );
}
