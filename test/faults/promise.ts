/**
 * The promise that the campaigns hold the node to: every transaction whose receipt was given is there exactly once, and
 * none is half applied.
 * @module
 */

import { expect } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import type { NodeApi } from "../../src/wire/node.ts";
import { account, ask, message, receiptOf, signed } from "../host/support/extrinsics.ts";
import { data, fixture } from "../host/support/fixtures.ts";

export const counter = fixture("counter");
export const construct = data(counter.selector("new"), 0, 0, 0, 0);
export const increment = data(counter.selector("increment"), 1, 0, 0, 0);
/** The campaigns' sender; ed25519 signatures are the same each time, so an extrinsic can be made again. */
export const sender = account("//Alice", "ed25519");

/** The i-th increment; nonces 0 and 1 went into the deployment. */
export function incrementExtrinsic(genesisHash: Uint8Array, contract: ContractId, i: number): Uint8Array {
  return signed(sender, genesisHash, i + 2, message(contract, increment, Uint8Array.of(i & 255, i >> 8)));
}

/** A receipt that was given for the i-th increment. */
export interface Given {
  readonly i: number;
  readonly block: number;
  readonly index: number;
  readonly receipt: Uint8Array;
}

/** Checks a reopened node against the receipts given, and gives the number of increments that it holds. */
export async function expectPromiseKept(
  node: NodeApi,
  contract: ContractId,
  count: number,
  given: readonly Given[],
): Promise<number> {
  const { genesisHash } = await node.facts();
  const nonce = await node.nextNonce(sender.publicKey);
  const included = nonce - 2;
  const places = new Set<string>();
  for (let i = 0; i < count; i++) {
    const inclusion = await node.inclusion(blake2_256(incrementExtrinsic(genesisHash, contract, i)));
    // Nonces are in order, so what is included is a prefix, without a gap.
    expect(inclusion !== undefined, `increment ${i} of ${included} included`).toBe(i < included);
    if (inclusion === undefined) continue;
    places.add(`${inclusion.block}/${inclusion.index}`);
    expect(receiptOf(inclusion)).toMatchObject({ outcome: "ok", nonce: Uint8Array.of(i & 255, i >> 8) });
  }
  expect(places.size).toBe(included);
  for (const { i, block, index, receipt } of given) {
    const inclusion = await node.inclusion(blake2_256(incrementExtrinsic(genesisHash, contract, i)));
    expect(inclusion).toEqual({ block, index, receipt });
  }
  // The contract counted each of them once.
  await expectCounted(node, contract, included);
  return included;
}

/** Checks how often the contract was incremented. */
export async function expectCounted(node: NodeApi, contract: ContractId, count: number): Promise<void> {
  const { result } = await ask(node, contract, counter.selector("get"), sender.publicKey);
  expect(result).toMatchObject({ ok: true, data: Uint8Array.of(0, count & 255, count >> 8, 0, 0) });
}

/** Random numbers from a seed, so that a failing campaign can be run again. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
