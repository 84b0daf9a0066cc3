/**
 * The public face of phatvm: `open`, the errors, and the types a host needs.
 * @module
 */

export type { Account, AccountOptions } from "./client/account.ts";
export type { AccountLike, Hex } from "./client/address.ts";
export type { BundleSource } from "./client/bundle.ts";
export type {
  CallOptions,
  Contract,
  Estimate,
  Estimates,
  Queries,
  Query,
  QueryOptions,
  Recorded,
  TransactionOptions,
  Transactions,
} from "./client/contract.ts";
export type { DeployOptions, EstimateOptions, Uploaded, UploadOptions } from "./client/deploy.ts";
export type { DepositOptions, GovernEgressOptions } from "./client/govern.ts";
export type { MessageArgs, MessageNames, MessageResult } from "./client/infer.ts";
export type { BlockInfo, LogLine, NetworkEvents } from "./client/listen.ts";
export type { Metadata } from "./client/metadata/model.ts";
export type { ClusterInfo, Network, QueryMetrics } from "./client/network.ts";
export type { Attested, Proven, VerifyOptions } from "./client/proof.ts";
export type { EventRecord, FailedReceipt, OkReceipt, TransactionReceipt } from "./client/receipts.ts";
export type { ProvenBalance, ProvenState } from "./client/state-proof.ts";
export type { GovernTrustOptions, TrustChange, Trusted } from "./client/trust.ts";
export type { WorkerInfo, WorkerTrust } from "./client/workers.ts";
export type { ContractFaultCode, EngineErrorCode, ErrorCode, Facts } from "./errors.ts";
export { ContractFault, EngineError, PhatError } from "./errors.ts";
export type {} from "./globals.ts";
export type { BlockOptions, ClusterTerms, NodeOptions } from "./host/options.ts";
export { type OpenOptions, open } from "./open.ts";
export type {
  EgressFigures,
  EgressOptions,
  EgressRule,
  EgressRules,
  EnclaveLimits,
  QueryLimits,
} from "./wire/egress.ts";
