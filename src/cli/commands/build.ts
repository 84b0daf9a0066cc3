/**
 * `phatvm build`: compiles a contract.
 * @module
 */

import type { Command } from "../command.ts";
import { withCompiler } from "../compiler.ts";
import { grouped } from "../format.ts";

export const build: Command = {
  usage: "<entry.ts>",
  about: [
    "Compiles the contract class in an AssemblyScript file and writes <name>.contract, .wasm, .json, .meta.js and",
    ".meta.d.ts. Needs the package `assemblyscript` (npm install --save-dev assemblyscript).",
  ].join("\n"),
  options: {
    out: { type: "string", short: "o", value: "<folder>", help: "where the files go (default build)" },
    name: { type: "string", value: "<name>", help: "what they are called (default: as the entry)" },
    asserts: { type: "boolean", help: "keep assertions and their texts, for the debug log" },
  },
  examples: ["phatvm build contracts/flipper.ts", "phatvm build contracts/token.ts -o dist --asserts"],
  positionals: { least: 1, most: 1 },
  async run(call) {
    const { terminal, signal } = call;
    const [entry = ""] = call.positionals;
    const name = call.text("name");
    const asserts = call.flag("asserts");
    await withCompiler(call, entry, async (compiler) => {
      const options = { entry, outDir: call.text("out") ?? "build", asserts, signal, ...(name && { name }) };
      const built = await terminal.step(`compiling ${entry}`, compiler.buildContract(options));
      for (const warning of built.warnings) terminal.note(compiler.formatDiagnostic(warning));
      const { codeHash, wasm, files, warnings } = built;
      terminal.result({ name: built.name, codeHash, bytes: wasm.length, files, warnings }, () =>
        [`${built.name}: ${grouped(wasm.length)} bytes, code hash ${codeHash}`, ...files.map((f) => `  ${f}`)].join(
          "\n",
        ),
      );
    });
  },
};
