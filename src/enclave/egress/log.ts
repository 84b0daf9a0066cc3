/**
 * Logs of queries: what a query asked of its surroundings, what they said, and what it was run on, in bytes.
 *
 * A log holds what the contract saw in secret, and a contract believes what a log says. So it leaves the enclave sealed,
 * comes back only to an enclave that may open it, and serves only the very query, on the very state, that it was made
 * of: then it gives the answer that was given before, and nothing else can be had with it. With `clearLogs` it is in
 * the clear and serves any query on any state that asks the same.
 *
 * ```text
 * log = version u16 | request 32 | state root 32 | block u32 | hash 32 | now u64 | answers, each: asked 32 | bytes
 * ```
 * @module
 */

import { blake2_256 } from "../../crypto/hash.ts";
import { EngineError } from "../../errors.ts";
import { sameBytes } from "../../wire/bytes.ts";
import { type QueryRequest, writeQuery } from "../../wire/query.ts";
import { decode, encode } from "../../wire/scale.ts";
import type { Answer } from "../contract/pink/session.ts";
import type { QueryMoment } from "../runtime/runtime.ts";

const version = 1;

/** A log, read. */
export interface QueryLog {
  /** blake2_256 of the query as it was asked. */
  readonly request: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly moment: QueryMoment;
  readonly answers: readonly Answer[];
}

/** How logs leave the enclave and come back. */
export interface LogSeal {
  readonly seal: (log: Uint8Array, block: number) => Uint8Array;
  /** @throws {EngineError} `SealBroken`. */
  readonly unseal: (sealed: Uint8Array) => Uint8Array;
}

/** What tells one query from another, however it is asked. */
export function requestHash(request: QueryRequest): Uint8Array {
  const { origin, contract, deposit, transfer, gasLimit, body } = request;
  return blake2_256(encode({ origin, contract, deposit, transfer, gasLimit, body }, writeQuery));
}

/** Writes a log. */
export function encodeLog(log: QueryLog): Uint8Array {
  return encode(log, (w, { request, stateRoot, moment, answers }) => {
    w.u16(version).raw(request).raw(stateRoot);
    w.u32(moment.block).raw(moment.lastBlockHash).u64(moment.now);
    w.vec(answers, (o, { asked, output }) => o.raw(asked).bytes(output));
  });
}

/**
 * Reads a log.
 * @throws {EngineError} `Undecodable`.
 */
export function decodeLog(bytes: Uint8Array): QueryLog {
  return decode(bytes, "query log", (r) => {
    const found = r.u16();
    if (found !== version) throw r.fail(`a log of version ${found}`);
    const request = r.raw(32);
    const stateRoot = r.raw(32);
    const moment = { block: r.u32(), lastBlockHash: r.raw(32), now: r.u64() };
    return { request, stateRoot, moment, answers: r.vec((o) => ({ asked: o.raw(32), output: o.bytes() }), 33) };
  });
}

/**
 * Refuses a log that was made of another query or on another state.
 * @throws {EngineError} `QueryLogMismatch`.
 */
export function checkLog(log: QueryLog, request: Uint8Array, stateRoot: Uint8Array): void {
  const mismatch = (reason: string): EngineError => new EngineError("QueryLogMismatch", { reason });
  if (!sameBytes(log.request, request)) throw mismatch("it was made of another query");
  if (!sameBytes(log.stateRoot, stateRoot)) throw mismatch(`the state has changed since block ${log.moment.block}`);
}
