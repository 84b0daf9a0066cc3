/**
 * The guest's stack at a trap: kept as the text that V8 wrote, read only when somebody asks.
 *
 * V8's text runs from the innermost call outwards through everything on the stack: for a fault first the host
 * function, then the guest, then the machine, then the guest and the machine of the frame around it. What belongs to
 * this run is the first unbroken row of WebAssembly frames.
 * @module
 */

import type { Code } from "./code.ts";
import type { Backtrace, TraceFrame } from "./outcome.ts";
import { readSymbols } from "./symbols.ts";

const wasmFrame = /wasm-function\[(\d+)\](?::0x([0-9a-f]+))?/;
const anyFrame = /^\s+at /;

/** Whether a trap came out of WebAssembly and not out of a host function that made such an error itself. */
export function thrownByGuest(error: Error): boolean {
  const first = error.stack?.split("\n").find((line) => anyFrame.test(line));
  // Without any frame (`Error.stackTraceLimit` 0) there is nothing to tell them apart by.
  return first === undefined || wasmFrame.test(first);
}

/** A backtrace of a run of some code out of V8's text. */
export function backtraceOf(code: Code, stack: string | undefined): Backtrace {
  let frames: readonly TraceFrame[] | undefined;
  return {
    frames: () => (frames ??= read(code, stack ?? "")),
    toString() {
      return this.frames().slice(0, mostShown).map(describe).join("\n");
    },
  };
}

function read(code: Code, stack: string): TraceFrame[] {
  const lines = stack.split("\n").filter((line) => anyFrame.test(line));
  const from = lines.findIndex((line) => wasmFrame.test(line));
  if (from < 0) return [];
  // What the pass has added stands behind all functions of the original, and is none of the guest's.
  const functions = code.imports.filter(({ kind }) => kind === "function").length + code.report.functions.length;
  const symbols = readSymbols(code);
  const frames: TraceFrame[] = [];
  for (const line of lines.slice(from)) {
    const match = wasmFrame.exec(line);
    if (match === null) break;
    const index = Number(match[1]);
    if (index >= functions) continue;
    const name = symbols.names.get(index);
    const at = match[2] === undefined ? undefined : Number.parseInt(match[2], 16);
    const offset = at === undefined ? undefined : symbols.offset(at);
    const source = at === undefined ? undefined : symbols.place(at);
    frames.push({
      function: index,
      ...(name === undefined ? {} : { name }),
      ...(offset === undefined ? {} : { offset }),
      ...(source === undefined ? {} : { source }),
    });
  }
  return frames;
}

/** The most frames, and the longest name in characters, that a text shows. */
const mostShown = 32;
const longestShown = 128;

/**
 * A frame on one line. With an offset it is one that a client reads: `at wasm-function[index]:0xoffset name`. The name
 * is the guest's: nothing in it can end the line.
 */
function describe({ function: index, name, offset, source }: TraceFrame): string {
  const shown = name?.slice(0, longestShown).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
  const place = source === undefined ? "" : ` (${source.file}:${source.line}:${source.column})`;
  if (offset === undefined) return `at ${shown ?? `function ${index}`}${place}`;
  return `at wasm-function[${index}]:0x${offset.toString(16)}${shown === undefined ? "" : ` ${shown}`}${place}`;
}
