/**
 * Receipts and events as a host reads them: decoded, by name, in numbers of its language.
 * @module
 */

import { ContractFault } from "../errors.ts";
import { toHex } from "../wire/bytes.ts";
import { type ContractEvent, type Receipt, readReceipt, writeReceipt } from "../wire/receipt.ts";
import { decode, encode } from "../wire/scale.ts";
import type { Hex } from "./address.ts";
import { dispatchFault, type FailedCall, revertFault } from "./faults.ts";
import { decodeEvent } from "./metadata/events.ts";
import type { ContractInterface } from "./metadata/interface.ts";
import type { Entry } from "./metadata/model.ts";

/** An event of a contract. */
export interface EventRecord {
  /** The contract that emitted it. */
  readonly contract: Hex;
  /** Its name; undefined when the contract's metadata is unknown or has no such event. */
  readonly name: string | undefined;
  /** Its fields by name; undefined with the name. */
  readonly args: Readonly<Record<string, unknown>> | undefined;
  /** Up to four, 32 bytes each. */
  readonly topics: readonly Uint8Array[];
  /** The bytes as the contract emitted them. */
  readonly data: Uint8Array;
}

interface ReceiptBase {
  /** Number of the block that includes the transaction. */
  readonly block: number;
  /** Its position in the block. */
  readonly index: number;
  /** Gas that it used: picoseconds of reference time. */
  readonly gasUsed: bigint;
  /** Held from the signer for storage, in the cluster's smallest unit; negative when it was given back. */
  readonly storageDeposit: bigint;
  /** What contracts emitted, in order; none unless the outcome is "ok". */
  readonly events: readonly EventRecord[];
  /** What contracts printed: not part of what the enclave signs. */
  readonly debug: string;
  /** The receipt as the enclave made it, SCALE: what `verify` checks, and what to keep as evidence. */
  readonly encoded: Uint8Array;
}

/** A transaction that did what it was to do. */
export interface OkReceipt<T = unknown> extends ReceiptBase {
  readonly outcome: "ok";
  readonly error?: undefined;
  /** What the message returned. */
  readonly output: T;
}

/** A transaction that a block includes, and that changed nothing but what gas costs. */
export interface FailedReceipt extends ReceiptBase {
  /** `refused`: it never reached the contract's code, for instance for want of funds. */
  readonly outcome: "reverted" | "trapped" | "outOfGas" | "refused";
  readonly error: ContractFault;
  /** What it reverted with; undefined for the other outcomes. */
  readonly output: unknown;
}

/** What became of a transaction. */
export type TransactionReceipt<T = unknown> = OkReceipt<T> | FailedReceipt;

/** Finds the interface of a contract, to name its events. */
export type FaceOf = (contract: Uint8Array) => ContractInterface | undefined;

/** Reads SCALE `Receipt`. */
export function receiptOf(bytes: Uint8Array): Receipt {
  return decode(bytes, "receipt", readReceipt);
}

/** An event with its name, where the interface has it. */
export function eventRecord(event: ContractEvent, face: ContractInterface | undefined): EventRecord {
  const { contract, topics, data } = event;
  const decoded = face && decodeEvent(face, topics, data);
  return { contract: toHex(contract), name: decoded?.name, args: decoded?.args, topics, data };
}

/** Debug text; what is not UTF-8 in it is replaced, as it is for people. */
export function debugText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * Makes the receipt that a host sees.
 *
 * @param call what was asked and where it stopped, for the error's facts.
 * @param decodeWith how its output is read; undefined leaves it as bytes.
 */
export function transactionReceipt(
  receipt: Receipt,
  call: Omit<FailedCall, "debug">,
  decodeWith: { readonly face: ContractInterface; readonly entry: Entry } | undefined,
  faceOf: FaceOf,
): TransactionReceipt {
  const { block, index, gasUsed, storageDeposit, outcome, output, flags } = receipt;
  const debug = debugText(receipt.debug);
  const events = receipt.events.map((event) => eventRecord(event, faceOf(event.contract)));
  const base = { block, index, gasUsed, storageDeposit, events, debug, encoded: encode(receipt, writeReceipt) };
  const reverted = (flags & 1) === 1;
  const returned = () =>
    decodeWith === undefined ? { value: output } : decodeWith.face.decodeOutput(decodeWith.entry, output, reverted);
  if (outcome === "ok") {
    try {
      return { ...base, outcome, output: returned().value };
    } catch (error) {
      // It happened, and only its output cannot be read: say where it is.
      if (!(error instanceof ContractFault)) throw error;
      throw new ContractFault(error.code, { ...error.facts, block, index }, { cause: error });
    }
  }
  const failed = { ...call, debug };
  if (outcome !== "reverted") {
    return { ...base, outcome, error: dispatchFault(failed, receipt.error), output: undefined };
  }
  const error = revertFault(failed, returned);
  return { ...base, outcome, error, output: error.facts.output };
}
