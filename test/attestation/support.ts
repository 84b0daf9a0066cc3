/**
 * A chain with what it takes to register with it: platforms and workers made up by the test, with real signatures.
 * @module
 */

import { type Ed25519Signer, ed25519Signer } from "../../src/crypto/ed25519.ts";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { quotedData, quoteMessage } from "../../src/crypto/quote.ts";
import { PhatError } from "../../src/errors.ts";
import type { Chain, CheckedExtrinsic } from "../../src/host/chain/chain.ts";
import {
  type Attestation,
  type Quote,
  type Registration,
  registrationBytes,
  registrationPurpose,
} from "../../src/wire/attestation.ts";
import { decodeExtrinsic } from "../../src/wire/extrinsic.ts";
import type { RegistryCall } from "../../src/wire/registry.ts";
import { account, signed } from "../host/support/extrinsics.ts";

/** The code of the error that something ends with; "nothing" when it does not. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "nothing",
    (error: unknown) => (error instanceof PhatError ? error.code : String(error)),
  );
}

const signerOf = (n: number): Ed25519Signer => ed25519Signer(new Uint8Array(32).fill(n));

/** A platform that signs whatever it is told to. */
export const platform = signerOf(41);
/** Another one, which no chain knows. */
export const stranger = signerOf(42);
export const worker = signerOf(43);
export const otherWorker = signerOf(44);
export const measurement = new Uint8Array(32).fill(0x11);
export const otherMeasurement = new Uint8Array(32).fill(0x22);

export const governor = account("//Alice");
export const anybody = account("//Bob", "ed25519");

/** What a worker of this chain would say of itself now. */
export function registrationOf(chain: Chain, changes: Partial<Registration> = {}): Registration {
  const { number, hash } = chain.head;
  const { genesisHash } = chain;
  const block = { number, hash };
  return {
    version: 1,
    worker: worker.publicKey,
    genesisHash,
    block,
    features: [2, 1],
    operator: undefined,
    ...changes,
  };
}

/** A quote over a registration, by `platform` unless told otherwise. */
export function quoteOf(registration: Registration, changes: Partial<Quote> = {}, signer = platform): Quote {
  const data = quotedData(registrationPurpose, registrationBytes(registration));
  const quote = { platform: "simulated", measurement, data, signer: signer.publicKey, ...changes };
  return { ...quote, signature: changes.signature ?? signer.sign(quoteMessage(quote)) };
}

export function attestationOf(chain: Chain, changes: Partial<Registration> = {}): Attestation {
  const registration = registrationOf(chain, changes);
  return { registration, quote: quoteOf(registration) };
}

/** A call as an extrinsic of an account, with its next nonce. */
export function extrinsicOf(chain: Chain, call: RegistryCall, pair = anybody): CheckedExtrinsic {
  const { nonce } = chain.view().account(pair.publicKey);
  const bytes = signed(pair, chain.genesisHash, nonce, { kind: "registry", call });
  return { bytes, hash: blake2_256(bytes), extrinsic: decodeExtrinsic(bytes) };
}
