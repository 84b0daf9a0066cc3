/**
 * The codec of contract values: the published vectors, agreement with scale-ts on random types, and hostile bytes.
 * @module
 */

import fc from "fast-check";
import * as scale from "scale-ts";
import { describe, expect, it } from "vitest";
import { Codec } from "../../src/client/metadata/codec.ts";
import type { Field, IntegerName, PortableType, TypeDef } from "../../src/client/metadata/model.ts";
import { PhatError } from "../../src/errors.ts";
import { fromHex, toHex } from "../../src/wire/bytes.ts";

/** A registry under construction. */
class Types {
  readonly list: PortableType[] = [];
  add(def: TypeDef, path: readonly string[] = []): number {
    this.list.push({ path, def });
    return this.list.length - 1;
  }
  integer(name: IntegerName): number {
    return this.add({ kind: "primitive", name });
  }
  option(type: number): number {
    const variants = [
      { name: "None", index: 0, fields: [] },
      { name: "Some", index: 1, fields: [{ name: undefined, type }] },
    ];
    return this.add({ kind: "variant", variants }, ["Option"]);
  }
  result(ok: number, error: number): number {
    const variants = [
      { name: "Ok", index: 0, fields: [{ name: undefined, type: ok }] },
      { name: "Err", index: 1, fields: [{ name: undefined, type: error }] },
    ];
    return this.add({ kind: "variant", variants }, ["Result"]);
  }
}

function codecOf(make: (types: Types) => number): { codec: Codec; type: number } {
  const types = new Types();
  const type = make(types);
  return { codec: new Codec(types.list), type };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof PhatError ? error.code : String(error);
  }
  return "nothing thrown";
}

const compact = (t: Types): number => t.add({ kind: "compact", type: t.integer("u128") });
const str = (t: Types): number => t.add({ kind: "primitive", name: "str" });

describe("published vectors", () => {
  const cases: [string, (t: Types) => number, unknown, string][] = [
    ["compact 0", compact, 0n, "00"],
    ["compact 63", compact, 63n, "fc"],
    ["compact 64", compact, 64n, "0101"],
    ["compact 16383", compact, 16383n, "fdff"],
    ["compact 16384", compact, 16384n, "02000100"],
    ["compact 2^30 - 1", compact, 2n ** 30n - 1n, "feffffff"],
    ["compact 2^30", compact, 2n ** 30n, "0300000040"],
    ["compact 10^12", compact, 10n ** 12n, "070010a5d4e8"],
    ["compact u64 max", compact, 2n ** 64n - 1n, `13${"ff".repeat(8)}`],
    ["compact u128 max", compact, 2n ** 128n - 1n, `33${"ff".repeat(16)}`],
    ["u128 10^12", (t) => t.integer("u128"), 10n ** 12n, "0010a5d4e80000000000000000000000"],
    ["i16 -1", (t) => t.integer("i16"), -1, "ffff"],
    ["a text", str, "abc", "0c616263"],
    ["a text that begins with a byte order mark", str, "\ufeffabc", "18efbbbf616263"],
    ["Vec<u16>", (t) => t.add({ kind: "sequence", type: t.integer("u16") }), [1, 2], "0801000200"],
    ["None", (t) => t.option(t.integer("u8")), undefined, "00"],
    ["Some(5)", (t) => t.option(t.integer("u8")), 5, "0105"],
    ["Ok(7)", (t) => t.result(t.integer("u8"), str(t)), { ok: 7 }, "0007"],
    ["Err", (t) => t.result(t.integer("u8"), str(t)), { err: "x" }, "010478"],
    [
      "a tuple",
      (t) => t.add({ kind: "tuple", types: [t.integer("u8"), t.add({ kind: "primitive", name: "bool" }), str(t)] }),
      [1, true, "hi"],
      "0101086869",
    ],
    ["i128 minimum", (t) => t.integer("i128"), -(2n ** 127n), `${"00".repeat(15)}80`],
    ["u256 maximum", (t) => t.integer("u256"), 2n ** 256n - 1n, "ff".repeat(32)],
    ["a char", (t) => t.add({ kind: "primitive", name: "char" }), "𝄞", "1ed10100"],
    ["bits, low first", (t) => t.add({ kind: "bits", bits: 8, lsb: true }), [true, false, true], "0c05"],
    ["bits, high first", (t) => t.add({ kind: "bits", bits: 8, lsb: false }), [true, false, true], "0ca0"],
    ["Option<Option<u8>>: Some(None)", (t) => t.option(t.option(t.integer("u8"))), { some: undefined }, "0100"],
    ["Option<()>: Some(())", (t) => t.option(t.add({ kind: "tuple", types: [] })), { some: undefined }, "01"],
  ];
  it.each(cases)("%s", (_, make, value, hex) => {
    const { codec, type } = codecOf(make);
    expect(toHex(codec.encode(type, value))).toBe(`0x${hex}`);
    expect(codec.decode(type, fromHex(hex))).toEqual(value);
  });
});

/** A random type, a value of it, the same type in scale-ts, and the value as scale-ts wants it. */
interface Sample {
  readonly type: number;
  readonly value: unknown;
  readonly theirs: scale.Codec<unknown>;
  readonly their: unknown;
}
type Build = (types: Types) => Sample;

/** A tag byte and what it tags. */
const tagged = (inner: scale.Codec<unknown>): scale.Codec<unknown> =>
  scale.Tuple(scale.u8, inner) as unknown as scale.Codec<unknown>;

const { u8, u16, u32, u64, u128, u256, i8, i16, i32, i64, i128, i256 } = scale;
const theirIntegers = { u8, u16, u32, u64, u128, u256, i8, i16, i32, i64, i128, i256 };
const integers = Object.entries(theirIntegers).map(([name, theirs]) => {
  const span = 1n << BigInt(name.slice(1));
  const [least, most] = name.startsWith("u") ? [0n, span - 1n] : [-span / 2n, span / 2n - 1n];
  return [name as IntegerName, theirs, least, most] as const;
});

const leaf: fc.Arbitrary<Build> = fc.oneof(
  fc.constantFrom(...integers).chain(([name, theirs, least, most]) =>
    fc.bigInt(least, most).map(
      (big): Build =>
        (t) => {
          const value = /^[ui](8|16|32)$/.test(name) ? Number(big) : big;
          return { type: t.integer(name), value, theirs: theirs as unknown as scale.Codec<unknown>, their: value };
        },
    ),
  ),
  fc.boolean().map(
    (value): Build =>
      (t) => {
        const type = t.add({ kind: "primitive", name: "bool" });
        return { type, value, theirs: scale.bool as scale.Codec<unknown>, their: value };
      },
  ),
  fc.string({ unit: "binary" }).map(
    (value): Build =>
      (t) => ({ type: str(t), value, theirs: scale.str as scale.Codec<unknown>, their: value }),
  ),
  fc.uint8Array({ maxLength: 80 }).map(
    (value): Build =>
      (t) => {
        const type = t.add({ kind: "sequence", type: t.integer("u8") });
        return { type, value, theirs: scale.Bytes() as scale.Codec<unknown>, their: value };
      },
  ),
  fc.bigInt(0n, 2n ** 128n - 1n).map(
    (value): Build =>
      (t) => {
        return { type: compact(t), value, theirs: scale.compact as scale.Codec<unknown>, their: value };
      },
  ),
);

const samples = fc.letrec<{ any: Build }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.tuple(tie("any"), fc.boolean()).map(
      ([inner, some]): Build =>
        (t) => {
          const of = inner(t);
          const type = t.option(of.type);
          const wrap = new Codec(t.list).types.mayBeUndefined(of.type);
          const value = !some ? undefined : wrap ? { some: of.value } : of.value;
          return some
            ? { type, value, theirs: tagged(of.theirs), their: [1, of.their] }
            : { type, value, theirs: scale.u8 as scale.Codec<unknown>, their: 0 };
        },
    ),
    fc.tuple(tie("any"), tie("any"), fc.boolean()).map(
      ([a, b, ok]): Build =>
        (t) => {
          const [left, right] = [a(t), b(t)];
          const type = t.result(left.type, right.type);
          const theirs = scale.Result(left.theirs, right.theirs) as scale.Codec<unknown>;
          const their = ok ? { success: true, value: left.their } : { success: false, value: right.their };
          return { type, value: ok ? { ok: left.value } : { err: right.value }, theirs, their };
        },
    ),
    fc.array(tie("any"), { minLength: 1, maxLength: 4 }).map(
      (inner): Build =>
        (t) => {
          const of = inner.map((build) => build(t));
          const type = t.add({ kind: "tuple", types: of.map((s) => s.type) });
          const theirs = scale.Tuple(...of.map((s) => s.theirs)) as unknown as scale.Codec<unknown>;
          return { type, value: of.map((s) => s.value), theirs, their: of.map((s) => s.their) };
        },
    ),
    fc.array(tie("any"), { minLength: 2, maxLength: 4 }).map(
      (inner): Build =>
        (t) => {
          const of = inner.map((build, i) => [`field${i}`, build(t)] as const);
          const fields: Field[] = of.map(([name, s]) => ({ name, type: s.type }));
          const theirs = scale.Struct(
            Object.fromEntries(of.map(([n, s]) => [n, s.theirs])) as never,
          ) as unknown as scale.Codec<unknown>;
          const value = Object.fromEntries(of.map(([n, s]) => [n, s.value]));
          const their = Object.fromEntries(of.map(([n, s]) => [n, s.their]));
          return { type: t.add({ kind: "composite", fields }), value, theirs, their };
        },
    ),
    fc.tuple(tie("any"), fc.nat({ max: 5 }), fc.boolean()).map(
      ([inner, count, fixed]): Build =>
        (t) => {
          const of = inner(t);
          // A list of bytes is bytes, which the leaves have.
          const item = new Codec(t.list).types.isByte(of.type) ? t.add({ kind: "tuple", types: [of.type] }) : of.type;
          const boxed = item !== of.type;
          const list = <T>(x: T, box: boolean): unknown[] => Array.from({ length: count }, () => (box ? [x] : x));
          return {
            type: t.add(fixed ? { kind: "array", length: count, type: item } : { kind: "sequence", type: item }),
            value: list(of.value, boxed),
            theirs: scale.Vector(of.theirs, fixed ? count : undefined) as scale.Codec<unknown>,
            their: list(of.their, false),
          };
        },
    ),
    fc.tuple(tie("any"), fc.nat({ max: 255 })).map(
      ([inner, index]): Build =>
        (t) => {
          const of = inner(t);
          const variants = [
            { name: "Held", index, fields: [{ name: undefined, type: of.type }] },
            { name: "Bare", index: (index + 1) % 256, fields: [] },
          ];
          const type = t.add({ kind: "variant", variants }, ["some", "Enum"]);
          // A held `()` is no value at all.
          const value = { type: "Held", value: of.value };
          return { type, value, theirs: tagged(of.theirs), their: [index, of.their] };
        },
    ),
  ),
})).any;

describe("random types", () => {
  it("encode as scale-ts encodes them, and come back as they were", () => {
    fc.assert(
      fc.property(samples, (build) => {
        const types = new Types();
        const { type, value, theirs, their } = build(types);
        const codec = new Codec(types.list);
        const encoded = codec.encode(type, value);
        expect(toHex(encoded)).toBe(toHex(theirs.enc(their)));
        expect(codec.decode(type, encoded)).toStrictEqual(value);
      }),
      { numRuns: 400 },
    );
  });

  it("never decode bytes to something that would be encoded otherwise", () => {
    fc.assert(
      fc.property(samples, fc.uint8Array({ maxLength: 64 }), (build, bytes) => {
        const types = new Types();
        const { type } = build(types);
        const codec = new Codec(types.list);
        let value: unknown;
        try {
          value = codec.decode(type, bytes);
        } catch (error) {
          expect((error as PhatError).code).toBe("Undecodable");
          return;
        }
        expect(toHex(codec.encode(type, value))).toBe(toHex(bytes));
      }),
      { numRuns: 400 },
    );
  });
});

describe("hostile bytes", () => {
  const refused: [string, (t: Types) => number, string][] = [
    ["a bool of 2", (t) => t.add({ kind: "primitive", name: "bool" }), "02"],
    ["an option tagged 2", (t) => t.option(t.integer("u8")), "0200"],
    ["an unknown variant", (t) => t.add({ kind: "variant", variants: [{ name: "A", index: 1, fields: [] }] }), "00"],
    ["a count that the bytes cannot hold", (t) => t.add({ kind: "sequence", type: t.integer("u32") }), "feffffff"],
    ["bytes that are not there", (t) => t.add({ kind: "sequence", type: t.integer("u8") }), "feffffff"],
    [
      "a huge list of nothing",
      (t) => t.add({ kind: "sequence", type: t.add({ kind: "tuple", types: [] }) }),
      "feffffff",
    ],
    ["a compact integer not in its shortest form", compact, "01 00".replace(" ", "")],
    ["a compact u8 of 256", (t) => t.add({ kind: "compact", type: t.integer("u8") }), "0104"],
    ["a text that is not UTF-8", str, "08c328"],
    ["a surrogate as a char", (t) => t.add({ kind: "primitive", name: "char" }), "00d80000"],
    ["bytes left over", (t) => t.integer("u8"), "0000"],
    ["a type that contains only itself", (t) => t.add({ kind: "tuple", types: [0] }), "00"],
    ["a list of lists without end", (t) => t.add({ kind: "sequence", type: 0 }), "04".repeat(300)],
  ];
  it.each(refused)("%s are refused", (_, make, hex) => {
    const { codec, type } = codecOf(make);
    expect(codeOf(() => codec.decode(type, fromHex(hex)))).toBe("Undecodable");
  });

  it("cannot reach the prototype of a struct through a field's name", () => {
    const { codec, type } = codecOf((t) =>
      t.add({
        kind: "composite",
        fields: [
          { name: "__proto__", type: t.integer("u8") },
          { name: "b", type: t.integer("u8") },
        ],
      }),
    );
    const value = codec.decode(type, Uint8Array.of(7, 8)) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.entries(value)).toEqual([
      ["__proto__", 7],
      ["b", 8],
    ]);
    expect(toHex(codec.encode(type, value))).toBe("0x0708");
  });
});

describe("wrong arguments", () => {
  const struct = (t: Types): number =>
    t.add({
      kind: "composite",
      fields: [
        { name: "owner", type: accountType(t) },
        { name: "amounts", type: t.add({ kind: "sequence", type: t.integer("u32") }) },
      ],
    });
  const accountType = (t: Types): number => {
    const type = t.add({ kind: "array", length: 32, type: t.integer("u8") });
    return t.add({ kind: "composite", fields: [{ name: undefined, type }] }, ["ink_primitives", "types", "AccountId"]);
  };
  const owner = `0x${"01".repeat(32)}`;
  const cases: [string, (t: Types) => number, unknown, RegExp][] = [
    ["a number past its type", (t) => t.integer("u8"), 256, /expected u8 \(a whole number from 0 to 255\), got 256/],
    ["a fraction", (t) => t.integer("u32"), 1.5, /got 1.5/],
    ["a number that is not safe", (t) => t.integer("u64"), 2 ** 53, /expected u64/],
    ["a text for a number", (t) => t.integer("u64"), "5", /got "5"/],
    ["nothing for a bool", (t) => t.add({ kind: "primitive", name: "bool" }), undefined, /bool.*got nothing/],
    ["a place deep inside", struct, { owner, amounts: [1, 2, -3] }, /^value\.amounts\[2\]: expected u32/],
    ["a field too many", struct, { owner, amounts: [], more: 1 }, /no field but owner, amounts/],
    ["a damaged SS58 address", accountType, "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ", /expected AccountId/],
    ["bytes of another length", (t) => t.add({ kind: "array", length: 4, type: t.integer("u8") }), "0x0102", /4 bytes/],
    ["a text with half a character", str, "\ud800", /expected str/],
    ["neither ok nor err", (t) => t.result(str(t), str(t)), { fine: "" }, /\{ ok: … \} or \{ err: … \}/],
    [
      "an unknown variant",
      (t) => t.add({ kind: "variant", variants: [{ name: "Red", index: 0, fields: [] }] }, ["Colour"]),
      "Green",
      /Colour \(one of Red\), got "Green"/,
    ],
  ];
  it.each(cases)("%s is named", (_, make, value, message) => {
    const { codec, type } = codecOf(make);
    expect(() => codec.encode(type, value)).toThrow(message);
    expect(codeOf(() => codec.encode(type, value))).toBe("BadArguments");
  });

  it("take an account in every form it is written in", () => {
    const { codec, type } = codecOf(accountType);
    const alice = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    for (const form of [alice, fromHex(alice), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", { id: alice }]) {
      expect(toHex(codec.encode(type, form))).toBe(alice);
    }
    expect(codec.decode(type, fromHex(alice))).toBe(alice);
  });
});
