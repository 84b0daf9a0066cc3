/**
 * The errors that end a frame or a call, in the ABI's own form: SCALE `DispatchError`, which receipts and answers carry.
 *
 * A host function throws a `DispatchFault`; the frame that threw it ends with the fault's bytes. Nothing else about a
 * trap (its kind, its backtrace) is part of a result.
 * @module
 */

import { ContractFault } from "../../errors.ts";
import {
  type ContractsErrorName,
  contractsErrors,
  contractsPallet,
  type PinkErrorName,
  pinkErrors,
  pinkPallet,
  type TokenErrorName,
  tokenErrors,
} from "../../wire/dispatch-error.ts";

/** An error of a frame: what it is called and its SCALE bytes. */
export class DispatchFault extends ContractFault {
  /** Name of the error, `Token.FundsUnavailable` and the like for those that are no pallet's. */
  readonly error: string;
  /** SCALE `DispatchError`. */
  readonly encoded: Uint8Array;

  constructor(error: string, encoded: Uint8Array, facts: Readonly<Record<string, unknown>> = {}) {
    super("DispatchError", { error, ...facts });
    this.error = error;
    this.encoded = encoded;
  }
}

/** SCALE `DispatchError::Module`. */
function moduleError(pallet: number, index: number): Uint8Array {
  return Uint8Array.of(3, pallet, index, 0, 0, 0);
}

/**
 * The fault for an error of the contracts pallet.
 * @param facts what is known beyond the name, for the local diagnosis only.
 */
export function contractsFault(name: ContractsErrorName, facts?: Readonly<Record<string, unknown>>): DispatchFault {
  return new DispatchFault(name, moduleError(contractsPallet, contractsErrors.indexOf(name)), facts);
}

/** The fault for an error of the Pink pallet. */
export function pinkFault(name: PinkErrorName): DispatchFault {
  return new DispatchFault(`Pink.${name}`, moduleError(pinkPallet, pinkErrors.indexOf(name)));
}

/** The fault for an error of the token. */
export function tokenFault(name: TokenErrorName): DispatchFault {
  return new DispatchFault(`Token.${name}`, Uint8Array.of(7, tokenErrors.indexOf(name)));
}

/** The fault for `DispatchError::BadOrigin`. */
export function badOrigin(): DispatchFault {
  return new DispatchFault("BadOrigin", Uint8Array.of(2));
}

/** The fault for `DispatchError::RootNotAllowed`. */
export function rootNotAllowed(): DispatchFault {
  return new DispatchFault("RootNotAllowed", Uint8Array.of(13));
}

/** The fault for `DispatchError::Exhausted`: more than one execution may hold. */
export function exhausted(what: string): DispatchFault {
  return new DispatchFault("Exhausted", Uint8Array.of(10), { detail: what });
}
