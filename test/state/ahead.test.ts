/** A storage that is hashed ahead while parts of it are outside, and reading those fails now and then. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { evict, saveState } from "../../src/enclave/state/extents.ts";
import { Journal } from "../../src/enclave/state/journal.ts";
import { State } from "../../src/enclave/state/state.ts";
import { EngineError } from "../../src/errors.ts";
import { contractId } from "../../src/wire/bytes.ts";
import { id, info } from "./changes.ts";
import { modelRoot } from "./model.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const contract = contractId(id(1));
/** Alike in the first two bytes, so that few are far from the root already; neighbours lie side by side. */
const keyOf = (n: number): Uint8Array =>
  id(n)
    .fill(5, 0, 2)
    .fill(n >> 2, 2, 3);
const lengths = [0, 200, 64, 65, 255, 256];
const bytesFor = (n: number): Uint8Array => new Uint8Array(lengths[n % lengths.length]!).fill(n);

/** A state of one contract, outside so far as it can be, and what its storage has. */
function cold(slots: number, fails: () => boolean): { state: State; model: Map<string, Uint8Array> } {
  const extents: Uint8Array[] = [];
  const read = (place: Uint8Array): Uint8Array => {
    if (fails()) throw new EngineError("SealBroken", { what: "a part", reason: "none" });
    return extents[place[0]! | (place[1]! << 8)]!;
  };
  const write = (extent: Uint8Array): Uint8Array => {
    const number = extents.push(extent.slice()) - 1;
    return Uint8Array.of(number, number >> 8);
  };
  const state = State.empty({ read });
  const record = state.newContract(contract, info(1));
  state.contracts.set(contract, record);
  const model = new Map<string, Uint8Array>();
  for (let n = 0; n < slots; n++) {
    record.storage.put(keyOf(n), bytesFor(n));
    model.set(hex(keyOf(n)), bytesFor(n));
  }
  const steps = saveState(state.fork(), { write });
  let step = steps.next();
  while (!step.done) step = steps.next();
  step.value.commit();
  evict(state, Number.POSITIVE_INFINITY);
  return { state, model };
}

const some = fc.record({ from: fc.nat(100), count: fc.nat(1_000), value: fc.option(fc.nat(50), { freq: 1 }) });

it("has the root of its content, whatever failed, was hashed and was taken back in between", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 500, max: 1_000 }),
      fc.array(some, { maxLength: 4 }),
      fc.nat(4),
      fc.nat(3),
      fc.nat(),
      (...given) => {
        const [slots, all, kept, often, seed] = given;
        let random = seed;
        let failing = false;
        const { state, model } = cold(slots, () => {
          random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
          return failing && (random >>> 16) % 4 <= often % 3;
        });
        const journal = new Journal(state, true);
        /** Does something that leaves nothing behind when it fails, until it does not. */
        const persist = <T>(act: () => T): T => {
          for (;;) {
            const mark = journal.mark();
            try {
              return act();
            } catch (error) {
              if (!(error instanceof EngineError) || error.code !== "SealBroken") throw error;
              journal.rollback(mark);
            }
          }
        };
        const change = ({ from, count, value }: (typeof all)[number]): void => {
          for (let n = from; n < from + count; n++) {
            persist(() => {
              const record = state.writable(state.contracts.get(contract)!);
              if (value === null) journal.removeStorage(record, keyOf(n));
              else journal.setStorage(record, keyOf(n), bytesFor(value + n));
            });
          }
        };
        failing = true;
        for (const one of all.slice(0, kept)) {
          change(one);
          for (let n = one.from; n < one.from + one.count; n++) {
            if (one.value === null) model.delete(hex(keyOf(n)));
            else model.set(hex(keyOf(n)), bytesFor(one.value + n));
          }
        }
        const mark = journal.mark();
        all.slice(kept).forEach(change);
        journal.rollback(mark);
        const { storage } = persist(() => state.contracts.get(contract)!);
        expect(storage.size).toBe(model.size);
        expect(hex(persist(() => storage.root()))).toBe(hex(modelRoot(model)));
      },
    ),
    { numRuns: 100 },
  );
});
