/**
 * Accounts and contracts as callers write them: bytes, hex, SS58 text, or an object that has an id.
 * @module
 */

import { fromSs58 } from "../crypto/ss58.ts";
import { EngineError } from "../errors.ts";
import { type AccountId, fromHex } from "../wire/bytes.ts";
import { mismatch, type Place, show } from "./metadata/place.ts";

/** `0x…` text. */
export type Hex = `0x${string}`;

/** Whatever names an account or a contract: 32 bytes, their hex, SS58 text, an account, a contract. */
export type AccountLike = Uint8Array | string | { readonly id: Hex };

function parse(value: unknown, length: number): Uint8Array | undefined {
  if (typeof value === "object" && value !== null && !(value instanceof Uint8Array) && "id" in value) {
    return parse(value.id, length);
  }
  if (value instanceof Uint8Array) return value.length === length ? new Uint8Array(value) : undefined;
  if (typeof value !== "string") return undefined;
  if (/^0x([0-9a-fA-F]{2})*$/.test(value)) return value.length === 2 + 2 * length ? fromHex(value) : undefined;
  if (length !== 32 || value.length < 40) return undefined;
  try {
    return fromSs58(value).account;
  } catch {
    return undefined;
  }
}

/** An identifier among a call's arguments. */
export function addressBytes(value: unknown, length: number, place: Place, type: string): Uint8Array {
  const bytes = parse(value, length);
  if (bytes !== undefined) return bytes;
  const forms = length === 32 ? "0x… text, SS58 text, an account or a contract" : "0x… text";
  throw mismatch(place, `${type} (${length} bytes, ${forms})`, value);
}

/**
 * Reads whatever names an account or a contract.
 * @throws {EngineError} `AccountInvalid` when it names none.
 */
export function accountBytes(value: AccountLike): AccountId {
  const bytes = parse(value, 32);
  if (bytes === undefined) {
    throw new EngineError("AccountInvalid", { value: show(value) });
  }
  return bytes as AccountId;
}
