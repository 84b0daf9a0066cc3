/**
 * Receipts: what became of each message of a block, and the seal by which the enclave answers for them.
 *
 * Only what every replica agrees on is signed: the ABI's errors, never a trap's kind or a backtrace, and not the debug
 * text. A block's receipts are hashed in order and signed once with the state root.
 * @module
 */

import { type BlockHash, blockHash, type ContractId, contractId } from "./bytes.ts";
import { encode, type Reader, type Writer } from "./scale.ts";

/** How a message ended. `refused` is what never reached a contract: no such contract, no funds for gas, a bad payload. */
export type OutcomeKind = "ok" | "reverted" | "trapped" | "outOfGas" | "refused";
const outcomes: readonly OutcomeKind[] = ["ok", "reverted", "trapped", "outOfGas", "refused"];

/** An event of a contract. */
export interface ContractEvent {
  readonly contract: ContractId;
  /** 32 bytes each. */
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

/** What became of one message. */
export interface Receipt {
  /** Number of the block. */
  readonly block: number;
  /** Position of the message in the block. */
  readonly index: number;
  /** The nonce of the command, or the salt of an instantiation: at most 32 bytes. */
  readonly nonce: Uint8Array;
  /** The contract called or made. */
  readonly contract: ContractId | undefined;
  readonly outcome: OutcomeKind;
  /** SCALE `DispatchError`, where there is one. */
  readonly error: Uint8Array | undefined;
  /** u64, in gas (ref_time). */
  readonly gasUsed: bigint;
  readonly gasRequired: bigint;
  /** Positive: held from the origin; negative: refunded. */
  readonly storageDeposit: bigint;
  /** Return flags; bit 0 is REVERT. */
  readonly flags: number;
  /** What the contract returned; of an upload: the code hash. */
  readonly output: Uint8Array;
  /** Events of contracts, in order. */
  readonly events: readonly ContractEvent[];
  /** The pallets' events, SCALE encoded each, in order: index of the pallet, index of the event, its fields. */
  readonly palletEvents: readonly Uint8Array[];
  /** Debug text, not signed. */
  readonly debug: Uint8Array;
  /** Local diagnosis of a refusal or a trap (kind, backtrace), not signed. */
  readonly diagnosis: string;
}

/** The part of a receipt that is hashed and signed. */
export function writeReceiptCore(w: Writer, receipt: Receipt): void {
  w.u32(receipt.block).u32(receipt.index).bytes(receipt.nonce);
  w.option(receipt.contract, (o, id) => o.raw(id));
  w.u8(outcomes.indexOf(receipt.outcome));
  w.option(receipt.error, (o, error) => o.bytes(error));
  w.u64(receipt.gasUsed).u64(receipt.gasRequired);
  const deposit = receipt.storageDeposit;
  w.bool(deposit < 0n).u128(deposit < 0n ? -deposit : deposit);
  w.u32(receipt.flags).bytes(receipt.output);
  w.vec(receipt.events, (o, event) => {
    o.raw(event.contract);
    o.vec(event.topics, (t, topic) => t.raw(topic)).bytes(event.data);
  });
  w.vec(receipt.palletEvents, (o, event) => o.bytes(event));
}

export function writeReceipt(w: Writer, receipt: Receipt): void {
  writeReceiptCore(w, receipt);
  w.bytes(receipt.debug).str(receipt.diagnosis);
}

export function readReceipt(r: Reader): Receipt {
  const block = r.u32();
  const index = r.u32();
  const nonce = r.bytes();
  const contract = r.option((o) => contractId(o.raw(32)));
  const outcome = outcomes[r.u8()];
  if (outcome === undefined) throw r.fail("an unknown outcome");
  const error = r.option((o) => o.bytes());
  const gasUsed = r.u64();
  const gasRequired = r.u64();
  const refund = r.bool();
  const deposit = r.u128();
  return {
    block,
    index,
    nonce,
    contract,
    outcome,
    error,
    gasUsed,
    gasRequired,
    storageDeposit: refund ? -deposit : deposit,
    flags: r.u32(),
    output: r.bytes(),
    events: r.vec(
      (o) => ({ contract: contractId(o.raw(32)), topics: o.vec((t) => t.raw(32), 32), data: o.bytes() }),
      34,
    ),
    palletEvents: r.vec((o) => o.bytes()),
    debug: r.bytes(),
    diagnosis: r.str(),
  };
}

/** The bytes whose blake2_256 stands for one receipt. */
export function receiptCore(receipt: Receipt): Uint8Array {
  return encode(receipt, writeReceiptCore);
}

/** What the enclave signs for a block: the block, the state after it, and its receipts. */
export interface BlockSeal {
  readonly block: number;
  readonly hash: BlockHash;
  /** Root of the cluster's state after the block: 32 bytes. */
  readonly stateRoot: Uint8Array;
  /** blake2_256 of the concatenated hashes of the receipts, in order. */
  readonly receiptsRoot: Uint8Array;
  /** ed25519 by the worker's identity over `sealMessage`: 64 bytes. */
  readonly signature: Uint8Array;
}

/** The bytes that a block's seal signs. */
export function sealMessage(seal: Omit<BlockSeal, "signature">): Uint8Array {
  return encode(seal, (w, s) =>
    w.str("phatvm/block-seal").u32(s.block).raw(s.hash).raw(s.stateRoot).raw(s.receiptsRoot),
  );
}

export function writeSeal(w: Writer, seal: BlockSeal): void {
  w.u32(seal.block).raw(seal.hash).raw(seal.stateRoot).raw(seal.receiptsRoot).raw(seal.signature);
}

export function readSeal(r: Reader): BlockSeal {
  return {
    block: r.u32(),
    hash: blockHash(r.raw(32)),
    stateRoot: r.raw(32),
    receiptsRoot: r.raw(32),
    signature: r.raw(64),
  };
}

/** A block's receipts and their seal. */
export interface SealedReceipts {
  readonly seal: BlockSeal;
  readonly receipts: readonly Receipt[];
}

export function writeSealedReceipts(w: Writer, sealed: SealedReceipts): void {
  writeSeal(w, sealed.seal);
  w.vec(sealed.receipts, writeReceipt);
}

export function readSealedReceipts(r: Reader): SealedReceipts {
  return {
    seal: readSeal(r),
    receipts: r.vec(readReceipt, 30),
  };
}
