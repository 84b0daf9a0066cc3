/**
 * Keys and signatures for contracts.
 *
 * Whatever is not random is the same in queries and in transactions. Messages of ECDSA are hashed with blake2_256.
 * @see phala-runtime.md, section 1.2
 * @module
 */

import { ecdsaPublicKey, isEcdsaSecret, signEcdsa, verifyEcdsa } from "../../../crypto/ecdsa.ts";
import { ed25519Signer, verifyEd25519 } from "../../../crypto/ed25519.ts";
import { blake2_256 } from "../../../crypto/hash.ts";
import { sr25519Secret } from "../../../crypto/mini-secret.ts";
import { isSr25519Secret, signSr25519, sr25519PublicKey, verifySr25519 } from "../../../crypto/sr25519.ts";
import type { Reader } from "../../../wire/scale.ts";
import { userSecret } from "../../keys/hierarchy.ts";
import type { Call } from "../call.ts";
import { pinkFault } from "../dispatch-error.ts";
import { otherFault } from "./faults.ts";
import { querySession } from "./session.ts";

/** The signature schemes, by their index. */
export const schemes = ["ed25519", "sr25519", "ecdsa"] as const;
/** A signature scheme. */
export type Scheme = (typeof schemes)[number];

export function readScheme(r: Reader): Scheme {
  const tag = r.u8();
  const scheme = schemes[tag];
  if (scheme === undefined) throw r.fail(`a signature scheme tagged ${tag}`);
  return scheme;
}

/** A key as upstream's "seed slice": 32 bytes, for sr25519 also the 64 bytes of a whole secret. */
function checkedKey(scheme: Scheme, key: Uint8Array): Uint8Array {
  if (scheme === "sr25519") {
    if (key.length === 32) return sr25519Secret(key);
    if (key.length === 64 && isSr25519Secret(key)) return key;
  } else if (scheme === "ed25519" ? key.length === 32 : isEcdsaSecret(key)) return key;
  throw otherFault("Invalid key");
}

/**
 * `sign`: the signature of a message; of sr25519 in a transaction, where it would differ between replicas: nothing.
 * @throws {DispatchFault} `Other` when the key is none of the scheme.
 */
export function sign(call: Call, scheme: Scheme, key: Uint8Array, message: Uint8Array, input: Uint8Array): Uint8Array {
  if (scheme === "sr25519") {
    const session = querySession(call);
    if (session === undefined) return new Uint8Array();
    const secret = checkedKey(scheme, key);
    return session.answer(call.contract, 2, input, () => signSr25519(secret, message));
  }
  const secret = checkedKey(scheme, key);
  return scheme === "ed25519" ? ed25519Signer(secret).sign(message) : signEcdsa(secret, blake2_256(message));
}

/**
 * `verify`: whether a signature is that of a message.
 * @throws {DispatchFault} `Other` when key or signature have not the length of the scheme.
 */
export function verify(scheme: Scheme, key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== (scheme === "ecdsa" ? 33 : 32)) throw otherFault("Invalid public key");
  if (signature.length !== (scheme === "ecdsa" ? 65 : 64)) throw otherFault("Invalid signature");
  if (scheme === "ecdsa") return verifyEcdsa(key, blake2_256(message), signature);
  return scheme === "ed25519" ? verifyEd25519(key, message, signature) : verifySr25519(key, message, signature);
}

/**
 * `get_public_key`: 32 bytes, of ECDSA 33.
 * @throws {DispatchFault} `Other` when the key is none of the scheme.
 */
export function publicKey(scheme: Scheme, key: Uint8Array): Uint8Array {
  const secret = checkedKey(scheme, key);
  if (scheme === "ecdsa") return ecdsaPublicKey(secret);
  return scheme === "ed25519" ? ed25519Signer(secret).publicKey : sr25519PublicKey(secret);
}

/**
 * `derive_sr25519_key`: a 64-byte secret of the contract's own, by a salt.
 * @throws {DispatchFault} `Pink.KeySeedMissing` when this worker does not hold the cluster's key.
 */
export function deriveKey(call: Call, salt: Uint8Array): Uint8Array {
  const { keys, cluster } = call.execution;
  const secret = keys.clusterKey(cluster.id);
  if (secret === undefined) throw pinkFault("KeySeedMissing");
  return userSecret(secret, call.contract, salt);
}

/**
 * `ecdsa_sign_prehashed`: signs a hash; the same in queries and transactions.
 * @throws {DispatchFault} `Other` when the key is none.
 */
export function signPrehashed(key: Uint8Array, hash: Uint8Array): Uint8Array {
  return signEcdsa(checkedKey("ecdsa", key), hash);
}
