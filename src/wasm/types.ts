/**
 * Value types as the binary format writes them.
 *
 * The pass keeps types as these bytes, in typed arrays; names appear only in summaries and refusals.
 * @module
 */

import type { ValueType } from "./prepared.ts";

export const i32 = 0x7f;
export const i64 = 0x7e;
export const f32 = 0x7d;
export const f64 = 0x7c;
export const v128 = 0x7b;
export const funcref = 0x70;
export const externref = 0x6f;
/** The type of a value that unreached code conjures up: it passes for any other. */
export const bottom = 0;

const names: Readonly<Record<number, ValueType>> = {
  [i32]: "i32",
  [i64]: "i64",
  [f32]: "f32",
  [f64]: "f64",
  [v128]: "v128",
  [funcref]: "funcref",
  [externref]: "externref",
};

/** Whether a byte is a value type of WebAssembly 2.0. */
export const isValueType = (type: number): boolean =>
  (type <= i32 && type >= v128) || type === funcref || type === externref;

/** Whether a type is a reference. */
export const isReference = (type: number): boolean => type === funcref || type === externref;

/** Whether values of a type have float bits: `f32`, `f64`, `v128`. */
export const isFloat = (type: number): boolean => type <= f32 && type >= v128;

/** The specification's name of a type; `"any"` for one that unreached code conjured up. */
export const typeName = (type: number): ValueType | "any" => names[type] ?? "any";

/** Names of a run of types, for summaries. */
export function typeNames(types: Uint8Array, start: number, count: number): ValueType[] {
  const list: ValueType[] = [];
  for (let i = start; i < start + count; i++) list.push(names[types[i]!]!);
  return list;
}
