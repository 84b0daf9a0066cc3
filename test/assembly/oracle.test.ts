/**
 * What others make of our metadata: polkadot.js reads every example contract, encodes its messages and decodes answers
 * and events as we do. Runs when the oracle is installed (`npm install` in test/oracle), and says so when it is not.
 * @module
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { loadBundle } from "../../src/client/bundle.ts";
import { ContractInterface } from "../../src/client/metadata/interface.ts";
import { account, load } from "./host.ts";

const oracle = path.resolve("test/oracle/node_modules/@polkadot/api-contract");
const installed = existsSync(oracle);
const require = createRequire(import.meta.url);

interface AbiMessage {
  readonly identifier: string;
  readonly selector: { toHex(): string };
  readonly isMutating?: boolean;
  readonly isPayable?: boolean;
  readonly args: readonly unknown[];
  toU8a(params: readonly unknown[]): Uint8Array;
}
interface Abi {
  readonly constructors: readonly AbiMessage[];
  readonly messages: readonly AbiMessage[];
  findMessage(name: string): AbiMessage;
}

describe.skipIf(!installed)("polkadot.js (run npm install in test/oracle)", () => {
  const abiOf = async (text: string): Promise<Abi> => {
    const { Abi } = require(oracle) as { Abi: new (abi: string) => Abi };
    return new Abi(text);
  };

  test("reads every example contract as we do", async () => {
    const files = (await readdir("build")).filter((f) => f.endsWith(".contract"));
    expect(files.length).toBeGreaterThan(7);
    for (const file of files) {
      const text = await readFile(path.join("build", file), "utf8");
      const abi = await abiOf(text);
      const { metadata } = await loadBundle(JSON.parse(text) as object);
      const theirs = (list: readonly AbiMessage[]) =>
        list.map((m) => [m.identifier, m.selector.toHex(), m.args.length]);
      const ours = (list: NonNullable<typeof metadata>["messages"] | NonNullable<typeof metadata>["constructors"]) =>
        list.map((m) => [m.label, `0x${Buffer.from(m.selector).toString("hex")}`, m.args.length]);
      expect(theirs(abi.messages)).toEqual(ours(metadata!.messages));
      expect(theirs(abi.constructors)).toEqual(ours(metadata!.constructors));
      expect(abi.messages.map((m) => m.isMutating)).toEqual(metadata!.messages.map((m) => m.mutates));
      expect(abi.messages.map((m) => m.isPayable)).toEqual(metadata!.messages.map((m) => m.payable));
    }
  });

  test("encodes arguments as our client does, and the contract understands them", async () => {
    const token = await load("fixtures/token.ts");
    const abi = await abiOf(JSON.stringify(JSON.parse(await readFile("build/token.contract", "utf8"))));
    const bob = account(0xb0);
    const input = abi.findMessage("transfer").toU8a([bob, 12n]);
    // polkadot.js puts the length of the whole before it.
    const raw = input.slice(1);
    const face = new ContractInterface((await loadBundle("build/token.contract")).metadata!);
    expect(raw).toEqual(face.encodeInput(face.message("transfer"), [bob, 12n]));
    token.deploy("new", [100n], { caller: account(1) });
    expect(token.run("call", raw, { caller: account(1) }).outcome).toBe("returned");
  });
});
