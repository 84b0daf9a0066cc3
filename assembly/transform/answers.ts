/**
 * Refuses enum values that the enum does not have in the answers of other contracts. A call that was prepared says what
 * it expects where it is sent, `send<Color[]>()`; the SDK decodes that, and knows an enum as a plain u8.
 * @module
 */
import {
  type CallExpression,
  type NamedTypeNode,
  Node,
  type PropertyAccessExpression,
  type Source,
  type TypeNode,
} from "assemblyscript";
import { checkOf } from "./checks.ts";
import { NodeKind } from "./kinds.ts";
import type { Scope } from "./scope.ts";
import { type Types, textOf } from "./types.ts";
import { walk } from "./walk.ts";

/** What decodes an answer. */
const decoding: ReadonlySet<string> = new Set(["send", "delegate"]);

/** Puts a check around each call whose answer can hold an enum; gives the functions that check, as text. */
export function checkAnswers(source: Source, scope: Scope, types: Types): string[] {
  const functions: string[] = [];
  const found: CallExpression[] = [];
  for (const statement of source.statements) {
    walk(statement, (node) => {
      if (node.kind === NodeKind.Call) found.push(node as CallExpression);
    });
  }
  for (const call of found) {
    const [expected] = call.typeArguments ?? [];
    if (expected === undefined || call.expression.kind !== NodeKind.PropertyAccess) continue;
    if (!decoding.has((call.expression as PropertyAccessExpression).property.text)) continue;
    if (!mentionsEnum(expected, source, scope)) continue;
    const check = checkOf("$value", types.resolve(expected, source));
    if (check === "") continue;
    const name = `$answer${functions.length}`;
    functions.push(checker(name, textOf(expected), check));
    const { range } = call;
    const sent = Node.createCallExpression(call.expression, call.typeArguments, call.args, range);
    call.expression = Node.createIdentifierExpression(name, range);
    call.typeArguments = null;
    call.args = [sent];
  }
  return functions;
}

/** A function that gives an answer of that type back, or the error that it was not what was expected. */
const checker = (name: string, type: string, check: string): string => `
function ${name}<R>(answer: R): R {
  if (idof<R>() == idof<$phat.Result<${type}, u8>>()) {
    const $answer = changetype<$phat.Result<${type}, u8>>(answer);
    if ($answer.isOk) {
      const $value = $answer.value;
      ${check}
      if ($phat.failed()) return changetype<R>($phat.undecodable<${type}>());
    }
  }
  return answer;
}`;

/** Whether an enum stands in a type; a class of the author's own checks what is in it by itself. */
function mentionsEnum(type: TypeNode, source: Source, scope: Scope): boolean {
  if (type.kind !== NodeKind.NamedType) return false;
  const named = type as NamedTypeNode;
  const found = scope.resolve(named, source);
  if (found?.kind === "enum") return true;
  if (found?.kind === "alias" && mentionsEnum(found.node.type, found.source, scope)) return true;
  return (named.typeArguments ?? []).some((argument) => mentionsEnum(argument, source, scope));
}
