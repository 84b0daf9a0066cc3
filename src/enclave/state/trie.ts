/**
 * A persistent Merkle map: the form of every part of the state.
 *
 * A radix trie of sixteen branches over the nibbles of its keys, in which a leaf stands as high as it can, so that the
 * shape, and with it the root, depends on the content alone. Keys are taken to be spread evenly (account ids, hashes of
 * storage keys); keys that are not make the trie deep, never wrong.
 *
 * A snapshot is the root and costs nothing: each node carries the epoch in which it was made, nodes of the current
 * epoch are changed in place, and older ones are copied on the way to a change. Hashes are computed when the root is
 * asked for, for changed nodes alone; `nodes.ts` says how. The root of nothing is 32 zeros.
 * @module
 */

import { Branch, bitsBelow, type Child, hasKey, Leaf, type LeafEncoder, nibble } from "./nodes.ts";

/** Numbers epochs; one counter for all tries of a process, so that no two forks own a node alike. */
let lastEpoch = 0;

/** A new epoch: whoever takes it owns no node yet. */
export function nextEpoch(): number {
  lastEpoch += 1;
  return lastEpoch;
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
