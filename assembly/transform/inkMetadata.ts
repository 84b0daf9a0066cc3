/**
 * The shape of ink! metadata, version 4, as a build gives it. It stands apart so that whoever uses these types needs
 * none of the compiler's.
 * @module
 */

/** A reference to a type, with the name that the author used. */
export interface TypeSpec {
  readonly type: number;
  readonly displayName: readonly string[];
}

/** A constructor or message in the metadata. */
export interface EntrySpec {
  readonly label: string;
  readonly selector: string;
  readonly payable: boolean;
  readonly mutates?: boolean;
  readonly args: readonly { readonly label: string; readonly type: TypeSpec }[];
  readonly returnType: TypeSpec;
  readonly docs: readonly string[];
  readonly default: boolean;
}

/** What `<name>.json` holds. */
export interface Metadata {
  readonly source: {
    readonly hash: string;
    readonly language: string;
    readonly compiler: string;
    readonly wasm?: string;
  };
  readonly contract: { readonly name: string; readonly version: string; readonly authors: readonly string[] };
  readonly spec: {
    readonly constructors: readonly EntrySpec[];
    readonly messages: readonly EntrySpec[];
    readonly events: readonly object[];
    readonly docs: readonly string[];
    readonly lang_error: TypeSpec;
    readonly environment: object;
  };
  readonly storage: object;
  readonly types: readonly { readonly id: number; readonly type: object }[];
  readonly version: "4";
}
