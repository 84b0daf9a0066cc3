/**
 * Real-world modules: what the packages this repository develops with bring along as WebAssembly.
 *
 * They are taken as their own JavaScript hands them to the engine, which also lets a bench run the package on a
 * prepared module instead of the original.
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { createRequire as requireFrom } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import makeWabt from "wabt";

/** A module as a package hands it to the engine. */
export interface RealModule {
  readonly name: string;
  readonly bytes: Uint8Array;
}

type Instantiate = (
  bytes: ArrayBuffer | ArrayBufferView | WebAssembly.Module,
  imports?: WebAssembly.Imports,
) => Promise<unknown>;

/** Runs `load` while every module on its way to the engine passes through `change`. */
export async function intercepting<T>(change: (bytes: Uint8Array) => Uint8Array, load: () => Promise<T>): Promise<T> {
  const engine = WebAssembly as unknown as { instantiate: Instantiate };
  const original = engine.instantiate;
  engine.instantiate = (source, imports) => {
    if (source instanceof WebAssembly.Module) return original(source, imports);
    const bytes =
      source instanceof ArrayBuffer
        ? new Uint8Array(source)
        : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return original(change(bytes) as Uint8Array<ArrayBuffer>, imports);
  };
  try {
    return await load();
  } finally {
    engine.instantiate = original;
  }
}

/** A fresh copy of wabt, 586 KiB of C++, on the module that `change` makes of its own. */
export async function wabtOn(change: (bytes: Uint8Array) => Uint8Array): Promise<Awaited<ReturnType<typeof makeWabt>>> {
  return intercepting(change, () => makeWabt());
}

let copies = 0;

/** A fresh copy of binaryen, 8.5 MiB of C++, on the module that `change` makes of its own. */
export async function binaryenOn(
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<typeof import("binaryen").default> {
  // A query makes Node load the package's file once more.
  const file = pathToFileURL(requireFrom(join(process.cwd(), "bench/")).resolve("binaryen"));
  file.search = `?${copies++}`;
  const { default: binaryen } = await intercepting(change, () => import(file.href));
  return binaryen;
}

/** Collects the modules. */
export async function realModules(): Promise<RealModule[]> {
  const modules: RealModule[] = [];
  const keep =
    (name: string) =>
    (bytes: Uint8Array): Uint8Array => {
      modules.push({ name, bytes: bytes.slice() });
      return bytes;
    };
  await wabtOn(keep("wabt"));
  const parser = join(process.cwd(), "node_modules/oxc-parser/parser.wasm32-wasip1.wasm");
  if (existsSync(parser)) modules.push({ name: "oxc-parser", bytes: readFileSync(parser) });
  return modules;
}
