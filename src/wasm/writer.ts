/**
 * A growing buffer with the binary format's encodings.
 * @module
 */

const utf8 = new TextEncoder();

/** Writes bytes at `o`; callers of the raw buffer call `room` first. */
export class Writer {
  buffer: Uint8Array<ArrayBuffer>;
  o = 0;

  constructor(size: number) {
    this.buffer = new Uint8Array(size);
  }

  /** Makes room for `n` more bytes. */
  room(n: number): void {
    if (this.o + n <= this.buffer.length) return;
    const { buffer } = this;
    this.buffer = new Uint8Array(Math.max(buffer.length * 2, this.o + n));
    this.buffer.set(buffer.subarray(0, this.o));
  }

  byte(value: number): void {
    this.buffer[this.o++] = value;
  }

  u32(value: number): void {
    while (value > 127) {
      this.buffer[this.o++] = (value & 127) | 128;
      value >>>= 7;
    }
    this.buffer[this.o++] = value;
  }

  /** An instruction with an index. */
  indexed(op: number, index: number): void {
    this.byte(op);
    this.u32(index);
  }

  /** A signed integer, as a double holds it exactly (up to 2^53). */
  signed(value: number): void {
    while (value < -64 || value > 63) {
      const low = ((value % 128) + 128) % 128;
      this.buffer[this.o++] = low | 128;
      value = (value - low) / 128;
    }
    this.buffer[this.o++] = value & 127;
  }

  /** A signed 64-bit integer. */
  big(value: bigint): void {
    while (value < -64n || value > 63n) {
      this.buffer[this.o++] = Number(value & 127n) | 128;
      value >>= 7n;
    }
    this.buffer[this.o++] = Number(value & 127n);
  }

  name(text: string): void {
    const bytes = utf8.encode(text);
    this.room(bytes.length + 16);
    this.u32(bytes.length);
    this.buffer.set(bytes, this.o);
    this.o += bytes.length;
  }

  /** Copies a run of the input. */
  copy(from: Uint8Array, start: number, end: number): void {
    const { buffer } = this;
    let { o } = this;
    if (end - start > 48) {
      buffer.set(from.subarray(start, end), o);
      o += end - start;
    } else for (let i = start; i < end; i++) buffer[o++] = from[i]!;
    this.o = o;
  }

  /** Puts the length of what stands from `start` on before it. */
  prefixLength(start: number): void {
    const length = this.o - start;
    let bytes = 1;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) bytes++;
    this.room(bytes);
    this.buffer.copyWithin(start + bytes, start, this.o);
    this.o = start;
    this.u32(length);
    this.o = start + bytes + length;
  }
}
