/**
 * Proofs that a record stands in the state of a cluster, or that none does: what they are in bytes.
 *
 * `crypto/merkle.ts` says how the parts of a state are hashed, and `client/state-proof.ts` checks.
 * @module
 */

import type { Reader, Writer } from "./scale.ts";

/** The parts of a state, in the order in which its root has them. */
export const stateParts = ["accounts", "contracts", "codes", "hooks", "weights", "egress"] as const;
/** What goes before the parts in the state's root. */
export const stateTag = "phatvm/state";

/** What can be proven of whoever asks: facts that the node tells everybody. */
export const provableParts = { account: 0, contract: 1, code: 2 } as const;
export type ProvablePart = keyof typeof provableParts;

/** An entry beside the one that is not there. */
export interface Neighbour {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** blake2_256 of its value. */
  readonly valueHash: Uint8Array;
}

/** What is at the key. */
export type ProofEnd =
  | { readonly kind: "present"; readonly value: Uint8Array }
  | {
      readonly kind: "absent";
      /** The entry before it in its bucket, and the one after it. */
      readonly before: Neighbour | undefined;
      readonly after: Neighbour | undefined;
    };

/** A proof for one key of one part. */
export interface StateProof {
  /** Roots of the parts: 32 bytes each. */
  readonly roots: Uint8Array;
  /** Hash of the cluster's own record: 32 bytes. */
  readonly cluster: Uint8Array;
  /**
   * For each four bits of the key above its bucket, from the first on, six hashes: those of the three children of its
   * four, in order, then those of the three other fours, in order.
   */
  readonly steps: readonly Uint8Array[];
  /** Hashes of the entries of the bucket, 32 bytes each; none when nothing is there. */
  readonly leaves: Uint8Array;
  /** Where in the bucket the entry is, or would be. */
  readonly index: number;
  readonly end: ProofEnd;
}

/** Bytes of the hashes of one step. */
export const stepBytes = 6 * 32;
/** Keys of the provable parts have 32 bytes, four bits to a step. */
export const mostSteps = 64;
/** The most entries of a bucket. */
export const mostLeaves = 16;
/** The longest value of a provable part. */
const mostValueBytes = 1024;

function writeNeighbour(w: Writer, { key, valueHash }: Neighbour): void {
  w.raw(key).raw(valueHash);
}

function readNeighbour(r: Reader): Neighbour {
  return { key: r.raw(32), valueHash: r.raw(32) };
}

export function writeStateProof(w: Writer, proof: StateProof): void {
  w.raw(proof.roots).raw(proof.cluster).u8(proof.steps.length);
  for (const step of proof.steps) w.raw(step);
  w.u8(proof.leaves.length / 32)
    .raw(proof.leaves)
    .u8(proof.index);
  const { end } = proof;
  if (end.kind === "present") w.u8(1).bytes(end.value);
  else w.u8(0).option(end.before, writeNeighbour).option(end.after, writeNeighbour);
}

export function readStateProof(r: Reader): StateProof {
  const roots = r.raw(32 * stateParts.length);
  const cluster = r.raw(32);
  const count = r.u8();
  if (count > mostSteps) throw r.fail(`${count} steps`);
  const steps = Array.from({ length: count }, () => r.raw(stepBytes));
  const entries = r.u8();
  if (entries > mostLeaves) throw r.fail(`a bucket of ${entries}`);
  const [leaves, index, kind] = [r.raw(32 * entries), r.u8(), r.u8()];
  if (index > entries) throw r.fail(`place ${index} of ${entries}`);
  if (kind === 0) {
    const before = r.option(readNeighbour);
    return { roots, cluster, steps, leaves, index, end: { kind: "absent", before, after: r.option(readNeighbour) } };
  }
  if (kind !== 1) throw r.fail(`an end of kind ${kind}`);
  const value = r.bytes();
  if (value.length > mostValueBytes) throw r.fail(`a value of ${value.length} bytes`);
  return { roots, cluster, steps, leaves, index, end: { kind: "present", value } };
}

/** What is asked for. */
export interface StateQuestion {
  readonly part: ProvablePart;
  /** Account, contract or code hash: 32 bytes. */
  readonly key: Uint8Array;
}

const partNames: readonly ProvablePart[] = ["account", "contract", "code"];

export function writeStateQuestion(w: Writer, { part, key }: StateQuestion): void {
  w.u8(provableParts[part]).raw(key);
}

export function readStateQuestion(r: Reader): StateQuestion {
  const number = r.u8();
  const part = partNames[number];
  if (part === undefined) throw r.fail(`part ${number} of the state, of which nothing is proven`);
  return { part, key: r.raw(32) };
}

/** A proof for the state after a block. */
export interface BlockStateProof {
  readonly block: number;
  /** SCALE `StateProof`. */
  readonly proof: Uint8Array;
}

export function writeBlockStateProof(w: Writer, { block, proof }: BlockStateProof): void {
  w.u32(block).bytes(proof);
}

export function readBlockStateProof(r: Reader): BlockStateProof {
  return { block: r.u32(), proof: r.bytes() };
}
