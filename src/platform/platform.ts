/**
 * What hardware gives an enclave: a measurement of its code, a root key to seal with, a counter that never goes back,
 * and quotes that bind data to the measurement.
 *
 * The enclave opens its platform itself and knows it only through this interface; the host knows a folder's path at most.
 * @module
 */

/** Proof, as good as its platform, that code of this measurement vouches for some data. */
export interface Quote {
  /** The platform's name; "simulated" proves nothing to anybody. */
  readonly platform: string;
  readonly measurement: Uint8Array;
  /** What the enclave binds to itself: at most 64 bytes. */
  readonly data: Uint8Array;
  /** ed25519 key of the platform that signs. */
  readonly signer: Uint8Array;
  /** 64 bytes, over `quoteMessage`. */
  readonly signature: Uint8Array;
}

/** A platform, opened by the enclave that it measured. */
export interface Platform {
  readonly name: string;
  /** SHA-256 of the enclave's code, as the platform loaded it: 32 bytes. */
  readonly measurement: Uint8Array;
  /** The root that seals are made from: 32 bytes, the same for as long as the platform lasts. */
  readonly rootKey: Uint8Array;
  /** The monotonic counter. */
  counter(): bigint;
  /** Raises the counter by one, durably, and gives its new value. */
  increment(): bigint;
  /** Vouches for data, at most 64 bytes. */
  quote(data: Uint8Array): Quote;
}

/**
 * Opens a platform.
 * @param folder where it keeps itself; undefined = nowhere, it is gone with the process.
 * @param code path of the enclave's code, which it measures.
 */
export type OpenPlatform = (folder: string | undefined, code: string) => Platform;
