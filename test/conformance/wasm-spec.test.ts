import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bare, prepared } from "./engines.ts";
import { runScript, type TextParser } from "./runner.ts";
import { type Command, readScript } from "./script.ts";
import { wabtParser } from "./wabt-parser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(process.env.PHATVM_CONFORMANCE ?? join(root, "../shared/conformance"), "wasm-spec");
const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".wast"))
      .sort()
  : [];

// A newer V8 as it is accepts what came after 2.0, such as extended constants; prepared modules must not depend on it.
const isNewer = Number(process.versions.v8.split(".")[0]) > 11;
const REFUSALS: ReadonlySet<Command["kind"]> = new Set(["assert_invalid", "assert_malformed"]);

describe.skipIf(files.length === 0)(
  `the official core suite${files.length === 0 ? ` (not found at ${folder})` : ""}`,
  () => {
    let parse: TextParser;
    const scripts = new Map<string, Command[]>();
    const script = (file: string): Command[] => {
      let commands = scripts.get(file);
      if (commands === undefined) scripts.set(file, (commands = readScript(readFileSync(join(folder, file)))));
      return commands;
    };
    beforeAll(async () => {
      parse = await wabtParser();
    });

    describe.each([bare, prepared("native"), prepared("canonical")])("$name", (engine) => {
      let held = 0;
      let heldByParser = 0;
      test.each(files)("%s", (file) => {
        const outcome = runScript(script(file), engine, parse);
        held += outcome.held;
        heldByParser += outcome.heldByParser;
        expect(outcome.unread).toEqual([]);
        // The first few say enough; one wrong module fails everything that is asked of it.
        const failures = outcome.failures.filter(({ kind }) => !(engine === bare && isNewer && REFUSALS.has(kind)));
        expect({ count: failures.length, first: failures.slice(0, 3) }).toEqual({
          count: 0,
          first: [],
        });
      });
      afterAll(() => {
        console.log(
          `${engine.name}: ${held} commands did what they should, ${heldByParser} more ended in the text parser as they should`,
        );
      });
    });
  },
);
