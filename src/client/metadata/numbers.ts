/**
 * The integers of SCALE as JavaScript values: up to 32 bits a number, beyond that a bigint.
 *
 * In, both kinds are taken wherever the value is a whole number within the type's range, and a number only up to 2^53,
 * beyond which it would not be the one that was meant.
 * @module
 */

import type { Reader, Writer } from "../../wire/scale.ts";
import type { IntegerName } from "./model.ts";
import { mismatch, type Place } from "./place.ts";

interface Width {
  readonly bits: number;
  readonly signed: boolean;
  readonly least: bigint;
  readonly most: bigint;
}

const widths = new Map<string, Width>();
for (const bits of [8, 16, 32, 64, 128, 256]) {
  const span = 1n << BigInt(bits);
  widths.set(`u${bits}`, { bits, signed: false, least: 0n, most: span - 1n });
  widths.set(`i${bits}`, { bits, signed: true, least: -(span >> 1n), most: (span >> 1n) - 1n });
}

/** Whether a primitive is an integer. */
export function isInteger(name: string): name is IntegerName {
  return widths.has(name);
}

/** How many bytes an integer takes. */
export function integerBytes(name: IntegerName): number {
  return (widths.get(name) as Width).bits / 8;
}

/** Takes a whole number within the range of `name`. */
export function wholeNumber(name: IntegerName, value: unknown, place: Place): bigint {
  const { least, most } = widths.get(name) as Width;
  const whole = typeof value === "bigint" ? value : Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
  if (whole === undefined || whole < least || whole > most) {
    throw mismatch(place, `${name} (a whole number from ${least} to ${most})`, value);
  }
  return whole;
}

export function writeInteger(w: Writer, name: IntegerName, value: unknown, place: Place): void {
  let rest = BigInt.asUintN((widths.get(name) as Width).bits, wholeNumber(name, value, place));
  for (let left = integerBytes(name); left > 0; left -= 8) {
    if (left === 1) w.u8(Number(rest));
    else if (left === 2) w.u16(Number(rest));
    else if (left === 4) w.u32(Number(rest));
    else w.u64(rest & 0xffff_ffff_ffff_ffffn);
    rest >>= 64n;
  }
}

export function readInteger(r: Reader, name: IntegerName): number | bigint {
  const { bits, signed } = widths.get(name) as Width;
  if (bits <= 32) {
    const raw = bits === 8 ? r.u8() : bits === 16 ? r.u16() : r.u32();
    return signed ? (raw << (32 - bits)) >> (32 - bits) : raw;
  }
  let value = 0n;
  for (let at = 0n; at < bits; at += 64n) value |= r.u64() << at;
  return signed ? BigInt.asIntN(bits, value) : value;
}

/** What a compact integer of this type decodes to. */
export function fromCompact(r: Reader, name: IntegerName): number | bigint {
  const value = r.compactBig();
  const { bits, most } = widths.get(name) as Width;
  if (value > most) throw r.fail(`a compact ${name} of ${value}`);
  return bits <= 32 ? Number(value) : value;
}
