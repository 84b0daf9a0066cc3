/**
 * Proofs of what is in the state and what is not, against its root.
 *
 * They are made of what is public: of an account its balances, of a contract that it is there and its code hash, of code
 * that it is stored; whoever names one of these is told the same without proof. Beside that a proof has hashes in it from
 * which nothing can be told of what is not known already: keys stand in it by their hash, and what is at them by one that
 * the key is part of. So nobody finds out by asking which accounts there are.
 *
 * A contract's storage is secret, and no proof of it leaves the enclave: all of a contract but its code hash goes into one
 * hash with the contract's blind, so that who knows what a storage may hold cannot try which of it fits.
 * @module
 */

import { blake2_256 } from "../../crypto/hash.ts";
import { branchBits, childOf, quarterBits } from "../../crypto/merkle.ts";
import { type ProvablePart, provableParts, type StateProof } from "../../wire/state-proof.ts";
import type { State } from "./state.ts";

/** The six hashes beside a child, of the sixteen of a place where keys part. */
function step(
  children: (child: number) => Uint8Array,
  fours: (group: number) => Uint8Array,
  child: number,
): Uint8Array {
  const bytes = new Uint8Array(6 * 32);
  let at = 0;
  const group = child >> 2;
  for (let i = 4 * group; i < 4 * group + 4; i++) {
    if (i === child) continue;
    bytes.set(children(i), at);
    at += 32;
  }
  for (let i = 0; i < 4; i++) {
    if (i === group) continue;
    bytes.set(fours(i), at);
    at += 32;
  }
  return bytes;
}

/**
 * Proves what is at a key of a part.
 * @param key 32 bytes.
 * @throws {EngineError} what the source throws, of parts that are outside.
 */
export function proveState(state: State, part: ProvablePart, key: Uint8Array): StateProof {
  state.root();
  const roots = new Uint8Array(32 * state.parts.length);
  for (const [i, tree] of state.parts.entries()) roots.set(tree.root(), 32 * i);
  const tree = state.parts[provableParts[part]]!;
  const steps: Uint8Array[] = [];
  const { branches, page } = tree.wayTo(key);
  let depth = 0;
  for (const branch of branches) {
    const child = childOf(key, key.length, depth);
    steps.push(
      step(
        (i) => branch.hashOf(i),
        (i) => branch.hashOfFour(i),
        child,
      ),
    );
    depth += branchBits;
  }
  const head = { roots, cluster: state.clusterHash, steps };
  const none = new Uint8Array(0);
  if (page === undefined) return { ...head, end: { kind: "absent", entries: none, beside: none } };
  const quarter = childOf(key, key.length, depth) >> quarterBits;
  const whole = { from: 0, to: page.count, beside: none };
  const { from, to, beside } = page.isDivided ? page.quarter(quarter, depth) : whole;
  const { write } = tree.values;
  const found = page.search(key, key.length, branchBits * branches.length);
  if (found >= 0) {
    const leaves = new Uint8Array(32 * (to - from));
    for (let i = from; i < to; i++) leaves.set(page.leafHash(i), 32 * (i - from));
    return {
      ...head,
      end: { kind: "present", leaves, index: found - from, beside, value: page.valueBytes(found, write) },
    };
  }
  const entries = new Uint8Array(64 * (to - from));
  for (let i = from; i < to; i++) {
    entries.set(blake2_256(page.key(i)), 64 * (i - from));
    entries.set(page.contentHash(i, write), 64 * (i - from) + 32);
  }
  return { ...head, end: { kind: "absent", entries, beside } };
}
