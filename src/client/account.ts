/**
 * Accounts that sign, from Substrate's secret URIs.
 * @module
 */

import { keyPairFromUri } from "../crypto/secret-uri.ts";
import { toSs58 } from "../crypto/ss58.ts";
import { type PublicKey, toHex } from "../wire/bytes.ts";
import type { SignatureType } from "../wire/extrinsic.ts";
import type { Hex } from "./address.ts";

/** An account that signs. */
export interface Account {
  /** Its public key as `0x…` text: what contracts see as the caller. */
  readonly id: Hex;
  /** The same as SS58 text with Substrate's generic prefix, 42. */
  readonly address: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly scheme: SignatureType;
  /** The signature of a message: 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** How an account's keys are made. */
export interface AccountOptions {
  /** Default `sr25519`. */
  readonly scheme?: SignatureType;
}

/**
 * The account of a secret URI.
 *
 * @param uri `//Alice` and other development accounts, `0x…` seeds, or a phrase, each with junctions:
 *   `phrase//hard/soft///password`.
 * @throws {EngineError} `SecretUriInvalid`
 */
export function account(uri: string, options: AccountOptions = {}): Account {
  const keys = keyPairFromUri(uri, options.scheme ?? "sr25519");
  const publicKey = keys.publicKey as PublicKey;
  return {
    id: toHex(publicKey),
    address: toSs58(publicKey),
    publicKey,
    scheme: keys.scheme,
    sign: (message) => keys.sign(message),
  };
}
