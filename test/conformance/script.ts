/**
 * Turns the text of a WebAssembly script (`.wast`) into commands.
 *
 * Modules stay source here: `(module binary ...)` already is bytes, everything else is text for a text parser. What a
 * command means is in the reference interpreter's README; `get`, `invoke`, `register` and every `assert_` form of the
 * 2.0 suite are known, and an unknown form is an error, so that nothing is skipped in silence.
 * @module
 */

import { type List, type Node, readExpressions, type Text } from "./sexpr.ts";
import { readValue, type ValuePattern } from "./values.ts";

/** A module as a script gives it. */
export type ModuleSource =
  | { readonly form: "text"; readonly name: string | undefined; readonly source: Uint8Array }
  | { readonly form: "binary"; readonly name: string | undefined; readonly bytes: Uint8Array }
  | { readonly form: "quote"; readonly name: string | undefined; readonly source: Uint8Array };

/** Something done to an instance: a call, or a global read. */
export interface Action {
  readonly does: "invoke" | "get";
  /** The instance's name in the script; the newest one without it. */
  readonly module: string | undefined;
  readonly field: string;
  readonly args: readonly ValuePattern[];
}

/** One command of a script; `line` counts from 1. */
export type Command = { readonly line: number } & (
  | { readonly kind: "module"; readonly module: ModuleSource }
  | { readonly kind: "register"; readonly as: string; readonly module: string | undefined }
  | { readonly kind: "action"; readonly action: Action }
  | { readonly kind: "assert_return"; readonly action: Action; readonly expected: readonly ValuePattern[] }
  | { readonly kind: "assert_trap" | "assert_exhaustion"; readonly action: Action; readonly says: string }
  | {
      readonly kind: "assert_trap_module" | "assert_invalid" | "assert_malformed" | "assert_unlinkable";
      readonly module: ModuleSource;
      readonly says: string;
    }
);

const MODULE_FIELDS = new Set([
  "type",
  "func",
  "import",
  "export",
  "table",
  "memory",
  "global",
  "elem",
  "data",
  "start",
]);
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads a script. */
export function readScript(source: Uint8Array): Command[] {
  const latin1 = Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString("latin1");
  const forms = readExpressions(latin1);
  const first = forms[0];
  // A file may be the fields of one module, without the parentheses around them.
  if (first?.kind === "list" && MODULE_FIELDS.has(atom(first.items[0])))
    return [{ kind: "module", line: 1, module: { form: "text", name: undefined, source } }];
  const lineOf = lineCounter(latin1);
  return forms.map((form) => {
    if (form.kind !== "list") throw new Error(`line ${lineOf(form.start)}: a command is a list`);
    const line = lineOf(form.start);
    try {
      return readCommand(form, source, line);
    } catch (cause) {
      throw new Error(`line ${line}: ${(cause as Error).message}`, { cause });
    }
  });
}

/** The line of an offset; offsets must not go back. */
function lineCounter(source: string): (offset: number) => number {
  let line = 1;
  let seen = 0;
  return (offset) => {
    for (; seen < offset; seen++) if (source[seen] === "\n") line++;
    return line;
  };
}

const atom = (node: Node | undefined): string => (node?.kind === "atom" ? node.text : "");
const isName = (node: Node | undefined): boolean => atom(node).startsWith("$");

function text(node: Node | undefined): Text {
  if (node?.kind !== "string") throw new Error("a string is missing");
  return node;
}

function list(node: Node | undefined): List {
  if (node?.kind !== "list") throw new Error("a list is missing");
  return node;
}

function readCommand(form: List, source: Uint8Array, line: number): Command {
  const { items } = form;
  const head = atom(items[0]);
  const says = (): string => utf8.decode(text(items.at(-1)).bytes);
  switch (head) {
    case "module":
      return { kind: "module", line, module: readModule(form, source) };
    case "register":
      return { kind: "register", line, as: utf8.decode(text(items[1]).bytes), module: atom(items[2]) || undefined };
    case "invoke":
    case "get":
      return { kind: "action", line, action: readAction(form) };
    case "assert_return":
      return { kind: head, line, action: readAction(list(items[1])), expected: items.slice(2).map(readValue) };
    case "assert_exhaustion":
      return { kind: head, line, action: readAction(list(items[1])), says: says() };
    case "assert_trap": {
      const subject = list(items[1]);
      return atom(subject.items[0]) === "module"
        ? { kind: "assert_trap_module", line, module: readModule(subject, source), says: says() }
        : { kind: head, line, action: readAction(subject), says: says() };
    }
    case "assert_invalid":
    case "assert_malformed":
    case "assert_unlinkable":
      return { kind: head, line, module: readModule(list(items[1]), source), says: says() };
  }
  throw new Error(`an unknown command ${head}`);
}

function readModule(form: List, source: Uint8Array): ModuleSource {
  const name = isName(form.items[1]) ? atom(form.items[1]) : undefined;
  const rest = form.items.slice(name === undefined ? 1 : 2);
  const how = atom(rest[0]);
  if (how === "binary") return { form: "binary", name, bytes: Buffer.concat(strings(rest)) };
  if (how === "quote") return { form: "quote", name, source: Buffer.concat(strings(rest)) };
  return { form: "text", name, source: source.subarray(form.start, form.end) };
}

const strings = (nodes: readonly Node[]): Uint8Array[] => nodes.slice(1).map((node) => text(node).bytes);

function readAction(form: List): Action {
  const does = atom(form.items[0]);
  if (does !== "invoke" && does !== "get") throw new Error(`an unknown action ${does}`);
  const named = isName(form.items[1]);
  const rest = form.items.slice(named ? 2 : 1);
  return {
    does,
    module: named ? atom(form.items[1]) : undefined,
    field: utf8.decode(text(rest[0]).bytes),
    args: rest.slice(1).map(readValue),
  };
}
