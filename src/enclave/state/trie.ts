/**
 * A persistent Merkle map: the form of every part of the state.
 *
 * A radix trie of sixteen branches over the nibbles of its keys, in which a leaf stands as high as it can, so that the
 * shape, and with it the root, depends on the content alone. Keys are taken to be spread evenly (account ids, hashes of
 * storage keys); keys that are not make the trie deep, never wrong.
 *
 * A snapshot is the root and costs nothing: each node carries the epoch in which it was made, nodes of the current
 * epoch are changed in place, and older ones are copied on the way to a change. Hashes are computed when the root is
 * asked for, for changed nodes alone. They live in eight integer fields of a node: V8 keeps those inside the object,
 * where a byte array of its own would cost more than the rest of the node. A branch of more than a few children keeps
 * their hashes in one row as well: in a large trie it is reading sixteen far-off nodes that costs, not hashing them.
 *
 * ```
 * branch = blake2_256( 01 | bitmap of children, u16 LE | hash of each child in order )      root of nothing = 32 zeros
 * leaf   = blake2_256( 00 | key | value ), key and value as the owner of the trie encodes them
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

type Child<V> = Branch<V> | Leaf<V>;

/** Branches of this many children and fewer ask them for their hashes each time. */
const fewChildren = 3;

class Branch<V> extends Hashed {
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

/** Numbers epochs; one counter for all tries of a process, so that no two forks own a node alike. */
let lastEpoch = 0;

/** A new epoch: whoever takes it owns no node yet. */
export function nextEpoch(): number {
  lastEpoch += 1;
  return lastEpoch;
}

function bitsBelow(bitmap: number, bit: number): number {
  let n = bitmap & (bit - 1);
  n -= (n >> 1) & 0x5555;
  n = (n & 0x3333) + ((n >> 2) & 0x3333);
  n = (n + (n >> 4)) & 0x0f0f;
  return (n + (n >> 8)) & 0x1f;
}

/** The nibble of a key of some length, which may have other bytes behind it. */
function nibble(key: Uint8Array, length: number, depth: number): number {
  if (depth >= 2 * length) throw new EngineError("Internal", { what: "two keys of a trie differ in nothing" });
  const byte = key[depth >> 1]!;
  return (depth & 1) === 0 ? byte >> 4 : byte & 15;
}

/** Whether a leaf has a key, given by the first bytes of an array. */
function hasKey(
  leaf: { readonly bytes: Uint8Array; readonly keyLength: number },
  key: Uint8Array,
  length: number,
): boolean {
  if (leaf.keyLength !== length) return false;
  const { bytes } = leaf;
  for (let i = 0; i < length; i++) if (bytes[i] !== key[i]) return false;
  return true;
}

/** A map from byte strings to values with a root hash. */
export class Trie<V> {
  #root: Branch<V>;
  #size: number;
  #epoch: number;
  /** Whether this is a fork of another: it leaves the rows of hashes to that. */
  #aside = false;
  readonly #encode: LeafEncoder<V>;

  constructor(encode: LeafEncoder<V>, epoch: number) {
    this.#encode = encode;
    this.#epoch = epoch;
    this.#root = new Branch<V>(epoch, 0, []);
    this.#size = 0;
  }

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  /**
   * A second trie of the same content, at no cost; both go on apart.
   * @param epoch a new epoch for the fork. This trie must be given one too, by `renew`, before it is changed again.
   * @param aside whether this trie goes on as the one that is hashed most; else the fork does, in its place.
   */
  fork(epoch: number, aside = true): Trie<V> {
    const other = new Trie(this.#encode, epoch);
    other.#aside = aside || this.#aside;
    other.#root = this.#root;
    other.#size = this.#size;
    return other;
  }

  /** Goes on in a new epoch: nodes as they are now stay as they are for whoever holds a fork. */
  renew(epoch: number): void {
    this.#epoch = epoch;
  }

  get(key: Uint8Array): V | undefined {
    return this.leaf(key)?.value;
  }

  /** The entry of a key, by which `restore` can put it back. */
  leaf(key: Uint8Array): Leaf<V> | undefined {
    let node: Branch<V> = this.#root;
    for (let depth = 0; ; depth++) {
      const bit = 1 << nibble(key, key.length, depth);
      if ((node.bitmap & bit) === 0) return undefined;
      const child = node.children[bitsBelow(node.bitmap, bit)]!;
      if (child instanceof Leaf) return hasKey(child, key, key.length) ? child : undefined;
      node = child;
    }
  }

  /** Sets the value of a key; the trie keeps `key` and `value`. Returns the entry that was there. */
  set(key: Uint8Array, value: V): Leaf<V> | undefined {
    return this.put(new Leaf(key, key.length, value, this.#epoch));
  }

  /** Puts an entry. Returns the one of the same key that was there. */
  put(leaf: Leaf<V>): Leaf<V> | undefined {
    const { bytes: key, keyLength } = leaf;
    let node = this.#ownRoot();
    for (let depth = 0; ; depth++) {
      node.hashed = false;
      const bit = 1 << nibble(key, keyLength, depth);
      node.changed |= bit;
      const index = bitsBelow(node.bitmap, bit);
      if ((node.bitmap & bit) === 0) {
        node.reshape();
        node.bitmap |= bit;
        node.children.splice(index, 0, leaf);
        this.#size++;
        return undefined;
      }
      const child = node.children[index]!;
      if (child instanceof Leaf) {
        if (hasKey(child, key, keyLength)) {
          node.children[index] = leaf;
          return child;
        }
        node.children[index] = this.#split(child, leaf, depth + 1);
        this.#size++;
        return undefined;
      }
      node = this.#own(node, index, child);
    }
  }

  /** The epoch whose nodes this trie owns. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Notes that the entry of a key, which must be there and of this epoch, was changed in place. */
  mark(key: Uint8Array): void {
    let node = this.#root;
    // An entry of this epoch was put by a way that has been of this epoch since.
    for (let depth = 0; ; depth++) {
      node.hashed = false;
      const bit = 1 << nibble(key, key.length, depth);
      node.changed |= bit;
      const child = node.children[bitsBelow(node.bitmap, bit)]!;
      if (child instanceof Leaf) {
        child.hashed = false;
        return;
      }
      node = child;
    }
  }

  /** Removes a key. Returns the entry that was there. */
  delete(key: Uint8Array): Leaf<V> | undefined {
    const found = this.leaf(key);
    if (found === undefined) return undefined;
    const path: Branch<V>[] = [];
    let node = this.#ownRoot();
    for (let depth = 0; ; depth++) {
      path.push(node);
      node.hashed = false;
      const bit = 1 << nibble(key, key.length, depth);
      node.changed |= bit;
      const index = bitsBelow(node.bitmap, bit);
      const child = node.children[index]!;
      if (child instanceof Leaf) {
        node.reshape();
        node.bitmap &= ~bit;
        node.children.splice(index, 1);
        break;
      }
      node = this.#own(node, index, child);
    }
    this.#size--;
    // A branch with one leaf and nothing else gives its place to the leaf, up to where that has a neighbour.
    for (let depth = path.length - 1; depth > 0; depth--) {
      const branch = path[depth]!;
      const only = branch.children[0]!;
      if (branch.children.length > 1 || !(only instanceof Leaf)) break;
      const parent = path[depth - 1]!;
      parent.children[bitsBelow(parent.bitmap, 1 << nibble(key, key.length, depth - 1))] = only;
    }
    return found;
  }

  /** Makes the entry of a key what `leaf` or `set` once gave for it. */
  restore(key: Uint8Array, entry: Leaf<V> | undefined): void {
    if (entry === undefined) this.delete(key);
    else this.put(entry);
  }

  /** The entries in the order of their keys. */
  *entries(): Generator<Leaf<V>> {
    const walk: Child<V>[] = [this.#root];
    for (let node = walk.pop(); node !== undefined; node = walk.pop()) {
      if (node instanceof Leaf) yield node;
      else for (let i = node.children.length - 1; i >= 0; i--) walk.push(node.children[i]!);
    }
  }

  /** The root: 32 bytes. Costs what has changed since it was last asked for. */
  root(): Uint8Array {
    const words = new Int32Array(8);
    if (this.#root.bitmap !== 0) {
      this.#root.seal(this.#encode);
      this.#root.putHash(words, 0);
    }
    return new Uint8Array(words.buffer);
  }

  #ownRoot(): Branch<V> {
    const root = this.#root;
    if (root.epoch === this.#epoch) return root;
    this.#root = root.copy(this.#epoch, !this.#aside);
    return this.#root;
  }

  #own(parent: Branch<V>, index: number, child: Branch<V>): Branch<V> {
    if (child.epoch === this.#epoch) return child;
    const copy = child.copy(this.#epoch, !this.#aside);
    parent.children[index] = copy;
    return copy;
  }

  /** A branch for two entries that share their path so far. */
  #split(one: Leaf<V>, other: Leaf<V>, depth: number): Branch<V> {
    const a = nibble(one.bytes, one.keyLength, depth);
    const b = nibble(other.bytes, other.keyLength, depth);
    if (a === b) return new Branch(this.#epoch, 1 << a, [this.#split(one, other, depth + 1)]);
    return new Branch(this.#epoch, (1 << a) | (1 << b), a < b ? [one, other] : [other, one]);
  }
}
