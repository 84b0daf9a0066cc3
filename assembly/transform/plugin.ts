/**
 * The compiler's plug-in itself.
 *
 * After the compiler has parsed every file, and before it resolves a single type, the plug-in reads the decorated class,
 * reports what is wrong with it, and adds the code and the entry points that make it a contract. What it learned stays
 * in `contract`, from which `buildContract` makes metadata and bundle; plain `asc` gives the wasm alone.
 * @module
 */
import { type ClassDeclaration, type FieldDeclaration, Parser, type Source, type Statement } from "assemblyscript";
import { Transform } from "assemblyscript/transform";
import { checkAnswers } from "./answers.ts";
import { type ContractModel, readContract } from "./contract.ts";
import { decoratorOn } from "./decorators.ts";
import { type EnumOf, enumsThatFit, enumText } from "./enums.ts";
import {
  caseMembers,
  contractMembers,
  contractModule,
  entryModule,
  eventMembers,
  fixedMembers,
  runtimeImport,
  valueMembers,
  variantMembers,
} from "./generate.ts";
import { CommonFlags, SourceKind } from "./kinds.ts";
import { type Remote, readRemotes } from "./remote.ts";
import { Report } from "./report.ts";
import { fillResults } from "./results.ts";
import { Scope } from "./scope.ts";
import { classesIn, Types } from "./types.ts";

/** What the SDK asks of the contract: its file of that name is a placeholder. */
const contractPath = "~lib/phatvm/assembly/contract";
/** Where the entry points go. */
const entryPath = "~lib/phatvm/assembly/entry";

/** Turns a decorated class into a Phat contract. */
export class PhatTransform extends Transform {
  /** What was read, once parsing is done and when nothing was wrong. */
  contract: { readonly model: ContractModel; readonly types: Types } | undefined;

  /** The text of a file that the compiler read, or that was generated; empty for one it does not know. */
  textOf(file: string): string {
    const { sources } = (this as unknown as { program: { sources: readonly Source[] } }).program;
    return sources.find((s) => s.normalizedPath === file)?.text ?? "";
  }

  afterParse(parser: Parser): void {
    const report = new Report(parser);
    const scope = new Scope(parser);
    const types = new Types(scope, report);
    const model = readContract(scope, types, report);
    const remotes = readRemotes(scope, types, report);
    const enums = enumsThatFit(scope, new Set(types.enums()), report);
    if (model === undefined || report.any) return;
    this.contract = { model, types };
    offerClasses(parser, scope, model, types, enums);
    new Weaver(parser, scope, model, types).weave(remotes, enums);
  }
}

/** What a class is for that does not travel as a value of its own. */
const others = ["contract", "trait", "remote", "event", "fixed"] as const;

/** Lets every class travel that could, named by a message or not; what is not used is not compiled. */
function offerClasses(
  parser: Parser,
  scope: Scope,
  model: ContractModel,
  types: Types,
  enums: readonly EnumOf[],
): void {
  const bytes = new Set(enums.map(({ node }) => node));
  for (const source of scope.own) {
    for (const node of classesIn(source)) {
      const taken = types.composites.has(node) || model.classes.some((c) => c.node === node);
      if (taken || node.extendsType !== null || others.some((name) => decoratorOn(node, name))) continue;
      const report = new Report(parser, true);
      const trial = new Types(scope, report);
      trial.offer(node, source);
      if (!report.any && trial.enums().every((used) => bytes.has(used))) types.offer(node, source);
    }
  }
}

/** Puts the generated code where it belongs. */
class Weaver {
  readonly #parser: Parser;
  readonly #scope: Scope;
  readonly #model: ContractModel;
  readonly #types: Types;
  readonly #needsRuntime = new Set<Source>();

  constructor(parser: Parser, scope: Scope, model: ContractModel, types: Types) {
    this.#parser = parser;
    this.#scope = scope;
    this.#model = model;
    this.#types = types;
  }

  weave(remotes: readonly Remote[], enums: readonly EnumOf[]): void {
    for (const source of this.#scope.own) {
      // Only the generated module is an entry: what an author exports is for other files, not for the host.
      if (source.sourceKind === SourceKind.UserEntry) source.sourceKind = SourceKind.User;
      if (fillResults(source, this.#scope)) this.#needsRuntime.add(source);
      const checks = checkAnswers(source, this.#scope, this.#types);
      if (checks.length === 0) continue;
      this.#needsRuntime.add(source);
      source.statements.push(...this.#parse(source, checks.join("\n"), "answers"));
    }
    for (const { node, source } of this.#model.classes) this.#contractClass(node, source);
    for (const [node, source] of this.#types.composites) {
      this.#add(node, source, valueMembers(node, source, this.#types), "encoding");
    }
    for (const type of this.#types.resolvedVariants()) {
      this.#add(type.node, type.source, variantMembers(type), "variant");
      for (const { node, index } of type.cases) {
        this.#add(node, type.source, caseMembers(node, index, type.source, this.#types), "case");
      }
    }
    for (const [node, { source, length }] of this.#types.fixed) {
      this.#add(node, source, fixedMembers(length), "length");
    }
    for (const { node, source, members } of remotes) {
      node.flags &= ~CommonFlags.Abstract;
      node.members = [];
      this.#add(node, source, members, "calls");
    }
    this.#model.events.forEach((event, index) => {
      this.#add(event.node, event.source, eventMembers(this.#model, event, index), "event");
    });
    this.#enums(enums);
    for (const source of this.#needsRuntime) {
      const [statement] = this.#parse(source, runtimeImport, "imports");
      source.statements.unshift(statement!);
    }
    this.#entryPoints();
  }

  #contractClass(node: ClassDeclaration, source: Source): void {
    node.flags |= CommonFlags.Export;
    const text = contractMembers(this.#model, node);
    const stored = new Set(this.#model.fields.map((f) => f.node));
    node.members = node.members.filter((member) => !stored.has(member as FieldDeclaration));
    this.#add(node, source, text, "contract");
  }

  #add(node: ClassDeclaration, source: Source, members: string, what: string): void {
    this.#needsRuntime.add(source);
    const parameters = (node.typeParameters ?? []).map((p) => p.name.text);
    const generic = parameters.length > 0 ? `<${parameters.join(", ")}>` : "";
    const text = `class ${node.name.text}${generic} {\n${members}\n}`;
    const [parsed] = this.#parse(source, text, `${node.name.text}.${what}`);
    node.members.push(...(parsed as ClassDeclaration).members);
  }

  #enums(enums: readonly EnumOf[]): void {
    for (const each of enums) {
      const { statements } = each.source;
      const at = statements.indexOf(each.node);
      statements.splice(at, 1, ...this.#parse(each.source, enumText(each), `${each.node.name.text}.enum`));
    }
  }

  #entryPoints(): void {
    const { sources, donelog } = this.#parser;
    const placeholder = sources.findIndex((s) => s.internalPath === contractPath);
    if (placeholder >= 0) sources.splice(placeholder, 1);
    donelog.delete(contractPath);
    this.#parser.parseFile(contractModule(this.#model), `${contractPath}.ts`, false);
    this.#parser.parseFile(entryModule(this.#model), `${entryPath}.ts`, true);
  }

  /** Parses generated text as a file of its own, so that a trace never points at the author's lines by accident. */
  #parse(source: Source, text: string, what: string): Statement[] {
    const parser = new Parser(this.#parser.diagnostics);
    parser.parseFile(text, `${source.internalPath}~${what}.ts`, false);
    const generated = parser.sources[0]!;
    const { statements } = generated;
    // The compiler looks up the file of every expression: this one stays behind, empty.
    generated.statements = [];
    this.#parser.sources.push(generated);
    return statements;
  }
}
