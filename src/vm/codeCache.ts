/**
 * Compiled modules by key, within a bound of bytes, the least recently used going first.
 * @module
 */

import type { Code } from "./code.ts";

/** Compiled modules by key. */
export class CodeCache {
  readonly #mostBytes: number;
  /** In order of last use: a `Map` iterates in order of insertion. */
  readonly #codes = new Map<string, Code>();
  #bytes = 0;
  #latest: Code | undefined;

  /** @param mostBytes The most bytes to keep, by each code's estimate; one code is kept whatever its size. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Number of modules. */
  get count(): number {
    return this.#codes.size;
  }

  /** Their bytes by estimate. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The module under a key, which is now the one used last. */
  get(key: string): Code | undefined {
    if (this.#latest?.key === key) return this.#latest;
    const code = this.#codes.get(key);
    if (code === undefined) return undefined;
    this.#codes.delete(key);
    this.#codes.set(key, code);
    return (this.#latest = code);
  }

  /**
   * Keeps a module whose key is not here yet.
   *
   * @returns Those that had to go.
   */
  add(code: Code): readonly Code[] {
    const evicted: Code[] = [];
    this.#codes.set(code.key, code);
    this.#latest = code;
    this.#bytes += code.size;
    for (const [key, oldest] of this.#codes) {
      if (this.#bytes <= this.#mostBytes || oldest === code) break;
      this.#codes.delete(key);
      this.#bytes -= oldest.size;
      evicted.push(oldest);
    }
    return evicted;
  }

  /** Makes the sum right again after a cut at an unknown place. */
  recount(): void {
    this.#latest = undefined;
    this.#bytes = 0;
    for (const code of this.#codes.values()) this.#bytes += code.size;
  }
}
