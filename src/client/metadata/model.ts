/**
 * The one shape that every ink! metadata becomes: what a client needs to encode a call and to read what came back.
 *
 * `normalise` makes it from the seven published formats; nothing else in the client knows that there were seven.
 * @module
 */

/** The integers of SCALE, by name. */
export type IntegerName =
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "u128"
  | "u256"
  | "i8"
  | "i16"
  | "i32"
  | "i64"
  | "i128"
  | "i256";

/** The types that have no parts. */
export type PrimitiveName = "bool" | "char" | "str" | IntegerName;

/** A field of a composite type or of a variant; tuple-like ones have no name. */
export interface Field {
  readonly name: string | undefined;
  /** Index into `Metadata.types`. */
  readonly type: number;
}

/** One variant of an enum. */
export interface Variant {
  readonly name: string;
  /** The byte that stands for it. */
  readonly index: number;
  readonly fields: readonly Field[];
}

/** What a type is made of. Numbers are indices into `Metadata.types`. */
export type TypeDef =
  | { readonly kind: "primitive"; readonly name: PrimitiveName }
  | { readonly kind: "composite"; readonly fields: readonly Field[] }
  | { readonly kind: "variant"; readonly variants: readonly Variant[] }
  | { readonly kind: "sequence"; readonly type: number }
  | { readonly kind: "array"; readonly length: number; readonly type: number }
  | { readonly kind: "tuple"; readonly types: readonly number[] }
  | { readonly kind: "compact"; readonly type: number }
  /** Bits in stores of `bits` bits each, the first bit lowest (`lsb`) or highest. */
  | { readonly kind: "bits"; readonly bits: number; readonly lsb: boolean };

/** A type of the registry. */
export interface PortableType {
  /** Where it was declared, module by module; the last segment is its name. Empty for what is built in. */
  readonly path: readonly string[];
  readonly def: TypeDef;
}

/** A named and typed argument. */
export interface Argument {
  readonly name: string;
  readonly type: number;
  /** The type as its author wrote it, where the metadata says. */
  readonly typeName: string | undefined;
}

/** What constructors and messages have in common. */
export interface Entry {
  /** As declared; messages of a trait are `Trait::name`. */
  readonly label: string;
  /** 4 bytes. */
  readonly selector: Uint8Array;
  readonly args: readonly Argument[];
  /** What it returns, the `LangError` wrapper taken off; undefined for nothing. */
  readonly returns: number | undefined;
  /** Whether what it returns comes inside `Result<T, LangError>`: ink! 4 and later. */
  readonly wrapped: boolean;
  readonly payable: boolean;
  readonly docs: readonly string[];
}

/** A message. */
export interface MessageEntry extends Entry {
  /** Whether it may write state. */
  readonly mutates: boolean;
}

/** An event. */
export interface EventEntry {
  readonly label: string;
  readonly args: readonly (Argument & { readonly indexed: boolean })[];
  /** The first topic that names it (ink! 5); undefined when the event's data begins with its index instead. */
  readonly signature: Uint8Array | undefined;
}

/** The published formats of ink! metadata. */
export type MetadataFormat = "V0" | "V1" | "V2" | "V3" | "4" | "5";

/** A contract's interface. */
export interface Metadata {
  readonly format: MetadataFormat;
  readonly name: string;
  readonly version: string;
  /** blake2_256 of the code: 32 bytes; undefined where the metadata does not say. */
  readonly codeHash: Uint8Array | undefined;
  /** What it was written in, as in "ink! 4.3.0". */
  readonly language: string;
  /** Whether an event is known by its first topic (ink! 5) or by the first byte of its data. */
  readonly eventsBy: "topic" | "index";
  readonly types: readonly PortableType[];
  readonly constructors: readonly Entry[];
  readonly messages: readonly MessageEntry[];
  readonly events: readonly EventEntry[];
}
