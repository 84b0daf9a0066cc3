/**
 * Writes the code that a contract's author does not have to: storage access, decoding and encoding, dispatch, events.
 *
 * Everything is AssemblyScript text, parsed by the compiler's own parser and put into the author's classes, so that the
 * names in it mean what they mean in the author's file. What it calls stands in the SDK's `runtime.ts`, under `$phat`.
 * @module
 */
import type { ClassDeclaration, FieldDeclaration, Source } from "assemblyscript";
import type { AbiType } from "./abi.ts";
import { checkOf } from "./checks.ts";
import type { ContractModel, Entry, EventModel, StorageField } from "./contract.ts";
import { blake2b256 } from "./hashes.ts";
import { CommonFlags } from "./kinds.ts";
import { fieldsOf, type Types, textOf } from "./types.ts";

/** The name under which generated code knows the SDK's runtime. */
export const runtimeImport = 'import * as $phat from "phatvm/assembly/runtime";';

/** The members added to a class of the contract: accessors for its fields and a function for each entry. */
export function contractMembers(model: ContractModel, node: ClassDeclaration): string {
  const fields = model.fields.filter((f) => f.owner === node);
  const entries = [...model.constructors, ...model.messages].filter((e) => e.owner === node);
  const values = fields.filter((f) => f.keeping === "value");
  return [
    ...fields.map((f) => (f.keeping === "value" ? valueAccess(f) : handleAccess(f))),
    ...entries.map((e) => entryFunction(model, e)),
    `static $flush(): void {\n${values.map((f) => `  ${flushOf(f)}`).join("\n")}\n}`,
    `static $forget(): void {\n${values.map((f) => `  ${f.owner.name.text}.$s_${f.name} = 0;`).join("\n")}\n}`,
  ].join("\n");
}

/** A mapping and the like: a reference that is the field's number. */
function handleAccess({ name, text, key }: StorageField): string {
  return `get ${name}(): ${text} { return changetype<${text}>(<usize>${key}); }`;
}

/** A value: loaded when first read, stored at the end when assigned, or changed in place. */
function valueAccess(field: StorageField): string {
  const { name, text, key, node } = field;
  const type = field.types[0]!;
  const owner = field.owner.name.text;
  const value = `${owner}.$v_${name}`;
  const state = `${owner}.$s_${name}`;
  const initial = node.initializer === null ? `$phat.zero<${text}>()` : `(${node.initializer.range.toString()})`;
  const inPlace = changesInPlace(type);
  const remembered = `${owner}.$r_${name}`;
  return `
static $v_${name}: ${text} = ${emptyOf(type, text)};
static $s_${name}: u8 = 0;
${inPlace ? `static $r_${name}: usize = 0;` : ""}
get ${name}(): ${text} {
  if (${state} == 0) ${owner}.$load_${name}();
  return ${value};
}
set ${name}(value: ${text}) {
  ${value} = value;
  ${state} = 2;
}
static $load_${name}(): void {
  ${state} = 1;
  if ($phat.stored(${key})) {
    ${inPlace ? `${remembered} = $phat.remember();` : ""}
    ${value} = $phat.loaded<${text}>();
  } else {
    ${value} = ${initial};
    ${inPlace ? `${remembered} = $phat.rememberValue<${text}>(${value});` : ""}
  }
}`;
}

function flushOf(field: StorageField): string {
  const { name, text, key, owner } = field;
  const of = owner.name.text;
  return changesInPlace(field.types[0]!)
    ? `if (${of}.$s_${name} != 0) $phat.saveIfChanged<${text}>(${key}, ${of}.$v_${name}, ${of}.$r_${name});`
    : `if (${of}.$s_${name} == 2) { ${of}.$s_${name} = 1; $phat.save<${text}>(${key}, ${of}.$v_${name}); }`;
}

/** What a static variable holds before it is loaded. */
function emptyOf(type: AbiType, text: string): string {
  if (type.kind === "enum") return "0";
  if (type.kind === "primitive" && /^([ui](8|16|32|64)|bool)$/.test(type.name))
    return type.name === "bool" ? "false" : "0";
  return type.kind === "option" && type.nullable ? "null" : `changetype<${text}>(0)`;
}

/** Whether a value can change without its field being assigned. */
function changesInPlace(type: AbiType): boolean {
  switch (type.kind) {
    case "primitive":
    case "account":
    case "hash":
    case "array":
    case "enum":
      return false;
    case "option":
      return changesInPlace(type.item);
    default:
      return true;
  }
}

/** Decodes the arguments of an entry, runs it and answers, in the order in which ink! 4 does. */
function entryFunction(model: ContractModel, entry: Entry): string {
  const { args, returns, returnText, node, kind } = entry;
  const { lines, rest } = plainArguments(entry);
  lines.push(...args.slice(rest).map((a, i) => `const $a${rest + i} = $phat.read<${a.text}>();`));
  if (args.length > rest) lines.push("if ($phat.failed()) $phat.refuseInput();");
  const checks = args.map((a, i) => checkOf(`$a${i}`, a.use.type)).filter((c) => c !== "");
  if (checks.length > 0) lines.push(...checks, "if ($phat.failed()) $phat.refuseInput();");
  if (!entry.payable && anyPayable(model, kind)) lines.push("$phat.refusePayment();");
  const call = `self.${node.name.text}(${args.map((_, i) => `$a${i}`).join(", ")})`;
  const isUnit = returns.type.kind === "tuple" && returns.type.items.length === 0;
  if (isUnit) lines.push(`${call};`);
  else lines.push(`const $result = ${call};`);
  if (returns.type.kind === "result") lines.push(`if ($result.isErr) $phat.answerError<${returnText}>($result);`);
  if (entry.mutates) lines.push("$phat.flush();");
  if (kind === "constructor") lines.push("$phat.answerConstructed();");
  else if (isUnit) lines.push("$phat.answerNothing();");
  else lines.push(`$phat.answer<${returnText}>($result);`);
  return `static $do_${kind}_${node.name.text}(self: ${entry.owner.name.text}): void {\n  ${lines.join("\n  ")}\n}`;
}

const plainSizes: Readonly<Record<string, number>> = {
  u8: 1,
  i8: 1,
  bool: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
};

/** Decodes the leading arguments of a fixed size at one stroke: their bytes are asked for together. */
function plainArguments({ args }: Entry): { lines: string[]; rest: number } {
  const lines: string[] = [];
  let size = 0;
  let rest = 0;
  for (const { use, text } of args) {
    const { type } = use;
    const bytes = type.kind === "enum" ? 1 : type.kind === "primitive" ? plainSizes[type.name] : undefined;
    if (bytes === undefined) break;
    const isBool = type.kind === "primitive" && type.name === "bool";
    if (isBool) lines.push(`if (load<u8>($at, ${size}) > 1) $phat.refuseInput();`);
    lines.push(`const $a${rest} = load<${text}>($at, ${size});`);
    size += bytes;
    rest++;
  }
  if (rest > 0) lines.unshift(`const $at = $phat.takeArguments(${size});`);
  return { lines, rest };
}

const anyPayable = (model: ContractModel, kind: Entry["kind"]): boolean =>
  (kind === "constructor" ? model.constructors : model.messages).some((e) => e.payable);

/** The members added to a class that travels as a value. */
export function valueMembers(node: ClassDeclaration, source: Source, types: Types): string {
  const { writes, reads } = fieldAccess(node, source, types);
  return `
__write(): void {
  ${writes.join("\n  ")}
}
__read(): void {
  ${reads.join("\n  ")}
}`;
}

/** Statements that encode and decode the fields of a class, one after the other. */
function fieldAccess(node: ClassDeclaration, source: Source, types: Types): { writes: string[]; reads: string[] } {
  const bindings = new Map((node.typeParameters ?? []).map((p) => [p.name.text, types.unit] as const));
  const fields = fieldsOf(node).filter((f): f is FieldDeclaration & { type: object } => f.type !== null);
  const writes = fields.map((f) => `$phat.write<${textOf(f.type!)}>(this.${f.name.text});`);
  const reads = fields.map((f) => {
    const type = textOf(f.type!);
    const name = f.name.text;
    const set = f.is(CommonFlags.Readonly)
      ? `store<${type}>(changetype<usize>(this), $phat.read<${type}>(), offsetof<this>("${name}"));`
      : `this.${name} = $phat.read<${type}>();`;
    return `${set} ${checkOf(`this.${name}`, types.resolve(f.type!, source, bindings))}`;
  });
  return { writes, reads };
}

/** The members added to a class with `@variant`: which case comes is read from the wire. */
export function variantMembers(type: AbiType & { kind: "variant" }): string {
  const reads = type.cases.map(({ index, node }) => {
    const name = node.name.text;
    const blank = `changetype<${name}>(__new(offsetof<${name}>(), idof<${name}>()))`;
    return `    case ${index}: { const $case = ${blank}; $case.__readFields(); return $case; }`;
  });
  return `
__write(): void { unreachable(); }
__decode(): ${type.node.name.text} {
  switch ($phat.read<u8>()) {
${reads.join("\n")}
  }
  $phat.fail();
  return changetype<${type.node.name.text}>(0);
}`;
}

/** The members added to a case of a variant. */
export function caseMembers(node: ClassDeclaration, index: number, source: Source, types: Types): string {
  const { writes, reads } = fieldAccess(node, source, types);
  return `
__write(): void {
  $phat.write<u8>(${index});
  ${writes.join("\n  ")}
}
__readFields(): void {
  ${reads.join("\n  ")}
}`;
}

/** The members added to an array of a fixed length. */
export const fixedMembers = (length: number): string => `
constructor() { super(${length}); }
__read(): void { this.__readItems(${length}); }`;

const encoder = new TextEncoder();

/** The bytes of a short text as SCALE writes a string. */
function scaleText(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  const { length } = bytes;
  const prefix = length < 64 ? [length << 2] : [((length << 2) | 1) & 0xff, length >> 6];
  return Uint8Array.from([...prefix, ...bytes]);
}

/** A topic as ink! 4 makes it: padded with zeros up to 32 bytes, hashed when longer. */
export function topicOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 32) return blake2b256(bytes);
  const topic = new Uint8Array(32);
  topic.set(bytes);
  return topic;
}

const constant = (bytes: Uint8Array): string => `memory.data<u8>([${bytes.join(",")}]), ${bytes.length}`;

/** The members added to an event. */
export function eventMembers(model: ContractModel, event: EventModel, index: number): string {
  const name = `${model.name}::${event.name}`;
  const indexed = event.fields.filter((f) => f.indexed);
  const signature = topicOf(Uint8Array.from([0, ...encoder.encode(name)]));
  const topics = event.anonymous ? [] : [`$phat.beginTopic(${constant(signature)}); $phat.addTopic();`];
  for (const { name: field, typeName } of indexed) {
    const prefix = scaleText(`${name}::${field}`);
    topics.push(`$phat.beginTopic(${constant(prefix)}); $phat.write<${typeName}>(this.${field}); $phat.addTopic();`);
  }
  return `
__emit(): void {
  $phat.beginEvent(${topics.length});
  ${topics.join("\n  ")}
  $phat.beginData(${index});
  ${event.fields.map((f) => `$phat.write<${f.typeName}>(this.${f.name});`).join("\n  ")}
  $phat.deposit();
}`;
}

const importsOf = (model: ContractModel): string =>
  model.classes
    .map(({ node, source }) => `import { ${node.name.text} } from "../../../${source.internalPath}";\n`)
    .join("");

/** The module in the place of the SDK's `contract.ts`: what the SDK asks of the contract. */
export function contractModule(model: ContractModel): string {
  const each = (what: string): string => model.classes.map((c) => `${c.node.name.text}.${what}();`).join(" ");
  return `${importsOf(model)}
export function flush(): void { ${each("$flush")} }
export function forget(): void { ${each("$forget")} }
`;
}

/** The module with the contract's two entry points: the only one whose exports the host sees. */
export function entryModule(model: ContractModel): string {
  const name = model.name;
  return `${importsOf(model)}
import { enter, refuseInput, refusePayment } from "./runtime";
${model.classes.length > 1 ? `const instance: ${name} = changetype<${name}>(__new(offsetof<${name}>(), idof<${name}>()));` : ""}
${dispatch("deploy", model.constructors, model)}
${dispatch("call", model.messages, model)}
`;
}

function dispatch(entry: string, entries: readonly Entry[], model: ContractModel): string {
  const self = model.classes.length > 1 ? "instance" : `changetype<${model.name}>(0)`;
  const run = (e: Entry): string => `${e.owner.name.text}.$do_${e.kind}_${e.node.name.text}(${self})`;
  const wildcard = entries.find((e) => e.wildcard);
  const cases = entries.map((e) => {
    const selector = new DataView(e.selector.buffer, e.selector.byteOffset).getUint32(0, true);
    return `    case ${selector}: ${run(e)}; return;`;
  });
  return `export function ${entry}(): void {
${entries.some((e) => e.payable) ? "" : "  refusePayment();"}
  switch (enter()) {
${cases.join("\n")}
  }
  ${wildcard ? `${run(wildcard)};` : "refuseInput();"}
}`;
}
