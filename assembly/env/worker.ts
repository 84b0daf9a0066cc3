/**
 * The worker and the cluster that run the contract: cache, log, randomness, clocks, and who they are.
 *
 * In a transaction every worker must come to the same result, so there the cache reads empty, randomness gives no bytes
 * and the worker's own clock stands at zero.
 */
import { Pink, answered, ask } from "./extension";
import { debugMessage } from "./imports";
import { readRaw, write, writeCompact } from "../scale";
import { SCRATCH, begin, remaining, reserve, written } from "../scratch";
import { AccountId, Hash } from "../types/fixed";
import { Pair } from "../types/array";
import { u128 } from "../types/u128";
import { env } from "./index";

/** Bytes that a worker keeps for a while, outside the contract's state: each worker has its own. */
export namespace cache {
  /** Keeps a value; false when the contract's share of the cache is used up. In a transaction it is kept afterwards. */
  export function set(key: Uint8Array, value: Uint8Array): bool {
    begin();
    write<Uint8Array>(key);
    write<Uint8Array>(value);
    return ask(Pink.CacheSet) == 0;
  }

  /** The value under a key, or null. */
  export function get(key: Uint8Array): Uint8Array | null {
    begin();
    write<Uint8Array>(key);
    ask(Pink.CacheGet);
    return answered<Uint8Array | null>();
  }

  /** Removes a value and gives it back, or null. */
  export function remove(key: Uint8Array): Uint8Array | null {
    begin();
    write<Uint8Array>(key);
    ask(Pink.CacheRemove);
    return answered<Uint8Array | null>();
  }

  /** Lets a value expire so many seconds from now; seven days are usual, 0 removes it. */
  export function expireIn(key: Uint8Array, seconds: u64): void {
    begin();
    write<Uint8Array>(key);
    write<u64>(seconds);
    ask(Pink.CacheExpire);
  }
}

/** Lines for the worker's log and the contract's log handler. */
export namespace log {
  export function error(text: string): void {
    line(1, text);
  }
  export function warn(text: string): void {
    line(2, text);
  }
  export function info(text: string): void {
    line(3, text);
  }
  export function debug(text: string): void {
    line(4, text);
  }
  export function trace(text: string): void {
    line(5, text);
  }
  /** A line for who makes the call: it comes back with the receipt of a dry run. */
  export function toCaller(text: string): void {
    begin();
    const size = String.UTF8.byteLength(text);
    String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, reserve(size));
    debugMessage(SCRATCH, <u32>written());
  }
}

function line(level: u8, text: string): void {
  begin();
  write<u8>(level);
  write<string>(text);
  ask(Pink.Log);
}

/** Randomness. For a value that a transaction can use and nobody can foresee, see `keys.vrf`. */
export namespace random {
  /** At most 255 random bytes; none in a transaction. */
  export function bytes(length: u8): Uint8Array {
    begin();
    write<u8>(length);
    ask(Pink.Random);
    return answered<Uint8Array>();
  }
}

/** Clocks, in milliseconds since 1970. */
export namespace clock {
  /** The time of the block: the same for everybody. */
  export function block(): u64 {
    return env.now();
  }

  /** The worker's own clock, which its owner can set as they like; 0 in a transaction. */
  export function untrusted(): u64 {
    begin();
    ask(Pink.UntrustedMillis);
    return answered<u64>();
  }
}

/** The worker that runs this call. */
export namespace worker {
  /** Whether this is a transaction, or the estimate of one, and not a query. */
  export function isInTransaction(): bool {
    begin();
    ask(Pink.IsInTransaction);
    return answered<bool>();
  }

  /** The worker's public key: zeros in a transaction. */
  export function publicKey(): Hash {
    begin();
    ask(Pink.WorkerPublicKey);
    return answered<Hash>();
  }

  /** The version of the contract runtime. */
  export function runtimeVersion(): Pair<u32, u32> {
    begin();
    ask(Pink.RuntimeVersion);
    return answered<Pair<u32, u32>>();
  }

  /** Runs JavaScript in a query, when the cluster has a runtime for it; the answer is SCALE of a `JsValue`. */
  export function evaluate(sources: string[], args: string[]): Uint8Array {
    begin();
    writeCompact(sources.length);
    for (let i = 0; i < sources.length; ++i) {
      write<u8>(0);
      write<string>(sources[i]);
    }
    write<string[]>(args);
    ask(Pink.JsEval);
    return readRaw(<u32>remaining());
  }

  /** The worker's quote, as SCALE of an `Option<SgxQuote>`. */
  export function quote(): Uint8Array {
    begin();
    ask(Pink.WorkerQuote);
    return readRaw(<u32>remaining());
  }
}

/** The cluster that the contract lives in. */
export namespace cluster {
  /** The cluster's system contract. */
  export function systemContract(): AccountId {
    begin();
    ask(Pink.SystemContract);
    return answered<AccountId>();
  }

  /** What an account of the cluster has: in total, and free. */
  export function balanceOf(account: AccountId): Pair<u128, u128> {
    begin();
    write<AccountId>(account);
    ask(Pink.BalanceOf);
    return answered<Pair<u128, u128>>();
  }

  /** Whether the cluster has code with a hash. */
  export function codeExists(code: Hash, sidevm: bool = false): bool {
    begin();
    write<Hash>(code);
    write<bool>(sidevm);
    ask(Pink.CodeExists);
    return answered<bool>();
  }

  /** Takes the newest system code from the chain; only the system contract may. */
  export function importSystemCode(payer: AccountId): Hash | null {
    begin();
    write<AccountId>(payer);
    ask(Pink.ImportSystemCode);
    return answered<Hash | null>();
  }

  /** The number of the next block of events, and the hash of the last. */
  export function eventChainHead(): Pair<u64, Hash> {
    begin();
    ask(Pink.EventChainHead);
    return answered<Pair<u64, Hash>>();
  }
}
