/**
 * The type registry of a metadata document: portable types of every format become one list with 0-based references.
 *
 * The first release candidates of ink! 3 refer to their types from 1 on; all later ones carry each type's id.
 * @module
 */

import type { Json } from "./json.ts";
import type { Field, PortableType, PrimitiveName, TypeDef, Variant } from "./model.ts";

const primitives: ReadonlySet<string> = new Set<PrimitiveName>([
  "bool",
  "char",
  "str",
  "u8",
  "u16",
  "u32",
  "u64",
  "u128",
  "u256",
  "i8",
  "i16",
  "i32",
  "i64",
  "i128",
  "i256",
]);

/** Turns a reference as the document writes it into an index into the registry. */
type Resolve = (reference: Json) => number;

/** The registry and the way to refer to it. */
export interface Registry {
  readonly types: readonly PortableType[];
  readonly resolve: Resolve;
}

/** Reads a registry; `V0` tells whether references may be 1-based. */
export function readRegistry(list: Json): Registry {
  const items = list.items();
  const portable = items.length > 0 && (items[0] as Json).get("type").present && (items[0] as Json).get("id").present;
  const positions = new Map<number, number>();
  for (const [position, item] of items.entries()) {
    const id = portable ? item.get("id").count() : position + 1;
    if (positions.has(id)) throw item.fail(`a second type ${id}`);
    positions.set(id, position);
  }
  const resolve: Resolve = (reference) => {
    const id = reference.count();
    const position = positions.get(id);
    if (position === undefined) throw reference.fail(`there is no type ${id}`);
    return position;
  };
  const types = items.map((item) => {
    const type = (portable ? item.get("type") : item).object();
    return {
      path: type
        .get("path")
        .items()
        .map((segment) => segment.text()),
      def: readDef(type.get("def").object(), resolve),
    };
  });
  return { types: types.map((type) => withStores(type, types)), resolve };
}

function readFields(list: Json, resolve: Resolve): Field[] {
  return list.items().map((field) => {
    const name = field.get("name");
    return { name: name.present ? name.text() : undefined, type: resolve(field.get("type")) };
  });
}

function readVariants(list: Json, resolve: Resolve): Variant[] {
  const seen = new Set<number>();
  return list.items().map((item, position) => {
    // Before V1 a variant had no index, at most a discriminant, which the codec of that time did not look at.
    const index = item.get("index").present ? item.get("index").count() : position;
    if (index > 255 || seen.has(index)) throw item.fail(`a variant with index ${index}`);
    seen.add(index);
    return { name: item.get("name").text(), index, fields: readFields(item.get("fields"), resolve) };
  });
}

function readDef(def: Json, resolve: Resolve): TypeDef | RawBits {
  const key = def.keys()[0] ?? "";
  const body = def.get(key);
  switch (key) {
    case "primitive": {
      const name = body.text();
      if (!primitives.has(name)) throw body.fail(`an unknown primitive "${name}"`);
      return { kind: "primitive", name: name as PrimitiveName };
    }
    case "composite":
      return { kind: "composite", fields: readFields(body.get("fields"), resolve) };
    case "variant":
      return { kind: "variant", variants: readVariants(body.get("variants"), resolve) };
    case "sequence":
      return { kind: "sequence", type: resolve(body.get("type")) };
    case "array":
      return { kind: "array", length: body.get("len").count(), type: resolve(body.get("type")) };
    case "tuple":
      return { kind: "tuple", types: body.items().map(resolve) };
    case "compact":
      return { kind: "compact", type: resolve(body.get("type")) };
    case "bitsequence":
    case "bitSequence":
      return {
        kind: "bits",
        store: resolve(body.either("bit_store_type", "bitStoreType")),
        order: resolve(body.either("bit_order_type", "bitOrderType")),
      };
    case "phantom":
      return { kind: "tuple", types: [] };
    default:
      throw def.fail(`a type of an unknown kind "${key}"`);
  }
}

/** A bit sequence before the types it refers to are known. */
interface RawBits {
  readonly kind: "bits";
  readonly store: number;
  readonly order: number;
}

interface RawType {
  readonly path: readonly string[];
  readonly def: TypeDef | RawBits;
}

/** Looks up what a bit sequence is stored in. */
function withStores(type: RawType, all: readonly RawType[]): PortableType {
  const { path, def } = type;
  if (def.kind !== "bits" || "bits" in def) return { path, def: def as TypeDef };
  const store = all[def.store]?.def;
  const width = store?.kind === "primitive" ? Number(store.name.slice(1)) : 8;
  return { path, def: { kind: "bits", bits: width || 8, lsb: all[def.order]?.path.at(-1) !== "Msb0" } };
}
