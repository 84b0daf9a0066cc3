/** The cluster owner's word on a whole network: said on the chain, kept to in the isolate, still there after a restart. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Contract, EgressOptions, Network } from "../../src/index.ts";
import { open } from "../../src/open.ts";
import { closeAll, Gate, http, unhurried } from "./servers.ts";

const dir = mkdtempSync(join(tmpdir(), "phatvm-govern-"));
const bundle = fileURLToPath(new URL("../../build/oracle.contract", import.meta.url));
const loopback: EgressOptions = { openAddresses: ["127.0.0.1"] };
let net: Network;
let oracle: Contract;
/** That a request to be held is there, and that it may be answered. */
let [arrived, released] = [new Gate(), new Gate()];
const port = await http(async (request, response) => {
  const path = request.url as string;
  if (path.startsWith("/hold/")) {
    arrived.open();
    await released.opened;
    response.writeHead(302, { location: path.slice(5) }).end();
  } else response.end('{"price":"1.5"}');
});

beforeAll(async () => {
  net = await open({ dir, egress: loopback, queries: unhurried });
  const args = [`http://127.0.0.1:${port}{}`];
  oracle = await net.deploy({ bundle, constructor: "new", args, signer: net.account("//Alice") });
});
afterAll(async () => {
  await net.close();
  await closeAll();
  rmSync(dir, { recursive: true, force: true });
});

/** The price, or why there is none. */
async function fetched(path = "/PHA"): Promise<unknown> {
  try {
    return await oracle.query.fetch!({ args: [path] });
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
const good = { ok: 1_500_000n };
/** What the host was told last of a request that was refused. */
const lastDenial = async (): Promise<string | undefined> =>
  (await net.logs()).findLast(({ text }) => text.startsWith("EgressDenied"))?.text;

describe("the owner of a cluster", () => {
  test("says what a contract may reach; the contract is told no, the host is told whose rule it was", async () => {
    const signer = net.account("//Alice");
    expect(await net.egressRules(oracle.id)).toBeUndefined();
    expect(await fetched()).toEqual(good);
    const rules = { deny: [{ port, method: "GET" }] };
    expect((await net.governEgress({ contract: oracle.id, rules, signer })).outcome).toBe("ok");
    expect(await net.egressRules(oracle.id)).toEqual(rules);
    expect(await fetched()).toBe("ContractReverted");
    expect(await lastDenial()).toContain(`cluster.egress["${oracle.id}"].deny {"port":${port},"method":"GET"}`);
    await net.governEgress({ contract: oracle.id, rules: undefined, signer });
    expect(await fetched()).toEqual(good);
  });

  test("is the only one who does: whoever made the contract does not, and nothing is sent for him", async () => {
    const bob = net.account("//Bob");
    const args = ["http://x/{}"];
    const his = await net.deploy({ bundle, constructor: "new", args, signer: bob });
    for (const contract of [his.id, oracle.id]) {
      await expect(net.governEgress({ contract, rules: { allow: [{}] }, signer: bob })).rejects.toMatchObject({
        code: "NotPermitted",
      });
      expect(await net.egressRules(contract)).toBeUndefined();
    }
  });

  test("is told what is wrong with rules before anything is signed", async () => {
    const signer = net.account("//Alice");
    for (const [rules, where] of [
      [{ allow: [{ hosts: "a" }] }, "rules.allow[0].hosts"],
      [{ deny: [{ host: "*.*" }] }, "*.*"],
      [{ openAddresses: ["10.0.0.0/8"] }, "rules.openAddresses"],
      [{ bytesPerMinute: -1 }, "rules.bytesPerMinute"],
    ] as const) {
      await expect(net.governEgress({ contract: oracle.id, rules: rules as never, signer })).rejects.toMatchObject({
        code: "SettingsInvalid",
        facts: { where },
      });
    }
    await expect(net.governEgress({ contract: "nobody", rules: {}, signer })).rejects.toMatchObject({
      code: "AccountInvalid",
    });
  });

  test("stops a query under way at its next request", async () => {
    const signer = net.account("//Alice");
    [arrived, released] = [new Gate(), new Gate()];
    const held = fetched("/hold/PHA");
    await arrived.opened;
    await net.governEgress({ contract: oracle.id, rules: { allow: [] }, signer });
    released.open();
    expect(await held).toBe("ContractReverted");
    expect(await lastDenial()).toContain(`cluster.egress["${oracle.id}"].allow has no rule for it`);
  });

  test("is kept to after a restart, by a host that opens everything", async () => {
    await net.close();
    const loose = { allow: [{}], contracts: { [oracle.id]: { allow: [{ host: "*" }], deny: [] } } };
    net = await open({ dir, egress: { ...loopback, ...loose } });
    oracle = await net.attach(oracle.id, bundle);
    expect(await net.egressRules(oracle.id)).toEqual({ allow: [], deny: [] });
    expect(await fetched()).toBe("ContractReverted");
    expect(await lastDenial()).toContain("cluster.egress");
  });
});
