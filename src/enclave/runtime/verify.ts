/**
 * The check of a relayed block: it continues the chain, the authority has signed it, its messages are the header's.
 * @module
 */

import { verifyEd25519 } from "../../crypto/ed25519.ts";
import { blake2_256 } from "../../crypto/hash.ts";
import { EngineError } from "../../errors.ts";
import { finalityMessage, messagesBytes, type RelayedBlock, writeHeader } from "../../wire/block.ts";
import { type BlockHash, blockHash, sameBytes, toHex } from "../../wire/bytes.ts";
import { encode } from "../../wire/scale.ts";

/** The end of the chain that a block must continue. */
export interface Tip {
  readonly number: number;
  readonly hash: BlockHash;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
}

/**
 * Checks a block.
 * @param authority the ed25519 key that makes blocks final.
 * @returns the block's hash.
 * @throws {EngineError} `BlockRefused`, saying what is wrong with it.
 */
export function verifyBlock(block: RelayedBlock, tip: Tip, authority: Uint8Array): BlockHash {
  const { header, justification, messages } = block;
  const refuse = (reason: string): EngineError => new EngineError("BlockRefused", { block: header.number, reason });
  if (header.number !== tip.number + 1) throw refuse(`the next block is ${tip.number + 1}`);
  if (!sameBytes(header.parent, tip.hash)) {
    throw refuse(`its parent is ${toHex(header.parent)}, the last block is ${toHex(tip.hash)}`);
  }
  if (header.timestamp < tip.timestamp) throw refuse("its time is before its parent's");
  const hash = blockHash(blake2_256(encode(header, writeHeader)));
  if (!verifyEd25519(authority, finalityMessage(hash), justification.signature)) {
    throw refuse("the authority has not signed it");
  }
  if (!sameBytes(header.messagesRoot, blake2_256(block.encodedMessages ?? messagesBytes(messages)))) {
    throw refuse("its messages are not those of its header");
  }
  return hash;
}
