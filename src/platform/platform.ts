/**
 * What hardware gives an enclave: a measurement, a key to seal with that only this measurement gets, a counter that never
 * goes back, and quotes that bind data to the measurement.
 *
 * The enclave opens its platform itself and knows it only through this interface; the host knows a folder's path at most.
 * The root that seal keys are made from never leaves the platform.
 * @module
 */

import type { Quote } from "../wire/attestation.ts";

/** A platform, opened by the enclave that it measured. */
export interface Platform {
  readonly name: string;
  /** Of the enclave's code, as the platform loaded it, and its configuration: 32 bytes. See `measurementOf`. */
  readonly measurement: Uint8Array;
  /** ed25519 key that signs its quotes: 32 bytes. */
  readonly signer: Uint8Array;
  /** For this measurement on this platform alone: 32 bytes, the same for as long as the platform lasts. */
  readonly sealKey: Uint8Array;
  /** The monotonic counter. */
  counter(): bigint;
  /** Raises the counter by one, durably, and gives its new value. */
  increment(): bigint;
  /** Vouches for data, at most 64 bytes. */
  quote(data: Uint8Array): Quote;
}
