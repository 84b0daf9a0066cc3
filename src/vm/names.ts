/**
 * Function names from a module's name section.
 *
 * The section is the guest's and may lie: every length is checked, what cannot be read ends the reading, and names are
 * shortened. They are shown to people and decide nothing: V8 would write them into the text by which a trap is told from
 * an error of the host's, where a name with a line break could pass for a frame, so V8 is not shown the section.
 * @module
 * @see https://webassembly.github.io/spec/core/appendix/custom.html#name-section
 */

/** Names longer than this are cut; in bytes. */
const longestName = 512;
const functionSubsection = 1;
/** What the section is called in a module that V8 compiles. */
const hidden = "NAME";
const customSection = 0;

/** Renames the name sections of a well-formed module, in place. */
export function hideNames(module: Uint8Array): void {
  const reader = new Reader(module.subarray(8));
  while (!reader.done) {
    const id = reader.byte();
    const content = reader.bytes(reader.u32());
    if (id !== customSection) continue;
    const inner = new Reader(content);
    const name = inner.bytes(inner.u32());
    if (new TextDecoder().decode(name) === "name") name.set(new TextEncoder().encode(hidden));
  }
}

/** The names of functions by index; as many as can be read. */
export function functionNames(module: WebAssembly.Module): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const [section] = WebAssembly.Module.customSections(module, hidden);
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
