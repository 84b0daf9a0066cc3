import { describe, expect, test } from "vitest";
import type { EmittedEvent, LogLevel } from "../../src/enclave/contract/call.ts";
import { LocalCache } from "../../src/enclave/contract/pink/cache.ts";
import { applyEffects, applyQueryEffects, type EffectTarget } from "../../src/enclave/contract/pink/effects.ts";
import {
  cacheEventData,
  isPinkEvent,
  isPrivateEvent,
  pinkEventRules,
  pinkTopic,
  readPinkEvent,
} from "../../src/enclave/contract/pink/events.ts";
import { dueHooks } from "../../src/enclave/contract/pink/hooks.ts";
import type { ClusterRecord, Hook } from "../../src/enclave/state/records.ts";
import { accountId, type ContractId, clusterNumber, contractId, fromHex, toHex } from "../../src/wire/bytes.ts";
import { encode, type Writer } from "../../src/wire/scale.ts";

const hex = (bytes: Uint8Array): string => toHex(bytes).slice(2);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const system = contractId(new Uint8Array(32).fill(1));
const user = contractId(new Uint8Array(32).fill(2));
const third = contractId(new Uint8Array(32).fill(3));

function event(contract: ContractId, write: (w: Writer) => unknown): EmittedEvent {
  return { contract, topics: [pinkTopic], data: encode(undefined, write) };
}

const cluster: ClusterRecord = {
  id: clusterNumber(1),
  owner: accountId(new Uint8Array(32)),
  treasury: accountId(new Uint8Array(32)),
  gasPrice: 1n,
  depositPerItem: 0n,
  depositPerByte: 0n,
  profile: "deterministic",
  systemContract: system,
  systemCode: undefined,
  logHandler: undefined,
  jsRuntime: undefined,
  runtimeVersion: [1, 0],
  nonce: 0,
};

/** What effects changed, in the open. */
class Recorded implements EffectTarget {
  cluster = cluster;
  readonly cache = new LocalCache(() => 0);
  readonly hooks = new Map<string, Hook>();
  readonly weights = new Map<string, number>();
  readonly lines: string[] = [];

  constructor() {
    this.cache.applyWeights([system, user].map((contract) => ({ contract, weight: 1 })));
  }

  setHook(contract: ContractId, hook: Hook): void {
    this.hooks.set(hex(contract), hook);
  }

  setWeight(contract: ContractId, weight: number): void {
    this.weights.set(hex(contract), weight);
  }

  setCluster(record: ClusterRecord): void {
    this.cluster = record;
  }

  log(_contract: ContractId, _level: LogLevel, line: string): void {
    this.lines.push(line);
  }
}

const setHook = (from: ContractId): EmittedEvent =>
  event(from, (w) =>
    w
      .u8(2)
      .u8(0)
      .raw(user)
      .u32(0x0000_0001)
      .u64(10n ** 12n),
  );

describe("Pink events on the wire", () => {
  test("the topic and the payloads are upstream's", () => {
    expect(hex(pinkTopic)).toBe(`407068616c612e70696e6b2e6576656e74${"00".repeat(15)}`);
    expect(readPinkEvent(fromHex("06"))).toEqual({ kind: "StopSidevm" });
    expect(readPinkEvent(fromHex(`09${"02".repeat(32)}0a000000`))).toEqual({
      kind: "SetContractWeight",
      contract: user,
      weight: 10,
    });
    expect(hex(cacheEventData({ kind: "set", key: text("k"), value: text("v1") }))).toBe("0500046b087631");
    expect(readPinkEvent(fromHex("0500046b087631"))).toEqual({
      kind: "CacheOp",
      operation: { kind: "set", key: text("k"), value: text("v1") },
    });
  });

  test("only an event with the marker as its one topic is a Pink event", () => {
    const data = fromHex("06");
    expect(isPinkEvent({ contract: user, topics: [pinkTopic], data })).toBe(true);
    expect(isPinkEvent({ contract: user, topics: [pinkTopic, pinkTopic], data })).toBe(false);
    expect(isPinkEvent({ contract: user, topics: [], data })).toBe(false);
    expect(isPinkEvent({ contract: user, topics: [new Uint8Array(32)], data })).toBe(false);
  });

  test("what each kind may do is upstream's table", () => {
    const table = Object.entries(pinkEventRules).map(
      ([name, rule]) => `${rule.index} ${name} ${rule.from} ${rule.isPrivate} ${rule.inQuery}`,
    );
    expect(table).toEqual([
      "2 SetHook system false false",
      "3 DeploySidevmTo system false true",
      "4 SidevmMessage any true true",
      "5 CacheOp any true true",
      "6 StopSidevm any false true",
      "7 ForceStopSidevm system false true",
      "8 SetLogHandler system false false",
      "9 SetContractWeight system false false",
      "10 UpgradeRuntimeTo system false false",
      "11 SidevmOperation system false true",
      "12 SetJsRuntime system false false",
    ]);
  });

  test("what a contract caches is private, what it asks of the cluster is not", () => {
    const cache = { contract: user, topics: [pinkTopic], data: cacheEventData({ kind: "remove", key: text("k") }) };
    expect(isPrivateEvent(cache)).toBe(true);
    expect(isPrivateEvent({ ...cache, topics: [new Uint8Array(32)] })).toBe(false);
    expect(isPrivateEvent(setHook(user))).toBe(false);
  });

  test("data that is no event is undefined, cut anywhere", () => {
    const samples = [
      ...[setHook(user).data, cacheEventData({ kind: "setExpiration", key: text("key"), seconds: 5n })],
      ...[fromHex(`08${"02".repeat(32)}`), fromHex(`0c${"02".repeat(32)}`), fromHex("0a0100000002000000")],
    ];
    for (const data of samples) {
      expect(readPinkEvent(data)).toBeDefined();
      for (let length = 0; length < data.length; length++)
        expect(readPinkEvent(data.subarray(0, length))).toBeUndefined();
    }
    for (const data of ["00", "01", "0d", "ff", "0503", `0201${"02".repeat(44)}`]) {
      expect(readPinkEvent(fromHex(data))).toBeUndefined();
    }
  });
});

describe("effects", () => {
  test("the system contract sets hooks, weights, the log handler, the JavaScript runtime and the runtime version", () => {
    const target = new Recorded();
    applyEffects(
      [
        setHook(system),
        event(system, (w) => w.u8(9).raw(user).u32(7)),
        event(system, (w) => w.u8(8).raw(third)),
        event(system, (w) => w.u8(12).raw(third)),
        event(system, (w) => w.u8(10).u32(1).u32(2)),
      ],
      target,
    );
    expect(target.hooks.get(hex(user))).toEqual({ selector: 1, gasLimit: 10n ** 12n });
    expect(target.weights.get(hex(user))).toBe(7);
    expect(target.cluster).toMatchObject({ logHandler: third, jsRuntime: third, runtimeVersion: [1, 2] });
    expect(target.lines).toEqual([]);
  });

  test("nobody else can: it is logged and nothing else happens", () => {
    const target = new Recorded();
    applyEffects(
      [
        setHook(user),
        event(user, (w) => w.u8(9).raw(user).u32(7)),
        event(user, (w) => w.u8(8).raw(third)),
        event(user, (w) => w.u8(12).raw(third)),
        event(user, (w) => w.u8(10).u32(1).u32(2)),
        event(user, (w) => w.u8(7).raw(third)),
      ],
      target,
    );
    expect(target.cluster).toBe(cluster);
    expect(target.hooks.size + target.weights.size).toBe(0);
    expect(target.lines.length).toBe(6);
  });

  test("in a cluster without a system contract nobody is the system", () => {
    const target = new Recorded();
    target.cluster = { ...cluster, systemContract: undefined };
    applyEffects([setHook(system)], target);
    expect(target.hooks.size).toBe(0);
  });

  test("the runtime version only goes up, and only to one that exists", () => {
    const target = new Recorded();
    const versions: string[] = [];
    for (const [major, minor] of [
      [1, 2],
      [1, 1],
      [0, 9],
      [1, 3],
      [2, 0],
      [1, 2],
    ] as const) {
      // biome-ignore format: one line
      applyEffects([event(system, (w) => w.u8(10).u32(major).u32(minor))], target);
      versions.push(target.cluster.runtimeVersion.join("."));
    }
    expect(new Set(versions)).toEqual(new Set(["1.2"]));
    expect(target.lines.length).toBe(2);
  });

  test("a contract changes its own cache and no other's, and what cannot be read is passed over", () => {
    const target = new Recorded();
    const set = {
      contract: user,
      topics: [pinkTopic],
      data: cacheEventData({ kind: "set", key: text("k"), value: text("v") }),
    };
    applyEffects([{ contract: user, topics: [pinkTopic], data: fromHex("0500") }, set], target);
    expect(target.cache.get(user, text("k"))).toEqual(text("v"));
    expect(target.cache.get(system, text("k"))).toBeUndefined();
    expect(target.lines).toEqual(["a Pink event that cannot be read was ignored"]);
    applyEffects(
      [
        { ...set, topics: [] },
        { ...set, data: cacheEventData({ kind: "remove", key: text("k") }) },
      ],
      target,
    );
    expect(target.cache.get(user, text("k"))).toBeUndefined();
  });

  test("a query's events reach the cache and nothing else", () => {
    const target = new Recorded();
    const set = {
      contract: user,
      topics: [pinkTopic],
      data: cacheEventData({ kind: "set", key: text("k"), value: text("v") }),
    };
    applyQueryEffects([setHook(system), set], target.cache);
    expect(target.cache.get(user, text("k"))).toEqual(text("v"));
    expect(target.hooks.size).toBe(0);
  });

  test("a hook's message is its selector, big endian, and nothing more", () => {
    expect(dueHooks([{ key: user, value: { selector: 0x0102_0304, gasLimit: 5n } }])).toEqual([
      { contract: user, message: Uint8Array.of(1, 2, 3, 4), gasLimit: 5n },
    ]);
  });
});
