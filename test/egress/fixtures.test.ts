/** Contracts in AssemblyScript that ask servers: a median of several, and a node that lies. */

import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Contract, Network } from "../../src/index.ts";
import { open } from "../../src/open.ts";
import { closeAll, Gate, http, raw, unhurried } from "./servers.ts";

const bundle = (name: string): string => fileURLToPath(new URL(`../../build/${name}.contract`, import.meta.url));
let net: Network;
beforeAll(async () => {
  net = await open({ egress: { openAddresses: ["127.0.0.1"] }, queries: unhurried });
});
afterAll(async () => {
  await net.close();
  await closeAll();
});

/** What a query gives, or the contract's own error. */
async function outcome(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked;
  } catch (error) {
    const { code, facts } = error as { code: string; facts?: { output?: unknown } };
    return code === "ContractReverted" ? (facts?.output ?? code) : code;
  }
}

describe("the median of several sources", () => {
  const medians = async (sources: readonly string[]): Promise<Contract> =>
    await net.deploy({
      bundle: bundle("median"),
      constructor: "new",
      args: [sources],
      signer: net.account("//Alice"),
    });
  const says = (price: string): Promise<number> => http((_, response) => response.end(`{"price":${price}}`));
  const at = (port: number): string => `http://127.0.0.1:${port}/{}`;
  const price = (median: Contract) => outcome(median.query.price!({ args: ["PHA"] }));

  test("is the middle one, in whatever order they answer; one that is far off does not move it", async () => {
    const [low, middle, high] = [await says("1.25"), await says('"1.5"'), await says("999999999")];
    for (const order of [
      [low, middle, high],
      [high, low, middle],
      [middle, high, low],
    ]) {
      expect(await price(await medians(order.map(at)))).toEqual({ ok: 1_500_000n });
    }
  });

  test("is the mean of the middle two when one of three fails, and nothing when two do", async () => {
    const [one, two] = [await says("1.000001"), await says("2")];
    const dead = await raw((socket) => socket.destroy());
    const lost = await http((_, response) => response.writeHead(500).end('{"price":7}'));
    const odd = await says('"12x"');
    expect(await price(await medians([one, dead, two].map(at)))).toEqual({ ok: 1_500_000n });
    expect(await price(await medians([one, odd, two].map(at)))).toEqual({ ok: 1_500_000n });
    for (const bad of [dead, lost, odd]) {
      expect(await price(await medians([one, bad, dead].map(at)))).toEqual({ err: "TooFewAnswers" });
    }
  });

  test("asks all at once, and goes on without one that never answers", async () => {
    // Nobody answers before all three were asked, and one does not even then.
    let asked = 0;
    const all = new Gate();
    const arrived = (): void => void (++asked === 3 && all.open());
    const answers = (text: string): Promise<number> =>
      http(async (_, response) => {
        arrived();
        await all.opened;
        response.end(`{"price":${text}}`);
      });
    const sources = [await answers("1"), await raw(arrived), await answers("3")].map(at);
    expect(await price(await medians(sources))).toEqual({ ok: 2_000_000n });
  });

  test("of five is the third", async () => {
    const ports = await Promise.all(["5", "1", "4", "2", "3"].map(says));
    expect(await price(await medians(ports.map(at)))).toEqual({ ok: 3_000_000n });
    await expect(medians([])).rejects.toMatchObject({ code: "ContractTrapped" });
    await expect(medians(Array(6).fill("http://x"))).rejects.toMatchObject({ code: "ContractTrapped" });
  });
});

describe("a node of Ethereum that lies", () => {
  const speaking = async (answer: (method: string) => string): Promise<Contract> => {
    const port = await http((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const { method } = JSON.parse(Buffer.concat(parts).toString()) as { method: string };
        response.end(answer(method));
      });
    });
    return await net.deploy({
      bundle: bundle("ethereum"),
      constructor: "new",
      args: [`http://127.0.0.1:${port}/`, 1n],
      signer: net.account("//Alice"),
    });
  };
  const result = (value: string): string => `{"jsonrpc":"2.0","id":1,"result":${value}}`;

  test("is not believed a number that is none", async () => {
    let said = "";
    const ethereum = await speaking(() => said);
    said = result('"0x10"');
    expect(await outcome(ethereum.query.blockNumber!({}))).toEqual({ ok: 16n });
    for (const lie of ['"0x"', '"16"', '"0xg"', "16", "null", "{}", '"0x11111111111111111"', '["0x1"]', '"0X1"']) {
      said = result(lie);
      expect([lie, await outcome(ethereum.query.blockNumber!({}))]).toEqual([lie, { err: "BadAnswer" }]);
    }
    for (const lie of ["", "[", "{}", "0x10", "\u0000", "[".repeat(1000)]) {
      said = lie;
      expect([lie, await outcome(ethereum.query.blockNumber!({}))]).toEqual([lie, { err: "BadAnswer" }]);
    }
    said = '{"error":{"code":-1,"message":"no"}}';
    expect(await outcome(ethereum.query.blockNumber!({}))).toEqual({ err: "Refused" });
  });

  test("is not believed that another transaction was sent than the one that was signed", async () => {
    const other = `0x${"ab".repeat(32)}`;
    const ethereum = await speaking((method) => result(method === "eth_sendRawTransaction" ? `"${other}"` : '"0x1"'));
    const args = [new Uint8Array(20), 1n, new Uint8Array(), 21_000n];
    const sent = ethereum.query.send!({ args, signer: net.account("//Alice") });
    expect(await outcome(sent)).toEqual({ err: "BadAnswer" });
  });
});
