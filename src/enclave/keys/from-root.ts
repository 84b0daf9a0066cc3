/**
 * The keys of a worker that stands alone: everything derived from the root of its enclave's secrets.
 *
 * The same root gives the same worker key, the same master key and with it the same clusters.
 * @module
 */

import { ed25519Signer } from "../../crypto/ed25519.ts";
import { hkdf } from "../../crypto/kdf.ts";
import { sr25519Secret } from "../../crypto/mini-secret.ts";
import { EngineError } from "../../errors.ts";
import type { ClusterId, ContractId } from "../../wire/bytes.ts";
import { toHex } from "../../wire/bytes.ts";
import { clusterSecret, contractSecret } from "./hierarchy.ts";
import type { KeyProvider } from "./provider.ts";

const utf8 = new TextEncoder();
const domain = utf8.encode("phatvm/keys/1");

/**
 * Makes the provider of a worker that is its own gateway.
 *
 * @param root the root of the enclave's secrets, 32 bytes.
 * @throws {EngineError} `Undecodable` when it is not 32 bytes.
 */
export function keysFromRoot(root: Uint8Array): KeyProvider {
  if (root.length !== 32) {
    throw new EngineError("Undecodable", { what: "root secret", reason: `${root.length} bytes, not 32` });
  }
  const secretFor = (purpose: string): Uint8Array => hkdf(root, domain, utf8.encode(purpose), 32);
  const identity = ed25519Signer(secretFor("worker identity"));
  const master = sr25519Secret(secretFor("master key"));
  const clusters = new Map<string, Uint8Array>();

  const clusterKey = (cluster: ClusterId): Uint8Array => {
    const name = toHex(cluster);
    let secret = clusters.get(name);
    if (secret === undefined) clusters.set(name, (secret = clusterSecret(master, cluster)));
    return secret;
  };
  return {
    workerKey: identity.publicKey,
    sign: identity.sign,
    clusterKey,
    contractKey: (cluster: ClusterId, contract: ContractId) => contractSecret(clusterKey(cluster), contract),
  };
}
