import { describe, expect, test } from "vitest";
import { verifyEd25519 } from "../../src/crypto/ed25519.ts";
import { sr25519Secret } from "../../src/crypto/mini-secret.ts";
import { entropySeed, phraseEntropy } from "../../src/crypto/mnemonic.ts";
import { keyPairFromUri } from "../../src/crypto/secret-uri.ts";
import {
  agreeSr25519,
  hardJunction,
  signSr25519,
  softJunction,
  sr25519PublicKey,
  verifySr25519,
} from "../../src/crypto/sr25519.ts";
import { toSs58 } from "../../src/crypto/ss58.ts";
import { EngineError } from "../../src/errors.ts";
import { fromHex, toHex } from "../../src/wire/bytes.ts";
import { vectors } from "./conformance-data.ts";

const hex = (bytes: Uint8Array): string => toHex(bytes).slice(2);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

interface Schnorr {
  readonly pairFromSeed: readonly { seed: string; pair: string }[];
  readonly verify: readonly { public: string; message: string; signature: string }[];
  readonly deriveHard: readonly { pair: string; chainCode: string; public: string }[];
  readonly deriveSoft: readonly { pair: string; chainCode: string; public: string }[];
  readonly agree: readonly { seedA: string; seedB: string; shared: string }[];
}
interface Phrases {
  readonly password: string;
  readonly vectors: readonly { phrase: string; entropy: string; seed: string }[];
}

const schnorr = vectors<Schnorr>("substrate/sr25519.json");
const phrases = vectors<Phrases>("substrate/substrate-bip39.json");
const trezor = vectors<{ english: readonly (readonly [string, string, string, string])[] }>(
  "substrate/bip39-trezor.json",
);

/** The vectors keep the scalar times eight: divides it. */
function canonical(pair: string): Uint8Array {
  const bytes = fromHex(pair).slice(0, 64);
  let carry = 0;
  for (let i = 31; i >= 0; i--) {
    const value = (carry << 8) | (bytes[i] as number);
    bytes[i] = value >> 3;
    carry = value & 7;
  }
  return bytes;
}

describe.skipIf(schnorr === undefined)("sr25519 vectors", () => {
  test("secrets and public keys of seeds", () => {
    for (const { seed, pair } of schnorr?.pairFromSeed ?? []) {
      const secret = sr25519Secret(fromHex(seed));
      expect(hex(secret)).toBe(hex(canonical(pair)));
      expect(hex(sr25519PublicKey(secret))).toBe(pair.slice(128));
    }
  });

  test("a signature made elsewhere verifies, and for no other message", () => {
    for (const { public: key, message, signature } of schnorr?.verify ?? []) {
      expect(verifySr25519(fromHex(key), text(message), fromHex(signature))).toBe(true);
      expect(verifySr25519(fromHex(key), text(`${message}.`), fromHex(signature))).toBe(false);
    }
  });

  test("hard and soft junctions", () => {
    for (const { pair, chainCode, public: key } of schnorr?.deriveHard ?? []) {
      expect(hex(sr25519PublicKey(hardJunction(canonical(pair), fromHex(chainCode))))).toBe(key);
    }
    for (const { pair, chainCode, public: key } of schnorr?.deriveSoft ?? []) {
      expect(hex(sr25519PublicKey(softJunction(canonical(pair), fromHex(chainCode))))).toBe(key);
    }
  });
});

describe.skipIf(schnorr === undefined)("key agreement vectors", () => {
  test("both sides come to the vector's secret", () => {
    for (const { seedA, seedB, shared } of schnorr?.agree ?? []) {
      const [a, b] = [sr25519Secret(fromHex(seedA)), sr25519Secret(fromHex(seedB))];
      expect(hex(agreeSr25519(a, sr25519PublicKey(b)))).toBe(shared);
      expect(hex(agreeSr25519(b, sr25519PublicKey(a)))).toBe(shared);
    }
  });
});

describe.skipIf(phrases === undefined || trezor === undefined)("phrases", () => {
  test("every phrase gives its entropy, and Substrate's seed of it", () => {
    for (const { phrase, entropy, seed } of phrases?.vectors ?? []) {
      expect(hex(phraseEntropy(phrase))).toBe(entropy);
      expect(hex(entropySeed(phraseEntropy(phrase), phrases?.password ?? ""))).toBe(seed);
    }
    for (const [entropy, phrase] of trezor?.english ?? []) expect(hex(phraseEntropy(phrase))).toBe(entropy);
  });
});

describe("secret URIs", () => {
  const development = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

  test("the development accounts are Substrate's", () => {
    const alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    expect(toSs58(keyPairFromUri("//Alice").publicKey)).toBe(alice);
    expect(toSs58(keyPairFromUri(`${development}//Alice`).publicKey)).toBe(alice);
    expect(toSs58(keyPairFromUri("//Bob").publicKey)).toBe("5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty");
    expect(toSs58(keyPairFromUri("//Alice", "ed25519").publicKey)).toBe(
      "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu",
    );
    expect(toSs58(keyPairFromUri("//Bob", "ed25519").publicKey)).toBe(
      "5GoNkf6WdbxCFnPdAnYYQyCjAKPJgLNxXwPjwTh6DGg6gN3E",
    );
    expect(toSs58(keyPairFromUri("//Alice//stash").publicKey)).toBe("5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY");
  });

  test("a seed in hex is the seed of the phrase", () => {
    const seed = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
    expect(hex(keyPairFromUri(`${seed}//Alice`).publicKey)).toBe(hex(keyPairFromUri("//Alice").publicKey));
  });

  test("numbers, texts, kinds of junction and passwords all make other keys", () => {
    const uris = ["", "//1", "/1", "//one", "//1//2", "//01x", "///secret", "//1///secret", `//${"long".repeat(20)}`];
    expect(new Set(uris.map((uri) => hex(keyPairFromUri(uri).publicKey))).size).toBe(uris.length);
    expect(hex(keyPairFromUri("//007").publicKey)).toBe(hex(keyPairFromUri("//7").publicKey));
  });

  test("what both schemes sign verifies under their key alone", () => {
    const message = text("to be signed");
    for (const scheme of ["sr25519", "ed25519"] as const) {
      const pair = keyPairFromUri("//Alice", scheme);
      const signature = pair.sign(message);
      const verify = scheme === "sr25519" ? verifySr25519 : verifyEd25519;
      expect(signature.length).toBe(64);
      expect(verify(pair.publicKey, message, signature)).toBe(true);
      expect(verify(keyPairFromUri("//Bob", scheme).publicKey, message, signature)).toBe(false);
    }
  });

  test("what cannot be read is refused without being quoted", () => {
    const wrong = development.replace("walk", "walking");
    for (const uri of [wrong, development.replace("walk", "wall"), "one two", "0x1234", "//a//", "/"]) {
      try {
        keyPairFromUri(uri);
        expect.unreachable(uri);
      } catch (error) {
        expect(error).toBeInstanceOf(EngineError);
        expect((error as EngineError).code).toBe("SecretUriInvalid");
        expect((error as EngineError).message).not.toContain("curtain");
      }
    }
    expect(() => keyPairFromUri("/soft", "ed25519")).toThrow(/soft junctions/);
  });
});

describe("keys and signatures from outside", () => {
  test("what is no key and no signature verifies as false and never throws", () => {
    const pair = keyPairFromUri("//Alice");
    const message = text("m");
    const signature = signSr25519(sr25519Secret(new Uint8Array(32)), message);
    const off = new Uint8Array(32).fill(0xff);
    for (const verify of [verifySr25519, verifyEd25519]) {
      expect(verify(off, message, signature)).toBe(false);
      expect(verify(pair.publicKey, message, new Uint8Array(64))).toBe(false);
      expect(verify(pair.publicKey, message, new Uint8Array(64).fill(0xff))).toBe(false);
      expect(verify(pair.publicKey, message, signature.subarray(1))).toBe(false);
      expect(verify(pair.publicKey.subarray(1), message, signature)).toBe(false);
      expect(verify(new Uint8Array(32), message, signature)).toBe(false);
    }
    expect(() => agreeSr25519(sr25519Secret(new Uint8Array(32)), off)).toThrow(EngineError);
    expect(() => agreeSr25519(sr25519Secret(new Uint8Array(32)), new Uint8Array(32))).toThrow(EngineError);
  });
});
