import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { selectorOf } from "../../assembly/transform/hashes.ts";
import { account, load } from "./host.ts";

const [alice, bob] = [account(0xa1), account(0xb0)];

describe("a contract that extends a trait", async () => {
  const coin = await load("fixtures/types/traits.ts");

  test("has the trait's messages under the trait's name", () => {
    const labels = coin.face.metadata.messages.map((m) => m.label);
    expect(labels).toEqual(["freeze", "Ownable::owner_", "pay", "moveCount", "PSP22::balance_of", "PSP22::transfer"]);
    expect(bytesToHex(coin.face.message("PSP22::transfer").selector)).toBe("db20f9f5");
    expect(coin.face.message("Ownable::owner_").selector).toEqual(selectorOf("Ownable::owner_"));
  });

  test("runs the trait's code on its own state", () => {
    coin.deploy("new", [100n], { caller: alice });
    expect(coin.call("transfer", [bob, 30n], { caller: alice })).toEqual({ ok: undefined });
    expect(coin.call("balance_of", [bob])).toBe(30n);
    expect(coin.call("moveCount")).toBe(1);
    expect(coin.call("owner_")).toBe(`0x${bytesToHex(alice)}`);
  });

  test("emits the trait's events under the contract's name", () => {
    expect(coin.decodedEvents().at(-1)).toMatchObject({ name: "Transfer", args: { value: 30n } });
    expect(new TextDecoder().decode(coin.events.at(-1)!.topics[0]!.slice(1, 15))).toBe("Coin::Transfer");
  });

  test("replaces what it overrides", () => {
    coin.call("freeze");
    expect(coin.call("transfer", [bob, 1n], { caller: alice })).toEqual({ err: "InsufficientBalance" });
  });

  test("takes money where it says so, and nowhere else", () => {
    expect(coin.run("call", hexToBytes("cafebabe"), { value: 9n })).toEqual({
      outcome: "returned",
      data: hexToBytes(`0009${"00".repeat(15)}`),
    });
    const freeze = coin.face.encodeInput(coin.face.message("freeze"), []);
    expect(coin.run("call", freeze, { value: 1n }).outcome).toBe("trapped");
    const deploy = coin.face.encodeInput(coin.face.constructorEntry("new"), [1n]);
    expect(coin.run("deploy", deploy, { value: 1n }).outcome).toBe("returned");
  });
});
