import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { account, load } from "./host.ts";

const hex = (bytes: Uint8Array): string => `0x${bytesToHex(bytes)}`;

describe("flipper", async () => {
  const flipper = await load("fixtures/flipper.ts");

  test("keeps what it was deployed with, and flips it", () => {
    flipper.deploy("new", [true]);
    expect(flipper.call("get")).toBe(true);
    flipper.call("flip");
    expect(flipper.call("get")).toBe(false);
  });

  test("answers as ink! 4 does, to the byte", () => {
    expect(flipper.run("deploy", hexToBytes("9bae9d5e01")).data).toEqual(hexToBytes("0000"));
    expect(flipper.run("call", hexToBytes("2f865bd9")).data).toEqual(hexToBytes("0001"));
    expect(flipper.run("call", hexToBytes("633aa551")).data).toEqual(hexToBytes("00"));
  });

  test.each(["deadbeef", "2f86", ""])("cannot read the input %j and says so", (input) => {
    for (const entry of ["call", "deploy"] as const) {
      expect(flipper.run(entry, hexToBytes(input))).toEqual({ outcome: "reverted", data: hexToBytes("0101") });
    }
  });

  test("ignores bytes behind the arguments, as ink! does", () => {
    expect(flipper.run("deploy", hexToBytes("9bae9d5e01ffff")).outcome).toBe("returned");
  });

  test("refuses a boolean that is neither 0 nor 1", () => {
    expect(flipper.run("deploy", hexToBytes("9bae9d5e02")).data).toEqual(hexToBytes("0101"));
  });

  test("refuses money", () => {
    expect(flipper.run("call", hexToBytes("633aa551"), { value: 1n }).outcome).toBe("trapped");
  });

  test("writes only what changed", () => {
    flipper.calls.clear();
    flipper.call("get");
    expect(flipper.calls.get("seal2.set_storage")).toBeUndefined();
    flipper.call("flip");
    expect(flipper.calls.get("seal2.set_storage")).toBe(1);
  });

  test("is small", () => {
    expect(flipper.wasm.length).toBeLessThanOrEqual(3 * 1024);
  });

  test("exports its two entry points and nothing else", () => {
    const module = new WebAssembly.Module(flipper.wasm as Uint8Array<ArrayBuffer>);
    expect(WebAssembly.Module.exports(module)).toEqual([
      { name: "deploy", kind: "function" },
      { name: "call", kind: "function" },
    ]);
  });
});

describe("counter", async () => {
  const counter = await load("fixtures/counter.ts");

  test("counts, and reverts with an error by name when it cannot", () => {
    counter.deploy("new", [40]);
    expect(counter.call("increment", [2])).toEqual({ ok: 42 });
    expect(counter.call("decrement", [43])).toEqual({ err: "Underflow" });
    expect(counter.call("increment", [0xffffffff])).toEqual({ err: "Overflow" });
    expect(counter.call("get")).toBe(42);
  });

  test("says when it moved", () => {
    counter.events.length = 0;
    counter.call("increment", [1], { caller: account(9) });
    expect(counter.decodedEvents()).toMatchObject([{ name: "Moved", args: { by: hex(account(9)), value: 43 } }]);
  });
});

describe("token", async () => {
  const token = await load("fixtures/token.ts");
  const [alice, bob, carol] = [account(0xa1), account(0xb0), account(0xc0)];
  const supply = 2n ** 100n;

  test("gives the supply to who deploys it", () => {
    token.deploy("new", [supply], { caller: alice });
    expect(token.call("totalSupply")).toBe(supply);
    expect(token.call("balanceOf", [alice])).toBe(supply);
    expect(token.call("balanceOf", [bob])).toBe(0n);
  });

  test("moves tokens and refuses what is not there", () => {
    expect(token.call("transfer", [bob, 5n], { caller: alice })).toEqual({ ok: undefined });
    expect(token.call("balanceOf", [alice])).toBe(supply - 5n);
    expect(token.call("transfer", [carol, 6n], { caller: bob })).toEqual({ err: "InsufficientBalance" });
    expect(token.call("balanceOf", [bob])).toBe(5n);
  });

  test("moves within an allowance only", () => {
    token.call("approve", [carol, 3n], { caller: bob });
    expect(token.call("transferFrom", [bob, alice, 4n], { caller: carol })).toEqual({ err: "InsufficientAllowance" });
    expect(token.call("transferFrom", [bob, carol, 3n], { caller: carol })).toEqual({ ok: undefined });
    expect(token.call("allowance", [bob, carol])).toBe(0n);
    expect(token.call("balanceOf", [carol])).toBe(3n);
  });

  test("emits events with ink!'s topics", () => {
    token.events.length = 0;
    token.call("transfer", [bob, 1n], { caller: alice });
    const [event] = token.events;
    expect(hex(event!.topics[0]!)).toBe(hex(new TextEncoder().encode("\0Token::Transfer")).padEnd(66, "0"));
    expect(event!.topics).toHaveLength(3);
    expect(token.decodedEvents()).toMatchObject([
      { name: "Transfer", args: { from: hex(alice), to: hex(bob), value: 1n } },
    ]);
  });

  test("is small", () => {
    expect(token.wasm.length).toBeLessThanOrEqual(12 * 1024);
  });
});
