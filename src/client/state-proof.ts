/**
 * Whether the enclave stands by what a node says of the cluster's state: an account's balances, a contract's code, that
 * code is stored, or that there is no such thing.
 *
 * The check needs nothing but the proof, the key and the root, which the worker has signed for a block.
 * @module
 */

import { blake2_256, blake2Area } from "../crypto/blake2b.ts";
import {
  branchBits,
  childOf,
  hashBucket,
  hashContent,
  hashFour,
  hashLeaf,
  quarterBits,
  wholeBytes,
} from "../crypto/merkle.ts";
import { EngineError } from "../errors.ts";
import { sameBytes, toHex } from "../wire/bytes.ts";
import type { NetworkFacts, NodeApi } from "../wire/node.ts";
import { decode, Writer } from "../wire/scale.ts";
import {
  besideBytes,
  type ProofEnd,
  provableParts,
  readStateProof,
  type StateProof,
  type StateQuestion,
  stateTag,
} from "../wire/state-proof.ts";
import type { Hex } from "./address.ts";
import { type Attested, type VerifyOptions, verifySeal } from "./proof.ts";

/** What a worker's signature says of the state after a block. */
export interface ProvenState<T> extends Attested {
  /** Number of the block. */
  readonly block: number;
  /** Hash of the block. */
  readonly hash: Hex;
  /** Root of the cluster's state after it. */
  readonly stateRoot: Hex;
  /** What is there; undefined: the state has no such thing. */
  readonly value: T | undefined;
}

/** What an account holds in the cluster, in its smallest unit. */
export interface ProvenBalance {
  readonly free: bigint;
  /** Held as deposit for storage or code. */
  readonly held: bigint;
}

const forged = (reason: string): EngineError => new EngineError("StateProofForged", { reason });

/** Puts hashes into the input of the hash function and hashes them as four. */
function four(hashes: readonly Uint8Array[]): Uint8Array {
  for (const [i, hash] of hashes.entries()) blake2Area.input.set(hash, 32 * i);
  hashFour();
  return blake2Area.digestBytes.slice();
}

/** The hash of a leaf whose value is known. */
function leafOf(key: Uint8Array, value: Uint8Array): Uint8Array {
  const whole = value.length <= wholeBytes;
  const said = whole ? value : blake2_256(value);
  hashContent(key, 0, key.length, said, 0, said.length, whole);
  hashLeaf(key, 0, key.length);
  return blake2Area.digestBytes.slice();
}

/** The hashes of the leaves of the bucket that a key belongs into. */
function leavesOf(key: Uint8Array, end: ProofEnd): Uint8Array {
  if (end.kind === "present") {
    const { leaves, index, value } = end;
    if (!sameBytes(leaves.subarray(32 * index, 32 * index + 32), leafOf(key, value))) {
      throw forged("its value is not of the bucket");
    }
    return leaves;
  }
  const keyHash = blake2_256(key);
  const leaves = new Uint8Array(end.entries.length / 2);
  for (let at = 0; at < end.entries.length; at += 64) {
    const entry = end.entries.subarray(at, at + 64);
    if (sameBytes(entry.subarray(0, 32), keyHash)) throw forged("the bucket has the key that it is said not to have");
    leaves.set(blake2_256(entry), at / 2);
  }
  return leaves;
}

/** The hash of four, of one and the three beside it. */
function among(hash: Uint8Array, beside: Uint8Array, place: number): Uint8Array {
  const hashes = [0, 32, 64].map((at) => beside.subarray(at, at + 32));
  hashes.splice(place, 0, hash);
  return four(hashes);
}

/** The root that a step leads to from the hash below it. */
function above(hash: Uint8Array, step: Uint8Array, child: number): Uint8Array {
  const within = among(hash, step.subarray(0, besideBytes), child & 3);
  return among(within, step.subarray(besideBytes), child >> 2);
}

/**
 * Checks a proof: pure, no more than 130 hashes.
 *
 * @param question the key, of 32 bytes, and of what.
 * @param proof SCALE `StateProof`, from anybody.
 * @param stateRoot root that a worker has signed: 32 bytes.
 * @returns the value's bytes; undefined when the proof shows that there is none.
 * @throws {EngineError} `StateProofForged`, whatever is wrong with it.
 */
export function checkStateProof(
  { part, key }: StateQuestion,
  proof: Uint8Array,
  stateRoot: Uint8Array,
): Uint8Array | undefined {
  const { roots, cluster, steps, end } = readable(proof);
  const w = new Writer().raw(new TextEncoder().encode(stateTag)).raw(roots).raw(cluster);
  if (!sameBytes(blake2_256(w.written()), stateRoot)) throw forged("it is of another state");
  const leaves = leavesOf(key, end);
  let hash: Uint8Array = new Uint8Array(32);
  if (leaves.length > 0) {
    blake2Area.input.set(leaves);
    hashBucket(leaves.length / 32);
    hash = blake2Area.digestBytes.slice();
  }
  if (end.beside.length > 0) {
    hash = among(hash, end.beside, childOf(key, key.length, branchBits * steps.length) >> quarterBits);
  }
  for (let i = steps.length - 1; i >= 0; i--) {
    hash = above(hash, steps[i] as Uint8Array, childOf(key, key.length, branchBits * i));
  }
  const at = 32 * provableParts[part];
  if (!sameBytes(hash, roots.subarray(at, at + 32))) throw forged("its hashes do not lead to the root");
  return end.kind === "present" ? end.value : undefined;
}

function readable(proof: Uint8Array): StateProof {
  try {
    return decode(proof, "proof of state", readStateProof);
  } catch (error) {
    throw forged(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Asks a node what is in the state, with proof, and checks it.
 * @param read what the value's bytes say.
 * @param now milliseconds since 1970.
 * @throws {EngineError} `StateProofForged`, `WorkerUntrusted`, `GenesisMismatch`, and what the node says.
 */
export async function proveState<T>(
  node: NodeApi,
  facts: Pick<NetworkFacts, "worker" | "genesisHash">,
  question: StateQuestion,
  read: (value: Uint8Array) => T,
  options: VerifyOptions,
  now: number,
): Promise<ProvenState<T>> {
  const { block, proof } = await node.prove(question);
  const { seal, attested } = await verifySeal(node, facts, block, options, now, forged);
  const value = checkStateProof(question, proof, seal.stateRoot);
  const { hash, stateRoot } = seal;
  return {
    block,
    hash: toHex(hash),
    stateRoot: toHex(stateRoot),
    ...attested,
    value: value === undefined ? undefined : read(value),
  };
}

/** The balances of an account. */
export function readBalance(value: Uint8Array): ProvenBalance {
  return decode(value, "account", (r) => ({ free: r.u128(), held: r.u128() }));
}

/** The code hash of a contract, and the owner of code: what their values begin with. */
export function readFirstHash(value: Uint8Array): Hex {
  return toHex(value.subarray(0, 32));
}
