/**
 * Handles of contracts: transactions, queries and estimates by message name.
 *
 * A handle's names and types come from the metadata constant it was made with; without one every name is allowed and
 * checked when it is called.
 * @module
 */

import { ContractFault, EngineError } from "../errors.ts";
import { type AccountId, contractId, sameBytes, toHex } from "../wire/bytes.ts";
import type { Call } from "../wire/extrinsic.ts";
import type { Inclusion, NetworkFacts, NodeApi } from "../wire/node.ts";
import { type QueryAnswer, type QueryRequest, readAnswer, writeQuery } from "../wire/query.ts";
import type { Receipt } from "../wire/receipt.ts";
import { decode, encode } from "../wire/scale.ts";
import type { Account } from "./account.ts";
import type { Hex } from "./address.ts";
import type { Faces } from "./faces.ts";
import { type Called, calledOf, dispatchFault, type FailedCall, revertFault } from "./faults.ts";
import type { MessageArgs, MessageNames, MessageResult, Typed } from "./infer.ts";
import type { ContractInterface } from "./metadata/interface.ts";
import type { Entry, Metadata } from "./metadata/model.ts";
import { show } from "./metadata/place.ts";
import { fromText } from "./metadata/text.ts";
import { debugText, type OkReceipt, receiptOf, type TransactionReceipt, transactionReceipt } from "./receipts.ts";
import type { Sender } from "./sender.ts";
import type { SourceMaps } from "./traps.ts";

/**
 * Gas that a transaction may use when no limit is given: one second of reference time. What is not used costs nothing.
 */
export const defaultGas = 1_000_000_000_000n;

/** The arguments of a call: values, or texts as on a command line. */
type Arguments<A> =
  | (A extends readonly [] ? { readonly args?: A } : { readonly args: A })
  | { readonly text: readonly string[] };

/** What every call can be told. */
export interface CallOptions {
  /** Sent along, in the cluster's smallest unit. Default 0n. */
  readonly value?: bigint;
  /** Gas limit, in picoseconds of reference time. Default 10^12 for transactions, the node's limit for queries. */
  readonly gas?: bigint;
  /** Ends the waiting, with the signal's reason. What was sent by then may still be included in a block. */
  readonly signal?: AbortSignal;
}

/** What a transaction can be told. */
export interface TransactionOptions extends CallOptions {
  readonly signer: Account;
  /** The most that may be held for storage. Default: no limit. */
  readonly storageDepositLimit?: bigint;
  /** Rejects with the typed error when the outcome is not "ok". Default false. */
  readonly throws?: boolean;
}

/** What a query can be told. */
export interface QueryOptions extends CallOptions {
  /** Who asks: the caller that the contract sees. Default: the account of 32 zero bytes. */
  readonly signer?: Pick<Account, "publicKey">;
  /** The most milliseconds that it may take, waiting counted. Default, and at most: what the node allows. */
  readonly timeoutMs?: number;
}

/** A query's result, with the log by which it can be done again. */
export interface Recorded<T> {
  readonly value: T;
  /** All that the query was told: sealed by the enclave, unless the network was opened with `clearLogs`. */
  readonly log: Uint8Array;
}

/** A query that may be recorded, and done again. */
export type Query<A extends readonly unknown[], T> = ((...options: A) => Promise<T>) & {
  /** Asks, and gives the log with the result. */
  with(how: { readonly record: true }): (...options: A) => Promise<Recorded<T>>;
  /**
   * Asks again what the log was made of: all that the contract is told comes from the log, no server is asked and
   * nothing has an effect. Rejects with `QueryLogMismatch` when the state is not the one that was asked.
   */
  with(how: { readonly replay: Uint8Array }): (...options: A) => Promise<T>;
};

/** What a transaction would cost. */
export interface Estimate {
  /** The gas limit to send it with. */
  readonly gasRequired: bigint;
  /** Gas that it would use. */
  readonly gasUsed: bigint;
  /** Positive: it would be held from the signer; negative: given back. */
  readonly storageDeposit: bigint;
}

/** Arguments of a contract without literal metadata. */
interface LooseArguments {
  readonly args?: readonly unknown[];
  readonly text?: readonly string[];
}

/** Sends a transaction; with `throws` there is no receipt but a good one. */
interface Send<A, T> {
  (options: TransactionOptions & { readonly throws: true } & A): Promise<OkReceipt<T>>;
  (options: TransactionOptions & A): Promise<TransactionReceipt<T>>;
}

/** Transactions by message name. */
export type Transactions<M> =
  Typed<M> extends true
    ? { readonly [N in MessageNames<M>]: Send<Arguments<MessageArgs<M, N>>, MessageResult<M, N>> }
    : { readonly [name: string]: Send<LooseArguments, unknown> };

/** Asks by message name; options may be left out where a message takes no arguments. */
type Asking<M, R extends "result" | "estimate"> =
  Typed<M> extends true
    ? {
        readonly [N in MessageNames<M>]: MessageArgs<M, N> extends readonly []
          ? Asked<R, [options?: QueryOptions & Arguments<readonly []>], MessageResult<M, N>>
          : Asked<R, [options: QueryOptions & Arguments<MessageArgs<M, N>>], MessageResult<M, N>>;
      }
    : {
        // biome-ignore lint/suspicious/noExplicitAny: without literal metadata a result may be anything.
        readonly [name: string]: Asked<R, [options?: QueryOptions & LooseArguments], any>;
      };
type Asked<R, A extends readonly unknown[], T> = R extends "estimate"
  ? (...options: A) => Promise<Estimate>
  : Query<A, T>;

/** Queries by message name. */
export type Queries<M> = Asking<M, "result">;
/** Estimates by message name. */
export type Estimates<M> = Asking<M, "estimate">;

/** A contract on a network. */
export interface Contract<M = unknown> {
  /** Its address as `0x…` text. */
  readonly id: Hex;
  /** blake2_256 of its code, as `0x…` text; of a contract that changes its code: when the handle was made. */
  readonly codeHash: Hex;
  readonly metadata: Metadata;
  /** Receipt of the transaction that made it; undefined on a handle from `attach`. */
  readonly deployment: TransactionReceipt | undefined;
  /**
   * Sends a transaction; resolves with its receipt once its block is executed and on disk.
   *
   * Rejects with `UnknownMessage` and `BadArguments` before anything is sent, with what the network says of a bad
   * signature, nonce or connection, and, when `throws` is set, with `ContractReverted`, `ContractTrapped`, `OutOfGas`
   * or `CallRefused`.
   */
  readonly tx: Transactions<M>;
  /** Asks the newest state and resolves with the answer; rejects with the typed error. Writes nothing. */
  readonly query: Queries<M>;
  /** Tries a transaction on the newest state and resolves with what it would cost; rejects with the typed error. */
  readonly estimate: Estimates<M>;
}

/** What handles of one network share. */
export interface Connection {
  readonly node: NodeApi;
  readonly facts: NetworkFacts;
  readonly sender: Sender;
  readonly faces: Faces;
  readonly maps: SourceMaps;
  readonly derive: (uri: string) => Uint8Array;
}

/** A call's options before anything is known of the message. */
interface AnyOptions extends Partial<TransactionOptions> {
  readonly timeoutMs?: number;
  readonly record?: boolean;
  readonly replay?: Uint8Array;
  readonly args?: readonly unknown[];
  readonly text?: readonly string[];
}

/** The input of a call, from values or from texts. */
export function inputOf(connection: Connection, face: ContractInterface, entry: Entry, options: AnyOptions) {
  if (typeof options !== "object" || options === null || Array.isArray(options) || ArrayBuffer.isView(options)) {
    const names = entry.args.map((arg) => arg.name).join(", ");
    const expected = `one object of options${names === "" ? "" : `, with { args: [${names}] }`}`;
    throw new ContractFault("BadArguments", { where: face.signature(entry), expected, got: show(options) });
  }
  const { text, args = [] } = options;
  if (text === undefined) return face.encodeInput(entry, args);
  const values = text.map((item, i) => {
    const arg = entry.args[i];
    if (arg === undefined) return item;
    const step = `argument ${i + 1} (${arg.name}) of ${entry.label}`;
    return fromText(face.codec.types, arg.type, item, { above: undefined, step }, connection.derive);
  });
  return face.encodeInput(entry, values);
}

/** Asks the node; what ended the call otherwise than with an answer is thrown. */
export async function ask(
  connection: Connection,
  request: QueryRequest,
  call: Called,
  read: (data: Uint8Array, reverted: boolean) => { readonly value: unknown },
  signal: AbortSignal | undefined,
): Promise<{ readonly answer: QueryAnswer; readonly value: unknown }> {
  signal?.throwIfAborted();
  const bytes = await connection.node.query(encode(request, writeQuery), signal);
  const answer = decode(bytes, "query answer", readAnswer);
  const { result } = answer;
  const located = await connection.maps.locate(answer.diagnosis);
  const failed: FailedCall = { ...call, limit: request.gasLimit, ...located, debug: debugText(answer.debug) };
  if (!result.ok) throw dispatchFault(failed, result.error);
  if ((result.flags & 1) === 1) throw revertFault(failed, () => read(result.data, true));
  return { answer, value: read(result.data, false).value };
}

/** Who asks when nobody is named. */
export const nobody = new Uint8Array(32) as AccountId;

/** What a trial may spend on storage, and what nobody in particular may. */
const trialMoney = 10n ** 18n;

/**
 * What is given to the caller in the state that a query throws away: what it sends along, so that one may ask what a
 * payment would do without having the money; in a trial, and where nobody asks, enough for storage too.
 */
export function mintedFor(value: bigint, trial: boolean): bigint {
  return trial ? value + trialMoney : value;
}

/** Sends a call and reads its receipt. */
export async function transact(
  connection: Connection,
  options: TransactionOptions,
  make: (nonce: number) => Call,
  call: Called,
  decodeWith: { readonly face: ContractInterface; readonly entry: Entry } | undefined,
) {
  let sent: Call | undefined;
  const making = (nonce: number): Call => (sent = make(nonce));
  const inclusion = await connection.sender.send(options.signer, making, options.signal);
  const raw = receiptOf(inclusion.receipt);
  checkWhose(raw, inclusion, sent);
  await connection.faces.load(raw.events.map((event) => event.contract));
  const failed = { ...call, limit: options.gas ?? defaultGas, ...(await connection.maps.locate(raw.diagnosis)) };
  return { raw, receipt: transactionReceipt(raw, failed, decodeWith, connection.faces.get) };
}

/**
 * The receipt must be of what was sent: another's may be as genuine, and no signature would tell.
 * @throws {EngineError} `ReceiptForged`
 */
function checkWhose(raw: Receipt, inclusion: Inclusion, sent: Call | undefined): void {
  const { block, index, nonce, outcome } = raw;
  const forged = (reason: string): EngineError => new EngineError("ReceiptForged", { block, index, reason });
  if (block !== inclusion.block || index !== inclusion.index) {
    throw forged(`the node says that it is of transaction ${inclusion.index} in block ${inclusion.block}`);
  }
  const own = sent === undefined ? undefined : nonceOf(sent);
  // What cannot be read is refused by no name; the client sends nothing of the kind, but others' rules may be narrower.
  const nameless = outcome === "refused" && nonce.length === 0;
  if (own !== undefined && !nameless && !sameBytes(own, nonce))
    throw forged("it is the receipt of another transaction");
}

/** By which name a call's receipt is known. */
function nonceOf(call: Call): Uint8Array | undefined {
  if (call.kind === "instantiate") return call.op.salt.slice(0, 32);
  return call.kind === "command" && call.payload.kind === "plain" ? call.payload.command.nonce : undefined;
}

/** Makes the handle of a contract. */
export function contractHandle(
  connection: Connection,
  idBytes: Uint8Array,
  codeHash: Uint8Array,
  face: ContractInterface,
  deployment: TransactionReceipt | undefined,
): Contract {
  const id = contractId(idBytes);
  const shown = toHex(id);
  connection.faces.set(id, face);

  const tx = async (name: string, options: AnyOptions) => {
    const entry = face.message(name);
    const message = inputOf(connection, face, entry, options);
    const { signer, value = 0n, gas = defaultGas, storageDepositLimit } = options;
    if (signer === undefined) throw new EngineError("SignerMissing", { message: entry.label });
    const nonce = globalThis.crypto.getRandomValues(new Uint8Array(16));
    const command = { nonce, message, transfer: value, gasLimit: gas, storageDepositLimit };
    const make = (): Call => ({ kind: "command", contract: id, payload: { kind: "plain", command } });
    const call = calledOf(entry, shown, value);
    const { receipt } = await transact(connection, { ...options, signer }, make, call, { face, entry });
    if (options.throws === true && receipt.outcome !== "ok") throw receipt.error;
    return receipt;
  };

  const answer = async (name: string, options: AnyOptions, estimating: boolean) => {
    const entry = face.message(name);
    const payload = inputOf(connection, face, entry, options);
    const { signer, value = 0n, gas, signal } = options;
    const request: QueryRequest = {
      origin: (signer?.publicKey ?? nobody) as AccountId,
      contract: id,
      deposit: mintedFor(value, estimating || signer === undefined),
      transfer: value,
      gasLimit: gas,
      body: { kind: "message", payload, estimating },
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: wholeMs(options.timeoutMs) }),
      ...(options.record === undefined ? {} : { record: options.record }),
      ...(options.replay === undefined ? {} : { replay: options.replay }),
    };
    const read = (data: Uint8Array, reverted: boolean) => face.decodeOutput(entry, data, reverted);
    return await ask(connection, request, calledOf(entry, shown, value), read, signal);
  };

  return {
    id: shown,
    codeHash: toHex(codeHash),
    metadata: face.metadata,
    deployment,
    tx: byName(face, (name, options) => tx(name, options)) as Contract["tx"],
    query: byName(face, async (name, options) => (await answer(name, options, false)).value, {
      with: (name, how) => async (options) => {
        // What was said of recording is not for the caller of the function that it made to change.
        const { value, answer: told } = await answer(name, { ...options, ...how }, false);
        return how.record === true ? { value, log: told.log ?? new Uint8Array(0) } : value;
      },
    }) as Contract["query"],
    estimate: byName(face, async (name, options) => {
      const { gasRequired, gasUsed, storageDeposit } = (await answer(name, options, true)).answer;
      return { gasRequired, gasUsed, storageDeposit };
    }) as Contract["estimate"],
  };
}

/** What `with` takes. */
type How = Pick<AnyOptions, "record" | "replay">;

/** Milliseconds as the wire has them: a u32 from 1. */
function wholeMs(value: number): number {
  return value >= 1 ? Math.min(Math.ceil(value), 0xffff_ffff) : 1;
}

/**
 * A call for each message, by name. Any other name gives a call too, which says that there is no such message, and
 * which are near, as a typed error.
 */
function byName(
  face: ContractInterface,
  run: (name: string, options: AnyOptions) => Promise<unknown>,
  variants?: { readonly with: (name: string, how: How) => (options: AnyOptions) => Promise<unknown> },
): unknown {
  const callOf = (name: string) => {
    const call = async (options: AnyOptions = {}) => await run(name, options);
    if (variants === undefined) return call;
    return Object.assign(call, {
      with: (how: How) => {
        const varied = variants.with(name, how);
        return async (options: AnyOptions = {}) => await varied(options);
      },
    });
  };
  const calls: Record<string, unknown> = Object.create(null);
  for (const { label } of face.metadata.messages) calls[label] = callOf(label);
  return new Proxy(Object.freeze(calls), {
    get: (target, name) => {
      if (typeof name !== "string" || name in target) return target[name as string];
      // `then` would make it look like a promise; `toJSON` is asked for by printers.
      return name === "then" || name === "toJSON" ? undefined : callOf(name);
    },
  });
}
