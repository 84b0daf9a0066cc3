/**
 * Every shape of ink! metadata gives the same interface, and what is none is refused with its place.
 * @module
 */

import { describe, expect, it } from "vitest";
import { decodeEvent } from "../../src/client/metadata/events.ts";
import { ContractInterface } from "../../src/client/metadata/interface.ts";
import { normalise } from "../../src/client/metadata/normalise.ts";
import { EngineError, PhatError } from "../../src/errors.ts";
import { fromHex, toHex } from "../../src/wire/bytes.ts";
import { shapes, tokenDocument } from "./documents.ts";

const face = (shape: (typeof shapes)[number]): ContractInterface =>
  new ContractInterface(normalise(tokenDocument(shape)));
const alice = `0x${"aa".repeat(32)}`;
const bytes = (hex: string): Uint8Array => fromHex(hex.replaceAll(" ", ""));

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof PhatError ? error.code : String(error);
  }
  return "nothing thrown";
}

describe.each(shapes)("metadata of shape %s", (shape) => {
  it("gives constructors, messages and events by name", () => {
    const { metadata } = face(shape);
    expect(metadata.name).toBe("token");
    expect(metadata.constructors.map((c) => c.label)).toEqual(["new"]);
    expect(metadata.messages.map((m) => [m.label, m.mutates, m.payable])).toEqual([
      ["transfer", true, true],
      ["balance_of", false, false],
    ]);
    expect(metadata.events.map((e) => e.label)).toEqual(["Transfer", "Paused"]);
    expect(metadata.constructors[0]?.payable).toBe(!["V3", "4", "5"].includes(shape));
  });

  it("spells signatures without the LangError wrapper", () => {
    const it = face(shape);
    expect(it.signature(it.message("transfer"))).toBe("transfer(to: AccountId, value: u128) -> Result<(), Error>");
    expect(it.signature(it.message("balance_of"))).toBe("balance_of(owner: AccountId) -> u128");
  });

  it("encodes a call as selector and arguments", () => {
    const it = face(shape);
    const input = it.encodeInput(it.message("transfer"), [alice, 10n ** 12n]);
    expect(toHex(input)).toBe(`0x84a15da1${"aa".repeat(32)}0010a5d4e80000000000000000000000`);
    expect(toHex(it.encodeInput(it.constructorEntry(), [1]))).toBe(`0x9bae9d5e01${"00".repeat(15)}`);
  });

  it("decodes results of its own convention", () => {
    const it = face(shape);
    const wrapper = shape === "4" || shape === "5" ? "00" : "";
    const balance = bytes(`0x${wrapper}07${"00".repeat(15)}`);
    expect(it.decodeOutput(it.message("balance_of"), balance, false)).toEqual({ value: 7n });
    const error = bytes(`0x${wrapper}0101`);
    expect(it.decodeOutput(it.message("transfer"), error, true)).toEqual({ value: { err: "Closed" } });
    expect(it.decodeOutput(it.message("transfer"), bytes(`0x${wrapper}00`), false)).toEqual({
      value: { ok: undefined },
    });
    // ink! 4 answers a constructor Ok(Ok(())), ink! 3 with nothing at all.
    const made = wrapper === "" ? new Uint8Array() : Uint8Array.of(0, 0);
    expect(it.decodeOutput(it.constructorEntry(), made, false)).toEqual({ value: undefined });
  });

  it("takes an answer that does not fit for a mismatch of code and metadata", () => {
    const it = face(shape);
    expect(codeOf(() => it.decodeOutput(it.message("balance_of"), Uint8Array.of(0, 1, 2), false))).toBe("AbiMismatch");
  });

  it("decodes events by name", () => {
    const it = face(shape);
    const fields = `00 01${"aa".repeat(32)} 05${"00".repeat(15)}`;
    const topic = bytes("0xb5b61a3e6a21a16be4f044b517c28ac692492f73c5bfd3f60178ad98c767f4cb");
    const named = shape === "5" ? decodeEvent(it, [topic], bytes(fields)) : decodeEvent(it, [], bytes(`00${fields}`));
    expect(named).toEqual({ name: "Transfer", args: { from: undefined, to: alice, value: 5n } });
    const by = "bb".repeat(32);
    const other = shape === "5" ? decodeEvent(it, [bytes(by)], bytes(by)) : decodeEvent(it, [], bytes(`01${by}`));
    expect(other).toEqual({ name: "Paused", args: { by: `0x${by}` } });
  });

  it("leaves an event that is not the contract's without a name", () => {
    const it = face(shape);
    expect(decodeEvent(it, [], bytes("0x07"))).toBeUndefined();
    expect(decodeEvent(it, [], new Uint8Array())).toBeUndefined();
    const pink = bytes(`0x40${Buffer.from("phala.pink.event").toString("hex")}${"00".repeat(15)}`);
    expect(decodeEvent(it, [pink], bytes(`0x01${"bb".repeat(32)}`))).toBeUndefined();
  });
});

describe("LangError", () => {
  it("is an ABI mismatch, not a value", () => {
    const it = face("4");
    expect(codeOf(() => it.decodeOutput(it.message("transfer"), Uint8Array.of(1, 1), true))).toBe("AbiMismatch");
  });

  it("is not looked for in ink! 3, where the same bytes are the contract's own error", () => {
    const it = face("V3");
    expect(it.decodeOutput(it.message("transfer"), Uint8Array.of(1, 1), true)).toEqual({ value: { err: "Closed" } });
  });
});

describe("names", () => {
  it("finds a trait's message by its last part where that is unambiguous", () => {
    const document = tokenDocument("4") as { spec: { messages: { label: string }[] } };
    for (const message of document.spec.messages) message.label = `PSP22::${message.label}`;
    const it = new ContractInterface(normalise(document));
    expect(it.message("transfer").label).toBe("PSP22::transfer");
    expect(it.message("PSP22::transfer").label).toBe("PSP22::transfer");
  });

  it("names what is near a misspelt one", () => {
    const it = face("5");
    expect(() => it.message("tranfer")).toThrow(/no message "tranfer"; near it: transfer/);
    expect(() => it.constructorEntry("now")).toThrow(/no constructor "now"; near it: new/);
  });

  it("keeps a message's label of several parts in V0", () => {
    const document = tokenDocument("V0") as { spec: { messages: { name: string[] }[] } };
    (document.spec.messages[0] as { name: string[] }).name = ["Erc20", "transfer"];
    expect(normalise(document).messages[0]?.label).toBe("Erc20::transfer");
  });
});

describe("arguments", () => {
  it("are counted", () => {
    const it = face("4");
    expect(() => it.encodeInput(it.message("transfer"), [alice])).toThrow(/expected 2 arguments, got 1/);
  });

  it("are named when they do not fit", () => {
    const it = face("4");
    const call =
      (...args: unknown[]) =>
      () =>
        it.encodeInput(it.message("transfer"), args);
    expect(call(alice, -1n)).toThrow(/argument 2 \(value\) of transfer: expected u128 .*, got -1n/);
    expect(call("0x1234", 1n)).toThrow(/argument 1 \(to\) of transfer: expected AccountId \(32 bytes.*got "0x1234"/);
  });
});

describe("what is no metadata", () => {
  const damaged = (change: (document: ReturnType<typeof JSON.parse>) => void): unknown => {
    const document = structuredClone(tokenDocument("4"));
    change(document);
    return document;
  };
  const cases: [string, unknown, RegExp][] = [
    ["a list", [], /an object is missing/],
    ["nothing", null, /an object is missing/],
    ["an object of something else", { hello: 1 }, /no version, no V1 to V3 and no spec/],
    ["a version to come", { version: 6 }, /it says that it is of version 6, and 4 and 5 are known/],
    [
      "a missing type",
      damaged((d) => (d.spec.messages[0].args[1].type.type = 99)),
      /there is no type 99 at spec\.messages\[0\]\.args\[1\]\.type\.type/,
    ],
    [
      "a short selector",
      damaged((d) => (d.spec.messages[0].selector = "0x84")),
      /8 hex digits.*at spec\.messages\[0\]\.selector/,
    ],
    [
      "an unknown primitive",
      damaged((d) => (d.types[0].type.def.primitive = "f64")),
      /unknown primitive "f64" at types\[0\]/,
    ],
    ["two types of one id", damaged((d) => (d.types[1].id = 0)), /a second type 0/],
    [
      "two variants of one index",
      damaged((d) => (d.types[8].type.def.variant.variants[1].index = 0)),
      /a variant with index 0/,
    ],
    [
      "an empty interface",
      damaged((d) => Object.assign(d.spec, { messages: [], constructors: [] })),
      /no constructor and no message/,
    ],
  ];
  it.each(cases)("%s is refused", (_, document, reason) => {
    expect(() => normalise(document)).toThrow(reason);
    expect(codeOf(() => normalise(document))).toBe("MetadataInvalid");
    expect(() => normalise(document)).toThrow(EngineError);
  });
});
