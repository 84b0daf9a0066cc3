/**
 * Phrases of words that stand for secrets: BIP 39 as Substrate reads it.
 *
 * Substrate stretches the entropy behind the words where BIP 39 stretches the words themselves.
 * @module
 */

import { pbkdf2Sync } from "node:crypto";
import { mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { EngineError } from "../errors.ts";

/**
 * The entropy that a phrase stands for: 16 to 32 bytes.
 * @throws {EngineError} `SecretUriInvalid` when it is no phrase. The error does not quote it, and has no cause that does.
 */
export function phraseEntropy(phrase: string): Uint8Array {
  const words = phrase.normalize("NFKD").trim().split(/\s+/);
  if (words.length < 12 || words.length > 24 || words.length % 3 !== 0) {
    throw new EngineError("SecretUriInvalid", {
      reason: `a phrase has 12, 15, 18, 21 or 24 words, this has ${words.length}`,
    });
  }
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) {
    throw new EngineError("SecretUriInvalid", {
      reason: `word ${unknown + 1} of the phrase is not in the list of BIP 39`,
    });
  }
  try {
    return mnemonicToEntropy(words.join(" "), wordlist);
  } catch {
    throw new EngineError("SecretUriInvalid", { reason: "the phrase's checksum is wrong" });
  }
}

/** The 64-byte seed of entropy and a password; its first 32 bytes are the mini secret. */
export function entropySeed(entropy: Uint8Array, password: string): Uint8Array {
  return new Uint8Array(pbkdf2Sync(entropy, `mnemonic${password}`.normalize("NFKD"), 2048, 64, "sha512"));
}
