/**
 * Where in the source a contract trapped: the enclave tells byte offsets of the code, source maps tell the lines.
 *
 * A map is looked for only when a trap has to be shown: in the bundle, beside it, or where the bundle lay that the code
 * was deployed from. A map in a file counts only with the code that it was built with beside it, because one of another
 * build would name wrong lines. All of it is for people, nothing is decided by it, and none of it is signed.
 * @module
 */

import { blake2_256 } from "../crypto/blake2b.ts";
import { fromHex, sameBytes, toHex } from "../wire/bytes.ts";
import type { NodeApi } from "../wire/node.ts";
import { readSourceMap, type SourceMap } from "../wire/sourceMap.ts";

/** A source map: its text, or the absolute path of its file. */
export type MapSource = { readonly text: string } | { readonly file: string };

/** A diagnosis with lines of the source for offsets of the code, where they are known. */
export interface LocatedTrap {
  readonly diagnosis: string;
  /** `file:line:column` of the innermost call in the contract's own source; else the innermost of all. */
  readonly place?: string;
}

/** The most bytes of a map that is read. */
const largestMap = 64 * 1024 * 1024;
/** How many maps are kept at hand. */
const atHand = 8;
/** The most frames that are looked at, and the longest line. */
const mostFrames = 64;
const longestLine = 1024;

const codeLine = /^in code (0x[0-9a-f]{64})$/;
const frameLine = /^at wasm-function\[\d{1,10}\]:0x([0-9a-f]{1,8})(?: (.*))?$/;

/** The source maps that one client knows of. */
export class SourceMaps {
  private readonly node: NodeApi;
  private readonly sources = new Map<string, MapSource>();
  private readonly read = new Map<string, SourceMap>();

  constructor(node: NodeApi) {
    this.node = node;
  }

  /** Remembers where the map of a code is. */
  set(codeHash: Uint8Array, source: MapSource | undefined): void {
    if (source !== undefined) this.sources.set(toHex(codeHash), source);
  }

  /** Puts lines in place of offsets; a diagnosis without offsets, or of code without a map, is as it was. */
  async locate(diagnosis: string): Promise<LocatedTrap> {
    const lines = diagnosis.split("\n");
    const code = codeLine.exec(lines.at(-1) ?? "")?.[1];
    if (code === undefined) return { diagnosis };
    const map = await this.mapOf(code);
    if (map === undefined) return { diagnosis };
    let first: string | undefined;
    let own: string | undefined;
    const end = lines.length - 1;
    let from = end;
    while (from > 0 && end - from < mostFrames && isFrame(lines[from - 1] as string)) from--;
    for (let i = from; i < end; i++) {
      const [, offset = "", name] = frameLine.exec(lines[i] as string) ?? [];
      const found = map.place(Number.parseInt(offset, 16));
      if (found === undefined) continue;
      const file = found.file.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?").replace(/^\.\//, "");
      const place = `${file}:${found.line}:${found.column}`;
      first ??= place;
      if (!file.startsWith("~lib/")) own ??= place;
      lines[i] = name === undefined ? `at ${place}` : `at ${name} (${place})`;
    }
    const place = own ?? first;
    return { diagnosis: lines.join("\n"), ...(place === undefined ? {} : { place }) };
  }

  private async mapOf(code: string): Promise<SourceMap | undefined> {
    const known = this.read.get(code);
    if (known !== undefined) return known;
    const text = await this.textOf(code).catch(() => undefined);
    const map = text === undefined ? undefined : readSourceMap(text);
    if (map === undefined) return undefined;
    if (this.read.size >= atHand) this.read.delete(this.read.keys().next().value as string);
    this.read.set(code, map);
    return map;
  }

  private async textOf(code: string): Promise<string | undefined> {
    const hash = fromHex(code);
    const source = this.sources.get(code) ?? keptMap(await this.node.metadata(hash));
    if (source === undefined || "text" in source) return source?.text;
    return await readMapFile(source.file, hash);
  }
}

function isFrame(line: string): boolean {
  return line.length <= longestLine && frameLine.test(line);
}

/** Metadata as a node is to keep it: with the place of the map beside the bundle, for other processes. */
export function withMap(json: string, source: MapSource | undefined): string {
  if (source === undefined || "text" in source) return json;
  const document = JSON.parse(json) as { source?: object };
  return JSON.stringify({ ...document, source: { ...document.source, map: source.file } });
}

function keptMap(json: string | undefined): MapSource | undefined {
  if (json === undefined) return undefined;
  const file = (JSON.parse(json) as { source?: { map?: unknown } } | null)?.source?.map;
  return typeof file === "string" ? { file } : undefined;
}

/**
 * Reads a map from a file that a node may have named: an ordinary file of this machine by an absolute path, of bounded
 * size, called as `build` calls maps, with the very code beside it.
 */
async function readMapFile(file: string, hash: Uint8Array): Promise<string | undefined> {
  const { readFile, stat } = await import("node:fs/promises");
  const { isAbsolute } = await import("node:path");
  if (!isAbsolute(file) || /^[\\/]{2}/.test(file) || !file.endsWith(".wasm.map")) return undefined;
  const code = file.slice(0, -".map".length);
  for (const one of [code, file]) {
    const found = await stat(one);
    if (!found.isFile() || found.size > largestMap) return undefined;
  }
  return sameBytes(blake2_256(await readFile(code)), hash) ? await readFile(file, "utf8") : undefined;
}
