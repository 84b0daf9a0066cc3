import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bytesToHex } from "@noble/hashes/utils.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildContract } from "../../assembly/transform/build.ts";
import { topicOf } from "../../assembly/transform/generate.ts";
import { blake2b256, storageKey, toHex, xxh32 } from "../../assembly/transform/hashes.ts";
import { loadBundle } from "../../src/client/bundle.ts";
import { readSourceMap } from "../../src/wire/sourceMap.ts";
import { Contract, load } from "./host.ts";
import { typeCheck } from "./typescript.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "phatvm-build-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a build", () => {
  test("gives the same bytes on another day, in another folder", async () => {
    const files = ["token.ts", "registry.ts"];
    const results = [];
    for (const place of ["one", "quite/another"]) {
      const sources = path.join(folder, place);
      await mkdir(sources, { recursive: true });
      for (const file of files) await cp(path.join("fixtures", file), path.join(sources, file));
      for (const file of files) {
        const out = path.join(sources, "out");
        const built = await buildContract({ entry: path.join(sources, file), outDir: out });
        const contents = await Promise.all(built.files.map((f) => readFile(f)));
        results.push(contents.map((c) => toHex(blake2b256(c))));
      }
    }
    expect(results[2]).toEqual(results[0]);
    expect(results[3]).toEqual(results[1]);
    expect(results[0]).not.toEqual(results[1]);
  });

  test("is what the compiler alone gives, with the plug-in and the flags of asconfig.json", async () => {
    const project = path.join(folder, "plain");
    await mkdir(path.join(project, "node_modules"), { recursive: true });
    await symlink(path.resolve("."), path.join(project, "node_modules/phatvm"));
    await cp("asconfig.json", path.join(project, "asconfig.json"));
    await cp("fixtures/counter.ts", path.join(project, "counter.ts"));
    const asc = path.resolve("node_modules/assemblyscript/bin/asc.js");
    const flags = ["counter.ts", "--transform", "phatvm/transform", "-o", "counter.wasm"];
    execFileSync(process.execPath, [asc, ...flags], { cwd: project, stdio: "pipe" });
    const plain = await readFile(path.join(project, "counter.wasm"));
    const { codeHash } = await buildContract({ entry: "fixtures/counter.ts" });
    expect(toHex(blake2b256(plain))).toBe(codeHash);
  });

  test("names the code by its hash, and embeds it in the bundle", async () => {
    const { wasm, codeHash, metadata, bundle } = await buildContract({ entry: "fixtures/flipper.ts" });
    expect(codeHash).toBe(toHex(blake2b256(wasm)));
    const parsed = JSON.parse(bundle) as { source: { hash: string; wasm: string } };
    expect(parsed.source).toMatchObject({ hash: codeHash, wasm: toHex(wasm) });
    expect(metadata.source.wasm).toBeUndefined();
  });

  test("needs nothing beyond the first WebAssembly and sign extension", async () => {
    const { wasm } = await buildContract({ entry: "fixtures/registry.ts" });
    expect(WebAssembly.Module.imports(new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>))).toContainEqual({
      module: "env",
      name: "memory",
      kind: "memory",
    });
    const file = path.join(folder, "registry.wasm");
    await writeFile(file, wasm);
    const { default: wabt } = await import("wabt");
    const features = {
      mutable_globals: false,
      sat_float_to_int: false,
      sign_extension: true,
      bulk_memory: false,
      multi_value: false,
      reference_types: false,
      simd: false,
    };
    const module = (await wabt()).readWasm(wasm, { ...features, readDebugNames: false } as never);
    module.validate();
    expect(module.toText({})).not.toMatch(/\bf(32|64)\./);
  });

  test("keeps the words of an assertion only when asked to", async () => {
    const entry = path.join(folder, "assert.ts");
    const said = "the sky is falling";
    await writeFile(
      entry,
      `@contract\nclass C {\n  @constructor new(): void {}\n  @message f(n: u32): void { assert(n > 0, "${said}"); }\n}\n`,
    );
    const holds = (wasm: Uint8Array): boolean => bytesToHex(wasm).includes(bytesToHex(Buffer.from(said, "utf16le")));
    const plain = await buildContract({ entry });
    expect(holds(plain.wasm)).toBe(false);
    const talking = await buildContract({ entry, asserts: true });
    expect(holds(talking.wasm)).toBe(true);
  });

  test("stops when it is told to", async () => {
    await expect(buildContract({ entry: "fixtures/flipper.ts", signal: AbortSignal.abort() })).rejects.toThrow();
  });

  test("tells what it is doing", async () => {
    const steps: string[] = [];
    await buildContract({ entry: "fixtures/flipper.ts", outDir: folder, onProgress: (step) => steps.push(step) });
    expect(steps).toEqual(["compile", "describe", "write"]);
  });
});

describe("the source map", () => {
  test("names the line at which a contract trapped", async () => {
    const { bundle, sourceMap } = await buildContract({ entry: "fixtures/stress.ts" });
    const contract = new Contract(await loadBundle(JSON.parse(bundle) as object));
    const input = contract.face.encodeInput(contract.face.message("fillAndFail"), [1, 2]);
    const { outcome, reason } = contract.run("call", input);
    expect(outcome).toBe("trapped");
    const offset = Number(/wasm-function\[\d+\]:(0x[0-9a-f]+)/.exec((reason as Error).stack ?? "")?.[1]);
    const place = readSourceMap(sourceMap)?.place(offset);
    const lines = (await readFile("fixtures/stress.ts", "utf8")).split("\n");
    expect(place?.file).toBe("stress.ts");
    expect(lines[(place?.line ?? 0) - 1]).toContain("unreachable();");
  });
});

describe("the runtime that can collect", () => {
  test("runs the same contract", async () => {
    const contract = await load("fixtures/types/echo.ts", { runtime: "minimal" });
    contract.deploy("new");
    const shape = { name: "n", color: "Green", points: [{ x: 1, y: 2 }], owner: undefined, worth: 5n };
    contract.call("store", ["k", shape]);
    expect(contract.call("load", ["k"])).toEqual(shape);
    expect(contract.call("texts", [["a", "", "ü"]])).toEqual(["a", "", "ü"]);
    expect(contract.call("push", [{ x: 3, y: 4 }])).toBe(1);
    expect(contract.call("pop")).toEqual({ x: 3, y: 4 });
  });
});

describe("the module beside the bundle", () => {
  test("holds the metadata, and its types are the metadata's own values", async () => {
    const { metadata } = await buildContract({ entry: "fixtures/counter.ts", outDir: folder, name: "typed" });
    const module = (await import(path.join(folder, "typed.meta.js"))) as { metadata: unknown };
    expect(module.metadata).toEqual(JSON.parse(JSON.stringify(metadata)));
    const face = path.resolve("dist/index.js");
    await writeFile(
      path.join(folder, "use.ts"),
      `import type { MessageArgs, MessageNames, MessageResult } from ${JSON.stringify(face)};
import { metadata } from "./typed.meta.js";
type M = typeof metadata;
export const name: MessageNames<M> = "increment";
// @ts-expect-error there is no such message
export const wrong: MessageNames<M> = "incremented";
export const args: MessageArgs<M, "increment"> = [1];
// @ts-expect-error a text is no number
export const text: MessageArgs<M, "increment"> = ["1"];
// @ts-expect-error one argument is missing
export const none: MessageArgs<M, "increment"> = [];
export const result: MessageResult<M, "get"> = 1;
// @ts-expect-error a counter answers with a number
export const other: MessageResult<M, "get"> = "1";
`,
    );
    await typeCheck(folder, { files: ["use.ts"] });
  });
});

describe("names on the wire are ink!'s", () => {
  test("storage keys", () => {
    expect(storageKey("System", "administrators")).toBe(0x11ab091d);
    expect(storageKey("System", "drivers")).toBe(0xe69daeed);
    expect(storageKey("Contract", "balances")).toBe(0xf820ff02);
    expect(xxh32(new Uint8Array())).toBe(0x02cc5d05);
  });

  test("topics", () => {
    const text = (s: string): Uint8Array => new TextEncoder().encode(s);
    const longer = Uint8Array.from([0, ...text("A".repeat(32))]);
    expect(toHex(topicOf(longer))).toBe("0xc754ad005d274f94302be471b2b61be5e71290c7c7a598e2a8825b4ec33fb5fe");
    expect(toHex(topicOf(Uint8Array.from([0, ...text("A".repeat(31))])))).toBe(`0x00${"41".repeat(31)}`);
  });
});
