/**
 * The host functions, declared under the names and versions that ink! 4 imports.
 *
 * Everything else in the SDK is written on top of these; a contract has no reason to use them itself. Pointers are
 * addresses in the contract's memory; `outLength` points at a u32 that holds the capacity before and the length after.
 */

// @ts-ignore: decorator
@external("seal0", "input")
export declare function input(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "seal_return")
export declare function sealReturn(flags: u32, data: usize, length: u32): void;

// @ts-ignore: decorator
@external("seal2", "set_storage")
export declare function setStorage(key: usize, keyLength: u32, value: usize, valueLength: u32): u32;
// @ts-ignore: decorator
@external("seal1", "get_storage")
export declare function getStorage(key: usize, keyLength: u32, out: usize, outLength: usize): u32;
// @ts-ignore: decorator
@external("seal1", "contains_storage")
export declare function containsStorage(key: usize, keyLength: u32): u32;
// @ts-ignore: decorator
@external("seal1", "clear_storage")
export declare function clearStorage(key: usize, keyLength: u32): u32;
// @ts-ignore: decorator
@external("seal0", "take_storage")
export declare function takeStorage(key: usize, keyLength: u32, out: usize, outLength: usize): u32;

// @ts-ignore: decorator
@external("seal1", "call")
export declare function call(
  flags: u32,
  callee: usize,
  gas: u64,
  value: usize,
  input: usize,
  inputLength: u32,
  out: usize,
  outLength: usize,
): u32;
// @ts-ignore: decorator
@external("seal0", "delegate_call")
export declare function delegateCall(
  flags: u32,
  codeHash: usize,
  input: usize,
  inputLength: u32,
  out: usize,
  outLength: usize,
): u32;
// @ts-ignore: decorator
@external("seal1", "instantiate")
export declare function instantiate(
  codeHash: usize,
  gas: u64,
  value: usize,
  input: usize,
  inputLength: u32,
  address: usize,
  addressLength: usize,
  out: usize,
  outLength: usize,
  salt: usize,
  saltLength: u32,
): u32;
// @ts-ignore: decorator
@external("seal0", "transfer")
export declare function transfer(account: usize, accountLength: u32, value: usize, valueLength: u32): u32;
// @ts-ignore: decorator
@external("seal1", "terminate")
export declare function terminate(beneficiary: usize): void;
// @ts-ignore: decorator
@external("seal0", "set_code_hash")
export declare function setCodeHash(codeHash: usize): u32;
// @ts-ignore: decorator
@external("seal0", "instantiation_nonce")
export declare function instantiationNonce(): u64;
// @ts-ignore: decorator
@external("seal0", "call_chain_extension")
export declare function callChainExtension(
  id: u32,
  input: usize,
  inputLength: u32,
  out: usize,
  outLength: usize,
): u32;

// @ts-ignore: decorator
@external("seal0", "caller")
export declare function caller(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "address")
export declare function address(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "balance")
export declare function balance(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "value_transferred")
export declare function valueTransferred(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "minimum_balance")
export declare function minimumBalance(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "now")
export declare function now(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "block_number")
export declare function blockNumber(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "gas_left")
export declare function gasLeft(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "weight_to_fee")
export declare function weightToFee(gas: u64, out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "is_contract")
export declare function isContract(account: usize): u32;
// @ts-ignore: decorator
@external("seal0", "code_hash")
export declare function codeHash(account: usize, out: usize, outLength: usize): u32;
// @ts-ignore: decorator
@external("seal0", "own_code_hash")
export declare function ownCodeHash(out: usize, outLength: usize): void;
// @ts-ignore: decorator
@external("seal0", "caller_is_origin")
export declare function callerIsOrigin(): u32;

// @ts-ignore: decorator
@external("seal0", "hash_sha2_256")
export declare function hashSha256(input: usize, length: u32, out: usize): void;
// @ts-ignore: decorator
@external("seal0", "hash_keccak_256")
export declare function hashKeccak256(input: usize, length: u32, out: usize): void;
// @ts-ignore: decorator
@external("seal0", "hash_blake2_256")
export declare function hashBlake2b256(input: usize, length: u32, out: usize): void;
// @ts-ignore: decorator
@external("seal0", "hash_blake2_128")
export declare function hashBlake2b128(input: usize, length: u32, out: usize): void;
// @ts-ignore: decorator
@external("seal0", "ecdsa_recover")
export declare function ecdsaRecover(signature: usize, hash: usize, out: usize): u32;
// @ts-ignore: decorator
@external("seal0", "ecdsa_to_eth_address")
export declare function ecdsaToEthAddress(key: usize, out: usize): u32;

// @ts-ignore: decorator
@external("seal0", "deposit_event")
export declare function depositEvent(topics: usize, topicsLength: u32, data: usize, dataLength: u32): void;
// @ts-ignore: decorator
@external("seal0", "debug_message")
export declare function debugMessage(text: usize, length: u32): u32;
