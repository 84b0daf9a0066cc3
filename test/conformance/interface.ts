/**
 * What a module imports and exports, with types, read from its bytes.
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

/** Sizes of a memory in pages, or of a table in entries. */
export interface Limits {
  readonly minimum: number;
  readonly maximum: number | undefined;
}

/** One import. */
export type Import = { readonly module: string; readonly name: string } & (
  | { readonly kind: "function"; readonly type: FunctionType }
  | { readonly kind: "table"; readonly element: ValueType; readonly limits: Limits }
  | { readonly kind: "memory"; readonly limits: Limits }
  | { readonly kind: "global"; readonly type: GlobalType }
);

/** A module's imports in order, and what it exports under which name, as far as a caller can act on it. */
export interface Interface {
  readonly imports: readonly Import[];
  readonly functions: ReadonlyMap<string, FunctionType>;
  readonly globals: ReadonlyMap<string, GlobalType>;
}

const VALUE_TYPES = new Map(Object.entries(TYPE_CODES).map(([name, code]) => [code, name as ValueType]));
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads the interface of a valid module. */
export function readInterface(bytes: Uint8Array): Interface {
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
  const limits = (): Limits => {
    const flags = byte();
    return { minimum: u32(), maximum: (flags & 1) === 0 ? undefined : u32() };
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

  const readImport = (): Import => {
    const [module, name, kind] = [readName(), readName(), byte()];
    if (kind === 0) return { module, name, kind: "function", type: types[u32()]! };
    if (kind === 1) return { module, name, kind: "table", element: valueType(), limits: limits() };
    if (kind === 2) return { module, name, kind: "memory", limits: limits() };
    return { module, name, kind: "global", type: globalType() };
  };

  const types: FunctionType[] = [];
  const imports: Import[] = [];
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
      imports.push(...list(readImport));
      for (const each of imports) {
        if (each.kind === "function") functionTypes.push(each.type);
        if (each.kind === "global") globalTypes.push(each.type);
      }
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
  return { imports, functions, globals };

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
