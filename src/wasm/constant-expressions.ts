/**
 * Constant expressions: the initial values of globals, the places of segments, the elements of tables.
 * @module
 */

import { reject } from "./reject.ts";
import type { ModuleReader } from "./sections.ts";
import { f32, f64, funcref, i32, i64, isReference, typeName, v128 } from "./types.ts";

/** Validates a constant expression of type `type`: one instruction and `end`. */
export function readConstant(reader: ModuleReader, type: number): void {
  const { info } = reader;
  const at = reader.p;
  const op = reader.byte();
  let gives = 0;
  switch (op) {
    case 0x41:
      reader.signed(32);
      gives = i32;
      break;
    case 0x42:
      reader.signed(64);
      gives = i64;
      break;
    case 0x43:
    case 0x44:
      gives = op === 0x43 ? f32 : f64;
      reader.checkType(gives, at);
      reader.skip(op === 0x43 ? 4 : 8);
      break;
    case 0x23: {
      const g = reader.u32();
      if (g >= info.importedGlobals) reject(`a constant expression reads global ${g}, which is not imported`, at);
      if (info.globalMutable[g] === 1) reject(`a constant expression reads the mutable global ${g}`, at);
      gives = info.globalTypes[g]!;
      break;
    }
    case 0xd0: {
      gives = reader.byte();
      if (!isReference(gives)) reject(`0x${gives.toString(16)} is no reference type`, at);
      if (!reader.features.referenceTypes) reject("references are not part of the profile", at);
      break;
    }
    case 0xd2:
      if (!reader.features.referenceTypes) reject("references are not part of the profile", at);
      reader.refer(reader.u32(), at);
      gives = funcref;
      break;
    case 0xfd: {
      if (reader.u32() !== 12) reject("a constant expression uses a vector instruction other than v128.const", at);
      gives = v128;
      reader.checkType(v128, at);
      reader.skip(16);
      break;
    }
    default:
      reject(`0x${op.toString(16).padStart(2, "0")} does not stand in a constant expression`, at);
  }
  if (gives !== type) reject(`a constant expression gives ${typeName(gives)} where ${typeName(type)} is needed`, at);
  if (reader.byte() !== 0x0b) reject("a constant expression has more than one instruction", reader.p - 1);
}
