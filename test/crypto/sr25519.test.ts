import { randomBytes } from "node:crypto";
import { ristretto255 } from "@noble/curves/ed25519.js";
import * as reference from "@scure/sr25519";
import { describe, expect, test } from "vitest";
import { sr25519Secret } from "../../src/crypto/mini-secret.ts";
import { ristretto } from "../../src/crypto/ristretto.ts";
import {
  agreeSr25519,
  hardJunction,
  isSr25519Secret,
  signSr25519,
  softJunction,
  sr25519PublicKey,
  verifySr25519,
} from "../../src/crypto/sr25519.ts";
import { EngineError } from "../../src/errors.ts";
import { toHex } from "../../src/wire/bytes.ts";

const { Point } = ristretto255;
const { baseMultiple, differenceOfMultiples, pointMultiple } = ristretto();
const order = Point.Fn.ORDER;
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
const little = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse());
const fresh = (length = 32): Uint8Array => new Uint8Array(randomBytes(length));

/** The form in which the reference keeps a secret: the scalar times eight. */
function shifted(secret: Uint8Array): Uint8Array {
  return Uint8Array.from([...little(number(secret.subarray(0, 32)) * 8n), ...secret.subarray(32)]);
}

describe("ristretto255", () => {
  const special = [0n, 1n, 2n, 15n, 16n, 2n ** 128n, order - 1n, order - 2n, 2n ** 252n - 1n];

  test("multiples are those of the reference, for random scalars and those at the ends", () => {
    const scalars = [...special, ...Array.from({ length: 20 }, () => number(fresh()) % order)];
    const peer = Point.BASE.multiply(number(fresh()) % order);
    for (const n of scalars) {
      expect(baseMultiple(little(n))).toEqual(Point.BASE.multiplyUnsafe(n).toBytes());
      expect(pointMultiple(peer.toBytes(), little(n))).toEqual(peer.multiplyUnsafe(n).toBytes());
      const m = number(fresh()) % order;
      const expected = Point.BASE.multiplyUnsafe(n).add(peer.multiplyUnsafe(m).negate());
      expect(differenceOfMultiples(little(n), little(m), peer.toBytes())).toEqual(expected.toBytes());
    }
  });

  test("bytes are a point exactly when the reference says so", () => {
    let points = 0;
    for (let i = 0; i < 400; i++) {
      const bytes = fresh();
      (bytes[31] as number) &= i % 4 === 0 ? 255 : 127;
      if (i % 2 === 0) (bytes[0] as number) &= 254;
      let expected: Uint8Array | undefined;
      try {
        expected = Point.fromBytes(bytes).toBytes();
      } catch {
        expected = undefined;
      }
      expect(pointMultiple(bytes, little(1n)), toHex(bytes)).toEqual(expected);
      if (expected !== undefined) points++;
    }
    expect(points).toBeGreaterThan(20);
    // The identity, the modulus and what lies above it, and the encodings RFC 9496 lists as bad.
    const p = 2n ** 255n - 19n;
    for (const value of [0n, 1n, p, p + 2n, p - 1n, 2n ** 255n - 2n, 2n ** 256n - 1n]) {
      expect(pointMultiple(little(value), little(1n))).toBeUndefined();
    }
  });
});

describe("sr25519 beside the reference", () => {
  test("each verifies what the other signs, for messages of every length", () => {
    for (const length of [0, 1, 31, 32, 63, 64, 100, 165, 166, 167, 400, 1000]) {
      const secret = sr25519Secret(fresh());
      const message = fresh(length);
      const key = sr25519PublicKey(secret);
      expect(key).toEqual(reference.getPublicKey(shifted(secret)));
      expect(reference.verify(message, signSr25519(secret, message), key)).toBe(true);
      expect(reference.verify(message, signSr25519(secret, message, key), key)).toBe(true);
      expect(verifySr25519(key, message, reference.sign(shifted(secret), message))).toBe(true);
    }
  });

  test("no bit of signature, message or key can be changed", () => {
    const secret = sr25519Secret(fresh());
    const key = sr25519PublicKey(secret);
    const message = fresh(20);
    const signature = signSr25519(secret, message, key);
    const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
      const copy = bytes.slice();
      (copy[bit >> 3] as number) ^= 1 << (bit & 7);
      return copy;
    };
    expect(verifySr25519(key, message, signature)).toBe(true);
    for (let bit = 0; bit < 512; bit++) expect(verifySr25519(key, message, flipped(signature, bit))).toBe(false);
    for (let bit = 0; bit < 160; bit++) expect(verifySr25519(key, flipped(message, bit), signature)).toBe(false);
    for (let bit = 0; bit < 256; bit++) expect(verifySr25519(flipped(key, bit), message, signature)).toBe(false);
  });

  test("a response beyond the order is refused: a signature has one form", () => {
    const secret = sr25519Secret(fresh());
    const key = sr25519PublicKey(secret);
    for (let tries = 0; tries < 4; tries++) {
      const signature = signSr25519(secret, fresh(8), key);
      const response = signature.slice(32);
      (response[31] as number) &= 127;
      const other = Uint8Array.from([...signature.subarray(0, 32), ...little(number(response) + order)]);
      (other[63] as number) |= 128;
      expect(verifySr25519(key, fresh(8), other)).toBe(false);
    }
  });

  test("two signatures of one message never share their nonce", () => {
    const secret = sr25519Secret(fresh());
    const commitments = Array.from({ length: 8 }, () => toHex(signSr25519(secret, fresh(0)).subarray(0, 32)));
    expect(new Set(commitments).size).toBe(8);
  });

  test("junctions and agreement are the reference's", () => {
    for (let i = 0; i < 5; i++) {
      const [secret, other] = [sr25519Secret(fresh()), sr25519Secret(fresh())];
      const code = fresh();
      expect(shifted(hardJunction(secret, code))).toEqual(reference.HDKD.secretHard(shifted(secret), code));
      const soft = softJunction(secret, code);
      expect(sr25519PublicKey(soft)).toEqual(reference.HDKD.publicSoft(sr25519PublicKey(secret), code));
      const key = sr25519PublicKey(other);
      expect(agreeSr25519(secret, key)).toEqual(reference.getSharedSecret(shifted(secret), key));
    }
  });

  test("a secret is a canonical scalar and a nonce seed, or is refused", () => {
    const make = (scalar: bigint): Uint8Array => Uint8Array.from([...little(scalar), ...new Uint8Array(32)]);
    expect(isSr25519Secret(make(order - 1n))).toBe(true);
    expect(isSr25519Secret(make(order))).toBe(false);
    expect(isSr25519Secret(new Uint8Array(63))).toBe(false);
    expect(() => sr25519PublicKey(make(order))).toThrow(EngineError);
    expect(() => signSr25519(new Uint8Array(32), fresh())).toThrow(EngineError);
  });
});
