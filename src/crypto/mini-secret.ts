/**
 * From 32 random bytes to an sr25519 secret, without any curve arithmetic: what derivations need of sr25519.
 * @module
 */

import { hash } from "node:crypto";
import { EngineError } from "../errors.ts";

/**
 * Expands a mini secret in the manner of Ed25519: SHA-512, clamped, then the scalar divided by the cofactor eight.
 *
 * @param seed 32 bytes.
 * @returns 64 bytes: the scalar in canonical form, the nonce seed.
 * @throws {EngineError} `Undecodable` when it is not 32 bytes.
 */
export function sr25519Secret(seed: Uint8Array): Uint8Array {
  if (seed.length !== 32) {
    throw new EngineError("Undecodable", { what: "sr25519 mini secret", reason: `${seed.length} bytes, not 32` });
  }
  const secret = new Uint8Array(hash("sha512", seed, "buffer"));
  (secret[31] as number) &= 63;
  (secret[31] as number) |= 64;
  let carry = 0;
  for (let i = 31; i >= 0; i--) {
    const value = secret[i] as number;
    secret[i] = (value >> 3) | carry;
    carry = (value & 7) << 5;
  }
  return secret;
}
