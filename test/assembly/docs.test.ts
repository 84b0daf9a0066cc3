/**
 * Every block of code in docs/contracts.md is compiled: contracts by their compiler, what hosts write by TypeScript.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildContract } from "../../assembly/transform/build.ts";
import { typeCheck } from "./typescript.ts";

const page = await readFile("docs/contracts.md", "utf8");
const blocks = [...page.matchAll(/^```ts(?: (\S+))?\n(.*?)^```$/gms)].map(([, file, code]) => ({ file, code: code! }));
const contracts = blocks.filter(({ file }) => file?.startsWith("contracts/"));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "phatvm-docs-"));
  for (const sub of ["contracts", "host", "node_modules"]) await mkdir(path.join(folder, sub));
  await symlink(path.resolve("."), path.join(folder, "node_modules/phatvm"));
  for (const { file, code } of blocks) await writeFile(path.join(folder, file!), code);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("every block says which file it is", () => {
  expect(blocks.filter(({ file }) => file === undefined)).toEqual([]);
  expect(contracts.length).toBeGreaterThan(8);
});

test.each(contracts.map(({ file }) => file!))("%s compiles without a word", async (file) => {
  const { warnings } = await buildContract({ entry: path.join(folder, file), outDir: path.join(folder, "build") });
  expect(warnings).toEqual([]);
});

test("what a host writes is typed", async () => {
  await typeCheck(folder, { include: ["host"] });
});

test("what a host writes runs as it stands", async () => {
  const { code } = blocks.find(({ file }) => file === "host/main.ts")!;
  await writeFile(path.join(folder, "host/main.mjs"), code);
  const said = execFileSync(process.execPath, ["host/main.mjs"], { cwd: folder }).toString();
  expect(said).toBe("{ ok: 70n }\n");
});
