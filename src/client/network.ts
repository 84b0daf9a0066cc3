/**
 * A network as a host uses it: deploy and attach contracts, upload code, listen, close.
 * @module
 */

import { blake2_256 } from "../crypto/blake2b.ts";
import { ContractFault, EngineError } from "../errors.ts";
import { type AccountId, type ContractId, codeHash as codeHashOf, fromHex, toHex } from "../wire/bytes.ts";
import { type EgressFigures, type EgressRules, readMetrics } from "../wire/egress.ts";
import { usualRules } from "../wire/egress-rules.ts";
import type { Call } from "../wire/extrinsic.ts";
import type { LogRecord, NetworkFacts, NodeApi } from "../wire/node.ts";
import { decode } from "../wire/scale.ts";
import type { StateQuestion } from "../wire/state-proof.ts";
import { type Account, type AccountOptions, account } from "./account.ts";
import { type AccountLike, accountBytes, type Hex } from "./address.ts";
import { type Bundle, type BundleSource, loadBundle, readInterface } from "./bundle.ts";
import {
  ask,
  type CallOptions,
  type Connection,
  type Contract,
  contractHandle,
  defaultGas,
  type Estimate,
  inputOf,
  mintedFor,
  nobody,
  type QueryOptions,
  type TransactionOptions,
  transact,
} from "./contract.ts";
import { Faces } from "./faces.ts";
import type { ConstructorArgs, ConstructorNames, Typed } from "./infer.ts";
import { ContractInterface } from "./metadata/interface.ts";
import { type Proven, type VerifyOptions, verifyReceipt } from "./proof.ts";
import { type EventRecord, eventRecord, receiptOf, type TransactionReceipt, transactionReceipt } from "./receipts.ts";
import { Sender } from "./sender.ts";
import { type ProvenBalance, type ProvenState, proveState, readBalance, readFirstHash } from "./state-proof.ts";
import { SourceMaps, withMap } from "./traps.ts";
import { type GovernTrustOptions, registryCall, type Trusted, trustedBy } from "./trust.ts";
import { listWorkers, type WorkerInfo } from "./workers.ts";

/** A cluster of workers. */
export interface ClusterInfo {
  readonly id: Hex;
}

/** A block, final, executed, and on disk. */
export interface BlockInfo {
  readonly number: number;
  readonly hash: Hex;
  /** How many transactions it includes. */
  readonly extrinsics: number;
  /** Root of the cluster's state after it. */
  readonly stateRoot: Hex;
}

/** A line that a contract logged or printed. */
export interface LogLine {
  /** Running number within the node's life. */
  readonly sequence: number;
  readonly block: number;
  readonly contract: Hex;
  readonly level: "error" | "warn" | "info" | "debug" | "trace";
  readonly text: string;
  /** Whether a query wrote it. */
  readonly query: boolean;
}

/** What queries have cost. */
export interface QueryMetrics {
  readonly total: EgressFigures;
  /** Queries under way. */
  readonly active: number;
  readonly contracts: readonly (EgressFigures & { readonly contract: Hex })[];
}

/** What a network tells those who listen. */
export interface NetworkEvents {
  block: BlockInfo;
  event: EventRecord & { readonly block: number; readonly index: number };
  log: LogLine;
}

/** Code to be stored. */
export interface UploadOptions {
  readonly bundle: BundleSource;
  readonly signer: Account;
  readonly signal?: AbortSignal;
}

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

/** Code that is stored. */
export interface Uploaded {
  /** blake2_256 of the code, as `0x…` text. */
  readonly codeHash: Hex;
  /** Receipt of the upload; undefined when the code was there before. */
  readonly receipt: TransactionReceipt | undefined;
}

/** Every object has a property `constructor`: what it inherits is left out of account. */
// biome-ignore lint/complexity/noBannedTypes: that inherited property's type.
type Inherited = Function;

/** Which constructor, with what. */
export type Construction<M, N> = {
  /** The interface, for a typed handle: the `metadata` of `<name>.meta.js`. */
  readonly metadata?: M;
  /** Name of the constructor. Default: `new`, else `default`, else the first. */
  readonly constructor?: N | Inherited;
  /** What tells this contract from others of the same code and signer. Default: the transaction's nonce. */
  readonly salt?: Uint8Array | Hex;
} & (Typed<M> extends true
  ? ConstructorArgs<M, N> extends readonly []
    ? { readonly args?: readonly [] }
    : { readonly args: ConstructorArgs<M, N> } | { readonly text: readonly string[] }
  : { readonly args?: readonly unknown[]; readonly text?: readonly string[] });

/** Code and its first state. */
export type DeployOptions<M = unknown, N = unknown> = Omit<TransactionOptions, "throws"> & {
  readonly bundle: BundleSource;
} & Construction<M, N>;

/** A deployment to be tried. */
export type EstimateOptions<M = unknown, N = unknown> = QueryOptions & {
  readonly bundle: BundleSource;
} & Construction<M, N>;

/** What `constructor` is when it is left out, for the types of `args`. */
type Usual<M> =
  "new" extends ConstructorNames<M> ? "new" : "default" extends ConstructorNames<M> ? "default" : ConstructorNames<M>;

/** A construction before anything is known of the constructor. */
interface AnyConstruction {
  readonly bundle: BundleSource;
  readonly metadata?: unknown;
  readonly args?: readonly unknown[];
  readonly text?: readonly string[];
}

const levels = ["error", "warn", "info", "debug", "trace"] as const;

function logLine(record: LogRecord): LogLine {
  const level = levels[record.level - 1] ?? "info";
  return { ...record, contract: toHex(record.contract), level };
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
    const bundle = await loadBundle(options.bundle);
    return await this.#upload(bundle, options);
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
    const connection = this.#connection;
    const { bundle, face, entry, data } = await this.#constructorCall(options as AnyConstruction);
    const { codeHash } = await this.#upload(bundle, options);
    const { gas = defaultGas, value = 0n, storageDepositLimit } = options;
    const make = (nonce: number): Call => ({
      kind: "instantiate",
      op: {
        cluster: connection.facts.cluster,
        codeHash: codeHashOf(codeHash),
        data,
        salt: saltBytes(options.salt) ?? numberSalt(nonce),
        transfer: value,
        gasLimit: gas,
        storageDepositLimit,
      },
    });
    const call = { message: entry.label, contract: face.metadata.name };
    const { raw, receipt } = await transact(connection, options, make, call, { face, entry });
    if (receipt.outcome !== "ok") throw receipt.error;
    if (raw.contract === undefined) throw new EngineError("Internal", { what: "a deployment has no contract" });
    return contractHandle(connection, raw.contract, fromHex(codeHash), face, receipt) as Contract<M>;
  }

  /**
   * Tries a deployment on the newest state; nothing of it is written. The code must be stored.
   *
   * @returns What it would cost.
   * @throws {ContractFault} what `deploy` would end with
   */
  async estimate<const M, const N extends string = Usual<M>>(options: EstimateOptions<M, N>): Promise<Estimate> {
    const { bundle, face, entry, data } = await this.#constructorCall(options as AnyConstruction);
    const { signer, value = 0n, gas, signal } = options;
    const origin = (signer?.publicKey ?? nobody) as AccountId;
    const { answer } = await ask(
      this.#connection,
      {
        origin,
        contract: nobody as unknown as ContractId,
        deposit: mintedFor(value, true),
        transfer: value,
        gasLimit: gas,
        body: {
          kind: "instantiate",
          codeHash: codeHashOf(blake2_256(codeOf(bundle))),
          data,
          salt: saltBytes(options.salt) ?? globalThis.crypto.getRandomValues(new Uint8Array(16)),
        },
      },
      { message: entry.label, contract: face.metadata.name },
      (bytes, reverted) => face.decodeOutput(entry, bytes, reverted),
      signal,
    );
    const { gasRequired, gasUsed, storageDeposit } = answer;
    return { gasRequired, gasUsed, storageDeposit };
  }

  /**
   * Moves money from the signer's account on the chain into the cluster, where contracts and gas are paid.
   *
   * @param options `to`: whose it is in the cluster; `amount` in the smallest unit.
   * @returns The receipt.
   * @throws {EngineError} `InsufficientBalance`, and what else the network says
   */
  async deposit(options: DepositOptions): Promise<TransactionReceipt> {
    const { to, amount, signer, signal } = options;
    const event = { kind: "deposit", cluster: this.#connection.facts.cluster, to: accountBytes(to), amount } as const;
    const sent = { signer, ...(signal === undefined ? {} : { signal }) };
    const call = { message: "deposit", contract: toHex(event.to) };
    const { receipt } = await transact(this.#connection, sent, () => ({ kind: "cluster", event }), call, undefined);
    if (receipt.outcome !== "ok") throw receipt.error;
    return receipt;
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
    const { rules, signer, signal } = options;
    const contract = accountBytes(options.contract) as ContractId;
    const { cluster } = this.#connection.facts;
    const usual = rules === undefined ? undefined : usualRules(rules);
    const event = { kind: "egress", cluster, contract, rules: usual } as const;
    const sent = { signer, ...(signal === undefined ? {} : { signal }) };
    const call = { message: "governEgress", contract: toHex(contract) };
    const { receipt } = await transact(this.#connection, sent, () => ({ kind: "cluster", event }), call, undefined);
    if (receipt.outcome !== "ok") throw receipt.error;
    return receipt;
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
    const connection = this.#connection;
    const contract = accountBytes(id);
    const code = await connection.node.contractCode(contract);
    if (code === undefined) {
      throw new ContractFault("ContractNotFound", { contract: toHex(contract) });
    }
    const { face, map } =
      bundle === undefined ? { face: await connection.faces.ofCode(code), map: undefined } : await interfaceOf(bundle);
    connection.maps.set(code, map);
    if (face === undefined) throw new EngineError("MetadataMissing", { contract: toHex(contract) });
    return contractHandle(connection, contract, code, face, undefined) as Contract<M>;
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
    const { signer, signal } = options;
    const change = { kind: "registry", call: registryCall(options.change) } as const;
    const sent = { signer, ...(signal === undefined ? {} : { signal }) };
    const call = { message: "governTrust", contract: "" };
    const { receipt } = await transact(this.#connection, sent, () => change, call, undefined);
    if (receipt.outcome !== "ok") throw receipt.error;
    return receipt;
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
    const hear = listener as (value: unknown) => void;
    const { node, faces } = this.#connection;
    let stop: () => void;
    if (event === "block") {
      stop = node.on("block", ({ number, hash, extrinsics, stateRoot }) => {
        hear({ number, hash: toHex(hash), extrinsics, stateRoot: toHex(stateRoot) });
      });
    } else if (event === "log") {
      stop = node.on("log", (record) => hear(logLine(record)));
    } else {
      // Names are looked up one receipt after the other, so that events arrive in the order they happened.
      let queue: Promise<unknown> = Promise.resolve();
      stop = node.on("receipt", ({ receipt }) => {
        const { events, block, index } = receiptOf(receipt);
        queue = queue
          .then(() => faces.load(events.map(({ contract }) => contract)))
          .catch(() => {})
          .then(() => {
            for (const one of events) hear({ ...eventRecord(one, faces.get(one.contract)), block, index });
          });
      });
    }
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

  async #upload(bundle: Bundle, options: Omit<TransactionOptions, keyof CallOptions> & CallOptions): Promise<Uploaded> {
    const { node, facts } = this.#connection;
    const code = codeOf(bundle);
    const hash = blake2_256(code);
    const codeHash = toHex(hash);
    this.#connection.maps.set(hash, bundle.map);
    let receipt: TransactionReceipt | undefined;
    if (!(await node.codeExists(hash))) {
      const event = { kind: "upload", cluster: facts.cluster, determinism: "enforced", code } as const;
      const call = { message: "upload", contract: bundle.metadata?.name ?? codeHash };
      const { signer, signal } = options;
      const sent = { signer, ...(signal === undefined ? {} : { signal }) };
      receipt = (await transact(this.#connection, sent, () => ({ kind: "cluster", event }), call, undefined)).receipt;
      if (receipt.outcome !== "ok") throw receipt.error;
    }
    if (bundle.json !== undefined) await node.putMetadata(hash, withMap(bundle.json, bundle.map));
    return { codeHash, receipt };
  }

  async #constructorCall(options: AnyConstruction) {
    const read = await loadBundle(options.bundle);
    const given = options.metadata === undefined ? undefined : readInterface(options.metadata);
    const metadata = given?.metadata ?? read.metadata;
    if (metadata === undefined) throw new EngineError("MetadataMissing", { contract: String(options.bundle) });
    const bundle: Bundle = { ...read, metadata, json: given?.json ?? read.json };
    const face = new ContractInterface(metadata);
    // Every object inherits a `constructor`; only one of its own is a name.
    const name = Object.hasOwn(options, "constructor") ? String(options.constructor) : undefined;
    const entry = face.constructorEntry(name);
    return { bundle, face, entry, data: inputOf(this.#connection, face, entry, options) };
  }
}

async function interfaceOf(source: BundleSource | { readonly metadata: unknown }) {
  const apart = typeof source === "object" && !(source instanceof URL) && "metadata" in source && !("wasm" in source);
  const { metadata, map } = apart ? readInterface(source.metadata) : await loadBundle(source as BundleSource);
  if (metadata === undefined) throw new EngineError("MetadataMissing", { contract: "the bundle's contract" });
  return { face: new ContractInterface(metadata), map };
}

function codeOf(bundle: Bundle): Uint8Array {
  if (bundle.wasm !== undefined) return bundle.wasm;
  throw new EngineError("MetadataInvalid", {
    reason: "it has no code: pass the `.contract` file, or the wasm with it",
  });
}

function saltBytes(salt: Uint8Array | Hex | undefined): Uint8Array | undefined {
  return typeof salt === "string" ? fromHex(salt) : salt;
}

function numberSalt(nonce: number): Uint8Array {
  const salt = new Uint8Array(4);
  new DataView(salt.buffer).setUint32(0, nonce, true);
  return salt;
}
