/**
 * AES-256-GCM, native: in one piece, the tag behind the ciphertext, or with both apart, which copies nothing.
 * @module
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { EngineError } from "../errors.ts";

/** Bytes of a tag. */
export const aeadTagBytes = 16;
const nothing = new Uint8Array();

function check(key: Uint8Array, iv: Uint8Array): void {
  if (key.length !== 32) {
    throw new EngineError("Undecodable", { what: "AES-256 key", reason: `${key.length} bytes, not 32` });
  }
  if (iv.length !== 12) {
    throw new EngineError("Undecodable", { what: "AES-GCM nonce", reason: `${iv.length} bytes, not 12` });
  }
}

/**
 * Encrypts and authenticates.
 *
 * @param iv 12 bytes, never twice under one key.
 * @param associated authenticated with it and not part of the result.
 * @returns The ciphertext and 16 bytes of tag.
 * @throws {EngineError} `Undecodable` when key or nonce have the wrong length.
 */
export function sealAead(
  key: Uint8Array,
  iv: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array = nothing,
): Uint8Array {
  const [ciphertext, tag] = sealAeadApart(key, iv, plaintext, associated);
  const sealed = new Uint8Array(ciphertext.length + aeadTagBytes);
  sealed.set(ciphertext);
  sealed.set(tag, ciphertext.length);
  return sealed;
}

/** `sealAead` with ciphertext, as long as the plaintext, and tag apart. */
export function sealAeadApart(
  key: Uint8Array,
  iv: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array = nothing,
): readonly [ciphertext: Uint8Array, tag: Uint8Array] {
  check(key, iv);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: aeadTagBytes });
  if (associated.length > 0) cipher.setAAD(associated);
  // In this mode everything comes at once; `final` gives nothing but must be asked.
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return [ciphertext, cipher.getAuthTag()];
}

/**
 * Decrypts what `sealAead` made.
 *
 * @returns The plaintext; undefined when anything about it is not as it was sealed.
 * @throws {EngineError} `Undecodable` when key or nonce have the wrong length.
 */
export function openAead(
  key: Uint8Array,
  iv: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array = nothing,
): Uint8Array | undefined {
  const length = Math.max(0, sealed.length - aeadTagBytes);
  return openAeadApart(key, iv, sealed.subarray(0, length), sealed.subarray(length), associated);
}

/** `openAead` of ciphertext and tag apart. */
export function openAeadApart(
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
  associated: Uint8Array = nothing,
): Uint8Array | undefined {
  check(key, iv);
  if (tag.length !== aeadTagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: aeadTagBytes });
  if (associated.length > 0) decipher.setAAD(associated);
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
}
