/**
 * Decisions taken from a string of bytes, so that whatever makes bytes (fast-check, a seed) makes random modules, and
 * a shorter string makes a smaller module.
 * @module
 */

/** Hands out decisions; when the bytes are used up, every decision is the first one. */
export class Choices {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether there are decisions left to take. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** A whole number from 0 to `count - 1`, for counts up to 256. */
  below(count: number): number {
    return this.byte() % count;
  }

  /** One of several. */
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** True about once in so many times. */
  once(inSoMany: number): boolean {
    return this.below(inSoMany) === inSoMany - 1;
  }

  /** Bits of any width, as an unsigned number. */
  bits(width: number): bigint {
    let value = 0n;
    for (let done = 0; done < width; done += 8) value = (value << 8n) | BigInt(this.byte());
    return BigInt.asUintN(width, value);
  }
}

/** A stream of bytes from a seed (splitmix32), for modules made outside of fast-check. */
export function seededBytes(seed: number, length: number): Uint8Array {
  let state = seed >>> 0;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0_aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a_2d97);
    bytes[at] = mixed >>> 24;
  }
  return bytes;
}
