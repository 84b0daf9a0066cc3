/**
 * The nodes of the persistent Merkle map: leaves and branches, and how they are hashed.
 *
 * Hashes live in eight integer fields of a node: V8 keeps those inside the object, where a byte array of its own would
 * cost more than the rest of the node. A branch of more than a few children keeps their hashes in one row as well: in a
 * large trie it is reading sixteen far-off nodes that costs, not hashing them.
 *
 * ```
 * branch = blake2_256( 01 | bitmap of children, u16 LE | 00 | hash of each child in order )
 * leaf   = blake2_256( 00 | key and value as the owner of the trie encodes them )
 * ```
 * @module
 */

import { blake2_256, blake2Area } from "../../crypto/hash.ts";
import { EngineError } from "../../errors.ts";
import { Writer } from "../../wire/scale.ts";

/** What leaves and branches share: the hash, while `hashed` holds. */
abstract class Hashed {
  hashed = false;
  h0 = 0;
  h1 = 0;
  h2 = 0;
  h3 = 0;
  h4 = 0;
  h5 = 0;
  h6 = 0;
  h7 = 0;

  /** Takes the digest that the hash function left. */
  protected takeDigest(): void {
    const { digest } = blake2Area;
    this.h0 = digest[0]!;
    this.h1 = digest[1]!;
    this.h2 = digest[2]!;
    this.h3 = digest[3]!;
    this.h4 = digest[4]!;
    this.h5 = digest[5]!;
    this.h6 = digest[6]!;
    this.h7 = digest[7]!;
    this.hashed = true;
  }

  /** Writes the hash as eight words. */
  putHash(words: Int32Array, at: number): void {
    words[at] = this.h0;
    words[at + 1] = this.h1;
    words[at + 2] = this.h2;
    words[at + 3] = this.h3;
    words[at + 4] = this.h4;
    words[at + 5] = this.h5;
    words[at + 6] = this.h6;
    words[at + 7] = this.h7;
  }
}

/** One entry. Only its owner changes it in place, and only in the epoch that it was made in; see `Trie.mark`. */
export class Leaf<V> extends Hashed {
  /** The key, and behind it whatever the owner keeps with it. */
  readonly bytes: Uint8Array;
  /** How many of the bytes are the key. */
  readonly keyLength: number;
  readonly value: V;
  readonly epoch: number;

  constructor(bytes: Uint8Array, keyLength: number, value: V, epoch: number) {
    super();
    this.epoch = epoch;
    this.bytes = bytes;
    this.keyLength = keyLength;
    this.value = value;
  }

  /** The key. */
  get key(): Uint8Array {
    const { bytes, keyLength } = this;
    return bytes.length === keyLength ? bytes : bytes.subarray(0, keyLength);
  }

  seal(encode: LeafEncoder<V>): void {
    if (this.hashed) return;
    leafWriter.clear().u8(0);
    encode(leafWriter, this);
    const bytes = leafWriter.written();
    if (bytes.length <= blake2Area.input.length) {
      blake2Area.input.set(bytes);
      blake2Area.hash(bytes.length);
    } else blake2_256(bytes);
    this.takeDigest();
  }
}

const leafWriter = new Writer(1024);

/** What a branch has. */
export type Child<V> = Branch<V> | Leaf<V>;

/** Branches of this many children and fewer ask them for their hashes each time. */
const fewChildren = 3;

/** A place where keys part. */
export class Branch<V> extends Hashed {
  epoch: number;
  /** Bit n is set when there is a child for nibble n. */
  bitmap: number;
  /** The children that there are, in the order of their nibbles. */
  children: Child<V>[];
  /** Their hashes, eight words each, as they were when the branch was last hashed. */
  hashes: Int32Array | undefined;
  /** Bit n is set when the child for nibble n has changed since. */
  changed = 0;

  constructor(epoch: number, bitmap: number, children: Child<V>[]) {
    super();
    this.epoch = epoch;
    this.bitmap = bitmap;
    this.children = children;
  }

  /**
   * A copy to be changed.
   * @param moving whether the row of hashes goes along: what is left behind is then read child by child if it is ever
   *   hashed again.
   */
  copy(epoch: number, moving: boolean): Branch<V> {
    const other = new Branch(epoch, this.bitmap, this.children.slice());
    if (moving) {
      other.hashes = this.hashes;
      other.changed = this.changed;
      this.hashes = undefined;
    }
    return other;
  }

  /** Notes that a child has come or gone: the row of hashes no longer fits. */
  reshape(): void {
    this.hashed = false;
    this.hashes = undefined;
  }

  /** Hashes the branch and what has changed below it. */
  seal(encode: LeafEncoder<V>): void {
    if (this.hashed) return;
    const { children } = this;
    const { length } = children;
    let { hashes } = this;
    if (hashes === undefined) {
      for (let i = 0; i < length; i++) children[i]!.seal(encode);
      if (length > fewChildren) {
        hashes = new Int32Array(8 * length);
        for (let i = 0; i < length; i++) children[i]!.putHash(hashes, 8 * i);
        this.hashes = hashes;
      }
    } else {
      for (let rest = this.changed; rest !== 0; rest &= rest - 1) {
        const index = bitsBelow(this.bitmap, rest & -rest);
        const child = children[index]!;
        child.seal(encode);
        child.putHash(hashes, 8 * index);
      }
    }
    this.changed = 0;
    const { words, input } = blake2Area;
    // Three bytes of head and one of padding keep the hashes on whole words.
    words[0] = 1 | (this.bitmap << 8);
    input[3] = 0;
    if (hashes !== undefined) words.set(hashes, 1);
    else for (let i = 0; i < length; i++) children[i]!.putHash(words, 1 + 8 * i);
    blake2Area.hash(4 + 32 * length);
    this.takeDigest();
  }
}

/** Writes the key and value of a leaf for its hash; the form must be unambiguous. */
export type LeafEncoder<V> = (writer: Writer, leaf: Leaf<V>) => void;

/** How many children stand before the one of a bit. */
export function bitsBelow(bitmap: number, bit: number): number {
  let n = bitmap & (bit - 1);
  n -= (n >> 1) & 0x5555;
  n = (n & 0x3333) + ((n >> 2) & 0x3333);
  n = (n + (n >> 4)) & 0x0f0f;
  return (n + (n >> 8)) & 0x1f;
}

/** The nibble of a key of some length, which may have other bytes behind it. */
export function nibble(key: Uint8Array, length: number, depth: number): number {
  if (depth >= 2 * length) throw new EngineError("Internal", { what: "two keys of a trie differ in nothing" });
  const byte = key[depth >> 1]!;
  return (depth & 1) === 0 ? byte >> 4 : byte & 15;
}

/** Whether a leaf has a key, given by the first bytes of an array. */
export function hasKey(
  leaf: { readonly bytes: Uint8Array; readonly keyLength: number },
  key: Uint8Array,
  length: number,
): boolean {
  if (leaf.keyLength !== length) return false;
  const { bytes } = leaf;
  for (let i = 0; i < length; i++) if (bytes[i] !== key[i]) return false;
  return true;
}
