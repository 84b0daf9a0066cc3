/**
 * All that is in a state, read entry by entry: what any two states that are the same have in common, whatever way they
 * came about.
 * @module
 */

import { blake2_256 } from "../../src/crypto/hash.ts";
import { Blob } from "../../src/enclave/state/page.ts";
import {
  writeAccount,
  writeCluster,
  writeCodeFacts,
  writeContractInfo,
  writeHook,
} from "../../src/enclave/state/records.ts";
import { State } from "../../src/enclave/state/state.ts";
import { codeHash } from "../../src/wire/bytes.ts";
import { encode } from "../../src/wire/scale.ts";

/** blake2_256 of the content of a state, as hex. */
export function contentOf(state: State): string {
  const bytes = encode(state, (w) => {
    w.option(state.cluster, writeCluster);
    w.compact(state.accounts.size);
    for (const { key, value } of state.accounts.entries()) writeAccount(w.raw(key), value);
    w.compact(state.codes.size);
    for (const { value } of state.codes.entries()) writeCodeFacts(w.bytes(value.code.open(state.codes.source)), value);
    w.compact(state.contracts.size);
    for (const { value } of state.contracts.entries()) {
      writeContractInfo(w.raw(value.id), value.info);
      w.compact(value.storage.size);
      for (const { slot, value: stored } of value.storage.entries()) w.bytes(slot).bytes(stored);
    }
    w.compact(state.hooks.size);
    for (const { key, value } of state.hooks.entries()) writeHook(w.raw(key), value);
    w.compact(state.weights.size);
    for (const { key, value } of state.weights.entries()) w.raw(key).u32(value);
    w.compact(state.egress.size);
    for (const { key, value } of state.egress.entries()) w.raw(key).bytes(value);
  });
  return Buffer.from(blake2_256(bytes)).toString("hex");
}

/** The root of a state, as hex. */
export const rootOf = (state: State): string => Buffer.from(state.root()).toString("hex");

/** A state of the same content that never was another. */
export function rebuilt(state: State): State {
  const made = State.empty();
  made.cluster = state.cluster;
  for (const { key, value } of state.accounts.entries()) made.accounts.set(key.slice(), value);
  for (const { value } of state.codes.entries()) {
    const code = value.code.open(state.codes.source).slice();
    made.codes.set(codeHash(blake2_256(code)), { ...value, code: Blob.of(code) });
  }
  for (const { value } of state.contracts.entries()) {
    const record = made.newContract(value.id, value.info);
    for (const { slot, value: stored } of value.storage.entries()) record.storage.put(slot.slice(), stored.slice());
    made.contracts.set(record.id, record);
  }
  for (const { key, value } of state.hooks.entries()) made.hooks.set(key.slice(), value);
  for (const { key, value } of state.weights.entries()) made.weights.set(key.slice(), value);
  for (const { key, value } of state.egress.entries()) made.egress.set(key.slice(), value.slice());
  return made;
}
