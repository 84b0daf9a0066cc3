/**
 * Types of a contract's messages, arguments and results, inferred from its `metadata` constant.
 *
 * `build` writes `<name>.meta.d.ts`, in which every value of the metadata is its own literal type; what is here walks
 * them as the codec walks the values, so there is no generated client to keep in step. Metadata without literal types
 * gives an untyped handle.
 * @module
 */

import type { AccountLike, Hex } from "./address.ts";

/** Which way a value goes: into a contract, where more forms are taken, or out of it. */
type Way = "in" | "out";

/** Where a document keeps its interface. */
type Abi<M> = M extends { readonly spec: unknown; readonly types: unknown }
  ? M
  : M extends { readonly V3: infer A }
    ? A
    : M extends { readonly V2: infer A }
      ? A
      : never;

type Spec<M> = Abi<M> extends { readonly spec: infer S } ? S : never;
type Registry<M> = Abi<M> extends { readonly types: infer T extends readonly unknown[] } ? T : never;

/** Whether a document has literal types to infer from. */
export type Typed<M> =
  Spec<M> extends { readonly messages: readonly (infer E)[] }
    ? E extends { readonly label: infer L }
      ? string extends L
        ? false
        : true
      : false
    : false;

type TypeAt<M, Id> = Id extends keyof Registry<M>
  ? Registry<M>[Id] extends { readonly type: infer T }
    ? T
    : never
  : Id extends number
    ? Registry<M>[Id] extends { readonly type: infer T }
      ? T
      : never
    : never;

type Last<P> = P extends readonly [...unknown[], infer L] ? L : "";
type PathOf<T> = T extends { readonly path: infer P } ? P : readonly [];
type Identifier = "AccountId" | "AccountId32" | "Hash" | "H160" | "H256" | "H512";

type Small = "u8" | "u16" | "u32" | "i8" | "i16" | "i32";
type Primitive<N, W extends Way> = N extends "bool"
  ? boolean
  : N extends "str" | "char"
    ? string
    : N extends Small
      ? W extends "in"
        ? number | bigint
        : number
      : W extends "in"
        ? bigint | number
        : bigint;

type Bytes<W extends Way> = W extends "in" ? Uint8Array | Hex : Uint8Array;
type IsByte<M, Id> = TypeAt<M, Id> extends { readonly def: { readonly primitive: "u8" } } ? true : false;
type ListOf<M, Id, W extends Way> = IsByte<M, Id> extends true ? Bytes<W> : readonly Value<M, Id, W>[];

type FieldList<D> = D extends { readonly fields: infer F extends readonly unknown[] } ? F : readonly [];
type FieldType<F> = F extends { readonly type: infer Id } ? Id : never;

/** What stands for a list of fields: nothing, what the only unnamed one holds, a tuple, or an object. */
type Fields<M, F extends readonly unknown[], W extends Way> = F extends readonly []
  ? undefined
  : F[0] extends { readonly name: string }
    ? {
        readonly [I in F[number] as I extends { readonly name: infer N extends string } ? N : never]: Value<
          M,
          FieldType<I>,
          W
        >;
      }
    : F extends readonly [infer Only]
      ? Value<M, FieldType<Only>, W>
      : { readonly [I in keyof F]: Value<M, FieldType<F[I]>, W> };

type VariantList<D> = D extends { readonly variants: infer V extends readonly unknown[] } ? V : readonly [];
type Param<T, I extends number> = T extends { readonly params: infer P extends readonly unknown[] }
  ? FieldType<P[I]>
  : never;
type NameOf<V> = V extends { readonly name: infer N extends string } ? N : never;

type Choice<M, V, W extends Way> = V extends unknown
  ? FieldList<V> extends readonly []
    ? { readonly type: NameOf<V> } | (W extends "in" ? NameOf<V> : never)
    : { readonly type: NameOf<V>; readonly value: Fields<M, FieldList<V>, W> }
  : never;

type HasFields<V> = V extends unknown ? (FieldList<V> extends readonly [] ? never : true) : never;

type Variants<M, T, D, W extends Way> =
  Last<PathOf<T>> extends "Option"
    ? Optional<Value<M, Param<T, 0>, W>>
    : Last<PathOf<T>> extends "Result"
      ? { readonly ok: Value<M, Param<T, 0>, W> } | { readonly err: Value<M, Param<T, 1>, W> }
      : [HasFields<VariantList<D>[number]>] extends [never]
        ? NameOf<VariantList<D>[number]>
        : Choice<M, VariantList<D>[number], W>;

type Optional<T> = undefined extends T ? { readonly some: T } | undefined : T | undefined;

/** The value of a type of the registry. */
export type Value<M, Id, W extends Way> = ValueOf<M, TypeAt<M, Id>, W>;

type ValueOf<M, T, W extends Way> = T extends { readonly def: infer D }
  ? D extends { readonly primitive: infer N }
    ? Primitive<N, W>
    : D extends { readonly composite: infer C }
      ? Last<PathOf<T>> extends Identifier
        ? W extends "in"
          ? AccountLike
          : Hex
        : Fields<M, FieldList<C>, W>
      : D extends { readonly variant: infer V }
        ? Variants<M, T, V, W>
        : D extends { readonly sequence: { readonly type: infer Id } }
          ? ListOf<M, Id, W>
          : D extends { readonly array: { readonly type: infer Id } }
            ? ListOf<M, Id, W>
            : D extends { readonly tuple: infer Ids extends readonly unknown[] }
              ? Ids extends readonly []
                ? undefined
                : { readonly [I in keyof Ids]: Value<M, Ids[I], W> }
              : D extends { readonly compact: { readonly type: infer Id } }
                ? Value<M, Id, W>
                : unknown
  : unknown;

type Labels<E> = E extends { readonly label: infer L extends string } ? L : never;
type Entries<M, K extends "messages" | "constructors"> =
  Spec<M> extends { readonly [key in K]: readonly (infer E)[] } ? E : never;
type EntryOf<M, K extends "messages" | "constructors", N> = Extract<Entries<M, K>, { readonly label: N }>;

/** The names of a contract's messages. */
export type MessageNames<M> = Labels<Entries<M, "messages">>;
/** The names of a contract's constructors. */
export type ConstructorNames<M> = Labels<Entries<M, "constructors">>;

type ArgsOf<M, E> = E extends { readonly args: infer A extends readonly unknown[] }
  ? {
      readonly [I in keyof A]: A[I] extends { readonly type: { readonly type: infer Id } } ? Value<M, Id, "in"> : never;
    }
  : never;

/** The arguments of a message. */
export type MessageArgs<M, N> = ArgsOf<M, EntryOf<M, "messages", N>>;
/** The arguments of a constructor. */
export type ConstructorArgs<M, N> = ArgsOf<M, EntryOf<M, "constructors", N>>;

/** A result without the `LangError` wrapper. */
type Unwrapped<M, Id> =
  TypeAt<M, Id> extends { readonly path: readonly ["Result"]; readonly params: infer P extends readonly unknown[] }
    ? Last<PathOf<TypeAt<M, FieldType<P[1]>>>> extends "LangError"
      ? Value<M, FieldType<P[0]>, "out">
      : Value<M, Id, "out">
    : Value<M, Id, "out">;

/** What a message returns. */
export type MessageResult<M, N> =
  EntryOf<M, "messages", N> extends { readonly returnType: infer R }
    ? R extends { readonly type: infer Id }
      ? Unwrapped<M, Id>
      : undefined
    : undefined;
