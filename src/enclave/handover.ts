/**
 * Handover: the only way in which an enclave's secrets come to an enclave of another measurement.
 *
 * Both run at the same time on one platform and show each other a quote. The giver gives to a measurement that the chain
 * has put on its list after its own, and to no other; the taker takes from a measurement on the list that is older than
 * its own, whose worker the chain has registered. Both judge by the registry in blocks that they have verified
 * themselves, up to the same block. Nothing switches any of that off.
 * @see phala-runtime.md, section 5.5
 * @module
 */

import { openAead, sealAead } from "../crypto/aead.ts";
import { hkdf } from "../crypto/kdf.ts";
import { quotedData, quoteFault } from "../crypto/quote.ts";
import { type X25519Pair, x25519Pair } from "../crypto/x25519.ts";
import { EngineError } from "../errors.ts";
import type { Platform } from "../platform/platform.ts";
import type { Quote } from "../wire/attestation.ts";
import type { RelayedBlock } from "../wire/block.ts";
import { type BlockHash, sameBytes, toHex } from "../wire/bytes.ts";
import {
  answerBytes,
  answerPurpose,
  type HandoverAnswer,
  type HandoverChallenge,
  type HandoverRequest,
  requestBytes,
  requestPurpose,
  writeHandoverChallenge,
} from "../wire/handover.ts";
import { encode } from "../wire/scale.ts";
import { keysFromRoot } from "./keys/from-root.ts";
import { Follower } from "./runtime/follower.ts";
import type { Registry, RegistryChain } from "./runtime/registry.ts";

/** Blocks for which a challenge is good: upstream's. */
const CHALLENGE_BLOCKS = 150;
const domain = new TextEncoder().encode("phatvm/handover/1");
/** A key is used for one message. */
const onlyNonce = new Uint8Array(12);

function refused(reason: string): EngineError {
  return new EngineError("HandoverRefused", { reason });
}

function channelKey(shared: Uint8Array | undefined, request: Uint8Array, giver: Uint8Array): Uint8Array {
  if (shared === undefined) throw refused("nothing can be shared with the other's key");
  const transcript = encode(giver, (w, key) => w.bytes(request).raw(key));
  return hkdf(shared, domain, transcript, 32);
}

/** Checks that a quote is of this very platform, which the chain accepts, and vouches for these bytes. */
function checkQuote(platform: Platform, registry: Registry, quote: Quote, purpose: string, bytes: Uint8Array): void {
  const fault = quoteFault(quote, purpose, bytes);
  if (fault !== undefined) throw new EngineError("QuoteForged", { reason: fault });
  if (!registry.accepts(quote)) {
    throw new EngineError("PlatformUnknown", { platform: quote.platform, signer: toHex(quote.signer) });
  }
  // A worker is in one place.
  if (quote.platform !== platform.name || !sameBytes(quote.signer, platform.signer)) {
    throw refused("the other enclave is on another platform");
  }
}

/** Checks that the chain allows both measurements, and has allowed the taker's after the giver's. */
function checkOrder(registry: Registry, giver: Uint8Array, taker: Uint8Array): void {
  const notAllowed = (measurement: Uint8Array): EngineError =>
    new EngineError("MeasurementNotAllowed", {
      measurement: toHex(measurement),
      reason: "it is not on the chain's list",
    });
  const from = registry.addedAt(giver);
  if (from === undefined) throw notAllowed(giver);
  const to = registry.addedAt(taker);
  if (to === undefined) throw notAllowed(taker);
  if (to <= from) {
    const reason = `it was added in block ${to}, the one that has the secrets in block ${from}: they go to newer ones only`;
    throw new EngineError("MeasurementNotAllowed", { measurement: toHex(taker), reason });
  }
}

/** Where the giver stands. */
export interface GiverPosition {
  readonly height: number;
  readonly hash: BlockHash;
  readonly registry: Registry;
}

/** The side that has the secrets. */
export class Giver {
  readonly #platform: Platform;
  readonly #genesisHash: BlockHash;
  readonly #root: Uint8Array;
  #challenge: HandoverChallenge | undefined;

  /** @param root the root of the secrets, 32 bytes. */
  constructor(platform: Platform, genesisHash: BlockHash, root: Uint8Array) {
    this.#platform = platform;
    this.#genesisHash = genesisHash;
    this.#root = root;
  }

  /** Makes a challenge, in place of an earlier one. @param nonce 32 random bytes. */
  challenge({ height, hash }: GiverPosition, nonce: Uint8Array): HandoverChallenge {
    this.#challenge = { genesisHash: this.#genesisHash, block: { number: height, hash }, nonce };
    return this.#challenge;
  }

  /**
   * Gives the secrets to who asks for them; a challenge is used up by it, whatever comes of it.
   * @throws {EngineError} `HandoverRefused`, `QuoteForged`, `PlatformUnknown`, `MeasurementNotAllowed`.
   */
  give(request: HandoverRequest, { height, registry }: GiverPosition): HandoverAnswer {
    const challenge = this.#challenge;
    this.#challenge = undefined;
    const written = (c: HandoverChallenge): Uint8Array => encode(c, writeHandoverChallenge);
    if (challenge === undefined || !sameBytes(written(challenge), written(request.challenge))) {
      throw refused("this enclave waits for no answer to that challenge");
    }
    if (height - challenge.block.number > CHALLENGE_BLOCKS) throw refused("the challenge is too old");
    const asked = requestBytes(request);
    checkQuote(this.#platform, registry, request.quote, requestPurpose, asked);
    checkOrder(registry, this.#platform.measurement, request.quote.measurement);
    const pair = x25519Pair();
    const key = channelKey(pair.shared(request.key), asked, pair.publicKey);
    const answer = { key: pair.publicKey, sealed: sealAead(key, onlyNonce, this.#root, asked) };
    return { ...answer, quote: this.#platform.quote(quotedData(answerPurpose, answerBytes(asked, answer))) };
  }
}

/** The side that is to have them. */
export class Taker {
  readonly #platform: Platform;
  readonly #genesisHash: BlockHash;
  readonly #follower: Follower;
  #asked: { readonly bytes: Uint8Array; readonly pair: X25519Pair } | undefined;

  constructor(platform: Platform, chain: RegistryChain) {
    this.#platform = platform;
    this.#genesisHash = chain.hash;
    this.#follower = new Follower(chain);
  }

  /**
   * Follows the chain's next block.
   * @throws {EngineError} `BlockRefused`.
   */
  follow(block: RelayedBlock): void {
    this.#follower.follow(block);
  }

  /**
   * Asks for the secrets.
   * @throws {EngineError} `HandoverRefused` when the challenge is not of the chain and the block where this one stands.
   */
  ask(challenge: HandoverChallenge): HandoverRequest {
    const { number, hash } = this.#follower.tip;
    if (!sameBytes(challenge.genesisHash, this.#genesisHash)) throw refused("the challenge is of another chain");
    if (challenge.block.number !== number || !sameBytes(challenge.block.hash, hash)) {
      throw refused(
        `the giver stands at block ${challenge.block.number}, the taker at block ${number}, ${toHex(hash)}`,
      );
    }
    const pair = x25519Pair();
    const unsigned = { challenge, key: pair.publicKey };
    const bytes = requestBytes(unsigned);
    this.#asked = { bytes, pair };
    return { ...unsigned, quote: this.#platform.quote(quotedData(requestPurpose, bytes)) };
  }

  /**
   * Takes what was asked for: the root of the secrets, 32 bytes. A request is used up by it, whatever comes of it.
   * @throws {EngineError} `HandoverRefused`, `QuoteForged`, `PlatformUnknown`, `MeasurementNotAllowed`.
   */
  take(answer: HandoverAnswer): Uint8Array {
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked === undefined) throw refused("this enclave has asked for nothing");
    const { registry } = this.#follower;
    const { quote } = answer;
    checkQuote(this.#platform, registry, quote, answerPurpose, answerBytes(asked.bytes, answer));
    checkOrder(registry, quote.measurement, this.#platform.measurement);
    const key = channelKey(asked.pair.shared(answer.key), asked.bytes, answer.key);
    const root = openAead(key, onlyNonce, answer.sealed, asked.bytes);
    if (root?.length !== 32) throw refused("what was given cannot be opened");
    // Secrets of anybody's choice would make this a worker that the chain does not know.
    const known = registry.worker(keysFromRoot(root).workerKey);
    if (known === undefined || !sameBytes(known.attestation.quote.measurement, quote.measurement)) {
      throw refused("the chain has not registered this worker with the giver's measurement");
    }
    return root;
  }
}
