/**
 * Enums. The compiler makes every enum an i32; on the wire it is one byte. So each enum whose values fit becomes a u8
 * with names, wherever it is used: what `arg(Color.Red)` encodes must not depend on whether a message mentions `Color`.
 * @module
 */
import type { ElementAccessExpression, EnumDeclaration, IdentifierExpression, Node, Source } from "assemblyscript";
import type { AbiVariant } from "./abi.ts";
import { integerOf } from "./decorators.ts";
import { docsOf } from "./docs.ts";
import { CommonFlags, NodeKind } from "./kinds.ts";
import type { Report } from "./report.ts";
import type { Scope } from "./scope.ts";
import { walk } from "./walk.ts";

/** An enum and the file that it stands in. */
export interface EnumOf {
  readonly node: EnumDeclaration;
  readonly source: Source;
  readonly variants: readonly AbiVariant[];
}

/** The cases of an enum; what does not fit a byte is told. */
export function variantsOf(node: EnumDeclaration, tell: (at: Node, problem: string) => void): AbiVariant[] {
  const variants: AbiVariant[] = [];
  let next = 0;
  for (const value of node.values) {
    const literal = value.initializer === null ? next : integerOf(value.initializer);
    if (literal === undefined || literal < 0 || literal > 255) {
      tell(value, "an enum that travels needs values from 0 to 255, written as plain numbers");
      continue;
    }
    if (variants.some((v) => v.index === literal)) tell(value, `two values of ${node.name.text} are ${literal}`);
    variants.push({ name: value.name.text, index: literal, docs: docsOf(value) });
    next = literal + 1;
  }
  return variants;
}

/**
 * The enums that become bytes: all that fit. One that is asked for the name of a value, `Color[1]`, stays what it is,
 * and may not travel.
 */
export function enumsThatFit(scope: Scope, travelling: ReadonlySet<EnumDeclaration>, report: Report): EnumOf[] {
  const asked = new Map<EnumDeclaration, Node>();
  for (const source of scope.own) {
    for (const statement of source.statements) {
      walk(statement, (node) => {
        if (node.kind !== NodeKind.ElementAccess) return;
        const { expression } = node as ElementAccessExpression;
        if (expression.kind !== NodeKind.Identifier) return;
        const found = scope.find((expression as IdentifierExpression).text, source);
        if (found?.kind === "enum") asked.set(found.node, node);
      });
    }
  }
  const fitting: EnumOf[] = [];
  for (const source of scope.all) {
    for (const statement of source.statements) {
      if (statement.kind !== NodeKind.EnumDeclaration) continue;
      const node = statement as EnumDeclaration;
      const at = asked.get(node);
      if (at !== undefined && travelling.has(node)) {
        report.error(at, `${node.name.text} travels as a number, and has no names in the contract: use a switch`);
      }
      let fits = at === undefined;
      const variants = variantsOf(node, () => {
        fits = false;
      });
      if (fits) fitting.push({ node, source, variants });
    }
  }
  return fitting;
}

/** A u8 with names, so that collections and mappings of it take one byte an item. */
export function enumText({ node, variants }: EnumOf): string {
  const name = node.name.text;
  const exported = node.is(CommonFlags.Export) ? "export " : "";
  const values = variants.map((v) => `export const ${v.name}: u8 = ${v.index};`).join(" ");
  return `${exported}type ${name} = u8;\n${exported}namespace ${name} { ${values} }`;
}
