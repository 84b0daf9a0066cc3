/**
 * Code onto the cluster, contracts out of code, and handles of contracts that are there.
 * @module
 */

import { blake2_256 } from "../crypto/blake2b.ts";
import { ContractFault, EngineError } from "../errors.ts";
import { type AccountId, type ContractId, codeHash as codeHashOf, fromHex, toHex } from "../wire/bytes.ts";
import type { Call } from "../wire/extrinsic.ts";
import type { Account } from "./account.ts";
import { type AccountLike, accountBytes, type Hex } from "./address.ts";
import { type Bundle, type BundleSource, loadBundle, readInterface } from "./bundle.ts";
import {
  ask,
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
import { calledOf } from "./faults.ts";
import type { ConstructorArgs, ConstructorNames, Typed } from "./infer.ts";
import { ContractInterface } from "./metadata/interface.ts";
import { type Order, order } from "./order.ts";
import type { TransactionReceipt } from "./receipts.ts";
import { withMap } from "./traps.ts";

/** Code to be stored. */
export interface UploadOptions {
  readonly bundle: BundleSource;
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
export type Usual<M> =
  "new" extends ConstructorNames<M> ? "new" : "default" extends ConstructorNames<M> ? "default" : ConstructorNames<M>;

/** A construction before anything is known of the constructor. */
interface AnyConstruction {
  readonly bundle: BundleSource;
  readonly metadata?: unknown;
  readonly args?: readonly unknown[];
  readonly text?: readonly string[];
}

/** Stores the code of a bundle, unless it is there. */
export async function upload(connection: Connection, bundle: Bundle, orderer: Order): Promise<Uploaded> {
  const { node, facts, maps } = connection;
  const code = codeOf(bundle);
  const hash = blake2_256(code);
  const codeHash = toHex(hash);
  maps.set(hash, bundle.map);
  let receipt: TransactionReceipt | undefined;
  if (!(await node.codeExists(hash))) {
    const event = { kind: "upload", cluster: facts.cluster, determinism: "enforced", code } as const;
    const called = { message: "upload", contract: bundle.metadata?.name ?? codeHash };
    receipt = await order(connection, orderer, { kind: "cluster", event }, called);
  }
  if (bundle.json !== undefined) await node.putMetadata(hash, withMap(bundle.json, bundle.map));
  return { codeHash, receipt };
}

/** Stores the bundle's code, unless it is there, and makes a contract of it. */
export async function deploy(connection: Connection, options: DeployOptions): Promise<Contract> {
  const { bundle, face, entry, data } = await constructorCall(connection, options);
  const { codeHash } = await upload(connection, bundle, options);
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
  const call = calledOf(entry, face.metadata.name, value);
  const { raw, receipt } = await transact(connection, options, make, call, { face, entry });
  if (receipt.outcome !== "ok") throw receipt.error;
  if (raw.contract === undefined) throw new EngineError("Internal", { what: "a deployment has no contract" });
  return contractHandle(connection, raw.contract, fromHex(codeHash), face, receipt);
}

/** Tries a deployment on the newest state. */
export async function estimateDeployment(connection: Connection, options: EstimateOptions): Promise<Estimate> {
  const { bundle, face, entry, data } = await constructorCall(connection, options);
  const { signer, value = 0n, gas, signal } = options;
  const origin = (signer?.publicKey ?? nobody) as AccountId;
  const { answer } = await ask(
    connection,
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
    calledOf(entry, face.metadata.name, value),
    (bytes, reverted) => face.decodeOutput(entry, bytes, reverted),
    signal,
  );
  const { gasRequired, gasUsed, storageDeposit } = answer;
  return { gasRequired, gasUsed, storageDeposit };
}

/** A handle of a contract that is there. */
export async function attach(
  connection: Connection,
  id: AccountLike,
  bundle?: BundleSource | { readonly metadata: unknown },
): Promise<Contract> {
  const contract = accountBytes(id);
  const code = await connection.node.contractCode(contract);
  if (code === undefined) {
    throw new ContractFault("ContractNotFound", { contract: toHex(contract) });
  }
  const { face, map } =
    bundle === undefined ? { face: await connection.faces.ofCode(code), map: undefined } : await interfaceOf(bundle);
  connection.maps.set(code, map);
  if (face === undefined) throw new EngineError("MetadataMissing", { contract: toHex(contract) });
  return contractHandle(connection, contract, code, face, undefined);
}

async function constructorCall(connection: Connection, options: AnyConstruction) {
  const read = await loadBundle(options.bundle);
  const given = options.metadata === undefined ? undefined : readInterface(options.metadata);
  const metadata = given?.metadata ?? read.metadata;
  if (metadata === undefined) throw new EngineError("MetadataMissing", { contract: String(options.bundle) });
  const bundle: Bundle = { ...read, metadata, json: given?.json ?? read.json };
  const face = new ContractInterface(metadata);
  // Every object inherits a `constructor`; only one of its own is a name.
  const name = Object.hasOwn(options, "constructor") ? String(options.constructor) : undefined;
  const entry = face.constructorEntry(name);
  return { bundle, face, entry, data: inputOf(connection, face, entry, options) };
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
