import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { Writer } from "../../src/wire/scale.ts";
import { type Contract, load } from "./host.ts";

/** How many values each type is tried with: 10,000 in the full campaign, fewer while working. */
const runs = Number(process.env.PHATVM_TYPE_RUNS ?? 100);

const hexBytes = (length: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => `0x${bytesToHex(bytes)}`);
const big = (bits: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
const signed = (bits: number): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n });
const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const text = fc.string({ unit: "binary", maxLength: 80 });
const color = fc.constantFrom("Red", "Green", "Blue");
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const list = <T>(value: fc.Arbitrary<T>, maxLength = 70): fc.Arbitrary<T[]> => fc.array(value, { maxLength });
const point = fc.record({ x: whole(-(2 ** 31), 2 ** 31 - 1), y: whole(-(2 ** 31), 2 ** 31 - 1) });
const shape = fc.record({
  name: text,
  color,
  points: list(point, 5),
  owner: maybe(hexBytes(32)),
  worth: big(128),
});

/** A way to make values for each message of the contract. */
const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  u8: whole(0, 255),
  u16: whole(0, 65_535),
  u32: whole(0, 2 ** 32 - 1),
  u64: big(64),
  i8: whole(-128, 127),
  i16: whole(-32_768, 32_767),
  i32: whole(-(2 ** 31), 2 ** 31 - 1),
  i64: signed(64),
  u128: big(128),
  i128: signed(128),
  u256: big(256),
  balance: big(128),
  text,
  bytes: fc.uint8Array({ maxLength: 300 }),
  account: hexBytes(32),
  hash: hexBytes(32),
  color,
  five: fc.array(whole(0, 65_535), { minLength: 5, maxLength: 5 }),
  fixedColors: fc.array(color, { minLength: 3, maxLength: 3 }),
  list: list(whole(0, 2 ** 32 - 1)),
  texts: list(text, 20),
  nested: list(fc.uint8Array({ maxLength: 70 }), 20),
  colorList: list(color),
  maybe: maybe(whole(0, 2 ** 32 - 1)),
  maybeColor: maybe(color),
  maybeText: maybe(text),
  maybeAccount: maybe(hexBytes(32)),
  outcome: maybe(fc.oneof(fc.record({ ok: whole(0, 2 ** 32 - 1) }), fc.record({ err: color }))),
  pair: fc.tuple(whole(0, 255), text),
  triple: fc.tuple(fc.boolean(), color, signed(64)),
  point,
  shape,
  shapeList: list(shape, 4),
};

let echo: Contract;
beforeAll(async () => {
  echo = await load("fixtures/types/echo.ts");
  echo.deploy("new");
  echo.reuse = true;
});

describe("a value survives client, contract and client again", () => {
  test.each(Object.keys(values))("%s", (message) => {
    const entry = echo.face.message(message);
    fc.assert(
      fc.property(values[message]!, (value) => {
        const input = echo.face.encodeInput(entry, [value]);
        const { outcome, data } = echo.run("call", input);
        expect(outcome).toBe("returned");
        // The contract's encoding is the client's, and so is what the client reads from it.
        expect(data).toEqual(Uint8Array.from([0, ...input.subarray(4)]));
        expect(echo.face.decodeOutput(entry, data, false).value).toEqual(value);
      }),
      { numRuns: runs },
    );
  });

  test("maps and sets", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(text, big(64)), { selector: ([key]) => key, maxLength: 20 }), (pairs) => {
        const { data } = echo.run("call", rawMap(pairs));
        expect(data).toEqual(Uint8Array.from([0, ...rawMap(pairs).subarray(4)]));
      }),
      { numRuns: runs },
    );
  });

  function rawMap(pairs: readonly (readonly [string, bigint])[]): Uint8Array {
    const w = new Writer();
    w.raw(echo.face.message("map").selector);
    const lengths = new Writer();
    lengths.raw(Uint8Array.of(pairs.length << 2));
    w.raw(lengths.take());
    for (const [key, value] of pairs) {
      const bytes = new TextEncoder().encode(key);
      w.raw(
        bytes.length < 64
          ? Uint8Array.of(bytes.length << 2)
          : Uint8Array.of((bytes.length << 2) | 1, bytes.length >> 6),
      );
      w.raw(bytes);
      w.raw(Uint8Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)));
    }
    return w.take();
  }
});

describe("malformed input is answered and never reaches the author's code", () => {
  const refused = { outcome: "reverted", data: Uint8Array.of(1, 1) };
  const raw = (message: string, ...bytes: number[]): Uint8Array =>
    Uint8Array.from([...echo.face.message(message).selector, ...bytes]);

  test.each(Object.keys(values))("%s cut short", (message) => {
    const entry = echo.face.message(message);
    fc.assert(
      fc.property(values[message]!, fc.nat(), (value, cut) => {
        const input = echo.face.encodeInput(entry, [value]);
        const shorter = input.subarray(0, 4 + (cut % (input.length - 4)));
        expect(echo.run("call", shorter)).toEqual(refused);
      }),
      { numRuns: runs },
    );
  });

  test.each(Object.keys(values))("%s of random bytes", (message) => {
    const { selector } = echo.face.message(message);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const ended = echo.run("call", Uint8Array.from([...selector, ...bytes]));
        if (ended.outcome !== "returned") expect(ended).toEqual(refused);
      }),
      { numRuns: runs },
    );
  });

  test.each(Object.keys(values))("%s as long as input can be", (message) => {
    const { selector } = echo.face.message(message);
    for (const fill of [0, 1, 4, 252, 255]) {
      const input = new Uint8Array(16_384).fill(fill);
      input.set(selector);
      // The count of as many items as the rest has bytes, for the types that begin with one.
      const counted = Uint8Array.from(input);
      new DataView(counted.buffer).setUint32(4, ((16_384 - 8) << 2) | 2, true);
      for (const bytes of [input, counted]) expect(echo.run("call", bytes).outcome).not.toBe("trapped");
    }
  });

  test("a length that promises more than there is", () => {
    expect(echo.run("call", raw("bytes", 0xfe, 0xff, 0xff, 0xff))).toEqual(refused);
    expect(echo.run("call", raw("shapeList", 0x03, 0xff, 0xff, 0xff, 0xff))).toEqual(refused);
    expect(echo.run("call", raw("nested", 0xfe, 0xff, 0x00, 0x00))).toEqual(refused);
  });

  test("a length in a longer form than it needs", () => {
    expect(echo.run("call", raw("bytes", 0x05, 0x00, 9))).toEqual(refused);
  });

  test("text that is not UTF-8", () => {
    for (const bytes of [[0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
      expect(echo.run("call", raw("text", bytes.length << 2, ...bytes))).toEqual(refused);
    }
  });

  test("an enum value that the enum does not have, however deep", () => {
    expect(echo.run("call", raw("color", 1))).toEqual(refused);
    expect(echo.run("call", raw("colorList", 8, 0, 6))).toEqual(refused);
    expect(echo.run("call", raw("fixedColors", 0, 4, 3))).toEqual(refused);
    expect(echo.run("call", raw("maybeColor", 1, 3))).toEqual(refused);
    expect(echo.run("call", raw("outcome", 1, 1, 7))).toEqual(refused);
    expect(echo.run("call", raw("shape", 0, 2, 0, 0, ...new Array(16).fill(0)))).toEqual(refused);
    expect(echo.run("call", raw("color", 4)).outcome).toBe("returned");
  });
});

describe("storage", () => {
  beforeAll(() => {
    echo.reuse = false;
  });

  test("a map changed in place is stored, and one only read is not", () => {
    const blue = { name: "b", color: "Blue", points: [{ x: 1, y: -1 }], owner: undefined, worth: 7n };
    echo.call("store", ["b", blue]);
    expect(echo.call("load", ["b"])).toEqual(blue);
    echo.calls.clear();
    echo.call("store", ["b", blue]);
    expect(echo.calls.get("seal2.set_storage")).toBeUndefined();
    echo.call("store", ["c", { ...blue, worth: 8n }]);
    expect(echo.calls.get("seal2.set_storage")).toBe(1);
    expect(echo.call("load", ["c"])).toMatchObject({ worth: 8n });
    expect(echo.call("load", ["nobody"])).toBeUndefined();
  });

  test("a list grows, shrinks and traps past its end", () => {
    for (const x of [1, 2, 3]) expect(echo.call("push", [{ x, y: 0 }])).toBe(x);
    expect(echo.call("swapRemove", [0])).toEqual({ x: 1, y: 0 });
    expect(echo.call("pointAt", [0])).toEqual({ x: 3, y: 0 });
    expect(() => echo.call("pointAt", [2])).toThrow(WebAssembly.RuntimeError);
    expect(echo.call("pop")).toEqual({ x: 2, y: 0 });
    expect(echo.call("pop")).toEqual({ x: 3, y: 0 });
    expect(() => echo.call("pop")).toThrow(WebAssembly.RuntimeError);
    expect(echo.call("pointCount")).toBe(0);
  });

  test("mappings keyed by an enum, and lazy values", () => {
    echo.call("setColors", ["Green", ["Red", "Blue"]]);
    expect(echo.call("colorsOf", ["Green"])).toEqual(["Red", "Blue"]);
    expect(echo.call("colorsOf", ["Red"])).toEqual([]);
    expect(echo.call("takeColors", ["Green"])).toEqual(["Red", "Blue"]);
    expect(echo.call("takeColors", ["Green"])).toBeUndefined();
    expect(echo.call("getLast")).toBeUndefined();
    echo.call("setLast", [[9, "nine"]]);
    expect(echo.call("getLast")).toEqual([9, "nine"]);
  });
});
