/**
 * SS58: how Substrate's chains write accounts for people. Base 58 of a prefix, the account and two bytes of checksum.
 * @module
 */

import { EngineError } from "../errors.ts";
import { blake2b } from "./blake2b.ts";

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const domain = Uint8Array.from("SS58PRE", (c) => c.charCodeAt(0));

function base58(bytes: Uint8Array): string {
  const digits: number[] = [];
  for (const byte of bytes) {
    let carry = byte;
    for (let i = 0; i < digits.length; i++) {
      carry += (digits[i] as number) << 8;
      digits[i] = carry % 58;
      carry = (carry / 58) | 0;
    }
    for (; carry > 0; carry = (carry / 58) | 0) digits.push(carry % 58);
  }
  for (let i = 0; bytes[i] === 0; i++) digits.push(0);
  return digits
    .reverse()
    .map((digit) => alphabet[digit])
    .join("");
}

function unbase58(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const letter of text) {
    let carry = alphabet.indexOf(letter);
    if (carry < 0) return undefined;
    for (let i = 0; i < bytes.length; i++) {
      carry += (bytes[i] as number) * 58;
      bytes[i] = carry & 255;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 255);
  }
  for (let i = 0; text[i] === "1"; i++) bytes.push(0);
  return Uint8Array.from(bytes.reverse());
}

function checksum(prefix: readonly number[], account: Uint8Array): Uint8Array {
  return blake2b(Uint8Array.from([...domain, ...prefix, ...account]), 64).subarray(0, 2);
}

/**
 * Writes an account.
 * @param account 32 bytes.
 * @param network the prefix of the network, 0 to 16383; 42 is any Substrate chain, 30 is Phala.
 */
export function toSs58(account: Uint8Array, network = 42): string {
  const prefix = network < 64 ? [network] : [((network & 0xfc) >> 2) | 0x40, (network >> 8) | ((network & 3) << 6)];
  return base58(Uint8Array.from([...prefix, ...account, ...checksum(prefix, account)]));
}

/**
 * Reads an account of any network.
 * @throws {EngineError} `Undecodable` when it is no SS58 address of a 32-byte account.
 */
export function fromSs58(text: string): { readonly account: Uint8Array; readonly network: number } {
  const fail = (reason: string): EngineError => new EngineError("Undecodable", { what: "SS58 address", reason });
  if (text.length > 64) throw fail("it is too long");
  const bytes = unbase58(text);
  if (bytes === undefined) throw fail("a character that base 58 has not");
  const [first = 0, second = 0] = bytes;
  const wide = first >= 64;
  if (bytes.length !== (wide ? 36 : 35) || first >= 128) throw fail("not the length of a 32-byte account");
  const prefix = wide ? [first, second] : [first];
  const account = bytes.slice(prefix.length, prefix.length + 32);
  const [high, low] = checksum(prefix, account);
  if (bytes.at(-2) !== high || bytes.at(-1) !== low) throw fail("its checksum is wrong");
  const network = wide ? ((first & 0x3f) << 2) | (second >> 6) | ((second & 0x3f) << 8) : first;
  return { account, network };
}
