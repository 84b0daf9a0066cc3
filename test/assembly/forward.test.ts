/**
 * Calls that a contract passes on as they came, messages that take whatever comes, and answers that are not what they
 * should be; on the real network.
 * @module
 */
import { blake2b } from "@noble/hashes/blake2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildContract } from "../../assembly/transform/build.ts";
import { fromHex, selectorOf } from "../../assembly/transform/hashes.ts";
import { type Account, type Contract, type Network, open, type TransactionReceipt } from "../../src/index.ts";

let net: Network;
let alice: Account;
let proxy: Contract;
let counter: Contract;
/** The proxy, by the interface of what it passes calls on to. */
let disguised: Contract;

beforeAll(async () => {
  net = await open();
  alice = net.account("//Alice");
  counter = await net.deploy({ bundle: "build/counter.contract", constructor: "new", args: [4], signer: alice });
  proxy = await deploy("proxy", counter.id);
  disguised = await net.attach(proxy.id, "build/counter.contract");
});
afterAll(() => net.close());

async function deploy(name: string, ...args: unknown[]): Promise<Contract> {
  const { bundle } = await buildContract({ entry: `fixtures/types/${name}.ts` });
  return await net.deploy({ bundle: JSON.parse(bundle) as object, constructor: "new", args, signer: alice });
}
const send = (contract: Contract, message: string, ...args: unknown[]): Promise<TransactionReceipt> =>
  contract.tx[message]!({ signer: alice, args });
const ask = (contract: Contract, message: string, ...args: unknown[]): Promise<unknown> =>
  contract.query[message]!({ signer: alice, args });

describe("a message that takes whatever is not known", () => {
  test("passes calls on, arguments and all, and the answer is the proxy's own", async () => {
    expect(await send(disguised, "increment", 3)).toMatchObject({ outcome: "ok", output: { ok: 7 } });
    expect(await ask(counter, "get")).toBe(7);
    expect(await ask(proxy, "callCount")).toBe(1);
    // What the target reverts is the proxy's revert, by the target's own error, and undoes the count.
    expect(await send(disguised, "decrement", 99)).toMatchObject({ outcome: "reverted", output: { err: "Underflow" } });
    expect(await ask(proxy, "callCount")).toBe(1);
  });

  test("runs other code as the proxy: on its state, under its account", async () => {
    expect(await send(proxy, "setCode", fromHex(counter.codeHash))).toMatchObject({ outcome: "ok" });
    expect(await send(disguised, "increment", 5)).toMatchObject({ outcome: "ok", output: { ok: 5 } });
    expect(await send(disguised, "increment", 1)).toMatchObject({ output: { ok: 6 } });
    expect(await ask(counter, "get")).toBe(7);
    expect(await ask(proxy, "callCount")).toBe(3);
    expect(await send(proxy, "setCode", undefined)).toMatchObject({ outcome: "ok" });
  });

  test("is in the metadata under the selector of its name, and takes money where it says so", async () => {
    const forward = proxy.metadata.messages.find((message) => message.label === "forward");
    expect(forward).toMatchObject({ payable: true, selector: selectorOf("forward") });
    const { bundle } = await buildContract({ entry: "fixtures/types/traits.ts" });
    const coin = await deploy("traits", 100n);
    const paying = await net.attach((await deploy("proxy", coin.id)).id, JSON.parse(bundle) as object);
    expect(await paying.tx.pay!({ signer: alice, value: 5n })).toMatchObject({ outcome: "ok", output: 5n });
    expect(await proxy.tx.setCode!({ signer: alice, args: [undefined], value: 5n })).toMatchObject({
      outcome: "trapped",
    });
  });
});

describe("the input of a call", () => {
  test("is given away once, and copied as often as one likes", async () => {
    expect(await send(proxy, "get")).toMatchObject({ outcome: "ok", output: 14 });
    const twice = await send(proxy, "twice");
    expect(twice.outcome).toBe("trapped");
    expect((await send(proxy, "more")).outcome).toBe("trapped");
  });

  test("can be read as a whole", async () => {
    const input = (await ask(proxy, "input", 0x0102, Uint8Array.of(9, 8))) as Uint8Array;
    expect(bytesToHex(input.slice(4))).toBe("0201080908");
    expect(await ask(proxy, "selector")).toBe(0x01020304);
  });
});

test("the runtime opens no call to contracts", async () => {
  expect(await send(proxy, "callRuntime", Uint8Array.of(0, 0, 0))).toMatchObject({ outcome: "ok", output: false });
});

describe("an enum in another contract's answer", () => {
  test("is what that enum has, or an error", async () => {
    const bytes = await deploy("bytes");
    expect(await ask(proxy, "colorOf", bytes.id, 4)).toEqual({ ok: "Green" });
    expect(await ask(proxy, "colorsOf", bytes.id, 5)).toEqual({ ok: ["Red", "Blue"] });
    for (const message of ["colorOf", "colorsOf"]) {
      const asked = await send(proxy, message, bytes.id, 6);
      expect(asked).toMatchObject({ outcome: "reverted", output: { err: 101 } });
    }
    expect(await send(proxy, "colorOf", counter.id, 4)).toMatchObject({ output: { err: 100 } });
  });

  test("and a class there, need no message that names them", async () => {
    const bytes = await deploy("bytes");
    expect(await ask(proxy, "sumOf", bytes.id, 200)).toBe(400);
  });

  test("has one byte, whether a message names it or not", async () => {
    const bytes = await deploy("bytes");
    expect(await ask(bytes, "hashed")).toBe(`0x${bytesToHex(blake2b(Uint8Array.of(200), { dkLen: 32 }))}`);
  });
});
