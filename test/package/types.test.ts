/**
 * The types of the package, as whoever uses it meets them: under TypeScript's strictest checks, and with every
 * declaration that they reach checked as well.
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, string | { types?: string }>;
};
/** What can be imported with types, by the package's own name; of those with a star, one. */
const typed = Object.entries(manifest.exports)
  .filter(([, to]) => typeof to === "object" && to.types !== undefined)
  .map(([name]) => `phatvm${name.slice(1)}`.replace("*", "flipper"));

mkdirSync(join(root, "build"), { recursive: true });
// Inside the package, so that its own name leads to it.
const work = mkdtempSync(join(root, "build/types-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("a consumer's program", () => {
  it("can import all that has types", () => {
    expect(typed).toContain("phatvm");
    expect(typed).toContain("phatvm/transform");
    expect(typed).toContain("phatvm/fixtures/flipper.meta.js");
    expect(typed.length).toBeGreaterThan(5);
  });

  it.each(typed)("that imports %s passes, declarations too, with neither Node's types nor a browser's", (name) => {
    writeFileSync(
      join(work, "program.ts"),
      `import * as all from "${name}";\nexport const names = Object.keys(all);\n`,
    );
    const compilerOptions = {
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      module: "nodenext",
      target: "es2023",
      lib: ["es2023"],
      types: [],
    };
    writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
    const tsc = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", work], { encoding: "utf8" });
    expect({ said: tsc.stdout, status: tsc.status }).toEqual({ said: "", status: 0 });
  });
});
