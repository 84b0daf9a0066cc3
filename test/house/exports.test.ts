/**
 * The list of what the package exports: it changes when somebody decides so, here.
 * @module
 */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Network } from "../../src/client/network.ts";
import * as index from "../../src/index.ts";
import * as vm from "../../src/vm/index.ts";
import * as wasm from "../../src/wasm/index.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

describe("exports", () => {
  it("of phatvm", () => {
    expect(Object.keys(index).sort()).toEqual(["ContractFault", "EngineError", "PhatError", "open"]);
  });

  it("of a network", () => {
    const names = Object.getOwnPropertyNames(Network.prototype).filter((name) => name !== "constructor");
    expect(names.sort()).toEqual([
      "account",
      "attach",
      "balance",
      "close",
      "clusters",
      "deploy",
      "deposit",
      "egressRules",
      "estimate",
      "governEgress",
      "governTrust",
      "logs",
      "metrics",
      "on",
      "proveBalance",
      "proveCode",
      "proveContract",
      "receipt",
      "trusted",
      "upload",
      "verify",
      "workers",
    ]);
  });

  it("of phatvm/vm", () => {
    expect(Object.keys(vm).sort()).toMatchInlineSnapshot(`
      [
        "Code",
        "Machine",
        "requiredStackBytes",
        "trapKinds",
      ]
    `);
  });

  it("of phatvm/wasm", () => {
    expect(Object.keys(wasm).sort()).toMatchInlineSnapshot(`
      [
        "costs1",
        "passVersion",
        "prepareModule",
        "profileLimits",
      ]
    `);
  });

  it("of the package, by subpath", () => {
    expect(Object.keys(manifest.exports)).toMatchInlineSnapshot(`
      [
        ".",
        "./vm",
        "./wasm",
        "./transform",
        "./transform/build",
        "./assembly",
        "./assembly/*",
        "./fixtures/*.meta.js",
        "./fixtures/*.contract",
        "./package.json",
      ]
    `);
    expect(manifest.bin).toEqual({ phatvm: "dist/cli/main.js" });
    expect(manifest.type).toBe("module");
    expect(Object.keys(manifest.exports).every((path) => manifest.exports[path].require === undefined)).toBe(true);
  });
});
