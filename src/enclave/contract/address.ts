/**
 * Names: of contracts, of their storage, of the slots in it, and of the cluster's own account.
 * @module
 */

import { blake2_128, blake2_256, blake2_256Of } from "../../crypto/hash.ts";
import { type ContractId, contractId } from "../../wire/bytes.ts";

/**
 * The id of a contract: blake2_256(deployer | code hash | cluster id | salt). The constructor's input is no part of it.
 * @see phala-runtime.md, section 2.2
 */
export function contractAddress(
  deployer: Uint8Array,
  codeHash: Uint8Array,
  cluster: Uint8Array,
  salt: Uint8Array,
): ContractId {
  return contractId(blake2_256Of(deployer, codeHash, cluster, salt));
}

/** The id of a contract's storage: blake2_256(contract id | instantiation nonce, u64 LE). */
export function storageId(contract: Uint8Array, nonce: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(nonce), true);
  return blake2_256Of(contract, bytes);
}

const blindTag = new TextEncoder().encode("phatvm/storage-blind");

/** What blinds the hash of a contract's storage: blake2_256("phatvm/storage-blind" | the cluster's secret | storage id). */
export function storageBlind(clusterSecret: Uint8Array, storage: Uint8Array): Uint8Array {
  return blake2_256Of(blindTag, clusterSecret, storage);
}

/** The slot of a fixed 32-byte key: blake2_256(key). */
export function fixedSlot(key: Uint8Array): Uint8Array {
  return blake2_256(key);
}

/** The slot of a key of any length: blake2_128(key) | key. */
export function variableSlot(key: Uint8Array): Uint8Array {
  const slot = new Uint8Array(16 + key.length);
  slot.set(blake2_128(key));
  slot.set(key, 16);
  return slot;
}
