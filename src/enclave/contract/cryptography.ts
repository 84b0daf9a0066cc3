/**
 * Hashes and signatures as host functions. Outputs are written raw, without a length cell, and may overlap the input.
 * @see contract-abi.md, section 2.3
 * @module
 */

import { ethereumAddress, recoverEcdsa } from "../../crypto/ecdsa.ts";
import { blake2_128, blake2_256, keccak_256, sha2_256 } from "../../crypto/hash.ts";
import { verifySr25519 } from "../../crypto/sr25519.ts";
import { costs, perByte } from "./costs.ts";
import type { Frame } from "./frame.ts";
import { copyOf, viewOf, writeRaw } from "./memory.ts";
import { ReturnCode } from "./return-code.ts";

type Hash = (data: Uint8Array) => Uint8Array;

function hashing(hash: Hash, base: number, each: number) {
  return (frame: Frame, input: number, length: number, out: number): void => {
    frame.slot.charge(base + each * (length >>> 0));
    writeRaw(frame.slot, out, hash(viewOf(frame.slot, input, length)));
  };
}

/** SHA-256, 32 bytes. */
export const hashSha2 = hashing(sha2_256, costs.sha2, perByte.sha2);
/** Keccak-256, 32 bytes. */
export const hashKeccak = hashing(keccak_256, costs.keccak, perByte.keccak);
/** BLAKE2b, 32 bytes. */
export const hashBlake256 = hashing(blake2_256, costs.blake2_256, perByte.blake2_256);
/** BLAKE2b, 16 bytes. */
export const hashBlake128 = hashing(blake2_128, costs.blake2_128, perByte.blake2_128);

/** Recovers the compressed key that signed a hash. @returns `Success` or `EcdsaRecoveryFailed`. */
export function ecdsaRecover(frame: Frame, signature: number, hash: number, out: number): number {
  frame.slot.charge(costs.ecdsaRecover);
  const key = recoverEcdsa(copyOf(frame.slot, signature, 65), copyOf(frame.slot, hash, 32));
  if (key === undefined) return ReturnCode.EcdsaRecoveryFailed;
  writeRaw(frame.slot, out, key);
  return ReturnCode.Success;
}

/** The Ethereum address of a compressed key, 20 bytes. @returns `Success` or `EcdsaRecoveryFailed`. */
export function ecdsaToEthAddress(frame: Frame, key: number, out: number): number {
  frame.slot.charge(costs.ecdsaToEthAddress);
  const address = ethereumAddress(copyOf(frame.slot, key, 33));
  if (address === undefined) return ReturnCode.EcdsaRecoveryFailed;
  writeRaw(frame.slot, out, address);
  return ReturnCode.Success;
}

/** Checks a signature in the context "substrate". @returns `Success` or `Sr25519VerifyFailed`. */
export function sr25519Verify(frame: Frame, signature: number, key: number, length: number, message: number): number {
  frame.slot.charge(costs.sr25519Verify + perByte.sr25519Verify * (length >>> 0));
  const valid = verifySr25519(
    copyOf(frame.slot, key, 32),
    copyOf(frame.slot, message, length),
    copyOf(frame.slot, signature, 64),
  );
  return valid ? ReturnCode.Success : ReturnCode.Sr25519VerifyFailed;
}
