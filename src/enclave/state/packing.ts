/**
 * Parts of a tree as flat bytes: what goes outside, and comes back as if it were hostile.
 *
 * ```
 * node  = 0 | 1 page | 2 branch | 3 reference
 * page  = number of entries, u8, and each of them: key as bytes, then
 *         0 value as bytes | 1 blob as bytes | 2 reference to a blob | 3 value as bytes, extra as bytes
 * branch = bitmap of children, u16 LE, and each of them: node
 * reference = hash | compact entries | compact bytes of memory | bool: refers to others | place as bytes
 * reference to a blob = hash | compact length | place as bytes
 * ```
 * What is read is checked here for form alone; that it is what was written, its hash tells.
 * @module
 */

import { branchBits, branchWidth, bucketEntries } from "../../crypto/merkle.ts";
import { decode, type Reader, Writer } from "../../wire/scale.ts";
import { Absent, Branch, type Node } from "./nodes.ts";
import {
  Blob,
  inlineBytes,
  maxKeyBytes,
  Packed,
  type Page,
  type PageEntry,
  type Place,
  pageOfEntries,
} from "./page.ts";

const tags = { nothing: 0, page: 1, branch: 2, reference: 3 } as const;
const kinds = { inline: 0, blob: 1, blobReference: 2, packed: 3 } as const;

/** No node. */
export const nothingChunk = Uint8Array.of(tags.nothing);

/** The reference to a node that is outside, or will be. */
export function referenceChunk(hash: Uint8Array, { count, weight, deep, place }: Absent): Uint8Array {
  const w = new Writer(64 + place.length);
  return w.u8(tags.reference).raw(hash).compact(count).compact(weight).bool(deep).bytes(place).take();
}

/** A branch over chunks of its children. */
export function branchChunk(chunks: readonly (Uint8Array | undefined)[]): Uint8Array {
  let length = 3;
  for (const chunk of chunks) length += chunk === undefined ? 0 : chunk.length;
  const bytes = new Uint8Array(length);
  bytes[0] = tags.branch;
  let at = 3;
  for (let slot = 0; slot < branchWidth; slot++) {
    const chunk = chunks[slot];
    if (chunk === undefined) continue;
    bytes[1 + (slot >> 3)]! |= 1 << (slot & 7);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Begins a page; its entries follow. */
export function writePageHead(w: Writer, page: Page): void {
  w.u8(tags.page).u8(page.count);
}

/** An entry of a value, and what goes along with it. */
export function writeEntry(w: Writer, key: Uint8Array, value: Uint8Array, extra: Uint8Array | undefined): void {
  w.bytes(key);
  if (extra === undefined && value.length <= inlineBytes) w.u8(kinds.inline).bytes(value);
  else
    w.u8(kinds.packed)
      .bytes(value)
      .bytes(extra ?? new Uint8Array(0));
}

/** A blob, with its bytes or by reference. */
export function writeBlob(w: Writer, blob: Blob, place: Place | undefined): void {
  if (place === undefined) w.u8(kinds.blob).bytes(blob.bytes!);
  else w.u8(kinds.blobReference).raw(blob.hash).compact(blob.length).bytes(place);
}

/** Reads a blob. */
export function readBlob(r: Reader): Blob {
  return readBlobOf(r, r.u8());
}

function readBlobOf(r: Reader, kind: number): Blob {
  if (kind === kinds.blob) return Blob.of(r.bytes());
  if (kind !== kinds.blobReference) throw r.fail(`a blob of kind ${kind}`);
  const [hash, length] = [r.raw(32), r.compact()];
  return Blob.at(readPlace(r), hash, length);
}

function readPlace(r: Reader): Uint8Array {
  const place = r.bytes();
  if (place.length > 255) throw r.fail("a place of more than 255 bytes");
  return place;
}

/** Reads an extent, which is a node and not a reference. */
export function readExtent(bytes: Uint8Array, depth: number): Page | Branch {
  return decode(bytes, "part of the state", (r) => {
    const node = readNode(r, depth);
    if (node === undefined || node.node instanceof Absent)
      throw r.fail("a reference in the place of what it refers to");
    return node.node;
  });
}

/** Reads the node that a tree begins with. */
export function readRoot(r: Reader): Node | undefined {
  return readNode(r, 0)?.node;
}

function readNode(r: Reader, depth: number): { readonly node: Node; readonly hash?: Uint8Array } | undefined {
  const tag = r.u8();
  switch (tag) {
    case tags.nothing:
      return undefined;
    case tags.page:
      return { node: readPage(r, depth) };
    case tags.branch:
      return { node: readBranch(r, depth) };
    case tags.reference: {
      const hash = r.raw(32);
      return { node: readAbsent(r), hash };
    }
    default:
      throw r.fail(`a node of kind ${tag}`);
  }
}

function readAbsent(r: Reader): Absent {
  const [count, weight, deep] = [r.compact(), r.compact(), r.bool()];
  return new Absent(count, weight, readPlace(r), deep);
}

function readPage(r: Reader, depth: number): Page {
  const count = r.u8();
  if (count === 0 || count > bucketEntries) throw r.fail(`a page of ${count} entries`);
  const entries: PageEntry[] = [];
  for (let i = 0; i < count; i++) {
    const key = r.bytesView();
    if (key.length > maxKeyBytes) throw r.fail(`a key of ${key.length} bytes`);
    const kind = r.u8();
    if (kind === kinds.inline) {
      const value = r.bytesView();
      if (value.length > inlineBytes) throw r.fail(`a value of ${value.length} bytes among the short ones`);
      entries.push({ key, value, object: undefined });
    } else {
      const object = kind === kinds.packed ? new Packed(r.bytes(), r.bytes()) : readBlobOf(r, kind);
      entries.push({ key, value: undefined, object });
    }
  }
  return pageOfEntries(entries, depth);
}

function readBranch(r: Reader, depth: number): Branch {
  if (depth >= 8 * maxKeyBytes) throw r.fail("a branch below the last bit of every key");
  const bitmap = r.u16();
  const branch = new Branch(0);
  for (let slot = 0; slot < branchWidth; slot++) {
    if ((bitmap & (1 << slot)) === 0) continue;
    const child = readNode(r, depth + branchBits);
    if (child === undefined) throw r.fail("a child that is not there");
    branch.setChild(slot, child.node);
    if (child.hash !== undefined) branch.refer(slot, child.hash);
  }
  return branch;
}
