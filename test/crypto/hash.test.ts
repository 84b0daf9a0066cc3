import { blake2b as slowBlake2b } from "@noble/hashes/blake2.js";
import { sha256 as slowSha256 } from "@noble/hashes/sha2.js";
import { keccak_256 as slowKeccak } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  blake2_128,
  blake2_128Into,
  blake2_256,
  blake2_256Into,
  blake2_256Of,
  blake2Area,
  blake2b,
  keccak_256,
  sha2_256,
} from "../../src/crypto/hash.ts";
import { toHex } from "../../src/wire/bytes.ts";

const hex = (bytes: Uint8Array): string => toHex(bytes).slice(2);
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);

describe("hash functions", () => {
  test("the hashes of nothing are those of the contract interface", () => {
    const nothing = new Uint8Array();
    expect(hex(sha2_256(nothing))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(hex(keccak_256(nothing))).toBe("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    expect(hex(blake2_256(nothing))).toBe("0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    expect(hex(blake2_128(nothing))).toBe("cae66941d9efbd404e4d88758ea67670");
  });

  test("they agree with the JavaScript reference at and around every block and chunk boundary", () => {
    for (const n of [1, 127, 128, 129, 135, 136, 137, 256, 257, 65279, 65280, 65281, 65535, 65536, 65537, 200001]) {
      const data = pattern(n);
      for (const length of [1, 16, 32, 64]) {
        expect(hex(blake2b(data, length))).toBe(hex(slowBlake2b(data, { dkLen: length })));
      }
      expect(hex(keccak_256(data))).toBe(hex(slowKeccak(data)));
      expect(hex(sha2_256(data))).toBe(hex(slowSha256(data)));
    }
  });

  test("a digest does not depend on what was hashed before it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.uint8Array({ maxLength: 600 }), (before, data) => {
        blake2b(before, 64);
        keccak_256(before);
        expect(hex(blake2_256(data))).toBe(hex(slowBlake2b(data, { dkLen: 32 })));
        expect(hex(keccak_256(data))).toBe(hex(slowKeccak(data)));
      }),
      { numRuns: 200 },
    );
  });

  test("bytes of the stage are hashed where they lie, and nothing there but the digest is another afterwards", () => {
    const { stage, digestBytes, hashStaged } = blake2Area;
    fc.assert(
      fc.property(fc.nat(600), fc.nat(300), fc.nat(700), fc.integer(), (from, length, to, seed) => {
        const before = Uint8Array.from({ length: 1_000 }, (_, i) => (i * 131 + seed) & 255);
        stage.set(before);
        const expected = before.slice();
        expected.set(slowBlake2b(before.slice(from, from + length), { dkLen: 32 }), to);
        hashStaged(from, length, to);
        expect(hex(stage.slice(0, 1_000))).toBe(hex(expected));
        expect(hex(digestBytes)).toBe(hex(expected.slice(to, to + 32)));
      }),
      { numRuns: 1_000 },
    );
    for (const length of [0, 1, 7, 8, 9, 127, 128, 129, 136, 255, 256, 257, 65_504]) {
      stage.set(pattern(length));
      hashStaged(0, length, 65_504);
      expect(hex(stage.slice(65_504))).toBe(hex(slowBlake2b(pattern(length), { dkLen: 32 })));
    }
  });

  test("results are the caller's own: a later hash does not change them", () => {
    const first = blake2_256(pattern(10));
    const kept = hex(first);
    blake2_256(pattern(11));
    expect(hex(first)).toBe(kept);
    expect(first.buffer.byteLength).toBe(32);
    expect(sha2_256(pattern(10)).buffer.byteLength).toBe(32);
    expect(keccak_256(pattern(10)).buffer.byteLength).toBe(32);
  });

  test("the forms that write into a buffer touch nothing but their digest", () => {
    const out = new Uint8Array(40).fill(0xee);
    blake2_256Into(pattern(99), out, 4);
    expect(hex(out)).toBe(`eeeeeeee${hex(blake2_256(pattern(99)))}eeeeeeee`);
    out.fill(0xee);
    blake2_128Into(pattern(99), out, 20);
    expect(hex(out)).toBe(`${"ee".repeat(20)}${hex(blake2_128(pattern(99)))}eeeeeeee`);
  });

  test("the hash of parts is the hash of their concatenation, short and long", () => {
    for (const sizes of [[], [0], [3, 0, 5], [65536], [65536, 1], [40000, 40000]]) {
      const parts = sizes.map(pattern);
      const joined = Uint8Array.from(parts.flatMap((part) => Array.from(part)));
      expect(hex(blake2_256Of(...parts))).toBe(hex(blake2_256(joined)));
    }
  });
});
