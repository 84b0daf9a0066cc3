/**
 * What the embedded network's owner decides as its governance: that the enclave of this package is to be trusted.
 *
 * The governor of an embedded network is //Alice, whose key is public, so its owner signs in that name. On a chain that
 * somebody else governs this is theirs to do, and there is no way around them.
 * @module
 */

import { blake2_256 } from "../crypto/hash.ts";
import { EngineError } from "../errors.ts";
import { publicKey, sameBytes, toHex } from "../wire/bytes.ts";
import type { EnclavePlace } from "../wire/entry.ts";
import { decodeExtrinsic, encodeExtrinsic, signingPayload } from "../wire/extrinsic.ts";
import type { RegistryCall } from "../wire/registry.ts";
import type { Chain, CheckedExtrinsic } from "./chain/chain.ts";
import { acceptedSigners, addedAt } from "./chain/registry.ts";

/** What has to be decided before a handover to an enclave is possible; nothing when all of it was. */
function missing(chain: Chain, { platform, signer, measurement }: EnclavePlace, former: Uint8Array): RegistryCall[] {
  const view = chain.view();
  const calls: RegistryCall[] = [];
  if (!acceptedSigners(view).some((one) => one.platform === platform && sameBytes(one.signer, signer))) {
    calls.push({ kind: "addSigner", platform, signer });
  }
  const own = addedAt(view, measurement);
  const before = addedAt(view, former);
  if (own !== undefined && before !== undefined && own > before) return calls;
  // One that was there before is the newer one again.
  if (own !== undefined) calls.push({ kind: "removeMeasurement", measurement });
  return [...calls, { kind: "addMeasurement", measurement }];
}

/**
 * Lets an enclave have what another one has, by a block of the governor's extrinsics if need be; ends when it is on disk.
 * @param former measurement of the enclave that has the secrets: 32 bytes.
 * @throws {EngineError} `NotPermitted` when this chain is not the owner's to govern.
 */
export async function allowSuccessor(
  chain: Chain,
  place: EnclavePlace,
  former: Uint8Array,
  now: number,
): Promise<void> {
  const calls = missing(chain, place, former);
  if (calls.length === 0) return;
  // The curve is loaded when somebody needs it.
  const { keyPairFromUri } = await import("../crypto/secret-uri.ts");
  const governor = keyPairFromUri("//Alice");
  if (!sameBytes(governor.publicKey, chain.genesis.governor)) {
    throw new EngineError("NotPermitted", {
      account: toHex(governor.publicKey),
      what: `allow the enclave that measures ${toHex(place.measurement)}`,
    });
  }
  const { nonce: first } = chain.view().account(governor.publicKey);
  const extrinsics = calls.map((call, i): CheckedExtrinsic => {
    const whole = { kind: "registry", call } as const;
    const nonce = first + i;
    const signature = governor.sign(signingPayload(chain.genesisHash, nonce, whole));
    const signer = publicKey(governor.publicKey);
    const bytes = encodeExtrinsic({ signer, scheme: "sr25519", nonce, call: whole, signature });
    return { extrinsic: decodeExtrinsic(bytes), bytes, hash: blake2_256(bytes) };
  });
  await chain.append(extrinsics, now).flushed;
}
