/** What the cluster's owner lets a contract reach: set on the chain, kept to beside the host's policy. */

import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type AccountId, type ContractId, contractId } from "../../src/wire/bytes.ts";
import type { EgressOptions, EgressRules } from "../../src/wire/egress.ts";
import { readEgressRules, usualRules, writeEgressRules } from "../../src/wire/egress-rules.ts";
import { clusterMessage, clusterTopic, type MessageOrigin } from "../../src/wire/message.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import { alice, bob, cluster, Network, pallet, treasury } from "../runtime/network.ts";
import { restarted } from "../runtime/saving.ts";
import { contract as asker, closeAll, http, statusOf, wayOut } from "./servers.ts";

afterAll(closeAll);

const id = `0x${"07".repeat(32)}`;
const hits: string[] = [];
const port = await http((request, response) => {
  hits.push(request.url as string);
  if (request.url?.startsWith("/to/")) response.writeHead(302, { location: request.url.slice(4) }).end();
  else response.end();
});
const at = (path = "/"): string => `http://127.0.0.1:${port}${path}`;
const written = (rules: EgressRules): Uint8Array => encode(usualRules(rules), writeEgressRules);

/** The verdict on a request when the host and the owner have said these. */
async function verdict(host: EgressOptions, owner: Uint8Array | undefined, url = at(), method = "GET") {
  const { results, denied } = await wayOut(host, { owned: () => owner }).ask({ url, method });
  return denied[0] ?? statusOf(results[0]);
}

describe("a request", () => {
  test("leaves when the host and the owner both let it; the denial names whose rule said no", async () => {
    const denied = written({ deny: [{ port }] });
    expect(await verdict({}, undefined)).toBe(200);
    expect(await verdict({}, written({}))).toBe(200);
    expect(await verdict({}, denied)).toBe(`cluster.egress["${id}"].deny {"port":${port}}`);
    expect(await verdict({}, written({ allow: [{ host: "*.example.org" }] }))).toBe(
      `cluster.egress["${id}"].allow has no rule for it`,
    );
    expect(await verdict({}, written({ allow: [{ host: "127.0.0.1", scheme: "http", method: "GET" }] }))).toBe(200);
    expect(await verdict({}, written({ allow: [{ method: "GET" }] }), at(), "POST")).toContain("cluster.egress");
    expect(await verdict({ deny: [{ port }] }, written({ allow: [{ port }] }))).toBe(`egress.deny {"port":${port}}`);
    expect(await verdict({}, written({ requestsPerMinute: 0 }))).toBe(`cluster.egress["${id}"].requestsPerMinute 0`);
    expect(await verdict({ bytesPerMinute: 5 }, written({ bytesPerMinute: 6 }))).toBe("egress.bytesPerMinute 5");
    expect(await verdict({ bytesPerMinute: 6 }, written({ bytesPerMinute: 5 }))).toContain("cluster.egress");
  });

  test("is not let out by a host that tries to loosen what the owner said", async () => {
    const owner = written({ allow: [{ host: "only.example.org" }], deny: [{ method: "POST" }], requestsPerMinute: 1 });
    for (const loose of [
      { allow: [{ host: "*" }] },
      { allow: [{}] },
      { contracts: { [id]: { allow: [{ host: "127.0.0.1" }], deny: [], requestsPerMinute: 1e9 } } },
      { openAddresses: ["0.0.0.0/0", "::/0"] },
      { enabled: true, requestsPerMinute: 1e9, bytesPerMinute: 1e9 },
      { hosts: { "only.example.org": ["127.0.0.1"] } },
    ]) {
      expect([loose, await verdict(loose, owner)]).toEqual([loose, expect.stringContaining("cluster.egress")]);
    }
  });

  test("is not let inside by an owner who tries to open what the host closed", async () => {
    const owner = written({ allow: [{ host: "127.0.0.1" }, { host: "10.0.0.1" }, { host: "*" }] });
    expect(await verdict({ openAddresses: [] }, owner)).toContain("address 127.0.0.0/8");
    expect(await verdict({ openAddresses: [] }, owner, "http://10.0.0.1/")).toContain("address 10.0.0.0/8");
    expect(await verdict({ enabled: false }, owner)).toBe("enabled: false");
    expect(await verdict({}, owner, at(), "CONNECT")).toBe("no method CONNECT");
  });

  test("is judged anew at every redirect, by the rules as they are by then", async () => {
    const narrow = { deny: [{ host: "localhost" }] };
    expect(await verdict({}, written(narrow), at(`/to/http://localhost:${port}/`))).toContain("cluster.egress");
    let asked = 0;
    const way = wayOut({}, { owned: () => (asked++ === 0 ? undefined : written({ allow: [] })) });
    hits.length = 0;
    expect((await way.ask(at("/to//next"))).denied).toEqual([`cluster.egress["${id}"].allow has no rule for it`]);
    expect(hits).toEqual(["/to//next"]);
  });

  test("does not leave when what the state says cannot be read", async () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(2, 0, 0, 0, 0), written({}).slice(0, -1)]) {
      expect(await verdict({}, bytes)).toContain("which cannot be read");
    }
  });

  test("is asked for in the name of one contract: what is said of another does not matter", async () => {
    const owned = (of: Uint8Array) => (of[0] === asker[0] ? undefined : written({ allow: [] }));
    const way = wayOut({}, { owned });
    expect(statusOf((await way.ask(at())).results[0])).toBe(200);
  });
});

describe("rules on the chain", () => {
  let network: Network;
  const target = contractId(asker);
  const account = (of: AccountId): MessageOrigin => ({ kind: "account", id: of });
  const set = (rules: EgressRules | undefined, sender: MessageOrigin, of: ContractId = target) =>
    network.event({ kind: "egress", cluster, contract: of, rules }, sender);
  const stored = () => {
    const bytes = network.runtime.egressRules(target);
    return bytes === undefined ? undefined : decode(bytes, "rules", readEgressRules);
  };

  beforeEach(() => {
    network = new Network();
    const prices = { gasPrice: 0n, depositPerItem: 0n, depositPerByte: 0n, profile: "deterministic" };
    // The owner of the cluster is not the governor of the chain.
    network.event({ kind: "deploy", cluster, owner: bob, treasury, ...prices, systemCode: undefined });
  });

  const rules: EgressRules = {
    allow: [{ scheme: "https", host: "*.example.org", port: 443, method: "GET" }, {}],
    deny: [{ host: "::1" }, { host: "*" }],
    requestsPerMinute: 0,
    bytesPerMinute: Number.MAX_SAFE_INTEGER,
  };

  test("are the owner's to set, to change and to take back, and part of the state", () => {
    const before = network.runtime.stateRoot;
    const receipt = set(rules, account(bob));
    expect(receipt).toMatchObject({ outcome: "ok", contract: target });
    expect(stored()).toEqual(rules);
    const root = network.runtime.stateRoot;
    expect(root).not.toEqual(before);
    expect(set({ deny: [] }, account(bob)).outcome).toBe("ok");
    expect(stored()).toEqual({ deny: [] });
    set(rules, account(bob));
    expect(network.runtime.stateRoot).toEqual(root);
    expect(set(undefined, account(bob)).outcome).toBe("ok");
    expect(stored()).toBeUndefined();
    expect(network.runtime.stateRoot).toEqual(before);
    expect(set(undefined, account(bob)).outcome).toBe("ok");
  });

  test("are nobody else's: not the governor's, the chain's, the contract's own, or another cluster's", () => {
    set(rules, account(bob));
    const root = network.runtime.stateRoot;
    for (const sender of [
      account(alice),
      account(treasury),
      account(target as unknown as AccountId),
      pallet,
      { kind: "contract", id: target },
      { kind: "worker", key: bob },
      { kind: "cluster", id: cluster },
      { kind: "gatekeeper" },
      { kind: "location", bytes: bob },
    ] as const) {
      for (const said of [undefined, {}, { allow: [{}] }]) {
        expect([sender.kind, set(said, sender)]).toEqual([
          sender.kind,
          expect.objectContaining({ outcome: "refused" }),
        ]);
      }
    }
    const foreign = { kind: "egress", cluster: new Uint8Array(32) as typeof cluster, contract: target, rules } as const;
    expect(network.event(foreign, account(bob)).outcome).toBe("refused");
    expect(network.runtime.stateRoot).toEqual(root);
    const none = new Network();
    expect(none.event({ kind: "egress", cluster, contract: target, rules }, account(bob)).outcome).toBe("refused");
  });

  test("that are malformed are refused and change nothing, whatever is wrong with them", () => {
    set(rules, account(bob));
    const root = network.runtime.stateRoot;
    const { payload: good } = clusterMessage(account(bob), { kind: "egress", cluster, contract: target, rules });
    const body = (make: (w: import("../../src/wire/scale.ts").Writer) => unknown): Uint8Array =>
      encode(undefined, (w) => {
        w.u8(4).raw(cluster).raw(target).u8(1).u8(1);
        make(w);
      });
    const rule = (host: string) => body((w) => w.u8(0).compact(1).u8(0).u8(1).str(host).u8(0).u8(0).u8(0).u8(0));
    const bad = [
      good.slice(0, -1),
      Uint8Array.from([...good, 0]),
      body((w) => w.u8(2)),
      // Another version, a scheme there is none of, port 0, a method in small letters.
      Uint8Array.from(good, (byte, i) => (i === 66 ? 9 : byte)),
      body((w) => w.u8(0).compact(1).u8(1).u8(2).u8(0).u8(0).u8(0).u8(0).u8(0)),
      body((w) => w.u8(0).compact(1).u8(0).u8(0).u8(1).u16(0).u8(0).u8(0).u8(0)),
      body((w) => w.u8(0).compact(1).u8(0).u8(0).u8(0).u8(1).str("get").u8(0).u8(0)),
      // Hosts that are no patterns.
      ...["", "A.test", "a..b", ".a", "a.", "*a", "a.*", "http://a", "a/b", "a b", "a:1", "[::1]", "é.test", "*."].map(
        rule,
      ),
      rule("a.".repeat(127).concat("aa")),
      rule("a".repeat(64)),
      // A limit that no number holds, more rules than there may be, more than there are.
      body((w) =>
        w
          .u8(0)
          .compact(0)
          .u8(1)
          .u64(2n ** 53n)
          .u8(0),
      ),
      body((w) => {
        w.u8(0).compact(65);
        for (let i = 0; i < 65; i++) w.u32(0);
        w.u8(0).u8(0);
      }),
      body((w) => w.u8(0).compact(1_000_000_000)),
    ];
    const [first] = bad.splice(0, 0, rule("a.test"));
    expect(first).toBeUndefined();
    for (const [i, payload] of bad.entries()) {
      const receipt = network.one({ sender: account(bob), destination: clusterTopic, payload });
      expect([i, receipt.outcome]).toEqual([i, i === 0 ? "ok" : "refused"]);
      if (i === 0) set(rules, account(bob));
      expect([i, network.runtime.stateRoot]).toEqual([i, root]);
    }
  });

  test("survive a restart", () => {
    set(rules, account(bob));
    const restored = restarted(network);
    expect(restored.stateRoot).toEqual(network.runtime.stateRoot);
    expect(decode(restored.egressRules(target)!, "rules", readEgressRules)).toEqual(rules);
  });

  test("are bound in size and number where they are signed, and their hosts take their usual form", () => {
    expect(usualRules({ allow: [{ host: "BÜCHER.example" }, { host: "0x7f.1" }, { host: "[::0:1]" }] })).toEqual({
      allow: [{ host: "xn--bcher-kva.example" }, { host: "127.0.0.1" }, { host: "::1" }],
      deny: [],
    });
    for (const [wrong, where] of [
      [{ deny: Array(65).fill({}) }, "rules.deny"],
      [{ allow: [{ method: "get" }] }, "rules.allow[0].method"],
      [{ allow: [{ host: "a.*" }] }, "a.*"],
      [{ allow: [{ host: "a:80" }] }, "a:80"],
      [{ allow: [{ host: "*.[::1]" }] }, "*.[::1]"],
      [{ allow: [{ host: "a!b" }] }, "a!b"],
      [{ allow: [{ port: 65536 }] }, "rules.allow[0].port"],
      [{ allow: {} }, "rules.allow"],
      [{ requestsPerMinute: 0.5 }, "rules.requestsPerMinute"],
      [{ openAddresses: [] }, "rules.openAddresses"],
      [null, "rules"],
    ] as const) {
      expect(() => usualRules(wrong as never)).toThrow(
        expect.objectContaining({ code: "SettingsInvalid", facts: expect.objectContaining({ where }) }),
      );
    }
  });
});
