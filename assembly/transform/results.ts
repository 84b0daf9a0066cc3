/**
 * Lets an author write `return ok(value)` and `return err(error)`: the compiler does not infer type arguments from where
 * a value goes, so those of the function's return type are put in.
 * @module
 */
import {
  type BlockStatement,
  type CallExpression,
  type DeclarationStatement,
  type DoStatement,
  type Expression,
  type ForOfStatement,
  type ForStatement,
  type FunctionDeclaration,
  type IdentifierExpression,
  type IfStatement,
  type NamedTypeNode,
  Node,
  type ParenthesizedExpression,
  type ReturnStatement,
  type Source,
  type Statement,
  type SwitchStatement,
  type TernaryExpression,
  type TypeNode,
  type VariableStatement,
  type WhileStatement,
} from "assemblyscript";
import { NodeKind } from "./kinds.ts";
import { isSdk, type Scope } from "./scope.ts";
import { classesIn } from "./types.ts";

/** Fills in the type arguments of `ok` and `err` in a file; true when a call became one of the runtime's. */
export function fillResults(source: Source, scope: Scope): boolean {
  const filler = new Filler(source, scope);
  for (const statement of source.statements) {
    if (statement.kind === NodeKind.FunctionDeclaration) filler.function(statement as FunctionDeclaration);
  }
  for (const node of classesIn(source)) {
    for (const member of node.members) {
      if (member.kind === NodeKind.MethodDeclaration)
        filler.function(member as DeclarationStatement as FunctionDeclaration);
    }
  }
  return filler.usesRuntime;
}

class Filler {
  readonly #source: Source;
  readonly #scope: Scope;
  usesRuntime = false;

  constructor(source: Source, scope: Scope) {
    this.#source = source;
    this.#scope = scope;
  }

  function(node: FunctionDeclaration): void {
    this.#statement(node.body, this.#resultArguments(node.signature.returnType));
  }

  /** The two type arguments of a type that is the SDK's `Result`. */
  #resultArguments(type: TypeNode | null): TypeNode[] | undefined {
    if (type?.kind !== NodeKind.NamedType) return undefined;
    const named = type as NamedTypeNode;
    const found = this.#scope.resolve(named, this.#source);
    if (found?.kind === "alias") return this.#resultArguments(found.node.type);
    if (found?.kind !== "class" || !isSdk(found.source) || found.node.name.text !== "Result") return undefined;
    return named.typeArguments ?? undefined;
  }

  #statement(node: Statement | null | undefined, types: TypeNode[] | undefined): void {
    switch (node?.kind) {
      case NodeKind.Block:
        for (const statement of (node as BlockStatement).statements) this.#statement(statement, types);
        break;
      case NodeKind.If:
        this.#statement((node as IfStatement).ifTrue, types);
        this.#statement((node as IfStatement).ifFalse, types);
        break;
      case NodeKind.Do:
      case NodeKind.While:
      case NodeKind.For:
      case NodeKind.ForOf:
        this.#statement((node as DoStatement | WhileStatement | ForStatement | ForOfStatement).body, types);
        break;
      case NodeKind.Switch:
        for (const { statements } of (node as SwitchStatement).cases) {
          for (const statement of statements) this.#statement(statement, types);
        }
        break;
      case NodeKind.Return:
        this.#value((node as ReturnStatement).value, types);
        break;
      case NodeKind.Variable:
        for (const { type, initializer } of (node as VariableStatement).declarations) {
          this.#value(initializer, this.#resultArguments(type));
        }
        break;
    }
  }

  #value(node: Expression | null, types: TypeNode[] | undefined): void {
    if (node === null || types?.length !== 2) return;
    if (node.kind === NodeKind.Parenthesized) {
      this.#value((node as ParenthesizedExpression).expression, types);
      return;
    }
    if (node.kind === NodeKind.Ternary) {
      this.#value((node as TernaryExpression).ifThen, types);
      this.#value((node as TernaryExpression).ifElse, types);
      return;
    }
    if (node.kind !== NodeKind.Call) return;
    const call = node as CallExpression;
    if (call.typeArguments !== null || call.expression.kind !== NodeKind.Identifier) return;
    const { text } = call.expression as IdentifierExpression;
    if (text === "err" || (text === "ok" && call.args.length > 0)) {
      call.typeArguments = types;
    } else if (text === "ok") {
      // Success without a value has a function of its own: a parameter cannot be of type void.
      const { range } = call.expression;
      const runtime = Node.createIdentifierExpression("$phat", range);
      const done = Node.createIdentifierExpression("done", range);
      call.expression = Node.createPropertyAccessExpression(runtime, done, range);
      call.typeArguments = [types[1]!];
      this.usesRuntime = true;
    }
  }
}
