/** The state as a whole: its root, and what a journal takes back. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Journal } from "../../src/enclave/state/journal.ts";
import { State } from "../../src/enclave/state/state.ts";
import { contractId } from "../../src/wire/bytes.ts";
import { apply, change, id, info } from "./changes.ts";
import { contentOf, rebuilt, rootOf } from "./content.ts";

describe("a state", () => {
  it("has the root of its content, whatever way it came about", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const state = State.empty();
        const journal = new Journal(state);
        for (const one of changes) apply(journal, one);
        const again = rebuilt(state);
        expect(contentOf(again)).toBe(contentOf(state));
        expect(rootOf(again)).toBe(rootOf(state));
      }),
      { numRuns: 100 },
    );
  });

  it("is what it was when a journal is rolled back, wherever the mark was", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.array(change, { maxLength: 40 }), (before, after) => {
        const state = State.empty();
        for (const one of before) apply(new Journal(state), one);
        const journal = new Journal(state);
        const root = rootOf(state);
        const bytes = contentOf(state);
        const mark = journal.mark();
        for (const one of after) apply(journal, one);
        journal.rollback(mark);
        expect(contentOf(state)).toBe(bytes);
        expect(rootOf(state)).toBe(root);
      }),
      { numRuns: 150 },
    );
  });

  it("is not touched by what happens on a fork, nor the fork by what happens on it", () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 30 }),
        fc.array(change, { maxLength: 30 }),
        fc.array(change, { maxLength: 30 }),
        (before, here, there) => {
          const state = State.empty();
          for (const one of before) apply(new Journal(state), one);
          const bytes = contentOf(state);
          const fork = state.fork();
          for (const one of there) apply(new Journal(fork), one);
          expect(contentOf(state)).toBe(bytes);
          const there1 = contentOf(fork);
          for (const one of here) apply(new Journal(state), one);
          expect(contentOf(fork)).toBe(there1);
          expect(rootOf(state)).toBe(rootOf(rebuilt(state)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("has a root that sees storage written after the root was last asked for", () => {
    const state = State.empty();
    const journal = new Journal(state);
    journal.addContract(state.newContract(contractId(id(1)), info(1)));
    const roots = new Set([rootOf(state)]);
    for (let i = 0; i < 5; i++) {
      journal.setStorage(state.writable(state.contracts.get(id(1))!), id(9), Uint8Array.of(i));
      roots.add(rootOf(state));
    }
    expect(roots.size).toBe(6);
  });
});
