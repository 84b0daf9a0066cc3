/**
 * What a node can be told when it is opened: where it lives, how it makes blocks, what its first cluster is like.
 *
 * What concerns the genesis (name, cluster, endowment) takes effect when a folder is opened for the first time; later
 * it is read from the folder.
 * @module
 */

import type { EgressOptions, EnclaveLimits, QueryLimits } from "../wire/egress.ts";

/** The terms of the embedded network's cluster. Amounts in its smallest unit. */
export interface ClusterTerms {
  /** Price of one unit of gas (one picosecond of ref_time). Default 1n. */
  readonly gasPrice?: bigint;
  /** Held for each storage item. Default 1n. */
  readonly depositPerItem?: bigint;
  /** Held for each stored byte. Default 1n. */
  readonly depositPerByte?: bigint;
  /** The pass's profile for every contract: "deterministic" (default) or "pink". */
  readonly profile?: string;
  /** Code of the system contract; none by default. */
  readonly systemCode?: Uint8Array;
}

/** How blocks are made. */
export interface BlockOptions {
  /** Milliseconds between blocks, empty ones included. Default: a block at once whenever an extrinsic waits. */
  readonly everyMs?: number;
  /** The most extrinsics in a block: default 512. */
  readonly maxExtrinsics?: number;
  /** The most bytes of extrinsics in a block, unless a single one is larger: default 4 MiB. */
  readonly maxBytes?: number;
}

/** How a node is opened. */
export interface NodeOptions {
  /** The folder it lives in, made when absent. Without one everything is in memory and gone after `close`. */
  readonly dir?: string;
  /** Whether other processes may use the node through the socket in its folder. Default false. */
  readonly listen?: boolean;
  /** Name of the network, for people. Default "phatvm embedded". */
  readonly name?: string;
  readonly cluster?: ClusterTerms;
  /**
   * Balance of each development account (//Alice … //Ferdie), once on the chain and once in the cluster.
   * Default 10^18.
   */
  readonly endowment?: bigint;
  readonly blocks?: BlockOptions;
  /** The way of contracts to the internet: closed to everything inside, open to the rest, unless told otherwise. */
  readonly egress?: EgressOptions;
  /** What queries may take. */
  readonly queries?: QueryLimits;
  /** Blocks between two checkpoints of the enclave's state: default 64. One is taken by `close` in any case. */
  readonly checkpointEvery?: number;
  /**
   * Goes on from what is in the folder although the enclave has been further, after a `RollbackDetected`: what came
   * after is given up for good, and whoever holds a receipt of it will not find it. Default false; to be left false.
   */
  readonly acceptRollback?: boolean;
  /**
   * Where the enclave runs: a "thread" of this process (default), or a "process" of its own, whose crash is not this
   * one's and whose memory is not in this one's heap snapshots.
   */
  readonly isolate?: "thread" | "process";
  /** What of the machine's memory the enclave's state may take. */
  readonly enclave?: EnclaveLimits;
  /** Megabytes of JavaScript heap for the enclave, beside its state: default 1024. */
  readonly enclaveMegabytes?: number;
  /** Hears what went wrong without stopping anything: a damaged checkpoint that was passed over, an enclave restarted. */
  readonly onWarning?: (warning: string) => void;
}
