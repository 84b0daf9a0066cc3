/**
 * docs/attestation.md: its programs run as they stand, against the built package, and its table of errors is whole.
 */

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/attestation.md"), "utf8");
const programs = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string);
const folder = join(root, "build/attestation");

beforeAll(() => {
  // Inside the package, so that its own name leads to it.
  mkdirSync(folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the page about attestation", () => {
  it.each([
    ["looks at workers and receipts", 0, "simulated true true\ntrue simulated\n1 true\n"],
    ["tells what a build measures", 1, "true\n"],
  ])("%s", async (_, n, expected) => {
    const file = join(folder, `${n}.mjs`);
    writeFileSync(file, programs[n] as string);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
    expect({ stdout, stderr }).toEqual({ stdout: expected, stderr: "" });
  });

  it("has no other program", () => {
    expect(programs).toHaveLength(2);
  });

  it("names every error by which a registration is refused", () => {
    const source = readFileSync(join(root, "src/host/chain/registry.ts"), "utf8");
    const thrown = new Set([...source.matchAll(/EngineError\("(\w+)"/g)].map(([, code]) => code));
    for (const code of ["AlreadyListed", "NotListed"]) expect(thrown.delete(code)).toBe(true);
    const named = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
    expect(named.toSorted()).toEqual([...thrown].toSorted());
  });
});
