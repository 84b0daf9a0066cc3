/**
 * Schnorr signatures and key agreement on ristretto255, as Substrate's accounts and Phala's keys use them.
 *
 * A secret is 64 bytes: the scalar in its canonical form, below the group's order, then 32 bytes of nonce seed. Other
 * JavaScript libraries keep the scalar multiplied by eight; keys are derived from the canonical bytes. Signatures use
 * the context "substrate". Measured in one run: signing 0.09 ms, checking 0.35 ms; the JavaScript library that the tests
 * compare with 0.96 and 1.61 ms, and 50 ms to load.
 * @module
 */

import { randomBytes } from "node:crypto";
import { EngineError } from "../errors.ts";
import { sr25519Secret } from "./mini-secret.ts";
import { ristretto } from "./ristretto.ts";
import { Transcript } from "./transcript.ts";

/** The order of the group: RFC 9496, 4.4. */
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const text = new TextEncoder();
const context = text.encode("substrate");
const nothing = new Uint8Array();

function number(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

function scalarBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) view.setBigUint64(8 * i, (value >> BigInt(64 * i)) & 0xffff_ffff_ffff_ffffn, true);
  return bytes;
}

/** Whether 64 bytes begin with a scalar in canonical form: below the group's order. */
export function isSr25519Secret(secret: Uint8Array): boolean {
  return secret.length === 64 && number(secret.subarray(0, 32)) < order;
}

function scalarOf(secret: Uint8Array): Uint8Array {
  if (!isSr25519Secret(secret)) {
    throw new EngineError("Undecodable", {
      what: "sr25519 secret",
      reason: "not a scalar below the group's order and 32 bytes of nonce seed",
    });
  }
  return secret.subarray(0, 32);
}

/**
 * The public key of a secret: 32 bytes.
 * @throws {EngineError} `Undecodable` when it is no secret.
 */
export function sr25519PublicKey(secret: Uint8Array): Uint8Array {
  return ristretto().baseMultiple(scalarOf(secret));
}

function signing(message: Uint8Array, publicKey: Uint8Array): Transcript {
  const transcript = new Transcript("SigningContext");
  transcript.append("", context);
  transcript.append("sign-bytes", message);
  transcript.append("proto-name", text.encode("Schnorr-sig"));
  transcript.append("sign:pk", publicKey);
  return transcript;
}

/**
 * Signs a message; two signatures of one message differ.
 *
 * @param publicKey that of the secret, when it is known: it saves half of the work.
 * @returns 64 bytes.
 * @throws {EngineError} `Undecodable` when it is no secret.
 */
export function signSr25519(secret: Uint8Array, message: Uint8Array, publicKey?: Uint8Array): Uint8Array {
  const scalar = scalarOf(secret);
  const transcript = signing(message, publicKey ?? ristretto().baseMultiple(scalar));
  const witness = transcript.witness("signing", 64, [secret.subarray(32)], randomBytes(32));
  const nonce = number(witness) % order;
  const commitment = ristretto().baseMultiple(scalarBytes(nonce));
  transcript.append("sign:R", commitment);
  const challenge = number(transcript.challenge("sign:c", 64)) % order;
  const signature = new Uint8Array(64);
  signature.set(commitment);
  signature.set(scalarBytes((challenge * number(scalar) + nonce) % order), 32);
  // The mark of this kind of signature, in a bit that the scalar leaves free.
  (signature[63] as number) |= 128;
  return signature;
}

/** Whether `signature` is that of `message` by the owner of `publicKey`; false for keys and signatures that are none. */
export function verifySr25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const last = signature[63] as number;
  if ((last & 128) === 0) return false;
  const response = signature.slice(32);
  response[31] = last & 127;
  if (number(response) >= order) return false;
  const commitment = signature.subarray(0, 32);
  const transcript = signing(message, publicKey);
  transcript.append("sign:R", commitment);
  const challenge = scalarBytes(number(transcript.challenge("sign:c", 64)) % order);
  const expected = ristretto().differenceOfMultiples(response, challenge, publicKey);
  // Equal points have equal encodings, so a commitment that is no canonical encoding of a point is never equal.
  return expected?.every((byte, i) => byte === commitment[i]) ?? false;
}

/**
 * The secret that two key pairs share: the compressed point, 32 bytes, not hashed.
 * @throws {EngineError} `Undecodable` when the peer's key is no point of the group, or its identity.
 */
export function agreeSr25519(secret: Uint8Array, peer: Uint8Array): Uint8Array {
  const shared = ristretto().pointMultiple(peer, scalarOf(secret));
  if (shared === undefined) {
    throw new EngineError("Undecodable", { what: "sr25519 public key", reason: "it is no point of the group" });
  }
  return shared;
}

function derivation(chainCode: Uint8Array): Transcript {
  const transcript = new Transcript("SchnorrRistrettoHDKD");
  transcript.append("sign-bytes", nothing);
  transcript.append("chain-code", chainCode);
  return transcript;
}

/** The secret of a hard junction: it needs the parent's secret. */
export function hardJunction(secret: Uint8Array, chainCode: Uint8Array): Uint8Array {
  const transcript = derivation(chainCode);
  transcript.append("secret-key", scalarOf(secret));
  return sr25519Secret(transcript.challenge("HDKD-hard", 32));
}

/** The secret of a soft junction; its public key follows from the parent's public key alone. */
export function softJunction(secret: Uint8Array, chainCode: Uint8Array): Uint8Array {
  const scalar = scalarOf(secret);
  const transcript = derivation(chainCode);
  transcript.append("public-key", ristretto().baseMultiple(scalar));
  const tweak = number(transcript.challenge("HDKD-scalar", 64));
  transcript.challenge("HDKD-chaincode", 32);
  const child = new Uint8Array(64);
  child.set(scalarBytes((number(scalar) + tweak) % order));
  child.set(transcript.witness("HDKD-nonce", 32, [secret.subarray(32), secret], randomBytes(32)), 32);
  return child;
}
