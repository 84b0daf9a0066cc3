/** The state outside: what is saved comes back, what is clean goes and returns, and nothing else passes for it. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dirtyBytes,
  evict,
  loadState,
  type Place,
  placesOf,
  residentBytes,
  type Saved,
  type SaveOptions,
  saveState,
} from "../../src/enclave/state/extents.ts";
import { Journal } from "../../src/enclave/state/journal.ts";
import { Absent } from "../../src/enclave/state/nodes.ts";
import { Blob, Packed, pageOfEntries } from "../../src/enclave/state/page.ts";
import { writeAccount } from "../../src/enclave/state/records.ts";
import { State } from "../../src/enclave/state/state.ts";
import { Storage } from "../../src/enclave/state/storage.ts";
import { EngineError } from "../../src/errors.ts";
import { accountId, clusterNumber, contractId } from "../../src/wire/bytes.ts";
import { encode } from "../../src/wire/scale.ts";
import { apply, change, id, info } from "./changes.ts";
import { contentOf, rootOf } from "./content.ts";

/** What a folder of extents would be. */
class Outside {
  readonly extents = new Map<number, Uint8Array>();
  reads = 0;

  write(extent: Uint8Array): Place {
    const number = this.extents.size;
    this.extents.set(number, extent.slice());
    return Uint8Array.of(number, number >> 8);
  }

  at(place: Place): number {
    return place[0]! | (place[1]! << 8);
  }

  read(place: Place): Uint8Array {
    this.reads += 1;
    const extent = this.extents.get(this.at(place));
    if (extent === undefined) throw new EngineError("SealBroken", { what: `nothing at ${place}`, reason: "none" });
    return extent.slice();
  }

  /** What is at these places alone. */
  only(places: Iterable<Place>): Outside {
    const some = new Outside();
    for (const place of places) some.extents.set(this.at(place), this.extents.get(this.at(place))!);
    return some;
  }
}

function save(state: State, outside: Outside, options?: SaveOptions): Saved & { readonly fork: State } {
  const fork = state.fork();
  const steps = saveState(fork, outside, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return { ...value, fork };
  }
}

/** A state of so many accounts and a contract of so many slots. */
function large(accounts: number, slots: number, outside?: Outside): { state: State; journal: Journal } {
  const state = State.empty(outside);
  const journal = new Journal(state);
  for (let n = 0; n < accounts; n++) journal.setAccount(accountId(id(n)), { free: BigInt(n + 1), held: 0n });
  journal.addContract(state.newContract(contractId(id(1)), info(1)));
  const record = state.contracts.get(id(1))!;
  for (let n = 0; n < slots; n++) journal.setStorage(record, id(n), new Uint8Array(32).fill(n));
  return { state, journal };
}

describe("a state that was saved", () => {
  it("comes back the same, whatever was changed, saved, let go and moved before, and on forks", () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("change" as const), change }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("save", "fail", "fork", "move", "restart") }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("evict" as const), bytes: fc.nat(60_000) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const outside = new Outside();
        let state = State.empty(outside);
        const model = State.empty();
        const forks: { fork: State; bytes: string; root: string }[] = [];
        let manifest = save(state, outside).manifest;
        let saved = contentOf(model);
        for (const one of steps) {
          if ("change" in one) {
            apply(new Journal(state), one.change);
            apply(new Journal(model), one.change);
            continue;
          }
          const root = rootOf(state);
          expect(root).toBe(rootOf(model));
          if ("bytes" in one) {
            const before = residentBytes(state);
            const freed = evict(state, one.bytes);
            // What was looked at weighs another than what was read only.
            expect(Math.abs(residentBytes(state) - (before - freed))).toBeLessThan(before / 4);
          } else if (one.do === "fork") forks.push({ fork: state.fork(), bytes: contentOf(model), root });
          else if (one.do === "fail") save(state, outside);
          else if (one.do === "restart") {
            state = loadState(manifest, outside);
            expect(contentOf(state)).toBe(saved);
            return;
          } else {
            const moves = one.do === "move" ? (place: Place) => place[0]! % 3 === 0 : undefined;
            const made = save(state, outside, moves && { moves });
            made.commit();
            manifest = made.manifest;
            saved = contentOf(model);
            expect(dirtyBytes(state)).toBeLessThan(20_000);
          }
        }
        expect(contentOf(state)).toBe(contentOf(model));
        for (const { fork, bytes, root } of forks) {
          expect(rootOf(fork)).toBe(root);
          expect(contentOf(fork)).toBe(bytes);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("needs the places that it says, and no others", () => {
    const outside = new Outside();
    const { state, journal } = large(3000, 3000);
    save(state, outside).commit();
    journal.setAccount(accountId(id(5)), { free: 9n, held: 9n });
    const second = save(state, outside);
    second.commit();
    const places = [...placesOf(second.fork)];
    expect(places.length).toBeLessThan(outside.extents.size);
    const kept = outside.only(places);
    expect(contentOf(loadState(second.manifest, kept))).toBe(contentOf(state));
    for (const [number] of kept.extents) {
      const less = outside.only(places.filter((place) => outside.at(place) !== number));
      expect(() => contentOf(loadState(second.manifest, less))).toThrow("nothing at");
    }
  });

  it("is written anew where it is to move, and then needs nothing of the old places", () => {
    const outside = new Outside();
    const { state } = large(4000, 4000);
    save(state, outside).commit();
    const before = outside.extents.size;
    const again = loadState(save(state, outside).manifest, outside);
    const moved = save(again, outside, { moves: (place) => outside.at(place) < before / 2 });
    moved.commit();
    const places = [...placesOf(moved.fork)].map((place) => outside.at(place));
    expect(Math.min(...places)).toBeGreaterThanOrEqual(before / 2);
    expect(places.some((place) => place < before)).toBe(true);
    expect(contentOf(loadState(moved.manifest, outside))).toBe(contentOf(state));
  });

  it("writes what has changed, not what is there", () => {
    const outside = new Outside();
    const { state, journal } = large(10_000, 20_000);
    save(state, outside).commit();
    const size = (from: number): number =>
      [...outside.extents].filter(([n]) => n >= from).reduce((sum, [, { length }]) => sum + length, 0);
    const all = size(0);
    let from = outside.extents.size;
    const nothing = save(state, outside);
    expect(outside.extents.size).toBe(from);
    nothing.commit();
    journal.setStorage(state.writable(state.contracts.get(id(1))!), id(77), new Uint8Array(32));
    state.root();
    from = outside.extents.size;
    save(state, outside).commit();
    expect(size(from)).toBeLessThan(all / 10);
    expect(Math.max(...[...outside.extents.values()].map(({ length }) => length))).toBeLessThan(70_000);
  });

  it("is not clean before the save is committed, and is the same while it is being written", () => {
    const outside = new Outside();
    const { state, journal } = large(5000, 5000, outside);
    const root = rootOf(state);
    const steps = saveState(state.fork(), outside);
    let result = steps.next();
    for (let i = 0; !result.done; i++) {
      journal.setAccount(accountId(id(i)), { free: 1n, held: 5n });
      journal.setStorage(state.writable(state.contracts.get(id(1))!), id(i), Uint8Array.of(i));
      state.root();
      result = steps.next();
    }
    expect(evict(state, 1e9)).toBe(0);
    expect(rootOf(loadState(result.value.manifest, outside))).toBe(root);
    const bytes = contentOf(state);
    result.value.commit();
    expect(evict(state, 1e9)).toBeGreaterThan(100_000);
    expect(contentOf(state)).toBe(bytes);
  });
});

describe("memory", () => {
  it("holds what is used: a state of many small contracts goes almost whole, and comes back by the group", () => {
    const outside = new Outside();
    const state = State.empty(outside);
    const journal = new Journal(state);
    for (let n = 0; n < 10_000; n++) {
      journal.addContract(state.newContract(contractId(id(n)), info(n % 50)));
      const record = state.contracts.get(id(n))!;
      for (let i = 0; i < 3; i++) journal.setStorage(record, id(i), Uint8Array.of(n, n >> 8, i));
    }
    const root = rootOf(state);
    save(state, outside).commit();
    const whole = residentBytes(state);
    evict(state, whole);
    expect(residentBytes(state)).toBeLessThan(whole / 100);
    expect(dirtyBytes(state)).toBeLessThan(2000);
    outside.reads = 0;
    const found = state.contracts.get(id(4321))!.storage.read(id(2))!;
    expect([...found.bytes.subarray(found.from, found.to)]).toEqual([4321 & 255, 4321 >> 8, 2]);
    expect(outside.reads).toBeLessThan(5);
    expect(residentBytes(state)).toBeLessThan(whole / 10);
    expect(rootOf(state)).toBe(root);
    journal.setStorage(state.writable(state.contracts.get(id(4321))!), id(2), Uint8Array.of(1));
    state.root();
    expect(dirtyBytes(state)).toBeLessThan(whole / 50);
  });

  it("lets go of what was not used for longest", () => {
    const outside = new Outside();
    const { state } = large(10_000, 0, outside);
    state.root();
    save(state, outside).commit();
    const whole = residentBytes(state);
    expect(evict(state, 1000)).toBeLessThan(whole / 10);
    evict(state, whole);
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 500; n++) state.accounts.get(id(500 * round + n));
      state.accounts.get(id(3));
      state.root();
    }
    evict(state, residentBytes(state) / 2);
    outside.reads = 0;
    state.accounts.get(id(3));
    expect(outside.reads).toBe(0);
  });

  it("does not hold what it has let go, of a storage whose contract stays", async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const begin = () => {
      const outside = new Outside();
      const { state } = large(0, 100, outside);
      save(state, outside).commit();
      const { storage } = state.contracts.get(id(1))!;
      const node = new WeakRef(storage.node);
      evict(state, 1);
      expect(storage.node).toBeInstanceOf(Absent);
      return { storage, node };
    };
    const { storage, node } = begin();
    await new Promise((resolve) => setTimeout(resolve, 10));
    gc();
    expect(node.deref() === undefined).toBe(true);
    expect(storage.size).toBe(100);
  });

  it.each([0, 1, 1024, 1025, 100_000])("has its cluster, with a system contract of %i bytes", (length) => {
    const outside = new Outside();
    const { state, journal } = large(3, 3);
    journal.setCluster({
      id: clusterNumber(1),
      owner: accountId(id(1)),
      treasury: accountId(id(2)),
      gasPrice: 1n,
      depositPerByte: 2n,
      depositPerItem: 3n,
      profile: "deterministic",
      systemContract: contractId(id(1)),
      systemCode: new Uint8Array(length).fill(7),
      logHandler: undefined,
      jsRuntime: undefined,
      runtimeVersion: [1, 0],
      nonce: 0,
    });
    for (const again of [1, 2]) {
      const { manifest, commit } = save(state, outside);
      const loaded = loadState(manifest, outside);
      expect(contentOf(loaded), `save ${again}`).toBe(contentOf(state));
      expect(rootOf(loaded)).toBe(rootOf(state));
      // What was loaded is saved again, and comes back once more.
      expect(contentOf(loadState(save(loaded, outside).manifest, outside))).toBe(contentOf(state));
      commit();
    }
  });

  it("keeps code outside until it is needed", () => {
    const outside = new Outside();
    const state = State.empty(outside);
    const journal = new Journal(state);
    for (const n of [1, 2]) apply(journal, { kind: 5, n, value: 100 });
    state.root();
    const before = contentOf(state);
    save(state, outside).commit();
    evict(state, 1e9);
    expect(contentOf(state)).toBe(before);
  });
});

describe("what is outside, as it is not", () => {
  const outside = new Outside();
  const { state, journal } = large(100, 500);
  for (const [kind, n, value] of [
    [8, 1, 9],
    [5, 3, 100],
    [6, 2, 4],
    [6, 2, 5],
    [7, 1, 100],
  ] as const)
    apply(journal, { kind, n, value });
  const { manifest } = save(state, outside);
  const good = contentOf(state);

  function refused(bytes: Uint8Array, from: Outside): void {
    try {
      expect(contentOf(loadState(bytes, from))).toBe(good);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      expect(error.code).toMatch(/^(Undecodable|SealBroken)$/);
    }
  }

  it("is refused as undecodable, or is the same, with any byte of the manifest another", () => {
    for (let i = 0; i < manifest.length; i += 2) refused(manifest.with(i, manifest[i]! ^ (1 << (i % 8))), outside);
    for (let length = 0; length < manifest.length; length += 5) {
      expect(() => loadState(manifest.subarray(0, length), outside)).toThrow("not a valid");
    }
  });

  it("is refused as undecodable, or is the same, with any byte of an extent another, or cut, or another's", () => {
    for (const [number, extent] of outside.extents) {
      const step = Math.max(1, Math.floor(extent.length / 25));
      for (let i = 0; i < extent.length; i += step) {
        const changed = outside.only([...outside.extents.keys()].map((n) => Uint8Array.of(n, n >> 8)));
        changed.extents.set(number, extent.with(i, extent[i]! ^ (1 << (i % 8))));
        refused(manifest, changed);
        changed.extents.set(number, extent.subarray(0, i));
        expect(() => contentOf(loadState(manifest, changed))).toThrow("not a valid");
      }
      const next = outside.extents.get((number + 1) % outside.extents.size)!;
      if (Buffer.compare(next, extent) === 0) continue;
      const other = outside.only([...outside.extents.keys()].map((n) => Uint8Array.of(n, n >> 8)));
      other.extents.set(number, next);
      expect(() => contentOf(loadState(manifest, other))).toThrow("not a valid");
    }
  });

  it("is refused with more entries than its hash is of, wherever they stand", () => {
    const small = State.empty();
    for (let n = 0; n < 10; n++) small.accounts.set(new Uint8Array(32).fill(25 * n), { free: BigInt(n), held: 0n });
    const bytes = save(small, outside).manifest;
    // After version, root, no cluster and no code: size, root and the page of the accounts, of 67 bytes each.
    const [size, page, length] = [36, 69, 67];
    const end = page + 2 + 10 * length;
    expect([bytes[size], bytes[page], bytes[page + 1]]).toEqual([10 << 2, 1, 10]);
    const real = Array.from({ length: 10 }, (_, i) => bytes.slice(page + 2 + length * i, page + 2 + length * (i + 1)));
    const other = (n: number): Uint8Array => real[5]!.slice().fill(n, 1, 33);
    const pageOf = (entries: Uint8Array[]): Uint8Array => Buffer.concat([Uint8Array.of(1, entries.length), ...entries]);
    const branchOf = (...pages: Uint8Array[]): Uint8Array =>
      Buffer.concat([Uint8Array.of(2, (1 << pages.length) - 1, 0), ...pages]);
    const load = (node: Uint8Array, count: number): State =>
      loadState(
        Buffer.concat([
          bytes
            .subarray(0, end)
            .with(size, count << 2)
            .subarray(0, page),
          node,
          bytes.subarray(end),
        ]),
        outside,
      );
    expect(contentOf(load(pageOf(real), 10))).toBe(contentOf(small));
    // Keys of the quarters 0 and 1 before all others, and one of quarter 0 after them.
    for (const entries of [
      [other(1), other(70), ...real],
      [...real, other(1)],
    ])
      expect(() => load(pageOf(entries), entries.length)).toThrow("not a valid");
    const parted = branchOf(pageOf([other(1), other(70)]), pageOf(real.slice(0, 5)), pageOf(real.slice(5)));
    expect(() => load(parted, 12)).toThrow("not a valid");
  });

  it("is refused when it is of another kind, though its hash is the same", () => {
    const long = new Uint8Array(300).fill(9);
    const storage = new Storage(1, undefined);
    storage.put(long.subarray(0, 32), long);
    const account = { free: 7n, held: 0n };
    const { accounts } = State.empty();
    accounts.set(long.subarray(0, 32), account);
    const pageOf = (object: unknown) => pageOfEntries([{ key: long.subarray(0, 32), value: undefined, object }], 0);
    const extra = new Uint8Array(0);
    expect(() => new Storage(1, undefined).adopt(pageOf(new Packed(long, extra)), 1, storage.root())).toThrow(
      "of another kind",
    );
    expect(() => new Storage(1, undefined).adopt(pageOf(Blob.of(long)), 1, storage.root())).not.toThrow();
    const value = encode(account, writeAccount);
    expect(() => State.empty().accounts.adopt(pageOf(new Packed(value, extra)), 1, accounts.root())).not.toThrow();
    expect(() => State.empty().accounts.adopt(pageOf(Blob.of(value)), 1, accounts.root())).toThrow("of another kind");
  });

  it("leaves the state as it was when it cannot be read, and works once it can", () => {
    const flaky = new Outside();
    for (const [n, extent] of outside.extents) flaky.extents.set(n, extent);
    const again = loadState(manifest, flaky);
    const root = rootOf(again);
    const held = new Map(flaky.extents);
    flaky.extents.clear();
    const undo = new Journal(again);
    expect(() => {
      for (let n = 0; n < 1000; n++) undo.setAccount(accountId(id(n)), { free: 3n, held: 3n });
    }).toThrow("nothing at");
    for (const [n, extent] of held) flaky.extents.set(n, extent);
    undo.rollback(0);
    expect(rootOf(again)).toBe(root);
    expect(contentOf(again)).toBe(good);
  });
});
