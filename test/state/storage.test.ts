/** A contract's storage: a map, whose root is a function of its content, and whose forks are apart. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blake2_256, blake2Area, blake2Parameters } from "../../src/crypto/blake2b.ts";
import { Storage } from "../../src/enclave/state/storage.ts";
import { nextEpoch } from "../../src/enclave/state/tree.ts";
import { modelRoot } from "./model.ts";

const empty = (): Storage => new Storage(nextEpoch(), undefined);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
type Model = Map<string, Uint8Array>;

/**
 * A key of one of four kinds: spread evenly, alike in the first bytes, alike up to the last byte, and of another length.
 * Alike ones make pages overflow, branches of one child, and pages whose entries share more than their place says.
 */
function keyOf(n: number): Uint8Array {
  const hash = blake2_256(Uint8Array.of(n & 255, n >> 8));
  if (n % 4 === 1) hash.fill(7, 0, 3);
  if (n % 4 === 2)
    return new Uint8Array(32)
      .fill(9)
      .with(31, n >> 2)
      .with(30, n & 3);
  return n % 4 === 3 ? hash.slice(0, 16 + (n % 13)) : hash;
}

/** Lengths of every form: none, short, as long as a leaf has whole, as a page keeps, longer, and much longer. */
const lengths = [0, 1, 32, 33, 64, 65, 254, 255, 256, 300, 70_000];
const bytesFor = (n: number): Uint8Array => new Uint8Array(lengths[n % lengths.length]!).fill(n);

const operation = fc.record({
  key: fc.nat(400),
  value: fc.option(fc.nat(60), { nil: undefined, freq: 3 }),
});
type Operation = { key: number; value: number | undefined };
const operations = (maxLength: number) => fc.array(operation, { maxLength, size: "max" });

function apply(storage: Storage, model: Model, { key, value }: Operation): void {
  const slot = keyOf(key);
  const before = value === undefined ? storage.delete(slot) : storage.put(slot, bytesFor(value));
  const bytes = before === undefined || before instanceof Uint8Array ? before : before.open(undefined);
  const expected = model.get(hex(slot));
  expect(bytes?.length).toBe(expected?.length);
  if (expected !== undefined) expect(Buffer.compare(bytes!, expected)).toBe(0);
  if (value === undefined) model.delete(hex(slot));
  else model.set(hex(slot), bytesFor(value));
}

function check(storage: Storage, model: Model): void {
  expect(storage.size).toBe(model.size);
  for (let n = 0; n <= 400; n += 7) {
    const expected = model.get(hex(keyOf(n)));
    const found = storage.read(keyOf(n));
    expect(found === undefined).toBe(expected === undefined);
    if (found !== undefined) expect(hex(found.bytes.subarray(found.from, found.to))).toBe(hex(expected!));
    expect(storage.lengthOf(keyOf(n))).toBe(expected?.length ?? -1);
  }
  expect([...storage.entries()].map(({ slot }) => hex(slot))).toEqual([...model.keys()].sort());
  expect(hex(storage.root())).toBe(hex(modelRoot(model)));
}

describe("the storage of a contract", () => {
  it("answers as a map does, and has the root of its content, whatever was set and removed", () => {
    fc.assert(
      fc.property(operations(500), fc.nat(40), fc.nat(20), (all, every, ahead) => {
        const storage = empty();
        const model: Model = new Map();
        all.forEach((one, i) => {
          apply(storage, model, one);
          if (i % (ahead + 1) === 0) storage.hashAhead();
          if (i % (every + 1) === 0) storage.root();
        });
        check(storage, model);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps a fork as it was while both go on", () => {
    fc.assert(
      fc.property(operations(300), operations(100), operations(100), (before, here, there) => {
        const storage = empty();
        const model: Model = new Map();
        for (const one of before) apply(storage, model, one);
        storage.hashAhead();
        const fork = storage.fork(nextEpoch());
        storage.renew(nextEpoch());
        const other = new Map(model);
        for (let i = 0; i < Math.max(here.length, there.length); i++) {
          if (here[i] !== undefined) apply(storage, model, here[i]!);
          if (there[i] !== undefined) apply(fork, other, there[i]!);
          if (i % 10 === 0) (i % 20 === 0 ? storage : fork).hashAhead();
        }
        check(storage, model);
        check(fork, other);
      }),
      { numRuns: 40 },
    );
  });

  it("has what was there, and its root, when changes are undone backwards", () => {
    fc.assert(
      fc.property(operations(300), operations(150), fc.boolean(), (before, after, hashed) => {
        const storage = empty();
        const model: Model = new Map();
        for (const one of before) apply(storage, model, one);
        if (hashed) storage.root();
        const undo = after.map(({ key, value }) => {
          const slot = keyOf(key);
          return { slot, before: value === undefined ? storage.delete(slot) : storage.put(slot, bytesFor(value)) };
        });
        storage.hashAhead();
        for (const change of undo.reverse()) storage.restore(change.slot, change.before);
        check(storage, model);
      }),
      { numRuns: 40 },
    );
  });

  it("is behind after some changes far from the root, until they are hashed, and only when it is large", () => {
    const slots = (from: number, to: number): Uint8Array[] =>
      Array.from({ length: to - from }, (_, i) =>
        blake2_256(Uint8Array.of(from + i, (from + i) >> 8, (from + i) >> 16)),
      );
    const storage = empty();
    for (const slot of slots(0, 2_000)) storage.put(slot, slot);
    expect(storage.isBehind).toBe(false);
    for (const slot of slots(2_000, 30_000)) storage.put(slot, slot);
    expect(storage.isBehind).toBe(true);
    storage.root();
    expect(storage.isBehind).toBe(false);
    const model: Model = new Map(slots(0, 30_000).map((slot) => [hex(slot), slot]));
    for (const slot of slots(500, 1_000)) {
      storage.put(slot, Uint8Array.of(1));
      model.set(hex(slot), Uint8Array.of(1));
      if (storage.isBehind) storage.hashAhead();
      expect(storage.isBehind).toBe(false);
    }
    expect(hex(storage.root())).toBe(hex(modelRoot(model)));
  });

  it("takes keys that were chosen to share all but their end", () => {
    const storage = empty();
    const model: Model = new Map();
    for (let n = 0; n < 4096; n++) {
      const key = new Uint8Array(144)
        .fill(0xab)
        .with(142, n >> 8)
        .with(143, n);
      storage.put(key, Uint8Array.of(n));
      model.set(hex(key), Uint8Array.of(n));
    }
    expect(hex(storage.root())).toBe(hex(modelRoot(model)));
    for (const key of [...model.keys()]) {
      if (model.size === 20) break;
      storage.delete(Uint8Array.from(Buffer.from(key, "hex")));
      model.delete(key);
    }
    expect(hex(storage.root())).toBe(hex(modelRoot(model)));
  });

  it("tells every difference in key, value, and the border between the two", () => {
    const roots = [
      [],
      [[1, "00"]],
      [[1, ""]],
      [[2, "00"]],
      [
        [1, "00"],
        [2, "00"],
      ],
      [
        [1, "01"],
        [2, "00"],
      ],
    ].map((entries) => {
      const storage = empty();
      for (const [n, value] of entries as [number, string][]) storage.put(keyOf(n), Buffer.from(value, "hex"));
      return hex(storage.root());
    });
    expect(new Set(roots).size).toBe(roots.length);
    expect(roots[0]).toBe("00".repeat(32));
  });

  it("does not keep the bytes that it was given", () => {
    const storage = empty();
    for (const length of [8, 1000]) {
      const [slot, value] = [keyOf(length), new Uint8Array(length)];
      storage.put(slot, value);
      value.fill(1);
      slot.fill(0);
    }
    expect([...storage.entries()].map(({ value }) => value.every((byte) => byte === 0))).toEqual([true, true]);
  });
});

describe("the hash of a tree", () => {
  // Python: hashlib.blake2b(bytes(range(n)), digest_size=32, fanout=f, depth=2)
  it.each([
    [4, 128, "ec59ddbf3e6d8fe27bc73ee31685fd5b87e40a29eb0e947f415077c4678ff958"],
    [16, 96, "f36098d3a589d5cc56a8fd3aadaa36f84b303e19040d87b467086da11c4cad84"],
  ])("is BLAKE2b with fanout %i in its parameters", (fanout, length, digest) => {
    blake2Area.input.set(Uint8Array.from({ length }, (_, i) => i));
    blake2Area.hash(length, blake2Parameters(fanout, 2));
    expect(hex(blake2Area.digestBytes)).toBe(digest);
  });
});
