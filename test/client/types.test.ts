/**
 * What the compiler knows of a contract whose metadata is a constant. `npm run check` compiles this file: a type that
 * is not the one named here, and an error that is expected and does not come, both fail there.
 * @module
 */

import { describe, expectTypeOf, it } from "vitest";
import type { Account, Contract, Estimate, Hex, MessageArgs, MessageResult, Network } from "../../src/index.ts";

const metadata = {
  version: "4",
  source: { hash: "0x00", language: "AssemblyScript", compiler: "asc" },
  contract: { name: "token", version: "1.0.0", authors: [] },
  spec: {
    constructors: [
      {
        label: "new",
        selector: "0x9bae9d5e",
        payable: false,
        args: [{ label: "supply", type: { type: 1, displayName: [] } }],
        returnType: { type: 8, displayName: [] },
        docs: [],
      },
      {
        label: "empty",
        selector: "0x9bae9d5f",
        payable: false,
        args: [],
        returnType: { type: 8, displayName: [] },
        docs: [],
      },
    ],
    messages: [
      {
        label: "transfer",
        selector: "0x84a15da1",
        mutates: true,
        payable: false,
        args: [
          { label: "to", type: { type: 4, displayName: [] } },
          { label: "value", type: { type: 1, displayName: [] } },
        ],
        returnType: { type: 9, displayName: [] },
        docs: [],
      },
      {
        label: "total",
        selector: "0xdb6375a8",
        mutates: false,
        payable: false,
        args: [],
        returnType: { type: 10, displayName: [] },
        docs: [],
      },
      {
        label: "explain",
        selector: "0xdb6375a9",
        mutates: false,
        payable: false,
        args: [{ label: "order", type: { type: 11, displayName: [] } }],
        returnType: { type: 13, displayName: [] },
        docs: [],
      },
      {
        label: "PSP22::owner",
        selector: "0xdb6375aa",
        mutates: false,
        payable: false,
        args: [],
        returnType: { type: 14, displayName: [] },
        docs: [],
      },
    ],
    events: [],
    docs: [],
  },
  types: [
    { id: 0, type: { def: { primitive: "u8" } } },
    { id: 1, type: { def: { primitive: "u128" } } },
    { id: 2, type: { def: { array: { len: 32, type: 0 } } } },
    { id: 3, type: { def: { tuple: [] } } },
    {
      id: 4,
      type: {
        path: ["ink_primitives", "types", "AccountId"],
        def: { composite: { fields: [{ type: 2, typeName: "[u8; 32]" }] } },
      },
    },
    {
      id: 5,
      type: {
        path: ["ink_primitives", "LangError"],
        def: { variant: { variants: [{ index: 1, name: "CouldNotReadInput" }] } },
      },
    },
    {
      id: 6,
      type: {
        path: ["token", "Error"],
        def: {
          variant: {
            variants: [
              { index: 0, name: "TooPoor" },
              { index: 1, name: "Closed" },
            ],
          },
        },
      },
    },
    {
      id: 7,
      type: {
        path: ["Result"],
        params: [
          { name: "T", type: 3 },
          { name: "E", type: 6 },
        ],
        def: {
          variant: {
            variants: [
              { index: 0, name: "Ok", fields: [{ type: 3 }] },
              { index: 1, name: "Err", fields: [{ type: 6 }] },
            ],
          },
        },
      },
    },
    {
      id: 8,
      type: {
        path: ["Result"],
        params: [
          { name: "T", type: 3 },
          { name: "E", type: 5 },
        ],
        def: {
          variant: {
            variants: [
              { index: 0, name: "Ok", fields: [{ type: 3 }] },
              { index: 1, name: "Err", fields: [{ type: 5 }] },
            ],
          },
        },
      },
    },
    {
      id: 9,
      type: {
        path: ["Result"],
        params: [
          { name: "T", type: 7 },
          { name: "E", type: 5 },
        ],
        def: {
          variant: {
            variants: [
              { index: 0, name: "Ok", fields: [{ type: 7 }] },
              { index: 1, name: "Err", fields: [{ type: 5 }] },
            ],
          },
        },
      },
    },
    {
      id: 10,
      type: {
        path: ["Result"],
        params: [
          { name: "T", type: 1 },
          { name: "E", type: 5 },
        ],
        def: {
          variant: {
            variants: [
              { index: 0, name: "Ok", fields: [{ type: 1 }] },
              { index: 1, name: "Err", fields: [{ type: 5 }] },
            ],
          },
        },
      },
    },
    {
      id: 11,
      type: {
        path: ["token", "Order"],
        def: {
          composite: {
            fields: [
              { name: "id", type: 12, typeName: "u32" },
              { name: "memo", type: 15 },
              { name: "limit", type: 16 },
            ],
          },
        },
      },
    },
    { id: 12, type: { def: { primitive: "u32" } } },
    {
      id: 13,
      type: {
        path: ["token", "Explanation"],
        def: {
          variant: {
            variants: [
              { index: 0, name: "Nothing" },
              { index: 1, name: "Note", fields: [{ type: 17 }] },
              { index: 2, name: "Pair", fields: [{ type: 12 }, { type: 17 }] },
              { index: 3, name: "Named", fields: [{ name: "who", type: 4 }] },
            ],
          },
        },
      },
    },
    {
      id: 14,
      type: {
        path: ["Option"],
        params: [{ name: "T", type: 4 }],
        def: {
          variant: {
            variants: [
              { index: 0, name: "None" },
              { index: 1, name: "Some", fields: [{ type: 4 }] },
            ],
          },
        },
      },
    },
    { id: 15, type: { def: { sequence: { type: 0 } } } },
    {
      id: 16,
      type: {
        path: ["Option"],
        params: [{ name: "T", type: 1 }],
        def: {
          variant: {
            variants: [
              { index: 0, name: "None" },
              { index: 1, name: "Some", fields: [{ type: 1 }] },
            ],
          },
        },
      },
    },
    { id: 17, type: { def: { primitive: "str" } } },
  ],
} as const;

type Token = typeof metadata;
declare const net: Network;
declare const alice: Account;
declare const token: Contract<Token>;

/** Compiled, never run: what is promised here is promised by the compiler. */
async function typed(): Promise<void> {
  const made = await net.deploy({ bundle: "token.contract", metadata, args: [5n], signer: alice });
  expectTypeOf(made).toEqualTypeOf<Contract<Token>>();
  await net.deploy({ bundle: "token.contract", metadata, constructor: "empty", signer: alice });
  // @ts-expect-error the constructor takes an argument
  await net.deploy({ bundle: "token.contract", metadata, signer: alice });
  // @ts-expect-error a text is no balance
  await net.deploy({ bundle: "token.contract", metadata, args: ["5"], signer: alice });
  // @ts-expect-error "empty" takes none
  await net.deploy({ bundle: "token.contract", metadata, constructor: "empty", args: [5n], signer: alice });

  expectTypeOf(await token.query.total()).toEqualTypeOf<bigint>();
  expectTypeOf(await token.query["PSP22::owner"]({ signer: alice })).toEqualTypeOf<Hex | undefined>();
  expectTypeOf(await token.estimate.transfer({ args: [alice, 1n] })).toEqualTypeOf<Estimate>();

  const strict = await token.tx.transfer({ args: ["0x00", 5n], signer: alice, throws: true });
  expectTypeOf(strict.outcome).toEqualTypeOf<"ok">();
  const receipt = await token.tx.transfer({ args: ["0x00", 5n], signer: alice });
  if (receipt.outcome === "ok") {
    expectTypeOf(receipt.output).toEqualTypeOf<{ readonly ok: undefined } | { readonly err: "TooPoor" | "Closed" }>();
    expectTypeOf(receipt.gasUsed).toEqualTypeOf<bigint>();
  } else {
    expectTypeOf(receipt.error.code).toBeString();
  }

  // @ts-expect-error there is no such message
  await token.tx.tranfer({ args: [alice, 5n], signer: alice });
  // @ts-expect-error somebody must sign
  await token.tx.transfer({ args: [alice, 5n] });
  // @ts-expect-error an argument is missing
  await token.tx.transfer({ args: [alice], signer: alice });
  // @ts-expect-error arguments are missing altogether
  await token.query.transfer();
  // @ts-expect-error a boolean is no account
  await token.query.transfer({ args: [true, 5n] });

  const untyped = await net.deploy({ bundle: "token.contract", args: [5n], signer: alice });
  await untyped.tx.anything?.({ args: [1, "two"], signer: alice });
  const answer: string = await untyped.query.whatever?.();
  expectTypeOf(answer).toBeString();
  // @ts-expect-error somebody must sign here too
  await untyped.tx.anything?.({ args: [] });

  const attached = await net.attach("0x00", { metadata });
  expectTypeOf(attached).toEqualTypeOf<Contract<Token>>();
}

describe("types inferred from metadata", () => {
  it("are checked by the compiler", () => {
    expectTypeOf(typed).returns.resolves.toBeVoid();
    expectTypeOf<MessageArgs<Token, "explain">>().toEqualTypeOf<
      readonly [
        {
          readonly id: number | bigint;
          readonly memo: Uint8Array | Hex;
          readonly limit: bigint | number | undefined;
        },
      ]
    >();
    expectTypeOf<MessageResult<Token, "explain">>().toEqualTypeOf<
      | { readonly type: "Nothing" }
      | { readonly type: "Note"; readonly value: string }
      | { readonly type: "Pair"; readonly value: readonly [number, string] }
      | { readonly type: "Named"; readonly value: { readonly who: Hex } }
    >();
  });
});
