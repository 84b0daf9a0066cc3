/**
 * A module's sections, taken apart and put together again, for the oracles that add code to modules.
 * @module
 */

import { type Bytes, moduleOf, section, unsigned } from "../conformance/encode.ts";
import { Reader } from "./instructions.ts";

export const SECTION = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** How many of each thing there are before the module's own. */
export interface Imported {
  readonly functions: readonly number[];
  readonly tables: number;
  readonly memories: number;
  /** Whether each imported global is mutable. */
  readonly globals: readonly boolean[];
}

/** Reads the contents of a module's sections by their ids; custom sections are left out. */
export function readSections(bytes: Uint8Array): Map<number, Uint8Array> {
  const reader = new Reader(bytes, 8);
  const sections = new Map<number, Uint8Array>();
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const content = reader.sized();
    if (id !== 0) sections.set(id, content);
  }
  return sections;
}

/** Writes sections in the order that the format demands. */
export function writeSections(sections: ReadonlyMap<number, Bytes>): Uint8Array {
  // The data count stands before the code.
  const order = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11].filter((id) => sections.has(id));
  return moduleOf(...order.map((id) => section(id, sections.get(id)!)));
}

/** A vector with more items behind its own; without content, the items alone. */
export function appended(content: Uint8Array | undefined, items: readonly Bytes[]): Bytes {
  const reader = new Reader(content ?? Uint8Array.of(0));
  const count = reader.u32();
  return [unsigned(count + items.length), reader.bytes.subarray(reader.at), items];
}

/** How many items a vector has. */
export const countOf = (content: Uint8Array | undefined): number =>
  content === undefined ? 0 : new Reader(content).u32();

/** Reads what an import section brings in; functions by their type's index. */
export function readImported(content: Uint8Array | undefined): Imported {
  const reader = new Reader(content ?? Uint8Array.of(0));
  const functions: number[] = [];
  const globals: boolean[] = [];
  let tables = 0;
  let memories = 0;
  reader.list(() => {
    reader.sized();
    reader.sized();
    const kind = reader.byte();
    if (kind === 0) functions.push(reader.u32());
    else if (kind === 3) {
      reader.byte();
      globals.push(reader.byte() === 1);
    } else {
      if (kind === 1) {
        tables++;
        reader.byte();
      } else memories++;
      const limits = reader.byte();
      reader.u32();
      if ((limits & 1) !== 0) reader.u32();
    }
  });
  return { functions, tables, memories, globals };
}

/** A function type by the codes of its value types. */
export interface TypeCodes {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

/** Reads a type section. */
export function readTypes(content: Uint8Array | undefined): TypeCodes[] {
  const reader = new Reader(content ?? Uint8Array.of(0));
  return reader.list(() => {
    reader.byte();
    return { params: reader.list(() => reader.byte()), results: reader.list(() => reader.byte()) };
  });
}

/** Reads a function section: the index of each function's type. */
export function readFunctions(content: Uint8Array | undefined): number[] {
  const reader = new Reader(content ?? Uint8Array.of(0));
  return reader.list(() => reader.u32());
}
