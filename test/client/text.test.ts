/**
 * Values as people type them, by their types.
 * @module
 */

import { describe, expect, it } from "vitest";
import type { PortableType, TypeDef } from "../../src/client/metadata/model.ts";
import { Types } from "../../src/client/metadata/registry.ts";
import { fromText, toText } from "../../src/client/metadata/text.ts";
import { PhatError } from "../../src/errors.ts";

const type = (def: TypeDef, ...path: string[]): PortableType => ({ path, def });
const unnamed = (index: number) => ({ name: undefined, type: index });

const registry: readonly PortableType[] = [
  type({ kind: "primitive", name: "u8" }), // 0
  type({ kind: "primitive", name: "u128" }), // 1
  type({ kind: "primitive", name: "bool" }), // 2
  type({ kind: "primitive", name: "str" }), // 3
  type({ kind: "array", length: 32, type: 0 }), // 4
  type({ kind: "composite", fields: [unnamed(4)] }, "ink_primitives", "AccountId"), // 5
  type({ kind: "sequence", type: 0 }), // 6
  type({ kind: "sequence", type: 5 }), // 7
  type(
    {
      kind: "variant",
      variants: [
        { name: "None", index: 0, fields: [] },
        { name: "Some", index: 1, fields: [unnamed(1)] },
      ],
    },
    "Option",
  ), // 8
  type({ kind: "tuple", types: [] }), // 9
  type(
    {
      kind: "composite",
      fields: [
        { name: "owner", type: 5 },
        { name: "amount", type: 1 },
        { name: "memo", type: 6 },
      ],
    },
    "Order",
  ), // 10
  type(
    {
      kind: "variant",
      variants: [
        { name: "Red", index: 0, fields: [] },
        { name: "Custom", index: 1, fields: [unnamed(1)] },
        { name: "Owned", index: 2, fields: [{ name: "by", type: 5 }] },
      ],
    },
    "Colour",
  ), // 11
  type({ kind: "tuple", types: [5, 1] }), // 12
  type({ kind: "composite", fields: [unnamed(1)] }, "Wrapper"), // 13
];

const bob = new Uint8Array(32).fill(0xbb);
const derive = (uri: string): Uint8Array => {
  expect(uri).toBe("//Bob");
  return bob;
};
const read = (index: number, text: string): unknown =>
  fromText(new Types(registry), index, text, { above: undefined, step: "value" }, derive);

describe("a value as text", () => {
  it.each<[string, number, string, unknown]>([
    ["a small number", 0, "255", 255n],
    ["a number with its thousands apart", 1, "1_000_000", 1_000_000n],
    ["a number in hex", 1, "0xff", 255n],
    ["a negative number, for the encoder to judge", 1, "-5", -5n],
    ["true", 2, "true", true],
    ["a text that looks like a number", 3, "42", "42"],
    ["a text that looks like JSON", 3, '{"a":1}', '{"a":1}'],
    ["an account by its secret URI", 5, "//Bob", bob],
    ["an account in hex", 5, `0x${"11".repeat(32)}`, `0x${"11".repeat(32)}`],
    ["bytes", 6, "0x0102", "0x0102"],
    ["a list of accounts", 7, '["//Bob"]', [bob]],
    ["nothing", 8, "none", undefined],
    ["something", 8, "7", 7n],
    ["the unit", 9, "()", undefined],
    [
      "a struct whose parts are texts",
      10,
      '{"owner":"//Bob","amount":"1000000000000000000000","memo":"0x00"}',
      { owner: bob, amount: 10n ** 21n, memo: "0x00" },
    ],
    ["a variant without fields", 11, "Red", "Red"],
    ["a variant with a value", 11, '{"type":"Custom","value":"12"}', { type: "Custom", value: 12n }],
    [
      "a variant with named fields",
      11,
      '{"type":"Owned","value":{"by":"//Bob"}}',
      { type: "Owned", value: { by: bob } },
    ],
    ["a tuple", 12, '["//Bob","5"]', [bob, 5n]],
    ["what a wrapper holds", 13, "5", 5n],
  ])("%s", (_, index, text, value) => {
    expect(read(index, text)).toEqual(value);
  });

  it.each<[string, number, string, RegExp]>([
    ["a word for a number", 1, "many", /expected u128 \(a whole number\), got "many"/],
    ["yes for true", 2, "yes", /expected bool/],
    ["broken JSON", 10, "{owner", /expected Order \(as JSON/],
    ["a word for a number inside", 10, '{"owner":"//Bob","amount":"many","memo":"0x"}', /value\.amount: expected u128/],
  ])("refuses %s", (_, index, text, message) => {
    expect(() => read(index, text)).toThrow(message);
    expect(() => read(index, text)).toThrow(PhatError);
  });
});

describe("a value for people", () => {
  it.each<[unknown, string]>([
    [undefined, "()"],
    [12n, "12"],
    ["TooPoor", '"TooPoor"'],
    [{ ok: [1, true] }, "{ ok: [1, true] }"],
    [Uint8Array.of(1, 255), "0x01ff"],
  ])("%s is %s", (value, text) => {
    expect(toText(value)).toBe(text);
  });
});
