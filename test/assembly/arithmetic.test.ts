import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { account, type Contract, load } from "./host.ts";

const runs = Number(process.env.PHATVM_TYPE_RUNS ?? 150);
let contract: Contract;
beforeAll(async () => {
  contract = await load("fixtures/types/arithmetic.ts");
  contract.reuse = true;
});

/** Numbers of every length, so that carries, overflows and small divisors all come up. */
const number = (bits: number): fc.Arbitrary<bigint> =>
  fc
    .tuple(fc.integer({ min: 0, max: bits }), fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }), fc.boolean())
    .map(([length, value, edge]) => {
      const top = 2n ** BigInt(length);
      return edge ? (top - 1n) % 2n ** BigInt(bits) : value % top;
    });

type Operation = (a: bigint, b: bigint) => bigint | undefined;
const checked =
  (bits: number, operation: Operation): Operation =>
  (a, b) => {
    const result = operation(a, b);
    return result === undefined || result < 0n || result >= 2n ** BigInt(bits) ? undefined : result;
  };
const modulo = (value: bigint): bigint => BigInt.asUintN(128, value);
const arithmetic: Readonly<Record<string, Operation>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? undefined : a / b),
  rem: (a, b) => (b === 0n ? undefined : a % b),
};
const others: Readonly<Record<string, Operation>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  wrappingAdd: (a, b) => modulo(a + b),
  wrappingSub: (a, b) => modulo(a - b),
  wrappingMul: (a, b) => modulo(a * b),
};

/** What a message gives, or nothing when it traps. */
function result(message: string, ...args: unknown[]): unknown {
  const entry = contract.face.message(message);
  const ended = contract.run("call", contract.face.encodeInput(entry, args));
  if (ended.outcome === "trapped") return undefined;
  return contract.face.decodeOutput(entry, ended.data, false).value;
}

const comparison = (a: bigint, b: bigint): number =>
  (a < b ? 1 : 0) | (a > b ? 2 : 0) | (a <= b ? 4 : 0) | (a >= b ? 8 : 0) | (a === b ? 16 : 0) | (a !== b ? 32 : 0);

describe.each([
  [128, ""],
  [256, "256"],
])("numbers of %i bits compute as bigint does, and trap where it would not fit", (bits, suffix) => {
  const all = bits === 128 ? { ...arithmetic, ...others } : arithmetic;
  test.each(Object.keys(all))("%s", (name) => {
    const expected = checked(bits, all[name]!);
    fc.assert(
      fc.property(number(bits), number(bits), (a, b) => {
        expect(result(name + suffix, a, b)).toBe(expected(a, b));
      }),
      { numRuns: runs },
    );
  });

  test("comparisons", () => {
    fc.assert(
      fc.property(number(bits), number(bits), fc.boolean(), (a, b, equal) => {
        expect(result(`compare${suffix}`, a, equal ? a : b)).toBe(comparison(a, equal ? a : b));
      }),
      { numRuns: runs },
    );
  });
});

describe("numbers of 128 bits", () => {
  test("shift", () => {
    fc.assert(
      fc.property(number(128), fc.integer({ min: 0, max: 127 }), (a, by) => {
        expect(result("shl", a, by)).toBe(modulo(a << BigInt(by)));
        expect(result("shr", a, by)).toBe(a >> BigInt(by));
      }),
      { numRuns: runs },
    );
  });

  test("are read and written in decimal", () => {
    fc.assert(
      fc.property(number(128), (a) => {
        expect(result("digits", a)).toBe(a.toString());
        expect(result("parse", a.toString())).toBe(a);
      }),
      { numRuns: runs },
    );
    for (const text of ["", "-1", "1x", (2n ** 128n).toString()]) expect(result("parse", text)).toBeUndefined();
  });

  test("fit into 64 bits or trap", () => {
    expect(result("small", 2n ** 64n - 1n)).toBe(2n ** 64n - 1n);
    expect(result("small", 2n ** 64n)).toBeUndefined();
  });

  test("multiply and divide without losing the middle", () => {
    fc.assert(
      fc.property(number(128), number(128), number(128), (a, b, c) => {
        const expected = c === 0n ? undefined : checked(128, () => (a * b) / c)(0n, 0n);
        expect(result("mulDiv", a, b, c)).toBe(expected);
      }),
      { numRuns: runs },
    );
  });
});

describe("signed numbers of 128 bits compute as bigint does, and trap where it would not fit", () => {
  const [least, most] = [-(2n ** 127n), 2n ** 127n - 1n];
  const signed = fc
    .tuple(number(127), fc.boolean(), fc.integer({ min: 0, max: 30 }))
    .map(([value, negative, edge]) => (edge === 0 ? least : negative ? -value : value));
  const fits = (value: bigint | undefined): bigint | undefined =>
    value === undefined || value < least || value > most ? undefined : value;

  test.each(Object.keys(arithmetic))("%s", (name) => {
    fc.assert(
      fc.property(signed, signed, (a, b) => {
        expect(result(`${name}Signed`, a, b)).toBe(fits(arithmetic[name]!(a, b)));
      }),
      {
        numRuns: runs,
        examples: [
          [least, -1n],
          [least, least],
          [most, most],
          [least, 1n],
          [0n, least],
        ],
      },
    );
  });

  test("comparisons, signs, decimals and conversions", () => {
    fc.assert(
      fc.property(signed, signed, fc.boolean(), (a, b, equal) => {
        expect(result("compareSigned", a, equal ? a : b)).toBe(comparison(a, equal ? a : b));
        expect(result("negSigned", a)).toBe(fits(-a));
        expect(result("digitsSigned", a)).toBe(a.toString());
        expect(result("parseSigned", a.toString())).toBe(a);
        expect(result("distance", a)).toBe(a < 0n ? -a : a);
        expect(result("amount", a)).toBe(a < 0n ? undefined : a);
        expect(result("smallSigned", a)).toBe(BigInt.asIntN(64, a) === a ? a : undefined);
        expect(result("smallSigned", BigInt.asIntN(64, a))).toBe(BigInt.asIntN(64, a));
        expect(result("fromSmall", BigInt.asIntN(64, a))).toBe(BigInt.asIntN(64, a));
        expect(result("fromAmount", BigInt.asUintN(128, a))).toBe(fits(BigInt.asUintN(128, a)));
      }),
      { numRuns: runs },
    );
    for (const text of ["", "-", "--1", "+1", (2n ** 127n).toString(), (-(2n ** 127n) - 1n).toString()])
      expect(result("parseSigned", text)).toBeUndefined();
  });
});

test("accounts are equal when their bytes are", () => {
  expect(result("same", account(1), account(1))).toBe(1 | 4);
  expect(result("same", account(1), account(2))).toBe(2);
  expect(result("same", account(0), account(0))).toBe(1 | 4 | 8);
});
