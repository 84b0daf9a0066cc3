/**
 * Values as people type them, by the type they are meant for, and values as people read them.
 *
 * | type | as text |
 * |---|---|
 * | `bool` | `true`, `false` |
 * | integers | `42`, `-1`, `1_000_000`, `0xff` |
 * | `str`, `char` | the text itself |
 * | `AccountId` | `//Bob`, `0x…`, SS58 |
 * | bytes, hashes | `0x…` |
 * | `Option<T>` | `none`, or what `T` takes |
 * | enum without fields | the variant's name |
 * | `()` | `()` |
 * | everything else | JSON, in which texts stand for any of the above: `["//Bob","1000000000000000000000"]` |
 * @module
 */

import { toHex } from "../../wire/bytes.ts";
import { isInteger } from "./numbers.ts";
import { mismatch, type Place } from "./place.ts";
import { isOption, newtype, type Types } from "./registry.ts";

/** Makes an account's id of a secret URI such as `//Bob`. */
export type Derive = (uri: string) => Uint8Array;

/**
 * Reads a value typed by a person.
 * @throws {ContractFault} `BadArguments`, with the place and what is expected there.
 */
export function fromText(types: Types, index: number, text: string, place: Place, derive: Derive): unknown {
  const { path, def } = types.type(index);
  const identifier = types.identifier(index);
  if (identifier !== undefined) return text.startsWith("//") && identifier === 32 ? derive(text) : text;
  switch (def.kind) {
    case "primitive":
      if (isInteger(def.name)) return wholeText(text, def.name, place);
      if (def.name !== "bool") return text;
      if (text !== "true" && text !== "false") throw mismatch(place, "bool (true or false)", text);
      return text === "true";
    case "compact":
      return fromText(types, def.type, text, place, derive);
    case "composite": {
      const only = newtype(def.fields);
      if (only !== undefined) return fromText(types, only.type, text, place, derive);
      break;
    }
    case "variant": {
      if (isOption(path, def.variants)) {
        if (text === "none") return undefined;
        const inner = def.variants.find((v) => v.index === 1)?.fields[0]?.type as number;
        if (!types.mayBeUndefined(inner)) return fromText(types, inner, text, place, derive);
        break;
      }
      if (def.variants.some((v) => v.name === text && v.fields.length === 0)) return text;
      break;
    }
    case "tuple":
      if (def.types.length === 0 && (text === "()" || text === "")) return undefined;
      break;
    case "sequence":
    case "array":
      if (types.isByte(def.type) && text.startsWith("0x")) return text;
      break;
    case "bits":
      break;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw mismatch(place, `${types.name(index)} (as JSON, or 0x… for bytes)`, text);
  }
  return typeof json === "string" ? json : fromJson(types, index, json, place, derive);
}

function wholeText(text: string, name: string, place: Place): bigint {
  const bare = text.replaceAll("_", "");
  if (!/^(-?\d+|0x[0-9a-fA-F]+)$/.test(bare)) throw mismatch(place, `${name} (a whole number)`, text);
  return BigInt(bare);
}

/** Puts the texts inside a JSON value through `fromText`, by the type at their place. */
function fromJson(types: Types, index: number, json: unknown, place: Place, derive: Derive): unknown {
  if (typeof json === "string") return fromText(types, index, json, place, derive);
  if (typeof json !== "object") return json;
  const { path, def } = types.type(index);
  if (json === null) return undefined;
  const inside = (type: number, value: unknown, step: string | number): unknown =>
    fromJson(types, type, value, { above: place, step }, derive);
  const each = (fields: readonly { readonly name: string | undefined; readonly type: number }[], value: object) =>
    Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const field = fields.find((f) => f.name === key);
        return [key, field === undefined ? item : inside(field.type, item, key)];
      }),
    );
  switch (def.kind) {
    case "composite":
    case "compact": {
      if (def.kind === "compact") return json;
      const only = newtype(def.fields);
      if (only !== undefined) return fromJson(types, only.type, json, place, derive);
      if (!Array.isArray(json)) return each(def.fields, json);
      return json.map((item, i) => (def.fields[i] === undefined ? item : inside(def.fields[i].type, item, i)));
    }
    case "tuple":
      if (!Array.isArray(json)) return json;
      return json.map((item, i) => (def.types[i] === undefined ? item : inside(def.types[i], item, i)));
    case "sequence":
    case "array":
      if (!Array.isArray(json)) return json;
      return json.map((item, i) => inside(def.type, item, i));
    case "variant": {
      if (isOption(path, def.variants)) {
        const inner = def.variants.find((v) => v.index === 1)?.fields[0]?.type as number;
        if (!types.mayBeUndefined(inner)) return fromJson(types, inner, json, place, derive);
        return each([{ name: "some", type: inner }], json);
      }
      const { type, value } = json as { type?: unknown; value?: unknown };
      const variant = def.variants.find((v) => v.name === type);
      if (variant === undefined) {
        const held = def.variants.map((v) => ({
          name: { Ok: "ok", Err: "err" }[v.name],
          type: v.fields[0]?.type ?? -1,
        }));
        return path.at(-1) === "Result" ? each(held, json) : json;
      }
      const only = newtype(variant.fields);
      if (only !== undefined) return { type, value: inside(only.type, value, variant.name) };
      if (typeof value !== "object" || value === null) return json;
      if (!Array.isArray(value)) return { type, value: each(variant.fields, value) };
      return { type, value: value.map((item, i) => inside(variant.fields[i]?.type ?? index, item, i)) };
    }
    default:
      return json;
  }
}

/** A decoded value for people: JSON's form, with whole numbers bare and bytes as `0x…`. */
export function toText(value: unknown): string {
  if (value === undefined) return "()";
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return `[${value.map(toText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${key}: ${toText(item)}`)
      .join(", ")} }`;
  }
  return JSON.stringify(value);
}
