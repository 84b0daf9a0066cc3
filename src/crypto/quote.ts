/**
 * Quotes: what a platform signs for an enclave, and the check of it, for chain, clients and enclaves alike.
 *
 * A quote says: on this platform runs code of this measurement, and it vouches for this data. It proves as much as its
 * signer is believed; whose signers are is not decided here.
 * @module
 */

import { createHash } from "node:crypto";
import { verifyEd25519 } from "./ed25519.ts";
import { blake2_256 } from "./hash.ts";

const utf8 = new TextEncoder();

/** What a quote says, and by whom. */
export interface QuoteFacts {
  /** The platform's name; "simulated" proves nothing to anybody. */
  readonly platform: string;
  /** 32 bytes. */
  readonly measurement: Uint8Array;
  /** What the enclave vouches for: at most 64 bytes. */
  readonly data: Uint8Array;
  /** ed25519 key of the platform that signs: 32 bytes. */
  readonly signer: Uint8Array;
  /** 64 bytes, over `quoteMessage`. */
  readonly signature: Uint8Array;
}

function joined(domain: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([utf8.encode(`${domain}\0`), ...parts]));
}

/** The bytes that a quote signs. A name cannot run into what follows: its length stands before it. */
export function quoteMessage(quote: Pick<QuoteFacts, "platform" | "measurement" | "data">): Uint8Array {
  const name = utf8.encode(quote.platform);
  const length = Uint8Array.of(name.length & 255, name.length >> 8);
  return joined("phatvm/quote/1", length, name, quote.measurement, quote.data);
}

/** What a quote vouches for, when it is to vouch for bytes of any length: 32 bytes, apart for each purpose. */
export function quotedData(purpose: string, bytes: Uint8Array): Uint8Array {
  return blake2_256(joined(`phatvm/quoted/${purpose}`, bytes));
}

/** What is wrong with a quote that is to vouch for these bytes; undefined when nothing is. */
export function quoteFault(quote: QuoteFacts, purpose: string, bytes: Uint8Array): string | undefined {
  if (quote.measurement.length !== 32) return "its measurement is not 32 bytes";
  if (!verifyEd25519(quote.signer, quoteMessage(quote), quote.signature)) return "its signature is not its signer's";
  const data = quotedData(purpose, bytes);
  if (quote.data.length !== data.length || data.some((byte, i) => byte !== quote.data[i])) {
    return "it vouches for something else";
  }
  return undefined;
}

/**
 * The measurement of an enclave.
 *
 * @param code SHA-256 of its code: 32 bytes.
 * @param configuration what the host has set of what changes whom the enclave may be trusted by; see docs/attestation.md.
 */
export function measurementOf(code: Uint8Array, configuration: Uint8Array): Uint8Array {
  const hash = createHash("sha256");
  hash.update(joined("phatvm/measurement/1", code)).update(configuration);
  return new Uint8Array(hash.digest());
}
