/**
 * Receipts and their seal: what became of each message, hashed in order and signed once for the block.
 * @module
 */

import { blake2_256, blake2_256Into } from "../../crypto/hash.ts";
import type { BlockHash, ContractId } from "../../wire/bytes.ts";
import {
  type BlockSeal,
  type OutcomeKind,
  type Receipt,
  type SealedReceipts,
  sealMessage,
  writeReceiptCore,
} from "../../wire/receipt.ts";
import { Writer } from "../../wire/scale.ts";
import type { DispatchFault } from "../contract/dispatch-error.ts";
import type { RootExecution } from "../contract/execution.ts";
import { isPrivateEvent } from "../contract/pink/events.ts";
import type { RootResult } from "../contract/root.ts";
import type { KeyProvider } from "../keys/provider.ts";

/** A receipt that does not know its place yet. */
export type Outcome = Omit<Receipt, "block" | "index">;

const nothing = new Uint8Array(0);

/** What a message asked for and by which name the sender finds the receipt. */
export interface Subject {
  readonly nonce: Uint8Array;
  readonly contract: ContractId | undefined;
}

/** The receipt of what never reached a contract. */
export function refusal(subject: Subject, diagnosis: string, fault?: DispatchFault): Outcome {
  return {
    ...subject,
    outcome: "refused",
    error: fault?.encoded,
    gasUsed: 0n,
    gasRequired: 0n,
    storageDeposit: 0n,
    flags: 0,
    output: nothing,
    events: [],
    palletEvents: [],
    debug: nothing,
    diagnosis,
  };
}

/** The receipt of something that was done without running a contract. */
export function done(
  subject: Subject,
  output: Uint8Array,
  palletEvents: readonly Uint8Array[],
  deposit: bigint,
): Outcome {
  return { ...refusal(subject, ""), outcome: "ok", output, palletEvents, storageDeposit: deposit };
}

function kindOf(result: RootResult): OutcomeKind {
  const { end } = result;
  if (end.type === "returned") return end.reverted ? "reverted" : "ok";
  if (end.type === "suspended") return "trapped";
  if (end.fault.error === "OutOfGas") return "outOfGas";
  return result.reached ? "trapped" : "refused";
}

/** The receipt of a root call. */
export function outcomeOf(subject: Subject, execution: RootExecution, result: RootResult): Outcome {
  const { end } = result;
  const returned = end.type === "returned";
  const { events } = execution;
  return {
    nonce: subject.nonce,
    contract: result.contract ?? subject.contract,
    outcome: kindOf(result),
    error: end.type === "failed" ? end.fault.encoded : undefined,
    gasUsed: BigInt(result.gasUsed),
    gasRequired: BigInt(result.gasRequired),
    storageDeposit: result.storageDeposit,
    flags: returned && end.reverted ? 1 : 0,
    output: returned ? end.data : nothing,
    // What a contract asks of its own cache is nobody else's business.
    events: events.some(isPrivateEvent) ? events.filter((event) => !isPrivateEvent(event)) : events,
    palletEvents: execution.palletEvents,
    debug: execution.debugText(),
    diagnosis: returned ? "" : (execution.diagnosis?.() ?? ""),
  };
}

const writer = new Writer(4096);

/** The receipts of one block, in their order; each is hashed as it comes, while all of it is near. */
export class BlockReceipts {
  readonly #block: number;
  readonly #receipts: Receipt[] = [];
  /** 32 bytes each. */
  #hashes: Uint8Array;

  /** @param expected how many there will be at least. */
  constructor(block: number, expected: number) {
    this.#block = block;
    this.#hashes = new Uint8Array(32 * expected);
  }

  /** The last one; undefined when there is none. */
  get last(): Receipt | undefined {
    return this.#receipts[this.#receipts.length - 1];
  }

  /** Takes the next one. */
  add(outcome: Outcome): void {
    const index = this.#receipts.length;
    const receipt = placed(outcome, this.#block, index);
    this.#receipts.push(receipt);
    writeReceiptCore(writer.clear(), receipt);
    const at = 32 * index;
    if (at === this.#hashes.length) {
      const grown = new Uint8Array(2 * at + 32);
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    blake2_256Into(writer.written(), this.#hashes, at);
  }

  /** Signs for the block. */
  seal(hash: BlockHash, stateRoot: Uint8Array, keys: KeyProvider): SealedReceipts {
    const receipts = this.#receipts;
    const receiptsRoot = blake2_256(this.#hashes.subarray(0, 32 * receipts.length));
    const core: Omit<BlockSeal, "signature"> = { block: this.#block, hash, stateRoot, receiptsRoot };
    return { seal: { ...core, signature: keys.sign(sealMessage(core)) }, receipts };
  }
}

/** A receipt in its place. Written out: a spread of an object costs as much as the rest of a small transaction. */
function placed(outcome: Outcome, block: number, index: number): Receipt {
  return {
    block,
    index,
    nonce: outcome.nonce,
    contract: outcome.contract,
    outcome: outcome.outcome,
    error: outcome.error,
    gasUsed: outcome.gasUsed,
    gasRequired: outcome.gasRequired,
    storageDeposit: outcome.storageDeposit,
    flags: outcome.flags,
    output: outcome.output,
    events: outcome.events,
    palletEvents: outcome.palletEvents,
    debug: outcome.debug,
    diagnosis: outcome.diagnosis,
  };
}
