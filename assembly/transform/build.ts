/**
 * Builds a contract: from one AssemblyScript file to everything that a host needs, the same bytes every time.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { bundleText, declarationText, metadataText, moduleText } from "./bundle.ts";
import { compile, fromHere } from "./compiler.ts";
import type { ContractModel } from "./contract.ts";
import { BuildError, type Diagnostic } from "./errors.ts";
import { blake2b256, toHex } from "./hashes.ts";
import type { Metadata } from "./inkMetadata.ts";
import { layoutChanges, layoutText, readLayout } from "./layout.ts";
import { metadataOf } from "./metadata.ts";
import { writeWhole } from "./output.ts";

export { BuildError, type BuildErrorCode, type Diagnostic, formatDiagnostic } from "./errors.ts";
export type { Metadata } from "./inkMetadata.ts";
export { newProject, type ProjectOptions } from "./project.ts";

/** What `buildContract` is doing. */
export type BuildStep = "compile" | "describe" | "write";

/** What to build and how. */
export interface BuildOptions {
  /** The file with the class that has `@contract`. */
  readonly entry: string;
  /** The folder for the files; made when it is not there. Without it nothing is written. */
  readonly outDir?: string;
  /** The name of the files, by default that of the entry without its ending. */
  readonly name?: string;
  /** `stub`, the default, never frees: memory is thrown away after each call. `minimal` can collect. */
  readonly runtime?: "stub" | "minimal";
  /** Keeps assertions, and the texts they write to the debug log before they trap. By default they are left out. */
  readonly asserts?: boolean;
  /** The most pages of 64 KiB that the contract may use: 16 by default, as ink! contracts have; 64 is the most. */
  readonly maximumPages?: number;
  /**
   * `<name>.layout.json` beside the entry says how a deployed contract keeps its state. "check", the default, refuses a
   * contract that would misread it; "write" writes it anew.
   */
  readonly layout?: "check" | "write";
  /** Called when a step begins. */
  readonly onProgress?: (step: BuildStep) => void;
  /** An `AbortSignal`. */
  readonly signal?: { throwIfAborted(): void };
}

/** A contract that was built. */
export interface BuiltContract {
  readonly name: string;
  readonly wasm: Uint8Array;
  /** blake2b-256 of the wasm, as hex. */
  readonly codeHash: string;
  readonly metadata: Metadata;
  /** The bundle, as it is in `<name>.contract`. */
  readonly bundle: string;
  /** From places in the wasm to places in the source. */
  readonly sourceMap: string;
  /** What the compiler warned of. */
  readonly warnings: readonly Diagnostic[];
  /** The files written: `.wasm`, `.wasm.map`, `.json`, `.meta.js`, `.meta.d.ts`, `.contract`; `.layout.json` if asked. */
  readonly files: readonly string[];
}

/**
 * Builds a contract.
 *
 * @throws {BuildError} `CompilerMissing`, `EntryNotFound`, `ContractDoesNotCompile` with its diagnostics,
 *   `LayoutChanged`, `LayoutUnreadable`, `FileNotWritten`, `CompilerFailed`.
 */
export async function buildContract(options: BuildOptions): Promise<BuiltContract> {
  const { entry, outDir, runtime = "stub", asserts = false, maximumPages = 16, onProgress, signal } = options;
  const name = options.name ?? nameOf(entry);
  const found = await stat(entry).catch((cause: unknown) => {
    throw new BuildError("EntryNotFound", { entry }, { cause });
  });
  if (!found.isFile()) throw new BuildError("EntryNotFound", { entry });
  signal?.throwIfAborted();
  onProgress?.("compile");
  const { wasm, sourceMap, transform, diagnostics, compilerVersion } = await compile({
    entry,
    runtime,
    asserts,
    maximumPages,
  });
  signal?.throwIfAborted();
  onProgress?.("describe");
  const contract = transform.contract;
  if (contract === undefined) throw new BuildError("CompilerFailed", { entry, reason: "the contract was not read" });
  const layout = path.join(path.dirname(entry), `${name}.layout.json`);
  const files: string[] = [];
  if (options.layout === "write") {
    await writeWhole(layout, layoutText(contract.model));
    files.push(layout);
  } else {
    await checkLayout(entry, layout, contract.model);
  }
  const codeHash = toHex(blake2b256(wasm));
  const { version, authors } = await packageFacts(entry);
  const compiler = `asc ${compilerVersion}`;
  const metadata = metadataOf(contract.model, contract.types, { codeHash, name, version, authors, compiler });
  const bundle = bundleText(metadata, wasm);
  const built = { name, wasm, codeHash, metadata, bundle, sourceMap, warnings: diagnostics };
  if (outDir === undefined) return { ...built, files };
  onProgress?.("write");
  const contents: readonly (readonly [string, string | Uint8Array])[] = [
    [`${name}.wasm`, wasm],
    [`${name}.wasm.map`, sourceMap],
    [`${name}.json`, metadataText(metadata)],
    [`${name}.meta.js`, moduleText(metadata)],
    [`${name}.meta.d.ts`, declarationText(metadata)],
    [`${name}.contract`, bundle],
  ];
  for (const [file, content] of contents) {
    const at = path.join(outDir, file);
    await writeWhole(at, content);
    files.push(at);
  }
  return { ...built, files };
}

/** Refuses a contract that could not read what one with the layout in the file stored; without a file anything goes. */
async function checkLayout(entry: string, file: string, model: ContractModel): Promise<void> {
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new BuildError("LayoutUnreadable", { file, reason: cause.code }, { cause });
  });
  if (text === undefined) return;
  const before = readLayout(text);
  if (before === undefined) throw new BuildError("LayoutUnreadable", { file, reason: "it is not what a build wrote" });
  const folder = path.dirname(path.resolve(entry));
  const diagnostics = layoutChanges(before, model).map((d) => ({ ...d, file: fromHere(d.file, folder) }));
  if (diagnostics.length > 0) throw new BuildError("LayoutChanged", { entry, file, diagnostics });
}

function nameOf(entry: string): string {
  const base = path.basename(entry).replace(/\.ts$/, "");
  return base === "index" ? path.basename(path.dirname(path.resolve(entry))) : base;
}

/** Version and authors from the nearest package.json; a contract without a package is version 0.1.0 of nobody. */
async function packageFacts(entry: string): Promise<{ version: string; authors: string[] }> {
  for (let folder = path.dirname(path.resolve(entry)); ; folder = path.dirname(folder)) {
    const text = await readFile(path.join(folder, "package.json"), "utf8").catch(() => undefined);
    if (text !== undefined) {
      const { version = "0.1.0", author } = JSON.parse(text) as {
        version?: string;
        author?: string | { name?: string };
      };
      const name = typeof author === "string" ? author : author?.name;
      return { version, authors: name === undefined ? [] : [name] };
    }
    if (folder === path.dirname(folder)) return { version: "0.1.0", authors: [] };
  }
}
