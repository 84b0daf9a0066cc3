/**
 * Phrases of words that stand for secrets: BIP 39 as Substrate reads it.
 *
 * Substrate stretches the entropy behind the words where BIP 39 stretches the words themselves.
 * @module
 */

import { hash, pbkdf2Sync } from "node:crypto";
import { EngineError } from "../errors.ts";
import { words } from "./bip39-words.ts";

/**
 * The entropy that a phrase stands for: 16 to 32 bytes.
 * @throws {EngineError} `SecretUriInvalid` when it is no phrase: the facts do not quote it.
 */
export function phraseEntropy(phrase: string): Uint8Array {
  const fail = (reason: string): EngineError => new EngineError("SecretUriInvalid", { reason });
  const list = phrase.normalize("NFKD").trim().split(/\s+/);
  if (list.length < 12 || list.length > 24 || list.length % 3 !== 0) {
    throw fail(`a phrase has 12, 15, 18, 21 or 24 words, this has ${list.length}`);
  }
  const bits: number[] = [];
  for (const [position, word] of list.entries()) {
    const index = words.indexOf(word);
    if (index < 0) throw fail(`word ${position + 1} of the phrase is not in the list of BIP 39`);
    for (let bit = 10; bit >= 0; bit--) bits.push((index >> bit) & 1);
  }
  const entropyBits = (bits.length * 32) / 33;
  const entropy = new Uint8Array(entropyBits / 8);
  for (let i = 0; i < entropyBits; i++) (entropy[i >> 3] as number) |= (bits[i] as number) << (7 - (i & 7));
  const digest = hash("sha256", entropy, "buffer");
  for (let i = entropyBits; i < bits.length; i++) {
    const k = i - entropyBits;
    if ((((digest[k >> 3] as number) >> (7 - (k & 7))) & 1) !== bits[i]) throw fail("the phrase's checksum is wrong");
  }
  return entropy;
}

/** The 64-byte seed of entropy and a password; its first 32 bytes are the mini secret. */
export function entropySeed(entropy: Uint8Array, password: string): Uint8Array {
  return new Uint8Array(pbkdf2Sync(entropy, `mnemonic${password}`.normalize("NFKD"), 2048, 64, "sha512"));
}
