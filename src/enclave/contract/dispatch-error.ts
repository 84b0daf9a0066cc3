/**
 * The errors that end a frame or a call, in the ABI's own form: SCALE `DispatchError`, which receipts and answers carry.
 *
 * A host function throws a `DispatchFault`; the frame that threw it ends with the fault's bytes. Nothing else about a
 * trap (its kind, its backtrace) is part of a result.
 * @module
 */

import { ContractFault } from "../../errors.ts";

/** Index of the contracts pallet, by which its errors and events are told apart. */
export const contractsPallet = 4;
/** Index of the Pink pallet. */
export const pinkPallet = 5;

/** Errors of the contracts pallet: contract-abi.md, section 3.2. */
export const contractsErrors = [
  "InvalidSchedule",
  "InvalidCallFlags",
  "OutOfGas",
  "OutputBufferTooSmall",
  "TransferFailed",
  "MaxCallDepthReached",
  "ContractNotFound",
  "CodeTooLarge",
  "CodeNotFound",
  "CodeInfoNotFound",
  "OutOfBounds",
  "DecodingFailed",
  "ContractTrapped",
  "ValueTooLarge",
  "TerminatedWhileReentrant",
  "InputForwarded",
  "RandomSubjectTooLong",
  "TooManyTopics",
  "NoChainExtension",
  "XCMDecodeFailed",
  "DuplicateContract",
  "TerminatedInConstructor",
  "ReentranceDenied",
  "StorageDepositNotEnoughFunds",
  "StorageDepositLimitExhausted",
  "CodeInUse",
  "ContractReverted",
  "CodeRejected",
  "Indeterministic",
  "MigrationInProgress",
  "NoMigrationPerformed",
  "MaxDelegateDependenciesReached",
  "DelegateDependencyNotFound",
  "DelegateDependencyAlreadyExists",
  "CannotAddSelfAsDelegateDependency",
] as const;
/** The name of an error of the contracts pallet. */
export type ContractsErrorName = (typeof contractsErrors)[number];

/** Errors of the Pink pallet: phala-runtime.md, section 1.1. */
export const pinkErrors = [
  "UnknownChainExtensionId",
  "UnknownChainExtensionFunction",
  "ContractIoBufferOverflow",
  "KeySeedMissing",
  "DeriveKeyFailed",
  "SystemContractMissing",
] as const;
/** The name of an error of the Pink pallet. */
export type PinkErrorName = (typeof pinkErrors)[number];

/** Errors of the token, by their index in `DispatchError::Token`. */
export const tokenErrors = [
  "FundsUnavailable",
  "OnlyProvider",
  "BelowMinimum",
  "CannotCreate",
  "UnknownAsset",
  "Frozen",
  "Unsupported",
  "CannotCreateHold",
  "NotExpendable",
  "Blocked",
] as const;
/** The name of an error of the token. */
export type TokenErrorName = (typeof tokenErrors)[number];

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

/** The name of a SCALE `DispatchError`, for people; `Unknown` when it is none that this runtime produces. */
export function dispatchErrorName(encoded: Uint8Array): string {
  const [tag, first, second] = encoded;
  if (tag === 3 && first === contractsPallet) return contractsErrors[second ?? -1] ?? "Unknown";
  if (tag === 3 && first === pinkPallet) return `Pink.${pinkErrors[second ?? -1] ?? "Unknown"}`;
  if (tag === 7) return `Token.${tokenErrors[first ?? -1] ?? "Unknown"}`;
  if (tag === 2) return "BadOrigin";
  if (tag === 13) return "RootNotAllowed";
  return "Unknown";
}
