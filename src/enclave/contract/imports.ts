/**
 * The table of host functions: every function that contract code can import, once.
 *
 * Import objects, the check of uploads, the AssemblyScript declarations, the documentation and the list of what must be
 * tested are all made from it. A row with `alias` can also be imported as `seal_` and its name. Parameters are i32
 * unless they are declared as `gas` or `u64`.
 * @see contract-abi.md, section 2
 * @module
 */

import * as calls from "./calls.ts";
import * as context from "./context.ts";
import type { CostName } from "./costs.ts";
import * as cryptography from "./cryptography.ts";
import { callChainExtension } from "./extension-call.ts";
import type { Frame } from "./frame.ts";
import * as lifecycle from "./lifecycle.ts";
import * as storage from "./storage.ts";

/** What a parameter means. `outLen` points to a cell that holds the capacity and takes the length. */
export type ParameterKind = "ptr" | "len" | "outPtr" | "outLen" | "flags" | "u32" | "u64";

/** A parameter of a host function. */
export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  /** Present in the signature only: nothing is read from it. */
  readonly ignored?: true;
}

/** What a host function answers. `code` is a `ReturnCode`. */
export type ResultKind = "none" | "code" | "i32" | "i64" | "never";

/** Whether a function is one of every day, gone from new code, or not yet open to contracts. */
export type Stability = "stable" | "deprecated" | "unstable";

/** A host function. */
export interface HostFunctionRow {
  readonly module: "seal0" | "seal1" | "seal2";
  readonly name: string;
  /** Whether `seal_` and the name is another spelling. */
  readonly alias: boolean;
  readonly parameters: readonly Parameter[];
  readonly result: ResultKind;
  readonly stability: Stability;
  /** Its base price in `costs`. */
  readonly cost: CostName;
  /** What it does, in one line. */
  readonly does: string;
  // biome-ignore lint/suspicious/noExplicitAny: each row's parameters are numbers and bigints as its own list says
  readonly run: (frame: Frame, ...parameters: any[]) => unknown;
}

type Options = Pick<HostFunctionRow, "cost" | "does" | "run"> & {
  readonly stability?: Stability;
  readonly alias?: false;
};

function hostFunction(
  module: HostFunctionRow["module"],
  name: string,
  parameters: readonly Parameter[],
  result: ResultKind,
  options: Options,
): HostFunctionRow {
  const { stability = "stable", alias = true, cost, does, run } = options;
  return { module, name, alias, parameters, result, stability, cost, does, run };
}

const ptr = (name: string): Parameter => ({ name, kind: "ptr" });
const len = (name: string): Parameter => ({ name, kind: "len" });
const unread = (name: string): Parameter => ({ name, kind: "len", ignored: true });
const u64 = (name: string): Parameter => ({ name, kind: "u64" });
const flags: Parameter = { name: "flags", kind: "flags" };
const out: readonly Parameter[] = [
  { name: "out", kind: "outPtr" },
  { name: "out_len", kind: "outLen" },
];
const key = ptr("key");
const value = [ptr("value"), len("value_len")] as const;
const input = [ptr("input"), len("input_len")] as const;
const newAddress: readonly Parameter[] = [
  { name: "address", kind: "outPtr" },
  { name: "address_len", kind: "outLen" },
];
const variableKey = [key, len("key_len")] as const;
const amount = ptr("value");
const salt = [ptr("salt"), len("salt_len")] as const;
const rawOut = ptr("out");

/** Every host function. */
export const hostFunctions: readonly HostFunctionRow[] = [
  // --- storage ---
  hostFunction("seal0", "set_storage", [key, ...value], "none", {
    cost: "setStorage",
    does: "Sets the value of a fixed key.",
    run: storage.setStorageFixed,
  }),
  hostFunction("seal1", "set_storage", [key, ...value], "i32", {
    cost: "setStorage",
    does: "Sets the value of a fixed key; gives the old value's length, or 2^32 - 1 when there was none.",
    run: storage.setStorageFixedReturning,
  }),
  hostFunction("seal2", "set_storage", [...variableKey, ...value], "i32", {
    cost: "setStorage",
    does: "Sets the value of a key; gives the old value's length, or 2^32 - 1 when there was none.",
    run: storage.setStorage,
  }),
  hostFunction("seal0", "clear_storage", [key], "none", {
    cost: "clearStorage",
    does: "Removes a fixed key.",
    run: storage.clearStorageFixed,
  }),
  hostFunction("seal1", "clear_storage", variableKey, "i32", {
    cost: "clearStorage",
    does: "Removes a key; gives the old value's length, or 2^32 - 1 when there was none.",
    run: storage.clearStorage,
  }),
  hostFunction("seal0", "get_storage", [key, ...out], "code", {
    cost: "getStorage",
    does: "Copies the value of a fixed key out: Success or KeyNotFound.",
    run: storage.getStorageFixed,
  }),
  hostFunction("seal1", "get_storage", [...variableKey, ...out], "code", {
    cost: "getStorage",
    does: "Copies the value of a key out: Success or KeyNotFound.",
    run: storage.getStorage,
  }),
  hostFunction("seal0", "contains_storage", [key], "i32", {
    cost: "containsStorage",
    does: "The length of a fixed key's value, or 2^32 - 1.",
    run: storage.containsStorageFixed,
  }),
  hostFunction("seal1", "contains_storage", variableKey, "i32", {
    cost: "containsStorage",
    does: "The length of a key's value, or 2^32 - 1.",
    run: storage.containsStorage,
  }),
  hostFunction("seal0", "take_storage", [...variableKey, ...out], "code", {
    cost: "takeStorage",
    does: "Copies the value of a key out and removes it: Success or KeyNotFound.",
    run: storage.takeStorage,
  }),

  // --- calls and life ---
  hostFunction(
    "seal0",
    "call",
    [ptr("callee"), unread("callee_len"), u64("gas"), amount, unread("value_len"), ...input, ...out],
    "code",
    { cost: "call", does: "Calls a contract; re-entry is allowed.", run: calls.callWithLengths },
  ),
  hostFunction("seal1", "call", [flags, ptr("callee"), u64("gas"), amount, ...input, ...out], "code", {
    cost: "call",
    does: "Calls a contract. Flags: 1 forward the input, 2 clone it, 4 tail call, 8 allow re-entry.",
    run: calls.callWithFlags,
  }),
  hostFunction(
    "seal2",
    "call",
    [flags, ptr("callee"), u64("ref_time"), u64("proof_size"), ptr("deposit"), amount, ...input, ...out],
    "code",
    {
      cost: "call",
      stability: "unstable",
      does: "Calls a contract with a limit of its own for storage deposits.",
      run: calls.callWithLimits,
    },
  ),
  hostFunction("seal0", "delegate_call", [flags, ptr("code_hash"), ...input, ...out], "code", {
    cost: "delegateCall",
    does: "Runs other code as this contract, on its storage, for this frame's caller.",
    run: calls.delegateCall,
  }),
  hostFunction(
    "seal0",
    "instantiate",
    [
      ptr("code_hash"),
      unread("code_hash_len"),
      u64("gas"),
      amount,
      unread("value_len"),
      ...input,
      ...newAddress,
      ...out,
      ...salt,
    ],
    "code",
    { cost: "instantiate", does: "Makes a contract of stored code.", run: calls.instantiateWithLengths },
  ),
  hostFunction(
    "seal1",
    "instantiate",
    [ptr("code_hash"), u64("gas"), amount, ...input, ...newAddress, ...out, ...salt],
    "code",
    { cost: "instantiate", does: "Makes a contract of stored code.", run: calls.instantiateWithSalt },
  ),
  hostFunction(
    "seal2",
    "instantiate",
    [
      ptr("code_hash"),
      u64("ref_time"),
      u64("proof_size"),
      ptr("deposit"),
      amount,
      ...input,
      ...newAddress,
      ...out,
      ...salt,
    ],
    "code",
    {
      cost: "instantiate",
      stability: "unstable",
      does: "Makes a contract of stored code with a limit of its own for storage deposits.",
      run: calls.instantiateWithLimits,
    },
  ),
  hostFunction("seal0", "transfer", [ptr("account"), unread("account_len"), amount, unread("value_len")], "code", {
    cost: "transfer",
    does: "Sends money of this contract: Success or TransferFailed.",
    run: lifecycle.transfer,
  }),
  hostFunction("seal0", "terminate", [ptr("beneficiary"), unread("beneficiary_len")], "never", {
    cost: "terminate",
    does: "Ends this contract for good.",
    run: lifecycle.terminateWithLength,
  }),
  hostFunction("seal1", "terminate", [ptr("beneficiary")], "never", {
    cost: "terminate",
    does: "Ends this contract for good.",
    run: lifecycle.terminate,
  }),
  hostFunction("seal0", "seal_return", [flags, ptr("data"), len("data_len")], "never", {
    cost: "return",
    alias: false,
    does: "Ends the frame with data; flag 1 undoes what the frame did.",
    run: lifecycle.sealReturn,
  }),
  hostFunction("seal0", "input", out, "none", {
    cost: "input",
    does: "Copies the input of this frame out.",
    run: context.input,
  }),
  hostFunction("seal0", "set_code_hash", [ptr("code_hash")], "code", {
    cost: "setCodeHash",
    does: "Gives this contract other code from its next frame on: Success or CodeNotFound.",
    run: lifecycle.setCodeHash,
  }),
  hostFunction("seal0", "call_runtime", [ptr("call"), len("call_len")], "code", {
    cost: "callRuntime",
    alias: false,
    does: "Calls the runtime; none of its calls is open to contracts: CallRuntimeFailed.",
    run: context.callRuntime,
  }),
  hostFunction("seal0", "call_chain_extension", [{ name: "id", kind: "u32" }, ...input, ...out], "i32", {
    cost: "callChainExtension",
    does: "Calls a function of the Pink extension.",
    run: callChainExtension,
  }),
  hostFunction("seal0", "instantiation_nonce", [], "i64", {
    cost: "instantiationNonce",
    alias: false,
    does: "Instantiations in this cluster so far.",
    run: context.instantiationNonce,
  }),
  hostFunction("seal0", "add_delegate_dependency", [ptr("code_hash")], "none", {
    cost: "delegateDependency",
    stability: "unstable",
    alias: false,
    does: "Holds on to a code that this contract delegates to.",
    run: lifecycle.addDelegateDependency,
  }),
  hostFunction("seal0", "remove_delegate_dependency", [ptr("code_hash")], "none", {
    cost: "delegateDependency",
    stability: "unstable",
    alias: false,
    does: "Lets go of a code that was held.",
    run: lifecycle.removeDelegateDependency,
  }),
  hostFunction("seal0", "reentrance_count", [], "i32", {
    cost: "reentranceCount",
    stability: "unstable",
    alias: false,
    does: "How often this contract stands on the call stack below this frame.",
    run: context.reentranceCount,
  }),
  hostFunction("seal0", "account_reentrance_count", [ptr("account")], "i32", {
    cost: "reentranceCount",
    stability: "unstable",
    alias: false,
    does: "How often a contract stands on the call stack.",
    run: context.accountReentranceCount,
  }),
  hostFunction("seal0", "xcm_execute", [ptr("message"), len("message_len"), rawOut], "code", {
    cost: "callRuntime",
    stability: "unstable",
    alias: false,
    does: "Runs an XCM program; there is no XCM: XcmExecutionFailed.",
    run: context.xcmExecute,
  }),
  hostFunction("seal0", "xcm_send", [ptr("destination"), ptr("message"), len("message_len"), rawOut], "code", {
    cost: "callRuntime",
    stability: "unstable",
    alias: false,
    does: "Sends an XCM program; there is no XCM: XcmSendFailed.",
    run: context.xcmSend,
  }),

  // --- context ---
  hostFunction("seal0", "caller", out, "none", {
    cost: "caller",
    does: "The account that called, 32 bytes.",
    run: context.caller,
  }),
  hostFunction("seal0", "address", out, "none", {
    cost: "address",
    does: "The id of this contract, 32 bytes.",
    run: context.address,
  }),
  hostFunction("seal0", "balance", out, "none", {
    cost: "balance",
    does: "What this contract can spend, u128.",
    run: context.balance,
  }),
  hostFunction("seal0", "value_transferred", out, "none", {
    cost: "valueTransferred",
    does: "The value that came with the call, u128.",
    run: context.valueTransferred,
  }),
  hostFunction("seal0", "minimum_balance", out, "none", {
    cost: "minimumBalance",
    does: "The existential deposit, u128.",
    run: context.minimumBalance,
  }),
  hostFunction("seal0", "now", out, "none", {
    cost: "now",
    does: "Milliseconds since 1970 of the block, u64.",
    run: context.now,
  }),
  hostFunction("seal0", "block_number", out, "none", {
    cost: "blockNumber",
    does: "Number of the block, u32.",
    run: context.blockNumber,
  }),
  hostFunction("seal0", "gas_left", out, "none", {
    cost: "gasLeft",
    does: "The gas that is left, u64 ref_time.",
    run: context.gasLeft,
  }),
  hostFunction("seal1", "gas_left", out, "none", {
    cost: "gasLeft",
    stability: "unstable",
    does: "The gas that is left: ref_time and proof size, compact.",
    run: context.gasLeftWeight,
  }),
  hostFunction("seal0", "weight_to_fee", [u64("gas"), ...out], "none", {
    cost: "weightToFee",
    does: "The price of some gas, u128.",
    run: context.weightToFee,
  }),
  hostFunction("seal1", "weight_to_fee", [u64("ref_time"), u64("proof_size"), ...out], "none", {
    cost: "weightToFee",
    stability: "unstable",
    does: "The price of some gas, u128; proof size costs nothing.",
    run: context.weightToFeeWithProof,
  }),
  hostFunction("seal0", "is_contract", [ptr("account")], "i32", {
    cost: "isContract",
    does: "1 when there is a contract of this id, else 0.",
    run: context.isContract,
  }),
  hostFunction("seal0", "code_hash", [ptr("account"), ...out], "code", {
    cost: "codeHash",
    does: "The code hash of a contract: Success or KeyNotFound.",
    run: context.codeHashOf,
  }),
  hostFunction("seal0", "own_code_hash", out, "none", {
    cost: "ownCodeHash",
    does: "The registered code hash of this contract.",
    run: context.ownCodeHash,
  }),
  hostFunction("seal0", "caller_is_origin", [], "i32", {
    cost: "callerIsOrigin",
    does: "1 when the caller started the transaction or query, else 0.",
    run: context.callerIsOrigin,
  }),
  hostFunction("seal0", "caller_is_root", [], "i32", {
    cost: "callerIsRoot",
    stability: "unstable",
    alias: false,
    does: "1 when the caller is the root origin, else 0.",
    run: context.callerIsRoot,
  }),

  // --- hashes and signatures ---
  hostFunction("seal0", "hash_sha2_256", [...input, rawOut], "none", {
    cost: "sha2",
    does: "SHA-256, 32 bytes.",
    run: cryptography.hashSha2,
  }),
  hostFunction("seal0", "hash_keccak_256", [...input, rawOut], "none", {
    cost: "keccak",
    does: "Keccak-256, 32 bytes.",
    run: cryptography.hashKeccak,
  }),
  hostFunction("seal0", "hash_blake2_256", [...input, rawOut], "none", {
    cost: "blake2_256",
    does: "BLAKE2b, 32 bytes.",
    run: cryptography.hashBlake256,
  }),
  hostFunction("seal0", "hash_blake2_128", [...input, rawOut], "none", {
    cost: "blake2_128",
    does: "BLAKE2b, 16 bytes.",
    run: cryptography.hashBlake128,
  }),
  hostFunction("seal0", "ecdsa_recover", [ptr("signature"), ptr("hash"), rawOut], "code", {
    cost: "ecdsaRecover",
    does: "The compressed key that signed a hash, 33 bytes: Success or EcdsaRecoveryFailed.",
    run: cryptography.ecdsaRecover,
  }),
  hostFunction("seal0", "ecdsa_to_eth_address", [ptr("public_key"), rawOut], "code", {
    cost: "ecdsaToEthAddress",
    does: "The Ethereum address of a compressed key, 20 bytes: Success or EcdsaRecoveryFailed.",
    run: cryptography.ecdsaToEthAddress,
  }),
  hostFunction(
    "seal0",
    "sr25519_verify",
    [ptr("signature"), ptr("public_key"), len("message_len"), ptr("message")],
    "code",
    {
      cost: "sr25519Verify",
      stability: "unstable",
      does: 'Checks an sr25519 signature in the context "substrate": Success or Sr25519VerifyFailed.',
      run: cryptography.sr25519Verify,
    },
  ),

  // --- what a contract says ---
  hostFunction("seal0", "deposit_event", [ptr("topics"), len("topics_len"), ptr("data"), len("data_len")], "none", {
    cost: "depositEvent",
    does: "Emits an event; the topics are a SCALE vector of hashes, four at most.",
    run: lifecycle.depositEvent,
  }),
  hostFunction("seal0", "debug_message", [ptr("text"), len("text_len")], "code", {
    cost: "debugMessage",
    does: "Prints debug text: Success, always.",
    run: lifecycle.debugMessage,
  }),

  // --- what is gone from new code ---
  hostFunction("seal0", "random", [ptr("subject"), len("subject_len"), ...out], "none", {
    cost: "random",
    stability: "deprecated",
    does: "Zeros: there is no randomness on chain.",
    run: context.random,
  }),
  hostFunction("seal1", "random", [ptr("subject"), len("subject_len"), ...out], "none", {
    cost: "random",
    stability: "deprecated",
    does: "Zeros and the number of an earlier block: there is no randomness on chain.",
    run: context.randomWithBlock,
  }),
  hostFunction("seal0", "tombstone_deposit", out, "none", {
    cost: "rent",
    stability: "deprecated",
    does: "u128 0.",
    run: context.tombstoneDeposit,
  }),
  hostFunction("seal0", "rent_allowance", out, "none", {
    cost: "rent",
    stability: "deprecated",
    does: "u128 2^128 - 1.",
    run: context.rentAllowance,
  }),
  hostFunction("seal0", "set_rent_allowance", [unread("value"), unread("value_len")], "none", {
    cost: "rent",
    stability: "deprecated",
    does: "Nothing.",
    run: context.rentNothing,
  }),
  hostFunction("seal1", "set_rent_allowance", [unread("value")], "none", {
    cost: "rent",
    stability: "deprecated",
    does: "Nothing.",
    run: context.rentNothing,
  }),
  hostFunction(
    "seal0",
    "restore_to",
    ["dest", "dest_len", "code_hash", "code_hash_len", "allowance", "allowance_len", "delta", "delta_count"].map(
      unread,
    ),
    "none",
    { cost: "rent", stability: "deprecated", does: "Nothing.", run: context.rentNothing },
  ),
  hostFunction("seal1", "restore_to", ["dest", "code_hash", "allowance", "delta", "delta_count"].map(unread), "none", {
    cost: "rent",
    stability: "deprecated",
    does: "Nothing.",
    run: context.rentNothing,
  }),
];

/** Every import as contract code spells it, `module.name`, with its row. */
export const hostFunctionsByImport: ReadonlyMap<string, HostFunctionRow> = new Map(
  hostFunctions.flatMap((row) =>
    (row.alias ? [row.name, `seal_${row.name}`] : [row.name]).map((name) => [`${row.module}.${name}`, row] as const),
  ),
);
