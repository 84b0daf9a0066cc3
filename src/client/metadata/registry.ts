/**
 * The types of a contract, as the encoder and the decoder look at them: by name, by size, by the special forms.
 * @module
 */

import { EngineError } from "../../errors.ts";
import type { Field, IntegerName, PortableType, TypeDef, Variant } from "./model.ts";
import { integerBytes, isInteger } from "./numbers.ts";

/** Deeper than any honest value; a type that contains itself without a byte between would go on for ever. */
export const deepest = 200;
/** Types by these names, made of bytes alone, are identifiers: hex text, so that `===` compares them. */
const identifiers = new Set(["AccountId", "AccountId32", "Hash", "H160", "H256", "H512"]);

/** A registry with what is asked of it. */
export class Types {
  private readonly all: readonly PortableType[];
  private readonly sizes = new Map<number, number>();

  constructor(all: readonly PortableType[]) {
    this.all = all;
  }

  /** The definition behind a reference. */
  type(index: number): PortableType {
    const type = this.all[index];
    if (type === undefined) throw new EngineError("MetadataInvalid", { reason: `there is no type ${index}` });
    return type;
  }

  /** How a type is called in errors and listings, as in `Option<AccountId>`. */
  name(index: number, depth = 0): string {
    const { path, def } = this.type(index);
    const inner = (of: number): string => (depth > 6 ? "…" : this.name(of, depth + 1));
    const last = path.at(-1);
    if (last !== undefined && !((last === "Option" || last === "Result") && def.kind === "variant")) return last;
    switch (def.kind) {
      case "primitive":
        return def.name;
      case "sequence":
        return `Vec<${inner(def.type)}>`;
      case "array":
        return `[${inner(def.type)}; ${def.length}]`;
      case "tuple":
        return `(${def.types.map(inner).join(", ")})`;
      case "compact":
        return `Compact<${inner(def.type)}>`;
      case "bits":
        return "BitVec";
      case "composite":
        return `{ ${def.fields.map((f) => `${f.name ?? "_"}: ${inner(f.type)}`).join(", ")} }`;
      case "variant": {
        const parts = def.variants.flatMap((v) => v.fields.map((f) => inner(f.type)));
        return `${last ?? "enum"}<${parts.join(", ")}>`;
      }
    }
  }

  /** Whether a type is an identifier, and of how many bytes. */
  identifier(index: number): number | undefined {
    const { path, def } = this.type(index);
    if (!identifiers.has(path.at(-1) ?? "") || def.kind !== "composite" || def.fields.length !== 1) return undefined;
    const inner = this.type((def.fields[0] as Field).type).def;
    return inner.kind === "array" && this.isByte(inner.type) ? inner.length : undefined;
  }

  /** Whether a type is `u8`. */
  isByte(index: number): boolean {
    const { def } = this.type(index);
    return def.kind === "primitive" && def.name === "u8";
  }

  /** Whether a type is `()`. */
  isUnit(index: number): boolean {
    const { def } = this.type(index);
    return def.kind === "tuple" && def.types.length === 0;
  }

  /** Whether a value of the type may be `undefined`, so that an option of it needs a wrapper. */
  mayBeUndefined(index: number, depth = 0): boolean {
    const { path, def } = this.type(index);
    if (def.kind === "tuple") return def.types.length === 0;
    if (def.kind === "variant") return isOption(path, def.variants);
    if (def.kind !== "composite") return false;
    if (def.fields.length === 0) return true;
    const only = newtype(def.fields);
    return only !== undefined && depth < deepest && this.mayBeUndefined(only.type, depth + 1);
  }

  /** The integer inside a compact type; undefined for `Compact<()>`. */
  compacted(index: number, depth = 0): IntegerName | undefined {
    const { def } = this.type(index);
    if (def.kind === "primitive" && isInteger(def.name)) return def.name;
    if (def.kind === "tuple" && def.types.length === 0) return undefined;
    const only = def.kind === "composite" ? def.fields[0] : undefined;
    if (only === undefined || depth > deepest || (def.kind === "composite" && def.fields.length > 1)) {
      throw new EngineError("MetadataInvalid", { reason: `type ${index} is compact, but not an integer` });
    }
    return this.compacted(only.type, depth + 1);
  }

  /** The fewest bytes that a value takes. */
  least(index: number): number {
    const known = this.sizes.get(index);
    if (known !== undefined) return known;
    this.sizes.set(index, 0);
    const size = this.leastOf(this.type(index).def);
    this.sizes.set(index, size);
    return size;
  }

  private leastOf(def: TypeDef): number {
    const sum = (types: readonly number[]): number => types.reduce((total, type) => total + this.least(type), 0);
    switch (def.kind) {
      case "primitive":
        return isInteger(def.name) ? integerBytes(def.name) : def.name === "char" ? 4 : 1;
      case "composite":
        return sum(def.fields.map((field) => field.type));
      case "tuple":
        return sum(def.types);
      case "array":
        return def.length * this.least(def.type);
      default:
        return 1;
    }
  }
}

/** The one unnamed field of a wrapper. */
export function newtype(fields: readonly Field[]): Field | undefined {
  const [first] = fields;
  return fields.length === 1 && first?.name === undefined ? first : undefined;
}

export function isOption(path: readonly string[], variants: readonly Variant[]): boolean {
  return path.length === 1 && path[0] === "Option" && hasFields(variants, [0, 1]);
}

export function isResult(path: readonly string[], variants: readonly Variant[]): boolean {
  return path.length === 1 && path[0] === "Result" && hasFields(variants, [1, 1]);
}

/** Whether variants 0 and 1 are all there are and hold this many fields. */
function hasFields(variants: readonly Variant[], counts: readonly number[]): boolean {
  return (
    variants.length === counts.length &&
    counts.every((count, tag) => variants.find((v) => v.index === tag)?.fields.length === count)
  );
}

/** The only field of the variant with this index. */
export function fieldOf(variants: readonly Variant[], tag: number): Field {
  return variants.find((v) => v.index === tag)?.fields[0] as Field;
}
