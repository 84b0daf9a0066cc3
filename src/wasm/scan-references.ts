/**
 * References, and single elements of tables.
 * @module
 */

import type { Scanner } from "./scan.ts";
import { bottom, funcref, i32, isReference, typeName } from "./types.ts";

/** Validates the instruction `op` that stands at `at`; the cursor is after the opcode. */
export function scanReference(s: Scanner, op: number, at: number): void {
  const { info } = s;
  if (!s.features.referenceTypes) s.fail("reference instructions are not part of the profile", at);
  switch (op) {
    case 0xd0: {
      const t = s.byte();
      if (!isReference(t)) s.fail(`0x${t.toString(16)} is no reference type`, at + 1);
      s.pushType(t, 0);
      return;
    }
    case 0xd1: {
      const t = s.popAny(at);
      if (t !== bottom && !isReference(t)) s.fail(`ref.is_null needs a reference and finds ${typeName(t)}`, at);
      s.pushType(i32, 0);
      return;
    }
    case 0xd2: {
      const f = s.u32();
      if (f >= info.functionCount) s.fail(`function ${f} does not exist`, at);
      if (info.referable[f] === 0) s.fail(`function ${f} is not declared as referable`, at);
      info.escaping[f] = 1;
      s.pushType(funcref, 0);
      return;
    }
    default: {
      const t = s.u32();
      if (t >= info.tables.length) s.fail(`table ${t} does not exist`, at);
      const { element } = info.tables[t]!;
      if (op === 0x26) {
        s.pop(element, at);
        info.writesTable = true;
      }
      s.pop(i32, at);
      if (op === 0x25) s.pushType(element, 0);
    }
  }
}
