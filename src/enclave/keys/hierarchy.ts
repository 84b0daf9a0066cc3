/**
 * The key hierarchy: master, cluster, contract and user keys, each derived from the one above it.
 *
 * Derivation has no state: whoever holds a key can make all keys below it again, and none above. The labels and their
 * order are upstream's, so that clusters and wallets made there have the same keys here. Secrets are sr25519, 64 bytes.
 * @module
 */

import { deriveSecret } from "../../crypto/kdf.ts";
import type { ClusterId, ContractId } from "../../wire/bytes.ts";

const label = (text: string): Uint8Array => new TextEncoder().encode(text);
const clusterLabel = label("cluster_key");
const contractLabel = label("contract_key");
const userLabel = label("keygen");

/** The secret of a cluster; it signs for the cluster and is the root of every contract's keys. */
export function clusterSecret(master: Uint8Array, cluster: ClusterId): Uint8Array {
  return deriveSecret(master, clusterLabel, cluster);
}

/** The secret of a contract; commands are sealed to its public key. */
export function contractSecret(cluster: Uint8Array, contract: ContractId): Uint8Array {
  return deriveSecret(cluster, contractLabel, contract);
}

/**
 * The secret that a contract asks for by a salt of its own choice; the contract sees it whole.
 *
 * The salt stands between two fixed parts, so that no salt of one contract leads to a key of another.
 */
export function userSecret(cluster: Uint8Array, contract: ContractId, salt: Uint8Array): Uint8Array {
  return deriveSecret(cluster, contract, salt, userLabel);
}
