/**
 * Doc comments: what stands right before a declaration, for the metadata. The parser drops comments, the source keeps
 * them.
 * @module
 */
import type { DeclarationStatement } from "assemblyscript";

/** The lines of the doc comment before a declaration. */
export function docsOf(node: DeclarationStatement): string[] {
  const start = Math.min(node.range.start, ...(node.decorators ?? []).map((d) => d.range.start - 1));
  const before = node.range.source.text.slice(0, start).trimEnd();
  if (!before.endsWith("*/")) return [];
  const open = before.lastIndexOf("/**");
  if (open < 0 || before.indexOf("*/", open) !== before.length - 2) return [];
  const lines = before.slice(open + 3, -2).split("\n");
  const docs = lines.map((line) =>
    line
      .trim()
      .replace(/^\*\s?/, "")
      .trimEnd(),
  );
  while (docs.length > 0 && docs[0] === "") docs.shift();
  while (docs.length > 0 && docs.at(-1) === "") docs.pop();
  return docs;
}
