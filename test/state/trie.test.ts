/** The persistent Merkle map: a map, whose root is a function of its content, and whose forks are apart. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import type { LeafEncoder } from "../../src/enclave/state/nodes.ts";
import { nextEpoch, Trie } from "../../src/enclave/state/trie.ts";

const encode: LeafEncoder<Uint8Array> = (w, { key, value }) => w.bytes(key).raw(value);
const empty = (): Trie<Uint8Array> => new Trie<Uint8Array>(encode, nextEpoch());
/** Short hashes meet in their first nibbles often; what they are made of keeps them apart. */
const keyOf = (n: number): Uint8Array => {
  const key = blake2_256(Uint8Array.of(n & 255, n >> 8));
  key[0] = key[0]! & 0x11;
  key[1] = key[1]! & 0x01;
  return key;
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const operation = fc.record({ key: fc.nat(60), value: fc.option(fc.uint8Array({ maxLength: 8 }), { nil: undefined }) });

function apply(
  trie: Trie<Uint8Array>,
  model: Map<number, Uint8Array>,
  { key, value }: { key: number; value: Uint8Array | undefined },
) {
  const before = value === undefined ? trie.delete(keyOf(key)) : trie.set(keyOf(key), value);
  expect(before?.value).toEqual(model.get(key));
  if (value === undefined) model.delete(key);
  else model.set(key, value);
}

function check(trie: Trie<Uint8Array>, model: Map<number, Uint8Array>): void {
  expect(trie.size).toBe(model.size);
  for (let n = 0; n <= 60; n++) expect(trie.get(keyOf(n))).toEqual(model.get(n));
  const keys = [...trie.entries()].map(({ key }) => hex(key));
  expect(keys).toEqual([...model.keys()].map((n) => hex(keyOf(n))).sort());
}

describe("a trie", () => {
  it("answers as a map does, whatever was set and removed", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
        const trie = empty();
        const model = new Map<number, Uint8Array>();
        for (const one of operations) apply(trie, model, one);
        check(trie, model);
      }),
      { numRuns: 150 },
    );
  });

  it("has a root that depends on the content alone, not on the way there, nor on when it was asked", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), fc.nat(5), (operations, every) => {
        const trie = empty();
        const model = new Map<number, Uint8Array>();
        operations.forEach((one, i) => {
          apply(trie, model, one);
          if (i % (every + 1) === 0) trie.root();
        });
        const direct = empty();
        for (const [n, value] of [...model].reverse()) direct.set(keyOf(n), value);
        expect(hex(trie.root())).toBe(hex(direct.root()));
      }),
      { numRuns: 150 },
    );
  });

  it("keeps a fork as it was while both go on", () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        fc.array(operation, { maxLength: 60 }),
        fc.array(operation, { maxLength: 60 }),
        (before, here, there) => {
          const trie = empty();
          const model = new Map<number, Uint8Array>();
          for (const one of before) apply(trie, model, one);
          const fork = trie.fork(nextEpoch());
          trie.renew(nextEpoch());
          const other = new Map(model);
          for (let i = 0; i < Math.max(here.length, there.length); i++) {
            if (here[i] !== undefined) apply(trie, model, here[i]!);
            if (there[i] !== undefined) apply(fork, other, there[i]!);
          }
          check(trie, model);
          check(fork, other);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("puts back what was there, to the same root, when changes are undone backwards", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), fc.array(operation, { maxLength: 60 }), (before, after) => {
        const trie = empty();
        const model = new Map<number, Uint8Array>();
        for (const one of before) apply(trie, model, one);
        const root = hex(trie.root());
        const undo = after.map(({ key, value }) => ({
          key: keyOf(key),
          entry: value === undefined ? trie.delete(keyOf(key)) : trie.set(keyOf(key), value),
        }));
        for (const { key, entry } of undo.reverse()) trie.restore(key, entry);
        check(trie, model);
        expect(hex(trie.root())).toBe(root);
      }),
      { numRuns: 150 },
    );
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
      const trie = empty();
      for (const [n, value] of entries as [number, string][])
        trie.set(keyOf(n), Uint8Array.from(Buffer.from(value, "hex")));
      return hex(trie.root());
    });
    expect(new Set(roots).size).toBe(roots.length);
    expect(roots[0]).toBe("00".repeat(32));
  });

  it("takes values of a megabyte and keys that differ in their last nibble alone", () => {
    const trie = empty();
    const key = (last: number): Uint8Array => new Uint8Array(32).fill(7).with(31, last);
    for (let i = 0; i < 16; i++) trie.set(key(i), new Uint8Array(i === 3 ? 1 << 20 : 1).fill(i));
    expect(trie.get(key(3))?.length).toBe(1 << 20);
    const root = hex(trie.root());
    trie.set(key(3), new Uint8Array(1 << 20).fill(3).with(70_000, 4));
    expect(hex(trie.root())).not.toBe(root);
    for (let i = 0; i < 16; i++) trie.delete(key(i));
    expect(hex(trie.root())).toBe("00".repeat(32));
  });

  it("hashes as its file says", () => {
    const trie = empty();
    const [a, b] = [Uint8Array.of(0x12, 0x34), Uint8Array.of(0x52, 0x34)];
    trie.set(a, Uint8Array.of(9));
    trie.set(b, Uint8Array.of(8));
    const leaf = (key: Uint8Array, value: number) => blake2_256(Uint8Array.of(0, 2 << 2, ...key, value));
    const branch = blake2_256(Uint8Array.of(1, 0b10_0010, 0, 0, ...leaf(a, 9), ...leaf(b, 8)));
    expect(hex(trie.root())).toBe(hex(branch));
  });
});
