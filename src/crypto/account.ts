/**
 * Accounts of keys that are not 32 bytes themselves.
 * @module
 */

import { blake2_256 } from "./blake2b.ts";
import { ethereumAddress } from "./ecdsa.ts";

const evmDomain = Uint8Array.from("@evm_address", (c) => c.charCodeAt(0));

/** The account of a compressed secp256k1 key on Substrate's chains: 32 bytes. */
export function ecdsaAccount(publicKey: Uint8Array): Uint8Array {
  return blake2_256(publicKey);
}

/**
 * The account of an Ethereum wallet: its address, then "@evm_address".
 * @param publicKey compressed, 33 bytes.
 * @returns 32 bytes; undefined when the key is no point of the curve.
 */
export function evmAccount(publicKey: Uint8Array): Uint8Array | undefined {
  const address = ethereumAddress(publicKey);
  if (address === undefined) return undefined;
  const account = new Uint8Array(32);
  account.set(address);
  account.set(evmDomain, 20);
  return account;
}
