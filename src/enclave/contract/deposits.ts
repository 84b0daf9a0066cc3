/**
 * Storage deposits: what a frame's storage came to, what the contract's record makes of it, and who pays in the end.
 *
 * A frame counts what it added and removed; when it ends well its contract's record takes the difference, and the
 * charge waits until the whole execution has ended. Then refunds and charges are settled with the origin, so that the
 * order of storage accesses does not matter. Refunds are pro rata of what the contract has paid.
 * @see contract-abi.md, section 4, item 8
 * @module
 */

import { type AccountId, accountId, type ContractId } from "../../wire/bytes.ts";
import type { Journal } from "../state/journal.ts";
import type { ContractInfo } from "../state/records.ts";
import { accountOf, releaseTo, sameAccount, transfer, transferAndHold } from "./balances.ts";
import type { ClusterFacts } from "./call.ts";
import { contractsFault } from "./dispatch-error.ts";
import { existentialDeposit } from "./limits.ts";
import { depositHeld, depositReleased } from "./pallet-events.ts";

/** What a frame did to the storage of its contract. */
export class StorageDiff {
  bytesAdded = 0;
  bytesRemoved = 0;
  itemsAdded = 0;
  itemsRemoved = 0;

  /** Counts a change of one value; a length of -1 is absence. */
  count(before: number, after: number): void {
    if (before < 0) {
      if (after < 0) return;
      this.bytesAdded += after;
      this.itemsAdded += 1;
    } else if (after < 0) {
      this.bytesRemoved += before;
      this.itemsRemoved += 1;
    } else if (after > before) this.bytesAdded += after - before;
    else this.bytesRemoved += before - after;
  }

  /** Whether there is nothing to account for. */
  get empty(): boolean {
    return this.bytesAdded === this.bytesRemoved && this.itemsAdded === this.itemsRemoved;
  }
}

/** What is to be settled with the origin for one contract: positive is a charge, negative a refund. */
export interface DepositCharge {
  readonly contract: ContractId;
  readonly amount: bigint;
  /** Set when the contract was terminated: who gets what it had. */
  readonly beneficiary?: AccountId;
  /** Set when it was paid at once: counted, and not paid again. */
  readonly settled?: true;
}

/** `amount * part / whole`, as upstream rounds it: a ratio of 18 decimals first, at most 1. */
function proRata(amount: bigint, part: number, whole: number): bigint {
  if (whole === 0) return 0n;
  if (part >= whole) return amount;
  const one = 10n ** 18n;
  return (amount * ((BigInt(part) * one) / BigInt(whole))) / one;
}

/** A contract's record after a frame, and what the frame costs: positive is a charge. */
export function account(
  info: ContractInfo,
  diff: StorageDiff,
  cluster: ClusterFacts,
): { info: ContractInfo; amount: bigint } {
  const bytes = diff.bytesAdded - diff.bytesRemoved;
  const items = diff.itemsAdded - diff.itemsRemoved;
  const forBytes =
    bytes >= 0 ? BigInt(bytes) * cluster.depositPerByte : -proRata(info.byteDeposit, -bytes, info.storageBytes);
  const forItems =
    items >= 0 ? BigInt(items) * cluster.depositPerItem : -proRata(info.itemDeposit, -items, info.storageItems);
  return {
    info: {
      ...info,
      storageBytes: Math.max(0, info.storageBytes + bytes),
      storageItems: Math.max(0, info.storageItems + items),
      byteDeposit: info.byteDeposit + forBytes,
      itemDeposit: info.itemDeposit + forItems,
    },
    amount: forBytes + forItems,
  };
}

/** Bytes of upstream's record of a contract (trie id 33, code hash 32, counts 8, deposits 48, dependencies 1). */
const infoLength = 122;
/** Bytes of upstream's record of a code. */
const codeInfoLength = 90;

/** What a new contract holds for its own record. */
export function baseDeposit(cluster: ClusterFacts): bigint {
  return BigInt(infoLength) * cluster.depositPerByte + cluster.depositPerItem;
}

/** What an upload holds: for the code and for its record, two items. */
export function codeDeposit(codeLength: number, cluster: ClusterFacts): bigint {
  return BigInt(codeLength + codeInfoLength) * cluster.depositPerByte + 2n * cluster.depositPerItem;
}

/** What a contract that ends gives back. */
export function totalDeposit(info: ContractInfo): bigint {
  return info.byteDeposit + info.itemDeposit + info.baseDeposit;
}

/**
 * The most that an execution may charge its origin.
 * @throws {DispatchFault} `StorageDepositNotEnoughFunds` when the origin does not have the limit that was asked for.
 */
export function depositLimit(journal: Journal, origin: Uint8Array, asked: bigint | undefined, value: bigint): bigint {
  const { free } = accountOf(journal.state, origin);
  const most = free - 2n * existentialDeposit - value;
  const available = most > 0n ? most : 0n;
  if (asked === undefined) return available;
  if (asked > available) throw contractsFault("StorageDepositNotEnoughFunds");
  return asked;
}

/**
 * Settles with the origin: refunds first, then charges.
 * @param emit takes the pallet's events.
 * @throws {DispatchFault} `StorageDepositNotEnoughFunds` when the origin cannot pay any more.
 */
export function settle(
  journal: Journal,
  origin: AccountId,
  charges: readonly DepositCharge[],
  emit: (event: Uint8Array) => void,
): void {
  const due = charges.some(({ beneficiary }) => beneficiary !== undefined) ? withoutTheDead(charges) : charges;
  for (const { contract, amount, beneficiary } of due) {
    if (amount >= 0n) continue;
    const moved = releaseTo(journal, contract, origin, -amount);
    emit(depositReleased(contract, origin, moved));
    if (beneficiary === undefined) continue;
    const { free } = accountOf(journal.state, contract);
    transfer(journal, accountId(contract), beneficiary, free, false);
  }
  for (const { contract, amount, settled } of due) {
    if (amount <= 0n || settled === true) continue;
    if (!transferAndHold(journal, origin, contract, amount)) throw contractsFault("StorageDepositNotEnoughFunds");
    emit(depositHeld(origin, contract, amount));
  }
}

/** The charges with everything for a contract that was terminated drawn into one: the dead hold no deposits. */
function withoutTheDead(charges: readonly DepositCharge[]): DepositCharge[] {
  const dead = charges.filter(({ beneficiary }) => beneficiary !== undefined);
  const isFor = (end: DepositCharge, charge: DepositCharge): boolean => sameAccount(end.contract, charge.contract);
  const living = charges.filter((charge) => charge.settled === true || !dead.some((end) => isFor(end, charge)));
  const ends = dead.map((end) => {
    let amount = 0n;
    for (const charge of charges) if (charge.settled !== true && isFor(end, charge)) amount += charge.amount;
    return { ...end, amount };
  });
  return [...ends, ...living];
}
