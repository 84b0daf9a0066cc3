/**
 * Moving money inside the cluster: free and held balances by the rules of the original's balances pallet.
 *
 * The existential deposit is 1: an account exists while it has anything.
 * @module
 */

import type { AccountId } from "../../wire/bytes.ts";
import type { Journal } from "../state/journal.ts";
import type { Account } from "../state/records.ts";
import type { State } from "../state/state.ts";
import { existentialDeposit } from "./limits.ts";

const nothing: Account = { free: 0n, held: 0n };

/** The balances of an account; all 0 when it does not exist. */
export function accountOf(state: State, id: Uint8Array): Account {
  return state.accounts.get(id) ?? nothing;
}

/** What an account can spend and live on. */
export function spendable(account: Account): bigint {
  return account.free > existentialDeposit ? account.free - existentialDeposit : 0n;
}

/** The most that an account can have, and all accounts together. */
const mostMoney = 2n ** 128n - 1n;

/** Makes money: deposits from the chain, and the throwaway money of estimates. What is too much for a u128 is lost. */
export function mint(journal: Journal, to: AccountId, amount: bigint): void {
  if (amount === 0n) return;
  const account = accountOf(journal.state, to);
  const free = account.free + amount;
  journal.setAccount(to, { free: free < mostMoney ? free : mostMoney, held: account.held });
}

/**
 * Moves free balance. Nothing happens for an amount of 0 or within one account.
 * @param keep whether the sender must keep the existential deposit.
 * @returns false, and nothing moved, when the sender has too little, or the receiver would have more than a u128 holds.
 */
export function transfer(journal: Journal, from: AccountId, to: AccountId, amount: bigint, keep: boolean): boolean {
  if (amount === 0n || sameAccount(from, to)) return true;
  const source = accountOf(journal.state, from);
  const left = source.free - amount;
  if (left < (keep ? existentialDeposit : 0n)) return false;
  const target = accountOf(journal.state, to);
  if (target.free + amount > mostMoney) return false;
  journal.setAccount(from, { free: left, held: source.held });
  journal.setAccount(to, { free: target.free + amount, held: target.held });
  return true;
}

/**
 * Moves free balance of one account to held balance of another, or of the same.
 * @returns false, and nothing moved, when the sender could not keep the existential deposit.
 */
export function transferAndHold(journal: Journal, from: AccountId, to: AccountId, amount: bigint): boolean {
  const source = accountOf(journal.state, from);
  if (source.free - amount < existentialDeposit) return false;
  journal.setAccount(from, { free: source.free - amount, held: source.held });
  const target = accountOf(journal.state, to);
  journal.setAccount(to, { free: target.free, held: target.held + amount });
  return true;
}

/**
 * Moves held balance of one account to free balance of another, or of the same: as much of it as there is.
 * @returns what was moved.
 */
export function releaseTo(journal: Journal, from: AccountId, to: AccountId, amount: bigint): bigint {
  const source = accountOf(journal.state, from);
  const moved = amount < source.held ? amount : source.held;
  if (moved === 0n) return 0n;
  journal.setAccount(from, { free: source.free, held: source.held - moved });
  const target = accountOf(journal.state, to);
  journal.setAccount(to, { free: target.free + moved, held: target.held });
  return moved;
}

/** Whether two account ids are the same. */
export function sameAccount(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  for (let i = 0; i < 32; i++) if (a[i] !== b[i]) return false;
  return true;
}
