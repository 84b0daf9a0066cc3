/**
 * The two hashes by which an ink! contract names things: blake2b for selectors and topics, xxh32 for storage keys.
 * @module
 */
import { blake2b } from "@noble/hashes/blake2.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

/** Four bytes that name a constructor or message: the first of blake2b-256 over its full name. */
export function selectorOf(name: string): Uint8Array {
  return blake2b(utf8ToBytes(name), { dkLen: 32 }).subarray(0, 4);
}

/** blake2b-256: code hashes and topics. */
export function blake2b256(bytes: Uint8Array): Uint8Array {
  return blake2b(bytes, { dkLen: 32 });
}

/** Lower-case hex with 0x before it. */
export const toHex = (bytes: Uint8Array): string => `0x${bytesToHex(bytes)}`;

/** The bytes of hex with 0x before it. */
export const fromHex = (hex: string): Uint8Array => hexToBytes(hex.slice(2));

/** The key of a field's cell: xxh32, seed 0, of "Contract::field", as ink! 4 derives it. */
export function storageKey(contract: string, field: string): number {
  return xxh32(utf8ToBytes(`${contract}::${field}`));
}

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

const rotl = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/** xxHash, 32 bits, seed 0. */
export function xxh32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = prime5;
  if (bytes.length >= 16) {
    const lanes = [prime1 + prime2, prime2, 0, -prime1];
    for (; at + 16 <= bytes.length; at += 16) {
      for (let lane = 0; lane < 4; lane++) {
        const word = view.getUint32(at + lane * 4, true);
        lanes[lane] = Math.imul(rotl((lanes[lane]! + Math.imul(word, prime2)) | 0, 13), prime1);
      }
    }
    hash = rotl(lanes[0]!, 1) + rotl(lanes[1]!, 7) + rotl(lanes[2]!, 12) + rotl(lanes[3]!, 18);
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = Math.imul(rotl((hash + Math.imul(view.getUint32(at, true), prime3)) | 0, 17), prime4);
  }
  for (; at < bytes.length; at++) {
    hash = Math.imul(rotl((hash + Math.imul(bytes[at]!, prime5)) | 0, 11), prime1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
