/**
 * A persistent Merkle map: the form of every part of the state.
 *
 * A radix tree of sixteen branches over the nibbles of its keys, whose ends are pages of some entries; `merkle.ts` says how it
 * is hashed. Keys are taken to be spread evenly (account ids, hashes of storage keys); keys that are not make it deep, by
 * no more than their length, never wrong.
 *
 * A snapshot is the root and costs nothing: each node carries the epoch in which it was made, nodes of the current epoch
 * are changed in place, and older ones are copied on the way to a change. Hashes are computed when the root is asked for,
 * for what has changed alone. A subtree may be absent: what touches it has it read from the source and put in its place,
 * for all forks that share the branch above it. Values that were read, loaded or hashed are noted in nodes of any epoch:
 * that changes nothing of what they say.
 * @module
 */

import { blake2Area } from "../../crypto/hash.ts";
import { branchBits, branchWidth, bucketEntries, childOf } from "../../crypto/merkle.ts";
import { EngineError } from "../../errors.ts";
import { sameBytes } from "../../wire/bytes.ts";
import type { Writer } from "../../wire/scale.ts";
import { lookAhead } from "./ahead.ts";
import { Absent, Branch, type Node } from "./nodes.ts";
import { readExtent } from "./packing.ts";
import {
  type Blob,
  emptyPage,
  maxKeyBytes,
  Packed,
  Page,
  pageOf,
  type StateSource,
  useClock,
  type WriteValue,
} from "./page.ts";

/** Numbers epochs; one counter for all trees of a process, so that no two forks own a node alike. */
let lastEpoch = 0;

/** A new epoch: whoever takes it owns no node yet. */
export function nextEpoch(): number {
  lastEpoch += 1;
  return lastEpoch;
}

/** What is known of the objects among the values of a tree. */
export interface Values {
  /** Writes the bytes of an object that are hashed; undefined when all are blobs. */
  readonly write: WriteValue | undefined;
  /** Writes what goes outside with an object without being hashed as it is, before what `inner` says. */
  note?(w: Writer, object: unknown): void;
  /** Bytes of memory of an object. */
  weigh(object: unknown): number;
  /** What an object has that goes its own ways. */
  inner(object: unknown): Tree | Blob | undefined;
}

/** How many changes are hashed ahead together: what they touched is near still. */
const aheadEvery = 48;
/** The depth of the branches whose children are hashed ahead: there are 256. */
const aheadDepth = 8;

/** About what a page takes of memory beside its bytes, and a value that was not looked at yet. */
const pageWeight = 500;
const packedWeight = 500;

/** Bytes of memory of a blob. */
export function blobWeight(blob: Blob): number {
  return 250 + (blob.bytes === undefined ? 0 : blob.length);
}

/** Bytes of memory of a page. */
export function weightOfPage(page: Page, values: Values): number {
  let weight = pageWeight + page.length;
  const { objects } = page;
  if (objects === undefined) return weight;
  for (const object of objects) {
    if (object instanceof Packed) weight += packedWeight + object.value.length + object.extra.length;
    else if (object !== undefined) weight += values.weigh(object);
  }
  return weight;
}

/** Bytes of memory of a sealed tree, were nothing absent. */
export function weightOfTree({ node, values }: Tree): number {
  return node instanceof Page ? weightOfPage(node, values) : node.weight;
}

/** A tree whose values are its owner's. */
export abstract class Tree {
  #root: Node;
  #size: number;
  /** The branches below which something has changed that may be hashed ahead, and how often. */
  readonly #behind: Branch[] = [];
  #reached = 0;
  #epoch: number;
  /** The root hash, while it is right. Always there when the root is absent. */
  #hash: Uint8Array | undefined;
  readonly source: StateSource | undefined;
  readonly values: Values;
  /** What `locate` and `reach` found: the index of the entry, or -1 less where it would be. */
  protected index = 0;
  /** Bits of the key above the page that `reach` found. */
  protected depth = 0;
  /** Where that page is: below which branch, unless it is the root, and as which child. */
  #above: Branch | undefined;
  #slot = 0;

  protected constructor(values: Values, epoch: number, source: StateSource | undefined) {
    this.values = values;
    this.source = source;
    this.#epoch = epoch;
    this.#root = emptyPage(epoch);
    this.#size = 0;
  }

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  /** The epoch whose nodes this tree owns. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The node that all begins with; sealed after `root` and until the next change. */
  get node(): Node {
    return this.#root;
  }

  /** Puts another node of the same content in the place of the first. */
  set node(node: Node) {
    this.#root = node;
  }

  /** Makes this tree, which must be new, one of the content of another. */
  protected share(other: Tree): void {
    // Nodes are hashed before they are shared: a branch and its copy would each have to be told what is new below them.
    other.root();
    this.#root = other.#root;
    this.#size = other.#size;
    this.#hash = other.#hash;
  }

  /**
   * Makes this tree, which must be new, one that was written before.
   * @throws {EngineError} `Undecodable` when that does not have the root or the number of entries that it should.
   */
  adopt(root: Node | undefined, size: number, hash: Uint8Array): void {
    this.#size = size;
    const wrong = (reason: string): EngineError =>
      new EngineError("Undecodable", { what: "part of the state", reason });
    if (root instanceof Absent) {
      this.#root = root;
      this.#hash = hash;
    } else {
      this.#root = root ?? this.#root;
      if (!sameBytes(this.root(), hash)) throw wrong("its hash is another");
    }
    if (this.#root.count !== size) throw wrong("it has other entries");
  }

  /** Goes on in a new epoch: nodes as they are now stay as they are for whoever holds a fork. */
  renew(epoch: number): void {
    this.#epoch = epoch;
  }

  /** The page that has a key, at `index`; undefined when there is none. */
  protected locate(key: Uint8Array): Page | undefined {
    const { length } = key;
    let node = this.#root;
    let parent: Branch | undefined;
    let slot = 0;
    for (let depth = 0; ; depth += branchBits) {
      if (node instanceof Absent) node = this.load(node, parent, slot, depth);
      if (node.outside !== undefined) node.usedAt = useClock.now;
      if (node instanceof Page) {
        this.index = node.search(key, length, depth);
        return this.index < 0 ? undefined : node;
      }
      slot = childOf(key, length, depth);
      const child: Node | undefined = node.child(slot);
      if (child === undefined) return undefined;
      parent = node;
      node = child;
    }
  }

  /** The branches above the place of a key, from the first on, and the page that is there. The tree must be sealed. */
  wayTo(key: Uint8Array): { readonly branches: readonly Branch[]; readonly page: Page | undefined } {
    const branches: Branch[] = [];
    let node: Node | undefined = this.#root;
    for (let depth = 0; node !== undefined; depth += branchBits) {
      const parent = branches.at(-1);
      if (node instanceof Absent) node = this.load(node, parent, childOf(key, key.length, depth - branchBits), depth);
      if (node instanceof Page) return { branches, page: node };
      branches.push(node);
      node = node.child(childOf(key, key.length, depth));
    }
    return { branches, page: undefined };
  }

  /** The page of this epoch where a key is, or belongs, with room for it; whoever asks changes it. */
  protected reach(key: Uint8Array): Page {
    const { length } = key;
    if (length > maxKeyBytes) throw new EngineError("Internal", { what: `a key of ${length} bytes` });
    let parent: Branch | undefined;
    let slot = 0;
    let node = this.#root;
    for (let depth = 0; ; depth += branchBits) {
      // Reading may fail: nothing that matters has changed so far, and the hash is needed to check what is read.
      if (node instanceof Absent) node = this.load(node, parent, slot, depth);
      this.#hash = undefined;
      if (node.epoch !== this.#epoch) {
        node = node.copy(this.#epoch);
        this.#put(parent, slot, node);
      }
      if (node instanceof Page) {
        this.index = node.search(key, length, depth);
        if (this.index >= 0 || node.count < bucketEntries) {
          this.depth = depth;
          this.#above = parent;
          this.#slot = slot;
          return node;
        }
        if (depth >= 8 * maxKeyBytes) throw new EngineError("Internal", { what: "keys of a tree differ in nothing" });
        node = this.#split(node, depth);
        this.#put(parent, slot, node);
      }
      slot = childOf(key, length, depth);
      if (depth === aheadDepth) {
        this.#reached += 1;
        if (node.stale === 0) this.#behind.push(node);
      }
      node.mark(slot);
      parent = node;
      let child = node.child(slot);
      if (child === undefined) {
        child = emptyPage(this.#epoch);
        node.setChild(slot, child);
      }
      node = child;
    }
  }

  /** Notes that `reach` was asked for an entry that came or went. */
  protected resize(by: number): void {
    this.#size += by;
  }

  /** Puts the page that a change made in the place of the one that `reach` found. */
  protected settle(page: Page): void {
    this.#put(this.#above, this.#slot, page);
  }

  #put(parent: Branch | undefined, slot: number, node: Node): void {
    if (parent === undefined) this.#root = node;
    else parent.setChild(slot, node);
  }

  /** A branch over the entries of a page. */
  #split(page: Page, depth: number): Branch {
    const branch = new Branch(this.#epoch);
    for (let from = 0; from < page.count; ) {
      const slot = childOf(page.key(from), page.keyLength(from), depth);
      let to = from + 1;
      while (to < page.count && childOf(page.key(to), page.keyLength(to), depth) === slot) to++;
      branch.setChild(slot, pageOf(this.#epoch, [{ page, from, to }], depth + branchBits));
      from = to;
    }
    return branch;
  }

  /**
   * Reads an absent node and puts it in its place.
   * @throws {EngineError} what the source throws, and `Undecodable` when what it gave is not what was there.
   */
  load(absent: Absent, parent: Branch | undefined, slot: number, depth: number): Page | Branch {
    if (this.source === undefined) throw new EngineError("Internal", { what: "a part of the state has no source" });
    const read = readExtent(this.source.read(absent.place), depth);
    const node = this.#seal(read, depth);
    const expected = parent === undefined ? this.#hash : parent.hashOf(slot);
    const { digestBytes } = blake2Area;
    if (node === undefined || expected === undefined || expected.some((byte, i) => byte !== digestBytes[i])) {
      throw new EngineError("Undecodable", { what: "part of the state", reason: "its hash is another" });
    }
    if (node.count !== absent.count) {
      throw new EngineError("Undecodable", { what: "part of the state", reason: "it has other entries" });
    }
    node.outside = absent;
    node.usedAt = useClock.now;
    this.#put(parent, slot, node);
    return node;
  }

  /** The object of an entry, as the owner of the tree has it: never one that was not looked at yet. */
  objectOf(page: Page, index: number): unknown {
    return page.object(index);
  }

  /** The pages in the order of their keys; absent ones are loaded. */
  protected *pages(): Generator<Page> {
    yield* this.#pagesOf(this.#root, undefined, 0, 0);
  }

  *#pagesOf(start: Node, parent: Branch | undefined, slot: number, depth: number): Generator<Page> {
    const node = start instanceof Absent ? this.load(start, parent, slot, depth) : start;
    if (node instanceof Page) yield node;
    else {
      for (let i = 0; i < branchWidth; i++) {
        const child = node.child(i);
        if (child !== undefined) yield* this.#pagesOf(child, node, i, depth + branchBits);
      }
    }
  }

  /** The root: 32 bytes. Costs what has changed since it was last asked for. */
  root(): Uint8Array {
    if (this.#hash === undefined) {
      const node = this.#seal(this.#root as Page | Branch, 0);
      this.#root = node ?? emptyPage(0);
      this.#hash = node === undefined ? new Uint8Array(32) : blake2Area.digestBytes.slice();
      this.#behind.length = 0;
      this.#reached = 0;
      // What is let go from now on is not to be held by this.
      this.#above = undefined;
    }
    return this.#hash;
  }

  /**
   * Hashes a node and what has changed below it, and leaves its hash in `blake2Area.digest`.
   * @returns what is to stand in its place: a branch of few entries becomes a page; none becomes nothing.
   */
  #seal(node: Page | Branch, depth: number): Page | Branch | undefined {
    if (node instanceof Page) {
      if (node.count === 0) return undefined;
      node.seal(depth, this.values.write);
      return node;
    }
    for (let rest = node.stale; rest !== 0; rest &= rest - 1) {
      const slot = 31 - Math.clz32(rest & -rest);
      if (depth === 0) lookAhead([node.child(slot)]);
      this.#sealChild(node, slot, depth);
    }
    if (!node.resized || node.count > bucketEntries) {
      node.hash();
      return node;
    }
    const runs = [];
    for (let slot = 0; slot < branchWidth; slot++) {
      const child = node.child(slot);
      if (child === undefined) continue;
      const page = child instanceof Absent ? this.load(child, node, slot, depth + branchBits) : child;
      if (!(page instanceof Page)) throw new EngineError("Internal", { what: "a branch of few entries" });
      runs.push({ page, from: 0, to: page.count });
    }
    return this.#seal(pageOf(node.epoch, runs, depth), depth);
  }

  /** Whether so much has changed that it is to be hashed ahead. */
  get isBehind(): boolean {
    return this.#reached >= aheadEvery;
  }

  /**
   * Hashes what has changed far from the root. Where a large state was changed is far off in memory by the end of a block,
   * and near just after; a small one is not hashed ahead, for what changes in it is likely to change again.
   * @throws {EngineError} what `root` throws.
   */
  hashAhead(): void {
    lookAhead(this.#behind);
    for (const branch of this.#behind) {
      for (let rest = branch.stale; rest !== 0; rest &= rest - 1) {
        const slot = 31 - Math.clz32(rest & -rest);
        this.#sealChild(branch, slot, aheadDepth);
        branch.taken |= 1 << slot;
      }
    }
    this.#behind.length = 0;
    this.#reached = 0;
  }

  #sealChild(branch: Branch, slot: number, depth: number): void {
    const child = branch.child(slot);
    if (child instanceof Absent) return;
    const node = child === undefined ? undefined : this.#seal(child, depth + branchBits);
    if (node === undefined) {
      branch.clearChild(slot);
      return;
    }
    branch.takeHash(slot);
    if (child === node && !node.resized) return;
    node.resized = false;
    branch.setChild(slot, node);
    if (node instanceof Page) {
      branch.takeSize(slot, node.count, weightOfPage(node, this.values));
      branch.holes &= ~(1 << slot);
    } else {
      branch.takeSize(slot, node.count, node.weight);
      if (node.holes === 0) branch.holes &= ~(1 << slot);
      else branch.holes |= 1 << slot;
    }
  }
}
