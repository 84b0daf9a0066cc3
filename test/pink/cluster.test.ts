import { describe, expect, test } from "vitest";
import type { QueryEnvironment } from "../../src/enclave/contract/call.ts";
import { LocalCache } from "../../src/enclave/contract/pink/cache.ts";
import { type ContractId, toHex } from "../../src/wire/bytes.ts";
import { bob, command, Network } from "../runtime/network.ts";
import { restarted } from "../runtime/saving.ts";
import { callInput, eventInput, ext, extensionInput, type Mode, probe, run, text, value } from "./probe.ts";

const hex = (bytes: Uint8Array): string => toHex(bytes).slice(2);
const selectorOf = (n: number): number => new DataView(Uint8Array.of(n, 0, 0, 0).buffer).getUint32(0);

interface Setup {
  readonly network: Network;
  readonly system: ContractId;
  readonly user: ContractId;
  readonly other: ContractId;
}

/** A cluster whose system contract is a probe, and two probes more. */
function setup(prices = {}): Setup {
  const network = Network.start({ systemCode: probe, ...prices });
  const [user, other] = ["user", "other"].map((salt) => network.deploy(probe, undefined, { salt: text(salt) }));
  return {
    network,
    system: network.runtime.systemContract as ContractId,
    user: user as ContractId,
    other: other as ContractId,
  };
}

function weigh({ network, system }: Setup, contract: ContractId, weight: number): void {
  expect(network.call(system, eventInput({ kind: "SetContractWeight", contract, weight })).outcome).toBe("ok");
}

const set = (network: Network, contract: ContractId, mode: Mode, key: string, data: string) =>
  ext(network, contract, mode, 6, (w) => w.bytes(text(key)).bytes(text(data)));
const get = (network: Network, contract: ContractId, mode: Mode, key: string): string | undefined =>
  value(
    ext(network, contract, mode, 8, (w) => w.bytes(text(key))),
    (r) => r.option((o) => Buffer.from(o.bytes()).toString()),
  );
const expire = (network: Network, contract: ContractId, mode: Mode, key: string, seconds: bigint) =>
  ext(network, contract, mode, 7, (w) => w.bytes(text(key)).u64(seconds));
const remove = (network: Network, contract: ContractId, mode: Mode, key: string): string | undefined =>
  value(
    ext(network, contract, mode, 9, (w) => w.bytes(text(key))),
    (r) => r.option((o) => Buffer.from(o.bytes()).toString()),
  );

describe("caching through the extension", () => {
  for (const mode of ["tx", "query"] as const) {
    test(`what a ${mode} sets, lets expire and removes, a later query sees`, () => {
      const cluster = setup();
      const { network, user } = cluster;
      weigh(cluster, user, 1);
      expect(set(network, user, mode, "k", "v")).toMatchObject({ ok: true, status: 0 });
      expect(get(network, user, "query", "k")).toBe("v");
      expire(network, user, mode, "k", 0n);
      expect(get(network, user, "query", "k")).toBeUndefined();
      set(network, user, mode, "k", "v");
      expect(remove(network, user, mode, "k")).toBe(mode === "query" ? "v" : undefined);
      expect(get(network, user, "query", "k")).toBeUndefined();
    });
  }

  test("a transaction and an estimate see nothing of the cache, and an estimate changes nothing", () => {
    const cluster = setup();
    const { network, user } = cluster;
    weigh(cluster, user, 1);
    set(network, user, "query", "k", "v");
    expect(get(network, user, "tx", "k")).toBeUndefined();
    expect(get(network, user, "estimate", "k")).toBeUndefined();
    expect(set(network, user, "estimate", "k", "other")).toMatchObject({ ok: true, status: 0 });
    expect(remove(network, user, "estimate", "k")).toBeUndefined();
    expect(get(network, user, "query", "k")).toBe("v");
  });

  test("without weight a query is told that there is no room, a transaction never is", () => {
    const { network, user } = setup();
    expect(set(network, user, "query", "k", "v")).toMatchObject({ ok: true, status: 1 });
    expect(set(network, user, "tx", "k", "v")).toMatchObject({ ok: true, status: 0 });
    expect(get(network, user, "query", "k")).toBeUndefined();
  });

  test("weight takes effect at the end of its block, and is taken away again", () => {
    const cluster = setup();
    const { network, user, other } = cluster;
    weigh(cluster, user, 1);
    set(network, user, "query", "k", "v");
    weigh(cluster, other, 3);
    expect(get(network, user, "query", "k")).toBe("v");
    weigh(cluster, user, 0);
    expect(get(network, user, "query", "k")).toBeUndefined();
    expect(set(network, user, "query", "k", "v")).toMatchObject({ status: 1 });
  });

  test("what a transaction caches does not leave the enclave, and a reverted one caches nothing", () => {
    const cluster = setup();
    const { network, user } = cluster;
    weigh(cluster, user, 1);
    const receipt = network.call(
      user,
      extensionInput(6, (w) => w.bytes(text("key")).bytes(text("my secret"))),
    );
    expect(receipt.outcome).toBe("ok");
    expect(receipt.events).toEqual([]);
    expect(receipt.palletEvents.some((event) => Buffer.from(event).includes("my secret"))).toBe(false);
    expect(get(network, user, "query", "key")).toBe("my secret");
    const undone = extensionInput(6, (w) => w.bytes(text("key")).bytes(text("undone")), 5);
    expect(network.call(user, undone).outcome).toBe("reverted");
    expect(get(network, user, "query", "key")).toBe("my secret");
  });

  test("in a query a cache write stays although the call is reverted, an event does not", () => {
    const cluster = setup();
    const { network, user } = cluster;
    weigh(cluster, user, 1);
    run(
      network,
      user,
      "query",
      extensionInput(6, (w) => w.bytes(text("a")).bytes(text("1")), 5),
    );
    expect(get(network, user, "query", "a")).toBe("1");
    const event = {
      kind: "CacheOp",
      operation: { kind: "set", key: text("b"), value: text("2") },
    } as const;
    run(network, user, "query", eventInput(event, 2));
    expect(get(network, user, "query", "b")).toBeUndefined();
    run(network, user, "query", eventInput(event));
    expect(get(network, user, "query", "b")).toBe("2");
    run(network, user, "estimate", eventInput({ kind: "CacheOp", operation: { kind: "remove", key: text("b") } }));
    expect(get(network, user, "query", "b")).toBe("2");
  });

  test("the cache is no part of the state: workers that cache differently agree on every root", () => {
    const cluster = setup();
    const { network, user } = cluster;
    weigh(cluster, user, 1);
    const services = { ...network.services(), cache: new LocalCache(() => 0) };
    const replica = restarted(network, services);
    set(network, user, "query", "k", "v");
    const block = network.make([]);
    expect(replica.dispatch(block).sealed).toEqual(network.runtime.dispatch(block).sealed);
    expect(services.cache.get(user, text("k"))).toBeUndefined();
  });

  test("a worker that starts again has the quotas and none of the entries", () => {
    const cluster = setup();
    const { network, user } = cluster;
    weigh(cluster, user, 1);
    set(network, user, "query", "k", "v");
    network.runtime = restarted(network);
    expect(get(network, user, "query", "k")).toBeUndefined();
    expect(set(network, user, "query", "k", "v")).toMatchObject({ status: 0 });
  });
});

describe("hooks at the end of blocks", () => {
  const gasLimit = 10n ** 11n;
  /** A hook's message is four bytes: the probe's operation 1 with no data, an event that cannot be read. */
  const fires = 1;
  const traps = 99;
  const hook = (contract: ContractId, operation: number) =>
    eventInput({ kind: "SetHook", contract, selector: selectorOf(operation), gasLimit });

  test("one set by the system contract runs at the end of that block and of every later one", () => {
    const { network, system, user } = setup();
    network.call(user, extensionInput(12), { value: 10n ** 9n });
    const [, first] = network.block([command(system, hook(user, fires))]);
    expect(first).toMatchObject({ outcome: "ok", index: 1 });
    expect(first?.contract).toEqual(user);
    for (let i = 0; i < 2; i++)
      expect(network.block([]).map((r) => hex(r.contract as ContractId))).toEqual([hex(user)]);
  });

  test("nobody else can set one", () => {
    const { network, user, other } = setup();
    expect(network.call(other, hook(user, fires)).outcome).toBe("ok");
    expect(network.block([])).toEqual([]);
    expect(network.logs.some((line) => line.text.includes("only the system contract"))).toBe(true);
  });

  test("an event with a second topic, and one from a call that reverted, set nothing", () => {
    const { network, system, user } = setup();
    const event = { kind: "SetHook", contract: user, selector: selectorOf(fires), gasLimit } as const;
    expect(network.call(system, eventInput(event, 3)).outcome).toBe("ok");
    expect(network.call(system, eventInput(event, 2)).outcome).toBe("reverted");
    run(network, system, "query", eventInput(event));
    run(network, system, "estimate", eventInput(event));
    expect(network.block([])).toEqual([]);
  });

  test("the system contract keeps its say when another contract calls it", () => {
    const { network, system, user, other } = setup();
    expect(network.call(other, callInput(system, hook(user, fires))).outcome).toBe("ok");
    expect(network.block([]).length).toBe(1);
    expect(network.call(system, callInput(other, hook(other, fires))).outcome).toBe("ok");
    expect(network.block([]).length).toBe(1);
  });

  test("they run in the order of contract ids, whichever was set first", () => {
    const { network, system, user, other } = setup();
    network.block([command(system, hook(user, fires)), command(system, hook(other, fires))]);
    const order = network.block([]).map((r) => hex(r.contract as ContractId));
    expect(order).toEqual([hex(user), hex(other)].sort());
    const another = setup();
    another.network.block([
      command(another.system, hook(another.other, fires)),
      command(another.system, hook(another.user, fires)),
    ]);
    expect(another.network.block([]).map((r) => hex(r.contract as ContractId))).toEqual(order);
  });

  test("one that traps stays set and stops nobody else", () => {
    const { network, system, user, other } = setup();
    network.block([command(system, hook(user, traps)), command(system, hook(other, fires))]);
    for (let i = 0; i < 2; i++) {
      const outcomes = Object.fromEntries(network.block([]).map((r) => [hex(r.contract as ContractId), r.outcome]));
      expect(outcomes).toEqual({ [hex(user)]: "trapped", [hex(other)]: "ok" });
    }
    network.call(system, hook(user, fires));
    expect(network.block([]).map((r) => r.outcome)).toEqual(["ok", "ok"]);
  });

  test("the contract itself pays, and one without money is passed over until it has some", () => {
    const { network, system, user } = setup({ gasPrice: 1n });
    network.call(system, hook(user, fires));
    expect(network.block([]).map((r) => r.outcome)).toEqual(["refused"]);
    network.event({ kind: "deposit", cluster: network.runtime.cluster as never, to: user, amount: 10n ** 15n });
    const before = network.runtime.balance(user).free;
    const [receipt] = network.block([]);
    expect(receipt?.outcome).toBe("ok");
    expect(before - network.runtime.balance(user).free).toBe(receipt?.gasUsed);
  });

  test("hooks and weights survive a restart", () => {
    const { network, system, user } = setup();
    network.call(system, hook(user, fires));
    network.runtime = restarted(network);
    expect(network.block([]).length).toBe(1);
  });
});

describe("a message of fewer than four bytes", () => {
  test("is an error of its sender's and stops nothing", () => {
    const { network, user } = setup();
    for (const length of [0, 1, 3]) {
      const [refused, next] = network.block([command(user, new Uint8Array(length)), command(user, extensionInput(12))]);
      expect(refused?.outcome).toBe("refused");
      expect(next?.outcome).toBe("ok");
      expect(network.ask(user, new Uint8Array(length)).result.ok).toBe(false);
    }
  });
});

describe("a query without a session", () => {
  const environment: QueryEnvironment = { nowMs: 1n, random: (length) => new Uint8Array(length) };
  test("is given one for the pass", () => {
    const { network, user } = setup();
    const payload = extensionInput(11, (w) => w.u8(4));
    const pass = network.runtime.query(
      {
        origin: bob,
        contract: user,
        deposit: 0n,
        transfer: 0n,
        gasLimit: undefined,
        body: { kind: "message", payload, estimating: false },
      },
      environment,
    );
    expect(pass.type).toBe("answered");
  });
});
