/**
 * How a contract keeps its state, written down so that a later version cannot misread it by accident.
 *
 * `<name>.layout.json` beside the entry is compared at every build. Fields may be added; one that was there must stay as
 * it was, or the contract could no longer read what it stored.
 * @module
 */

import type { AbiType } from "./abi.ts";
import type { ContractModel, StorageField } from "./contract.ts";
import type { Diagnostic } from "./errors.ts";

/** A field as it is kept. */
export interface LaidOut {
  readonly name: string;
  /** The number that begins the keys of its cells, as the metadata prints it. */
  readonly key: string;
  readonly keeping: string;
  /** What is in it, in full. */
  readonly types: readonly string[];
}

/** The layout of a contract's fields. */
export function layoutOf(model: ContractModel): LaidOut[] {
  return model.fields.map((field) => ({
    name: `${field.owner.name.text}::${field.name}`,
    key: `0x${field.key.toString(16).padStart(8, "0")}`,
    keeping: field.keeping,
    types: field.types.map(encodingOf),
  }));
}

/** `<name>.layout.json`. */
export const layoutText = (model: ContractModel): string => `${JSON.stringify(layoutOf(model), null, 2)}\n`;

/** Reads the file; nothing when it is no layout. */
export function readLayout(text: string): LaidOut[] | undefined {
  try {
    const fields = JSON.parse(text) as unknown;
    return Array.isArray(fields) && fields.every(isLaidOut) ? fields : undefined;
  } catch {
    return undefined;
  }
}

function isLaidOut(field: unknown): field is LaidOut {
  const { name, key, keeping, types } = (field ?? {}) as Partial<Record<keyof LaidOut, unknown>>;
  const texts = [name, key, keeping, ...(Array.isArray(types) ? (types as unknown[]) : [undefined])];
  return texts.every((text) => typeof text === "string");
}

/** What no longer fits a layout that was written down. */
export function layoutChanges(before: readonly LaidOut[], model: ContractModel): Diagnostic[] {
  const now = new Map(layoutOf(model).map((field, i) => [field.key, { field, node: model.fields[i]! }] as const));
  return before.flatMap((old) => {
    const found = now.get(old.key);
    if (found === undefined) {
      return [
        diagnostic(
          `${old.name} was there and is gone: its value would be lost. Keep the field, under the name it had`,
          model,
        ),
      ];
    }
    const { field, node } = found;
    const [was, is] = [describe(old), describe(field)];
    return reads(was, is)
      ? []
      : [diagnostic(`${old.name} was ${was} and is ${is} now: what is stored could not be read`, model, node)];
  });
}

/** Whether what was stored as one type can be read as another: the same, or with more cases at the end of an enum. */
function reads(was: string, is: string): boolean {
  const open: boolean[] = [];
  let at = 0;
  for (let i = 0; i < was.length; i++, at++) {
    if (was[i] === "{") open.push(was.endsWith("enum ", i));
    if (was.startsWith(" }", i) && open.at(-1) === true && is[at] === ",") at = endOfGroup(is, at);
    if (was[i] === "}") open.pop();
    if (was[i] !== is[at]) return false;
  }
  return at === is.length;
}

/** Where the brackets that a place in the text is inside of end: at the blank before the bracket. */
function endOfGroup(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "{") depth++;
    if (text[i] === "}" && depth-- === 0) return i - 1;
  }
  return text.length;
}

const describe = ({ keeping, types }: LaidOut): string =>
  keeping === "value" ? (types[0] ?? "()") : `${keeping}<${types.join(", ")}>`;

function diagnostic(message: string, model: ContractModel, field?: StorageField): Diagnostic {
  const { range } = (field?.node ?? model.node).name;
  const line = range.source.lineAt(range.start);
  return { severity: "error", message, file: range.source.normalizedPath, line, column: range.source.columnAt() };
}

/** What a type is on the wire: names do not matter, shapes do. */
function encodingOf(type: AbiType): string {
  switch (type.kind) {
    case "primitive":
      return type.name;
    case "account":
    case "hash":
      return "[u8; 32]";
    case "sequence":
      return `[${encodingOf(type.item)}]`;
    case "set":
      return `[${encodingOf(type.item)}]`;
    case "array":
      return `[${encodingOf(type.item)}; ${type.length}]`;
    case "tuple":
      return `(${type.items.map(encodingOf).join(", ")})`;
    case "option":
      return `Option<${encodingOf(type.item)}>`;
    case "result":
      return `Result<${encodingOf(type.ok)}, ${encodingOf(type.err)}>`;
    case "map":
      return `[(${encodingOf(type.key)}, ${encodingOf(type.value)})]`;
    case "composite":
      return `{ ${type.fields.map((f) => `${f.name}: ${encodingOf(f.type)}`).join(", ")} }`;
    case "variant": {
      const cases = type.cases.map(({ name, index, fields }) => {
        const inner = fields.map((f) => `${f.name}: ${encodingOf(f.type)}`).join(", ");
        return `${name} = ${index}${inner === "" ? "" : ` { ${inner} }`}`;
      });
      return `enum { ${cases.join(", ")} }`;
    }
    case "enum":
      return `enum { ${type.variants.map((v) => `${v.name} = ${v.index}`).join(", ")} }`;
  }
}
