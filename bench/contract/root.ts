/**
 * What the size of a storage does to the root of the state: after a thousand changed keys among ten thousand, and among a
 * million.
 *
 * The changes are made as a block makes them, which hashes some of them ahead; the root's own time is printed, and that of
 * changes and root together. Then whole blocks that change as many keys, by the number of changes of a transaction: what a
 * user waits for. Rounds alternate; medians are compared.
 * @module
 */

import { variableSlot } from "../../src/enclave/contract/address.ts";
import { Storage } from "../../src/enclave/state/storage.ts";
import { nextEpoch } from "../../src/enclave/state/tree.ts";
import { median } from "../vm/measure.ts";
import { dispatched, filled as filledNetwork, generator, settle, words } from "./keys.ts";

const changes = 1_000;
const rounds = Number(process.env.ROUNDS ?? 100);
const sizes = [10_000, Number(process.env.KEYS ?? 1_000_000)] as const;

const next = generator(7);

function slotOf(n: number): Uint8Array {
  return variableSlot(Uint8Array.of(n, n >> 8, n >> 16, 0, 0, 0, 0, 0));
}

/** A storage of as many keys, and a round on it: microseconds of the root, and of the changes before it. */
function filled(keys: number): () => { readonly root: number; readonly all: number } {
  const storage = new Storage(nextEpoch(), undefined);
  const value = new Uint8Array(32);
  for (let n = 0; n < keys; n++) storage.put(slotOf(n), value);
  storage.root();
  let round = 0;
  return () => {
    round += 1;
    value[0] = round;
    value[1] = round >> 8;
    const slots = Array.from({ length: changes }, () => slotOf(next(keys)));
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
settle();
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

const networks = sizes.map(filledNetwork);
settle();
for (const each of [1, 10, 100, 1_000]) {
  const times = sizes.map(() => [] as number[]);
  for (let i = 0; i < rounds + 10; i++) {
    for (const [which, network] of networks.entries()) {
      const keys = sizes[which]!;
      const inputs = Array.from({ length: changes / each }, () => words(2, each, keys, next(2 ** 32)));
      const elapsed = dispatched(network, inputs);
      if (i >= 10) times[which]!.push(elapsed);
    }
  }
  const [a, b] = times.map(median) as [number, number];
  console.log(
    `block of ${changes / each} x ${each} changes among ${sizes[0]} keys ${a.toFixed(0)} us, among ${sizes[1]} ${b.toFixed(0)} us: ${(b / a).toFixed(2)}x`,
  );
}
