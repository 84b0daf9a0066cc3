/**
 * The isolate dies: of a heap that is full, of a kill, at the start, at work, at the end, and several times in a row.
 * Whoever waits gets an answer or a typed error, what was ordered gets its receipt, and the network goes on.
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Contract, type Network, type OpenOptions, open, PhatError } from "../../src/index.ts";
import { closeAll, http, unhurried } from "../egress/servers.ts";
import { isolatesOf, until } from "../enclave/processes.ts";

const bundle = (name: string): string => join(import.meta.dirname, `../../build/${name}.contract`);
/** Megabytes of heap in which the contracts live, and in which a query that writes 100,000 slots does not. */
const narrow = 20;
const kinds = ["thread", "process"] as const;

let dir: string;
let warnings: string[];
const networks: Network[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-death-"));
  warnings = [];
});
afterEach(async () => {
  await Promise.allSettled(networks.splice(0).map((net) => net.close()));
  rmSync(dir, { recursive: true, force: true });
});

async function opened(options: OpenOptions): Promise<Network> {
  const onWarning = (warning: string) => void warnings.push(warning);
  const net = await open({
    dir,
    checkpointEvery: 4,
    onWarning,
    egress: { openAddresses: ["127.0.0.0/8"] },
    queries: unhurried,
    ...options,
  });
  networks.push(net);
  return net;
}

/** What became of something: "answered", or the code of a typed error; anything else fails. */
function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "answered",
    (error: unknown) => {
      expect(error).toBeInstanceOf(PhatError);
      return (error as PhatError).code;
    },
  );
}
const outcomes = (work: readonly Promise<unknown>[]) => Promise.all(work.map(outcome));
const restarts = () => warnings.filter((warning) => warning.includes("started again")).length;

/** A server that answers prices once it is told to. */
let port = 0;
let answering = false;
beforeAll(async () => {
  port = await http(async (_, response) => {
    while (!answering) await pause(10);
    response.end('{"price":"1.5"}');
  });
});
afterAll(async () => {
  answering = true;
  await closeAll();
});

// biome-ignore lint/suspicious/noExplicitAny: these contracts are used without their types.
type Untyped = any;
interface Contracts {
  readonly stress: Untyped;
  readonly counter: Untyped;
  readonly oracle: Untyped;
}

async function deployed(net: Network): Promise<Contracts> {
  const signer = net.account("//Alice");
  const url = `http://127.0.0.1:${port}/{}`;
  const make = (name: string, args: readonly unknown[]): Promise<Contract> =>
    net.deploy({ bundle: bundle(name), constructor: "new", args, signer });
  return { stress: await make("stress", []), counter: await make("counter", [0]), oracle: await make("oracle", [url]) };
}

/** Everything at once: transactions, queries, and queries that wait for a server. */
function work(net: Network, { counter, oracle }: Contracts) {
  const signer = net.account("//Bob");
  const orders = Array.from({ length: 8 }, () => counter.tx.increment({ args: [1], signer }));
  const queries = Array.from({ length: 8 }, () => counter.query.get());
  const asking = Array.from({ length: 4 }, (_, i) => oracle.query.fetch({ args: [`S${i}`] }));
  return { orders: outcomes(orders), asked: outcomes([...queries, ...asking]), first: Promise.race(orders) };
}

const answeredOrGone = ["answered", "EnclaveGone"];

describe.each(kinds)("an isolate that is a %s and runs out of memory", (isolate) => {
  it("is started again, three times, and whoever waits gets an answer or is told", async () => {
    const net = await opened({ isolate, enclaveMegabytes: narrow });
    const contracts = await deployed(net);
    const { counter, oracle, stress } = contracts;
    for (let round = 1; round <= 3; round++) {
      answering = false;
      const { orders, asked } = work(net, contracts);
      const fatal = stress.estimate.fill({ args: [0, 100_000], signer: net.account("//Alice") });
      expect(await outcome(fatal)).toBe("EnclaveGone");
      answering = true;
      // What was ordered is done, whatever became of the isolate meanwhile.
      expect(await orders).toEqual(Array(8).fill("answered"));
      for (const given of await asked) expect(answeredOrGone).toContain(given);
      expect(restarts()).toBe(round);
      expect(await counter.query.get()).toBe(8 * round);
      expect(await oracle.query.fetch({ args: ["PHA"] })).toEqual({ ok: 1_500_000n });
    }
  });
});

describe("a block that no isolate survives", () => {
  it("is given up, and is executed with more memory", async () => {
    const net = await opened({ enclaveMegabytes: narrow });
    const { stress, counter } = await deployed(net);
    const fatal = stress.tx.fill({ args: [0, 100_000], signer: net.account("//Charlie") });
    expect(await outcome(fatal)).toBe("EnclaveGone");
    expect(await outcome(counter.query.get())).toBe("EnclaveGone");
    // The third time it is plain that it happens again.
    expect(restarts()).toBe(2);
    await net.close().catch((error: PhatError) => expect(error.code).toBe("EnclaveGone"));
    const roomy = await opened({ enclaveMegabytes: 512 });
    const again: Untyped = await roomy.attach(stress.id);
    const charlie = roomy.account("//Charlie");
    expect(await roomy.receipt({ account: charlie, nonce: 0 })).toMatchObject({ outcome: "ok" });
    expect(await again.query.add({ args: [1, 2n] })).toBe(3n);
  });
});

describe("an isolate that is a process", () => {
  const only = (): number => {
    const [pid, ...more] = isolatesOf(process.pid);
    expect(more).toEqual([]);
    return pid as number;
  };

  it("is killed at work, four times, and the network goes on", async () => {
    const net = await opened({ isolate: "process" });
    const contracts = await deployed(net);
    for (let round = 1; round <= 4; round++) {
      answering = false;
      const { orders, asked, first } = work(net, contracts);
      if (round > 2) await first;
      const pid = only();
      process.kill(pid, "SIGKILL");
      answering = true;
      expect(await orders).toEqual(Array(8).fill("answered"));
      for (const given of await asked) expect(answeredOrGone).toContain(given);
      expect(only()).not.toBe(pid);
      expect(await contracts.counter.query.get()).toBe(8 * round);
      expect(warnings.at(-1)).toMatch(/SIGKILL.*\n.*started again/);
    }
    // A second query at once finds the one that follows, not the one that is dying.
    process.kill(only(), "SIGKILL");
    await until(() => restarts() === 5, "the kill was noticed");
    expect(await contracts.counter.query.get()).toBe(32);
  });

  it("is killed while it starts, twice, and starts", async () => {
    const killed = new Set<number>();
    const hunt = setInterval(() => {
      for (const pid of isolatesOf(process.pid)) {
        if (killed.size >= 2 || killed.has(pid)) continue;
        killed.add(pid);
        process.kill(pid, "SIGKILL");
      }
    }, 1);
    try {
      const net = await opened({ isolate: "process" });
      expect(killed.size).toBe(2);
      expect(restarts()).toBe(2);
      const { counter } = await deployed(net);
      expect(await counter.query.get()).toBe(0);
    } finally {
      clearInterval(hunt);
    }
  });

  it("is killed whenever it starts, and opening ends with a typed error and leaves nothing behind", async () => {
    const hunt = setInterval(() => {
      for (const pid of isolatesOf(process.pid)) process.kill(pid, "SIGKILL");
    }, 1);
    try {
      await expect(opened({ isolate: "process" })).rejects.toMatchObject({ code: "EnclaveGone" });
    } finally {
      clearInterval(hunt);
    }
    expect(isolatesOf(process.pid)).toEqual([]);
    const net = await opened({ isolate: "process" });
    expect(await outcome(deployed(net))).toBe("answered");
  });

  it("is killed while it closes, and all is there when it is opened again", async () => {
    let net = await opened({ isolate: "process" });
    const { id } = (await deployed(net)).counter as Contract;
    let acknowledged = 0;
    for (let round = 1; round <= 4; round++) {
      const counter: Untyped = await net.attach(id);
      const signer = net.account("//Bob");
      const orders = Array.from({ length: 8 }, () => counter.tx.increment({ args: [1], signer }));
      const given = outcomes(orders);
      // In the middle of the work, or after it.
      await (round % 2 === 0 ? given : orders[0]);
      const closing = net.close();
      await pause(round);
      for (const pid of isolatesOf(process.pid)) process.kill(pid, "SIGKILL");
      await closing;
      acknowledged += (await given).filter((one) => one === "answered").length;
      expect(isolatesOf(process.pid)).toEqual([]);
      net = await opened({ isolate: "process" });
      const count: number = await ((await net.attach(id)) as Untyped).query.get();
      expect(count).toBeGreaterThanOrEqual(acknowledged);
      expect(count).toBeLessThanOrEqual(8 * round);
    }
    expect(acknowledged).toBeGreaterThanOrEqual(18);
  });

  it("leaves no process behind when its network is closed", async () => {
    const net = await opened({ isolate: "process" });
    const pid = only();
    await net.close();
    expect(isolatesOf(process.pid)).not.toContain(pid);
  });
});
