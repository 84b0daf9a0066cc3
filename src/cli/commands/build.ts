/**
 * `phatvm build`: compiles a contract.
 * @module
 */

import type { Command } from "../command.ts";
import { loadCompiler } from "../compiler.ts";
import { grouped } from "../format.ts";
import { badUsage } from "../parse.ts";

export const build: Command = {
  usage: "<entry.ts>",
  about: [
    "Compiles the contract class in an AssemblyScript file and writes <name>.contract, .wasm, .json, .meta.js and",
    ".meta.d.ts. Needs the package `assemblyscript` (npm install --save-dev assemblyscript).",
  ].join("\n"),
  options: {
    out: { type: "string", short: "o", value: "<folder>", help: "where the files go (default build)" },
    name: { type: "string", value: "<name>", help: "what they are called (default: as the entry)" },
    runtime: {
      type: "string",
      value: "<name>",
      help: "stub: memory is never freed, and thrown away after each call; minimal: can collect (default stub)",
    },
    layout: {
      type: "string",
      value: "<how>",
      help: "write: keep <name>.layout.json; check: refuse what could not read a state kept so (default check)",
    },
    asserts: { type: "boolean", help: "keep assertions and their texts, for the debug log" },
  },
  examples: [
    "phatvm build contracts/flipper.ts",
    "phatvm build contracts/token.ts -o dist --asserts",
    "phatvm build contracts/token.ts --layout write",
  ],
  positionals: { least: 1, most: 1 },
  ownsNothing: true,
  async run(call) {
    const { terminal } = call;
    const [entry = ""] = call.positionals;
    const name = call.text("name");
    const layout = call.text("layout") ?? "check";
    if (layout !== "check" && layout !== "write")
      throw badUsage(`--layout is check or write, not "${layout}"`, "build");
    const runtime = call.text("runtime") ?? "stub";
    if (runtime !== "stub" && runtime !== "minimal") {
      throw badUsage(`--runtime is stub or minimal, not "${runtime}"`, "build");
    }
    const compiler = await loadCompiler();
    const options = {
      entry,
      outDir: call.text("out") ?? "build",
      asserts: call.flag("asserts"),
      layout,
      runtime,
    } as const;
    const building = compiler.buildContract({ ...options, ...(name && { name }) });
    const built = await terminal.step(`compiling ${entry}`, building);
    const { codeHash, wasm, files, warnings } = built;
    terminal.result({ name: built.name, codeHash, bytes: wasm.length, files, warnings }, () => {
      for (const warning of warnings) terminal.note(compiler.formatDiagnostic(warning));
      const head = `${built.name}: ${grouped(wasm.length)} bytes, code hash ${codeHash}`;
      return [head, ...files.map((file) => `  ${file}`)].join("\n");
    });
  },
};
