/** What a network says of its state with proof: it is what the enclave signed, or refused. */

import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Network } from "../../src/client/network.ts";
import { openNode } from "../../src/host/node.ts";
import { type Account, type Contract, PhatError } from "../../src/index.ts";
import { toHex } from "../../src/wire/bytes.ts";
import type { NetworkFacts, NodeApi } from "../../src/wire/node.ts";

const bundle = (name: string): string => fileURLToPath(new URL(`../../build/${name}.contract`, import.meta.url));

let node: NodeApi;
let facts: NetworkFacts;
let net: Network;
let alice: Account;
let token: Contract;
beforeAll(async () => {
  node = await openNode();
  facts = await node.facts();
  net = new Network(node, facts);
  alice = net.account("//Alice");
  token = await net.deploy({ bundle: bundle("token"), args: [1000n], signer: alice });
});
afterAll(() => net.close());

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "nothing",
    (error: unknown) => (error instanceof PhatError ? error.code : String(error)),
  );
}

/** The same network through a node that answers some calls in its own way. */
function through(says: Partial<NodeApi>): Network {
  return new Network(
    new Proxy(node, {
      get: (target, name) => {
        const own = (says as Record<string | symbol, unknown>)[name];
        const value = own ?? (target as unknown as Record<string | symbol, unknown>)[name];
        return own === undefined && typeof value === "function" ? value.bind(target) : value;
      },
    }),
    facts,
  );
}

describe("a network", () => {
  it("proves balances, contracts and code, and that there are none", async () => {
    const { total, free } = await net.balance(alice);
    const balance = await net.proveBalance(alice);
    expect(balance.value).toEqual({ free, held: total - free });
    expect(balance.platform).toBe("simulated");
    expect(balance.stateRoot).toMatch(/^0x[0-9a-f]{64}$/);
    expect((await net.proveBalance(`0x${"77".repeat(32)}`)).value).toBeUndefined();
    const code = await net.proveContract(token.id);
    expect(code.value).toBe(token.codeHash);
    expect((await net.proveContract(alice)).value).toBeUndefined();
    expect((await net.proveCode(token.codeHash)).value).toBe(toHex(alice.publicKey));
    expect((await net.proveCode(`0x${"78".repeat(32)}`)).value).toBeUndefined();
  });

  it("proves the state of a block that others can check as well", async () => {
    const proven = await net.proveBalance(alice);
    const seal = await node.proof(proven.block);
    expect(seal).toBeDefined();
    await token.tx.transfer!({ signer: alice, args: [net.account("//Bob"), 3n] });
    const later = await net.proveBalance(alice);
    expect(later.block).toBeGreaterThan(proven.block);
    expect(later.stateRoot).not.toBe(proven.stateRoot);
  });

  it("refuses what a node makes up: a proof of another question, of another block, or none", async () => {
    const own = await node.prove({ part: "account", key: alice.publicKey });
    await token.tx.transfer!({ signer: alice, args: [net.account("//Bob"), 4n] });
    const lies: Partial<NodeApi>[] = [
      { prove: async (question) => await node.prove({ ...question, key: alice.publicKey }) },
      { prove: async () => ({ ...own, block: own.block + 1 }) },
      { prove: async () => ({ ...own, block: 1_000_000 }) },
      { prove: async () => ({ ...own, proof: new Uint8Array(0) }) },
      { prove: async () => ({ ...own, proof: own.proof.with(own.proof.length - 1, 255) }) },
    ];
    for (const lie of lies) {
      expect(await codeOf(through(lie).proveBalance(net.account("//Bob")))).toBe("StateProofForged");
    }
    expect(await codeOf(through({}).proveBalance(net.account("//Bob")))).toBe("nothing");
    const stranger = { worker: `0x${"11".repeat(32)}` } as const;
    expect(await codeOf(net.proveBalance(alice, stranger))).toBe("StateProofForged");
    const measurements = [`0x${"12".repeat(32)}`] as const;
    expect(await codeOf(net.proveBalance(alice, { measurements }))).toBe("WorkerUntrusted");
  });
});
