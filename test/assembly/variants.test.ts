import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { account, type Contract, load } from "./host.ts";

/** How many values are tried: 10,000 in the full campaign, fewer while working. */
const runs = Number(process.env.PHATVM_TYPE_RUNS ?? 100);

const amount = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const order = fc.oneof(
  fc.record({ amount, price: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }) }).map((value) => ({ type: "Buy", value })),
  fc
    .record({
      colors: fc.array(fc.constantFrom("Red", "Green", "Blue"), { maxLength: 9 }),
      to: fc.constantFrom(undefined, `0x${bytesToHex(account(7))}`),
    })
    .map((value) => ({ type: "Sell", value })),
  fc.constant({ type: "Wait" }),
);

let market: Contract;
beforeAll(async () => {
  market = await load("fixtures/types/market.ts");
  market.deploy("new");
});

describe("a value that is one of several cases", () => {
  test.each([
    ["echo", order],
    ["list", fc.array(order, { maxLength: 9 })],
    ["maybe", fc.option(order, { nil: undefined })],
    ["option", fc.option(order, { nil: undefined })],
  ] as const)("%s survives client, contract and client again", (message, values) => {
    market.reuse = true;
    const entry = market.face.message(message);
    fc.assert(
      fc.property(values as fc.Arbitrary<unknown>, (value) => {
        const input = market.face.encodeInput(entry, [value]);
        const { outcome, data } = market.run("call", input);
        expect(outcome).toBe("returned");
        expect(data).toEqual(Uint8Array.from([0, ...input.subarray(4)]));
        expect(market.face.decodeOutput(entry, data, false).value).toEqual(value);
      }),
      { numRuns: runs },
    );
  });

  test("is refused when cut short, and when it is none of the cases", () => {
    market.reuse = true;
    const refused = { outcome: "reverted", data: Uint8Array.of(1, 1) };
    const entry = market.face.message("list");
    fc.assert(
      fc.property(fc.array(order, { minLength: 1, maxLength: 5 }), fc.nat(), (value, cut) => {
        const input = market.face.encodeInput(entry, [value]);
        expect(market.run("call", input.subarray(0, 4 + (cut % (input.length - 4))))).toEqual(refused);
      }),
      { numRuns: runs },
    );
    const { selector } = market.face.message("echo");
    const raw = (...bytes: number[]): Uint8Array => Uint8Array.from([...selector, ...bytes]);
    expect(market.run("call", raw(3))).toEqual(refused);
    expect(market.run("call", raw(255, 0, 0))).toEqual(refused);
    // A colour that there is not, inside a case.
    expect(market.run("call", raw(1, 4, 1, 0))).toEqual(refused);
    expect(market.run("call", raw(1, 4, 4, 0)).outcome).toBe("returned");
    expect(market.run("call", raw(2)).outcome).toBe("returned");
  });

  test("is stored, told, found again, and noticed when it is changed in place", () => {
    market.reuse = false;
    const buy = { type: "Buy", value: { amount: 4, price: 5n } };
    const sell = { type: "Sell", value: { colors: ["Blue"], to: undefined } };
    expect(market.call("latest")).toEqual({ type: "Wait" });
    expect(market.call("place", [1, buy])).toEqual({ ok: buy });
    expect(market.call("place", [2, sell])).toEqual({ ok: sell });
    expect(market.decodedEvents()).toMatchObject([
      { name: "Placed", args: { order: buy } },
      { name: "Placed", args: { order: sell } },
    ]);
    expect(market.call("latest")).toEqual(sell);
    expect(market.call("of", [1])).toEqual(buy);
    expect(market.call("of", [3])).toBeUndefined();
    expect(market.call("count")).toBe(2);
    expect(market.call("place", [3, buy])).toMatchObject({ ok: buy });
    expect(market.call("raise", [6])).toBe(5n);
    expect(market.call("latest")).toEqual({ type: "Buy", value: { amount: 10, price: 5n } });
  });

  test("reverts as an error with its facts", () => {
    market.reuse = false;
    expect(market.call("place", [4, { type: "Buy", value: { amount: 99, price: 0n } }])).toEqual({
      err: { type: "TooMuch", value: { left: 3 } },
    });
    expect(market.call("place", [4, "Wait"])).toEqual({ err: { type: "Shut" } });
  });
});
