import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cacheBudget, LocalCache, quotas } from "../../src/enclave/contract/pink/cache.ts";
import { type ContractId, contractId, toHex } from "../../src/wire/bytes.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const foo = contractId(new Uint8Array(32).fill(1));
const bar = contractId(new Uint8Array(32).fill(2));
const baz = contractId(new Uint8Array(32).fill(3));

/** A cache with a clock to be set, and a quota for one contract. */
function cacheOf(quota: number, contract: ContractId = foo): { cache: LocalCache; clock: { now: number } } {
  const clock = { now: 1000 };
  const cache = new LocalCache(() => clock.now);
  cache.applyQuotas(new Map([[toHex(contract), quota]]));
  return { cache, clock };
}

describe("the local cache", () => {
  test("a contract without weight can keep nothing", () => {
    const cache = new LocalCache(() => 0);
    expect(cache.set(foo, text("k"), text("v"))).toBe(false);
    cache.applyWeights([{ contract: foo, weight: 0 }]);
    expect(cache.set(foo, text("k"), text("v"))).toBe(false);
    expect(cache.get(foo, text("k"))).toBeUndefined();
  });

  test("a value that does not fit is refused, and what was there stays", () => {
    const { cache } = cacheOf(10);
    expect(cache.set(foo, text("foo"), text("bar-0"))).toBe(true);
    expect(cache.size(foo)).toBe(8);
    expect(cache.set(foo, text("bar"), text("a value of 19 bytes"))).toBe(false);
    expect(cache.get(foo, text("bar"))).toBeUndefined();
    expect(cache.get(foo, text("foo"))).toEqual(text("bar-0"));

    const other = cacheOf(10).cache;
    expect(other.set(foo, text("foo"), text("value"))).toBe(true);
    expect(other.set(foo, text("bar"), text("value"))).toBe(false);
  });

  test("the size is that of keys and values, however they change", () => {
    const { cache } = cacheOf(100);
    const sizes: number[] = [];
    for (const value of ["bar", "foobar", "bar"]) {
      expect(cache.set(foo, text("foo"), text(value))).toBe(true);
      sizes.push(cache.size(foo));
    }
    cache.remove(foo, text("foo"));
    expect([...sizes, cache.size(foo)]).toEqual([6, 9, 6, 0]);
  });

  test("an overwriting value that does not fit has cost the old one; a smaller quota drops what expires soonest", () => {
    const { cache } = cacheOf(20);
    const sizes: number[] = [];
    for (const [key, value, seconds] of [
      ["k0", "v0", 1000n],
      ["k1", "v1", 50n],
      ["k2", "v2", 200n],
      ["k3", "v3", 100n],
      ["k4", "v", 100n],
    ] as const) {
      expect(cache.set(foo, text(key), text(value))).toBe(true);
      cache.setExpiration(foo, text(key), seconds);
      sizes.push(cache.size(foo));
    }
    expect(sizes).toEqual([4, 8, 12, 16, 19]);
    expect(cache.set(foo, text("k4"), text("12345"))).toBe(false);
    expect(cache.size(foo)).toBe(16);
    expect(cache.get(foo, text("k4"))).toBeUndefined();
    cache.applyQuotas(new Map([[toHex(foo), 10]]));
    expect(cache.size(foo)).toBe(8);
    expect(["k0", "k1", "k2", "k3"].filter((key) => cache.get(foo, text(key)) !== undefined)).toEqual(["k0", "k2"]);
    cache.applyQuotas(new Map([[toHex(foo), 0]]));
    expect(cache.size(foo)).toBe(0);
  });

  test("shares follow the weights and are rounded down", () => {
    const share = (weights: readonly (readonly [ContractId, number])[]): number[] => {
      const all = quotas(weights.map(([contract, weight]) => ({ contract, weight })));
      return weights.map(([contract]) => all.get(toHex(contract)) as number);
    };
    const max = 0xffff_ffff;
    expect(share([[foo, 0], [bar, 0]])).toEqual([0, 0]); // biome-ignore format: one case a line
    expect(share([[foo, 0], [bar, 1]])).toEqual([0, cacheBudget]); // biome-ignore format: one case a line
    expect(share([[foo, 0], [bar, max], [baz, max]])).toEqual([0, cacheBudget / 2, cacheBudget / 2]); // biome-ignore format: one case a line
    expect(share([[foo, 0], [bar, 1], [baz, max]])).toEqual([0, 0, cacheBudget - 1]); // biome-ignore format: one case a line
  });

  test("an entry lives seven days, or as long as it was given, and cannot be brought back", () => {
    const { cache, clock } = cacheOf(100);
    cache.set(foo, text("k"), text("v"));
    clock.now += 7 * 24 * 3600 - 1;
    expect(cache.get(foo, text("k"))).toEqual(text("v"));
    clock.now += 1;
    expect(cache.get(foo, text("k"))).toBeUndefined();
    cache.setExpiration(foo, text("k"), 100n);
    expect(cache.get(foo, text("k"))).toBeUndefined();
    expect(cache.size(foo)).toBe(0);

    cache.set(foo, text("k"), text("v"));
    cache.setExpiration(foo, text("k"), 5n);
    clock.now += 5;
    expect(cache.remove(foo, text("k"))).toBeUndefined();

    cache.set(foo, text("k"), text("v"));
    cache.setExpiration(foo, text("k"), 0n);
    expect(cache.get(foo, text("k"))).toBeUndefined();

    cache.set(foo, text("k"), text("v"));
    cache.setExpiration(foo, text("k"), 2n ** 64n - 1n);
    clock.now += 1e9;
    expect(cache.get(foo, text("k"))).toEqual(text("v"));
  });

  test("expired entries make room before a value is refused", () => {
    const { cache, clock } = cacheOf(10);
    cache.set(foo, text("old"), text("12345"));
    cache.setExpiration(foo, text("old"), 1n);
    expect(cache.set(foo, text("new"), text("12345"))).toBe(false);
    clock.now += 1;
    expect(cache.set(foo, text("new"), text("12345"))).toBe(true);
  });

  test("contracts do not see each other's entries, nor the caller's later changes to its buffers", () => {
    const { cache } = cacheOf(100);
    cache.applyWeights([foo, bar].map((contract) => ({ contract, weight: 1 })));
    const value = text("secret");
    cache.set(foo, text("k"), value);
    value.fill(0);
    expect(cache.get(bar, text("k"))).toBeUndefined();
    (cache.get(foo, text("k")) as Uint8Array).fill(0);
    expect(cache.get(foo, text("k"))).toEqual(text("secret"));
  });

  test("millions of tiny entries cannot fill the worker's memory", () => {
    const { cache } = cacheOf(6400);
    let stored = 0;
    for (let i = 0; i < 6400 / 2; i++) if (cache.set(foo, Uint8Array.of(i & 255, i >> 8), new Uint8Array())) stored++;
    expect(stored).toBe(16 + 6400 / 32);
    expect(cache.set(foo, Uint8Array.of(0, 0), text("overwriting is no new entry"))).toBe(true);
  });

  test("whatever is done, no contract holds more than its quota and the sizes add up", () => {
    const keys = fc.constantFrom("", "a", "b", "abc").map(text);
    const step = fc.oneof(
      fc.record({ op: fc.constant("set"), key: keys, value: fc.uint8Array({ maxLength: 12 }) }),
      fc.record({ op: fc.constant("expire"), key: keys, seconds: fc.bigInt(0n, 5n) }),
      fc.record({ op: fc.constant("remove"), key: keys }),
      fc.record({ op: fc.constant("wait"), seconds: fc.nat(4) }),
      fc.record({ op: fc.constant("quota"), quota: fc.integer({ min: 1, max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { cache, clock } = cacheOf(20);
        let quota = 20;
        for (const s of steps) {
          if ("value" in s) {
            const fits = cache.set(foo, s.key, s.value);
            expect(cache.get(foo, s.key)).toEqual(fits ? s.value : undefined);
          } else if ("key" in s && "seconds" in s) cache.setExpiration(foo, s.key, s.seconds as bigint);
          else if ("key" in s) cache.remove(foo, s.key);
          else if ("quota" in s) cache.applyQuotas(new Map([[toHex(foo), (quota = s.quota)]]));
          else clock.now += s.seconds as number;
          expect(cache.size(foo)).toBeLessThanOrEqual(quota);
        }
        for (const key of ["", "a", "b", "abc"]) cache.remove(foo, text(key));
        expect(cache.size(foo)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
