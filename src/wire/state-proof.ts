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

/**
 * What is at the key, and the bucket that it belongs into. `beside`: the hashes of the three other quarters, in order, 32
 * bytes each; none when the bucket is not one of four.
 */
export type ProofEnd =
  | {
      readonly kind: "present";
      /** Hashes of the entries of the bucket, 32 bytes each. */
      readonly leaves: Uint8Array;
      /** Which of them it is. */
      readonly index: number;
      readonly beside: Uint8Array;
      readonly value: Uint8Array;
    }
  | {
      readonly kind: "absent";
      /** Of each entry of the bucket the hash of its key and that of its content, 64 bytes; none when it is empty. */
      readonly entries: Uint8Array;
      readonly beside: Uint8Array;
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
  readonly end: ProofEnd;
}

/** Bytes of the hashes beside one of four. */
export const besideBytes = 3 * 32;
/** Bytes of the hashes of one step. */
export const stepBytes = 6 * 32;
/** Keys of the provable parts have 32 bytes, four bits to a step. */
export const mostSteps = 64;
/** Entries of a bucket, as `crypto/merkle.ts` has it. */
export const mostEntries = 64;
/** The longest value of a provable part. */
const mostValueBytes = 1024;

export function writeStateProof(w: Writer, { roots, cluster, steps, end }: StateProof): void {
  w.raw(roots).raw(cluster).u8(steps.length);
  for (const step of steps) w.raw(step);
  w.bool(end.beside.length > 0).raw(end.beside);
  if (end.kind === "absent")
    w.u8(0)
      .u8(end.entries.length / 64)
      .raw(end.entries);
  else
    w.u8(1)
      .u8(end.leaves.length / 32)
      .raw(end.leaves)
      .u8(end.index)
      .bytes(end.value);
}

export function readStateProof(r: Reader): StateProof {
  const roots = r.raw(32 * stateParts.length);
  const cluster = r.raw(32);
  const count = r.u8();
  if (count > mostSteps) throw r.fail(`${count} steps`);
  const steps = Array.from({ length: count }, () => r.raw(stepBytes));
  return { roots, cluster, steps, end: readEnd(r) };
}

function readEnd(r: Reader): ProofEnd {
  const beside = r.raw(r.bool() ? besideBytes : 0);
  const kind = r.u8();
  if (kind > 1) throw r.fail(`an end of kind ${kind}`);
  const entries = r.u8();
  if (entries > mostEntries) throw r.fail(`a bucket of ${entries}`);
  if (kind === 0) return { kind: "absent", entries: r.raw(64 * entries), beside };
  const [leaves, index, value] = [r.raw(32 * entries), r.u8(), r.bytes()];
  if (index >= entries) throw r.fail(`place ${index} of ${entries}`);
  if (value.length > mostValueBytes) throw r.fail(`a value of ${value.length} bytes`);
  return { kind: "present", leaves, index, beside, value };
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
