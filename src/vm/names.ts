/**
 * Function names from a module's name section.
 *
 * The section is the guest's and may lie: every length is checked, what cannot be read ends the reading, and names are
 * shortened. They are shown to people and decide nothing.
 * @module
 * @see https://webassembly.github.io/spec/core/appendix/custom.html#name-section
 */

/** Names longer than this are cut; in bytes. */
const longestName = 512;
const functionSubsection = 1;

/** The names of functions by index; as many as can be read. */
export function functionNames(module: WebAssembly.Module): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const [section] = WebAssembly.Module.customSections(module, "name");
  if (section === undefined) return names;
  const outer = new Reader(new Uint8Array(section));
  while (!outer.done) {
    const id = outer.byte();
    const content = new Reader(outer.bytes(outer.u32()));
    if (id !== functionSubsection) continue;
    for (let count = content.u32(); count > 0 && !content.done; count--) {
      const index = content.u32();
      const name = content.bytes(content.u32());
      if (name.length > 0) names.set(index, new TextDecoder().decode(name.subarray(0, longestName)));
    }
  }
  return names;
}

/** Reads without ever failing: past the end there are zeros and empty ranges. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value >>> 0;
  }

  bytes(length: number): Uint8Array {
    const from = Math.min(this.#at, this.#bytes.length);
    this.#at = from + length;
    return this.#bytes.subarray(from, this.#at);
  }
}
