/**
 * Runs the AssemblyScript compiler in this process, loaded only when it is used: it is large, and optional.
 * @module
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { BuildError, type Diagnostic } from "./errors.ts";
import type { PhatTransform } from "./plugin.ts";

/** How a contract is compiled. */
export interface CompileOptions {
  /** The entry file. */
  readonly entry: string;
  /** `stub` never frees, which suits memory that is thrown away after each call; `minimal` can collect. */
  readonly runtime: "stub" | "minimal";
  /** Keeps assertions with their texts. */
  readonly asserts: boolean;
  /** The most pages of 64 KiB that the contract may use. */
  readonly maximumPages: number;
}

/** What the compiler gave. */
export interface Compiled {
  readonly wasm: Uint8Array;
  readonly sourceMap: string;
  readonly transform: PhatTransform;
  readonly diagnostics: readonly Diagnostic[];
  readonly compilerVersion: string;
}

/** The folder of this package, from `dist/transform` as from `assembly/transform`. */
const packageFolder = fileURLToPath(new URL("../../", import.meta.url));
const sdkPath = /(?:^|\/)node_modules\/phatvm\/(assembly\/.+)$/;

/** The pages of memory at the start: the scratch space and a first arena. */
const initialPages = 2;

/** Compiles a contract. */
export async function compile(options: CompileOptions): Promise<Compiled> {
  const [asc, { PhatTransform }] = await loadCompiler();
  const baseDir = path.dirname(path.resolve(options.entry));
  const output = new Map<string, Uint8Array | string>();
  const diagnostics: Diagnostic[] = [];
  let transform: PhatTransform | undefined;
  class Kept extends PhatTransform {
    constructor() {
      super();
      transform = this;
    }
  }
  const stderr = asc.createMemoryStream();
  const { error } = await asc.main([path.basename(options.entry), ...flags(options)], {
    stdout: asc.createMemoryStream(),
    stderr,
    readFile: (file, folder) => readSource(file, folder, baseDir),
    writeFile: (file, contents) => void output.set(path.basename(file), contents),
    listFiles: () => [],
    reportDiagnostic: (diagnostic) => {
      const found = describe(diagnostic, (file) => transform?.textOf(file) ?? "");
      if (found) diagnostics.push({ ...found, file: fromHere(found.file, baseDir) });
    },
    transforms: [Kept as never],
  });
  const mistakes = diagnostics.filter((d) => d.severity === "error");
  if (mistakes.length > 0) {
    throw new BuildError("ContractDoesNotCompile", { entry: options.entry, diagnostics });
  }
  const wasm = output.get("out.wasm");
  if (error !== null || !(wasm instanceof Uint8Array) || transform === undefined) {
    const reason = (error?.message ?? stderr.toString()).trim().replace(/\.$/, "");
    throw new BuildError("CompilerFailed", { entry: options.entry, reason }, { cause: error });
  }
  return {
    wasm: withoutSections(wasm, ["sourceMappingURL", "name", "producers"]),
    sourceMap: fromEntry(String(output.get("out.wasm.map"))),
    transform,
    diagnostics,
    compilerVersion: asc.version,
  };
}

function flags({ runtime, asserts, maximumPages }: CompileOptions): string[] {
  return [
    "--outFile=out.wasm",
    "--sourceMap",
    "--baseDir=.",
    `--runtime=${runtime}`,
    "--optimizeLevel=3",
    "--shrinkLevel=2",
    "--converge",
    "--importMemory",
    "--noExportMemory",
    "--zeroFilledMemory",
    `--initialMemory=${initialPages}`,
    `--maximumMemory=${maximumPages}`,
    "--disable=bulk-memory,nontrapping-f2i,mutable-globals",
    ...(asserts ? ["--use=abort=~lib/phatvm/assembly/abort/abort"] : ["--noAssert", "--use=abort="]),
  ];
}

async function loadCompiler() {
  try {
    const { default: asc } = await import("assemblyscript/asc");
    const transform = await import("./plugin.ts");
    return [asc, transform] as const;
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (code !== "ERR_MODULE_NOT_FOUND" || !/package '(assemblyscript|binaryen)'/.test(message)) throw cause;
    throw new BuildError("CompilerMissing", {}, { cause });
  }
}

/** Reads a source for the compiler; files of the SDK come from this package, wherever the contract is. */
async function readSource(file: string, folder: string, baseDir: string): Promise<string | null> {
  if (path.basename(file) === "asconfig.json") return null;
  const sdk = sdkPath.exec(file.replaceAll("\\", "/"));
  const at = sdk ? path.join(packageFolder, sdk[1]!) : path.resolve(baseDir, folder === "." ? "" : folder, file);
  try {
    return await readFile(at, "utf8");
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return null;
    throw error;
  }
}

/** A file as someone in the current folder would open it; what lies outside is named in full. */
export function fromHere(file: string, baseDir: string): string {
  if (file === "" || file.startsWith("~lib/")) return file;
  const full = path.resolve(baseDir, file);
  const relative = path.relative(process.cwd(), full);
  return relative.startsWith("..") ? full : relative;
}

/** A source map whose files are named from the entry's folder, and not from the compiler's own output. */
function fromEntry(sourceMap: string): string {
  const { sourceRoot: _, ...map } = JSON.parse(sourceMap) as Record<string, unknown>;
  return `${JSON.stringify(map)}\n`;
}

/** What the compiler's message looks like from here; its own types are not importable. */
interface Message {
  readonly category: number;
  readonly message: string;
  readonly code: number;
  readonly range: { readonly start: number; readonly source: { readonly normalizedPath: string } } | null;
}

const categories: Readonly<Record<number, Diagnostic["severity"]>> = { 2: "warning", 3: "error" };

function describe(diagnostic: unknown, textOf: (file: string) => string): Diagnostic | undefined {
  const { category, range } = diagnostic as Message;
  const severity = categories[category];
  if (severity === undefined) return undefined;
  const message = (diagnostic as Message).message.replace(/^User-defined: /, "");
  if (range === null) return { severity, message, file: "", line: 0, column: 0 };
  const file = range.source.normalizedPath;
  const before = textOf(file).slice(0, range.start);
  return { severity, message, file, line: before.split("\n").length, column: range.start - before.lastIndexOf("\n") };
}

/** A module without the custom sections of those names: the code hash must not depend on what helps a debugger. */
export function withoutSections(wasm: Uint8Array, names: readonly string[]): Uint8Array {
  const kept: Uint8Array[] = [wasm.subarray(0, 8)];
  const u32 = (at: number): [value: number, next: number] => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return [value >>> 0, at];
    }
  };
  for (let at = 8; at < wasm.length; ) {
    const [size, content] = u32(at + 1);
    const end = content + size;
    let drop = false;
    if (wasm[at] === 0) {
      const [length, text] = u32(content);
      drop = names.includes(new TextDecoder().decode(wasm.subarray(text, text + length)));
    }
    if (!drop) kept.push(wasm.subarray(at, end));
    at = end;
  }
  const out = new Uint8Array(kept.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of kept) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
