/**
 * The names behind a SCALE `DispatchError`: what ends a call, as receipts and answers carry it and people read it.
 * @module
 */

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

/** The name of a SCALE `DispatchError`, for people; `Unknown` when it is none that this runtime produces. */
export function dispatchErrorName(encoded: Uint8Array): string {
  const [tag, first, second] = encoded;
  if (tag === 3 && first === contractsPallet) return contractsErrors[second ?? -1] ?? "Unknown";
  if (tag === 3 && first === pinkPallet) return `Pink.${pinkErrors[second ?? -1] ?? "Unknown"}`;
  if (tag === 7) return `Token.${tokenErrors[first ?? -1] ?? "Unknown"}`;
  if (tag === 0) return "Other";
  if (tag === 2) return "BadOrigin";
  if (tag === 10) return "Exhausted";
  if (tag === 13) return "RootNotAllowed";
  return "Unknown";
}
