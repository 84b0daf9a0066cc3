/**
 * Key derivation: HKDF with SHA-256, and the derivation of one sr25519 secret from another that the key hierarchy uses.
 * @module
 */

import { createHmac } from "node:crypto";
import { sr25519Secret } from "./mini-secret.ts";

/**
 * HKDF-SHA256 (RFC 5869) with at most 8160 bytes of output.
 *
 * Made of HMAC, not of the runtime's own: that one takes no more than 1024 bytes of info, and contracts choose theirs.
 */
export function hkdf(key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const prk = createHmac("sha256", salt).update(key).digest();
  const out = new Uint8Array(length);
  let block = new Uint8Array();
  for (let at = 0, n = 1; at < length; at += 32, n++) {
    block = new Uint8Array(createHmac("sha256", prk).update(block).update(info).update(Uint8Array.of(n)).digest());
    out.set(block.subarray(0, length - at), at);
  }
  return out;
}

/** The salt of every derivation: the genesis hash of Phala's PoC-4 network. */
const salt = Uint8Array.from(
  "18e876adfa74cc743b4b7d7f92c96e03de559a3c15270581fce445963d90f85e".match(/../g) as string[],
  (byte) => Number.parseInt(byte, 16),
);

/**
 * The 32-byte seed that belongs to a secret and a path.
 *
 * The parts of the path follow each other with neither lengths nor separators, as upstream's do: callers must not let
 * two paths run together.
 */
export function deriveSeed(secret: Uint8Array, ...path: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of path) length += part.length;
  const info = new Uint8Array(length);
  let at = 0;
  for (const part of path) {
    info.set(part, at);
    at += part.length;
  }
  return hkdf(secret, salt, info, 32);
}

/** The sr25519 secret that belongs to a secret and a path: 64 bytes. */
export function deriveSecret(secret: Uint8Array, ...path: readonly Uint8Array[]): Uint8Array {
  return sr25519Secret(deriveSeed(secret, ...path));
}
