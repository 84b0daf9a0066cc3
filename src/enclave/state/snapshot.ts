/**
 * A state in one canonical form: the same state gives the same bytes, whatever way it came about.
 * @module
 */

import { blake2_256 } from "../../crypto/hash.ts";
import { codeHash, contractId } from "../../wire/bytes.ts";
import type { Reader, Writer } from "../../wire/scale.ts";
import { Blob } from "./page.ts";
import {
  type ContractRecord,
  readAccount,
  readCluster,
  readCodeFacts,
  readContractInfo,
  readHook,
  writeAccount,
  writeCluster,
  writeCodeFacts,
  writeContractInfo,
  writeHook,
} from "./records.ts";
import { State } from "./state.ts";
import type { Trie } from "./trie.ts";

function writeTrie<V extends NonNullable<unknown>>(
  w: Writer,
  trie: Trie<V>,
  write: (entry: { readonly key: Uint8Array; readonly value: V }) => void,
): void {
  w.compact(trie.size);
  for (const entry of trie.entries()) write(entry);
}

function writeContract(w: Writer, record: ContractRecord): void {
  w.raw(record.id);
  writeContractInfo(w, record.info);
  w.compact(record.storage.size);
  for (const { slot, value } of record.storage.entries()) w.bytes(slot).bytes(value);
}

/** Writes a whole state. */
export function writeState(w: Writer, state: State): void {
  w.option(state.cluster, writeCluster);
  writeTrie(w, state.accounts, ({ key, value }) => writeAccount(w.raw(key), value));
  writeTrie(w, state.codes, ({ value }) => writeCodeFacts(w.bytes(value.code.open(state.codes.source)), value));
  writeTrie(w, state.contracts, ({ value }) => writeContract(w, value));
  writeTrie(w, state.hooks, ({ key, value }) => writeHook(w.raw(key), value));
  writeTrie(w, state.weights, ({ key, value }) => w.raw(key).u32(value));
  writeTrie(w, state.egress, ({ key, value }) => w.raw(key).bytes(value));
}

function times(r: Reader, least: number, read: () => void): void {
  const count = r.compact();
  if (count * least > r.remaining) throw r.fail(`${count} entries announced, ${r.remaining} bytes left`);
  for (let i = 0; i < count; i++) read();
}

/** Reads a whole state. */
export function readState(r: Reader): State {
  const state = State.empty();
  state.cluster = r.option(readCluster);
  times(r, 64, () => {
    state.accounts.set(r.raw(32), readAccount(r));
  });
  times(r, 58, () => {
    const code = r.bytes();
    state.codes.set(codeHash(blake2_256(code)), readCodeFacts(r, Blob.of(code)));
  });
  times(r, 194, () => {
    const record = state.newContract(contractId(r.raw(32)), readContractInfo(r));
    times(r, 2, () => {
      record.storage.put(r.bytesView(), r.bytesView());
    });
    state.contracts.set(record.id, record);
  });
  times(r, 44, () => {
    state.hooks.set(r.raw(32), readHook(r));
  });
  times(r, 36, () => {
    state.weights.set(r.raw(32), r.u32());
  });
  times(r, 33, () => {
    state.egress.set(r.raw(32), r.bytes());
  });
  return state;
}
