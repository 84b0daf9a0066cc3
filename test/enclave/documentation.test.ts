import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Entry } from "../../src/wire/entry.ts";

const page = new URL("../../docs/enclave.md", import.meta.url);
const source = readFileSync(new URL("../../src/wire/entry.ts", import.meta.url), "utf8");

/** Rows of the table at the top of src/wire/entry.ts: name, in, out. */
const rows = [...source.matchAll(/^ \* \| (\w+) \| (.*) \| (.*) \|$/gm)]
  .map(([, name = "", takes = "", gives = ""]) => ({ name, takes, gives }))
  .filter(({ name }) => name !== "entry");

/** The page's table, made from that one and from the numbers. */
function table(): string {
  const lines = rows.map(
    ({ name, takes, gives }) => `| ${Entry[name as keyof typeof Entry]} | \`${name}\` | ${takes} | ${gives} |`,
  );
  return ["| | entry | in | out |", "|---|---|---|---|", ...lines].join("\n");
}

const between = /(<!-- entries -->\n\n)[\s\S]*?(\n\n`open` comes first)/;

describe("docs/enclave.md", () => {
  it("lists every entry there is, with its number, and no other", () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(Entry).toSorted());
    const text = readFileSync(page, "utf8");
    const made = text.replace(between, (_, head: string, foot: string) => `${head}${table()}${foot}`);
    if (process.env.PHATVM_UPDATE === "1") writeFileSync(page, made);
    else expect(text, "run it with PHATVM_UPDATE=1").toBe(made);
    expect(made).toContain(`| ${Entry.dispatch} | \`dispatch\` |`);
  });
});
