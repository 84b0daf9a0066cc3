/**
 * What ended a call, as an error that says what to do: from a receipt's or an answer's outcome.
 * @module
 */

import { ContractFault, type Facts } from "../errors.ts";
import { dispatchErrorName } from "../wire/dispatch-error.ts";
import type { Returned } from "./metadata/interface.ts";
import type { Entry } from "./metadata/model.ts";
import { toText } from "./metadata/text.ts";

/** What was called. */
export interface Called {
  /** Label of the message or constructor. */
  readonly message: string;
  readonly contract: string;
  /** What was sent along to what takes nothing, by the metadata: its code ends such a call. */
  readonly unasked?: bigint;
}

/** What is known of a call that did not end well. */
export interface FailedCall extends Called {
  /** Gas limit, where there was one. */
  readonly limit: bigint | undefined;
  /** Local diagnosis: a trap's kind and backtrace, a refusal's reason. */
  readonly diagnosis: string;
  /** `file:line:column` of the trap, where it is known. */
  readonly place?: string;
  /** What the contract printed. */
  readonly debug: string;
}

/** A call of a message or a constructor, with what is sent along. */
export function calledOf({ label, payable }: Entry, contract: string, value: bigint): Called {
  return { message: label, contract, ...(payable || value === 0n ? {} : { unasked: value }) };
}

/** Errors raised before or around a contract's code, not by it. */
const refusals = new Set([
  "TransferFailed",
  "DuplicateContract",
  "StorageDepositNotEnoughFunds",
  "StorageDepositLimitExhausted",
  "CodeNotFound",
  "CodeTooLarge",
  "CodeInUse",
  "Indeterministic",
  "MaxCallDepthReached",
  "BadOrigin",
  "RootNotAllowed",
]);

/** The fault of a call that the contract reverted. */
export function revertFault(call: FailedCall, returned: () => Returned): ContractFault {
  let value: unknown;
  try {
    value = returned().value;
  } catch (error) {
    // The contract did not understand the call: that is the finding, not the revert.
    if (error instanceof ContractFault) return error;
    throw error;
  }
  // A bare `Err(e)` is what a reverting message returns: show the `e`.
  const held = typeof value === "object" && value !== null && "err" in value ? value.err : value;
  const shown = value instanceof Uint8Array && value.length === 0 ? undefined : toText(held);
  return new ContractFault("ContractReverted", { ...facts(call), value: shown, output: value });
}

/**
 * The fault of a call that ended with a dispatch error or was refused.
 * @param encoded SCALE `DispatchError`, where there is one.
 */
export function dispatchFault(call: FailedCall, encoded: Uint8Array | undefined): ContractFault {
  const error = encoded === undefined ? undefined : dispatchErrorName(encoded);
  const detail = detailOf(call.diagnosis);
  if (error === "OutOfGas") return new ContractFault("OutOfGas", { ...facts(call), limit: call.limit });
  if (error === "ContractNotFound") return new ContractFault("ContractNotFound", facts(call));
  if (error === "CodeRejected") return new ContractFault("CodeRejected", { ...facts(call), reason: detail ?? error });
  if (error === undefined || refusals.has(error) || error.startsWith("Token.")) {
    const shown = error ?? "the network did not carry it out";
    return new ContractFault("CallRefused", { ...facts(call), error: shown, detail });
  }
  const trap = error === "ContractTrapped" ? (detail ?? "its code stopped") : error;
  const place = call.place === undefined ? {} : { place: call.place };
  const unasked = call.unasked === undefined ? {} : { unasked: call.unasked };
  return new ContractFault("ContractTrapped", { ...facts(call), trap, ...place, ...unasked });
}

/** What a diagnosis says beyond the name of the error: its first line, without what every message of its kind says. */
function detailOf(diagnosis: string): string | undefined {
  const [first = ""] = diagnosis.split("\n");
  const bare = first.replace(/^The call ended with [\w.]+(: )?/, "").replace(/\.$/, "");
  return bare === "" ? undefined : bare;
}

function facts(call: FailedCall): Facts {
  const { message, contract, diagnosis, debug } = call;
  return { message, contract, ...(diagnosis === "" ? {} : { diagnosis }), ...(debug === "" ? {} : { debug }) };
}
