/**
 * The decorators of the SDK and what may stand in their parentheses.
 * @module
 */
import type {
  ArrayLiteralExpression,
  DeclarationStatement,
  DecoratorNode,
  Expression,
  IdentifierExpression,
  IntegerLiteralExpression,
  LiteralExpression,
  ObjectLiteralExpression,
  StringLiteralExpression,
  UnaryPrefixExpression,
} from "assemblyscript";
import { LiteralKind, NodeKind } from "./kinds.ts";
import type { Report } from "./report.ts";

/** A decorator of the SDK. */
export type DecoratorName =
  | "contract"
  | "constructor"
  | "message"
  | "storage"
  | "event"
  | "topic"
  | "trait"
  | "fixed"
  | "variant"
  | "remote";

/** What each decorator takes. */
const options: Readonly<Record<DecoratorName, readonly string[]>> = {
  contract: [],
  constructor: ["selector", "payable", "name", "default"],
  message: ["mutates", "payable", "selector", "name", "trait", "default"],
  storage: [],
  event: ["topics", "anonymous"],
  topic: [],
  trait: ["name", "namespace"],
  fixed: ["length"],
  variant: [],
  remote: ["trait"],
};

/** What an author wrote in a decorator's parentheses. */
export type OptionValue = boolean | number | string | readonly string[];

/** A decorator that stands on something. */
export interface Decorator {
  readonly node: DecoratorNode;
  readonly options: ReadonlyMap<string, OptionValue>;
}

/** The decorator of that name on a declaration. */
export function decoratorOn(node: DeclarationStatement, name: DecoratorName): DecoratorNode | undefined {
  return (node.decorators ?? []).find((d) => nameOf(d) === name);
}

/** Reads a decorator's options; what it does not take is reported. */
export function readDecorator(node: DecoratorNode, name: DecoratorName, report: Report): Decorator {
  const found = new Map<string, OptionValue>();
  const allowed = options[name];
  for (const argument of node.args ?? []) {
    if (!isObject(argument)) {
      const text = textValue(argument) ?? integerOf(argument);
      const single = name === "trait" ? "name" : name === "fixed" ? "length" : undefined;
      if (single !== undefined && text !== undefined) found.set(single, text);
      else report.error(argument, `@${name} takes ${allowed.length === 0 ? "nothing" : `{ ${allowed.join(", ")} }`}`);
      continue;
    }
    argument.names.forEach((key, i) => {
      const value = writtenValue(argument.values[i]!);
      if (!allowed.includes(key.text)) {
        report.error(
          key,
          `@${name} knows no "${key.text}"${allowed.length === 0 ? "" : `: it takes ${allowed.join(", ")}`}`,
        );
      } else if (value === undefined) {
        report.error(
          argument.values[i]!,
          `"${key.text}" must be written out: true, a number, a text or a list of texts`,
        );
      } else {
        found.set(key.text, value);
      }
    });
  }
  return { node, options: found };
}

/** The name of a decorator. */
export function nameOf(node: DecoratorNode): string {
  return node.name.kind === NodeKind.Identifier ? (node.name as IdentifierExpression).text : "";
}

function isObject(node: Expression): node is ObjectLiteralExpression {
  return node.kind === NodeKind.Literal && (node as LiteralExpression).literalKind === LiteralKind.Object;
}

function textValue(node: Expression): string | undefined {
  if (node.kind !== NodeKind.Literal || (node as LiteralExpression).literalKind !== LiteralKind.String)
    return undefined;
  return (node as StringLiteralExpression).value;
}

function writtenValue(node: Expression): OptionValue | undefined {
  if (node.kind === NodeKind.True) return true;
  if (node.kind === NodeKind.False) return false;
  if (node.kind === NodeKind.Literal && (node as LiteralExpression).literalKind === LiteralKind.Array) {
    const texts = (node as ArrayLiteralExpression).elementExpressions.map(textValue);
    return texts.every((t) => t !== undefined) ? (texts as string[]) : undefined;
  }
  return textValue(node) ?? integerOf(node);
}

/** The value of an integer literal, with or without a sign. */
export function integerOf(expression: object): number | undefined {
  const node = expression as LiteralExpression;
  if (node.kind === NodeKind.UnaryPrefix) {
    const inner = integerOf((expression as UnaryPrefixExpression).operand);
    return inner === undefined ? undefined : -inner;
  }
  if (node.kind !== NodeKind.Literal || node.literalKind !== LiteralKind.Integer) return undefined;
  return Number((expression as IntegerLiteralExpression).value.toString());
}
