/**
 * What a network trusts, as a client reads and its governor changes it: measurements of enclaves, keys of platforms.
 * @module
 */

import { EngineError } from "../errors.ts";
import { fromHex, toHex } from "../wire/bytes.ts";
import type { Registrations } from "../wire/node.ts";
import type { RegistryCall } from "../wire/registry.ts";
import type { Account } from "./account.ts";
import type { Hex } from "./address.ts";

/** A change of what the network trusts. */
export type TrustChange =
  | { readonly kind: "addMeasurement" | "removeMeasurement"; readonly measurement: Hex }
  | { readonly kind: "addSigner" | "removeSigner"; readonly platform: string; readonly signer: Hex };

/** A change, and who makes it. */
export interface GovernTrustOptions {
  readonly change: TrustChange;
  /** The account that governs the network: `//Alice` on an embedded one. */
  readonly signer: Account;
  readonly signal?: AbortSignal;
}

/** What the network trusts. */
export interface Trusted {
  /** Of enclaves, as `0x…` text, with the block that added each: secrets are handed over to later ones only. */
  readonly measurements: readonly { readonly measurement: Hex; readonly addedAt: number }[];
  /** Keys by which platforms sign quotes, as `0x…` text. */
  readonly signers: readonly { readonly platform: string; readonly signer: Hex }[];
}

function key(text: Hex): Uint8Array {
  const bytes = fromHex(text);
  if (bytes.length === 32) return bytes;
  throw new EngineError("Undecodable", { what: "measurement or key", reason: `${bytes.length} bytes, not 32` });
}

/** A change as a call of the chain's registry. */
export function registryCall(change: TrustChange): Exclude<RegistryCall, { kind: "registerWorker" }> {
  switch (change.kind) {
    case "addMeasurement":
    case "removeMeasurement":
      return { kind: change.kind, measurement: key(change.measurement) };
    case "addSigner":
    case "removeSigner":
      return { kind: change.kind, platform: change.platform, signer: key(change.signer) };
    default:
      throw new EngineError("Undecodable", { what: "change", reason: `there is no "${(change as TrustChange).kind}"` });
  }
}

/** The lists, for people. */
export function trustedBy({ measurements, signers }: Registrations): Trusted {
  return {
    measurements: measurements.map(({ measurement, addedAt }) => ({ measurement: toHex(measurement), addedAt })),
    signers: signers.map(({ platform, signer }) => ({ platform, signer: toHex(signer) })),
  };
}
