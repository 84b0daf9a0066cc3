/**
 * The compiler's side, `phatvm/transform/build`, as the commands use it.
 *
 * It is compiled apart from this tree and loaded by its address; its errors have the same shape as ours: a stable code,
 * advice, facts.
 * @module
 */

/** What is used of `phatvm/transform/build`. */
interface Compiler {
  buildContract(options: {
    readonly entry: string;
    readonly outDir: string;
    readonly name?: string;
    readonly asserts?: boolean;
    readonly runtime?: "stub" | "minimal";
    readonly layout?: "check" | "write";
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

/** Loads the compiler's side; AssemblyScript itself is loaded when something is compiled. */
export async function loadCompiler(): Promise<Compiler> {
  return (await import(new URL("../transform/build.js", import.meta.url).href)) as Compiler;
}
