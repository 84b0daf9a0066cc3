/**
 * What contracts can learn of the worker and the cluster around them, and the log.
 *
 * Whatever differs between workers is answered in queries alone; in a transaction there is a fixed value in its place.
 * @see phala-runtime.md, section 1.2
 * @module
 */

import { type AccountId, accountId, type CodeHash, sameBytes } from "../../../wire/bytes.ts";
import { encode } from "../../../wire/scale.ts";
import type { Call, LogLevel } from "../call.ts";
import { badOrigin, pinkFault } from "../dispatch-error.ts";
import { querySession } from "./session.ts";

const nothing = new Uint8Array();

/** `log`: a line for the worker's log; levels other than 1 to 5 count as errors. Kept whatever becomes of the call. */
export function log(call: Call, level: number, text: string, input: Uint8Array): Uint8Array {
  const write = (): Uint8Array => {
    const known = level >= 1 && level <= 5 ? (level as LogLevel) : 1;
    call.execution.log(call.contract, known, text);
    return nothing;
  };
  const session = querySession(call);
  return session === undefined ? write() : session.answer(call.contract, 10, input, write);
}

/** `getrandom`: up to 255 random bytes; in a transaction none. */
export function getRandom(call: Call, length: number, input: Uint8Array): Uint8Array {
  const session = querySession(call);
  if (session === undefined) return nothing;
  return session.answer(call.contract, 11, input, () => call.execution.environment?.random(length) ?? nothing);
}

/** `is_in_transaction`: also true in an estimate, which must take the same path. */
export function isInTransaction(call: Call): boolean {
  return call.execution.mode !== "query";
}

/**
 * `system_contract_id`.
 * @throws {DispatchFault} `Pink.SystemContractMissing` when the cluster has none.
 */
export function systemContractId(call: Call): Uint8Array {
  const id = call.execution.cluster.systemContract;
  if (id === undefined) throw pinkFault("SystemContractMissing");
  return id;
}

/** `balance_of`: total and free balance of any account in the cluster. */
export function balanceOf(call: Call, account: Uint8Array): Uint8Array {
  return encode(call.execution.balanceOf(account), (w, { total, free }) => w.u128(total).u128(free));
}

/** `worker_pubkey`: the worker's identity; in a transaction 32 zero bytes. */
export function workerPublicKey(call: Call): Uint8Array {
  return call.execution.mode === "query" ? call.execution.keys.workerKey : new Uint8Array(32);
}

/** `untrusted_millis_since_unix_epoch`: the host's clock, in milliseconds; in a transaction 0. */
export function untrustedMillis(call: Call, input: Uint8Array): Uint8Array {
  const session = querySession(call);
  const millis = (value: bigint): Uint8Array => encode(value, (w, v) => w.u64(v));
  if (session === undefined) return millis(0n);
  return session.answer(call.contract, 18, input, () => millis(call.execution.environment?.nowMs ?? 0n));
}

/** `code_exists`: whether code is stored in the cluster. There are no side programs here, so none of theirs is. */
export function codeExists(call: Call, hash: Uint8Array, sidevm: boolean): boolean {
  return !sidevm && call.execution.codeExists(hash);
}

/**
 * `import_latest_system_code`: stores the chain's newest system contract code, whose deposit an account pays; the call pays
 * for checking it as for any upload.
 * @returns its hash; undefined when governance has sent none.
 * @throws {DispatchFault} `BadOrigin` unless the system contract asks; what the upload throws.
 */
export function importLatestSystemCode(call: Call, payer: Uint8Array): CodeHash | undefined {
  const { systemContract, systemCode } = call.execution.cluster;
  if (systemContract === undefined || !sameBytes(call.contract, systemContract)) throw badOrigin();
  if (systemCode === undefined || systemCode.length === 0) return undefined;
  return call.execution.uploadCode(systemCode, accountId(payer) as AccountId, (gas) => call.charge(gas));
}

/**
 * `current_event_chain_head`: the number of the next block and the hash of the last.
 *
 * The worker signs every block with its receipts, events included: that chain stands for upstream's chain of events.
 */
export function eventChainHead(call: Call): Uint8Array {
  const { mode, block, lastBlockHash } = call.execution;
  return encode(mode === "transaction" ? block : block + 1, (w, next) => w.u64(next).raw(lastBlockHash));
}

/** `js_eval`: there is no JavaScript runtime to evaluate with, which upstream answers by an exception. */
export function evaluateJavaScript(call: Call): Uint8Array {
  const reason = call.execution.mode === "query" ? "No js runtime" : "Js evaluation is not supported in transaction";
  return encode(reason, (w, text) => w.u8(5).str(text));
}
