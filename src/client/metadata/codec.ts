/**
 * Encodes and decodes the values of a contract by the types in its metadata.
 *
 * | type | as a JavaScript value |
 * |---|---|
 * | `bool` / `str` | boolean / string |
 * | `char` | string of one code point |
 * | `u8` … `u32`, `i8` … `i32` | number |
 * | `u64` … `u256`, `i64` … `i256` | bigint; in, a safe number too |
 * | `AccountId`, `Hash` and their like | `0x…` text; in, also bytes, an account, a contract, SS58 text |
 * | `Vec<u8>`, `[u8; N]` | Uint8Array; in, `0x…` text too |
 * | `Vec<T>`, `[T; N]`, tuples | array |
 * | `()` and fieldless structs | undefined |
 * | struct with named fields | object |
 * | struct around one unnamed field | what it holds |
 * | `Option<T>` | the value or undefined; `{ some }` around a `T` that may itself be undefined |
 * | `Result<T, E>` | `{ ok }` or `{ err }` |
 * | enum without any fields | the variant's name |
 * | other enums | `{ type, value? }`; in, a bare name too where there are no fields |
 * | bit sequences | array of booleans |
 *
 * Values in are checked before a byte is written; bytes in come from contracts and are trusted in nothing: depth,
 * counts and tags are bounded, forms must be canonical.
 * @module
 */

import { Reader, Writer } from "../../wire/scale.ts";
import { take } from "./decode.ts";
import { put } from "./encode.ts";
import type { PortableType } from "./model.ts";
import type { Place } from "./place.ts";
import { Types } from "./registry.ts";

/** A codec over one registry. */
export class Codec {
  readonly types: Types;

  constructor(types: readonly PortableType[]) {
    this.types = new Types(types);
  }

  /**
   * Appends a value.
   * @throws {ContractFault} `BadArguments`, naming the place in the value and what was expected there.
   */
  write(w: Writer, type: number, value: unknown, place: Place): void {
    put(this.types, w, type, value, place, 0);
  }

  /**
   * Takes a value.
   * @throws {EngineError} `Undecodable` when the bytes are not one.
   */
  read(r: Reader, type: number): unknown {
    return take(this.types, r, type, 0);
  }

  /** Encodes one value by itself; `name` is what an error calls it. */
  encode(type: number, value: unknown, name = "value"): Uint8Array {
    const w = new Writer();
    this.write(w, type, value, { above: undefined, step: name });
    return w.take();
  }

  /** Decodes one value that uses up all bytes. */
  decode(type: number, bytes: Uint8Array): unknown {
    const r = new Reader(bytes, this.types.name(type));
    const value = this.read(r, type);
    r.end();
    return value;
  }
}
