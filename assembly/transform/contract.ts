/**
 * Reads a decorated class: its constructors, messages, fields and events, and whatever is wrong with them.
 * @module
 */
import type {
  ClassDeclaration,
  DeclarationStatement,
  FieldDeclaration,
  MethodDeclaration,
  NamedTypeNode,
  Source,
} from "assemblyscript";
import type { AbiField, AbiType, TypeUse } from "./abi.ts";
import { type Decorator, decoratorOn, nameOf, readDecorator } from "./decorators.ts";
import { docsOf } from "./docs.ts";
import { selectorOf, storageKey, toHex } from "./hashes.ts";
import { CommonFlags, NodeKind, ParameterKind } from "./kinds.ts";
import { refuseHiddenChanges } from "./mutation.ts";
import type { Report } from "./report.ts";
import { isSdk, type Scope } from "./scope.ts";
import { classesIn, fieldsOf, type Types, textOf } from "./types.ts";

/** An argument of a constructor or message. */
export interface Argument {
  readonly name: string;
  readonly use: TypeUse;
  /** The type as written, for the generated code. */
  readonly text: string;
}

/** A constructor or a message. */
export interface Entry {
  readonly kind: "constructor" | "message";
  /** What the host calls it. */
  readonly label: string;
  readonly selector: Uint8Array;
  /** Whether it also takes the calls that name nothing the contract has. */
  readonly wildcard: boolean;
  readonly mutates: boolean;
  readonly payable: boolean;
  readonly isDefault: boolean;
  readonly args: readonly Argument[];
  readonly returns: TypeUse;
  /** The return type as written, for the generated code. */
  readonly returnText: string;
  readonly docs: readonly string[];
  readonly node: MethodDeclaration;
  readonly owner: ClassDeclaration;
  readonly source: Source;
}

/** How a field is kept. */
export type Keeping = "value" | "Mapping" | "DoubleMapping" | "StorageList" | "Lazy";

/** A field in storage. */
export interface StorageField {
  readonly name: string;
  readonly keeping: Keeping;
  /** The number that begins every key of the field. */
  readonly key: number;
  /** The types it is made of: of a value its own, of a mapping key and value. */
  readonly types: readonly AbiType[];
  readonly text: string;
  readonly docs: readonly string[];
  readonly node: FieldDeclaration;
  readonly owner: ClassDeclaration;
  readonly source: Source;
}

/** An event. */
export interface EventModel {
  readonly name: string;
  readonly fields: readonly (AbiField & { readonly indexed: boolean })[];
  readonly anonymous: boolean;
  readonly docs: readonly string[];
  readonly node: ClassDeclaration;
  readonly source: Source;
}

/** A contract as its author described it. */
export interface ContractModel {
  readonly name: string;
  readonly node: ClassDeclaration;
  readonly source: Source;
  /** The class and those it extends, the contract first. */
  readonly classes: readonly { readonly node: ClassDeclaration; readonly source: Source }[];
  readonly constructors: readonly Entry[];
  readonly messages: readonly Entry[];
  readonly fields: readonly StorageField[];
  readonly events: readonly EventModel[];
  readonly docs: readonly string[];
}

const storageTypes: ReadonlySet<string> = new Set(["Mapping", "DoubleMapping", "StorageList", "Lazy"]);
/** The most topics an event may have; ink! uses one of them for the event's name. */
const maxTopics = 4;

/** Reads the contract of a compilation; `undefined` when there is none, which is reported. */
export function readContract(scope: Scope, types: Types, report: Report): ContractModel | undefined {
  const contracts: { node: ClassDeclaration; source: Source }[] = [];
  for (const source of scope.own) {
    for (const node of classesIn(source)) if (decoratorOn(node, "contract")) contracts.push({ node, source });
  }
  const [contract, second] = contracts;
  if (contract === undefined) {
    const [entry] = scope.own;
    if (entry) report.error(entry.range.atStart, "there is no contract here: put @contract before a class");
    return undefined;
  }
  if (second !== undefined) {
    report.error(second.node.name, `a file is one contract, and ${contract.node.name.text} is one already`);
  }
  const classes = withBases(contract, scope, report);
  refuseStrays(scope, classes, report);
  const reader = new Reader(types, scope, report);
  const entries = classes.flatMap(({ node, source }) => reader.entries(node, source));
  const visible = withoutOverridden(entries);
  const fields = classes.toReversed().flatMap(({ node, source }) => reader.fields(node, source));
  const events = scope.own.flatMap((source) => classesIn(source).flatMap((node) => reader.event(node, source) ?? []));
  const model: ContractModel = {
    name: contract.node.name.text,
    node: contract.node,
    source: contract.source,
    classes,
    constructors: visible.filter((e) => e.kind === "constructor"),
    messages: visible.filter((e) => e.kind === "message"),
    fields,
    events,
    docs: docsOf(contract.node),
  };
  checkWhole(model, report);
  refuseHiddenChanges(model, report);
  return model;
}

function withBases(contract: { node: ClassDeclaration; source: Source }, scope: Scope, report: Report) {
  const classes = [contract];
  for (let base = contract.node.extendsType; base !== null; ) {
    const { node, source } = classes.at(-1)!;
    const found = scope.resolve(base, source);
    if (found?.kind !== "class" || classes.some((c) => c.node === found.node)) break;
    if (node.isGeneric || found.node.isGeneric) report.error(base, "a contract and its bases cannot be generic");
    classes.push(found);
    base = found.node.extendsType;
  }
  return classes;
}

/** Reports decorators where they mean nothing. */
function refuseStrays(scope: Scope, contract: readonly { node: ClassDeclaration }[], report: Report): void {
  for (const source of scope.own) {
    for (const node of classesIn(source)) {
      const part = contract.some((c) => c.node === node) || decoratorOn(node, "trait") !== undefined;
      if (part || decoratorOn(node, "contract")) continue;
      for (const member of node.members) {
        for (const name of ["constructor", "message", "storage"] as const) {
          const stray = decoratorOn(member, name);
          if (stray) report.error(stray, `@${name} belongs into a class with @contract, and ${node.name.text} is none`);
        }
      }
    }
    for (const statement of source.statements) {
      const decorators = (statement as Partial<DeclarationStatement>).decorators ?? [];
      if (statement.kind === NodeKind.ClassDeclaration) continue;
      for (const decorator of decorators) {
        if (["contract", "event", "message", "constructor", "storage"].includes(nameOf(decorator))) {
          report.error(decorator, `@${nameOf(decorator)} belongs to a class`);
        }
      }
    }
  }
}

/** Without the messages of a base class that a class below it describes anew. */
function withoutOverridden(entries: readonly Entry[]): Entry[] {
  const seen = new Map<string, ClassDeclaration>();
  return entries.filter((entry) => {
    const key = `${entry.kind} ${entry.node.name.text}`;
    const owner = seen.get(key) ?? entry.owner;
    seen.set(key, owner);
    return owner === entry.owner;
  });
}

class Reader {
  readonly #types: Types;
  readonly #scope: Scope;
  readonly #report: Report;

  constructor(types: Types, scope: Scope, report: Report) {
    this.#types = types;
    this.#scope = scope;
    this.#report = report;
  }

  entries(owner: ClassDeclaration, source: Source): Entry[] {
    const trait = decoratorOn(owner, "trait");
    const options = trait && readDecorator(trait, "trait", this.#report).options;
    const traitName =
      trait && [options?.get("namespace"), options?.get("name") ?? owner.name.text].filter(Boolean).join("::");
    const entries: Entry[] = [];
    for (const member of owner.members) {
      const maker = decoratorOn(member, "constructor");
      const message = decoratorOn(member, "message");
      const decorator = maker ?? message;
      if (decorator === undefined) continue;
      const kind = maker ? "constructor" : "message";
      if (maker && message) this.#report.error(message, "a method is a constructor or a message, not both");
      if (member.kind !== NodeKind.MethodDeclaration || member.isAny(CommonFlags.Get | CommonFlags.Set)) {
        this.#report.error(decorator, `@${kind} belongs to a method`);
        continue;
      }
      const method = member as MethodDeclaration;
      if (method.is(CommonFlags.Constructor)) {
        this.#report.error(
          method.name,
          'a constructor of a contract is a method with a name of its own: "@constructor new(…)"',
        );
        continue;
      }
      entries.push(this.#entry(kind, method, owner, source, readDecorator(decorator, kind, this.#report), traitName));
    }
    return entries;
  }

  #entry(
    kind: Entry["kind"],
    node: MethodDeclaration,
    owner: ClassDeclaration,
    source: Source,
    { node: decorator, options }: Decorator,
    traitName: string | undefined,
  ): Entry {
    if (node.is(CommonFlags.Static)) this.#report.error(node.name, `@${kind} ${node.name.text} cannot be static`);
    if (node.isAny(CommonFlags.Private | CommonFlags.Protected)) {
      this.#report.error(node.name, `@${kind} ${node.name.text} can be called from outside: it cannot be private`);
    }
    if (node.isGeneric) this.#report.error(node.name, `@${kind} ${node.name.text} cannot be generic`);
    const name = options.get("name") ?? node.name.text;
    const trait = options.get("trait") ?? traitName;
    const label = trait === undefined ? `${name}` : `${trait}::${name}`;
    const args = node.signature.parameters.map((parameter): Argument => {
      if (parameter.parameterKind !== ParameterKind.Default || parameter.initializer !== null) {
        this.#report.error(parameter, `every argument of @${kind} ${node.name.text} must be given`);
      }
      const use = this.#types.use(parameter.type, source);
      if (use.type === this.#types.unit) this.#report.error(parameter, `${parameter.name.text} has no value to pass`);
      return { name: parameter.name.text, use, text: textOf(parameter.type) };
    });
    const { returnType } = node.signature;
    const returns = this.#types.use(returnType, source);
    if (kind === "constructor" && returns.type !== this.#types.unit) {
      const { type } = returns;
      if (type.kind !== "result" || type.ok !== this.#types.unit) {
        this.#report.error(returnType, "a constructor returns void, or Result<void, E> when it can fail");
      }
    }
    return {
      kind,
      label,
      selector: this.#selector(label, decorator, options.get("selector")),
      wildcard: options.get("selector") === "_",
      mutates: kind === "constructor" || options.get("mutates") !== false,
      payable: options.get("payable") === true,
      isDefault: options.get("default") === true,
      args,
      returns,
      returnText: textOf(returnType),
      docs: docsOf(node),
      node,
      owner,
      source,
    };
  }

  #selector(label: string, at: DeclarationStatement | Decorator["node"], given: unknown): Uint8Array {
    if (given === undefined || given === "_") return selectorOf(label);
    const bytes = new Uint8Array(4);
    if (typeof given !== "number" || given < 0 || given > 0xffffffff) {
      this.#report.error(at, 'a selector is four bytes, 0x00000000 to 0xffffffff, or "_" for whatever is not known');
    } else {
      new DataView(bytes.buffer).setUint32(0, given);
    }
    return bytes;
  }

  fields(owner: ClassDeclaration, source: Source): StorageField[] {
    const fields: StorageField[] = [];
    for (const node of fieldsOf(owner)) {
      const decorator = decoratorOn(node, "storage");
      if (decorator === undefined) {
        this.#report.error(
          node,
          `${node.name.text} would be forgotten after the call: put @storage before it, or make it static`,
        );
        continue;
      }
      readDecorator(decorator, "storage", this.#report);
      if (node.type === null) {
        this.#report.error(node, `write the type of ${node.name.text}`);
        continue;
      }
      const key = storageKey(owner.name.text, node.name.text);
      const keeping = this.#keeping(node, source);
      const named = node.type as NamedTypeNode;
      const types = (keeping === "value" ? [named] : (named.typeArguments ?? [])).map((t) =>
        this.#types.resolve(t, source),
      );
      if (keeping !== "value" && node.initializer !== null) {
        this.#report.error(node.initializer, `a ${keeping} is empty at first: it takes no initial value`);
      }
      const needsValue = keeping === "value" && node.initializer === null && types[0] && !hasZero(types[0]);
      if (needsValue) {
        this.#report.error(
          node,
          `${node.name.text} needs an initial value, or "| null": there is no empty ${textOf(node.type)}`,
        );
      }
      fields.push({
        name: node.name.text,
        keeping,
        key,
        types,
        text: textOf(named),
        docs: docsOf(node),
        node,
        owner,
        source,
      });
    }
    return fields;
  }

  #keeping(node: FieldDeclaration, source: Source): Keeping {
    if (node.type?.kind !== NodeKind.NamedType) return "value";
    const found = this.#scope.resolve(node.type as NamedTypeNode, source);
    if (found?.kind !== "class" || !isSdk(found.source)) return "value";
    const name = found.node.name.text;
    return storageTypes.has(name) ? (name as Keeping) : "value";
  }

  event(node: ClassDeclaration, source: Source): EventModel | undefined {
    const decorator = decoratorOn(node, "event");
    if (decorator === undefined) return undefined;
    const { options } = readDecorator(decorator, "event", this.#report);
    if (node.isGeneric) this.#report.error(node.name, "an event cannot be generic");
    const listed = new Set((options.get("topics") as readonly string[] | undefined) ?? []);
    const fields = fieldsOf(node).map((field) => {
      const indexed = listed.delete(field.name.text) || decoratorOn(field, "topic") !== undefined;
      return { ...this.#types.field(field, source), indexed };
    });
    for (const name of listed) this.#report.error(decorator, `${node.name.text} has no field "${name}"`);
    const anonymous = options.get("anonymous") === true;
    const topics = fields.filter((f) => f.indexed).length + (anonymous ? 0 : 1);
    if (topics > maxTopics) {
      this.#report.error(
        decorator,
        `${node.name.text} has ${topics} topics with its name, and at most ${maxTopics} are allowed`,
      );
    }
    return { name: node.name.text, fields, anonymous, docs: docsOf(node), node, source };
  }
}

/** Whether a type has a value that is there before anyone writes one. */
function hasZero(type: AbiType): boolean {
  return type.kind === "primitive" || type.kind === "sequence" || type.kind === "option" || type.kind === "enum";
}

/** What can only be seen when all of the contract is known. */
function checkWhole(model: ContractModel, report: Report): void {
  const { constructors, messages, fields, name } = model;
  if (constructors.length === 0)
    report.error(model.node.name, `${name} cannot be deployed: put @constructor before a method`);
  if (messages.length === 0) report.error(model.node.name, `${name} cannot be called: put @message before a method`);
  for (const entries of [constructors, messages]) {
    const seen = new Map<string, Entry>();
    for (const entry of entries) {
      const selector = toHex(entry.selector);
      const other = seen.get(selector);
      if (other) report.error(entry.node.name, `${entry.label} and ${other.label} have the same selector ${selector}`);
      seen.set(selector, entry);
    }
    const [one, other] = entries.filter((entry) => entry.wildcard);
    if (one && other) report.error(other.node.name, `${other.label} and ${one.label} both take whatever is not known`);
  }
  const keys = new Map<number, StorageField>();
  for (const field of fields) {
    const other = keys.get(field.key);
    if (other)
      report.error(field.node, `${field.name} and ${other.name} have the same key in storage: rename one of them`);
    keys.set(field.key, field);
  }
  if (model.events.length > 256) report.error(model.node.name, "a contract has at most 256 events");
  const names = new Set<string>();
  for (const event of model.events) {
    if (names.has(event.name)) report.error(event.node.name, `two events are called ${event.name}`);
    names.add(event.name);
  }
}
