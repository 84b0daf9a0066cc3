/** A fork of a state in the middle of changes, on which they are taken back: the state as it was, beside the one that goes on. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { evict, loadState, saveState } from "../../src/enclave/state/extents.ts";
import { Journal } from "../../src/enclave/state/journal.ts";
import { State } from "../../src/enclave/state/state.ts";
import { apply, type Change, change, id } from "./changes.ts";
import { contentOf } from "./content.ts";

function changed(state: State, changes: readonly Change[]): Journal {
  const journal = new Journal(state);
  for (const one of changes) apply(journal, one);
  return journal;
}

/** Saves a state, and gives one of the same content of which nothing is in memory. */
function coldAgain(state: State): { readonly cold: State; readonly reads: () => number } {
  const extents: Uint8Array[] = [];
  let reads = 0;
  const sink = { write: (extent: Uint8Array) => Uint8Array.of(extents.push(extent.slice()), extents.length >> 8) };
  const source = {
    read: (place: Uint8Array) => {
      reads++;
      return extents[((place[0]! | (place[1]! << 8)) - 1) & 0xffff]!.slice();
    },
  };
  const steps = saveState(state.fork(), sink);
  for (;;) {
    const step = steps.next();
    if (step.done) return { cold: loadState(step.value.manifest, source), reads: () => reads };
  }
}

const some = fc.array(change, { maxLength: 40 });

it("the fork is what the state was, and what is done to either afterwards is nothing to the other", () => {
  fc.assert(
    fc.property(some, some, some, some, (before, first, second, beside) => {
      const state = State.empty();
      changed(state, before);
      state.root();
      const was = contentOf(state);
      const journal = changed(state, first);
      const now = contentOf(state);
      const fork = state.fork();
      journal.takeBackOn(fork);
      expect(contentOf(fork)).toEqual(was);
      expect(contentOf(state)).toEqual(now);
      // The state goes on by another journal, which can be taken back to here, and the fork goes on too.
      const later = changed(state, second);
      const goneOn = contentOf(state);
      const other = changed(fork, beside);
      const apart = contentOf(fork);
      expect(contentOf(state)).toEqual(goneOn);
      later.rollback(0);
      expect(contentOf(state)).toEqual(now);
      expect(contentOf(fork)).toEqual(apart);
      other.rollback(0);
      expect(contentOf(fork)).toEqual(was);
      expect(contentOf(state)).toEqual(now);
    }),
    { numRuns: 300 },
  );
});

it("the roots are those of states that were never forked", () => {
  fc.assert(
    fc.property(some, some, some, (before, first, second) => {
      const plain = State.empty();
      changed(plain, before);
      const was = plain.root();
      changed(plain, first);
      changed(plain, second);
      const state = State.empty();
      changed(state, before);
      state.root();
      const journal = changed(state, first);
      const fork = state.fork();
      journal.takeBackOn(fork);
      expect(fork.root()).toEqual(was);
      changed(state, second);
      expect(state.root()).toEqual(plain.root());
    }),
    { numRuns: 300 },
  );
});

it("parts that have left memory, before or in between, are read again", () => {
  fc.assert(
    fc.property(some, some, (before, first) => {
      const warm = State.empty();
      changed(warm, before);
      // At the least a contract that is large enough to lie outside in parts.
      if (warm.contracts.get(id(0)) === undefined) changed(warm, [{ kind: 1, n: 0, value: 0 }]);
      changed(warm, [{ kind: 8, n: 0, value: 30 }]);
      const was = contentOf(warm);
      const { cold, reads: readsOf } = coldAgain(warm);
      const journal = changed(cold, first);
      cold.root();
      evict(cold, Number.POSITIVE_INFINITY);
      const fork = cold.fork();
      journal.takeBackOn(fork);
      evict(fork, Number.POSITIVE_INFINITY);
      expect(contentOf(fork)).toEqual(was);
      changed(warm, first);
      expect(contentOf(cold)).toEqual(contentOf(warm));
      expect(readsOf()).toBeGreaterThan(0);
    }),
    { numRuns: 200 },
  );
});
