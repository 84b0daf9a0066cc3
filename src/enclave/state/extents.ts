/**
 * The state outside the enclave: written in parts, read when it is used, and let go when memory is short.
 *
 * An extent is a subtree as flat bytes (`packing.ts`), of some kilobytes to about 64 KiB; what is larger refers to other
 * extents, and so does the manifest, which is all that a state is begun with again. Long values and codes are written by
 * themselves. Nothing here knows of sealing or files: a sink takes bytes and names their place, a source gives them back.
 *
 * What is read is checked against the hash that what refers to it has, so that no other bytes can stand in for it.
 * @module
 */

import { branchBits, branchWidth } from "../../crypto/merkle.ts";
import { EngineError } from "../../errors.ts";
import { decode, Writer } from "../../wire/scale.ts";
import { Absent, Branch, type Node } from "./nodes.ts";
import {
  branchChunk,
  nothingChunk,
  readBlob,
  readRoot,
  referenceChunk,
  writeBlob,
  writeEntry,
  writePageHead,
} from "./packing.ts";
import { Blob, Packed, Page, type Place, type StateSource, useClock } from "./page.ts";
import { readCluster, writeCluster } from "./records.ts";
import { State } from "./state.ts";
import { blobWeight, Tree, weightOfPage, weightOfTree } from "./tree.ts";

export type { Place, StateSource } from "./page.ts";

/** Where extents are written to. */
export interface StateSink {
  /**
   * Takes an extent; the bytes are the caller's again afterwards.
   * @returns where it can be read from, should the save come to be: at most 255 bytes.
   */
  write(extent: Uint8Array): Place;
}

/** A save that has been written. */
export interface Saved {
  /** What `loadState` begins with. Holds secrets, as the extents do. */
  readonly manifest: Uint8Array;
  /**
   * Takes the save as come to be, once manifest and extents are where they will be found: what was written and has not
   * changed is clean from now on. Without it the save has changed nothing.
   */
  commit(): void;
}

export interface SaveOptions {
  /** Names places that are to be given up: what is there is read and written again. */
  readonly moves?: (place: Place) => boolean;
}

/** The largest extent, about; one of a single page may be larger. */
const extentBytes = 64 * 1024;
/** Children of an extent that is too large are extents of their own from this size on. */
const childBytes = 2 * 1024;
/** What is smaller stays in the manifest, or with its contract's record. */
const rootBytes = 1024;
/** Longer values stand by themselves. */
const valueBytes = 1024;
const manifestVersion = 1;
const what = "state manifest";

/** A node or a whole tree, written. */
interface Chunk {
  readonly bytes: Uint8Array;
  /** Whether it has references in it. */
  readonly deep: boolean;
  /** Whether one of them was given up for another. */
  readonly moved: boolean;
  /** Whether it is a reference itself. */
  readonly reference: boolean;
}

/** One save under way. */
class Saving {
  readonly #sink: StateSink;
  readonly #moves: ((place: Place) => boolean) | undefined;
  readonly #written: (() => void)[] = [];

  constructor(sink: StateSink, options: SaveOptions) {
    this.#sink = sink;
    this.#moves = options.moves;
  }

  commit(): void {
    for (const take of this.#written) take();
  }

  /** A tree from its root on. */
  *tree(tree: Tree): Generator<void, Chunk> {
    const hash = tree.root();
    if (tree.size === 0) return { bytes: nothingChunk, deep: false, moved: false, reference: false };
    const chunk = yield* this.#node(tree, tree.node, undefined, 0, 0);
    if (chunk.reference || chunk.bytes.length <= rootBytes) return chunk;
    return yield* this.#put(chunk, tree.node as Page | Branch, hash, weightOfTree(tree));
  }

  /** A node, by reference when it is clean. */
  *#node(tree: Tree, start: Node, parent: Branch | undefined, slot: number, depth: number): Generator<void, Chunk> {
    let node = start;
    const absent = node instanceof Absent ? node : node.outside;
    const stays = absent === undefined ? false : this.#moves?.(absent.place) !== true;
    if (absent !== undefined && stays && !(absent.deep && this.#moves !== undefined)) {
      return refer(parent?.hashOf(slot) ?? tree.root(), absent);
    }
    if (node instanceof Absent) node = tree.load(node, parent, slot, depth);
    const chunk = yield* node instanceof Page ? this.#page(tree, node) : this.#branch(tree, node, depth);
    if (absent === undefined) return chunk;
    if (stays && !chunk.moved) return refer(parent?.hashOf(slot) ?? tree.root(), absent);
    // It may go along with what is above it from now on; an extent of its own notes that after this.
    const loaded = node;
    this.#written.push(() => {
      loaded.outside = undefined;
    });
    return { ...chunk, moved: true };
  }

  *#branch(tree: Tree, branch: Branch, depth: number): Generator<void, Chunk> {
    const chunks: (Chunk | undefined)[] = [];
    let total = 0;
    for (let slot = 0; slot < branchWidth; slot++) {
      const child = branch.child(slot);
      const chunk = child === undefined ? undefined : yield* this.#node(tree, child, branch, slot, depth + branchBits);
      chunks.push(chunk);
      total += chunk?.bytes.length ?? 0;
    }
    for (let slot = 0; slot < branchWidth && total > extentBytes; slot++) {
      const chunk = chunks[slot];
      if (chunk === undefined || chunk.reference || chunk.bytes.length < childBytes) continue;
      const node = branch.child(slot) as Page | Branch;
      chunks[slot] = yield* this.#put(chunk, node, branch.hashOf(slot), branch.weightOf(slot));
    }
    return {
      bytes: branchChunk(chunks.map((chunk) => chunk?.bytes)),
      deep: chunks.some((chunk) => chunk?.deep),
      moved: chunks.some((chunk) => chunk?.moved),
      reference: false,
    };
  }

  *#page(tree: Tree, page: Page): Generator<void, Chunk> {
    const w = new Writer(page.used);
    const values = new Writer();
    writePageHead(w, page);
    let [deep, moved] = [false, false];
    for (let i = 0; i < page.count; i++) {
      const key = page.key(i);
      const raw = page.object(i);
      const object = this.#moves !== undefined && raw instanceof Packed ? tree.objectOf(page, i) : raw;
      if (object === undefined) {
        const at = page.valueAt(i);
        writeEntry(w, key, page.part(at, at + page.valueLength(i)), undefined);
      } else if (object instanceof Packed) {
        writeEntry(w, key, object.value, object.extra);
        deep ||= object.extra.length > 0;
      } else {
        const inner = tree.values.inner(object);
        const extra = new Writer();
        tree.values.note?.(extra, object);
        if (inner instanceof Tree) {
          const chunk = yield* this.tree(inner);
          extra.compact(inner.size).raw(chunk.bytes);
          deep ||= chunk.deep;
          moved ||= chunk.moved;
        } else if (inner instanceof Blob) {
          const before = inner.place;
          const place = yield* this.blob(inner, tree.source);
          writeBlob(inner === object ? w.bytes(key) : extra, inner, place);
          deep ||= place !== undefined;
          moved ||= before !== undefined && before !== place;
        }
        if (inner === object) continue;
        (tree.values.write as (w: Writer, value: unknown) => unknown)(values.clear(), object);
        writeEntry(w, key, values.written(), inner === undefined ? undefined : extra.written());
      }
    }
    return { bytes: w.take(), deep, moved, reference: false };
  }

  /** Where a blob is, or will be; undefined when it is small enough to go along. */
  *blob(blob: Blob, source: StateSource | undefined): Generator<void, Place | undefined> {
    const { place } = blob;
    if (place !== undefined && this.#moves?.(place) !== true) return place;
    if (blob.length <= valueBytes) return undefined;
    const made = this.#place(blob.open(source));
    this.#written.push(() => {
      blob.place = made;
    });
    yield;
    return made;
  }

  /** Writes a chunk as an extent. */
  *#put(chunk: Chunk, node: Page | Branch, hash: Uint8Array, weight: number): Generator<void, Chunk> {
    const outside = new Absent(node.count, weight, this.#place(chunk.bytes), chunk.deep);
    this.#written.push(() => {
      node.outside = outside;
      node.usedAt = useClock.now;
    });
    yield;
    return { ...refer(hash, outside), moved: chunk.moved };
  }

  #place(bytes: Uint8Array): Place {
    const place = this.#sink.write(bytes);
    if (place.length > 255) throw new EngineError("Internal", { what: `a place of ${place.length} bytes` });
    return place.slice();
  }
}

function refer(hash: Uint8Array, absent: Absent): Chunk {
  return { bytes: referenceChunk(hash, absent), deep: true, moved: false, reference: true };
}

/**
 * Writes what has changed since the last save of this line that was committed, one extent a step.
 *
 * @param state a fork that nobody changes. What it was forked from may go on between the steps.
 * @throws {EngineError} what the sink throws, and what the source does when places are moved; nothing has come to be.
 */
export function* saveState(state: State, sink: StateSink, options: SaveOptions = {}): Generator<void, Saved> {
  const saving = new Saving(sink, options);
  const root = state.root();
  const w = new Writer(4096).u16(manifestVersion).raw(root);
  const { cluster, systemCode } = state;
  w.option(cluster && { ...cluster, systemCode: undefined }, writeCluster);
  const place = systemCode && (yield* saving.blob(systemCode, state.accounts.source));
  w.option(systemCode, (o, code) => writeBlob(o, code, place));
  for (const part of state.parts) {
    const { bytes } = yield* saving.tree(part);
    w.compact(part.size).raw(part.root()).raw(bytes);
  }
  return { manifest: w.take(), commit: () => saving.commit() };
}

/**
 * Begins with a state as it was saved; its parts are read when they are used.
 * @throws {EngineError} `Undecodable` when the manifest is not one that `saveState` made.
 */
export function loadState(manifest: Uint8Array, source: StateSource): State {
  return decode(manifest, what, (r) => {
    const version = r.u16();
    if (version !== manifestVersion) throw r.fail(`a manifest of version ${version}`);
    const root = r.raw(32);
    const state = State.empty(source);
    const cluster = r.option(readCluster);
    const systemCode = r.option(readBlob);
    state.cluster = cluster && { ...cluster, systemCode: systemCode?.open(source) };
    state.systemCode = systemCode;
    for (const part of state.parts) {
      const [size, hash] = [r.compact(), r.raw(32)];
      part.adopt(readRoot(r), size, hash);
    }
    if (state.root().some((byte, i) => byte !== root[i])) throw r.fail("its parts are not those of its root");
    return state;
  });
}

/** The way to a node: the branches above it, through the trees that hold trees. */
interface Way {
  readonly branch: Branch;
  readonly slot: number;
  readonly up: Way | undefined;
}

function noteHole(way: Way | undefined): void {
  for (let at = way; at !== undefined; at = at.up) at.branch.holes |= 1 << at.slot;
}

/** Something that may go. */
interface Candidate {
  readonly usedAt: number;
  /** What has it in it and may go too. */
  readonly within: Candidate | undefined;
  gone: boolean;
  /** Lets it go. @returns how many bytes that freed. */
  readonly drop: () => number;
}

function isGone(candidate: Candidate | undefined): boolean {
  for (let at = candidate; at !== undefined; at = at.within) if (at.gone) return true;
  return false;
}

/**
 * Lets go of what is clean, that which was not used for longest first, until about so many bytes are free.
 *
 * Only between messages, and after the root was asked for.
 * @returns how many bytes were freed; less than asked for when nothing more is clean.
 */
export function evict(state: State, bytes: number): number {
  const candidates: Candidate[] = [];
  for (const part of state.parts) gather(part, undefined, undefined, candidates);
  candidates.sort((a, b) => a.usedAt - b.usedAt);
  let freed = 0;
  for (const candidate of candidates) {
    if (freed >= bytes) break;
    if (isGone(candidate)) continue;
    freed += candidate.drop();
    candidate.gone = true;
  }
  return freed;
}

function gather(tree: Tree, way: Way | undefined, within: Candidate | undefined, out: Candidate[]): void {
  const put = (outside: Absent): void => {
    tree.node = outside;
  };
  gatherNode(tree, tree.node, { way, within, put }, out);
}

/** Where a node is. */
interface Spot {
  readonly way: Way | undefined;
  readonly within: Candidate | undefined;
  /** Puts another in its place. */
  readonly put: (node: Absent) => void;
}

function gatherNode(tree: Tree, node: Node, { way, within, put }: Spot, out: Candidate[]): void {
  if (node instanceof Absent) return;
  const { outside, usedAt } = node;
  let inside = within;
  if (outside !== undefined) {
    const drop = (): number => {
      const freed = residentOf(tree, node);
      put(outside);
      noteHole(way);
      return freed;
    };
    inside = { usedAt, within, gone: false, drop };
  }
  gatherBelow(tree, node, way, inside, out);
  // What is above goes after what is in it, when both were used at one time.
  if (inside !== undefined && inside !== within) out.push(inside);
}

function gatherBelow(
  tree: Tree,
  node: Page | Branch,
  way: Way | undefined,
  inside: Candidate | undefined,
  out: Candidate[],
): void {
  if (node instanceof Branch) {
    for (let slot = 0; slot < branchWidth; slot++) {
      const child = node.child(slot);
      if (child === undefined) continue;
      const putChild = (absent: Absent): void => {
        node.setChild(slot, absent);
      };
      gatherNode(tree, child, { way: { branch: node, slot, up: way }, within: inside, put: putChild }, out);
    }
    return;
  }
  for (const object of node.objects ?? []) {
    if (object === undefined || object instanceof Packed) continue;
    const inner = tree.values.inner(object);
    if (inner instanceof Tree) gather(inner, way, inside, out);
    else if (inner?.place !== undefined && inner.bytes !== undefined) {
      const drop = (): number => {
        inner.bytes = undefined;
        noteHole(way);
        return inner.length;
      };
      out.push({ usedAt: inner.usedAt, within: inside, gone: false, drop });
    }
  }
}

/** About how many bytes of memory a state takes, forks apart: as of its last root, less what is absent. */
export function residentBytes(state: State): number {
  let sum = 0;
  for (const part of state.parts) sum += residentOf(part, part.node);
  return sum + (state.systemCode?.length ?? 0);
}

function residentOf(tree: Tree, node: Node): number {
  if (node instanceof Absent) return 0;
  if (node instanceof Branch) {
    let sum = 0;
    let whole = node.weight;
    for (let rest = node.holes; rest !== 0; rest &= rest - 1) {
      const slot = 31 - Math.clz32(rest & -rest);
      whole -= node.weightOf(slot);
      const child = node.child(slot);
      if (child !== undefined) sum += residentOf(tree, child);
    }
    return sum + whole;
  }
  let sum = weightOfPage(node, tree.values);
  for (const object of node.objects ?? []) {
    if (object === undefined || object instanceof Packed) continue;
    const inner = tree.values.inner(object);
    if (inner instanceof Tree) sum += residentOf(inner, inner.node) - weightOfTree(inner);
  }
  return sum;
}

/** About how many bytes of memory have changed since the last save that was committed, as of the last root. */
export function dirtyBytes(state: State): number {
  let sum = 0;
  for (const part of state.parts) sum += dirtyOf(part, part.node);
  const { systemCode } = state;
  return sum + (systemCode === undefined || systemCode.place !== undefined ? 0 : systemCode.length);
}

function dirtyOf(tree: Tree, node: Node): number {
  if (node instanceof Absent || node.outside !== undefined) return 0;
  let sum = 0;
  if (node instanceof Branch) {
    for (let slot = 0; slot < branchWidth; slot++) {
      const child = node.child(slot);
      if (child !== undefined) sum += dirtyOf(tree, child);
    }
    return sum;
  }
  sum = node.used;
  for (const object of node.objects ?? []) {
    if (object === undefined || object instanceof Packed) continue;
    const inner = tree.values.inner(object);
    if (inner instanceof Tree) sum += dirtyOf(inner, inner.node);
    else if (inner instanceof Blob) sum += inner.place === undefined ? blobWeight(inner) : 0;
    else sum += tree.values.weigh(object);
  }
  return sum;
}

/**
 * Every place that a state needs: ask it of the fork that was saved, once the save is committed. Extents that refer to
 * others are read for it.
 */
export function* placesOf(state: State): Generator<Place> {
  const { systemCode } = state;
  if (systemCode?.place !== undefined) yield systemCode.place;
  for (const part of state.parts) yield* placesOfNode(part, part.node, undefined, 0, 0);
}

function* placesOfNode(
  tree: Tree,
  start: Node,
  parent: Branch | undefined,
  slot: number,
  depth: number,
): Generator<Place> {
  const absent = start instanceof Absent ? start : start.outside;
  if (absent !== undefined) {
    yield absent.place;
    if (!absent.deep) return;
  }
  const node = start instanceof Absent ? tree.load(start, parent, slot, depth) : start;
  if (node instanceof Branch) {
    for (let i = 0; i < branchWidth; i++) {
      const child = node.child(i);
      if (child !== undefined) yield* placesOfNode(tree, child, node, i, depth + branchBits);
    }
    return;
  }
  for (let i = 0; i < node.count; i++) {
    if (node.object(i) === undefined) continue;
    const inner = tree.values.inner(tree.objectOf(node, i));
    if (inner instanceof Tree) yield* placesOfNode(inner, inner.node, undefined, 0, 0);
    else if (inner instanceof Blob && inner.place !== undefined) yield inner.place;
  }
}
