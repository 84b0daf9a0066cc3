/**
 * The Pink chain extension: what a Phat contract can do and an ordinary contract cannot.
 *
 * A call is: `begin()`, write the arguments, `ask(id)`, read the answer. Host errors trap; the two functions with a
 * status of their own give it back.
 */
import { callChainExtension } from "./imports";
import { read } from "../scale";
import { LENGTH, SCRATCH, SCRATCH_END, failed, open, position, written } from "../scratch";

/** The functions by their numbers. */
export namespace Pink {
  export const HttpRequest: u32 = 1;
  export const Sign: u32 = 2;
  export const Verify: u32 = 3;
  export const DeriveKey: u32 = 4;
  export const PublicKey: u32 = 5;
  export const CacheSet: u32 = 6;
  export const CacheExpire: u32 = 7;
  export const CacheGet: u32 = 8;
  export const CacheRemove: u32 = 9;
  export const Log: u32 = 10;
  export const Random: u32 = 11;
  export const IsInTransaction: u32 = 12;
  export const EcdsaSignPrehashed: u32 = 13;
  export const EcdsaVerifyPrehashed: u32 = 14;
  export const SystemContract: u32 = 15;
  export const BalanceOf: u32 = 16;
  export const WorkerPublicKey: u32 = 17;
  export const UntrustedMillis: u32 = 18;
  export const CodeExists: u32 = 19;
  export const ImportSystemCode: u32 = 20;
  export const RuntimeVersion: u32 = 21;
  export const BatchHttpRequest: u32 = 22;
  export const EventChainHead: u32 = 23;
  export const JsEval: u32 = 24;
  export const WorkerQuote: u32 = 25;
}

/** Calls a function with the arguments in the scratch space; its answer is ready to be read. Gives its status. */
export function ask(id: u32): u32 {
  const out = position();
  return askInto(id, out, SCRATCH_END - out);
}

/** As `ask`, with room elsewhere for an answer that may be large. */
export function askInto(id: u32, out: usize, room: usize): u32 {
  store<u32>(LENGTH, <u32>room);
  const status = callChainExtension(id, SCRATCH, <u32>written(), out, LENGTH);
  open(out, load<u32>(LENGTH));
  return status;
}

/** Takes the answer; traps when it is not what it should be. */
export function answered<T>(): T {
  const value = read<T>();
  if (failed()) unreachable();
  return value;
}
