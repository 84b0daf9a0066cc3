/**
 * Attestation on the wire: quotes, and what a worker says of itself in one when it registers with a chain.
 * @module
 */

import { type AccountId, accountId, type BlockHash, blockHash } from "./bytes.ts";
import { encode, type Reader, type Writer } from "./scale.ts";

/** Proof, as good as its platform, that code of this measurement vouches for some data. */
export interface Quote {
  /** The platform's name, at most 64 bytes; "simulated" proves nothing to anybody. */
  readonly platform: string;
  /** 32 bytes. */
  readonly measurement: Uint8Array;
  /** What the enclave binds to itself: at most 64 bytes. */
  readonly data: Uint8Array;
  /** ed25519 key of the platform that signs: 32 bytes. */
  readonly signer: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

export function writeQuote(w: Writer, quote: Quote): void {
  w.u8(1).str(quote.platform).raw(quote.measurement).bytes(quote.data).raw(quote.signer).raw(quote.signature);
}

export function readQuote(r: Reader): Quote {
  const version = r.u8();
  if (version !== 1) throw r.fail(`a quote of version ${version}`);
  const platform = readPlatform(r);
  const measurement = r.raw(32);
  const data = r.bytes();
  if (data.length > 64) throw r.fail(`a quote of ${data.length} bytes`);
  return { platform, measurement, data, signer: r.raw(32), signature: r.raw(64) };
}

/** Reads a platform's name. */
export function readPlatform(r: Reader): string {
  const name = r.str();
  if (!/^[\x21-\x7e]{1,64}$/.test(name)) throw r.fail("a platform's name of other than 1 to 64 letters");
  return name;
}

/** The purpose that a worker's quote is made for: see `quotedData`. */
export const registrationPurpose = "registration";

/** What a worker says of itself: upstream's `WorkerRegistrationInfoV2`, as far as there is a counterpart. */
export interface Registration {
  /** Version of the enclave's interface, u32. */
  readonly version: number;
  /** The worker's identity, ed25519: 32 bytes. */
  readonly worker: Uint8Array;
  /** The chain that it follows. */
  readonly genesisHash: BlockHash;
  /** The last block that it has verified: nobody can name one that is not there yet, so it dates the quote. */
  readonly block: { readonly number: number; readonly hash: BlockHash };
  /** The level of what it can do; upstream puts the number of processors before it. */
  readonly features: readonly number[];
  /** Who operates it, when somebody is named. */
  readonly operator: AccountId | undefined;
}

export function writeRegistration(w: Writer, registration: Registration): void {
  const { version, worker, genesisHash, block, features, operator } = registration;
  w.u32(version).raw(worker).raw(genesisHash).u32(block.number).raw(block.hash);
  w.vec(features, (o, feature) => o.u32(feature));
  w.option(operator, (o, id) => o.raw(id));
}

export function readRegistration(r: Reader): Registration {
  const head = { version: r.u32(), worker: r.raw(32), genesisHash: blockHash(r.raw(32)) };
  const block = { number: r.u32(), hash: blockHash(r.raw(32)) };
  const features = r.vec((o) => o.u32(), 4);
  if (features.length > 16) throw r.fail(`${features.length} features`);
  return { ...head, block, features, operator: r.option((o) => accountId(o.raw(32))) };
}

/** The bytes that a worker's quote vouches for. */
export function registrationBytes(registration: Registration): Uint8Array {
  return encode(registration, writeRegistration);
}

/** A registration with the quote that binds it to an enclave. */
export interface Attestation {
  readonly registration: Registration;
  readonly quote: Quote;
}

export function writeAttestation(w: Writer, { registration, quote }: Attestation): void {
  writeRegistration(w, registration);
  writeQuote(w, quote);
}

export function readAttestation(r: Reader): Attestation {
  return { registration: readRegistration(r), quote: readQuote(r) };
}
