/**
 * X25519 over raw 32-byte keys, by the runtime's native code: a secret that two share who know each other's public keys.
 * @module
 */

import { createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";

/** A key pair for one exchange. */
export interface X25519Pair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** What is shared with the owner of another key: 32 bytes; undefined for keys with which nothing can be shared. */
  shared(other: Uint8Array): Uint8Array | undefined;
}

/** Makes a pair at random. */
export function x25519Pair(): X25519Pair {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  const der = publicKey.export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(der.subarray(der.length - 32)),
    shared(other) {
      if (other.length !== 32) return undefined;
      try {
        const x = Buffer.from(other).toString("base64url");
        const key = createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
        // Points of low order, which would share zero with anybody, are refused by the native code.
        return new Uint8Array(diffieHellman({ privateKey, publicKey: key }));
      } catch {
        return undefined;
      }
    },
  };
}
