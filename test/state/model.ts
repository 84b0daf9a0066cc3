/** The hash of a map as `crypto/merkle.ts` describes it, by the plainest of means. */

import { blake2_256, blake2Area, blake2Parameters } from "../../src/crypto/blake2b.ts";

function tree(fanout: number, ...parts: Uint8Array[]): Uint8Array {
  const input = Buffer.concat(parts);
  blake2Area.input.set(input);
  blake2Area.hash(input.length, blake2Parameters(fanout, 2));
  return blake2Area.digestBytes.slice();
}

const nibble = (key: Uint8Array, at: number): number => {
  const byte = key[at >> 1] ?? 0;
  return at % 2 === 0 ? byte >> 4 : byte & 15;
};

/** The root of a map from keys in hex to values. */
export function modelRoot(map: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = [...map].map(([key, value]) => ({ key: Uint8Array.from(Buffer.from(key, "hex")), value }));
  entries.sort((a, b) => Buffer.compare(a.key, b.key));
  const bucket = (some: typeof entries): Uint8Array => {
    if (some.length === 0) return new Uint8Array(32);
    const leaves = some.map(({ key, value }) => {
      const said = value.length > 64 ? [Uint8Array.of(1), blake2_256(value)] : [Uint8Array.of(0), value];
      const content = blake2_256(Buffer.concat([Uint8Array.of(key.length), key, ...said]));
      return blake2_256(Buffer.concat([blake2_256(key), content]));
    });
    return tree(64, ...leaves);
  };
  const hash = (some: typeof entries, depth: number): Uint8Array => {
    if (some.length <= 8) return bucket(some);
    if (some.length <= 64) {
      return tree(4, ...[0, 1, 2, 3].map((n) => bucket(some.filter(({ key }) => nibble(key, depth) >> 2 === n))));
    }
    const children = Array.from({ length: 16 }, (_, n) =>
      hash(
        some.filter(({ key }) => nibble(key, depth) === n),
        depth + 1,
      ),
    );
    const groups = [0, 4, 8, 12].map((from) => tree(4, ...children.slice(from, from + 4)));
    return tree(4, ...groups);
  };
  return hash(entries, 0);
}
