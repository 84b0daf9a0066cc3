/**
 * What turns the offsets of a backtrace into names and lines: the name section, and the source map that a module names.
 *
 * Both are read when a backtrace is, from what the embedder can still give: a machine keeps neither the bytes of a
 * module nor its map. Offsets are of the prepared module, so the pass is done once more to find the original's.
 * @module
 * @see https://github.com/WebAssembly/tool-conventions/blob/main/Debugging.md
 */

import { prepareModule } from "../wasm/index.ts";
import { type Place, readSourceMap } from "../wire/sourceMap.ts";
import type { Code } from "./code.ts";
import { functionNames } from "./names.ts";

/** Where the embedder finds what a machine does not keep. */
export interface Symbols {
  /** The module as it was uploaded. */
  code(): Uint8Array | undefined;
  /**
   * The source map that the module names in its section `sourceMappingURL`, as text. The name is the guest's: it says
   * what to look for among what is trusted, and is never to be fetched. Maps inside a `data:` URL are read without this.
   */
  sourceMap?(url: string): string | undefined;
}

/** What is known about a module's functions. */
export interface Reading {
  readonly names: ReadonlyMap<number, string>;
  /** Where the instruction at an offset of the prepared module stands in the original. */
  offset(prepared: number): number | undefined;
  /** The source of the instruction at an offset of the prepared module. */
  place(prepared: number): Place | undefined;
}

/** Reads what can be read; what cannot be is not there. */
export function readSymbols(code: Code): Reading {
  const { module, symbols } = code;
  const names = functionNames(module);
  const original = symbols === undefined ? undefined : originalOffsetOf(code, symbols);
  if (original === undefined || symbols === undefined) return { names, offset: nowhere, place: nowhere };
  const url = sourceMappingUrl(module);
  const text = url === undefined ? undefined : (inlineMap(url) ?? symbols.sourceMap?.(url));
  const map = text === undefined ? undefined : readSourceMap(text);
  const offset = (prepared: number): number | undefined => {
    const at = original(prepared);
    return at < 0 ? undefined : at;
  };
  return { names, offset, place: map === undefined ? nowhere : (prepared) => map.place(original(prepared)) };
}

const nowhere = (): undefined => undefined;

/** The way back to the original's offsets: found by another pass at the first trap, then kept with the code. */
function originalOffsetOf(code: Code, symbols: Symbols): Code["originalOffset"] {
  if (code.originalOffset === undefined) {
    const bytes = symbols.code();
    if (bytes === undefined) return undefined;
    try {
      code.originalOffset = prepareModule(bytes, code.prepare).originalOffset;
    } catch {
      // Other bytes than those that were loaded: a diagnostic must not end what it is about.
      return undefined;
    }
  }
  return code.originalOffset;
}

function sourceMappingUrl(module: WebAssembly.Module): string | undefined {
  const [section] = WebAssembly.Module.customSections(module, "sourceMappingURL");
  if (section === undefined) return undefined;
  const bytes = new Uint8Array(section);
  // A name of the binary format: its length, in as many bytes as it takes, stands before it.
  let start = 0;
  while (start < bytes.length && bytes[start]! > 127) start++;
  return new TextDecoder().decode(bytes.subarray(start + 1));
}

function inlineMap(url: string): string | undefined {
  const match = /^data:application\/json(?:;charset=utf-8)?;base64,(.*)$/s.exec(url);
  return match === null ? undefined : Buffer.from(match[1]!, "base64").toString("utf8");
}
