/**
 * Bundles from every place they come from, and what is none.
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { loadBundle } from "../../src/client/bundle.ts";
import { blake2_256 } from "../../src/crypto/blake2b.ts";
import { PhatError } from "../../src/errors.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { shapes, tokenDocument } from "./documents.ts";

const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const dir = mkdtempSync(join(tmpdir(), "phatvm-bundle-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function document(shape: (typeof shapes)[number] = "4", withCode = true): Record<string, unknown> {
  const made = tokenDocument(shape);
  const source = { ...(made.source as object), hash: toHex(blake2_256(wasm)) };
  return { ...made, source: withCode ? { ...source, wasm: toHex(wasm) } : source };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof PhatError ? error.code : String(error);
}

describe("a bundle", () => {
  it.each(shapes)("of metadata shape %s loads from its .contract file", async (shape) => {
    const bundle = await loadBundle(file(`${shape}.contract`, JSON.stringify(document(shape))));
    expect(bundle.wasm).toEqual(wasm);
    expect(bundle.metadata?.name).toBe("token");
    // What is kept beside the code is the interface without it.
    const kept = JSON.parse(bundle.json ?? "") as { source: Record<string, unknown> };
    expect(kept.source.wasm).toBeUndefined();
    expect((await loadBundle(kept)).metadata).toEqual(bundle.metadata);
  });

  it("loads from a URL, from parsed JSON, and from code and metadata apart", async () => {
    const path = file("url.contract", JSON.stringify(document()));
    for (const source of [pathToFileURL(path), document(), { wasm, metadata: document("4", false) }]) {
      const bundle = await loadBundle(source);
      expect(bundle.wasm).toEqual(wasm);
      expect(bundle.metadata?.messages).toHaveLength(2);
    }
  });

  it("is put together from a .json and the .wasm beside it, from either of the two", async () => {
    const json = file("pair.json", JSON.stringify(document("4", false)));
    const code = file("pair.wasm", wasm);
    for (const path of [json, code]) {
      const bundle = await loadBundle(path);
      expect(bundle.wasm).toEqual(wasm);
      expect(bundle.metadata?.name).toBe("token");
    }
  });

  it("does not take the code of another contract beside its .json", async () => {
    const json = file("other.json", JSON.stringify(document("4", false)));
    file("other.wasm", Uint8Array.of(...wasm, 0, 1, 0));
    expect((await loadBundle(json)).wasm).toBeUndefined();
  });

  it("hands out bytes of its own, not a view of a pool", async () => {
    const bundle = await loadBundle(file("pool.wasm", wasm));
    expect(bundle.wasm?.constructor).toBe(Uint8Array);
    expect(bundle.wasm?.buffer.byteLength).toBe(wasm.length);
  });

  it.each([
    ["a path where nothing is", () => loadBundle(join(dir, "nothing.contract")), "BundleUnreadable"],
    ["a folder", () => loadBundle(dir), "BundleUnreadable"],
    ["a device that never ends", () => loadBundle("/dev/zero"), "BundleUnreadable"],
    ["a text", () => loadBundle(file("text.contract", "hello")), "MetadataInvalid"],
    ["a text called .wasm", () => loadBundle(file("text.wasm", "hello")), "CodeRejected"],
    ["other JSON", () => loadBundle({ name: "package" }), "MetadataInvalid"],
    [
      "code that is no WebAssembly",
      () => loadBundle({ wasm: Uint8Array.of(1, 2, 3), metadata: document() }),
      "CodeRejected",
    ],
    ["code that is no hex", () => loadBundle({ ...document(), source: { wasm: "0x0g" } }), "MetadataInvalid"],
    [
      "code that its metadata does not name",
      () => loadBundle({ ...document(), source: { ...(document().source as object), hash: `0x${"00".repeat(32)}` } }),
      "MetadataInvalid",
    ],
  ])("is refused when it is %s", async (_, load, code) => {
    expect(await codeOf(load())).toBe(code);
  });
});
