/**
 * Contract bundles: code and interface from a path, from parsed JSON, or given apart.
 * @module
 */

import { blake2_256 } from "../crypto/blake2b.ts";
import { ContractFault, EngineError } from "../errors.ts";
import { fromHex, sameBytes } from "../wire/bytes.ts";
import type { Hex } from "./address.ts";
import type { Metadata } from "./metadata/model.ts";
import { normalise } from "./metadata/normalise.ts";
import type { MapSource } from "./traps.ts";

/**
 * Where a contract comes from: the path of a `.contract`, `.json` or `.wasm` file (what belongs to a `.json` or
 * `.wasm` lies beside it), a parsed `.contract`, or code and metadata apart, with the source map's text when traps are
 * to name lines; beside a path it is found as `<name>.wasm.map`.
 */
export type BundleSource =
  | string
  | URL
  | { readonly wasm: Uint8Array; readonly metadata: object; readonly sourceMap?: string }
  | object;

/** A bundle, read. */
export interface Bundle {
  /** The module's bytes; undefined when only the interface was given. */
  readonly wasm: Uint8Array | undefined;
  /** undefined when only code was given. */
  readonly metadata: Metadata | undefined;
  /** The metadata as JSON without the code, to be kept beside it. */
  readonly json: string | undefined;
  /** Where its source map may be. */
  readonly map?: MapSource;
}

/**
 * Reads a bundle.
 *
 * @throws {EngineError} `BundleUnreadable`, `MetadataInvalid`
 * @throws {ContractFault} `CodeRejected` when the code is no WebAssembly module.
 */
export async function loadBundle(source: BundleSource): Promise<Bundle> {
  const bundle = await loadUnchecked(source);
  if (bundle.wasm !== undefined && !isModule(bundle.wasm)) {
    throw new ContractFault("CodeRejected", { reason: "it is not a WebAssembly file: it does not begin with \\0asm" });
  }
  return bundle;
}

/** As `loadBundle`, for whoever judges the code: it may be anything. */
export async function loadUnchecked(source: BundleSource): Promise<Bundle> {
  if (typeof source === "string" || source instanceof URL) {
    return { ...(await fromPath(source)), map: { file: await mapBeside(source) } };
  }
  if ("wasm" in source && source.wasm instanceof Uint8Array) {
    const metadata = "metadata" in source ? source.metadata : undefined;
    const map = "sourceMap" in source && typeof source.sourceMap === "string" ? { text: source.sourceMap } : undefined;
    return { ...fromParts(source.wasm, metadata), ...(map === undefined ? {} : { map }) };
  }
  return fromDocument(source);
}

/** Where `build` puts the map of a bundle in a file. */
async function mapBeside(path: string | URL): Promise<string> {
  const { resolve } = await import("node:path");
  const { fileURLToPath } = await import("node:url");
  const file = resolve(path instanceof URL ? fileURLToPath(path) : path);
  return file.replace(/(\.(contract|json|wasm))?$/, ".wasm.map");
}

/** The interface alone. */
export function readInterface(document: unknown): Bundle {
  return fromDocument(document);
}

/**
 * The interface that a node keeps for a code: what somebody gave it, so as little to be trusted as a file.
 * @throws {EngineError} `MetadataInvalid`
 */
export function readKept(json: string): Bundle {
  return fromDocument(parse(json, "what the network keeps"));
}

function fromDocument(document: unknown, source?: string): Bundle {
  let bundle: Bundle;
  try {
    bundle = fromParts(embeddedCode(document), document);
  } catch (error) {
    if (source === undefined || !(error instanceof EngineError) || error.code !== "MetadataInvalid") throw error;
    throw new EngineError("MetadataInvalid", { source, ...error.facts }, { cause: error });
  }
  const { wasm, metadata } = bundle;
  if (wasm !== undefined && metadata?.codeHash !== undefined && !sameBytes(blake2_256(wasm), metadata.codeHash)) {
    const reason = "the code in it is not the code that its source.hash names";
    throw new EngineError("MetadataInvalid", { ...(source === undefined ? {} : { source }), reason });
  }
  return bundle;
}

function embeddedCode(document: unknown): Uint8Array | undefined {
  const code = (document as { source?: { wasm?: unknown } } | null)?.source?.wasm;
  if (code === undefined || code === null) return undefined;
  if (typeof code !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(code)) {
    throw new EngineError("MetadataInvalid", { reason: "0x and hex digits are expected", at: "source.wasm" });
  }
  return fromHex(code as Hex);
}

function fromParts(wasm: Uint8Array | undefined, document: unknown): Bundle {
  // A copy: what a file was read into, and what a caller holds, may be a view of more, and may change.
  const code = wasm && new Uint8Array(wasm);
  if (document === undefined) return { wasm: code, metadata: undefined, json: undefined };
  const metadata = normalise(document);
  const source = (document as { source?: object }).source;
  const json = JSON.stringify({ ...(document as object), source: { ...source, wasm: undefined } });
  return { wasm: code, metadata, json };
}

function isModule(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

/** The most bytes of a bundle: the largest code in hex, and any metadata around it. */
const LARGEST_FILE = 64 * 1024 * 1024;

async function fromPath(path: string | URL): Promise<Bundle> {
  const { readFile, stat } = await import("node:fs/promises");
  const name = String(path);
  const read = async (file: string | URL): Promise<Uint8Array> => {
    try {
      const found = await stat(file);
      const ordinary = found.isFile() || found.isDirectory();
      if (!ordinary || found.size > LARGEST_FILE) {
        const reason = ordinary ? `it has ${found.size} bytes, more than ${LARGEST_FILE}` : "it is no ordinary file";
        throw new EngineError("BundleUnreadable", { path: String(file), reason });
      }
      return await readFile(file);
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      const code = (cause as { code?: unknown }).code;
      const reason = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : String(code);
      throw new EngineError("BundleUnreadable", { path: String(file), reason }, { cause });
    }
  };
  const beside = async (ending: string): Promise<Uint8Array | undefined> => {
    const other = name.replace(/\.[^./\\]+$/, ending);
    return await readFile(path instanceof URL ? new URL(other) : other).catch(() => undefined);
  };
  const bytes = await read(path);
  if (isModule(bytes)) {
    const document = await beside(".json");
    return fromParts(bytes, document && parse(document, name));
  }
  if (name.endsWith(".wasm")) return fromParts(bytes, undefined);
  const bundle = fromDocument(parse(bytes, name), name);
  if (bundle.wasm !== undefined || !name.endsWith(".json")) return bundle;
  const wasm = await beside(".wasm");
  const ours =
    wasm !== undefined &&
    isModule(wasm) &&
    (bundle.metadata?.codeHash === undefined || sameBytes(blake2_256(wasm), bundle.metadata.codeHash));
  return ours ? { ...bundle, wasm: new Uint8Array(wasm) } : bundle;
}

function parse(content: Uint8Array | string, source: string): unknown {
  try {
    return JSON.parse(typeof content === "string" ? content : new TextDecoder().decode(content));
  } catch (cause) {
    throw new EngineError("MetadataInvalid", { source, reason: "it is neither JSON nor WebAssembly" }, { cause });
  }
}
