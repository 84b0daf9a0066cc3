import { type Account, type Contract, type Network, open } from "phatvm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { metadata } from "../build/greeter.meta.js";

let net: Network;
let alice: Account;
let bob: Account;
let greeter: Contract<typeof metadata>;

beforeAll(async () => {
  net = await open(); // a chain, an enclave and a cluster, in memory
  alice = net.account("//Alice");
  bob = net.account("//Bob");
  greeter = await net.deploy({ bundle: "build/greeter.contract", metadata, constructor: "new", signer: alice });
});
afterAll(() => net.close());

test("greets by name", async () => {
  expect(await greeter.query.greet({ args: ["world"] })).toBe("Hello, world!");
});

test("says what its owner wants it to say", async () => {
  const changed = await greeter.tx.change({ signer: alice, args: ["Servus"] });
  expect(changed.outcome).toBe("ok");
  expect(changed.events).toMatchObject([{ name: "Changed", args: { greeting: "Servus" } }]);
  expect(await greeter.query.greet({ args: ["world"] })).toBe("Servus, world!");
});

test("listens to nobody else", async () => {
  const refused = await greeter.tx.change({ signer: bob, args: ["Boo"] });
  expect(refused).toMatchObject({ outcome: "reverted", output: { err: "NotOwner" } });
});
