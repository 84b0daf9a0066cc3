/**
 * Finds messages that say they change nothing and do: what they assign would be lost without a word.
 * @module
 */
import {
  type BinaryExpression,
  type CallExpression,
  type ClassDeclaration,
  type IdentifierExpression,
  type MethodDeclaration,
  type Node,
  operatorTokenToString,
  type PropertyAccessExpression,
  type UnaryPostfixExpression,
} from "assemblyscript";
import type { ContractModel, StorageField } from "./contract.ts";
import { NodeKind } from "./kinds.ts";
import type { Report } from "./report.ts";
import { walk } from "./walk.ts";

/** What changes a mapping, a list or a lazy value. */
const changing: ReadonlySet<string> = new Set(["set", "delete", "take", "push", "pop", "swapRemove", "clear"]);
const assignment = /^(?:[^=!<>]|<<|>>|>>>|\*\*)?=$/;

/** Reports each place where a message with `mutates: false`, or a method it calls, changes a field. */
export function refuseHiddenChanges(model: ContractModel, report: Report): void {
  const fields = new Map(model.fields.map((f) => [f.name, f]));
  const methods = new Map<string, MethodDeclaration>();
  for (const { node } of model.classes.toReversed()) {
    for (const member of methodsOf(node)) methods.set(member.name.text, member);
  }
  for (const message of model.messages) {
    if (message.mutates) continue;
    const seen = new Set<MethodDeclaration>([message.node]);
    for (const method of seen) {
      walk(method.body, (node) => {
        const field = changedField(node, fields);
        if (field !== undefined) {
          report.error(node, `${message.node.name.text} is declared with mutates: false, and changes ${field}`);
        }
        const called = node.kind === NodeKind.Call ? fieldOfThis((node as CallExpression).expression) : undefined;
        const next = called === undefined ? undefined : methods.get(called);
        if (next !== undefined) seen.add(next);
      });
    }
  }
}

const methodsOf = (node: ClassDeclaration): MethodDeclaration[] =>
  node.members.filter((m) => m.kind === NodeKind.MethodDeclaration) as MethodDeclaration[];

/** The field that an expression changes, if it does. */
function changedField(node: Node, fields: ReadonlyMap<string, StorageField>): string | undefined {
  let target: Node | undefined;
  if (node.kind === NodeKind.Binary) {
    const { operator, left } = node as BinaryExpression;
    if (assignment.test(operatorTokenToString(operator))) target = left;
  } else if (node.kind === NodeKind.UnaryPostfix || node.kind === NodeKind.UnaryPrefix) {
    const { operator, operand } = node as UnaryPostfixExpression;
    if (["++", "--"].includes(operatorTokenToString(operator))) target = operand;
  } else if (node.kind === NodeKind.Call) {
    const { expression } = node as CallExpression;
    if (expression.kind !== NodeKind.PropertyAccess) return undefined;
    const { expression: object, property } = expression as PropertyAccessExpression;
    const name = fieldOfThis(object);
    const handle = name === undefined ? undefined : fields.get(name);
    return handle !== undefined && handle.keeping !== "value" && changing.has(property.text) ? name : undefined;
  }
  const name = target && fieldOfThis(target);
  return name !== undefined && fields.has(name) ? name : undefined;
}

/** The name behind `this.`. */
function fieldOfThis(node: Node): string | undefined {
  if (node.kind !== NodeKind.PropertyAccess) return undefined;
  const { expression, property } = node as PropertyAccessExpression;
  return expression.kind === NodeKind.This ? (property as IdentifierExpression).text : undefined;
}
