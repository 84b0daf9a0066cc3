/**
 * Where secrets come from: the seam between the contract runtime and the key hierarchy.
 *
 * Nothing under `contract/` or `runtime/` knows how a key is made; it asks here. The provider of an isolate derives
 * from what its platform gave it.
 * @module
 */

import type { ClusterId, ContractId } from "../../wire/bytes.ts";

/** The keys that the runtime may use. Secrets are sr25519: 32 bytes canonical scalar and 32 bytes nonce. */
export interface KeyProvider {
  /** The worker's identity, ed25519, 32 bytes: verifies block seals. */
  readonly workerKey: Uint8Array;
  /** Signs with the worker's identity: 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
  /** The secret of a cluster, 64 bytes; undefined when this worker does not hold it. */
  clusterKey(cluster: ClusterId): Uint8Array | undefined;
  /** The secret of a contract, 64 bytes; undefined when this worker does not hold the cluster's. */
  contractKey(cluster: ClusterId, contract: ContractId): Uint8Array | undefined;
}
