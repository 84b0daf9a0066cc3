/**
 * The types of a contract's interface: from what the author wrote to what SCALE and the metadata say.
 * @module
 */
import type {
  ClassDeclaration,
  DecoratorNode,
  EnumDeclaration,
  FieldDeclaration,
  NamedTypeNode,
  Node,
  Source,
  TypeNode,
} from "assemblyscript";
import { type AbiCase, type AbiField, type AbiType, keyed, keyOf, type TypeUse } from "./abi.ts";
import { decoratorOn, readDecorator } from "./decorators.ts";
import { docsOf } from "./docs.ts";
import { variantsOf } from "./enums.ts";
import { CommonFlags, NodeKind } from "./kinds.ts";
import type { Report } from "./report.ts";
import { isSdk, type Named, type Scope } from "./scope.ts";

/** The scratch space holds no more. */
const longestArray = 16384;
const integers = new Set(["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"]);
const alternatives: Readonly<Record<string, string>> = {
  f32: "floats have no place in a contract: use an integer of the smallest unit",
  f64: "floats have no place in a contract: use an integer of the smallest unit",
  number: "write the size of the integer: u32, i64, u128 …",
  usize: "write the size of the integer: u32 or u64",
  isize: "write the size of the integer: i32 or i64",
  boolean: "write bool",
  StaticArray: "use Array<T>, or a class with @fixed for a length that never changes",
  ArrayBuffer: "use Bytes",
  any: "AssemblyScript has no any",
};

/** Resolves the types of one contract and keeps what it has seen. */
export class Types {
  readonly #scope: Scope;
  readonly #report: Report;
  readonly #known = new Map<string, AbiType>();
  readonly #open = new Set<string>();
  /** The author's classes that travel as values: the generator gives them an encoding. */
  readonly composites = new Map<ClassDeclaration, Source>();

  constructor(scope: Scope, report: Report) {
    this.#scope = scope;
    this.#report = report;
  }

  /** The author's arrays of a fixed length. */
  readonly fixed = new Map<ClassDeclaration, { readonly source: Source; readonly length: number }>();

  /** The variants that travel, read. */
  resolvedVariants(): (AbiType & { kind: "variant" })[] {
    return [...this.#known.values()].filter((type) => type.kind === "variant");
  }

  /** The enums that are part of the interface or of what is stored. */
  enums(): EnumDeclaration[] {
    return [...this.#known.values()].flatMap((type) => (type.kind === "enum" ? type.node : []));
  }

  /** The type `()`. */
  readonly unit: AbiType = this.#intern("()", () => ({ kind: "tuple", items: [] }));

  /** What stands for a type that was refused, so that one mistake is reported once. */
  readonly #refused: AbiType = this.#intern("refused", () => ({ kind: "tuple", items: [] }));

  /** A primitive by its name in the metadata. */
  primitive(name: string): AbiType {
    return this.#intern(name, () => ({ kind: "primitive", name }));
  }

  /** A type written in a file, with what it is called there. */
  use(node: TypeNode, source: Source, bindings: ReadonlyMap<string, AbiType> = new Map()): TypeUse {
    const type = this.resolve(node, source, bindings);
    const named = node.kind === NodeKind.NamedType ? (node as NamedTypeNode) : undefined;
    const name = named && lastName(named);
    return {
      type,
      displayName: name === undefined || name === "Array" || type === this.unit ? [] : [displayNames[name] ?? name],
    };
  }

  /** A type written in a file; an unsupported one is reported and becomes `()`. */
  resolve(node: TypeNode, source: Source, bindings: ReadonlyMap<string, AbiType> = new Map()): AbiType {
    if (node.kind !== NodeKind.NamedType)
      return this.#refuse(node, "functions and tuples cannot be passed: use a class");
    const named = node as NamedTypeNode;
    const inner = this.#named(named, source, bindings);
    if (!named.isNullable) return inner;
    if (inner.kind === "enum" || (inner.kind === "primitive" && (integers.has(inner.name) || inner.name === "bool"))) {
      return this.#refuse(node, `${lastName(named)} cannot be null: use Option<${lastName(named)}>`);
    }
    return this.#intern(`nullable(${keyOf(inner)})`, () => ({ kind: "option", item: inner, nullable: true }));
  }

  /** `Option<item>`. */
  option(item: AbiType): AbiType {
    return this.#intern(`option(${keyOf(item)})`, () => ({ kind: "option", item, nullable: false }));
  }

  /** `Result<ok, err>`. */
  result(ok: AbiType, err: AbiType): AbiType {
    return this.#intern(`result(${keyOf(ok)},${keyOf(err)})`, () => ({ kind: "result", ok, err }));
  }

  /** A tuple. */
  tuple(items: readonly AbiType[]): AbiType {
    return this.#intern(`(${items.map(keyOf).join(",")})`, () => ({ kind: "tuple", items }));
  }

  /** A sequence of items. */
  sequence(item: AbiType): AbiType {
    return this.#intern(`[${keyOf(item)}]`, () => ({ kind: "sequence", item }));
  }

  #array(item: AbiType, length: number): AbiType {
    return this.#intern(`[${keyOf(item)};${length}]`, () => ({ kind: "array", item, length }));
  }

  #named(node: NamedTypeNode, source: Source, bindings: ReadonlyMap<string, AbiType>): AbiType {
    const name = node.name.identifier.text;
    const bound = node.name.next === null ? bindings.get(name) : undefined;
    if (bound !== undefined) return bound;
    const found = this.#scope.resolve(node, source);
    if (found !== undefined) return this.#declared(found, node, source, bindings);
    const args = (): AbiType[] => (node.typeArguments ?? []).map((a) => this.resolve(a, source, bindings));
    if (integers.has(name) || name === "bool") return this.primitive(name);
    switch (name) {
      case "string":
      case "String":
        return this.primitive("str");
      case "void":
        return this.unit;
      case "Array":
        return this.sequence(args()[0] ?? this.unit);
      case "Uint8Array":
        return this.sequence(this.primitive("u8"));
      case "Map": {
        const [key = this.unit, value = this.unit] = args();
        return this.#intern(`map(${keyOf(key)},${keyOf(value)})`, () => ({ kind: "map", key, value }));
      }
      case "Set": {
        const [item = this.unit] = args();
        return this.#intern(`set(${keyOf(item)})`, () => ({ kind: "set", item }));
      }
    }
    return this.#refuse(node, alternatives[name] ?? `${name} is not known here, or cannot be passed`);
  }

  #declared(found: Named, node: NamedTypeNode, source: Source, bindings: ReadonlyMap<string, AbiType>): AbiType {
    const args = (): AbiType[] => (node.typeArguments ?? []).map((a) => this.resolve(a, source, bindings));
    if (found.kind === "enum") return this.#enum(found.node, found.source);
    const { typeParameters } = found.node;
    const parameters = new Map((typeParameters ?? []).map((p, i) => [p.name.text, args()[i] ?? this.unit] as const));
    if (found.kind === "alias") return this.resolve(found.node.type, found.source, parameters);
    if (isSdk(found.source)) return this.#provided(found.node, node, args());
    const fixed = decoratorOn(found.node, "fixed");
    if (fixed !== undefined) return this.#fixed(found.node, found.source, fixed);
    if (decoratorOn(found.node, "variant") !== undefined) return this.#variant(found.node, found.source, node);
    return this.#composite(found.node, found.source, parameters, node);
  }

  #provided(declaration: ClassDeclaration, node: NamedTypeNode, args: readonly AbiType[]): AbiType {
    const name = declaration.name.text;
    const [first = this.unit, second = this.unit] = args;
    switch (name) {
      case "AccountId":
        return this.#intern("account", () => ({ kind: "account" }));
      case "Hash":
        return this.#intern("hash", () => ({ kind: "hash" }));
      case "u128":
      case "i128":
      case "u256":
        return this.primitive(name);
      case "Option":
        return this.option(first);
      case "Result":
        return this.result(first, second);
      case "Pair":
      case "Triple":
        return this.tuple(args);
    }
    const bytes = /^Bytes(\d+)$/.exec(name);
    if (bytes !== null) return this.#array(this.primitive("u8"), Number(bytes[1]));
    return this.#refuse(node, `${name} lives in storage and cannot be passed`);
  }

  #fixed(node: ClassDeclaration, source: Source, decorator: DecoratorNode): AbiType {
    const length = readDecorator(decorator, "fixed", this.#report).options.get("length");
    const item = node.extendsType?.typeArguments?.[0];
    const base = node.extendsType && this.#scope.resolve(node.extendsType, source);
    if (item === undefined || base?.kind !== "class" || base.node.name.text !== "FixedArray" || !isSdk(base.source)) {
      this.#report.error(node.name, `@fixed(9) class ${node.name.text} extends FixedArray<u8> {} is the form`);
      return this.unit;
    }
    if (typeof length !== "number" || length < 1 || length > longestArray) {
      this.#report.error(decorator, `@fixed takes a length from 1 to ${longestArray}`);
      return this.unit;
    }
    this.fixed.set(node, { source, length });
    return this.#array(this.resolve(item, source), length);
  }

  #enum(node: EnumDeclaration, source: Source): AbiType {
    return this.#intern(`enum ${source.internalPath}/${node.name.text}`, () => {
      const variants = variantsOf(node, (at, problem) => this.#report.error(at, problem));
      return { kind: "enum", path: [source.simplePath, node.name.text], variants, docs: docsOf(node), node, source };
    });
  }

  #composite(node: ClassDeclaration, source: Source, bindings: ReadonlyMap<string, AbiType>, at: Node): AbiType {
    const key = `class ${source.internalPath}/${node.name.text}<${[...bindings.values()].map(keyOf).join(",")}>`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#open.has(key)) return this.#refuse(at, `${node.name.text} contains itself: it has no bounded encoding`);
    this.#open.add(key);
    if (node.extendsType !== null) {
      const variant = this.#variantOf(node, source);
      if (variant !== undefined) {
        this.#open.delete(key);
        return this.#refuse(at, `${node.name.text} is a case of ${variant.name.text}: write ${variant.name.text}`);
      }
      this.#report.error(node.extendsType, "a class that travels cannot extend another");
    }
    const fields = fieldsOf(node).map((field) => this.field(field, source, bindings));
    this.#open.delete(key);
    if (fields.length === 0) return this.#refuse(at, `${node.name.text} has no fields and so no encoding`);
    this.composites.set(node, source);
    const path = [source.simplePath, node.name.text];
    return this.#intern(key, () => ({ kind: "composite", path, fields, docs: docsOf(node), node, source }));
  }

  /** The class with `@variant` that a class extends. */
  #variantOf(node: ClassDeclaration, source: Source): ClassDeclaration | undefined {
    const base = node.extendsType && this.#scope.resolve(node.extendsType, source);
    return base?.kind === "class" && decoratorOn(base.node, "variant") ? base.node : undefined;
  }

  #variant(node: ClassDeclaration, source: Source, at: Node): AbiType {
    const key = `variant ${source.internalPath}/${node.name.text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#open.has(key)) return this.#refuse(at, `${node.name.text} contains itself: it has no bounded encoding`);
    this.#open.add(key);
    const name = node.name.text;
    if (!node.is(CommonFlags.Abstract) || node.isGeneric || fieldsOf(node).length > 0) {
      this.#report.error(node.name, `@variant abstract class ${name} {} is the form: its cases are what has fields`);
    }
    const cases: AbiCase[] = [];
    for (const file of this.#scope.own) {
      for (const one of classesIn(file)) {
        if (this.#variantOf(one, file) !== node) continue;
        if (file !== source) this.#report.error(one.name, `the cases of ${name} stand in its own file`);
        if (one.isGeneric) this.#report.error(one.name, "a case cannot have type parameters");
        const fields = fieldsOf(one).map((field) => this.field(field, file));
        cases.push({ name: one.name.text, index: cases.length, fields, docs: docsOf(one), node: one });
      }
    }
    this.#open.delete(key);
    if (cases.length === 0) return this.#refuse(at, `${name} has no cases: write classes that extend it`);
    if (cases.length > 256) this.#report.error(node.name, "a variant has at most 256 cases");
    const path = [source.simplePath, name];
    return this.#intern(key, () => ({ kind: "variant", path, cases, docs: docsOf(node), node, source }));
  }

  /** A field of a class that travels. */
  field(field: FieldDeclaration, source: Source, bindings: ReadonlyMap<string, AbiType> = new Map()): AbiField {
    if (field.type === null) this.#report.error(field, `write the type of ${field.name.text}`);
    return {
      name: field.name.text,
      type: field.type === null ? this.unit : this.resolve(field.type, source, bindings),
      typeName: field.type === null ? "()" : textOf(field.type),
      docs: docsOf(field),
    };
  }

  /**
   * Reads a class that no message names, so that it can be an argument or the answer of another contract all the same.
   */
  offer(node: ClassDeclaration, source: Source): void {
    const parameters = new Map((node.typeParameters ?? []).map((p) => [p.name.text, this.unit] as const));
    if (decoratorOn(node, "variant") !== undefined) this.#variant(node, source, node.name);
    else this.#composite(node, source, parameters, node.name);
  }

  #refuse(at: Node, message: string): AbiType {
    this.#report.error(at, `unsupported type: ${message}`);
    return this.#refused;
  }

  #intern(key: string, make: () => AbiType): AbiType {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const type = keyed(make(), key);
    this.#known.set(key, type);
    return type;
  }
}

const displayNames: Readonly<Record<string, string>> = { Uint8Array: "Bytes" };

/** The fields that make up a value of a class. */
export function fieldsOf(node: ClassDeclaration): FieldDeclaration[] {
  return node.members.filter(
    (m) => m.kind === NodeKind.FieldDeclaration && !m.is(CommonFlags.Static),
  ) as FieldDeclaration[];
}

/** A type as the author wrote it. */
export const textOf = (node: TypeNode): string => node.range.toString();

function lastName(node: NamedTypeNode): string {
  let name = node.name;
  while (name.next !== null) name = name.next;
  return name.identifier.text;
}

/** The classes of a file. */
export function classesIn(source: Source): ClassDeclaration[] {
  return source.statements.filter((s) => s.kind === NodeKind.ClassDeclaration) as ClassDeclaration[];
}
