/**
 * ECDSA on secp256k1 over hashes, with recoverable signatures of 65 bytes: r, s and the recovery id.
 *
 * Signing is deterministic (RFC 6979) and gives the low s; whoever checks accepts the high one too, as upstream does.
 * @module
 */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { EngineError } from "../errors.ts";
import { keccak_256 } from "./keccak.ts";

/** Whether 32 bytes are a secret key: not zero and below the group's order. */
export function isEcdsaSecret(secret: Uint8Array): boolean {
  return secret.length === 32 && secp256k1.utils.isValidSecretKey(secret);
}

function secretKey(secret: Uint8Array): Uint8Array {
  if (!isEcdsaSecret(secret)) {
    throw new EngineError("Undecodable", { what: "ecdsa secret", reason: "not 32 bytes below the group's order" });
  }
  return secret;
}

/**
 * The compressed public key of a secret: 33 bytes.
 * @throws {EngineError} `Undecodable` when it is no secret.
 */
export function ecdsaPublicKey(secret: Uint8Array): Uint8Array {
  return secp256k1.getPublicKey(secretKey(secret), true);
}

/**
 * Signs a 32-byte hash.
 * @returns 65 bytes: r, s, recovery id.
 * @throws {EngineError} `Undecodable` when it is no secret.
 */
export function signEcdsa(secret: Uint8Array, hash: Uint8Array): Uint8Array {
  const recovered = secp256k1.sign(hash, secretKey(secret), { prehash: false, format: "recovered" });
  const signature = new Uint8Array(65);
  signature.set(recovered.subarray(1));
  signature[64] = recovered[0] as number;
  return signature;
}

/**
 * The key that signed a hash.
 *
 * @param signature 65 bytes; the recovery id is 0 to 3, or 27 to 30.
 * @returns The compressed key, 33 bytes; undefined when no key could have made it.
 */
export function recoverEcdsa(signature: Uint8Array, hash: Uint8Array): Uint8Array | undefined {
  if (signature.length !== 65 || hash.length !== 32) return undefined;
  const last = signature[64] as number;
  const id = last > 26 ? last - 27 : last;
  if (id > 3) return undefined;
  const recovered = new Uint8Array(65);
  recovered[0] = id;
  recovered.set(signature.subarray(0, 64), 1);
  try {
    return secp256k1.recoverPublicKey(recovered, hash, { prehash: false });
  } catch {
    return undefined;
  }
}

/** Whether the owner of a compressed key signed a hash; the recovery id must be right too. */
export function verifyEcdsa(publicKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): boolean {
  // Ids of 27 and more are for recovery alone: upstream's signature type has none of them.
  if ((signature[64] as number) > 3) return false;
  const signer = recoverEcdsa(signature, hash);
  return signer !== undefined && publicKey.length === 33 && signer.every((byte, i) => byte === publicKey[i]);
}

/**
 * The Ethereum address of a compressed key.
 * @returns 20 bytes; undefined when the key is no point of the curve.
 */
export function ethereumAddress(publicKey: Uint8Array): Uint8Array | undefined {
  if (publicKey.length !== 33) return undefined;
  try {
    const point = secp256k1.Point.fromBytes(publicKey).toBytes(false);
    return keccak_256(point.subarray(1)).slice(12);
  } catch {
    return undefined;
  }
}
