/**
 * Transactions that are no contract's messages: what they ask for is done, or they end with the error.
 * @module
 */

import type { Call } from "../wire/extrinsic.ts";
import type { Account } from "./account.ts";
import { type Connection, transact } from "./contract.ts";
import type { TransactionReceipt } from "./receipts.ts";

/** Who orders something. */
export interface Order {
  readonly signer: Account;
  readonly signal?: AbortSignal;
}

/**
 * Signs a call and waits for its receipt.
 *
 * @param called what errors call it by, and whom it is about.
 * @returns The receipt, whose outcome is "ok".
 * @throws {PhatError} what the network says, or what became of it.
 */
export async function order(
  connection: Connection,
  { signer, signal }: Order,
  call: Call,
  called: { readonly message: string; readonly contract: string },
): Promise<TransactionReceipt> {
  const sent = { signer, ...(signal === undefined ? {} : { signal }) };
  const { receipt } = await transact(connection, sent, () => call, called, undefined);
  if (receipt.outcome !== "ok") throw receipt.error;
  return receipt;
}
