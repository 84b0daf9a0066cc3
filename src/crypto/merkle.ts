/**
 * The hash of a Merkle map, for the enclave that keeps the map and for whoever checks its proofs.
 *
 * It depends on the content alone. Keys part by four bits at a time, the highest first; a key that ends goes on in zeros.
 *
 * ```
 * content(key, value) = blake2_256( length of the key, u8 | key | 0 | value ), of at most 64 bytes of value
 *                      blake2_256( length of the key, u8 | key | 1 | blake2_256(value) ), of more
 * leaf(key, value)   = blake2_256( blake2_256(key) | content )
 * bucket             = BLAKE2b-256 with fanout 64, depth 2, of the leaves of at most 64 entries, in order of their keys;
 *                      32 zeros when there are none
 * four               = BLAKE2b-256 with fanout 4, depth 2, of four hashes
 *
 * hash(0..8)         = bucket
 * hash(9..64)        = four( b0, b1, b2, b3 ) where bn is the bucket of the entries whose next two bits are n
 * hash(more)         = four( four(h0..h3), four(h4..h7), four(h8..h11), four(h12..h15) )
 *                      where hn is the hash of the entries whose next four bits are n
 * ```
 *
 * A key and its content have a hash each, so that it can be shown that a bucket does not have a key, and which it has cannot
 * be told but by who knows them; nor can what they have.
 *
 * Four hashes are one block of the hash function, so a changed entry costs two compressions for each four bits above the
 * entries beside it, and hardly more for those than if it were alone. Leaf, bucket and four are three functions, by the parameter block of BLAKE2: none can be taken for another.
 * @module
 */

import { blake2Area, blake2Parameters } from "./blake2b.ts";

/** The most entries of a bucket, and the most that are hashed together without parting by four bits. */
export const bucketEntries = 64;
/** The most entries that are one bucket whatever their keys are. More, and not parted by four bits, are parted by two. */
export const undividedEntries = 8;
/** Bits of the key that divide entries into quarters. */
export const quarterBits = 2;
/** Bits of the key that a branch decides by. */
export const branchBits = 4;
/** Children of a branch. */
export const branchWidth = 16;

/** The parameters of the hash of a bucket. */
export const bucket = blake2Parameters(bucketEntries, 2);
/** The parameters of the hash of four. */
export const four = blake2Parameters(4, 2);

/** Which child of a branch a key goes to, by the four bits from `depth` on, a multiple of four. */
export function childOf(key: Uint8Array, length: number, depth: number): number {
  const at = depth >> 3;
  if (at >= length) return 0;
  return (depth & 4) === 0 ? key[at]! >> 4 : key[at]! & 15;
}

/** Values of more bytes stand in a leaf by their hash. */
export const wholeBytes = 64;

const content = new Int32Array(8);

/**
 * Leaves the hash of the content of a leaf in `blake2Area.digest`.
 * @param key at most 255 bytes, those of an array from `from` to `to`.
 * @param value those from `at` to `end`: at most `wholeBytes` bytes, or the hash of more.
 */
export function hashContent(
  key: Uint8Array,
  from: number,
  to: number,
  value: Uint8Array,
  at: number,
  end: number,
  whole: boolean,
): void {
  const { input } = blake2Area;
  let length = 0;
  input[length++] = to - from;
  for (let i = from; i < to; i++) input[length++] = key[i]!;
  input[length++] = whole ? 0 : 1;
  for (let i = at; i < end; i++) input[length++] = value[i]!;
  blake2Area.hash(length);
}

/**
 * Leaves the hash of a leaf in `blake2Area.digest`, where that of its content must be.
 * @param key those bytes of an array from `from` to `to`.
 */
export function hashLeaf(key: Uint8Array, from: number, to: number): void {
  const { input, words, digest } = blake2Area;
  content.set(digest);
  for (let i = from; i < to; i++) input[i - from] = key[i]!;
  blake2Area.hash(to - from);
  for (let i = 0; i < 8; i++) {
    words[i] = digest[i]!;
    words[8 + i] = content[i]!;
  }
  blake2Area.hash(64);
}

/** Leaves the hash of a bucket in `blake2Area.digest`, of as many leaves as were put into `blake2Area.input`. */
export function hashBucket(leaves: number): void {
  blake2Area.hash(32 * leaves, bucket);
}

/** Leaves the hash of four hashes in `blake2Area.digest`, which were put into `blake2Area.input`. */
export function hashFour(): void {
  blake2Area.hash(128, four);
}
