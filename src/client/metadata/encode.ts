/**
 * JavaScript values to SCALE by a contract's types. What each type takes stands in codec.ts.
 *
 * A value is looked at before it is written: a wrong one is `BadArguments` with its place, never other bytes.
 * @module
 */

import { fromHex } from "../../wire/bytes.ts";
import type { Writer } from "../../wire/scale.ts";
import { addressBytes } from "../address.ts";
import { putBits } from "./bits.ts";
import type { Field, Variant } from "./model.ts";
import { isInteger, wholeNumber, writeInteger } from "./numbers.ts";
import { mismatch, type Place } from "./place.ts";
import { deepest, fieldOf, isOption, isResult, newtype, type Types } from "./registry.ts";

const loneSurrogate = /\p{Surrogate}/u;

/** Appends a value. */
export function put(types: Types, w: Writer, index: number, value: unknown, place: Place, depth: number): void {
  const { path, def } = types.type(index);
  if (depth > deepest) throw mismatch(place, `at most ${deepest} levels`, "more");
  switch (def.kind) {
    case "primitive":
      putPrimitive(w, def.name, value, place);
      return;
    case "composite": {
      const length = types.identifier(index);
      if (length === undefined) putFields(types, w, def.fields, value, place, depth, types.name(index));
      else w.raw(addressBytes(value, length, place, types.name(index)));
      return;
    }
    case "variant":
      if (isOption(path, def.variants)) putOption(types, w, def.variants, value, place, depth);
      else if (isResult(path, def.variants)) putResult(types, w, def.variants, value, place, depth);
      else putVariant(types, w, def.variants, value, place, depth, types.name(index));
      return;
    case "sequence":
    case "array": {
      const length = def.kind === "array" ? def.length : undefined;
      if (types.isByte(def.type)) {
        const bytes = byteString(value, length, place);
        if (length === undefined) w.compact(bytes.length);
        w.raw(bytes);
        return;
      }
      if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
        throw mismatch(place, `${types.name(index)} (a list${length === undefined ? "" : ` of ${length}`})`, value);
      }
      if (length === undefined) w.compact(value.length);
      for (const [i, item] of value.entries()) put(types, w, def.type, item, { above: place, step: i }, depth + 1);
      return;
    }
    case "tuple": {
      if (def.types.length === 0) {
        if (value !== undefined && value !== null) throw mismatch(place, "nothing: the type is ()", value);
        return;
      }
      if (!Array.isArray(value) || value.length !== def.types.length) {
        throw mismatch(place, `${types.name(index)} (a list of ${def.types.length})`, value);
      }
      for (const [i, type] of def.types.entries()) put(types, w, type, value[i], { above: place, step: i }, depth + 1);
      return;
    }
    case "compact": {
      const inner = types.compacted(def.type);
      if (inner !== undefined) w.compactBig(wholeNumber(inner, value, place));
      return;
    }
    case "bits":
      putBits(w, def, value, place);
      return;
  }
}

function putPrimitive(w: Writer, name: string, value: unknown, place: Place): void {
  if (isInteger(name)) {
    writeInteger(w, name, value, place);
  } else if (name === "bool") {
    if (typeof value !== "boolean") throw mismatch(place, "bool (true or false)", value);
    w.bool(value);
  } else if (typeof value !== "string" || loneSurrogate.test(value)) {
    throw mismatch(place, name === "str" ? "str (a text)" : "char (one character)", value);
  } else if (name === "str") {
    w.str(value);
  } else {
    const point = value.codePointAt(0);
    if (point === undefined || String.fromCodePoint(point) !== value) {
      throw mismatch(place, "char (one character)", value);
    }
    w.u32(point);
  }
}

function putFields(
  types: Types,
  w: Writer,
  fields: readonly Field[],
  value: unknown,
  place: Place,
  depth: number,
  name: string,
): void {
  if (fields.length === 0) {
    if (value !== undefined && value !== null) throw mismatch(place, `nothing: ${name} has no fields`, value);
    return;
  }
  const only = newtype(fields);
  if (only !== undefined) {
    put(types, w, only.type, value, place, depth + 1);
    return;
  }
  if (fields.every((field) => field.name === undefined)) {
    if (!Array.isArray(value) || value.length !== fields.length) {
      throw mismatch(place, `${name} (a list of ${fields.length})`, value);
    }
    for (const [i, field] of fields.entries()) {
      put(types, w, field.type, value[i], { above: place, step: i }, depth + 1);
    }
    return;
  }
  const names = fields.map((field, i) => field.name ?? String(i));
  if (!isRecord(value)) throw mismatch(place, `${name} (an object with ${names.join(", ")})`, value);
  const extra = Object.keys(value).find((key) => !names.includes(key));
  if (extra !== undefined) throw mismatch(place, `${name} with no field but ${names.join(", ")}`, value);
  for (const [i, field] of fields.entries()) {
    const step = names[i] as string;
    const item = Object.hasOwn(value, step) ? value[step] : undefined;
    put(types, w, field.type, item, { above: place, step }, depth + 1);
  }
}

function putOption(
  types: Types,
  w: Writer,
  variants: readonly Variant[],
  value: unknown,
  place: Place,
  depth: number,
): void {
  if (value === undefined || value === null) {
    w.u8(0);
    return;
  }
  const { type } = fieldOf(variants, 1);
  w.u8(1);
  if (!types.mayBeUndefined(type)) {
    put(types, w, type, value, place, depth + 1);
    return;
  }
  if (!isRecord(value) || !("some" in value)) throw mismatch(place, "{ some: … } or nothing", value);
  put(types, w, type, value.some, { above: place, step: "some" }, depth + 1);
}

function putResult(
  types: Types,
  w: Writer,
  variants: readonly Variant[],
  value: unknown,
  place: Place,
  depth: number,
): void {
  const step = isRecord(value) && Object.keys(value).length === 1 ? Object.keys(value)[0] : undefined;
  if (!isRecord(value) || (step !== "ok" && step !== "err")) throw mismatch(place, "{ ok: … } or { err: … }", value);
  const tag = step === "ok" ? 0 : 1;
  w.u8(tag);
  put(types, w, fieldOf(variants, tag).type, value[step], { above: place, step }, depth + 1);
}

function putVariant(
  types: Types,
  w: Writer,
  variants: readonly Variant[],
  value: unknown,
  place: Place,
  depth: number,
  name: string,
): void {
  const type = typeof value === "string" ? value : isRecord(value) ? value.type : undefined;
  const variant = variants.find((v) => v.name === type);
  if (variant === undefined) {
    throw mismatch(place, `${name} (one of ${variants.map((v) => v.name).join(", ") || "no variants"})`, value);
  }
  w.u8(variant.index);
  const held = isRecord(value) ? value.value : undefined;
  putFields(types, w, variant.fields, held, { above: place, step: variant.name }, depth + 1, variant.name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function byteString(value: unknown, length: number | undefined, place: Place): Uint8Array {
  const expected = length === undefined ? "bytes (Uint8Array or 0x… text)" : `${length} bytes (Uint8Array or 0x… text)`;
  let bytes: Uint8Array | undefined;
  if (value instanceof Uint8Array) bytes = value;
  else if (typeof value === "string" && /^0x([0-9a-fA-F]{2})*$/.test(value)) bytes = fromHex(value);
  else if (Array.isArray(value) && value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)) {
    bytes = Uint8Array.from(value as number[]);
  }
  if (bytes === undefined || (length !== undefined && bytes.length !== length)) throw mismatch(place, expected, value);
  return bytes;
}
