/**
 * `phatvm build`: compiles a contract.
 *
 * The compiler's side lives in the package's subpath `phatvm/transform/build`, which is loaded by its address: it is
 * compiled apart from this tree, and needs the package `assemblyscript` beside this one.
 * @module
 */

import { EngineError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { grouped } from "../format.ts";

/** What is used of `phatvm/transform/build`. */
interface Compiler {
  buildContract(options: {
    readonly entry: string;
    readonly outDir: string;
    readonly name?: string;
    readonly asserts?: boolean;
    readonly signal?: AbortSignal;
  }): Promise<{
    readonly name: string;
    readonly codeHash: string;
    readonly wasm: Uint8Array;
    readonly files: readonly string[];
    readonly warnings: readonly unknown[];
  }>;
  formatDiagnostic(diagnostic: unknown): string;
}

/** An error of the compiler's side: a stable code, a message for people, and what the compiler said. */
interface CompilerError extends Error {
  readonly code: string;
  readonly advice: string;
  readonly diagnostics?: readonly unknown[];
}

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
    const compiler = (await import(new URL("../../transform/build.js", import.meta.url).href)) as Compiler;
    const options = {
      entry,
      outDir: call.text("out") ?? "build",
      asserts: call.flag("asserts"),
      signal,
      ...(name === undefined ? {} : { name }),
    };
    try {
      const built = await terminal.step(`compiling ${entry}`, compiler.buildContract(options));
      for (const warning of built.warnings) terminal.note(compiler.formatDiagnostic(warning));
      const { codeHash, wasm, files } = built;
      terminal.result({ name: built.name, codeHash, bytes: wasm.length, files, warnings: built.warnings }, () =>
        [`${built.name}: ${grouped(wasm.length)} bytes, code hash ${codeHash}`, ...files.map((f) => `  ${f}`)].join(
          "\n",
        ),
      );
      return 0;
    } catch (error) {
      const { code, message, advice, diagnostics = [] } = error as CompilerError;
      if (typeof advice !== "string" || signal.aborted) throw error;
      for (const diagnostic of diagnostics) terminal.note(compiler.formatDiagnostic(diagnostic));
      const [what = ""] = message.split("\n");
      const reason = diagnostics.length > 0 ? "it does not compile" : `${what} ${advice}`.replace(/\.$/, "");
      throw new EngineError("BuildFailed", { code, entry, reason, diagnostics }, { cause: error });
    }
  },
};
