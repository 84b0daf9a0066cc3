/**
 * A contract that reads from and posts to a real Ethereum node. Runs where the node is installed (`npm install
 * --ignore-scripts` in test/ethereum), and says so where it is not.
 */

import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Contract, Network } from "../../src/index.ts";
import { open } from "../../src/open.ts";
import { type EthereumNode, installed, startNode } from "./node.ts";

const bundle = fileURLToPath(new URL("../../build/ethereum.contract", import.meta.url));
const chain = 31_337;
/** Code that makes a contract which answers everything with 42. */
const answersFortyTwo = Buffer.from("69602a60005260206000f3600052600a6016f3", "hex");
const hex = (bytes: unknown): string => `0x${Buffer.from(bytes as Uint8Array).toString("hex")}`;
const bytes = (text: unknown): Uint8Array => new Uint8Array(Buffer.from(String(text).slice(2), "hex"));

describe.skipIf(!installed)("an Ethereum node (run npm install --ignore-scripts in test/ethereum)", () => {
  let node: EthereumNode;
  let net: Network;
  let ethereum: Contract;
  let own: Uint8Array;
  beforeAll(async () => {
    node = await startNode(chain);
    net = await open({ egress: { openAddresses: ["127.0.0.1"] } });
    const signer = net.account("//Alice");
    ethereum = await net.deploy({ bundle, constructor: "new", args: [node.url, BigInt(chain)], signer });
    own = (await ethereum.query.address!({})) as Uint8Array;
    await node.call("anvil_setBalance", hex(own), "0xde0b6b3a7640000");
  });
  afterAll(async () => {
    await net?.close();
    await node?.end();
  });
  const owner = () => ({ signer: net.account("//Alice") });

  test("tells a contract its block and what an address holds", async () => {
    expect(await ethereum.query.blockNumber!({})).toEqual({ ok: BigInt(String(await node.call("eth_blockNumber"))) });
    expect(await ethereum.query.balance!({ args: [own] })).toEqual({ ok: 10n ** 18n });
    await node.call("anvil_mine", "0x5");
    expect(await ethereum.query.blockNumber!({})).toEqual({ ok: BigInt(String(await node.call("eth_blockNumber"))) });
  });

  test("takes the contract's transactions: signed by its own key, one after the other", async () => {
    const to = new Uint8Array(20).fill(0x77);
    for (const [i, value] of [1n, 0n, 127n, 128n, 10n ** 17n].entries()) {
      const sent = (await ethereum.query.send!({ args: [to, value, new Uint8Array(), 21_000n], ...owner() })) as {
        ok: Uint8Array;
      };
      const made = (await node.call("eth_getTransactionByHash", hex(sent.ok))) as Record<string, string>;
      expect(made).toMatchObject({ from: hex(own), to: hex(to), nonce: `0x${i.toString(16)}` });
      expect([BigInt(made.value!), Number(made.chainId)]).toEqual([value, chain]);
      expect(await node.call("eth_getTransactionReceipt", hex(sent.ok))).toMatchObject({ status: "0x1" });
    }
    expect(await ethereum.query.balance!({ args: [to] })).toEqual({ ok: 256n + 10n ** 17n });
  });

  test("runs what the contract deploys there, and answers it", async () => {
    const args = [new Uint8Array(), 0n, new Uint8Array(answersFortyTwo), 200_000n];
    const sent = (await ethereum.query.send!({ args, ...owner() })) as { ok: Uint8Array };
    const receipt = (await node.call("eth_getTransactionReceipt", hex(sent.ok))) as { contractAddress: string };
    const there = bytes(receipt.contractAddress);
    const answer = (await ethereum.query.read!({ args: [there, new Uint8Array(4)] })) as { ok: Uint8Array };
    expect(hex(answer.ok)).toBe(`0x${"2a".padStart(64, "0")}`);
    // Data long enough for a head of more than one byte.
    const long = new Uint8Array(300).fill(1);
    const { ok } = (await ethereum.query.send!({ args: [there, 0n, long, 100_000n], ...owner() })) as {
      ok: Uint8Array;
    };
    expect(await node.call("eth_getTransactionByHash", hex(ok))).toMatchObject({ input: hex(long) });
  });

  test("is asked once, however often the query is run: done again from its log it sends nothing", async () => {
    const count = () => node.call("eth_getTransactionCount", hex(own), "latest");
    const options = { args: [new Uint8Array(20), 5n, new Uint8Array(), 21_000n], ...owner() };
    const before = Number(await count());
    const { value, log } = await ethereum.query.send!.with({ record: true })(options);
    expect(Number(await count())).toBe(before + 1);
    expect(await ethereum.query.send!.with({ replay: log })(options)).toEqual(value);
    expect(Number(await count())).toBe(before + 1);
  });

  test("refuses what it must, and the contract says so", async () => {
    const code = async (asked: Promise<unknown>) => {
      try {
        return await asked;
      } catch (error) {
        return (error as { facts: { output?: unknown } }).facts.output;
      }
    };
    const much = { args: [new Uint8Array(20), 2n ** 100n, new Uint8Array(), 21_000n], ...owner() };
    expect(await code(ethereum.query.send!(much))).toEqual({ err: "Refused" });
    expect((await net.logs()).at(-1)?.text).toMatch(/^eth_sendRawTransaction: .*[Ii]nsufficient/);
    const nobody = { ...much, signer: net.account("//Bob") };
    expect(await code(ethereum.query.send!(nobody))).toEqual({ err: "NotOwner" });
    expect(await code(ethereum.query.balance!({ args: [new Uint8Array(19)] }))).toEqual({ err: "BadAddress" });
  });
});
