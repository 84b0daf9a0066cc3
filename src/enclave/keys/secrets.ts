/**
 * The root of an enclave's secrets: random, made inside, and sealed to the measurement that made it or that it was
 * handed over to.
 *
 * Worker identity, master key and the keys that state is sealed with all follow from it, so whoever holds it is this
 * worker. It belongs to one chain: the same code that is shown another chain must not come to the same secrets, since
 * what that other chain's governance allows is not this one's to follow.
 * @module
 */

import { hkdf } from "../../crypto/kdf.ts";
import { EngineError } from "../../errors.ts";
import type { Platform } from "../../platform/platform.ts";
import { sameBytes, toHex } from "../../wire/bytes.ts";
import { readSealedSecrets, writeSealedSecrets } from "../../wire/entry.ts";
import { decode, encode } from "../../wire/scale.ts";
import { SealingKeys, type SealPolicy } from "./sealing.ts";

const LABEL = "enclave secrets";
const unnumbered = { sequence: 0n, counter: 0n };
const utf8 = new TextEncoder();

/** What sealed records of one enclave, and of those that follow it by handover, are sealed with. */
export interface Seals {
  readonly keys: SealingKeys;
  readonly policy: SealPolicy;
}

/** Seals a root secret to this platform and measurement. */
export function sealSecrets(platform: Platform, genesisHash: Uint8Array, root: Uint8Array): Uint8Array {
  const { sealKey, measurement: identity } = platform;
  const content = encode(root, (w, r) => w.raw(genesisHash).raw(r));
  const sealed = new SealingKeys(sealKey).sealRecord({ kind: "measurement", identity }, LABEL, unnumbered, content);
  return encode({ measurement: identity, sealed }, writeSealedSecrets);
}

/**
 * Opens a sealed root secret: 32 bytes.
 * @throws {EngineError} `HandoverNeeded` when it was sealed by an enclave of another measurement, `GenesisMismatch` when
 *   it is another chain's, `SealBroken` or `Undecodable` when it was changed.
 */
export function openSecrets(platform: Platform, genesisHash: Uint8Array, record: Uint8Array): Uint8Array {
  const { measurement, sealed } = decode(record, "sealed secrets", readSealedSecrets);
  if (!sameBytes(measurement, platform.measurement)) {
    throw new EngineError("HandoverNeeded", { sealed: toHex(measurement), own: toHex(platform.measurement) });
  }
  const policy = { kind: "measurement", identity: measurement } as const;
  const { plaintext } = new SealingKeys(platform.sealKey).openRecord(policy, LABEL, sealed);
  return decode(plaintext, "secrets", (r) => {
    const found = r.raw(32);
    if (!sameBytes(found, genesisHash)) {
      throw new EngineError("GenesisMismatch", { found: toHex(found), expected: toHex(genesisHash) });
    }
    return r.raw(32);
  });
}

/**
 * What state and logs are sealed with. Who may open them is who holds the root: every enclave that it was handed over to,
 * which are those that the chain stands for, so the chain is the signer.
 */
export function sealsOf(root: Uint8Array, genesisHash: Uint8Array): Seals {
  const keys = new SealingKeys(hkdf(root, utf8.encode("phatvm/seals/1"), genesisHash, 32));
  return { keys, policy: { kind: "signer", identity: genesisHash } };
}
