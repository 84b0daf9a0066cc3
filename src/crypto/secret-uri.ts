/**
 * Secret URIs as Substrate reads them: a phrase or a hex seed, junctions, and a password: `phrase//hard/soft///password`.
 *
 * Without a phrase the development phrase is meant, which everybody knows: `//Alice` is for tests and local networks.
 * @module
 */

import { EngineError } from "../errors.ts";
import { blake2_256 } from "./blake2b.ts";
import { ed25519Signer } from "./ed25519.ts";
import { sr25519Secret } from "./mini-secret.ts";
import { entropySeed, phraseEntropy } from "./mnemonic.ts";
import { hardJunction, signSr25519, softJunction, sr25519PublicKey } from "./sr25519.ts";

/** A key pair that signs. */
export interface KeyPair {
  readonly scheme: "sr25519" | "ed25519";
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The 64-byte signature of a message. */
  sign(message: Uint8Array): Uint8Array;
}

interface Junction {
  readonly hard: boolean;
  /** 32 bytes. */
  readonly chainCode: Uint8Array;
}

const utf8 = new TextEncoder();

/** The mini secret of "bottom drive obey lake curtain smoke basket hold race lonely fit walk". */
const developmentSeed = "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";

function invalid(reason: string): EngineError {
  return new EngineError("SecretUriInvalid", { reason });
}

function compactLength(n: number): number[] {
  return n < 64 ? [n << 2] : n < 1 << 14 ? [((n << 2) | 1) & 255, n >> 6] : invalidLength();
}

function invalidLength(): never {
  throw invalid("a junction of 16 KiB or more");
}

/** Numbers of 64 bits are written as such, anything else as SCALE text; what is longer than 32 bytes is hashed. */
function chainCode(text: string): Uint8Array {
  const code = new Uint8Array(32);
  if (/^\+?\d+$/.test(text)) {
    const value = BigInt(text.replace("+", ""));
    if (value < 1n << 64n) {
      new DataView(code.buffer).setBigUint64(0, value, true);
      return code;
    }
  }
  const bytes = utf8.encode(text);
  const encoded = Uint8Array.from([...compactLength(bytes.length), ...bytes]);
  if (encoded.length > 32) return blake2_256(encoded);
  code.set(encoded);
  return code;
}

interface SecretUri {
  /** 32 bytes. */
  readonly seed: Uint8Array;
  readonly junctions: readonly Junction[];
}

function parse(uri: string): SecretUri {
  const match = /^([\p{L}\p{N}_ ]+)?((?:\/\/?[^/]+)*)(?:\/\/\/(.*))?$/su.exec(uri);
  if (match === null) throw invalid("it is not of the form phrase//hard/soft///password");
  const [, phrase, path = "", password] = match;
  const junctions = [...path.matchAll(/\/(\/?)([^/]+)/g)].map(([, hard, text]) => ({
    hard: hard === "/",
    chainCode: chainCode(text as string),
  }));
  if (phrase === undefined && password === undefined) return { seed: unhex(developmentSeed), junctions };
  const text = phrase ?? "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
  if (text.startsWith("0x")) {
    if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw invalid("a hex seed has 64 digits");
    return { seed: unhex(text.slice(2)), junctions };
  }
  return { seed: entropySeed(phraseEntropy(text), password ?? "").slice(0, 32), junctions };
}

function unhex(digits: string): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** "Ed25519HDKD" as SCALE text, the domain of ed25519's hard junctions. */
const edwardsDomain = Uint8Array.from([11 << 2, ...utf8.encode("Ed25519HDKD")]);

/**
 * The key pair of a secret URI.
 *
 * @param uri for instance `//Alice`, `0x…//stash`, or twelve words with junctions.
 * @throws {EngineError} `SecretUriInvalid` when it cannot be read, or asks for a soft junction of ed25519.
 */
export function keyPairFromUri(uri: string, scheme: "sr25519" | "ed25519" = "sr25519"): KeyPair {
  const { seed, junctions } = parse(uri);
  if (scheme === "ed25519") {
    let child = seed;
    for (const { hard, chainCode } of junctions) {
      if (!hard) throw invalid("ed25519 has no soft junctions: write // for /");
      child = blake2_256(Uint8Array.from([...edwardsDomain, ...child, ...chainCode]));
    }
    return { scheme, ...ed25519Signer(child) };
  }
  let secret = sr25519Secret(seed);
  for (const { hard, chainCode } of junctions) secret = (hard ? hardJunction : softJunction)(secret, chainCode);
  const publicKey = sr25519PublicKey(secret);
  return { scheme, publicKey, sign: (message) => signSr25519(secret, message) };
}
