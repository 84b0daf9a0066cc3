import { randomBytes } from "node:crypto";
import { secp256k1 as reference } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ecdsaPublicKey,
  ethereumAddress,
  isEcdsaSecret,
  recoverEcdsa,
  signEcdsa,
  verifyEcdsa,
} from "../../src/crypto/ecdsa.ts";
import { makeFieldSecp256k1, modulus as p } from "../../src/crypto/field-secp256k1.ts";
import { keccak_256 } from "../../src/crypto/hash.ts";
import { order, secp256k1 } from "../../src/crypto/secp256k1.ts";

const { Point } = reference;
const { generatorMultiple, liftX, sumOfMultiples } = secp256k1();
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const bytes = (value: bigint): Uint8Array => Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
const fresh = (): bigint => number(randomBytes(32)) % order;
const mod = (value: bigint): bigint => ((value % p) + p) % p;

describe("the field", () => {
  const field = makeFieldSecp256k1();
  const ends = [0n, 1n, 2n, p - 1n, p, p + 1n, 2n ** 256n - 1n, 2n ** 260n - 1n, 2n ** 234n, 2n ** 26n - 1n];
  const element = fc.oneof(fc.constantFrom(...ends), fc.bigInt(0n, 2n ** 260n - 1n));
  const [a, b, c] = [field.allocate(), field.allocate(), field.allocate()];

  test("is arithmetic modulo p, for any operands that stand for an element", () => {
    fc.assert(
      fc.property(element, element, (x, y) => {
        field.setNumber(a, x);
        field.setNumber(b, y);
        field.mul(c, a, b);
        expect(field.toNumber(c)).toBe(mod(x * y));
        field.sqr(c, a);
        expect(field.toNumber(c)).toBe(mod(x * x));
        field.add(c, a, b);
        expect(field.toNumber(c)).toBe(mod(x + y));
        field.sub(c, a, b);
        expect(field.toNumber(c)).toBe(mod(x - y));
      }),
      { numRuns: 500, examples: ends.flatMap((x) => ends.map((y): [bigint, bigint] => [x, y])) },
    );
  });

  test("takes its own results, however long the chain of operations", () => {
    let value = 3n;
    field.setNumber(a, value);
    field.setNumber(b, p - 5n);
    for (let i = 0; i < 2000; i++) {
      field.sub(a, a, b);
      field.add(a, a, a);
      field.sqr(a, a);
      field.sub(a, b, a);
      value = mod(p - 5n - (2n * (value - (p - 5n))) ** 2n);
    }
    expect(field.toNumber(a)).toBe(value);
  });
});

describe("points", () => {
  const scalars = [1n, 2n, 3n, 15n, 16n, 17n, 2n ** 128n, order - 1n, order - 2n, ...Array.from({ length: 20 }, fresh)];

  test("multiples of the generator are the reference's", () => {
    for (const n of scalars) expect(generatorMultiple(n)).toEqual(Point.BASE.multiply(n).toAffine());
    expect(generatorMultiple(0n)).toBeUndefined();
    expect(generatorMultiple(order)).toBeUndefined();
  });

  test("sums of multiples are too, also where points meet or cancel", () => {
    for (const n of scalars) {
      const k = fresh() || 1n;
      const peer = Point.BASE.multiply(k);
      const m = fresh() || 1n;
      const expected = Point.BASE.multiply(m).add(peer.multiply(n)).toAffine();
      expect(sumOfMultiples(m, n, peer.toAffine())).toEqual(expected);
      const cancelling = (order - ((n * k) % order)) % order;
      expect(sumOfMultiples(cancelling, n, peer.toAffine())).toBeUndefined();
    }
    const g = Point.BASE.toAffine();
    expect(sumOfMultiples(5n, 5n, g)).toEqual(Point.BASE.multiply(10n).toAffine());
    expect(sumOfMultiples(0n, 0n, g)).toBeUndefined();
  });

  test("an x coordinate lifts exactly when the reference says so", () => {
    let lifted = 0;
    for (let i = 0; i < 100; i++) {
      const x = number(randomBytes(32));
      for (const odd of [false, true]) {
        let expected: unknown;
        try {
          expected = Point.fromBytes(Uint8Array.from([odd ? 3 : 2, ...bytes(x)])).toAffine();
        } catch {
          expected = undefined;
        }
        expect(liftX(x, odd)).toEqual(expected);
        if (expected !== undefined) lifted++;
      }
    }
    expect(lifted).toBeGreaterThan(40);
    for (const x of [p, p + 1n, 2n ** 256n - 1n]) expect(liftX(x, true)).toBeUndefined();
  });
});

describe("ECDSA beside the reference", () => {
  test("signatures are the same, byte for byte, and recover to the key", () => {
    for (let i = 0; i < 25; i++) {
      const secret = bytes(i === 0 ? 1n : i === 1 ? order - 1n : fresh());
      const hash =
        i === 2 ? new Uint8Array(32).fill(255) : i === 3 ? new Uint8Array(32) : bytes(number(randomBytes(32)));
      const expected = reference.sign(hash, secret, { prehash: false, format: "recovered" });
      const signature = signEcdsa(secret, hash);
      expect(signature).toEqual(Uint8Array.from([...expected.subarray(1), expected[0] as number]));
      const key = ecdsaPublicKey(secret);
      expect(key).toEqual(reference.getPublicKey(secret));
      expect(recoverEcdsa(signature, hash)).toEqual(key);
      expect(verifyEcdsa(key, hash, signature)).toBe(true);
      expect(ethereumAddress(key)).toEqual(keccak_256(Point.fromBytes(key).toBytes(false).subarray(1)).slice(12));
    }
  });

  test("whatever the signature, the key recovered is the reference's, or there is none", () => {
    const hash = bytes(fresh());
    const good = signEcdsa(bytes(7n), hash);
    const others = [0n, 1n, order - 1n, order, order + 1n, p - order - 1n, p - order, 2n ** 256n - 1n].map(bytes);
    const cases: Uint8Array[] = [];
    for (const id of [0, 1, 2, 3]) {
      cases.push(Uint8Array.from([...good.subarray(0, 64), id]));
      for (const r of others) cases.push(Uint8Array.from([...r, ...good.subarray(32, 64), id]));
      for (const s of others) cases.push(Uint8Array.from([...good.subarray(0, 32), ...s, id]));
      for (let i = 0; i < 5; i++) cases.push(Uint8Array.from([...randomBytes(64), id]));
    }
    for (const signature of cases) {
      let expected: Uint8Array | undefined;
      try {
        const recovered = Uint8Array.from([signature[64] as number, ...signature.subarray(0, 64)]);
        expected = reference.recoverPublicKey(recovered, hash, { prehash: false });
      } catch {
        expected = undefined;
      }
      expect(recoverEcdsa(signature, hash), Buffer.from(signature).toString("hex")).toEqual(expected);
    }
  });

  test("a secret is a number from 1 to the order, or is none", () => {
    for (const value of [0n, order, order + 1n, 2n ** 256n - 1n]) expect(isEcdsaSecret(bytes(value))).toBe(false);
    for (const value of [1n, order - 1n]) expect(isEcdsaSecret(bytes(value))).toBe(true);
  });
});
