/** Where balances and ids end. */

import { expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { codeHash } from "../../src/wire/bytes.ts";
import { dispatchErrorName } from "../../src/wire/dispatch-error.ts";
import { alice, bob, cluster, contractAddress, Network, toText } from "../runtime/network.ts";
import { restarted } from "../runtime/saving.ts";
import { act, actor, actorCode, all } from "./actor.ts";

const most = 2n ** 128n - 1n;

it("a transfer that would give an account more than a u128 holds fails, and moves nothing", () => {
  const network = Network.start();
  const rich = actor(network);
  network.event({ kind: "deposit", cluster, to: rich as never, amount: most });
  const before = network.runtime.balance(bob).free;
  expect(before).toBeGreaterThan(1n);
  expect(network.call(rich, all(act.transfer(bob, most - before), act.ok())).outcome).toBe("ok");
  expect(network.runtime.balance(bob).free).toBe(most);
  expect(network.call(rich, all(act.transfer(bob, 1n), act.ok())).outcome).toBe("trapped");
  expect(network.runtime.balance(bob).free).toBe(most);
  const again = restarted(network);
  expect(toText(again.stateRoot)).toBe(toText(network.runtime.stateRoot));
});

it("a contract is not made a second time, of the same id, while its constructor runs", () => {
  const network = Network.start({ depositPerItem: 1n, depositPerByte: 1n });
  const parent = actor(network);
  const hash = codeHash(blake2_256(actorCode));
  const salt = Uint8Array.of(1, 2, 3, 4);
  // The constructor calls its parent, which makes the same contract once more, which leaves a mark in its storage.
  const twin = act.instantiate(hash, salt, all(act.set(1, 1), act.ok()));
  const receipt = network.call(
    parent,
    act.instantiate(hash, salt, all(act.tryCall(act.call(parent, twin)), act.ok())),
    {
      from: alice,
    },
  );
  expect(receipt.outcome).toBe("trapped");
  expect(dispatchErrorName(receipt.error!)).toBe("DuplicateContract");
  expect(network.runtime.contractCode(contractAddress(parent, hash, cluster, salt))).toBeUndefined();
});
