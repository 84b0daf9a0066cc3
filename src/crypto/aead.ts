/**
 * AES-256-GCM, native: what is sealed carries its tag behind the ciphertext.
 * @module
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { EngineError } from "../errors.ts";

const TAG = 16;
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
  check(key, iv);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG });
  if (associated.length > 0) cipher.setAAD(associated);
  const out = new Uint8Array(plaintext.length + TAG);
  const body = cipher.update(plaintext);
  out.set(body);
  out.set(cipher.final(), body.length);
  out.set(cipher.getAuthTag(), plaintext.length);
  return out;
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
  check(key, iv);
  const length = sealed.length - TAG;
  if (length < 0) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG });
  if (associated.length > 0) decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(length));
  const out = new Uint8Array(length);
  const body = decipher.update(sealed.subarray(0, length));
  out.set(body);
  try {
    out.set(decipher.final(), body.length);
  } catch {
    return undefined;
  }
  return out;
}
