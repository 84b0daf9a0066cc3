/**
 * Finds what a name in a source file stands for: a declaration here, behind imports and re-exports, or a built-in.
 *
 * The compiler resolves types only after its transforms have run, so the transform follows names through the parsed
 * files itself. It needs no more than top-level declarations, imports and exports.
 * @module
 */
import type {
  ClassDeclaration,
  DeclarationStatement,
  EnumDeclaration,
  ExportStatement,
  ImportStatement,
  NamedTypeNode,
  Parser,
  Source,
  TypeDeclaration,
} from "assemblyscript";
import { NodeKind } from "./kinds.ts";

/** A declaration that a type can name, with the file it stands in. */
export type Named =
  | { readonly kind: "class"; readonly node: ClassDeclaration; readonly source: Source }
  | { readonly kind: "enum"; readonly node: EnumDeclaration; readonly source: Source }
  | { readonly kind: "alias"; readonly node: TypeDeclaration; readonly source: Source };

/** The folder of the SDK as the compiler names it. */
const sdk = "~lib/phatvm/assembly/";

/** Whether a file belongs to the SDK. */
export const isSdk = (source: Source): boolean => source.internalPath.startsWith(sdk);

/** The parsed files of one compilation. */
export class Scope {
  readonly #byPath = new Map<string, Source>();
  /** The files that are the author's: neither the standard library's nor the SDK's, in the order they were read. */
  readonly own: readonly Source[];

  /** Those files and the SDK's. */
  readonly all: readonly Source[];

  constructor(parser: Parser) {
    for (const source of parser.sources) this.#byPath.set(source.internalPath, source);
    this.own = parser.sources.filter((s) => !isSdk(s) && !isStandard(s));
    this.all = parser.sources.filter((s) => !isStandard(s));
  }

  /** What a type's name stands for where it is written; `undefined` when it is built in or unknown. */
  resolve(type: NamedTypeNode, source: Source): Named | undefined {
    const first = type.name.identifier.text;
    const next = type.name.next;
    if (next === null) return this.find(first, source);
    const module = this.#namespace(first, source);
    return module === undefined ? undefined : this.#exported(next.identifier.text, module, new Set());
  }

  /** What a name stands for in a file. */
  find(name: string, source: Source): Named | undefined {
    const local = declared(name, source);
    if (local !== undefined) return local;
    for (const statement of source.statements) {
      if (statement.kind !== NodeKind.Import) continue;
      const { declarations, internalPath } = statement as ImportStatement;
      for (const declaration of declarations ?? []) {
        if (declaration.name.text !== name) continue;
        const from = this.#file(internalPath);
        return from && this.#exported(declaration.foreignName.text, from, new Set());
      }
    }
    return undefined;
  }

  #namespace(name: string, source: Source): Source | undefined {
    for (const statement of source.statements) {
      if (statement.kind !== NodeKind.Import) continue;
      const { namespaceName, internalPath } = statement as ImportStatement;
      if (namespaceName?.text === name) return this.#file(internalPath);
    }
    return undefined;
  }

  #exported(name: string, source: Source, seen: Set<Source>): Named | undefined {
    if (seen.has(source)) return undefined;
    seen.add(source);
    const local = this.find(name, source);
    if (local !== undefined) return local;
    for (const statement of source.statements) {
      if (statement.kind !== NodeKind.Export) continue;
      const { members, internalPath } = statement as ExportStatement;
      const from = internalPath === null ? source : this.#file(internalPath);
      if (from === undefined) continue;
      if (members === null) {
        const found = this.#exported(name, from, seen);
        if (found !== undefined) return found;
      }
      for (const member of members ?? []) {
        if (member.exportedName.text !== name) continue;
        return from === source
          ? this.find(member.localName.text, source)
          : this.#exported(member.localName.text, from, seen);
      }
    }
    return undefined;
  }

  #file(internalPath: string): Source | undefined {
    return this.#byPath.get(internalPath) ?? this.#byPath.get(`${internalPath}/index`);
  }
}

function isStandard(source: Source): boolean {
  // A package of someone else's is a folder with files of its own.
  return standardFolders.test(source.internalPath);
}

const standardFolders = /^~lib\/(rt|util|shared|bindings|as-wasi|[a-z0-9]+$)/;

function declared(name: string, source: Source): Named | undefined {
  for (const statement of source.statements) {
    switch (statement.kind) {
      case NodeKind.ClassDeclaration:
      case NodeKind.EnumDeclaration:
      case NodeKind.TypeDeclaration: {
        const node = statement as DeclarationStatement;
        if (node.name.text !== name) continue;
        if (statement.kind === NodeKind.ClassDeclaration)
          return { kind: "class", node: node as ClassDeclaration, source };
        if (statement.kind === NodeKind.EnumDeclaration) return { kind: "enum", node: node as EnumDeclaration, source };
        return { kind: "alias", node: node as TypeDeclaration, source };
      }
    }
  }
  return undefined;
}
