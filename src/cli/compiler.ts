/**
 * The compiler's side, `phatvm/transform/build`, as the commands use it.
 *
 * It is compiled apart from this tree and loaded by its address; its errors have the same shape as ours and become one
 * of ours here.
 * @module
 */

import { EngineError } from "../errors.ts";
import type { Invocation } from "./command.ts";

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
  newProject(options: { readonly name: string; readonly folder?: string }): Promise<{
    readonly folder: string;
    readonly files: readonly string[];
  }>;
  formatDiagnostic(diagnostic: unknown): string;
}

/** An error of the compiler's side. */
interface CompilerError extends Error {
  readonly code: string;
  readonly advice: string;
  /** Mistakes of the contract, with their places. */
  readonly diagnostics: readonly unknown[];
}

/**
 * Loads the compiler and uses it.
 * @param what what is made, for the error.
 * @throws {EngineError} `BuildFailed`
 */
export async function withCompiler<T>(
  call: Invocation,
  what: string,
  use: (compiler: Compiler) => Promise<T>,
): Promise<T> {
  const compiler = (await import(new URL("../transform/build.js", import.meta.url).href)) as Compiler;
  try {
    return await use(compiler);
  } catch (error) {
    const { code, message, advice, diagnostics } = error as CompilerError;
    if (typeof advice !== "string" || call.signal.aborted) throw error;
    for (const diagnostic of diagnostics) call.terminal.note(compiler.formatDiagnostic(diagnostic));
    const [first = ""] = message.split("\n");
    const reason = diagnostics.length > 0 ? "it does not compile" : `${first} ${advice}`.replace(/\.$/, "");
    throw new EngineError("BuildFailed", { code, what, reason, diagnostics }, { cause: error });
  }
}
