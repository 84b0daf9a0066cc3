/**
 * The types of a module's exported functions and globals, read from its bytes.
 *
 * JavaScript does not tell the type of an exported function, and a caller that must pass exact bits has to know it.
 * Only modules that the engine has accepted are read here.
 * @module
 */

import { TYPE_CODES } from "./encode.ts";
import type { ValueType } from "./values.ts";

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface GlobalType {
  readonly type: ValueType;
  readonly mutable: boolean;
}

/** What a module exports under which name, as far as scripts can act on it. */
export interface ExportTypes {
  readonly functions: ReadonlyMap<string, FunctionType>;
  readonly globals: ReadonlyMap<string, GlobalType>;
}

const VALUE_TYPES = new Map(Object.entries(TYPE_CODES).map(([name, code]) => [code, name as ValueType]));
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads the export types of a valid module. */
export function readExportTypes(bytes: Uint8Array): ExportTypes {
  let at = 8;
  const byte = (): number => bytes[at++]!;
  const u32 = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const b = byte();
      value += (b & 0x7f) * 2 ** shift;
      if (b < 0x80) return value;
    }
  };
  const list = <T>(read: () => T): T[] => Array.from({ length: u32() }, read);
  const valueType = (): ValueType => VALUE_TYPES.get(byte())!;
  const limits = (): void => {
    const flags = byte();
    u32();
    if ((flags & 1) !== 0) u32();
  };
  const functionType = (): FunctionType => {
    at++; // the form, always 0x60
    return { params: list(valueType), results: list(valueType) };
  };
  const globalType = (): GlobalType => ({ type: valueType(), mutable: byte() === 1 });
  const readName = (): string => {
    const length = u32();
    at += length;
    return utf8.decode(bytes.subarray(at - length, at));
  };

  const types: FunctionType[] = [];
  const functionTypes: FunctionType[] = [];
  const globalTypes: GlobalType[] = [];
  const functions = new Map<string, FunctionType>();
  const globals = new Map<string, GlobalType>();
  while (at < bytes.length) {
    const id = byte();
    const end = u32() + at;
    if (id === 1) {
      types.push(...list(functionType));
    } else if (id === 2) {
      list(() => {
        readName();
        readName();
        const kind = byte();
        if (kind === 0) functionTypes.push(types[u32()]!);
        else if (kind === 3) globalTypes.push(globalType());
        else {
          if (kind === 1) at++; // the element type
          limits();
        }
      });
    } else if (id === 3) {
      functionTypes.push(...list(u32).map((index) => types[index]!));
    } else if (id === 6) {
      list(() => {
        globalTypes.push(globalType());
        skipConstant();
      });
    } else if (id === 7) {
      list(() => {
        const name = readName();
        const kind = byte();
        const index = u32();
        if (kind === 0) functions.set(name, functionTypes[index]!);
        if (kind === 3) globals.set(name, globalTypes[index]!);
      });
    }
    at = end;
  }
  return { functions, globals };

  function skipConstant(): void {
    for (;;) {
      const opcode = byte();
      if (opcode === 0x0b) return;
      if (opcode === 0x43) at += 4;
      else if (opcode === 0x44) at += 8;
      else if (opcode === 0xd0) at += 1;
      else if (opcode === 0xfd) at += 17;
      else while (byte() >= 0x80);
    }
  }
}
