/**
 * Paying for gas: the whole limit up front to the treasury, what was not used back when all is done.
 * @see phala-runtime.md, section 2.5
 * @module
 */

import type { AccountId } from "../../wire/bytes.ts";
import { transfer } from "../contract/balances.ts";
import type { Journal } from "../state/journal.ts";
import type { ClusterRecord } from "../state/records.ts";

/** The most gas of a transaction or an estimate, in ref_time. */
export const transactionGasLimit = 2_500_000_000_000;
/** The most gas of a query. */
export const queryGasLimit = 50_000_000_000_000;
/** The gas of a query that names none. */
export const defaultQueryGas = 10_000_000_000_000;

/** A u64 of gas as a number, no more than a limit. */
export function clipGas(gas: bigint, most: number): number {
  return gas > BigInt(most) ? most : Number(gas);
}

/** Takes the price of `gas` from an account. @returns false, and nothing taken, when it does not have it. */
export function payGas(journal: Journal, cluster: ClusterRecord, payer: AccountId, gas: number): boolean {
  if (cluster.gasPrice === 0n) return true;
  return transfer(journal, payer, cluster.treasury, BigInt(gas) * cluster.gasPrice, true);
}

/** Gives the price of unused gas back. */
export function refundGas(journal: Journal, cluster: ClusterRecord, payer: AccountId, gas: number): void {
  if (cluster.gasPrice === 0n || gas === 0) return;
  transfer(journal, cluster.treasury, payer, BigInt(gas) * cluster.gasPrice, false);
}
