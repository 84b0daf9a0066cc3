/** Proofs of what is in a state: whoever has the root can check them, and nothing else passes for one. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkStateProof } from "../../src/client/state-proof.ts";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { bucketEntries } from "../../src/crypto/merkle.ts";
import { evict, loadState, type Place, saveState } from "../../src/enclave/state/extents.ts";
import { Journal } from "../../src/enclave/state/journal.ts";
import { Blob } from "../../src/enclave/state/page.ts";
import { proveState } from "../../src/enclave/state/proofs.ts";
import { State } from "../../src/enclave/state/state.ts";
import { EngineError } from "../../src/errors.ts";
import { accountId, codeHash, contractId } from "../../src/wire/bytes.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import {
  mostEntries,
  type ProofEnd,
  type ProvablePart,
  readStateProof,
  writeStateProof,
} from "../../src/wire/state-proof.ts";
import { id, info } from "./changes.ts";

const parts = ["account", "contract", "code"] as const;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Keys of which many share their first bytes, so that buckets lie at many depths. */
function key(n: number, like: number): Uint8Array {
  const bytes = id(n);
  bytes.fill(0xa5, 0, n % like);
  return bytes;
}

/** A state with something at the keys of even numbers. */
function stateOf(entries: number, like: number): State {
  const state = State.empty();
  const journal = new Journal(state);
  for (let n = 0; n < 2 * entries; n += 2) {
    const at = key(n, like);
    journal.setAccount(accountId(at), { free: BigInt(n + 1), held: 7n });
    journal.addContract(state.newContract(contractId(at), info(n % 50)));
    journal.setStorage(state.contracts.get(at)!, id(1), Uint8Array.of(n));
    const code = { code: Blob.of(Uint8Array.of(n)), owner: accountId(id(n)), deposit: 1n, users: n };
    journal.setCode(codeHash(at), { ...code, determinism: "enforced" });
  }
  return state;
}

const prove = (state: State, part: ProvablePart, at: Uint8Array): Uint8Array =>
  encode(proveState(state, part, at), writeStateProof);

/** What must be said of anything that is not the proof of the question for the root. */
function refused(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    expect(error.code).toBe("StateProofForged");
    return;
  }
  throw new Error("a wrong proof was taken for a right one");
}

describe("a proof of what is in the state", () => {
  it("has room for as many entries as a bucket has", () => {
    expect(mostEntries).toBe(bucketEntries);
  });

  it("shows what is at a key, or that nothing is, however many are there and however alike", () => {
    const sizes = fc.constantFrom(0, 1, 2, 4, 5, 8, 15, 16, 17, 63, 64, 65, 300, 1500);
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom(1, 4, 31),
        fc.array(fc.nat(3100), { maxLength: 30 }),
        (entries, like, asked) => {
          const state = stateOf(entries, like);
          const root = state.root();
          for (const n of [...asked, 0, 1, 2 * entries]) {
            const at = key(n, like);
            const there = n % 2 === 0 && n < 2 * entries;
            const account = checkStateProof({ part: "account", key: at }, prove(state, "account", at), root);
            expect(account && hex(account)).toBe(
              there ? hex(encode(n + 1, (w) => w.u128(BigInt(n + 1)).u128(7n))) : undefined,
            );
            const contract = checkStateProof({ part: "contract", key: at }, prove(state, "contract", at), root);
            expect(contract && hex(contract.subarray(0, 32))).toBe(there ? hex(id(200)) : undefined);
            const code = checkStateProof({ part: "code", key: at }, prove(state, "code", at), root);
            expect(code && hex(code.subarray(0, 32))).toBe(there ? hex(id(n)) : undefined);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("is the same when the state is outside", () => {
    const state = stateOf(500, 4);
    const outside: Uint8Array[] = [];
    const write = (extent: Uint8Array): Place => Uint8Array.of(outside.push(extent.slice()) - 1);
    const steps = saveState(state.fork(), { write });
    let result = steps.next();
    while (!result.done) result = steps.next();
    const again = loadState(result.value.manifest, { read: ([n]) => outside[n!]!.slice() });
    evict(again, 1e9);
    for (const n of [0, 1, 400, 401]) {
      for (const part of parts) expect(prove(again, part, key(n, 4))).toEqual(prove(state, part, key(n, 4)));
    }
  });

  it("is refused with any bit another, with any end cut off, and with anything behind it", () => {
    const state = stateOf(300, 4);
    const root = state.root();
    for (const [n, part] of [
      [40, "account"],
      [41, "account"],
      [44, "contract"],
      [45, "contract"],
      [48, "code"],
      [99_999, "code"],
    ] as const) {
      const question = { part, key: key(n, 4) };
      const proof = prove(state, part, question.key);
      checkStateProof(question, proof, root);
      for (let i = 0; i < proof.length; i++) {
        refused(() => checkStateProof(question, proof.with(i, proof[i]! ^ (1 << (i % 8))), root));
        refused(() => checkStateProof(question, proof.subarray(0, i), root));
      }
      refused(() => checkStateProof(question, Uint8Array.from([...proof, 0]), root));
    }
  });

  it("is refused for another key, another part and another root", () => {
    const state = stateOf(300, 4);
    const root = state.root();
    for (const n of [40, 41]) {
      for (const part of parts) {
        const proof = prove(state, part, key(n, 4));
        for (const other of [38, 39, 42, 43, 9000]) {
          // That something is absent may be shown for its neighbours, too: never that what is there is not.
          if (n % 2 === 0 || other % 2 === 0) refused(() => checkStateProof({ part, key: key(other, 4) }, proof, root));
        }
        for (const wrong of parts) {
          if (wrong !== part) refused(() => checkStateProof({ part: wrong, key: key(n, 4) }, proof, root));
        }
        refused(() => checkStateProof({ part, key: key(n, 4) }, proof, stateOf(301, 4).root()));
      }
    }
  });

  it("is refused when it is put together of true hashes by somebody who would show the opposite", () => {
    const state = stateOf(300, 4);
    const root = state.root();
    const question = { part: "account" as const, key: key(40, 4) };
    const proof = decode(prove(state, "account", question.key), "proof", readStateProof);
    if (proof.end.kind !== "present") throw new Error("it is there");
    const { leaves, index, beside } = proof.end;
    expect(beside).toHaveLength(96);
    const changed = (end: ProofEnd, steps = proof.steps): Uint8Array =>
      encode({ ...proof, end, steps }, writeStateProof);
    const none = new Uint8Array(0);
    const absent = (entries: Uint8Array = none, others: Uint8Array = beside): ProofEnd => ({
      kind: "absent",
      entries,
      beside: others,
    });
    const without = new Uint8Array([...leaves.subarray(0, 32 * index), ...leaves.subarray(32 * index + 32)]);
    const [last] = proof.steps.slice(-1) as [Uint8Array];
    for (const forgery of [
      changed(absent()),
      changed(absent(without.subarray(0, 64 * Math.floor(without.length / 64)))),
      changed(absent(leaves.subarray(0, 64 * Math.floor(leaves.length / 64)))),
      changed(absent(), []),
      changed(absent(none, none)),
      changed(absent(none, none), []),
      // A place where four bits part, shown as one where two do, and the other way about.
      changed(absent(none, last.subarray(0, 96)), proof.steps.slice(0, -1)),
      changed(absent(none, last.subarray(96)), proof.steps.slice(0, -1)),
      changed({ ...proof.end, beside: none }),
      changed({ ...proof.end, beside: none }, [...proof.steps, new Uint8Array([...beside, ...last.subarray(96)])]),
      changed({ ...proof.end, beside: new Uint8Array([...beside.subarray(32), ...beside.subarray(0, 32)]) }),
      changed({ ...proof.end, beside: last.subarray(0, 96) }, proof.steps.slice(0, -1)),
      changed(proof.end, proof.steps.slice(1)),
      changed(proof.end, [...proof.steps, ...proof.steps]),
      changed(
        proof.end,
        Array.from({ length: 64 }, () => new Uint8Array(192)),
      ),
    ])
      refused(() => checkStateProof(question, forgery, root));
    for (const junk of [new Uint8Array(0), new Uint8Array(1 << 20), new Uint8Array(1 << 20).fill(255)]) {
      refused(() => checkStateProof(question, junk, root));
    }
  });

  it("tells nothing of who else is there, what they have, or what a contract keeps", () => {
    const state = stateOf(200, 4);
    for (const n of [40, 41]) {
      for (const part of parts) {
        const proof = hex(prove(state, part, key(n, 4)));
        for (let other = 0; other < 400; other += 2) {
          // 200 is the code of every contract.
          if (other === n || other === 200) continue;
          const at = key(other, 4);
          expect(proof).not.toContain(hex(at));
          expect(proof).not.toContain(hex(encode(0, (w) => w.u128(BigInt(other + 1)).u128(7n))));
          expect(proof).not.toContain(hex(blake2_256(encode(0, (w) => w.u128(BigInt(other + 1)).u128(7n)))));
        }
        for (const { value } of state.contracts.entries()) {
          expect(proof).not.toContain(hex(value.storage.root()));
          expect(proof).not.toContain(hex(value.info.blind));
        }
      }
    }
  });

  it("has a root that cannot be tried against guesses of what a storage holds", () => {
    const roots = [1, 2].map((blind) => {
      const state = State.empty();
      const journal = new Journal(state);
      journal.addContract(state.newContract(contractId(id(1)), { ...info(1), blind: id(blind) }));
      journal.setStorage(state.contracts.get(id(1))!, id(2), Uint8Array.of(1));
      return hex(state.root());
    });
    expect(roots[0]).not.toBe(roots[1]);
  });
});
