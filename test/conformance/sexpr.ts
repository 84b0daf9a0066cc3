/**
 * Reads the S-expressions of WebAssembly scripts (`.wast`) into trees that remember where they stood.
 *
 * The reader works on bytes, seen as Latin-1 text, so that an offset in the tree is an offset in the file, strings
 * keep bytes that are not UTF-8, and the source of a module can be handed on unchanged.
 * @module
 * @see https://webassembly.github.io/spec/core/text/lexical.html
 */

/** A place in the source: `[start, end)` in bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A keyword, number or identifier, as written. */
export interface Atom extends Span {
  readonly kind: "atom";
  readonly text: string;
}

/** A string literal, its escapes resolved to bytes. */
export interface Text extends Span {
  readonly kind: "string";
  readonly bytes: Uint8Array;
}

/** A parenthesised list. */
export interface List extends Span {
  readonly kind: "list";
  readonly items: readonly Node[];
}

export type Node = Atom | Text | List;

/** The source is not a sequence of S-expressions. */
export class ReadError extends Error {
  constructor(what: string, offset: number) {
    super(`${what} at byte ${offset}`);
  }
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '"': 34, "'": 39, "\\": 92 };
const HEX_PAIR = /^[0-9a-fA-F]{2}$/;
const ATOM = /[^\s()";]+/y;

/** Reads every expression of a source; `latin1` holds one character a byte. */
export function readExpressions(latin1: string): Node[] {
  let at = 0;
  const open: { start: number; items: Node[] }[] = [];
  const top: Node[] = [];
  const add = (node: Node): void => {
    (open.at(-1)?.items ?? top).push(node);
  };

  while (at < latin1.length) {
    const start = at;
    const c = latin1[at]!;
    if (latin1.startsWith(";;", at)) {
      while (at < latin1.length && latin1[at] !== "\n" && latin1[at] !== "\r") at++;
    } else if (latin1.startsWith("(;", at)) {
      at = endOfBlockComment(latin1, at);
    } else if (c === "(") {
      open.push({ start, items: [] });
      at++;
    } else if (c === ")") {
      const list = open.pop();
      if (list === undefined) throw new ReadError("a ) without a (", at);
      at++;
      add({ kind: "list", start: list.start, end: at, items: list.items });
    } else if (c === '"') {
      const { bytes, end } = readString(latin1, at);
      at = end;
      add({ kind: "string", start, end, bytes });
    } else if (/\s/.test(c)) {
      at++;
    } else {
      ATOM.lastIndex = at;
      const text = ATOM.exec(latin1)?.[0];
      if (text === undefined) throw new ReadError(`unexpected ${JSON.stringify(c)}`, at);
      at += text.length;
      add({ kind: "atom", start, end: at, text });
    }
  }
  if (open.length > 0) throw new ReadError("a ( without a )", open.at(-1)!.start);
  return top;
}

function endOfBlockComment(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    if (source.startsWith("(;", at)) {
      depth++;
      at++;
    } else if (source.startsWith(";)", at)) {
      at++;
      if (--depth === 0) return at + 1;
    }
  }
  throw new ReadError("a comment without an end", start);
}

function readString(source: string, start: number): { bytes: Uint8Array; end: number } {
  const bytes: number[] = [];
  let at = start + 1;
  for (;;) {
    const c = source[at];
    if (c === undefined) throw new ReadError("a string without an end", start);
    if (c === '"') return { bytes: Uint8Array.from(bytes), end: at + 1 };
    if (c !== "\\") {
      bytes.push(c.charCodeAt(0));
      at++;
      continue;
    }
    const next = source[at + 1] ?? "";
    const pair = source.slice(at + 1, at + 3);
    const simple = SIMPLE_ESCAPES[next];
    if (simple !== undefined) {
      bytes.push(simple);
      at += 2;
    } else if (HEX_PAIR.test(pair)) {
      bytes.push(Number.parseInt(pair, 16));
      at += 3;
    } else if (source.startsWith("u{", at + 1)) {
      const end = source.indexOf("}", at);
      const code = Number.parseInt(source.slice(at + 3, end).replaceAll("_", ""), 16);
      if (end < 0 || !(code <= 0x10ffff)) throw new ReadError("a malformed escape", at);
      bytes.push(...new TextEncoder().encode(String.fromCodePoint(code)));
      at = end + 1;
    } else {
      throw new ReadError("a malformed escape", at);
    }
  }
}
