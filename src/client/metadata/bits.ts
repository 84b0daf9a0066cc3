/**
 * Bit sequences: a compact count of bits, then whole stores of 8 to 64 bits, little endian.
 * @module
 */

import type { Reader, Writer } from "../../wire/scale.ts";
import type { TypeDef } from "./model.ts";
import { mismatch, type Place } from "./place.ts";

type Bits = Extract<TypeDef, { kind: "bits" }>;

/** Appends a bit sequence. */
export function putBits(w: Writer, def: Bits, value: unknown, place: Place): void {
  if (!Array.isArray(value) || !value.every((bit) => typeof bit === "boolean")) {
    throw mismatch(place, "BitVec (a list of true and false)", value);
  }
  w.compact(value.length);
  for (let at = 0; at < value.length; at += def.bits) {
    let store = 0n;
    for (let i = 0; i < def.bits && at + i < value.length; i++) {
      if (value[at + i]) store |= 1n << BigInt(def.lsb ? i : def.bits - 1 - i);
    }
    for (let i = 0; i < def.bits; i += 8) w.u8(Number((store >> BigInt(i)) & 0xffn));
  }
}

/** Takes a bit sequence. */
export function takeBits(r: Reader, def: Bits): boolean[] {
  const count = r.compact();
  if (Math.ceil(count / def.bits) * (def.bits / 8) > r.remaining) throw r.fail(`${count} bits announced`);
  const bits: boolean[] = [];
  while (bits.length < count) {
    let store = 0n;
    for (let i = 0; i < def.bits; i += 8) store |= BigInt(r.u8()) << BigInt(i);
    for (let i = 0; i < def.bits && bits.length < count; i++) {
      bits.push(((store >> BigInt(def.lsb ? i : def.bits - 1 - i)) & 1n) === 1n);
    }
  }
  return bits;
}
