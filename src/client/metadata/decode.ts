/**
 * SCALE to JavaScript values by a contract's types. What each type becomes stands in codec.ts.
 *
 * The bytes come from a contract and are trusted in nothing: depth, counts and tags are bounded, forms are canonical.
 * @module
 */

import { toHex } from "../../wire/bytes.ts";
import type { Reader } from "../../wire/scale.ts";
import { takeBits } from "./bits.ts";
import type { Field } from "./model.ts";
import { fromCompact, isInteger, readInteger } from "./numbers.ts";
import { deepest, fieldOf, isOption, isResult, newtype, type Types } from "./registry.ts";

/** The most items of a list whose items take no bytes, where the bytes at hand bound nothing. */
const mostEmptyItems = 65_536;

/** Takes a value. */
export function take(types: Types, r: Reader, index: number, depth: number): unknown {
  const { path, def } = types.type(index);
  if (depth > deepest) throw r.fail(`more than ${deepest} levels`);
  switch (def.kind) {
    case "primitive":
      return takePrimitive(r, def.name);
    case "composite": {
      const length = types.identifier(index);
      return length === undefined ? takeFields(types, r, def.fields, depth) : toHex(r.raw(length));
    }
    case "variant": {
      const tag = r.u8();
      const variant = def.variants.find((v) => v.index === tag);
      if (variant === undefined) throw r.fail(`a ${types.name(index)} tagged ${tag}`);
      if (isOption(path, def.variants)) {
        if (tag === 0) return undefined;
        const { type } = fieldOf(def.variants, 1);
        const inner = take(types, r, type, depth + 1);
        return types.mayBeUndefined(type) ? { some: inner } : inner;
      }
      if (isResult(path, def.variants)) {
        const inner = take(types, r, fieldOf(def.variants, tag).type, depth + 1);
        return tag === 0 ? { ok: inner } : { err: inner };
      }
      if (def.variants.every((v) => v.fields.length === 0)) return variant.name;
      if (variant.fields.length === 0) return { type: variant.name };
      return { type: variant.name, value: takeFields(types, r, variant.fields, depth + 1) };
    }
    case "sequence":
    case "array": {
      const count = def.kind === "array" ? def.length : r.compact();
      if (types.isByte(def.type)) return r.raw(count);
      const least = types.least(def.type);
      if (least === 0 ? count > mostEmptyItems : count * least > r.remaining) {
        throw r.fail(`${count} items announced, ${r.remaining} bytes left`);
      }
      const items: unknown[] = [];
      for (let i = 0; i < count; i++) items.push(take(types, r, def.type, depth + 1));
      return items;
    }
    case "tuple":
      return def.types.length === 0 ? undefined : def.types.map((type) => take(types, r, type, depth + 1));
    case "compact": {
      const inner = types.compacted(def.type);
      return inner === undefined ? undefined : fromCompact(r, inner);
    }
    case "bits":
      return takeBits(r, def);
  }
}

function takeFields(types: Types, r: Reader, fields: readonly Field[], depth: number): unknown {
  if (fields.length === 0) return undefined;
  const only = newtype(fields);
  if (only !== undefined) return take(types, r, only.type, depth + 1);
  if (fields.every((field) => field.name === undefined)) {
    return fields.map((field) => take(types, r, field.type, depth + 1));
  }
  const value: Record<string, unknown> = {};
  for (const [i, field] of fields.entries()) {
    // A field may be called anything: defined, not assigned, so that `__proto__` is a field like others.
    Object.defineProperty(value, field.name ?? String(i), {
      value: take(types, r, field.type, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return value;
}

function takePrimitive(r: Reader, name: string): unknown {
  if (isInteger(name)) return readInteger(r, name);
  if (name === "bool") return r.bool();
  if (name === "str") return r.str();
  const point = r.u32();
  if (point > 0x10_ffff || (point >= 0xd800 && point < 0xe000)) throw r.fail(`a char of ${point}`);
  return String.fromCodePoint(point);
}
