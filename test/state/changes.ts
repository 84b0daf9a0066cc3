/** Random changes of a state, for tests that compare what became of it. */

import fc from "fast-check";
import { blake2_256 } from "../../src/crypto/hash.ts";
import type { Journal } from "../../src/enclave/state/journal.ts";
import { Blob } from "../../src/enclave/state/page.ts";
import type { ContractInfo } from "../../src/enclave/state/records.ts";
import { accountId, codeHash, contractId } from "../../src/wire/bytes.ts";

/** 32 bytes that stand for a number. */
export const id = (n: number): Uint8Array => blake2_256(Uint8Array.of(n, n >> 8));
/** What is known of a contract, by a number. */
export const info = (n: number): ContractInfo => ({
  codeHash: codeHash(id(200)),
  trieId: id(n + 100),
  blind: id(n + 300),
  storageBytes: n,
  storageItems: 1,
  byteDeposit: BigInt(n),
  itemDeposit: 1n,
  baseDeposit: 2n,
  dependencies: n % 2 === 0 ? [] : [{ codeHash: codeHash(id(201)), deposit: 3n }],
});

/** One change; what it does depends on its kind. */
export type Change = { readonly kind: number; readonly n: number; readonly value: number };
export const change = fc.record({ kind: fc.nat(8), n: fc.nat(6), value: fc.nat(255) });

/** Does something to a state, by journal. */
export function apply(journal: Journal, { kind, n, value }: Change): void {
  const { state } = journal;
  const record = state.contracts.get(id(n));
  switch (kind) {
    case 0:
      journal.setAccount(accountId(id(n)), { free: BigInt(value), held: BigInt(value >> 4) });
      return;
    case 1:
      if (record === undefined) journal.addContract(state.newContract(contractId(id(n)), info(n)));
      else journal.removeContract(record.id);
      return;
    case 2:
    case 3:
      if (record !== undefined) {
        // Few slots and few lengths, so that values are overwritten in place, replaced and removed in every order.
        const slot = id(value % 9);
        if (kind === 3 && value > 128) journal.removeStorage(state.writable(record), slot);
        else journal.setStorage(state.writable(record), slot, new Uint8Array((value >> 4) % 3).fill(value));
      }
      return;
    case 4:
      if (record !== undefined) journal.setInfo(state.writable(record), { ...record.info, storageBytes: value });
      return;
    case 5: {
      const code = new Uint8Array(n + 1).fill(value);
      const stored = {
        code: Blob.of(code),
        owner: accountId(id(1)),
        deposit: 5n,
        determinism: "relaxed" as const,
        users: value,
      };
      journal.setCode(codeHash(blake2_256(code)), value % 3 === 0 ? undefined : stored);
      return;
    }
    case 7:
      journal.setEgress(contractId(id(n)), value % 3 === 0 ? undefined : new Uint8Array(value).fill(n));
      return;
    case 8:
      // Enough for what was a page to be many, and extents of their own.
      if (record !== undefined && value < 64) {
        const own = state.writable(record);
        for (let i = 0; i < 4 * value; i++)
          journal.setStorage(own, id(i + 7 * n), new Uint8Array(i % 2 === 0 ? 40 : 1500).fill(value));
      } else for (let i = 0; i < value; i++) journal.setAccount(accountId(id(i)), { free: BigInt(n), held: 0n });
      return;
    default:
      if (value % 2 === 0) journal.setHook(contractId(id(n)), { selector: value, gasLimit: 7n });
      else journal.setWeight(contractId(id(n)), value >> 1);
  }
}
