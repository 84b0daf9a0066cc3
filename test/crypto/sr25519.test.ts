import { randomBytes } from "node:crypto";
import { ristretto255 } from "@noble/curves/ed25519.js";
import { HDKD } from "@scure/sr25519";
import { describe, expect, test } from "vitest";
import { sr25519Secret } from "../../src/crypto/mini-secret.ts";
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
const order = Point.Fn.ORDER;
const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
const little = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse());
const fresh = (length = 32): Uint8Array => new Uint8Array(randomBytes(length));

describe("sr25519", () => {
  test("keys and agreement are multiples of points by the canonical scalar", () => {
    for (let i = 0; i < 5; i++) {
      const [secret, other] = [sr25519Secret(fresh()), sr25519Secret(fresh())];
      const scalar = number(secret.subarray(0, 32));
      const peer = sr25519PublicKey(other);
      expect(sr25519PublicKey(secret)).toEqual(Point.BASE.multiply(scalar % order).toBytes());
      expect(agreeSr25519(secret, peer)).toEqual(
        Point.fromBytes(peer)
          .multiply(scalar % order)
          .toBytes(),
      );
    }
  });

  test("what is signed verifies, for messages of every length", () => {
    for (const length of [0, 1, 31, 32, 63, 64, 100, 165, 166, 167, 400, 1000]) {
      const secret = sr25519Secret(fresh());
      const message = fresh(length);
      expect(verifySr25519(sr25519PublicKey(secret), message, signSr25519(secret, message))).toBe(true);
    }
  });

  test("no bit of signature, message or key can be changed", () => {
    const secret = sr25519Secret(fresh());
    const key = sr25519PublicKey(secret);
    const message = fresh(20);
    const signature = signSr25519(secret, message);
    const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
      const copy = bytes.slice();
      (copy[bit >> 3] as number) ^= 1 << (bit & 7);
      return copy;
    };
    expect(verifySr25519(key, message, signature)).toBe(true);
    for (let bit = 0; bit < 512; bit += 7) expect(verifySr25519(key, message, flipped(signature, bit))).toBe(false);
    for (let bit = 0; bit < 160; bit += 7) expect(verifySr25519(key, flipped(message, bit), signature)).toBe(false);
    for (let bit = 0; bit < 256; bit += 7) expect(verifySr25519(flipped(key, bit), message, signature)).toBe(false);
  });

  test("a response beyond the order is refused: a signature has one form", () => {
    const secret = sr25519Secret(fresh());
    const key = sr25519PublicKey(secret);
    for (let tries = 0; tries < 4; tries++) {
      const signature = signSr25519(secret, fresh(8));
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

  test("a soft junction's public key follows from the parent's alone", () => {
    const secret = sr25519Secret(fresh());
    const code = fresh();
    expect(sr25519PublicKey(softJunction(secret, code))).toEqual(HDKD.publicSoft(sr25519PublicKey(secret), code));
    expect(hardJunction(secret, code)).not.toEqual(hardJunction(sr25519Secret(fresh()), code));
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
