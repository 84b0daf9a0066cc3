/**
 * Who may import whom: the folders of src/ show the trust boundary, and this test keeps it.
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL("../../src/", import.meta.url));

/** What each folder may import besides itself; "index" stands for the files at the top, which put the parts together. */
const table: Readonly<Record<string, readonly string[]>> = {
  cli: ["index", "errors", "bench", "conformance"],
  // From the wire only types that options are made of.
  index: ["client", "host", "wire", "errors"],
  client: ["wire", "crypto", "errors"],
  host: ["wire", "crypto", "errors"],
  enclave: ["vm", "wasm", "platform", "wire", "crypto", "errors"],
  platform: ["wire", "crypto", "errors"],
  vm: ["wasm", "errors"],
  wasm: ["errors"],
  crypto: ["errors"],
  wire: ["errors"],
  errors: [],
  // The runners that ship: they drive the machine from outside.
  bench: ["index", "vm", "wasm", "wire", "crypto", "errors", "conformance"],
  conformance: ["index", "vm", "wasm", "wire", "crypto", "errors"],
};

/** Files that may import more, each for the reason beside it. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  // Judges code with the very check of the enclave, without a network.
  "check.ts": ["client", "enclave", "vm", "wasm", "crypto", "wire", "errors"],
  // Suggests commands and options with what suggests messages.
  "cli/parse.ts": ["cli", "client", "errors"],
  // Reads source maps with the reader that clients have.
  "vm/symbols.ts": ["wasm", "errors", "wire"],
  // Joins a node and a client: the seam between them is the wire's.
  "open.ts": ["client", "host", "wire", "errors"],
};

/** Packages each folder may load; `node:` modules are judged apart. */
const packages: Readonly<Record<string, readonly string[]>> = {
  cli: ["picocolors"],
  client: [],
  host: ["lmdb"],
  // HTTP ends inside, in egress/ alone.
  enclave: ["undici"],
  crypto: ["@noble/curves", "@scure/bip39", "@scure/sr25519"],
  conformance: ["wabt"],
};

/** Folders without input and output of their own; hashing and the interruption of a run are neither. */
const pure = ["wasm", "wire", "vm", "client/metadata"];
const pureMayUse = new Set(["node:vm", "node:crypto"]);

interface Import {
  readonly file: string;
  readonly from: string;
  readonly target: string;
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
  .map((name) => name.replaceAll("\\", "/"));

function layerOf(file: string): string {
  const [first = "", ...rest] = file.split("/");
  if (rest.length > 0) return first;
  return first === "errors.ts" ? "errors" : "index";
}

const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(src, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const found = text.matchAll(
    /(?:^\s*(?:import|export)\b[^;"']*?\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)["']([^"']+)["']/gm,
  );
  return [...found].map(([, target = ""]) => ({ file, from: layerOf(file), target }));
});

function localTarget({ file, target }: Import): string {
  return relative(src, resolve(dirname(join(src, file)), target)).replaceAll("\\", "/");
}

describe("the house", () => {
  it("has files to judge", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(200);
  });

  it("imports along the table, and never against it", () => {
    const wrong = imports
      .filter(({ target }) => target.startsWith("."))
      .filter((one) => {
        const to = layerOf(localTarget(one));
        const allowed = exceptions[one.file] ?? table[one.from] ?? [];
        return to !== one.from && !allowed.includes(to);
      })
      .map((one) => `${one.file} -> ${localTarget(one)}`);
    expect(wrong).toEqual([]);
  });

  it("has a row for every folder", () => {
    const folders = new Set(files.map(layerOf));
    expect([...folders].filter((folder) => table[folder] === undefined)).toEqual([]);
  });

  it("imports files that exist, by their own ending", () => {
    const known = new Set(files);
    const wrong = imports
      .filter(({ target }) => target.startsWith("."))
      .filter((one) => !known.has(localTarget(one)))
      .map((one) => `${one.file} -> ${one.target}`);
    expect(wrong).toEqual([]);
  });

  it("loads each package in the folder that it is for, and no other", () => {
    const wrong = imports
      .filter(({ target }) => !target.startsWith(".") && !target.startsWith("node:"))
      .filter(({ file, from, target }) => {
        const name = target.split("/", target.startsWith("@") ? 2 : 1).join("/");
        return !(packages[from] ?? []).includes(name) || (name === "undici" && !file.startsWith("enclave/egress/"));
      })
      .map(({ file, target }) => `${file} -> ${target}`);
    expect(wrong).toEqual([]);
  });

  it("keeps its pure folders without files, sockets and clocks", () => {
    const wrong = imports
      .filter(({ file, target }) => pure.some((folder) => file.startsWith(`${folder}/`)) && target.startsWith("node:"))
      .filter(({ target }) => !pureMayUse.has(target))
      .map(({ file, target }) => `${file} -> ${target}`);
    expect(wrong).toEqual([]);
  });
});
