/**
 * What host functions answer where they answer with a code: contract-abi.md, section 3.1.
 * @module
 */

/** The codes by name. */
export const ReturnCode = {
  Success: 0,
  CalleeTrapped: 1,
  CalleeReverted: 2,
  KeyNotFound: 3,
  TransferFailed: 5,
  CodeNotFound: 7,
  NotCallable: 8,
  CallRuntimeFailed: 10,
  EcdsaRecoveryFailed: 11,
  Sr25519VerifyFailed: 12,
  XcmExecutionFailed: 13,
  XcmSendFailed: 14,
} as const;
