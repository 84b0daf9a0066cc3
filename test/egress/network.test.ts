/** Queries that wait and queries that do not end, through the public face: `open()`, the real isolate, real servers. */

import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Account, type Contract, type Network, open, type PhatError, type Query } from "../../src/index.ts";
import { troubleCode, troubleMetadata } from "../client/trouble.ts";
import { closeAll, Gate, http, unhurried } from "./servers.ts";

const bundle = (name: string): string => fileURLToPath(new URL(`../../build/${name}.contract`, import.meta.url));
const loopback = { openAddresses: ["127.0.0.0/8"] } as const;
const salt = new Uint8Array(32).fill(1);

type Call = Query<[{ args?: readonly unknown[]; timeoutMs?: number; gas?: bigint; signal?: AbortSignal }], unknown>;
const query = (contract: Contract, name: string): Call => contract.query[name] as Call;
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    (value) => `gave ${String(value)}`,
    (error: PhatError) => error.code ?? String(error),
  );

/** Prices by path; counts who asks. */
let asked = 0;
let port = 0;
/** What answers to /HELD wait for. */
let held = new Gate();
beforeAll(async () => {
  port = await http(async (request, response) => {
    asked++;
    if (request.url === "/SLOW") await pause(300);
    if (request.url === "/HELD") await held.opened;
    if (request.url !== "/NEVER") response.end('{"price":"1.5"}');
  });
});
afterAll(closeAll);

async function oracleOn(net: Network, url = `http://127.0.0.1:${port}/{}`): Promise<Contract> {
  const signer = net.account("//Alice");
  return await net.deploy({ bundle: bundle("oracle"), constructor: "new", args: [url], signer, salt });
}

describe("a query without end", () => {
  let net: Network;
  let alice: Account;
  let trouble: Contract;
  let flipper: Contract;
  beforeAll(async () => {
    net = await open({ queries: unhurried });
    alice = net.account("//Alice");
    const wasm = await troubleCode();
    trouble = await net.deploy({ bundle: { wasm, metadata: troubleMetadata }, constructor: "new", signer: alice });
    flipper = await net.deploy({ bundle: bundle("flipper"), constructor: "new", args: [true], signer: alice });
  });
  afterAll(() => net.close());

  test("ends in time though it has all the gas there is, and hurts no other", async () => {
    const spin = query(trouble, "spin")({ gas: 2n ** 64n - 1n, timeoutMs: 300 });
    const others = Array.from({ length: 20 }, () => query(flipper, "get")({}));
    expect(await codeOf(spin)).toBe("DeadlineExceeded");
    expect(await Promise.all(others)).toEqual(Array(20).fill(true));
    expect(await query(flipper, "get")({})).toBe(true);
  });

  test("does not hold up the chain: blocks are executed between queries that compute", async () => {
    const spins = Array.from({ length: 4 }, () =>
      codeOf(query(trouble, "spin")({ gas: 2n ** 64n - 1n, timeoutMs: 400 })),
    );
    const flip = flipper.tx.flip as (options: { signer: Account }) => Promise<{ outcome: string }>;
    expect((await flip({ signer: alice })).outcome).toBe("ok");
    expect(await Promise.all(spins)).toEqual(Array(4).fill("DeadlineExceeded"));
  });

  test("ends when it computes too long at a stretch, however much time it has", async () => {
    const narrow = await open({ queries: { ...unhurried, passMs: 200 } });
    const signer = narrow.account("//Alice");
    const wasm = await troubleCode();
    const spinner = await narrow.deploy({ bundle: { wasm, metadata: troubleMetadata }, constructor: "new", signer });
    const other = await narrow.deploy({ bundle: bundle("flipper"), constructor: "new", args: [true], signer });
    for (let round = 0; round < 3; round++) {
      const spins = Array.from({ length: 2 }, () => codeOf(query(spinner, "spin")({ gas: 2n ** 64n - 1n })));
      const others = Array.from({ length: 50 }, () => query(other, "get")({}));
      expect(await Promise.all(others)).toEqual(Array(50).fill(true));
      expect(await Promise.all(spins)).toEqual(["DeadlineExceeded", "DeadlineExceeded"]);
    }
    expect((await narrow.metrics()).active).toBe(0);
    await narrow.close();
  });

  test("is no outcome of the contract: with less gas it runs out of that first", async () => {
    expect(await codeOf(query(trouble, "spin")({ gas: 1_000_000_000n }))).toBe("OutOfGas");
  });
});

describe("a query that asks the world", () => {
  let net: Network;
  let oracle: Contract;
  beforeAll(async () => {
    net = await open({ egress: loopback, queries: unhurried });
    oracle = await oracleOn(net);
  });
  afterAll(() => net.close());

  test("asks once, is run twice, and is counted", async () => {
    const before = (await net.metrics()).total;
    asked = 0;
    expect(await query(oracle, "fetch")({ args: ["PHA"] })).toEqual({ ok: 1_500_000n });
    expect(asked).toBe(1);
    const { total, contracts, active } = await net.metrics();
    expect(total.replays - before.replays).toBe(1);
    expect(total.queries - before.queries).toBe(1);
    expect(total.requests).toEqual([{ status: 200, count: 1 }]);
    expect(contracts.find((one) => one.contract === oracle.id)).toMatchObject({ replays: 1 });
    expect(active).toBe(0);
  });

  test("waits beside hundreds of others, whose answers come as they come", async () => {
    const slow = Array.from({ length: 300 }, () => query(oracle, "fetch")({ args: ["SLOW"] }));
    const quick = await query(oracle, "latest")({});
    expect(quick).toBeUndefined();
    expect(new Set((await Promise.all(slow)).map((one) => (one as { ok: bigint }).ok))).toEqual(new Set([1_500_000n]));
  });

  test("sees one state over all its passes, whatever blocks follow", async () => {
    const waiting = query(oracle, "fetch")({ args: ["SLOW"] });
    const publish = oracle.tx.publish as (options: object) => Promise<{ outcome: string }>;
    expect((await publish({ signer: net.account("//Alice"), args: ["PHA", 1n] })).outcome).toBe("ok");
    expect(await waiting).toEqual({ ok: 1_500_000n });
  });

  test("whose server never answers ends in its time", async () => {
    const code = await codeOf(query(oracle, "fetch")({ args: ["NEVER"], timeoutMs: 300 }));
    expect(["CallRefused", "ContractTrapped", "DeadlineExceeded"]).toContain(code);
  });

  test("is given up, on the wire too, when its caller goes away", async () => {
    const closed = new Gate();
    const arrived = new Gate();
    const silent = await http((request) => {
      request.socket.once("close", closed.open);
      arrived.open();
    });
    const other = await net.deploy({
      bundle: bundle("oracle"),
      constructor: "new",
      args: [`http://127.0.0.1:${silent}/`],
      signer: net.account("//Alice"),
    });
    const caller = new AbortController();
    const waiting = query(other, "fetch")({ args: ["X"], signal: caller.signal });
    await arrived.opened;
    caller.abort(new TypeError("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await closed.opened;
    expect((await net.metrics()).active).toBe(0);
  });

  test("is refused what lies inside: the contract is told no, the host is told why", async () => {
    const inner = await net.deploy({
      bundle: bundle("oracle"),
      constructor: "new",
      args: ["http://169.254.169.254/latest/{}"],
      signer: net.account("//Alice"),
    });
    expect(await codeOf(query(inner, "fetch")({ args: ["meta-data"] }))).toBe("ContractReverted");
    const line = (await net.logs()).find(
      ({ text, contract }) => text.startsWith("EgressDenied") && contract === inner.id,
    );
    expect(line).toMatchObject({ level: "warn", query: true });
    expect(line?.text).toContain("169.254.0.0/16 (link-local, metadata)");
    expect((await net.metrics()).contracts.find((one) => one.contract === inner.id)?.denied).toBe(1);
  });
});

describe("a query's log", () => {
  test("lets the query be done again without a server, with the same answer and no effect", async () => {
    const net = await open({ egress: loopback, queries: unhurried });
    const oracle = await oracleOn(net);
    const { value, log } = await query(oracle, "fetch").with({ record: true })({ args: ["PHA"] });
    expect(value).toEqual({ ok: 1_500_000n });
    asked = 0;
    expect(await query(oracle, "fetch").with({ replay: log })({ args: ["PHA"] })).toEqual(value);
    expect(asked).toBe(0);
    // Sealed: nothing of it can be read, changed, used for another question, on another state or elsewhere.
    expect(Buffer.from(log).includes("price")).toBe(false);
    const changed = log.slice();
    changed[changed.length - 1]! ^= 1;
    expect(await codeOf(query(oracle, "fetch").with({ replay: changed })({ args: ["PHA"] }))).toBe("SealBroken");
    expect(await codeOf(query(oracle, "fetch").with({ replay: log })({ args: ["DOT"] }))).toBe("QueryLogMismatch");
    expect(await codeOf(query(oracle, "latest").with({ replay: log })({}))).toBe("QueryLogMismatch");
    const publish = oracle.tx.publish as (options: object) => Promise<unknown>;
    await publish({ signer: net.account("//Alice"), args: ["PHA", 1n] });
    expect(await codeOf(query(oracle, "fetch").with({ replay: log })({ args: ["PHA"] }))).toBe("QueryLogMismatch");
    const other = await open({ egress: loopback });
    expect(await codeOf(query(await oracleOn(other), "fetch").with({ replay: log })({ args: ["PHA"] }))).toBe(
      "SealBroken",
    );
    await Promise.all([net.close(), other.close()]);
  });

  test("in the clear serves anywhere, and only what it was made of", async () => {
    const net = await open({ egress: loopback, queries: { clearLogs: true } });
    const { value, log } = await query(await oracleOn(net), "fetch").with({ record: true })({ args: ["PHA"] });
    await net.close();
    const offline = await open({ egress: { enabled: false }, queries: { clearLogs: true } });
    const oracle = await oracleOn(offline);
    expect(await query(oracle, "fetch").with({ replay: log })({ args: ["PHA"] })).toEqual(value);
    expect(await codeOf(query(oracle, "fetch").with({ replay: log })({ args: ["DOT"] }))).toBe("QueryLogMismatch");
    expect(await codeOf(query(oracle, "latest").with({ replay: log })({}))).toBe("QueryLogMismatch");
    expect(await codeOf(query(oracle, "fetch").with({ replay: log.slice(0, 99) })({ args: ["PHA"] }))).toBe(
      "Undecodable",
    );
    for (let i = 0; i < 64; i++) {
      const bad = log.slice();
      bad[(i * 7919) % bad.length]! ^= 1 << (i % 8);
      const code = await codeOf(query(oracle, "fetch").with({ replay: bad })({ args: ["PHA"] }));
      expect([
        "gave [object Object]",
        "QueryLogMismatch",
        "Undecodable",
        "ContractReverted",
        "ContractTrapped",
      ]).toContain(code);
    }
    expect(await query(oracle, "latest")({})).toBeUndefined();
    await offline.close();
  });
});

describe("queries by the thousand", () => {
  test("are refused beyond what may wait, and a contract with a slow server leaves room for others", async () => {
    const net = await open({ egress: loopback, queries: { ...unhurried, concurrent: 8, backlog: 8 } });
    const slow = await oracleOn(net);
    const signer = net.account("//Alice");
    const flipper = await net.deploy({ bundle: bundle("flipper"), constructor: "new", args: [true], signer });
    // The server answers when as many are refused as cannot be let in before it does.
    held = new Gate();
    let refused = 0;
    const flood = Array.from({ length: 60 }, async () => {
      const code = await codeOf(query(slow, "fetch")({ args: ["HELD"] }));
      if (code === "QueryBacklogFull" && ++refused === 31) held.open();
      return code;
    });
    const others = Array.from({ length: 8 }, () => query(flipper, "get")({}));
    expect(await Promise.all(others)).toEqual(Array(8).fill(true));
    const codes = await Promise.all(flood);
    expect(codes.filter((code) => code === "QueryBacklogFull").length).toBeGreaterThan(30);
    expect(codes.filter((code) => code === "gave [object Object]").length).toBeGreaterThanOrEqual(4);
    expect((await net.metrics()).total.refused).toBeGreaterThan(30);
    await net.close();
  });

  test("are bound in requests each", async () => {
    const net = await open({ egress: loopback, queries: { requests: 0 } });
    expect(await codeOf(query(await oracleOn(net), "fetch")({ args: ["PHA"] }))).toBe("QueryLimit");
    await net.close();
  });
});

describe("settings", () => {
  test("that are wrong keep a network from opening, with the field that is wrong", async () => {
    for (const [options, where] of [
      [{ egress: { openAddress: ["127.0.0.1"] } }, "open.egress.openAddress"],
      [{ egress: { allow: [{ hosts: "a" }] } }, "open.egress.allow[0].hosts"],
      [{ egress: { allow: [{ port: 0 }] } }, "open.egress.allow[0].port"],
      [{ egress: { requestsPerMinute: -1 } }, "open.egress.requestsPerMinute"],
      [{ egress: { openAddresses: ["nowhere"] } }, "nowhere"],
      [{ queries: { passMs: 0 } }, "open.queries.passMs"],
    ] as const) {
      await expect(open(options as never)).rejects.toMatchObject({ code: "SettingsInvalid", facts: { where } });
    }
  });
});
