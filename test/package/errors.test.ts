/**
 * The catalogue of errors: every code is raised here, thrown somewhere in the source, and in docs/errors.md.
 *
 * `npx vitest run test/package/errors.test.ts --update` writes the page anew; it is reviewed as code.
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { buildErrors } from "../../assembly/transform/errors.ts";
import { ContractFault, catalogue, EngineError, type ErrorCode, type Facts, restoreError } from "../../src/errors.ts";

const codes = Object.keys(catalogue) as ErrorCode[];
const src = fileURLToPath(new URL("../../src/", import.meta.url));
const source = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && name !== "errors.ts")
  .map((name) => readFileSync(join(src, name), "utf8"))
  .join("\n");

/** Facts that show their own names, as the page does. */
const named: Facts = new Proxy({}, { get: (_, fact) => `‹${String(fact)}›`, has: () => true });

const families = {
  contract: {
    title: "Faults of contracts",
    about: "`ContractFault`: of the guest or of what was asked of it. Deterministic, and the same on every replica.",
  },
  engine: {
    title: "Faults around them",
    about: "`EngineError`: of the call, the host, the disk or the network. Never part of a contract's result.",
  },
} as const;

function page(): string {
  const lines = [
    "# Errors",
    "",
    "Every error is a `PhatError` with a stable `code`, a message that says what happened and what to do, and its facts",
    "as the field `facts`. This page is made from `src/errors.ts` and `assembly/transform/errors.ts`; ‹names› stand for",
    "facts. On the command line, `--json` gives an error as `{ error: { code, message, advice, facts } }`.",
    "",
  ];
  for (const [family, { title, about }] of Object.entries(families)) {
    lines.push(`## ${title}`, "", about, "");
    for (const code of codes.filter((one) => catalogue[one].family === family).sort()) {
      const { says, advice } = catalogue[code];
      lines.push(`### ${code}`, "", says(named), "", `*What to do:* ${advice}`, "");
    }
  }
  lines.push(
    "## Faults of a build",
    "",
    "`BuildError`: from `buildContract` and `newProject` of `phatvm/transform/build`, and from `phatvm build` and `phatvm",
    "new`. Of the same shape: `code`, `facts`, `advice`, and `diagnostics` where places of the source are to blame.",
    "",
  );
  for (const [code, { says, advice }] of Object.entries(buildErrors).sort()) {
    lines.push(`### ${code}`, "", says(named as never), "", `*What to do:* ${advice}`, "");
  }
  return lines.join("\n");
}

describe("the catalogue of errors", () => {
  it.each(codes)("%s can be raised, says what happened and what to do, and survives a boundary", (code) => {
    const { family, advice } = catalogue[code];
    const facts = { reason: "for a reason", code: 7 };
    const error = restoreError(code, facts);
    expect(error).toBeInstanceOf(family === "contract" ? ContractFault : EngineError);
    expect(error.code).toBe(code);
    expect(error.facts).toBe(facts);
    expect(error.message.endsWith(advice)).toBe(true);
    expect(catalogue[code].says(named)).toMatch(/^["A-Z‹].*\.$/s);
    expect(advice).toMatch(/[.!]$/);
    // Whatever the facts, a message is a text: no fact is needed for it to be made.
    expect(() => restoreError(code, {})).not.toThrow();
    expect(catalogue[code].says(named)).not.toMatch(/undefined|\[object/);
  });

  it.each(codes)("%s is thrown somewhere in the source", (code) => {
    expect(source.includes(`"${code}"`)).toBe(true);
  });

  it("sends nobody to a page that is not there", () => {
    const pages = codes.flatMap((code) => catalogue[code].advice.match(/docs\/[\w-]+\.md/g) ?? []);
    const root = fileURLToPath(new URL("../../", import.meta.url));
    expect([...new Set(pages)].filter((page) => !existsSync(join(root, page)))).toEqual([]);
  });

  it("is what docs/errors.md says", async () => {
    await expect(page()).toMatchFileSnapshot("../../docs/errors.md");
  });
});
