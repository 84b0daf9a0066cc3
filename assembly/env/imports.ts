/**
 * The host functions, as contracts import them. Made from the engine's table of host functions: change that, then run
 * `PHATVM_UPDATE=1 npx vitest run test/assembly/declarations.test.ts`.
 *
 * Everything else in the SDK is written on top of these; a contract has no reason to use them itself. Pointers are
 * addresses in the contract's memory; `outLen` points at a u32 that holds the capacity before and the length after.
 */

/** Sets the value of a fixed key. */
// @ts-ignore: decorator
@external("seal0", "set_storage")
export declare function setStorageV0(key: usize, value: usize, valueLen: u32): void;

/** Sets the value of a fixed key; gives the old value's length, or 2^32 - 1 when there was none. */
// @ts-ignore: decorator
@external("seal1", "set_storage")
export declare function setStorageV1(key: usize, value: usize, valueLen: u32): u32;

/** Sets the value of a key; gives the old value's length, or 2^32 - 1 when there was none. */
// @ts-ignore: decorator
@external("seal2", "set_storage")
export declare function setStorage(key: usize, keyLen: u32, value: usize, valueLen: u32): u32;

/** Removes a fixed key. */
// @ts-ignore: decorator
@external("seal0", "clear_storage")
export declare function clearStorageV0(key: usize): void;

/** Removes a key; gives the old value's length, or 2^32 - 1 when there was none. */
// @ts-ignore: decorator
@external("seal1", "clear_storage")
export declare function clearStorage(key: usize, keyLen: u32): u32;

/** Copies the value of a fixed key out: Success or KeyNotFound. */
// @ts-ignore: decorator
@external("seal0", "get_storage")
export declare function getStorageV0(key: usize, out: usize, outLen: usize): u32;

/** Copies the value of a key out: Success or KeyNotFound. */
// @ts-ignore: decorator
@external("seal1", "get_storage")
export declare function getStorage(key: usize, keyLen: u32, out: usize, outLen: usize): u32;

/** The length of a fixed key's value, or 2^32 - 1. */
// @ts-ignore: decorator
@external("seal0", "contains_storage")
export declare function containsStorageV0(key: usize): u32;

/** The length of a key's value, or 2^32 - 1. */
// @ts-ignore: decorator
@external("seal1", "contains_storage")
export declare function containsStorage(key: usize, keyLen: u32): u32;

/** Copies the value of a key out and removes it: Success or KeyNotFound. */
// @ts-ignore: decorator
@external("seal0", "take_storage")
export declare function takeStorage(key: usize, keyLen: u32, out: usize, outLen: usize): u32;

/** Calls a contract; re-entry is allowed. */
// @ts-ignore: decorator
@external("seal0", "call")
export declare function callV0(callee: usize, calleeLen: u32, gas: u64, value: usize, valueLen: u32, input: usize, inputLen: u32, out: usize, outLen: usize): u32;

/** Calls a contract. Flags: 1 forward the input, 2 clone it, 4 tail call, 8 allow re-entry. */
// @ts-ignore: decorator
@external("seal1", "call")
export declare function call(flags: u32, callee: usize, gas: u64, value: usize, input: usize, inputLen: u32, out: usize, outLen: usize): u32;

/** Runs other code as this contract, on its storage, for this frame's caller. */
// @ts-ignore: decorator
@external("seal0", "delegate_call")
export declare function delegateCall(flags: u32, codeHash: usize, input: usize, inputLen: u32, out: usize, outLen: usize): u32;

/** Makes a contract of stored code. */
// @ts-ignore: decorator
@external("seal0", "instantiate")
export declare function instantiateV0(codeHash: usize, codeHashLen: u32, gas: u64, value: usize, valueLen: u32, input: usize, inputLen: u32, address: usize, addressLen: usize, out: usize, outLen: usize, salt: usize, saltLen: u32): u32;

/** Makes a contract of stored code. */
// @ts-ignore: decorator
@external("seal1", "instantiate")
export declare function instantiate(codeHash: usize, gas: u64, value: usize, input: usize, inputLen: u32, address: usize, addressLen: usize, out: usize, outLen: usize, salt: usize, saltLen: u32): u32;

/** Sends money of this contract: Success or TransferFailed. */
// @ts-ignore: decorator
@external("seal0", "transfer")
export declare function transfer(account: usize, accountLen: u32, value: usize, valueLen: u32): u32;

/** Ends this contract for good. */
// @ts-ignore: decorator
@external("seal0", "terminate")
export declare function terminateV0(beneficiary: usize, beneficiaryLen: u32): void;

/** Ends this contract for good. */
// @ts-ignore: decorator
@external("seal1", "terminate")
export declare function terminate(beneficiary: usize): void;

/** Ends the frame with data; flag 1 undoes what the frame did. */
// @ts-ignore: decorator
@external("seal0", "seal_return")
export declare function sealReturn(flags: u32, data: usize, dataLen: u32): void;

/** Copies the input of this frame out. */
// @ts-ignore: decorator
@external("seal0", "input")
export declare function input(out: usize, outLen: usize): void;

/** Gives this contract other code from its next frame on: Success or CodeNotFound. */
// @ts-ignore: decorator
@external("seal0", "set_code_hash")
export declare function setCodeHash(codeHash: usize): u32;

/** Calls the runtime; none of its calls is open to contracts: CallRuntimeFailed. */
// @ts-ignore: decorator
@external("seal0", "call_runtime")
export declare function callRuntime(call: usize, callLen: u32): u32;

/** Calls a function of the Pink extension. */
// @ts-ignore: decorator
@external("seal0", "call_chain_extension")
export declare function callChainExtension(id: u32, input: usize, inputLen: u32, out: usize, outLen: usize): u32;

/** Instantiations in this cluster so far. */
// @ts-ignore: decorator
@external("seal0", "instantiation_nonce")
export declare function instantiationNonce(): u64;

/** The account that called, 32 bytes. */
// @ts-ignore: decorator
@external("seal0", "caller")
export declare function caller(out: usize, outLen: usize): void;

/** The id of this contract, 32 bytes. */
// @ts-ignore: decorator
@external("seal0", "address")
export declare function address(out: usize, outLen: usize): void;

/** What this contract can spend, u128. */
// @ts-ignore: decorator
@external("seal0", "balance")
export declare function balance(out: usize, outLen: usize): void;

/** The value that came with the call, u128. */
// @ts-ignore: decorator
@external("seal0", "value_transferred")
export declare function valueTransferred(out: usize, outLen: usize): void;

/** The existential deposit, u128. */
// @ts-ignore: decorator
@external("seal0", "minimum_balance")
export declare function minimumBalance(out: usize, outLen: usize): void;

/** Milliseconds since 1970 of the block, u64. */
// @ts-ignore: decorator
@external("seal0", "now")
export declare function now(out: usize, outLen: usize): void;

/** Number of the block, u32. */
// @ts-ignore: decorator
@external("seal0", "block_number")
export declare function blockNumber(out: usize, outLen: usize): void;

/** The gas that is left, u64 ref_time. */
// @ts-ignore: decorator
@external("seal0", "gas_left")
export declare function gasLeft(out: usize, outLen: usize): void;

/** The price of some gas, u128. */
// @ts-ignore: decorator
@external("seal0", "weight_to_fee")
export declare function weightToFee(gas: u64, out: usize, outLen: usize): void;

/** 1 when there is a contract of this id, else 0. */
// @ts-ignore: decorator
@external("seal0", "is_contract")
export declare function isContract(account: usize): u32;

/** The code hash of a contract: Success or KeyNotFound. */
// @ts-ignore: decorator
@external("seal0", "code_hash")
export declare function codeHash(account: usize, out: usize, outLen: usize): u32;

/** The registered code hash of this contract. */
// @ts-ignore: decorator
@external("seal0", "own_code_hash")
export declare function ownCodeHash(out: usize, outLen: usize): void;

/** 1 when the caller started the transaction or query, else 0. */
// @ts-ignore: decorator
@external("seal0", "caller_is_origin")
export declare function callerIsOrigin(): u32;

/** SHA-256, 32 bytes. */
// @ts-ignore: decorator
@external("seal0", "hash_sha2_256")
export declare function hashSha2256(input: usize, inputLen: u32, out: usize): void;

/** Keccak-256, 32 bytes. */
// @ts-ignore: decorator
@external("seal0", "hash_keccak_256")
export declare function hashKeccak256(input: usize, inputLen: u32, out: usize): void;

/** BLAKE2b, 32 bytes. */
// @ts-ignore: decorator
@external("seal0", "hash_blake2_256")
export declare function hashBlake2256(input: usize, inputLen: u32, out: usize): void;

/** BLAKE2b, 16 bytes. */
// @ts-ignore: decorator
@external("seal0", "hash_blake2_128")
export declare function hashBlake2128(input: usize, inputLen: u32, out: usize): void;

/** The compressed key that signed a hash, 33 bytes: Success or EcdsaRecoveryFailed. */
// @ts-ignore: decorator
@external("seal0", "ecdsa_recover")
export declare function ecdsaRecover(signature: usize, hash: usize, out: usize): u32;

/** The Ethereum address of a compressed key, 20 bytes: Success or EcdsaRecoveryFailed. */
// @ts-ignore: decorator
@external("seal0", "ecdsa_to_eth_address")
export declare function ecdsaToEthAddress(publicKey: usize, out: usize): u32;

/** Emits an event; the topics are a SCALE vector of hashes, four at most. */
// @ts-ignore: decorator
@external("seal0", "deposit_event")
export declare function depositEvent(topics: usize, topicsLen: u32, data: usize, dataLen: u32): void;

/** Prints debug text: Success, always. */
// @ts-ignore: decorator
@external("seal0", "debug_message")
export declare function debugMessage(text: usize, textLen: u32): u32;
