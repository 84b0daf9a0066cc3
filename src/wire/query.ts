/**
 * Queries on the wire: what a client asks of a snapshot, and the answer in the shape of upstream's contract results.
 * @module
 */

import { type AccountId, accountId, type CodeHash, type ContractId, codeHash, contractId } from "./bytes.ts";
import type { Reader, Writer } from "./scale.ts";

/** A question to a contract, or a trial instantiation. Nothing of it is ever written to the state. */
export interface QueryRequest {
  /** Whose question it is: the caller that the contract sees. */
  readonly origin: AccountId;
  /** The contract asked; of an instantiation: the contract whose weight it is scheduled under. */
  readonly contract: ContractId;
  /** Minted to the origin in the throwaway state, so that a penniless caller can estimate. */
  readonly deposit: bigint;
  readonly transfer: bigint;
  /** u64; undefined = the query limit. */
  readonly gasLimit: bigint | undefined;
  readonly body:
    | {
        readonly kind: "message";
        /** Selector and encoded arguments. */
        readonly payload: Uint8Array;
        /** Runs as a transaction would, side effects refused, figures coarse-grained. */
        readonly estimating: boolean;
      }
    | {
        readonly kind: "instantiate";
        readonly codeHash: CodeHash;
        readonly data: Uint8Array;
        readonly salt: Uint8Array;
      };
  /** The most milliseconds that it may take in all, u32; what the node allows when absent. */
  readonly timeoutMs?: number;
  /** Whether the answer is to bring the log by which the query can be done again. */
  readonly record?: boolean;
  /** The log of an earlier query, from which this one takes all answers: nothing is asked of the world. */
  readonly replay?: Uint8Array;
}

export function writeQuery(w: Writer, query: QueryRequest): void {
  w.raw(query.origin).raw(query.contract).u128(query.deposit).u128(query.transfer);
  w.option(query.gasLimit, (o, gas) => o.u64(gas));
  const { body } = query;
  if (body.kind === "message") w.u8(0).bytes(body.payload).bool(body.estimating);
  else w.u8(1).raw(body.codeHash).bytes(body.data).bytes(body.salt);
  w.option(query.timeoutMs, (o, timeout) => o.u32(timeout)).bool(query.record ?? false);
  w.option(query.replay, (o, log) => o.bytes(log));
}

export function readQuery(r: Reader): QueryRequest {
  const head = {
    origin: accountId(r.raw(32)),
    contract: contractId(r.raw(32)),
    deposit: r.u128(),
    transfer: r.u128(),
    gasLimit: r.option((o) => o.u64()),
  };
  const body = readBody(r);
  const timeoutMs = r.option((o) => o.u32());
  const record = r.bool();
  const replay = r.option((o) => o.bytes());
  return {
    ...head,
    body,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(record ? { record } : {}),
    ...(replay === undefined ? {} : { replay }),
  };
}

function readBody(r: Reader): QueryRequest["body"] {
  const tag = r.u8();
  if (tag === 0) return { kind: "message", payload: r.bytes(), estimating: r.bool() };
  if (tag === 1) return { kind: "instantiate", codeHash: codeHash(r.raw(32)), data: r.bytes(), salt: r.bytes() };
  throw r.fail(`a query tagged ${tag}`);
}

/** The answer to a query. */
export interface QueryAnswer {
  /** Number of the block whose state was asked. */
  readonly block: number;
  /** u64, in gas (ref_time); coarse-grained. */
  readonly gasUsed: bigint;
  readonly gasRequired: bigint;
  /** Positive: a transaction would hold it; negative: refund. Coarse-grained. */
  readonly storageDeposit: bigint;
  readonly debug: Uint8Array;
  /** What the contract returned, or the SCALE `DispatchError` that ended it. */
  readonly result:
    | {
        readonly ok: true;
        readonly flags: number;
        readonly data: Uint8Array;
        readonly contract: ContractId | undefined;
      }
    | { readonly ok: false; readonly error: Uint8Array };
  /** Local diagnosis of a trap (kind, backtrace). */
  readonly diagnosis: string;
  /** By which the query can be done again, when it was asked for. */
  readonly log?: Uint8Array;
}

export function writeAnswer(w: Writer, answer: QueryAnswer): void {
  const { storageDeposit: deposit, result } = answer;
  w.u32(answer.block).u64(answer.gasUsed).u64(answer.gasRequired);
  w.bool(deposit < 0n)
    .u128(deposit < 0n ? -deposit : deposit)
    .bytes(answer.debug);
  if (result.ok) {
    w.u8(0).u32(result.flags).bytes(result.data);
    w.option(result.contract, (o, id) => o.raw(id));
  } else w.u8(1).bytes(result.error);
  w.str(answer.diagnosis);
  w.option(answer.log, (o, log) => o.bytes(log));
}

export function readAnswer(r: Reader): QueryAnswer {
  const block = r.u32();
  const gasUsed = r.u64();
  const gasRequired = r.u64();
  const refund = r.bool();
  const deposit = r.u128();
  const debug = r.bytes();
  const tag = r.u8();
  if (tag > 1) throw r.fail(`a query result tagged ${tag}`);
  const result =
    tag === 0
      ? ({ ok: true, flags: r.u32(), data: r.bytes(), contract: r.option((o) => contractId(o.raw(32))) } as const)
      : ({ ok: false, error: r.bytes() } as const);
  const diagnosis = r.str();
  const log = r.option((o) => o.bytes());
  return {
    block,
    gasUsed,
    gasRequired,
    storageDeposit: refund ? -deposit : deposit,
    debug,
    result,
    diagnosis,
    ...(log === undefined ? {} : { log }),
  };
}
