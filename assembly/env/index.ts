/**
 * Where a contract finds out what surrounds it: who calls, what came along, which block it is, how much gas is left.
 */
import { AccountId, Hash, at32 } from "../types/fixed";
import { u128 } from "../types/u128";
import { LENGTH, SCRATCH, SCRATCH_SIZE, copy } from "../scratch";
import * as host from "./imports";

/** The call, the block and the contract itself. */
export namespace env {
  /** Who called this message: an account or another contract. */
  export function caller(): AccountId {
    room(32);
    host.caller(SCRATCH, LENGTH);
    return at32<AccountId>(SCRATCH);
  }

  /** This contract's own account. */
  export function self(): AccountId {
    room(32);
    host.address(SCRATCH, LENGTH);
    return at32<AccountId>(SCRATCH);
  }

  /** What this contract can spend, with what came along already in it. */
  export function balance(): u128 {
    room(16);
    host.balance(SCRATCH, LENGTH);
    return amount();
  }

  /** What came along with this call. */
  export function value(): u128 {
    room(16);
    host.valueTransferred(SCRATCH, LENGTH);
    return amount();
  }

  /** The least an account must hold to exist. */
  export function minimumBalance(): u128 {
    room(16);
    host.minimumBalance(SCRATCH, LENGTH);
    return amount();
  }

  /** What an amount of gas costs. */
  export function priceOf(gas: u64): u128 {
    room(16);
    host.weightToFee(gas, SCRATCH, LENGTH);
    return amount();
  }

  /** The number of the block that this call belongs to. */
  export function blockNumber(): u32 {
    room(4);
    host.blockNumber(SCRATCH, LENGTH);
    return load<u32>(SCRATCH);
  }

  /** The time of that block, in milliseconds since 1970. */
  export function now(): u64 {
    room(8);
    host.now(SCRATCH, LENGTH);
    return load<u64>(SCRATCH);
  }

  /** The gas that is left, in units of ref_time. */
  export function gasLeft(): u64 {
    room(8);
    host.gasLeft(SCRATCH, LENGTH);
    return load<u64>(SCRATCH);
  }

  /** Whether the caller is the account that signed the transaction, and no contract stands between. */
  export function callerIsOrigin(): bool {
    return host.callerIsOrigin() != 0;
  }

  /** Whether an account is a contract. */
  export function isContract(account: AccountId): bool {
    return host.isContract(changetype<usize>(account)) != 0;
  }

  /** The hash of this contract's code. */
  export function codeHash(): Hash {
    room(32);
    host.ownCodeHash(SCRATCH, LENGTH);
    return at32<Hash>(SCRATCH);
  }

  /** The hash of another contract's code, or null when the account is not a contract. */
  export function codeHashOf(account: AccountId): Hash | null {
    room(32);
    return host.codeHash(changetype<usize>(account), SCRATCH, LENGTH) == 0 ? at32<Hash>(SCRATCH) : null;
  }

  /** All that came with this call: four bytes of selector, then the arguments, encoded. */
  export function input(): Uint8Array {
    room(<u32>SCRATCH_SIZE);
    host.input(SCRATCH, LENGTH);
    const bytes = new Uint8Array(load<u32>(LENGTH));
    copy(bytes.dataStart, SCRATCH, bytes.length);
    return bytes;
  }

  /** The selector of this call, as the metadata prints it: which one it was, in a message that takes any. */
  export function selector(): u32 {
    room(<u32>SCRATCH_SIZE);
    host.input(SCRATCH, LENGTH);
    return bswap<u32>(load<u32>(SCRATCH));
  }

  /** Sends an amount to an account; false when this contract cannot spend so much. */
  export function transfer(to: AccountId, amount: u128): bool {
    return host.transfer(changetype<usize>(to), 32, changetype<usize>(amount), 16) == 0;
  }

  /** Removes this contract and sends what it holds to an account. Does not return. */
  export function terminate(beneficiary: AccountId): void {
    host.terminate(changetype<usize>(beneficiary));
    unreachable();
  }

  /** From the next call on, this contract runs other code; false when there is no such code. */
  export function setCodeHash(code: Hash): bool {
    return host.setCodeHash(changetype<usize>(code)) == 0;
  }

  /** Calls the chain's runtime with an encoded call; false when it refused. Phat's runtime opens no call to contracts. */
  export function callRuntime(call: Uint8Array): bool {
    return host.callRuntime(call.dataStart, call.length) == 0;
  }
}

function room(size: u32): void {
  store<u32>(LENGTH, size);
}

function amount(): u128 {
  return new u128(load<u64>(SCRATCH), load<u64>(SCRATCH, 8));
}
