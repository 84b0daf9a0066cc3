/**
 * Whether the enclave stands by a receipt: its hash among those of the block, their root, the worker's signature, and
 * the worker's attestation.
 *
 * A node carries receipts and may change them on the way; it cannot sign. The key to check with is the network's, as the
 * node told it at the opening, if it is that of a worker whose attestation counts: who does not trust the node for that
 * names the key, or what an enclave must measure, known from elsewhere.
 * @module
 */

import { blake2_256 } from "../crypto/blake2b.ts";
import { verifyEd25519 } from "../crypto/ed25519.ts";
import { EngineError } from "../errors.ts";
import { fromHex, sameBytes, toHex } from "../wire/bytes.ts";
import type { NetworkFacts, NodeApi } from "../wire/node.ts";
import { type BlockSeal, type Receipt, readSeal, receiptCore, sealMessage } from "../wire/receipt.ts";
import { decode } from "../wire/scale.ts";
import type { Hex } from "./address.ts";
import { receiptOf, type TransactionReceipt } from "./receipts.ts";
import { trustedWorker, type WorkerTrust } from "./workers.ts";

/** Who signed. */
export interface Attested {
  /** The key that signed. */
  readonly worker: Hex;
  /** What the worker measures. */
  readonly measurement: Hex;
  /** Whose word that is: "simulated" means nobody's but that process's. */
  readonly platform: string;
}

/** What a worker's signature says of a receipt. */
export interface Proven extends Attested {
  /** Number of the block. */
  readonly block: number;
  /** The transaction's position in it. */
  readonly index: number;
  /** Hash of the block. */
  readonly hash: Hex;
  /** Root of the cluster's state after the block. */
  readonly stateRoot: Hex;
}

/** What a receipt is checked against. */
export interface VerifyOptions extends WorkerTrust {
  /** ed25519 key of the worker, known from elsewhere. Default: what the network's facts say. */
  readonly worker?: Hex;
}

/**
 * Checks a receipt, or the bytes that one was read from.
 * @param now milliseconds since 1970.
 * @throws {EngineError} `ReceiptForged`, `WorkerUntrusted`, `GenesisMismatch`, and what the node says.
 */
export async function verifyReceipt(
  node: NodeApi,
  facts: Pick<NetworkFacts, "worker" | "genesisHash">,
  receipt: TransactionReceipt | Uint8Array,
  options: VerifyOptions,
  now: number,
): Promise<Proven> {
  const raw = receiptOf(receipt instanceof Uint8Array ? receipt : receipt.encoded);
  const { block, index } = raw;
  const forged = (reason: string): EngineError => new EngineError("ReceiptForged", { block, index, reason });
  if (!(receipt instanceof Uint8Array)) {
    const changed = changedIn(receipt, raw);
    if (changed !== undefined) throw forged(`${changed} is not what its bytes say`);
  }
  const { seal, hashes, attested } = await verifySeal(node, facts, block, options, now, forged);
  const hash = blake2_256(receiptCore(raw));
  if (!sameBytes(hashes.subarray(32 * index, 32 * index + 32), hash)) throw forged("its hash is not at its place");
  if (!sameBytes(blake2_256(hashes), seal.receiptsRoot)) throw forged("the block's receipts are not those of the seal");
  const { hash: blockHash, stateRoot } = seal;
  return {
    block,
    index,
    hash: toHex(blockHash),
    stateRoot: toHex(stateRoot),
    ...attested,
  };
}

/**
 * Checks what a worker signed for a block: its signature, and that its attestation counts.
 * @param forged makes the error of a seal that is not what it should be.
 * @returns the seal, the hashes of the block's receipts as the node gave them, not checked, and who signed.
 */
export async function verifySeal(
  node: NodeApi,
  facts: Pick<NetworkFacts, "worker" | "genesisHash">,
  block: number,
  options: VerifyOptions,
  now: number,
  forged: (reason: string) => EngineError,
): Promise<{ readonly seal: BlockSeal; readonly hashes: Uint8Array; readonly attested: Attested }> {
  const worker = options.worker === undefined ? facts.worker : fromHex(options.worker);
  const proof = await node.proof(block);
  if (proof === undefined) throw forged("there is no seal of that block");
  const seal = decode(proof.seal, "seal", readSeal);
  if (seal.block !== block) throw forged(`the seal is of block ${seal.block}`);
  if (!verifyEd25519(worker, sealMessage(seal), seal.signature)) throw forged("the signature is not the worker's");
  const known = await trustedWorker(node, facts.genesisHash, toHex(worker), options, now);
  const { publicKey, measurement, platform } = known;
  return { seal, hashes: proof.hashes, attested: { worker: publicKey, measurement, platform } };
}

/** What of a receipt for people is not as it is in the receipt that it was made from. */
function changedIn(shown: TransactionReceipt, raw: Receipt): string | undefined {
  for (const field of ["block", "index", "outcome", "gasUsed", "storageDeposit"] as const) {
    if (shown[field] !== raw[field]) return `its ${field}`;
  }
  const same =
    shown.events.length === raw.events.length &&
    raw.events.every((event, i) => {
      const { contract, data, topics } = shown.events[i] as (typeof shown.events)[number];
      return (
        contract === toHex(event.contract) &&
        sameBytes(data, event.data) &&
        topics.length === event.topics.length &&
        event.topics.every((topic, t) => sameBytes(topic, topics[t] as Uint8Array))
      );
    });
  return same ? undefined : "one of its events";
}
