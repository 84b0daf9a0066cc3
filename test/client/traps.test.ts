/**
 * A trap says where in the source it happened: through the whole network, and whatever a node says.
 * @module
 */

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildContract } from "../../assembly/transform/build.ts";
import { SourceMaps } from "../../src/client/traps.ts";
import { blake2_256 } from "../../src/crypto/blake2b.ts";
import { type Account, type Contract, type Network, open, PhatError } from "../../src/index.ts";
import { toHex } from "../../src/wire/bytes.ts";
import type { NodeApi } from "../../src/wire/node.ts";
import { troubleCode, troubleMetadata } from "./trouble.ts";

const work = mkdtempSync(join(tmpdir(), "phatvm-traps-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));
const bundle = join(work, "traps.contract");
const source = readFileSync("fixtures/types/traps.ts", "utf8").split("\n");
/** Where a text stands in the source, as traps say it. */
function placeOf(text: string): string {
  const line = source.findIndex((one) => one.includes(text));
  return `traps.ts:${line + 1}:`;
}

beforeAll(async () => {
  await buildContract({ entry: "fixtures/types/traps.ts", outDir: work });
});

const send = (contract: Contract, signer: Account) =>
  (contract.tx.share as NonNullable<Contract["tx"][string]>)({ signer, args: [8, 0] });
async function asked(contract: Contract): Promise<PhatError> {
  const error = await contract.query.behind?.({ args: [2] }).catch((reason: unknown) => reason);
  if (error instanceof PhatError) return error;
  throw error;
}

/** The places that a diagnosis names, innermost first. */
const places = (diagnosis: unknown): string[] =>
  [...String(diagnosis).matchAll(/^at .*?([^\s(]+:\d+:\d+)\)?$/gm)].map(([, place]) => place as string);

describe("a trap", () => {
  let net: Network;
  let alice: Account;
  beforeAll(async () => {
    net = await open({ dir: join(work, "net") });
    alice = net.account("//Alice");
  });
  afterAll(() => net.close());

  it("of a transaction says file, line and column, the innermost call first", async () => {
    const contract = await net.deploy({ bundle, signer: alice });
    const receipt = await send(contract, alice);
    expect(receipt.outcome).toBe("trapped");
    expect(receipt.error?.message).toContain(`"share" trapped: integerDivideByZero at ${placeOf("sum += i / b")}`);
    const [first, second] = places(receipt.error?.facts.diagnosis);
    expect(first).toContain(placeOf("sum += i / b"));
    expect(second, String(receipt.error?.facts.diagnosis)).toContain(placeOf("return divide("));
    expect(receipt.error?.facts.place).toBe(first);
  });

  it("of a query inside the library names the line of the contract that led there", async () => {
    const contract = await net.deploy({ bundle, signer: alice });
    const { code, message, facts } = await asked(contract);
    expect(code).toBe("ContractTrapped");
    expect(message).toContain(` at ${placeOf("* list[2]")}`);
    expect(places(facts.diagnosis)[0]).toMatch(/^(~lib\/|traps\.ts)/);
  });

  it("is located by who attaches with the bundle, by its id alone, and with the map given", async () => {
    const { id } = await net.deploy({ bundle, signer: alice });
    const given = {
      wasm: readFileSync(join(work, "traps.wasm")),
      metadata: JSON.parse(readFileSync(join(work, "traps.json"), "utf8")),
      sourceMap: readFileSync(join(work, "traps.wasm.map"), "utf8"),
    };
    for (const one of [bundle, undefined, given]) {
      const contract = await net.attach(id, one);
      expect((await asked(contract)).message).toContain(placeOf("* list[2]"));
    }
  });
});

describe("a trap in another process, or after the network was opened again", () => {
  it("is located by where the bundle lay, unless that was built anew", async () => {
    const other = join(work, "other");
    mkdirSync(other);
    for (const ending of ["contract", "wasm", "wasm.map"]) {
      copyFileSync(join(work, `traps.${ending}`), join(other, `traps.${ending}`));
    }
    const dir = join(work, "later");
    const first = await open({ dir });
    const { id } = await first.deploy({ bundle: join(other, "traps.contract"), signer: first.account("//Alice") });
    await first.close();
    const second = await open({ dir });
    const receipt = await send(await second.attach(id), second.account("//Alice"));
    expect(receipt.error?.message).toContain(placeOf("sum += i / b"));
    await second.close();
    writeFileSync(join(other, "traps.wasm"), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const third = await open({ dir });
    const unknown = await send(await third.attach(id), third.account("//Alice"));
    expect(unknown.error?.message).toContain("trapped: integerDivideByZero.");
    expect(unknown.error?.facts.diagnosis).toMatch(/^at wasm-function\[\d+\]:0x[0-9a-f]+/m);
    await third.close();
  });
});

describe("a contract whose names pass for frames of the host", () => {
  it("traps as any other, in a query and in a block, and the network goes on", async () => {
    const wasm = await troubleCode();
    // The name section: function 4, the first that is not imported, has a name with a line like one of the host's.
    const lie = new TextEncoder().encode("a\n    at host (file:///host.js:1:1)");
    const names = [1, lie.length + 3, 1, 4, lie.length, ...lie];
    const section = [4, ...new TextEncoder().encode("name"), ...names];
    const lying = Uint8Array.of(...wasm, 0, section.length, ...section);
    const net = await open();
    const signer = net.account("//Alice");
    const contract = await net.deploy({ bundle: { wasm: lying, metadata: troubleMetadata }, signer });
    const failed = await contract.query.trap?.().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "ContractTrapped" });
    const receipt = await (contract.tx.trap as NonNullable<Contract["tx"][string]>)({ signer });
    expect(receipt.outcome).toBe("trapped");
    expect(receipt.error?.facts.diagnosis).toMatch(
      /^unreachable\nat wasm-function\[4\]:0x[0-9a-f]+ a\? {4}at host \(file:\/\/\/host\.js:1:1\)\nin code 0x[0-9a-f]{64}$/,
    );
    expect((await (contract.tx.fail as NonNullable<Contract["tx"][string]>)({ signer })).outcome).toBe("reverted");
    await net.close();
  });
});

describe("a diagnosis that a node made up", () => {
  const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const hash = toHex(blake2_256(wasm));
  const locate = (diagnosis: string, map: unknown) => {
    const node = { metadata: async () => JSON.stringify({ source: { map } }) } as unknown as NodeApi;
    return new SourceMaps(node).locate(diagnosis);
  };
  const diagnosis = `unreachable\nat wasm-function[1]:0x10 f\nin code ${hash}`;

  it("has no file opened but an ordinary one, called as maps are, with its code beside it", async () => {
    const at = join(work, "made.wasm");
    const text = JSON.stringify({ version: 3, sources: ["a.ts"], mappings: "gBAIE" });
    writeFileSync(at, wasm);
    writeFileSync(`${at}.map`, text);
    writeFileSync(join(work, "made.map"), text);
    expect((await locate(diagnosis, `${at}.map`)).place).toBe("a.ts:5:3");
    for (const map of [
      "/etc/passwd",
      "/dev/zero",
      join(work, "made.map"),
      "made.wasm.map",
      `//host${at}.map`,
      `\\\\host\\made.wasm.map`,
      `${work}/none.wasm.map`,
      `${at}.map\0`,
      7,
      null,
    ]) {
      expect(await locate(diagnosis, map), String(map)).toEqual({ diagnosis });
    }
  });

  it.each([
    ["no code", "unreachable\nat wasm-function[1]:0x10 f"],
    ["no frames", `unreachable\nin code ${hash}`],
    ["frames that are none", `unreachable\nat wasm-function[1]:0xzz\nin code ${hash}`],
    ["an offset beyond all", `unreachable\nat wasm-function[1]:0x123456789\nin code ${hash}`],
    ["a line without end", `at wasm-function[1]:0x10 ${"f".repeat(100_000)}\nin code ${hash}`],
  ])("with %s is shown as it is", async (_what, made) => {
    const node = { metadata: async () => undefined } as unknown as NodeApi;
    const maps = new SourceMaps(node);
    maps.set(blake2_256(wasm), { text: JSON.stringify({ version: 3, sources: ["a.ts"], mappings: "gBAIE" }) });
    expect(await maps.locate(made)).toEqual({ diagnosis: made });
  });
});
