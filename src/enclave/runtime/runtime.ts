/**
 * pRuntime: verified blocks in, sealed receipts out; queries on snapshots.
 *
 * The relay is not trusted: a block is executed only when it continues the header chain, is signed by the authority and
 * carries the very messages that its header commits to. A block that is refused changes nothing. There is no clock
 * here: the time is the chain's, and what a query needs beyond it comes with the query.
 *
 * Who may send what (the chain answers for the sender of a message):
 * - cluster events `deploy`, `deposit`, `systemCode`: the pallet, or for `deploy` and `systemCode` the governor's
 *   account;
 * - cluster event `upload`: an account, who pays the deposit;
 * - instantiations: an account;
 * - commands: an account; or the pallet, whose command runs without gas payment in the name of the system contract.
 * Everything else is answered by a `refused` receipt.
 * @module
 */

import type { Machine } from "../../vm/index.ts";
import type { RelayedBlock } from "../../wire/block.ts";
import type { BlockHash, ClusterId } from "../../wire/bytes.ts";
import type { LogRecord } from "../../wire/node.ts";
import type { QueryAnswer, QueryRequest } from "../../wire/query.ts";
import type { SealedReceipts } from "../../wire/receipt.ts";
import type { QueryEnvironment } from "../contract/call.ts";
import type { KeyProvider } from "../keys/provider.ts";

/** A log line; the host numbers it. */
export type RuntimeLog = Omit<LogRecord, "sequence">;

/** What the runtime stands on. */
export interface RuntimeServices {
  readonly machine: Machine;
  readonly keys: KeyProvider;
  /** Takes what contracts log and print, as it happens; a block that fails has logged what it had. */
  readonly log?: (record: RuntimeLog) => void;
}

/** What executing a block gives. */
export interface DispatchResult {
  /** One receipt for each message, then one for each block-end hook, and the seal over them. */
  readonly sealed: SealedReceipts;
}

/** How one pass of a query ended. */
export type QueryPass =
  | { readonly type: "answered"; readonly answer: QueryAnswer }
  /** The query waits for something outside; run it again with the same snapshot once `request` is answered. */
  | { readonly type: "suspended"; readonly request: unknown };

/** The contract runtime of one isolate: one chain, at most one cluster. */
export declare class Runtime {
  /**
   * Starts at the genesis block.
   * @param genesis SCALE `Genesis`; its blake2_256 is the hash of block 0.
   */
  static create(genesis: Uint8Array, services: RuntimeServices): Runtime;
  /**
   * Starts from what `snapshot` gave.
   * @throws {EngineError} `Undecodable` when the snapshot is damaged, `GenesisMismatch` when it is another chain's.
   */
  static restore(genesis: Uint8Array, snapshot: Uint8Array, services: RuntimeServices): Runtime;

  /** Number of the last block executed. */
  get height(): number;
  /** Its hash. */
  get hash(): BlockHash;
  /** Root of the state after it: 32 bytes. */
  get stateRoot(): Uint8Array;
  /** The cluster that this worker serves; undefined until one was deployed. */
  get cluster(): ClusterId | undefined;

  /**
   * Executes the next block.
   * @throws {EngineError} `BlockRefused` when the block does not continue the chain or is not what its header says;
   *   any `EngineError` leaves the state as it was before the block.
   */
  dispatch(block: RelayedBlock): DispatchResult;

  /**
   * Runs one pass of a query on the newest state; nothing of it is written.
   * @throws {EngineError} `NoCluster` before a cluster was deployed.
   */
  query(request: QueryRequest, environment: QueryEnvironment): QueryPass;

  /** The whole state in one canonical form. */
  snapshot(): Uint8Array;

  /** Whether contract code of this hash is stored. */
  codeExists(hash: Uint8Array): boolean;
  /** The code hash of a contract; undefined when there is none. */
  contractCode(contract: Uint8Array): Uint8Array | undefined;
  /** Balance of an account in the cluster. */
  balance(account: Uint8Array): { readonly total: bigint; readonly free: bigint };
}
