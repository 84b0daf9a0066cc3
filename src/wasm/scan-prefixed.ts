/**
 * Instructions with prefix 0xfc: saturating conversions and bulk operations.
 * @module
 */

import * as event from "./events.ts";
import type { Scanner } from "./scan.ts";
import { f32, f64, funcref, i32, i64, typeName } from "./types.ts";

/** Validates the instruction whose prefix stands at `at`; the cursor is after the prefix. */
export function scanPrefixed(s: Scanner, at: number): void {
  const op = s.u32();
  if (op <= 7) {
    s.computations++;
    if (!s.features.saturatingConversions) s.fail("saturating conversions are not part of the profile", at);
    if (s.refusesFloats) s.fail("floats are refused", at);
    s.pop((op & 2) === 0 ? f32 : f64, at);
    s.pushType(op < 4 ? i32 : i64, 0);
    return;
  }
  if (op > 17) s.fail(`0xfc ${op} is no instruction of the profile`, at);
  if (op >= 15 ? !s.features.referenceTypes : !s.features.bulkMemory) {
    s.fail(
      op >= 15 ? "reference instructions are not part of the profile" : "bulk operations are not part of the profile",
      at,
    );
  }
  const { info } = s;
  const needMemory = (): void => {
    if (info.memories.length === 0) s.fail("there is no memory", at);
    if (s.byte() !== 0) s.fail("the memory's index must be a zero byte", s.p - 1);
  };
  const table = (): number => {
    const t = s.u32();
    if (t >= info.tables.length) s.fail(`table ${t} does not exist`, at);
    return info.tables[t]!.element;
  };
  const segment = (): number => {
    const e = s.u32();
    if (e >= info.elementCount) s.fail(`element segment ${e} does not exist`, at);
    return info.elementTypes[e]!;
  };
  const data = (): void => {
    const d = s.u32();
    if (info.dataCount < 0) s.fail("a data segment is used and there is no data count section", at);
    if (d >= info.dataCount) s.fail(`data segment ${d} does not exist`, at);
  };
  const three = (): void => {
    s.pop(i32, at);
    s.pop(i32, at);
    s.pop(i32, at);
  };
  /** Charged by length: notes the place before the instruction, where its operands are on the stack. */
  const priced = (elements: 0 | 1): void => {
    if (!s.dead) s.events.add(event.bulk, at, elements, 0);
  };
  switch (op) {
    case 8: // memory.init
      data();
      needMemory();
      priced(0);
      three();
      return;
    case 9: // data.drop
      data();
      info.dropsData = true;
      return;
    case 10: // memory.copy
      needMemory();
      needMemory();
      priced(0);
      three();
      return;
    case 11: // memory.fill
      needMemory();
      priced(0);
      three();
      return;
    case 12: {
      // table.init
      const from = segment();
      const to = table();
      if (from !== to) s.fail(`table.init from ${typeName(from)} to ${typeName(to)}`, at);
      info.writesTable = true;
      priced(1);
      three();
      return;
    }
    case 13: // elem.drop
      segment();
      info.dropsElements = true;
      return;
    case 14: {
      // table.copy
      const to = table();
      const from = table();
      if (from !== to) s.fail(`table.copy from ${typeName(from)} to ${typeName(to)}`, at);
      info.writesTable = true;
      priced(1);
      three();
      return;
    }
    case 15: {
      // table.grow
      const element = table();
      info.growsTable = true;
      if (element === funcref) info.writesTable = true;
      priced(1);
      s.pop(i32, at);
      s.pop(element, at);
      s.pushType(i32, 0);
      return;
    }
    case 16: // table.size
      table();
      s.pushType(i32, 0);
      return;
    default: {
      // table.fill
      const element = table();
      info.writesTable = true;
      priced(1);
      s.pop(i32, at);
      s.pop(element, at);
      s.pop(i32, at);
    }
  }
}
