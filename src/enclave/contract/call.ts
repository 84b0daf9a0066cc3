/**
 * What a host function can see and do: the call it serves, and the execution that the call is part of.
 *
 * One `Execution` is one root call or instantiation with everything nested in it; one `Call` is one frame of it. What a
 * call emits or writes is dropped when its frame reverts or traps; what an execution logs or prints is kept.
 * @module
 */

import type { AccountId, ClusterId, CodeHash, ContractId } from "../../wire/bytes.ts";
import type { KeyProvider } from "../keys/provider.ts";

/** Why contract code runs. An estimate is a transaction whose state is thrown away. */
export type Mode = "transaction" | "query" | "estimate";

/** An event of a contract as it was emitted; one that carries the Pink topic alone is a Pink event. */
export interface EmittedEvent {
  readonly contract: ContractId;
  /** 32 bytes each, at most 4. */
  readonly topics: readonly Uint8Array[];
  readonly data: Uint8Array;
}

/** The log levels of the Pink extension. */
export type LogLevel = 1 | 2 | 3 | 4 | 5;

/**
 * What a query has beyond a transaction: a clock, randomness, the worker's identity, and answers from outside.
 *
 * It comes from the caller of the runtime, never from here, so that a query can be run again to the same result.
 */
export interface QueryEnvironment {
  /** Milliseconds since 1970, from the host's clock: not to be trusted. */
  readonly nowMs: bigint;
  /** `length` random bytes. */
  random(length: number): Uint8Array;
  /** The most milliseconds of wall clock that one pass may compute; without a bound when absent. */
  readonly deadlineMs?: number | undefined;
  /** What each frame is suspended with, and by how much gas, when it computes for long: to be done under a deadline. */
  readonly fuse?: { readonly gas: number; readonly request: unknown } | undefined;
  /** What the Pink extension needs beyond this; it alone knows the shape. */
  readonly pink?: unknown;
}

/** Facts of the cluster that contracts can ask about. */
export interface ClusterFacts {
  readonly id: ClusterId;
  readonly owner: AccountId;
  readonly treasury: AccountId;
  /** Price of one unit of gas (one picosecond of ref_time). */
  readonly gasPrice: bigint;
  readonly depositPerItem: bigint;
  readonly depositPerByte: bigint;
  /** The system contract; undefined when the cluster has none. */
  readonly systemContract: ContractId | undefined;
  /** The chain's latest system contract code; undefined when governance has sent none. */
  readonly systemCode: Uint8Array | undefined;
  /** What `runtime_version` answers. */
  readonly runtimeVersion: readonly [major: number, minor: number];
}

/** One root call or instantiation with everything nested in it. */
export interface Execution {
  readonly mode: Mode;
  /** Number of the block: of the one that is executed, or of the last one, for a query. */
  readonly block: number;
  /** Hash of the last block that was executed to its end: 32 bytes. */
  readonly lastBlockHash: Uint8Array;
  /** Milliseconds since 1970 of that block, as the chain saw it. */
  readonly now: bigint;
  readonly cluster: ClusterFacts;
  readonly keys: KeyProvider;
  /** Who started it; undefined is the root origin. */
  readonly origin: AccountId | undefined;
  /** The contract that was called first. */
  readonly entryContract: ContractId;
  /** Present in queries; of an estimate, only its deadline is used. */
  readonly environment: QueryEnvironment | undefined;
  /** Writes a line to the log of a contract; kept whatever becomes of the frame. */
  log(contract: ContractId, level: LogLevel, text: string): void;
  /** Total and free balance of an account in the cluster. */
  balanceOf(account: Uint8Array): { readonly total: bigint; readonly free: bigint };
  /** Whether contract code of this hash is stored. */
  codeExists(hash: Uint8Array): boolean;
  /**
   * Stores code as an upload of `payer`, who pays the deposit; stored code is left alone.
   * @param charge takes the gas for checking it.
   * @throws {DispatchFault} when the code is refused or the payer cannot pay; what `charge` throws.
   */
  uploadCode(code: Uint8Array, payer: AccountId, charge: (gas: number) => void): CodeHash;
}

/** One frame of an execution, as host functions and the Pink extension see it. */
export interface Call {
  readonly execution: Execution;
  /** The contract whose storage and balance the frame works on; of a delegate call: of the one that delegated. */
  readonly contract: ContractId;
  /** Who called; undefined is the root origin. */
  readonly caller: AccountId | undefined;
  /**
   * Takes gas, in ref_time, a safe integer; ends the frame as out of gas when there is less.
   */
  charge(refTime: number): void;
  /** Emits an event of the contract, without the checks of `deposit_event`; dropped when the frame rolls back. */
  emit(topics: readonly Uint8Array[], data: Uint8Array): void;
  /** Unwinds the whole execution as suspended: it is run again from its start once `request` is answered. */
  suspend(request: unknown): never;
}

/** What an extension function answers. */
export interface ExtensionAnswer {
  /** 0, or an error of a function that handles its status. */
  readonly status: number;
  /** SCALE of the result. */
  readonly output: Uint8Array;
}
