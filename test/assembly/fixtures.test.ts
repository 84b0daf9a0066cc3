import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { Reader, Writer } from "../../src/wire/scale.ts";
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

describe("oracle", async () => {
  const oracle = await load("fixtures/oracle.ts");
  const pages = new Map<string, [status: number, body: string]>();
  const said: string[] = [];
  let inTransaction = false;
  oracle.more["seal0.call_chain_extension"] = (id: number, at: number, length: number, out: number, cell: number) => {
    const r = new Reader(oracle.bytes(at, length), "extension");
    const w = new Writer();
    if (id === 12) w.bool(inTransaction);
    else if (id === 10) said.push(`${r.u8()} ${r.str()}`);
    else {
      const [status, body] = pages.get(r.str()) ?? [404, ""];
      w.u16(status)
        .str("Not Found")
        .vec([], () => {});
      w.bytes(new TextEncoder().encode(body));
    }
    oracle.output(out, cell, w.take());
    return 0;
  };

  test("reads a price in millionths from a server", () => {
    oracle.deploy("new", ["https://prices/{}"], { caller: account(7) });
    pages.set("https://prices/PHA", [200, '{"price":"0.123456789"}']);
    expect(oracle.call("fetch", ["PHA"])).toEqual({ ok: 123_456n });
    pages.set("https://prices/ZERO", [200, '{"price":0}']);
    expect(oracle.call("fetch", ["ZERO"])).toEqual({ ok: 0n });
  });

  test("tells what went wrong", () => {
    expect(oracle.call("fetch", ["NONE"])).toEqual({ err: "BadStatus" });
    expect(said).toEqual(["2 the server answered 404 Not Found"]);
    pages.set("https://prices/HTML", [200, "<html>"]);
    expect(oracle.call("fetch", ["HTML"])).toEqual({ err: "BadAnswer" });
    inTransaction = true;
    expect(oracle.call("fetch", ["PHA"])).toEqual({ err: "NotInQuery" });
  });

  test("publishes for its owner only", () => {
    expect(oracle.call("publish", ["PHA", 5n], { caller: account(8) })).toEqual({ err: "NotOwner" });
    expect(oracle.call("latest")).toBeUndefined();
    expect(oracle.call("publish", ["PHA", 5n], { caller: account(7) })).toEqual({ ok: undefined });
    expect(oracle.call("latest")).toEqual({ symbol: "PHA", price: 5n, block: 7 });
    expect(oracle.decodedEvents()).toMatchObject([{ name: "Published", args: { symbol: "PHA", price: 5n } }]);
  });
});
