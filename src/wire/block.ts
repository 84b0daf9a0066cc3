/**
 * Blocks as the relay hands them to the enclave: a header, proof that it is final, and the messages it carries.
 *
 * The header commits to the messages by one hash, so an enclave that follows the header chain takes nothing on the
 * relay's word.
 * @module
 */

import { type AccountId, accountId, type BlockHash, blockHash } from "./bytes.ts";
import { type Message, readMessage, writeMessage } from "./message.ts";
import { decode, encode, type Reader, type Writer } from "./scale.ts";

/** The header of a block. */
export interface Header {
  /** u32; the genesis block is 0. */
  readonly number: number;
  /** Hash of the block before; of the genesis block: 32 zero bytes. */
  readonly parent: BlockHash;
  /** Milliseconds since 1970, as the chain saw it; never less than the parent's. */
  readonly timestamp: bigint;
  /** blake2_256 of the SCALE vector of the block's messages. */
  readonly messagesRoot: Uint8Array;
  /** blake2_256 of the SCALE vector of the block's extrinsics. */
  readonly extrinsicsRoot: Uint8Array;
}

export function writeHeader(w: Writer, header: Header): void {
  w.u32(header.number).raw(header.parent).u64(header.timestamp).raw(header.messagesRoot).raw(header.extrinsicsRoot);
}

export function readHeader(r: Reader): Header {
  return {
    number: r.u32(),
    parent: blockHash(r.raw(32)),
    timestamp: r.u64(),
    messagesRoot: r.raw(32),
    extrinsicsRoot: r.raw(32),
  };
}

/** Proof that a block is final: the authority's ed25519 signature over `finalityMessage(hash)`. */
export interface Justification {
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** What the authority signs to make a block final. */
export function finalityMessage(hash: BlockHash): Uint8Array {
  return encode(hash, (w, h) => w.str("phatvm/finality").raw(h));
}

/** A block with its messages, as the relay feeds it to the enclave. */
export interface RelayedBlock {
  readonly header: Header;
  readonly justification: Justification;
  readonly messages: readonly Message[];
  /** The bytes that the messages were read from; the codec is canonical, so they are `messagesBytes` of them. */
  readonly encodedMessages?: Uint8Array;
}

export function writeRelayedBlock(w: Writer, block: RelayedBlock): void {
  writeHeader(w, block.header);
  w.raw(block.justification.signature);
  w.vec(block.messages, writeMessage);
}

export function readRelayedBlock(r: Reader): RelayedBlock {
  const header = readHeader(r);
  const justification = { signature: r.raw(64) };
  const start = r.offset;
  const messages = r.vec(readMessage, 3);
  return { header, justification, messages, encodedMessages: r.since(start) };
}

/** The bytes that `Header.messagesRoot` is the hash of. */
export function messagesBytes(messages: readonly Message[]): Uint8Array {
  return encode(messages, (w, m) => w.vec(m, writeMessage));
}

/** What a chain asks of the quotes that it takes. */
export interface AttestationTerms {
  /** Whether quotes of the platform "simulated" are taken, which prove nothing. */
  readonly simulated: boolean;
  /** Milliseconds that a registration counts, from the time of the block that it names. */
  readonly validMs: bigint;
  /** Milliseconds that the block which a quote names may lie back. */
  readonly mostAgeMs: bigint;
}

/** What a chain starts from; its hash names the chain. */
export interface Genesis {
  /** A name for people. */
  readonly name: string;
  /** ed25519 key of the authority that makes blocks final. */
  readonly authority: Uint8Array;
  /** The account that governs: it may send what only governance may. */
  readonly governor: AccountId;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  /** Balances on the chain itself. */
  readonly endowed: readonly { readonly account: AccountId; readonly amount: bigint }[];
  readonly attestation: AttestationTerms;
  /** Random bytes, so that two chains of one configuration differ: 32 bytes. */
  readonly seed: Uint8Array;
}

export function writeGenesis(w: Writer, genesis: Genesis): void {
  w.u16(2).str(genesis.name).raw(genesis.authority).raw(genesis.governor).u64(genesis.timestamp);
  w.vec(genesis.endowed, (o, e) => o.raw(e.account).u128(e.amount));
  const { simulated, validMs, mostAgeMs } = genesis.attestation;
  w.bool(simulated).u64(validMs).u64(mostAgeMs).raw(genesis.seed);
}

export function readGenesis(r: Reader): Genesis {
  const version = r.u16();
  if (version !== 2) throw r.fail(`a genesis of version ${version}`);
  return {
    name: r.str(),
    authority: r.raw(32),
    governor: accountId(r.raw(32)),
    timestamp: r.u64(),
    endowed: r.vec((o) => ({ account: accountId(o.raw(32)), amount: o.u128() }), 48),
    attestation: { simulated: r.bool(), validMs: r.u64(), mostAgeMs: r.u64() },
    seed: r.raw(32),
  };
}

/** Reads one whole relayed block. */
export function decodeRelayedBlock(bytes: Uint8Array): RelayedBlock {
  return decode(bytes, "block", readRelayedBlock);
}
