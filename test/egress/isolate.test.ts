/** The way out of a real isolate, whose realm is closed: TLS, HTTP/2 and what servers do, as contracts meet it there. */

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Contract, Network } from "../../src/index.ts";
import { open } from "../../src/open.ts";
import { good, root, selfSigned } from "./certificates.ts";
import { closeAll, http, http2, https, raw, unhurried } from "./servers.ts";

let net: Network;
beforeAll(async () => {
  net = await open({
    egress: { openAddresses: ["127.0.0.1"], roots: [root], hosts: { "secure.test": ["127.0.0.1"] } },
    queries: unhurried,
  });
});
afterAll(async () => {
  await net.close();
  await closeAll();
});

const bundle = fileURLToPath(new URL("../../build/oracle.contract", import.meta.url));
const price = { ok: 1_500_000n };
const body = '{"price":"1.5"}';

async function oracleAt(url: string): Promise<Contract> {
  return await net.deploy({ bundle, constructor: "new", args: [`${url}/{}`], signer: net.account("//Alice") });
}

/** What a contract makes of a server's answer: the price, or what it logged of it. */
async function told(oracle: Contract, symbol = "PHA"): Promise<unknown> {
  try {
    return await oracle.query.fetch!({ args: [symbol] });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "ContractReverted") return code;
    return (await net.logs()).findLast(({ contract, text }) => contract === oracle.id && text.startsWith("the server"))
      ?.text;
  }
}

describe("an isolate", () => {
  test("speaks HTTP/2 with a server that speaks nothing else", async () => {
    const versions = new Set<string>();
    const port = await http2((request, response) => {
      versions.add(request.httpVersion);
      response.end(body);
    });
    const oracle = await oracleAt(`https://secure.test:${port}`);
    const many = Array.from({ length: 20 }, () => told(oracle));
    expect(await Promise.all(many)).toEqual(Array(20).fill(price));
    expect([...versions]).toEqual(["2.0"]);
  });

  test("speaks HTTP/1.1 over TLS, and to nobody who cannot prove who he is", async () => {
    let asked = 0;
    const listener = (_: unknown, response: { end(text: string): void }): void => {
      asked++;
      response.end(body);
    };
    expect(await told(await oracleAt(`https://127.0.0.1:${await https(good, listener)}`))).toEqual(price);
    expect(await told(await oracleAt(`https://127.0.0.1:${await https(selfSigned, listener)}`))).toBe(
      "the server answered 523 Unreachable",
    );
    expect(asked).toBe(1);
  });

  test("counts for each contract what it did, and in total what all did", async () => {
    const port = await http((_, response) => setTimeout(() => response.end(body), 60));
    const [one, other] = [await oracleAt(`http://127.0.0.1:${port}`), await oracleAt("http://10.0.0.1")];
    const before = (await net.metrics()).total;
    expect(await Promise.all([told(one), told(one), told(one)])).toEqual([price, price, price]);
    await told(other);
    await one.query.latest!({});
    const { total, contracts, active } = await net.metrics();
    const of = (contract: Contract) => contracts.find((figures) => figures.contract === contract.id);
    expect(active).toBe(0);
    expect(of(one)).toMatchObject({ queries: 4, replays: 3, requests: [{ status: 200, count: 3 }], denied: 0 });
    expect(of(one)?.waitedMs).toBeGreaterThanOrEqual(3 * 55);
    expect(of(other)).toMatchObject({ queries: 1, replays: 1, requests: [{ status: 0, count: 1 }], denied: 1 });
    expect(of(other)).toMatchObject({ bytesSent: 0, bytesReceived: 0, refused: 0, retries: 0 });
    for (const figure of ["queries", "replays", "denied", "bytesSent", "bytesReceived"] as const) {
      expect([figure, total[figure] - before[figure]]).toEqual([figure, of(one)![figure] + of(other)![figure]]);
    }
  });

  test("gives a contract what servers do as answers, and goes on", async () => {
    const port = await http((request, response) => {
      const path = request.url as string;
      if (path === "/LARGE") response.end(Buffer.alloc(3 * 1024 * 1024));
      else if (path === "/LOOP") response.writeHead(302, { location: "/LOOP" }).end();
      else if (path === "/INSIDE") response.writeHead(302, { location: "http://10.0.0.1/" }).end();
      else if (path === "/EARLY")
        response.writeHead(200, { "content-length": 99 }).write("{", () => response.destroy());
      else if (path === "/HEADS") {
        for (let i = 0; i < 300; i++) response.setHeader(`h${i}`, "x");
        response.end();
      } else if (path === "/BOMB") {
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
      } else response.writeHead(path === "/GONE" ? 404 : 200).end(body);
    });
    const oracle = await oracleAt(`http://127.0.0.1:${port}`);
    for (const [symbol, says] of [
      ["LARGE", "the server answered 524 IO Error"],
      ["LOOP", "the server answered 524 IO Error"],
      ["INSIDE", "the server answered 524 IO Error"],
      ["EARLY", "the server answered 524 IO Error"],
      ["HEADS", "the server answered 524 IO Error"],
      ["GONE", "the server answered 404 Not Found"],
    ] as const) {
      expect([symbol, await told(oracle, symbol)]).toEqual([symbol, says]);
    }
    // 64 MiB of zeros are 64 KiB as they travel; nobody unpacks them.
    await expect(oracle.query.fetch!({ args: ["BOMB"] })).rejects.toMatchObject({ code: /Contract(Reverted|Trapped)/ });
    const nonsense = await oracleAt(`http://127.0.0.1:${await raw((socket) => socket.end("HTTP/9.9 what\r\n\r\n"))}`);
    expect(await told(nonsense)).toBe("the server answered 524 IO Error");
    expect(await told(oracle)).toEqual(price);
    expect((await net.metrics()).active).toBe(0);
  });
});
