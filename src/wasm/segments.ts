/**
 * Element and data segments.
 * @module
 */

import { readConstant } from "./constant-expressions.ts";
import { reject } from "./reject.ts";
import type { ModuleReader } from "./sections.ts";
import { funcref, i32, isReference, typeName } from "./types.ts";

/** Reads the element section. */
export function readElements(reader: ModuleReader): void {
  const { info } = reader;
  const n = reader.count(reader.limits.elementSegments, "element segments");
  for (let i = 0; i < n; i++) {
    const at = reader.p;
    const flags = reader.u32();
    if (flags > 7) reject(`an element segment with flags ${flags} is not part of the profile`, at);
    if (flags !== 0 && !reader.features.bulkMemory)
      reject("this kind of element segment is not part of the profile", at);
    const active = (flags & 1) === 0;
    const table = active && (flags & 2) !== 0 ? reader.u32() : 0;
    if (active) {
      if (table >= info.tables.length) reject(`table ${table} does not exist`, at);
      readConstant(reader, i32);
    }
    let type = funcref;
    const expressions = (flags & 4) !== 0;
    if ((flags & 3) !== 0) {
      const kindAt = reader.p;
      const kind = reader.byte();
      if (expressions) {
        if (!isReference(kind)) reject(`0x${kind.toString(16)} is no reference type`, kindAt);
        type = kind;
      } else if (kind !== 0) reject(`an element kind of ${kind} is not part of the profile`, kindAt);
    }
    if (active && info.tables[table]!.element !== type) {
      reject(`an element segment of ${typeName(type)} for a table of ${typeName(info.tables[table]!.element)}`, at);
    }
    const length = reader.count(reader.limits.elementSegments, "elements");
    for (let k = 0; k < length; k++) {
      if (expressions) readConstant(reader, type);
      else reader.refer(reader.u32(), reader.p);
    }
    info.addElement(type);
  }
}

/** Reads the data section. */
export function readData(reader: ModuleReader): void {
  const { info } = reader;
  const at = reader.p;
  const n = reader.count(reader.limits.dataSegments, "data segments");
  reader.datas = n;
  if (info.dataCount >= 0 && info.dataCount !== n) {
    reject(`the data count section promises ${info.dataCount} segments, and there are ${n}`, at);
  }
  for (let i = 0; i < n; i++) {
    const start = reader.p;
    const flags = reader.u32();
    if (flags > 2) reject(`a data segment with flags ${flags} is not part of the profile`, start);
    if (flags !== 0 && !reader.features.bulkMemory)
      reject("this kind of data segment is not part of the profile", start);
    if (flags !== 1) {
      const memory = flags === 2 ? reader.u32() : 0;
      if (memory >= info.memories.length) reject(`memory ${memory} does not exist`, start);
      readConstant(reader, i32);
    }
    const length = reader.u32();
    reader.dataBytes += length;
    reader.skip(length);
  }
}
