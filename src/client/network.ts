/**
 * A network as a host uses it: deploy and attach contracts, upload code, govern, prove, listen, close.
 * @module
 */

import { EngineError } from "../errors.ts";
import { codeHash as codeHashOf, fromHex, toHex } from "../wire/bytes.ts";
import { type EgressFigures, type EgressRules, readMetrics } from "../wire/egress.ts";
import type { NetworkFacts, NodeApi } from "../wire/node.ts";
import { decode } from "../wire/scale.ts";
import type { StateQuestion } from "../wire/state-proof.ts";
import { type Account, type AccountOptions, account } from "./account.ts";
import { type AccountLike, accountBytes, type Hex } from "./address.ts";
import { type BundleSource, loadBundle } from "./bundle.ts";
import type { Connection, Contract, Estimate } from "./contract.ts";
import {
  attach,
  type DeployOptions,
  deploy,
  type EstimateOptions,
  estimateDeployment,
  type Uploaded,
  type UploadOptions,
  type Usual,
  upload,
} from "./deploy.ts";
import { Faces } from "./faces.ts";
import { type DepositOptions, deposit, type GovernEgressOptions, governEgress, governTrust } from "./govern.ts";
import { type LogLine, listen, logLine, type NetworkEvents } from "./listen.ts";
import { type Proven, type VerifyOptions, verifyReceipt } from "./proof.ts";
import { receiptOf, type TransactionReceipt, transactionReceipt } from "./receipts.ts";
import { Sender } from "./sender.ts";
import { type ProvenBalance, type ProvenState, proveState, readBalance, readFirstHash } from "./state-proof.ts";
import { SourceMaps } from "./traps.ts";
import { type GovernTrustOptions, type Trusted, trustedBy } from "./trust.ts";
import { listWorkers, type WorkerInfo } from "./workers.ts";

/** A cluster of workers. */
export interface ClusterInfo {
  readonly id: Hex;
}

/** What queries have cost. */
export interface QueryMetrics {
  readonly total: EgressFigures;
  /** Queries under way. */
  readonly active: number;
  readonly contracts: readonly (EgressFigures & { readonly contract: Hex })[];
}

/** An open network. Made by `open`. */
export class Network {
  /** The network's name, for people. */
  readonly name: string;
  readonly #connection: Connection;
  readonly #stops = new Set<() => void>();

  /** @internal */
  constructor(node: NodeApi, facts: NetworkFacts) {
    this.name = facts.name;
    this.#connection = {
      node,
      facts,
      sender: new Sender(node, facts.genesisHash),
      faces: new Faces(node),
      maps: new SourceMaps(node),
      derive: (uri) => account(uri).publicKey,
    };
  }

  /**
   * An account that signs.
   *
   * @param uri `//Alice` and other development accounts, which hold funds on an embedded network; `0x…` seeds; phrases.
   * @throws {EngineError} `SecretUriInvalid`
   */
  account(uri: string, options?: AccountOptions): Account {
    return account(uri, options);
  }

  /**
   * Stores code on the cluster; code that is there already is left as it is.
   *
   * @throws {ContractFault} `CodeRejected`, with the reason; `CallRefused`
   * @throws {EngineError} `BundleUnreadable`, `MetadataInvalid`, and what the network says
   */
  async upload(options: UploadOptions): Promise<Uploaded> {
    return await upload(this.#connection, await loadBundle(options.bundle), options);
  }

  /**
   * Stores the bundle's code, unless it is there, and makes a contract of it.
   *
   * @returns Its handle, typed when `metadata` is given.
   * @throws {ContractFault} `CodeRejected`, `ContractReverted` with the constructor's error, `ContractTrapped`,
   *   `OutOfGas`, `CallRefused` (a salt used before, funds that are wanting), `UnknownMessage`, `BadArguments`
   * @throws {EngineError} `BundleUnreadable`, `MetadataInvalid`, and what the network says
   */
  async deploy<const M, const N extends string = Usual<M>>(options: DeployOptions<M, N>): Promise<Contract<M>> {
    return (await deploy(this.#connection, options as DeployOptions)) as Contract<M>;
  }

  /**
   * Tries a deployment on the newest state; nothing of it is written. The code must be stored.
   *
   * @returns What it would cost.
   * @throws {ContractFault} what `deploy` would end with
   */
  async estimate<const M, const N extends string = Usual<M>>(options: EstimateOptions<M, N>): Promise<Estimate> {
    return await estimateDeployment(this.#connection, options as EstimateOptions);
  }

  /**
   * Moves money from the signer's account on the chain into the cluster, where contracts and gas are paid.
   *
   * @param options `to`: whose it is in the cluster; `amount` in the smallest unit.
   * @returns The receipt.
   * @throws {EngineError} `InsufficientBalance`, and what else the network says
   */
  async deposit(options: DepositOptions): Promise<TransactionReceipt> {
    return await deposit(this.#connection, options);
  }

  /**
   * Says what a contract may reach on the internet: the cluster's owner does, and every worker keeps to it.
   *
   * Requests leave when these rules and those of the worker's host both let them; neither can widen the other's. They
   * hold from the next request on, also of queries under way.
   *
   * @returns The receipt.
   * @throws {EngineError} `NotPermitted` when the signer does not own the cluster; `SettingsInvalid`, with the field
   */
  async governEgress(options: GovernEgressOptions): Promise<TransactionReceipt> {
    return await governEgress(this.#connection, options);
  }

  /** What the cluster's owner lets a contract reach; undefined when only the worker's host has a say. */
  async egressRules(contract: AccountLike): Promise<EgressRules | undefined> {
    return await this.#connection.node.egressRules(accountBytes(contract));
  }

  /**
   * A handle of a contract that is there.
   *
   * @param id its address.
   * @param bundle its bundle or metadata; without it, the metadata that it was deployed with on this network.
   * @returns Its handle, typed when `bundle` is `{ metadata }` with a metadata constant.
   * @throws {ContractFault} `ContractNotFound`
   * @throws {EngineError} `MetadataMissing`, `MetadataInvalid`, `BundleUnreadable`, `AccountInvalid`
   */
  async attach<const M = unknown>(
    id: AccountLike,
    bundle?: BundleSource | { readonly metadata: M },
  ): Promise<Contract<M>> {
    return (await attach(this.#connection, id, bundle)) as Contract<M>;
  }

  /**
   * The receipt of the transaction that an account sent with a nonce, whoever asks and whenever; output is bytes.
   *
   * @returns undefined when no block has such a transaction.
   * @throws {EngineError} `AccountInvalid`, `BadNonce`
   */
  async receipt(of: {
    readonly account: AccountLike;
    readonly nonce: number;
  }): Promise<TransactionReceipt | undefined> {
    const { node, faces, maps } = this.#connection;
    const account = accountBytes(of.account);
    const { nonce } = of;
    if (!Number.isInteger(nonce) || nonce < 0 || nonce > 0xffff_ffff) {
      throw new EngineError("BadNonce", { nonce, account: toHex(account), reason: "nonces are whole numbers from 0" });
    }
    const found = await node.inclusionOf(account, nonce);
    if (found === undefined) return undefined;
    const raw = receiptOf(found.receipt);
    await faces.load(raw.events.map((event) => event.contract));
    const contract = raw.contract === undefined ? "" : toHex(raw.contract);
    const call = { message: `transaction ${nonce}`, contract, limit: undefined, ...(await maps.locate(raw.diagnosis)) };
    return transactionReceipt(raw, call, undefined, faces.get);
  }

  /**
   * Checks that the enclave signed a receipt: that nobody on the way changed outcome, gas, deposit, output or events, and
   * that the enclave is one whose attestation counts today.
   *
   * What is signed are the `encoded` bytes, from which `output` and the names in events were decoded; `debug` and an
   * error's diagnosis are not signed.
   *
   * @param receipt a receipt of this network, or its `encoded` bytes.
   * @param options `worker`: the key to check with, `measurements`, `signers`: what its quote must say, where the
   *   network's own word for it is not enough.
   * @returns What the signature says.
   * @throws {EngineError} `ReceiptForged`, `WorkerUntrusted`
   */
  async verify(receipt: TransactionReceipt | Uint8Array, options?: VerifyOptions): Promise<Proven> {
    const { node, facts } = this.#connection;
    return await verifyReceipt(node, facts, receipt, options ?? {}, Date.now());
  }

  /** The clusters of the network; an embedded one has one. */
  async clusters(): Promise<readonly ClusterInfo[]> {
    return [{ id: toHex(this.#connection.facts.cluster) }];
  }

  /**
   * The workers that are or were registered with the network, and what their attestations say; an embedded network has
   * one, in this process or in the folder's owner's.
   *
   * @throws {EngineError} `GenesisMismatch` when the node tells of another chain's.
   */
  async workers(): Promise<readonly WorkerInfo[]> {
    const { node, facts } = this.#connection;
    return await listWorkers(node, facts.genesisHash, Date.now());
  }

  /** What the network's governance trusts, as the node tells it. */
  async trusted(): Promise<Trusted> {
    return trustedBy(await this.#connection.node.workers());
  }

  /**
   * Changes what the network trusts, as its governor. Workers whose measurement or platform is taken off the lists do not
   * count any more, at once; an enclave hands its secrets over to measurements that were added after its own.
   *
   * @returns The receipt.
   * @throws {EngineError} `NotPermitted` when the signer does not govern the network; `AlreadyListed`, `NotListed`;
   *   `PlatformUnknown` for a simulated platform where the genesis allows none
   */
  async governTrust(options: GovernTrustOptions): Promise<TransactionReceipt> {
    return await governTrust(this.#connection, options);
  }

  /**
   * What an account or a contract holds in the cluster, in its smallest unit.
   *
   * @returns `free` may be spent; the rest of `total` is held for storage.
   * @throws {EngineError} `AccountInvalid`
   */
  async balance(of: AccountLike): Promise<{ readonly total: bigint; readonly free: bigint }> {
    return await this.#connection.node.balance(accountBytes(of));
  }

  /**
   * What an account holds in the cluster after the last block, as the enclave stands by it: nobody on the way can say
   * otherwise. `verify` says who signed, and what `options` are for.
   *
   * @param of the account, or a contract.
   * @returns `value` is undefined when the account holds nothing.
   * @throws {EngineError} `StateProofForged`, `WorkerUntrusted`, `AccountInvalid`
   */
  async proveBalance(of: AccountLike, options?: VerifyOptions): Promise<ProvenState<ProvenBalance>> {
    return await this.#prove({ part: "account", key: accountBytes(of) }, readBalance, options);
  }

  /**
   * Whether there is a contract after the last block, and its code hash, as the enclave stands by it.
   *
   * Nothing is proven of a contract's storage, which is secret: what is to be shown of it, a contract shows by an event,
   * which `verify` checks.
   *
   * @param id its address.
   * @returns `value` is its code hash, undefined when there is no such contract.
   * @throws {EngineError} `StateProofForged`, `WorkerUntrusted`, `AccountInvalid`
   */
  async proveContract(id: AccountLike, options?: VerifyOptions): Promise<ProvenState<Hex>> {
    return await this.#prove({ part: "contract", key: accountBytes(id) }, readFirstHash, options);
  }

  /**
   * Whether code is stored after the last block, as the enclave stands by it.
   *
   * @param codeHash blake2_256 of the code.
   * @returns `value` is the code's owner, undefined when it is not stored.
   * @throws {EngineError} `StateProofForged`, `WorkerUntrusted`
   */
  async proveCode(codeHash: Hex, options?: VerifyOptions): Promise<ProvenState<Hex>> {
    return await this.#prove({ part: "code", key: codeHashOf(fromHex(codeHash)) }, readFirstHash, options);
  }

  async #prove<T>(question: StateQuestion, read: (value: Uint8Array) => T, options: VerifyOptions = {}) {
    const { node, facts } = this.#connection;
    return await proveState(node, facts, question, read, options, Date.now());
  }

  /** What the queries of all contracts and of each have cost since the worker was started: requests, bytes, waiting. */
  async metrics(): Promise<QueryMetrics> {
    const { contracts, ...all } = decode(await this.#connection.node.metrics(), "metrics", readMetrics);
    return { ...all, contracts: contracts.map(({ contract, figures }) => ({ ...figures, contract: toHex(contract) })) };
  }

  /**
   * Lines that contracts logged or printed, oldest first.
   *
   * @param options `from`: the first running number wanted, default 0; `limit`: the most lines, default 1000.
   */
  async logs(options: { readonly from?: number; readonly limit?: number } = {}): Promise<readonly LogLine[]> {
    const records = await this.#connection.node.logs(options.from ?? 0, options.limit ?? 1000);
    return records.map(logLine);
  }

  /**
   * Listens.
   *
   * @param event `block`: a block is on disk; `event`: a contract emitted; `log`: a contract logged or printed.
   * @returns Ends the listening; so does `close`.
   */
  on<E extends keyof NetworkEvents>(event: E, listener: (value: NetworkEvents[E]) => void): () => void {
    const stop = listen(this.#connection, event, listener);
    this.#stops.add(stop);
    return () => {
      this.#stops.delete(stop);
      stop();
    };
  }

  /** Ends the listening, writes what is to be written, and lets the folder go. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#stops.clear();
    await this.#connection.node.close();
  }
}
