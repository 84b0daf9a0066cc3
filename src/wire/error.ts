/**
 * Errors as bytes: code and facts cross a boundary, message and advice are made again on the other side.
 * @module
 */

import { catalogue, EngineError, type ErrorCode, type Facts, PhatError, restoreError } from "../errors.ts";
import { fromHex, toHex } from "./bytes.ts";
import { decode, encode } from "./scale.ts";

/** JSON has no bigint and no bytes: they travel as objects of one field that cannot be mistaken for a fact. */
function replacer(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return { $bigint: value.toString() };
  if (value instanceof Uint8Array) return { $bytes: toHex(value) };
  if (value instanceof Error) return value.message;
  return value;
}

function reviver(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { $bigint, $bytes } = value as { $bigint?: unknown; $bytes?: unknown };
  if (typeof $bigint === "string" && /^-?\d{1,100}$/.test($bigint)) return BigInt($bigint);
  if (typeof $bytes === "string") return fromHex($bytes);
  return value;
}

/**
 * Whether an error is one of the catalogue's, whichever copy of this library made it: the enclave's bundle and the
 * platform beside it have classes of their own.
 */
function isKnown(error: unknown): error is { readonly code: ErrorCode; readonly facts: Facts } {
  if (!(error instanceof Error)) return false;
  const { code, facts } = error as { code?: unknown; facts?: unknown };
  return typeof code === "string" && Object.hasOwn(catalogue, code) && typeof facts === "object" && facts !== null;
}

/**
 * Writes an error: its code and facts as they are; anything but one of the catalogue's as `Internal`.
 *
 * A cause and a stack stay behind: they may hold what must not leave the enclave.
 */
export function encodeError(error: unknown): Uint8Array {
  const known = isKnown(error)
    ? error
    : new EngineError("Internal", { what: error instanceof Error ? `${error.name}: ${error.message}` : "a throw" });
  return encode(known, (w, e) => w.str(e.code).str(JSON.stringify(e.facts, replacer)));
}

/** Makes the error again. Bytes that are no error give `Undecodable`, not a throw: the caller has a failure either way. */
export function decodeError(bytes: Uint8Array): PhatError {
  try {
    return decode(bytes, "error", (r) => {
      const code = r.str();
      const facts: unknown = JSON.parse(r.str(), reviver);
      return restoreError(code, typeof facts === "object" && facts !== null ? (facts as Facts) : {});
    });
  } catch (error) {
    return error instanceof PhatError
      ? error
      : new EngineError("Undecodable", { what: "error", reason: "its facts are not JSON" });
  }
}
