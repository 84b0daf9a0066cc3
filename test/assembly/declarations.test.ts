/**
 * The SDK's declarations of host functions are made from the one table of host functions.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type HostFunctionRow, hostFunctions } from "../../src/enclave/contract/imports.ts";

const file = "assembly/env/imports.ts";

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const types = {
  ptr: "usize",
  outPtr: "usize",
  outLen: "usize",
  len: "u32",
  flags: "u32",
  u32: "u32",
  u64: "u64",
} as const;
const results = { none: "void", never: "void", code: "u32", i32: "u32", i64: "u64" } as const;

/** What new code may import: of several versions of a function the newest has its plain name. */
function declarations(): string {
  const rows = hostFunctions.filter((row) => row.stability === "stable");
  const newest = new Map<string, HostFunctionRow>();
  for (const row of rows) {
    const known = newest.get(row.name);
    if (known === undefined || row.module > known.module) newest.set(row.name, row);
  }
  const parts = rows.map((row) => {
    const name = camel(row.name) + (newest.get(row.name) === row ? "" : row.module.replace("seal", "V"));
    const parameters = row.parameters.map((p) => `${camel(p.name)}: ${types[p.kind]}`).join(", ");
    return [
      `/** ${row.does} */`,
      "// @ts-ignore: decorator",
      `@external("${row.module}", "${row.name}")`,
      `export declare function ${name}(${parameters}): ${results[row.result]};`,
    ].join("\n");
  });
  return `${header}\n${parts.join("\n\n")}\n`;
}

const header = `/**
 * The host functions, as contracts import them. Made from the engine's table of host functions: change that, then run
 * \`PHATVM_UPDATE=1 npx vitest run test/assembly/declarations.test.ts\`.
 *
 * Everything else in the SDK is written on top of these; a contract has no reason to use them itself. Pointers are
 * addresses in the contract's memory; \`outLen\` points at a u32 that holds the capacity before and the length after.
 */
`;

test("the declarations are those of the table", async () => {
  const expected = declarations();
  if (process.env.PHATVM_UPDATE !== undefined) await writeFile(file, expected);
  expect(await readFile(file, "utf8")).toBe(expected);
});
