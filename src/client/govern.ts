/**
 * What its owner says to a cluster, and its governor to the network: money, what contracts may reach, who is trusted.
 * @module
 */

import { type ContractId, toHex } from "../wire/bytes.ts";
import type { EgressRules } from "../wire/egress.ts";
import { usualRules } from "../wire/egress-rules.ts";
import type { Account } from "./account.ts";
import { type AccountLike, accountBytes } from "./address.ts";
import type { Connection } from "./contract.ts";
import { order } from "./order.ts";
import type { TransactionReceipt } from "./receipts.ts";
import { type GovernTrustOptions, registryCall } from "./trust.ts";

/** Money for the cluster. */
export interface DepositOptions {
  /** Who has it there. */
  readonly to: AccountLike;
  /** In the smallest unit. */
  readonly amount: bigint;
  readonly signer: Account;
  readonly signal?: AbortSignal;
}

/** What the cluster's owner says of a contract. */
export interface GovernEgressOptions {
  /** The contract, which need not be there yet. */
  readonly contract: AccountLike;
  /** What it may reach, and how much, on top of what the worker's host allows; undefined takes back what was said. */
  readonly rules: EgressRules | undefined;
  /** The cluster's owner. */
  readonly signer: Account;
  readonly signal?: AbortSignal;
}

/** Moves money from the signer's account on the chain into the cluster. */
export async function deposit(connection: Connection, options: DepositOptions): Promise<TransactionReceipt> {
  const { cluster } = connection.facts;
  const event = { kind: "deposit", cluster, to: accountBytes(options.to), amount: options.amount } as const;
  const called = { message: "deposit", contract: toHex(event.to) };
  return await order(connection, options, { kind: "cluster", event }, called);
}

/** Says what a contract may reach, as the cluster's owner. */
export async function governEgress(connection: Connection, options: GovernEgressOptions): Promise<TransactionReceipt> {
  const contract = accountBytes(options.contract) as ContractId;
  const { cluster } = connection.facts;
  const rules = options.rules === undefined ? undefined : usualRules(options.rules);
  const event = { kind: "egress", cluster, contract, rules } as const;
  const called = { message: "governEgress", contract: toHex(contract) };
  return await order(connection, options, { kind: "cluster", event }, called);
}

/** Changes what the network trusts, as its governor. */
export async function governTrust(connection: Connection, options: GovernTrustOptions): Promise<TransactionReceipt> {
  const call = { kind: "registry", call: registryCall(options.change) } as const;
  return await order(connection, options, call, { message: "governTrust", contract: "" });
}
