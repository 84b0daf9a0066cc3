/**
 * Runs Binaryen's `wasm-opt` inside this process.
 *
 * The npm package ships it as a program for Node: a script with the WebAssembly in it, made by Emscripten. Started
 * anew it spends half a second on compiling itself; here it is compiled once and given a fresh instance for each run,
 * through Emscripten's own hooks.
 * @module
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { compileFunction } from "node:vm";

const require = createRequire(import.meta.url);
const program = require.resolve("binaryen").replace(/index\.js$/, "bin/wasm-opt");

/** What Emscripten's script is told, and what the line added to it hands out. */
interface EmscriptenModule {
  readonly noInitialRun: boolean;
  readonly printErr: () => void;
  readonly quit: (status: number, thrown: unknown) => never;
  readonly instantiateWasm: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ) => Promise<void>;
  readonly onRuntimeInitialized: () => void;
  callMain?: (args: string[]) => number;
  findWasmBinary?: () => Uint8Array;
}

let script: ((module: EmscriptenModule, ...scope: unknown[]) => void) | undefined;
let compiled: WebAssembly.Module | undefined;

/** Runs the program; paths are read and written in the file system. Throws when it fails. */
export async function wasmOpt(args: readonly string[]): Promise<void> {
  script ??= compileFunction(
    `${readFileSync(program, "utf8").replace(/^#!.*/, "")}
    Module.callMain = callMain; Module.findWasmBinary = findWasmBinary;`,
    ["Module", "require", "module", "__filename", "__dirname"],
    { filename: program },
  ) as unknown as NonNullable<typeof script>;
  const status = await new Promise<number>((resolve, reject) => {
    const module: EmscriptenModule = {
      noInitialRun: true,
      printErr: () => {},
      quit: (_status, thrown) => {
        throw thrown;
      },
      instantiateWasm: async (imports, done) => {
        // The lines behind the script's own have not run yet.
        await Promise.resolve();
        compiled ??= new WebAssembly.Module(module.findWasmBinary!());
        done(new WebAssembly.Instance(compiled, imports));
      },
      onRuntimeInitialized: () => {
        try {
          resolve(module.callMain!([...args]));
        } catch (thrown) {
          reject(thrown);
        }
      },
    };
    script!(module, require, {}, program, dirname(program));
  });
  if (status !== 0) throw new Error(`wasm-opt ended with status ${status}`);
}
