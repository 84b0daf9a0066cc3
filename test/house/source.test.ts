/**
 * What may stand in the source, and what may not.
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

function sources(...folders: readonly string[]): readonly { readonly name: string; readonly text: string }[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name).replaceAll("\\", "/"))
      .filter((name) => /\.(ts|md|json|yml|yaml|mjs|js)$|\/run$/.test(name) && !name.includes("node_modules"))
      .map((name) => ({ name, text: readFileSync(join(root, name), "utf8") })),
  );
}

/** The text without comments; strings stay. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** Lines of files that match. */
function offending(files: ReturnType<typeof sources>, pattern: RegExp, inCode = true): string[] {
  return files.flatMap(({ name, text }) =>
    (inCode ? code(text) : text)
      .split("\n")
      .filter((line) => pattern.test(line))
      .map((line) => `${name}: ${line.trim()}`),
  );
}

const src = sources("src").filter(({ name }) => name.endsWith(".ts") && !name.endsWith(".d.ts"));

describe("the source", () => {
  it("asks no clock and no dice where replicas must agree", () => {
    const deterministic = src.filter(({ name }) =>
      /^src\/(vm|wasm|wire|enclave\/(contract|state|runtime))\//.test(name),
    );
    expect(deterministic.length).toBeGreaterThan(20);
    const pattern =
      /\b(Date\.now|new Date\b|Math\.random|performance\.now|getRandomValues|randomBytes|toLocale\w*|Intl\.)/;
    expect(offending(deterministic, pattern)).toEqual([]);
  });

  it("throws only errors that have a code", () => {
    expect(offending(src, /\bthrow\s+(new\s+(Type|Range|Syntax|Reference)?Error\b|["'`])/)).toEqual([]);
  });

  it("has no default exports and no rooms for odds and ends", () => {
    expect(offending(src, /\bexport\s+default\b/)).toEqual([]);
    expect(
      src.map(({ name }) => name).filter((name) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.)/.test(name)),
    ).toEqual([]);
  });

  it("opens every file with what it holds and why", () => {
    const without = src
      .filter(({ text }) => !/^(#!.*\n)?\/\*\*[\s\S]*?\*\//.test(text) || !text.includes("@module"))
      .map(({ name }) => name);
    expect(without).toEqual([]);
  });

  it("leaves nothing to be done later", () => {
    expect(offending(sources("src", "test", "assembly"), /\b(TODO|FIXME|XXX)\b/, false).filter(notThisFile)).toEqual(
      [],
    );
  });

  it("names no machine, no home and no registry", () => {
    const all = [
      ...sources("src", "test", "docs", "assembly", "fixtures", ".ci"),
      ...["README.md", "package.json", "package-lock.json", ".npmrc", "CHANGELOG.md"].map((name) => ({
        name,
        text: readFileSync(join(root, name), "utf8"),
      })),
    ];
    const pattern = /(\/home\/|\/Users\/|\/root\/|\/work\/|registry\.npmjs|registry\.yarnpkg|_authToken)/;
    expect(offending(all, pattern, false).filter(notThisFile)).toEqual([]);
  });
});

function notThisFile(line: string): boolean {
  return !line.startsWith("test/house/source.test.ts");
}
