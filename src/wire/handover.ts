/**
 * Handover on the wire: what passes between an enclave that gives its secrets and the one that takes them, through a
 * host that neither believes.
 *
 * ```text
 * giver                                        taker
 * challenge   chain, block, nonce      →
 *                                      ←       request   challenge, key, quote over both
 * answer      key, sealed secrets,     →
 *             quote over request and these
 * ```
 * @module
 */

import { type Quote, readQuote, writeQuote } from "./attestation.ts";
import { type BlockHash, blockHash } from "./bytes.ts";
import { encode, type Reader, type Writer } from "./scale.ts";

/** What the giver asks the taker to vouch for; it is worth one answer. */
export interface HandoverChallenge {
  readonly genesisHash: BlockHash;
  /** Where the giver stands: the taker has to stand there too. */
  readonly block: { readonly number: number; readonly hash: BlockHash };
  /** 32 bytes. */
  readonly nonce: Uint8Array;
}

export function writeHandoverChallenge(w: Writer, { genesisHash, block, nonce }: HandoverChallenge): void {
  w.raw(genesisHash).u32(block.number).raw(block.hash).raw(nonce);
}

export function readHandoverChallenge(r: Reader): HandoverChallenge {
  const genesisHash = blockHash(r.raw(32));
  return { genesisHash, block: { number: r.u32(), hash: blockHash(r.raw(32)) }, nonce: r.raw(32) };
}

/** The taker's word that it is who it is, and the key to answer to. */
export interface HandoverRequest {
  readonly challenge: HandoverChallenge;
  /** X25519, for this exchange alone: 32 bytes. */
  readonly key: Uint8Array;
  readonly quote: Quote;
}

/** The purposes of the two quotes: see `quotedData`. */
export const requestPurpose = "handover request";
export const answerPurpose = "handover answer";

/** The bytes that the taker's quote vouches for. */
export function requestBytes({ challenge, key }: Omit<HandoverRequest, "quote">): Uint8Array {
  return encode(key, (w, k) => {
    writeHandoverChallenge(w, challenge);
    w.raw(k);
  });
}

export function writeHandoverRequest(w: Writer, request: HandoverRequest): void {
  writeHandoverChallenge(w, request.challenge);
  writeQuote(w.raw(request.key), request.quote);
}

export function readHandoverRequest(r: Reader): HandoverRequest {
  return { challenge: readHandoverChallenge(r), key: r.raw(32), quote: readQuote(r) };
}

/** The giver's answer. */
export interface HandoverAnswer {
  /** X25519, for this exchange alone: 32 bytes. */
  readonly key: Uint8Array;
  /** The root of the secrets, under what the two keys share. */
  readonly sealed: Uint8Array;
  readonly quote: Quote;
}

/** The bytes that the giver's quote vouches for. */
export function answerBytes(request: Uint8Array, { key, sealed }: Omit<HandoverAnswer, "quote">): Uint8Array {
  return encode(key, (w, k) => w.bytes(request).raw(k).bytes(sealed));
}

export function writeHandoverAnswer(w: Writer, answer: HandoverAnswer): void {
  writeQuote(w.raw(answer.key).bytes(answer.sealed), answer.quote);
}

export function readHandoverAnswer(r: Reader): HandoverAnswer {
  return { key: r.raw(32), sealed: r.bytes(), quote: readQuote(r) };
}
