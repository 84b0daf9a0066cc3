/**
 * Reads the binary format's primitives, strictly: LEB128 within its width and its bytes, names in UTF-8.
 * @module
 */

import { reject } from "./reject.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A cursor over a module's bytes. `end` bounds it (a section's end); reading past it is refused. */
export class Reader {
  readonly bytes: Uint8Array;
  p: number;
  end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.p = start;
    this.end = end;
  }

  byte(): number {
    if (this.p >= this.end) reject("the module or a section ends early", this.p);
    return this.bytes[this.p++]!;
  }

  u32(): number {
    const start = this.p;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const b = this.byte();
      if (shift === 28 && b > 15) reject("an integer is too long or too large for 32 bits", start);
      value |= (b & 127) << shift;
      if (b < 128) return value >>> 0;
    }
    return reject("an integer is too long or too large for 32 bits", start);
  }

  /** A signed integer of `bits` (32, 33 or 64) whose value is not needed beyond 32 bits. */
  signed(bits: 32 | 33 | 64): number {
    const start = this.p;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const b = this.byte();
      if (shift < 32) value |= (b & 127) << shift;
      if (b < 128) {
        const left = bits - shift;
        if (left < 7) {
          // The last byte's bits above the width must all equal the sign bit.
          const high = (b << 25) >> (25 + left - 1);
          if (high !== 0 && high !== -1) reject(`an integer does not fit ${bits} bits`, start);
        }
        if (shift + 7 < 32 && (b & 64) !== 0) value |= -1 << (shift + 7);
        return value;
      }
      if (shift + 7 >= bits) reject(`an integer is too long for ${bits} bits`, start);
    }
  }

  /** A count of things that each take at least one byte: more than the bytes left is a lie. */
  count(limit: number, what: string): number {
    const start = this.p;
    const n = this.u32();
    if (n > limit) reject(`${n} ${what} are more than the limit of ${limit}`, start);
    if (n > this.end - this.p) reject(`a section promises ${n} ${what} and ends before them`, start);
    return n;
  }

  name(): string {
    const start = this.p;
    const n = this.u32();
    if (n > this.end - this.p) reject("a name is longer than its section", start);
    if (n > 100_000) reject("a name is longer than 100,000 bytes", start);
    const from = this.p;
    this.p += n;
    let ascii = "";
    if (n < 40) {
      for (let i = from; i < this.p; i++) {
        const b = this.bytes[i]!;
        if (b >= 128) break;
        ascii += String.fromCharCode(b);
      }
      if (ascii.length === n) return ascii;
    }
    try {
      return utf8.decode(this.bytes.subarray(from, this.p));
    } catch {
      return reject("a name is not UTF-8", start);
    }
  }
}
