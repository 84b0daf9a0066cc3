/**
 * What `prepareModule` gives back.
 * @module
 */

/** A value type, by the specification's names. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref";

/** A function's type. */
export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** What an import or export is. Limits are the prepared module's; `maximum` is absent when there is none. */
export type ExternType =
  | { readonly kind: "function"; readonly type: FunctionType }
  | { readonly kind: "table"; readonly element: ValueType; readonly minimum: number; readonly maximum?: number }
  | { readonly kind: "memory"; readonly minimum: number; readonly maximum?: number }
  | { readonly kind: "global"; readonly type: ValueType; readonly mutable: boolean };

/** One import. */
export type ImportSummary = { readonly module: string; readonly name: string } & ExternType;
/** One export of the original module; what the pass adds is not listed. */
export type ExportSummary = { readonly name: string; readonly index: number } & ExternType;

/** One function of the module (imports are not listed). */
export interface FunctionReport {
  /** Index in the function index space. */
  readonly index: number;
  /** Instructions in the body, `end` included. */
  readonly instructions: number;
  /** Bytes by the formula of `stack.md`, callees included; or "counted" at run time. */
  readonly stack: number | "counted";
  /** Stretches that are charged. */
  readonly stretches: number;
}

/** What was found and made. */
export interface Report {
  /** Per function, in order. Made on first use. */
  readonly functions: readonly FunctionReport[];
  /** The sum over all functions. */
  readonly instructions: number;
  /** The largest static bound, in bytes; functions that count at run time are bounded by `maxStack`. */
  readonly worstStack: number;
  /** How many functions count at run time. */
  readonly counted: number;
  /** Input and output sizes, in bytes. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Bytes in data segments. */
  readonly dataBytes: number;
}

/** What an instance's reset needs (with `image: true`). All names are exports of the prepared module. */
export interface ImageNames {
  /** Every memory (0 or 1), imported ones too. */
  readonly memories: readonly { readonly name: string; readonly minimum: number; readonly imported: boolean }[];
  /** Every mutable global, imported ones too; the pass's own two are not among them. */
  readonly globals: readonly { readonly name: string; readonly type: ValueType; readonly imported: boolean }[];
  /** Every table; `mutable` is false when nothing in the module can write it and it is neither imported nor exported. */
  readonly tables: readonly {
    readonly name: string;
    readonly element: ValueType;
    /** Elements that it starts with. */
    readonly minimum: number;
    readonly mutable: boolean;
    readonly imported: boolean;
  }[];
  /** Whether writing the image back makes the instance as new (unless its memory has grown). */
  readonly resettable: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** An ordinary module that behaves as the original, is metered, and can be run by any engine. */
export interface PreparedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Name of the exported mutable i64: what remains, in ref_time; below zero is exhausted (`gas.md`). */
  readonly gasGlobal: string;
  /** Name of the exported mutable i32: bytes that remain; -1 after a stack overflow, -2 when a grow was not served (`stack.md`). */
  readonly stackGlobal: string;
  /** Name of the start function's export; absent without one, and in profile `wasm2` without `image`, where it stays the start function. */
  readonly start?: string;
  readonly image?: ImageNames;
  readonly imports: readonly ImportSummary[];
  readonly exports: readonly ExportSummary[];
  readonly report: Report;
  /** The offset in the input of what stands at an offset of `bytes` inside a function's body; -1 before all bodies. */
  readonly originalOffset: (offset: number) => number;
  /** Differs whenever version, profile, cost table or any option does: part of every cache key, beside the code's hash. */
  readonly key: string;
}
