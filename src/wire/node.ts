/**
 * What a client needs of a node, in bytes: the same for the node in this process and for one behind a socket.
 * @module
 */

import type { ClusterId } from "./bytes.ts";
import type { EgressRules } from "./egress.ts";
import type { BlockStateProof, StateQuestion } from "./state-proof.ts";

/** The facts of a network that a client signs and encodes with. */
export interface NetworkFacts {
  readonly name: string;
  readonly genesisHash: Uint8Array;
  readonly cluster: ClusterId;
  /** Hash of the enclave's code: 32 bytes, and that it is a simulated platform's word. */
  readonly measurement: Uint8Array;
  readonly platform: string;
  /** ed25519 key that signs receipts. */
  readonly worker: Uint8Array;
}

/** Where an included extrinsic ended up, with the enclave's receipt. */
export interface Inclusion {
  readonly block: number;
  readonly index: number;
  /** SCALE `Receipt`. */
  readonly receipt: Uint8Array;
}

/** What the enclave signed for a block, and what it takes to find a receipt in it. */
export interface BlockProof {
  /** SCALE `BlockSeal`. */
  readonly seal: Uint8Array;
  /** The hashes of the block's receipts, blake2_256 of their cores, in order: 32 bytes each. */
  readonly hashes: Uint8Array;
}

/** A worker that is registered, and what it takes to judge that without the node. */
export interface WorkerRecord {
  /** SCALE `Attestation`. */
  readonly attestation: Uint8Array;
  /** SCALE `Header` of the block that it names, which dates it; undefined when that is the genesis. */
  readonly header: Uint8Array | undefined;
  /** Whether the chain counts on it: it has not expired, and its measurement and platform are still on the lists. */
  readonly active: boolean;
}

/** The workers of a chain. */
export interface Registrations {
  /** SCALE `Genesis`: its terms say how long registrations count. */
  readonly genesis: Uint8Array;
  readonly workers: readonly WorkerRecord[];
  /** The measurements of enclaves that governance allows, 32 bytes each, and the number of the block that added each. */
  readonly measurements: readonly { readonly measurement: Uint8Array; readonly addedAt: number }[];
  /** The keys of platforms whose quotes governance takes. */
  readonly signers: readonly { readonly platform: string; readonly signer: Uint8Array }[];
}

/** A line that a contract logged or a message that it printed. */
export interface LogRecord {
  /** Running number within the node's life. */
  readonly sequence: number;
  readonly block: number;
  /** 32 bytes. */
  readonly contract: Uint8Array;
  /** 1 error, 2 warn, 3 info, 4 debug, 5 trace. */
  readonly level: number;
  readonly text: string;
  /** Whether a query wrote it. */
  readonly query: boolean;
}

/** What a node tells those who listen. */
export interface NodeEvents {
  /** A block is final, executed, and on disk. */
  block: {
    readonly number: number;
    readonly hash: Uint8Array;
    readonly extrinsics: number;
    readonly stateRoot: Uint8Array;
  };
  /** A receipt of a block: SCALE `Receipt`. */
  receipt: { readonly receipt: Uint8Array };
  log: LogRecord;
}

/** A node, as a client sees it. Every method rejects with a typed error; one that waits takes an `AbortSignal`. */
export interface NodeApi {
  facts(): Promise<NetworkFacts>;
  /** The workers that are or were registered. */
  workers(): Promise<Registrations>;
  /** The next nonce of an account, those of waiting extrinsics counted. */
  nextNonce(account: Uint8Array): Promise<number>;
  /**
   * Orders an encoded extrinsic; resolves when its block is executed and on disk.
   *
   * The same bytes again give the same inclusion, never a second execution. An abort ends the waiting, not the extrinsic.
   */
  submit(extrinsic: Uint8Array, signal?: AbortSignal): Promise<Inclusion>;
  /** Where the extrinsic with this hash (blake2_256 of its bytes) is, with its receipt; undefined when no block has it. */
  inclusion(hash: Uint8Array): Promise<Inclusion | undefined>;
  /** Where the extrinsic of this account and nonce is, with its receipt; undefined when no block has it. */
  inclusionOf(account: Uint8Array, nonce: number): Promise<Inclusion | undefined>;
  /** The seal of a block and the hashes of its receipts; undefined when there is no such block. */
  proof(block: number): Promise<BlockProof | undefined>;
  /** Asks the enclave: SCALE `QueryRequest` in, SCALE `QueryAnswer` out. */
  query(request: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /** What queries have cost: SCALE `EgressMetrics`. */
  metrics(): Promise<Uint8Array>;
  /** Whether code is stored, and what is known of a contract. */
  codeExists(hash: Uint8Array): Promise<boolean>;
  /** Code hash of a contract; undefined when there is none. */
  contractCode(contract: Uint8Array): Promise<Uint8Array | undefined>;
  /** Balance in the cluster: (total, free). */
  balance(account: Uint8Array): Promise<{ readonly total: bigint; readonly free: bigint }>;
  /** What is in the state after the last block executed, or that it is not there, with proof. */
  prove(question: StateQuestion): Promise<BlockStateProof>;
  /** What the cluster's owner lets a contract reach; undefined when there is no word of it. */
  egressRules(contract: Uint8Array): Promise<EgressRules | undefined>;
  /** Keeps what names a contract's bundle, so that later commands find its metadata: contract id to metadata JSON. */
  putMetadata(codeHash: Uint8Array, metadata: string): Promise<void>;
  metadata(codeHash: Uint8Array): Promise<string | undefined>;
  /** Recent log lines from a running number on, oldest first. */
  logs(from: number, limit: number): Promise<readonly LogRecord[]>;
  /** Listens; the function returned ends it. */
  on<E extends keyof NodeEvents>(event: E, listener: (value: NodeEvents[E]) => void): () => void;
  close(): Promise<void>;
}
