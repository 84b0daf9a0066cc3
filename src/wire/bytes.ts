/**
 * Byte strings with a type: each kind of identifier is a branded `Uint8Array` made by one parser, so that a code hash
 * cannot be passed where a contract id belongs. Hex appears only at the edges.
 * @module
 */

import { EngineError } from "../errors.ts";

declare const brand: unique symbol;
type Branded<B extends string> = Uint8Array & { readonly [brand]: B };

/** blake2_256 of a contract's wasm bytes: 32 bytes. */
export type CodeHash = Branded<"CodeHash">;
/** The address of a contract: 32 bytes, in the same space as accounts. */
export type ContractId = Branded<"ContractId"> & Branded<"AccountId">;
/** A cluster's running number as 32 bytes, big endian. */
export type ClusterId = Branded<"ClusterId">;
/** An account or a contract: 32 bytes. */
export type AccountId = Branded<"AccountId">;
/** An sr25519 or ed25519 public key: 32 bytes; as an account it is its own id. */
export type PublicKey = Branded<"PublicKey"> & Branded<"AccountId">;
/** Hash of a block's header: 32 bytes. */
export type BlockHash = Branded<"BlockHash">;

function exactly32<T extends Uint8Array>(what: string): (source: Uint8Array | string) => T {
  return (source) => {
    const bytes = typeof source === "string" ? fromHex(source) : source;
    if (bytes.length !== 32) throw new EngineError("Undecodable", { what, reason: `${bytes.length} bytes, not 32` });
    return bytes as T;
  };
}

/** Parses a code hash from 32 bytes or their hex. */
export const codeHash: (source: Uint8Array | string) => CodeHash = exactly32("code hash");
/** Parses a contract id from 32 bytes or their hex. */
export const contractId: (source: Uint8Array | string) => ContractId = exactly32("contract id");
/** Parses a cluster id from 32 bytes or their hex. */
export const clusterId: (source: Uint8Array | string) => ClusterId = exactly32("cluster id");
/** Parses an account id from 32 bytes or their hex. */
export const accountId: (source: Uint8Array | string) => AccountId = exactly32("account id");
/** Parses a public key from 32 bytes or their hex. */
export const publicKey: (source: Uint8Array | string) => PublicKey = exactly32("public key");
/** Parses a block hash from 32 bytes or their hex. */
export const blockHash: (source: Uint8Array | string) => BlockHash = exactly32("block hash");

/** The id of the n-th cluster of a chain, counted from 1; 0 is reserved. */
export function clusterNumber(n: number): ClusterId {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setBigUint64(24, BigInt(n));
  return bytes as ClusterId;
}

const digits = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** Writes bytes as `0x…`. */
export function toHex(bytes: Uint8Array): `0x${string}` {
  let text = "0x";
  for (const byte of bytes) text += digits[byte];
  return text as `0x${string}`;
}

/**
 * Reads hex, with or without `0x`.
 * @throws {EngineError} `Undecodable` when it is not an even number of hex digits.
 */
export function fromHex(text: string): Uint8Array {
  const bare = text.startsWith("0x") ? text.slice(2) : text;
  if (bare.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(bare)) {
    throw new EngineError("Undecodable", { what: "hex", reason: "not an even number of hex digits" });
  }
  const bytes = new Uint8Array(bare.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(bare.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

/** Whether two byte strings are equal. Not constant in time: for public values. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
