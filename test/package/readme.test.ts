/**
 * The README's example runs as it stands, against the built package, and every file that the documents name is there.
 * @module
 */

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string): string => readFileSync(resolve(root, name), "utf8");
const readme = read("README.md");
const run = promisify(execFile);

describe("the README", () => {
  it("has an example of about twenty lines, and it does what it says", async () => {
    const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
    expect(example.split("\n").length).toBeGreaterThan(10);
    expect(example.split("\n").length).toBeLessThanOrEqual(21);
    // Inside the package, so that its own name leads to it.
    const folder = resolve(root, "build/readme");
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(resolve(folder, "example.mjs"), example);
      const { stdout, stderr } = await run(process.execPath, [resolve(folder, "example.mjs")], { cwd: folder });
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^deployed 0x[0-9a-f]{64} in block \d+\nflip: ok in block \d+ for \d+n gas\nget: false\n/);
      expect(stdout).toContain('flipper has no message "flop"; near it: flip.');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("names the commands that package.json has", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    expect(readme).toContain("npm ci && npm start");
    for (const [, name] of readme.matchAll(/npm (?:run )?(start|test|check)\b/g)) {
      expect(scripts).toHaveProperty(name as string);
    }
  });

  it.each(["README.md", "docs/architecture.md", "docs/attestation.md", "docs/values.md"])(
    "%s links to files that are there",
    (name) => {
      const links = [...read(name).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string);
      const missing = links.filter((target) => !existsSync(resolve(root, dirname(name), target)));
      expect(missing).toEqual([]);
    },
  );

  it("lists every command of the command line, and no other", async () => {
    const { commands } = await import("../../src/cli/commands.ts");
    const table = readme.slice(readme.indexOf("| command | does |"), readme.indexOf("Every command takes"));
    const rows = [...table.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`(\w+)/g)].map(([, word]) => word),
    );
    expect(rows.sort()).toEqual(Object.keys(commands).sort());
  });
});
