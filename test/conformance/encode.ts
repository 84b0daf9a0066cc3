/**
 * The few encodings of the WebAssembly binary format that tests need to write small modules by hand.
 * @module
 * @see https://webassembly.github.io/spec/core/binary/
 */

/** Bytes of a module: numbers, and lists of them to any depth. */
export type Bytes = readonly (number | Bytes)[] | Uint8Array;

/** An unsigned LEB128. */
export function unsigned(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return bytes;
}

/** A signed LEB128. */
export function signed(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** Flattens nested bytes. */
export function flat(bytes: Bytes): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  const parts = bytes.map((part) => (typeof part === "number" ? Uint8Array.of(part) : flat(part)));
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bytes with their length before them. */
export function sized(bytes: Bytes): Bytes {
  const body = flat(bytes);
  return [unsigned(body.length), body];
}

/** A vector: its count, then its items. */
export const vector = (items: readonly Bytes[]): Bytes => [unsigned(items.length), items];

/** A name: UTF-8 with its length. */
export const name = (text: string): Bytes => sized(new TextEncoder().encode(text));

/** A section. */
export const section = (id: number, content: Bytes): Bytes => [id, sized(content)];

/** A whole module from its sections. */
export const moduleOf = (...sections: readonly Bytes[]): Uint8Array =>
  flat([[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], sections]);

/** The codes of value types. */
export const TYPE_CODES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, funcref: 0x70, externref: 0x6f };
