/**
 * What the types of a contract's interface are, once they are known. Nothing here needs the compiler.
 * @module
 */
import type { ClassDeclaration, EnumDeclaration, Source } from "assemblyscript";

/** A field of a composite type. */
export interface AbiField {
  readonly name: string;
  readonly type: AbiType;
  /** How the author wrote the type. */
  readonly typeName: string;
  readonly docs: readonly string[];
}

/** A case of an enum. */
export interface AbiVariant {
  readonly name: string;
  readonly index: number;
  readonly docs: readonly string[];
}

/** A case of a variant: a class of its own, with its fields. */
export interface AbiCase extends AbiVariant {
  readonly fields: readonly AbiField[];
  readonly node: ClassDeclaration;
}

/** A type of the interface. Equal types are one object, so that they can be compared and numbered. */
export type AbiType =
  | { readonly kind: "primitive"; readonly name: string }
  | { readonly kind: "account" | "hash" }
  | { readonly kind: "sequence"; readonly item: AbiType }
  | { readonly kind: "array"; readonly item: AbiType; readonly length: number }
  | { readonly kind: "tuple"; readonly items: readonly AbiType[] }
  | {
      readonly kind: "option";
      readonly item: AbiType;
      /** Written `T | null`; otherwise `Option<T>`. On the wire they are the same. */
      readonly nullable: boolean;
    }
  | { readonly kind: "result"; readonly ok: AbiType; readonly err: AbiType }
  | { readonly kind: "map"; readonly key: AbiType; readonly value: AbiType }
  | { readonly kind: "set"; readonly item: AbiType }
  | {
      readonly kind: "composite";
      readonly path: readonly string[];
      readonly fields: readonly AbiField[];
      readonly docs: readonly string[];
      readonly node: ClassDeclaration;
      readonly source: Source;
    }
  | {
      readonly kind: "variant";
      readonly path: readonly string[];
      readonly cases: readonly AbiCase[];
      readonly docs: readonly string[];
      readonly node: ClassDeclaration;
      readonly source: Source;
    }
  | {
      readonly kind: "enum";
      readonly path: readonly string[];
      readonly variants: readonly AbiVariant[];
      readonly docs: readonly string[];
      readonly node: EnumDeclaration;
      readonly source: Source;
    };

/** A type as it is used somewhere: what it is and what the author called it. */
export interface TypeUse {
  readonly type: AbiType;
  /** The last name of the type as written, or nothing for `string[]` and the like. */
  readonly displayName: readonly string[];
}

const keys = new WeakMap<AbiType, string>();

/** A text that is equal for equal types. */
export const keyOf = (type: AbiType): string => keys.get(type) ?? "";

/** Gives a type its key. */
export function keyed(type: AbiType, key: string): AbiType {
  keys.set(type, key);
  return type;
}
