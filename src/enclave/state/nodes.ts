/**
 * What stands above the pages of a tree: branches, and the places of what is outside.
 * @module
 */

import { blake2Area } from "../../crypto/hash.ts";
import { branchWidth, hashFour } from "../../crypto/merkle.ts";
import type { Page, Place } from "./page.ts";
import { Sixteen } from "./sixteen.ts";

/** What a branch can have below it. */
export type Node = Page | Branch | Absent;

const words = 8;
/** Where in a row the hashes of four children each begin, then the counts, then the weights. */
const groups = words * branchWidth;
const counts = groups + words * 4;
const weights = counts + branchWidth;
const rowLength = weights + branchWidth;
const allChanged = (1 << branchWidth) - 1;

/** What a field of a row can hold. */
const heaviest = 0x7fff_ffff;

/** A place where keys part, by four bits. */
export class Branch extends Sixteen<Node> {
  readonly epoch: number;
  /**
   * Of each child the hash, eight words, then the hashes of four of those each, then how many entries are below each
   * child, then their bytes of memory: as of when the branch was last sealed. A branch is hashed without looking at the
   * children that have not changed, which are far off.
   */
  readonly row: Int32Array;
  /** Bit n is set when child n has changed since. */
  changed: number;
  /** Bit n is set when the hash of a changed child n is right all the same, because it was taken ahead. */
  taken = 0;
  /** Whether the sizes below are others than the branch above knows. */
  resized = true;
  /** Bit n is set when something below child n was absent; it may be there again. */
  holes: number;
  /** What may stand in its place, once it has been written as it is with all below it. */
  outside: Absent | undefined = undefined;
  /** When it was last used, if it was written. */
  usedAt = 0;

  constructor(epoch: number, children?: Sixteen<Node>, row?: Int32Array, changed = allChanged, holes = 0) {
    super();
    this.epoch = epoch;
    this.row = row ?? new Int32Array(rowLength);
    this.changed = changed;
    this.holes = holes;
    if (children === undefined) return;
    for (let slot = 0; slot < branchWidth; slot++) this.setChild(slot, children.child(slot));
  }

  /** A copy to be changed in another epoch. */
  copy(epoch: number): Branch {
    const copy = new Branch(epoch, this, this.row.slice(), this.changed, this.holes);
    copy.taken = this.taken;
    return copy;
  }

  /** The children whose hashes are not right, a bit each. */
  get stale(): number {
    return this.changed & ~this.taken;
  }

  /** Notes that a child is about to change. */
  mark(slot: number): void {
    this.changed |= 1 << slot;
    this.taken &= ~(1 << slot);
  }

  /** Takes the hash of a child from `blake2Area.digest`. */
  takeHash(slot: number): void {
    takeEight(this.row, words * slot);
  }

  /** Takes what else is known of a child. */
  takeSize(slot: number, count: number, weight: number): void {
    const { row } = this;
    this.resized = true;
    row[counts + slot] = count;
    row[weights + slot] = Math.min(weight, heaviest);
  }

  /** Takes what is known of a child that is absent. */
  refer(slot: number, hash: Uint8Array): void {
    const { count, weight } = this.child(slot) as Absent;
    this.row.set(new Int32Array(hash.slice().buffer), words * slot);
    this.row[counts + slot] = count;
    this.row[weights + slot] = Math.min(weight, heaviest);
    this.holes |= 1 << slot;
  }

  /** Forgets a child. */
  clearChild(slot: number): void {
    const { row } = this;
    this.resized = true;
    this.setChild(slot, undefined);
    row.fill(0, words * slot, words * (slot + 1));
    row[counts + slot] = 0;
    row[weights + slot] = 0;
    this.holes &= ~(1 << slot);
  }

  /** Entries below, as of the last seal. */
  get count(): number {
    const { row } = this;
    let sum = 0;
    for (let i = counts; i < weights; i++) sum += row[i]!;
    return sum;
  }

  /** Bytes of memory of the branch and all below it, were nothing absent, as of the last seal. */
  get weight(): number {
    const { row } = this;
    let sum = branchWeight;
    for (let i = weights; i < rowLength; i++) sum += row[i]!;
    return sum;
  }

  /** Entries below one child, as of the last seal. */
  countOf(slot: number): number {
    return this.row[counts + slot]!;
  }

  /** Bytes of memory below one child, were nothing absent, as of the last seal. */
  weightOf(slot: number): number {
    return this.row[weights + slot]!;
  }

  /** The hash of a child as of the last seal. */
  hashOf(slot: number): Uint8Array {
    return new Uint8Array(this.row.slice(words * slot, words * (slot + 1)).buffer);
  }

  /** The hash of four children as of the last seal. */
  hashOfFour(group: number): Uint8Array {
    return new Uint8Array(this.row.slice(groups + words * group, groups + words * (group + 1)).buffer);
  }

  /** Reads a little of what `hash` reads, so that it is near when that comes. */
  lookAt(): number {
    const { row, changed } = this;
    let seen = row[groups]! ^ row[groups + 16]!;
    for (let group = 0; group < 4; group++) {
      if (((changed >> (4 * group)) & 15) !== 0) seen ^= row[32 * group]! ^ row[32 * group + 16]!;
    }
    return seen;
  }

  /** Leaves the hash of the branch in `blake2Area.digest`, when the children marked as changed have been taken. */
  hash(): void {
    const { row, changed } = this;
    for (let group = 0; group < 4; group++) {
      if (((changed >> (4 * group)) & 15) === 0) continue;
      putBlock(row, 32 * group);
      hashFour();
      takeEight(row, groups + words * group);
    }
    this.changed = 0;
    this.taken = 0;
    putBlock(row, groups);
    hashFour();
  }
}

/** Puts 32 words where they are hashed. Step by step, which is faster than in a loop. */
function putBlock(row: Int32Array, from: number): void {
  const input = blake2Area.words;
  for (let i = 0, at = from; i < 32; i += 8, at += 8) {
    input[i] = row[at]!;
    input[i + 1] = row[at + 1]!;
    input[i + 2] = row[at + 2]!;
    input[i + 3] = row[at + 3]!;
    input[i + 4] = row[at + 4]!;
    input[i + 5] = row[at + 5]!;
    input[i + 6] = row[at + 6]!;
    input[i + 7] = row[at + 7]!;
  }
}

/** Takes a hash, eight words, from `blake2Area.digest`. */
function takeEight(row: Int32Array, at: number): void {
  const { digest } = blake2Area;
  row[at] = digest[0]!;
  row[at + 1] = digest[1]!;
  row[at + 2] = digest[2]!;
  row[at + 3] = digest[3]!;
  row[at + 4] = digest[4]!;
  row[at + 5] = digest[5]!;
  row[at + 6] = digest[6]!;
  row[at + 7] = digest[7]!;
}

/** About what a branch takes of memory by itself. */
const branchWeight = 1400;

/** A subtree that is outside. */
export class Absent {
  readonly count: number;
  /** Bytes of memory that it takes when it is here. */
  readonly weight: number;
  readonly place: Place;
  /** Whether what was written may refer to more. */
  readonly deep: boolean;

  constructor(count: number, weight: number, place: Place, deep: boolean) {
    this.count = count;
    this.weight = weight;
    this.place = place;
    this.deep = deep;
  }
}
