/**
 * Random function bodies that are valid: typed expressions and every kind of control.
 * @module
 */

import { type Bytes, signed, TYPE_CODES, unsigned, vector } from "../conformance/encode.ts";
import type { FunctionType } from "../conformance/interface.ts";
import type { Choices } from "./property-choices.ts";

/** The value types that random code computes with. */
export type Type = "i32" | "i64" | "f32" | "f64" | "v128";
export const TYPES: readonly Type[] = ["i32", "i64", "f32", "f64", "v128"];

/** What the code may refer to. */
export interface Surroundings {
  /** The types that it computes with: all of them, or all but vectors. */
  readonly types: readonly Type[];
  readonly functions: readonly FunctionType[];
  /** The index of a type; made when it is new. */
  readonly typeIndex: (type: FunctionType) => number;
  readonly globals: readonly { readonly type: Type; readonly mutable: boolean }[];
  /** How many passive data and element segments there are, and the entries of table 0. */
  readonly dataSegments: number;
  readonly elementSegments: number;
  /** Own functions are called directly and from outside alone: no reference to one, no tail call. */
  readonly onlyDirectly: boolean;
  readonly tableSize: number;
}

const OP = {
  i32: { const: 0x41, load: [0x28, 0x2c, 0x2d, 0x2e, 0x2f], store: [0x36, 0x3a, 0x3b] },
  i64: { const: 0x42, load: [0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35], store: [0x37, 0x3c, 0x3d, 0x3e] },
} as const;

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Operators by what they take and give; `[operands, result]`. */
const OPERATORS: readonly {
  readonly takes: readonly Type[];
  readonly gives: Type;
  readonly codes: readonly Bytes[];
}[] = [
  { takes: ["i32", "i32"], gives: "i32", codes: [...range(0x46, 0x4f), ...range(0x6a, 0x78)].map((code) => [code]) },
  { takes: ["i32"], gives: "i32", codes: [0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1].map((code) => [code]) },
  { takes: ["i64", "i64"], gives: "i64", codes: range(0x7c, 0x8a).map((code) => [code]) },
  { takes: ["i64", "i64"], gives: "i32", codes: range(0x51, 0x5a).map((code) => [code]) },
  { takes: ["i64"], gives: "i64", codes: [0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4].map((code) => [code]) },
  { takes: ["i64"], gives: "i32", codes: [[0x50], [0xa7]] },
  { takes: ["i32"], gives: "i64", codes: [[0xac], [0xad]] },
  { takes: ["f32", "f32"], gives: "f32", codes: range(0x92, 0x98).map((code) => [code]) },
  { takes: ["f64", "f64"], gives: "f64", codes: range(0xa0, 0xa6).map((code) => [code]) },
  { takes: ["f32"], gives: "f32", codes: range(0x8b, 0x91).map((code) => [code]) },
  { takes: ["f64"], gives: "f64", codes: range(0x99, 0x9f).map((code) => [code]) },
  { takes: ["f32", "f32"], gives: "i32", codes: range(0x5b, 0x60).map((code) => [code]) },
  { takes: ["f64", "f64"], gives: "i32", codes: range(0x61, 0x66).map((code) => [code]) },
  { takes: ["f32"], gives: "i32", codes: [[0xa8], [0xa9], [0xbc], [0xfc, 0], [0xfc, 1]] },
  { takes: ["f64"], gives: "i64", codes: [[0xb0], [0xb1], [0xbd], [0xfc, 6], [0xfc, 7]] },
  { takes: ["i32"], gives: "f32", codes: [[0xb2], [0xb3], [0xbe]] },
  { takes: ["i64"], gives: "f64", codes: [[0xb9], [0xba], [0xbf]] },
  { takes: ["f64"], gives: "f32", codes: [[0xb6]] },
  { takes: ["f32"], gives: "f64", codes: [[0xbb]] },
  {
    takes: ["i32"],
    gives: "v128",
    codes: [
      [0xfd, 15],
      [0xfd, 16],
      [0xfd, 17],
    ],
  },
  { takes: ["f32"], gives: "v128", codes: [[0xfd, 19]] },
  { takes: ["f64"], gives: "v128", codes: [[0xfd, 20]] },
  {
    takes: ["v128", "v128"],
    gives: "v128",
    // Integer lanes, f32x4 and f64x2 arithmetic with pmin and pmax, comparisons, and, or, xor, andnot.
    codes: [
      [0xfd, 110],
      [0xfd, unsigned(174)],
      [0xfd, unsigned(206)],
      ...[...range(228, 235), ...range(240, 247)].map((n): Bytes => [0xfd, unsigned(n)]),
      ...[65, 71, 78, 79, 80, 81].map((n): Bytes => [0xfd, n]),
    ],
  },
  {
    takes: ["v128"],
    gives: "v128",
    // abs, neg, sqrt and rounding in both shapes; demote, promote; not.
    codes: [224, 225, 227, 236, 237, 239, 103, 104, 105, 106, 116, 117, 122, 148, 94, 95, 77].map(
      (n): Bytes => [0xfd, unsigned(n)],
    ),
  },
  {
    takes: ["v128"],
    gives: "f32",
    codes: [
      [0xfd, 31, 0],
      [0xfd, 31, 3],
    ],
  },
  {
    takes: ["v128"],
    gives: "f64",
    codes: [
      [0xfd, 33, 0],
      [0xfd, 33, 1],
    ],
  },
  {
    takes: ["v128"],
    gives: "i32",
    codes: [
      [0xfd, 27, 1],
      [0xfd, 83],
      [0xfd, unsigned(163)],
    ],
  },
  { takes: ["v128", "v128", "v128"], gives: "v128", codes: [[0xfd, 82]] },
  { takes: ["v128", "f32"], gives: "v128", codes: [[0xfd, 32, 2]] },
];

interface FloatOperator {
  readonly operands: 1 | 2;
  readonly code: Bytes;
}
const unary = (codes: readonly Bytes[]): FloatOperator[] => codes.map((code) => ({ operands: 1, code }));
const binary = (codes: readonly Bytes[]): FloatOperator[] => codes.map((code) => ({ operands: 2, code }));
const lanes = (numbers: readonly number[]): Bytes[] => numbers.map((n) => [0xfd, unsigned(n)]);

/** Float operations that give their operands' type: arithmetic, roundings, signs, both vector shapes mixed. */
const FLOAT_OPERATORS: Readonly<Record<"f32" | "f64" | "v128", readonly FloatOperator[]>> = {
  f32: [...unary(range(0x8b, 0x91).map((code) => [code])), ...binary(range(0x92, 0x98).map((code) => [code]))],
  f64: [...unary(range(0x99, 0x9f).map((code) => [code])), ...binary(range(0xa0, 0xa6).map((code) => [code]))],
  v128: [
    ...unary(lanes([103, 104, 105, 106, 224, 225, 227, 116, 117, 122, 148, 236, 237, 239, 94, 95, 77])),
    ...binary(lanes([...range(228, 235), ...range(240, 247), 78, 80, 81])),
  ],
};

/** Floats worth having: zeros, one, infinities, the largest, the smallest, NaNs with and without a payload. */
const F32_BITS = [
  0, 0x8000_0000, 0x3f80_0000, 0x7f80_0000, 0xff80_0000, 0x7f7f_ffff, 1, 0x7fc0_0000, 0xffc0_1234, 0x7f80_0001,
];

function constant(choices: Choices, type: Type): Bytes {
  switch (type) {
    case "i32":
      return [0x41, signed(choices.once(4) ? BigInt.asIntN(32, choices.bits(32)) : choices.below(256) - 16)];
    case "i64":
      return [0x42, signed(choices.once(4) ? BigInt.asIntN(64, choices.bits(64)) : choices.below(256) - 16)];
    case "f32":
      return [0x43, f32(choices)];
    case "f64":
      return [0x44, f64(choices)];
    case "v128":
      return [
        0xfd,
        12,
        choices.once(2) ? [f32(choices), f32(choices), f32(choices), f32(choices)] : [f64(choices), f64(choices)],
      ];
  }
}

const f32 = (choices: Choices): Bytes =>
  new Uint8Array(
    (choices.once(3) ? Float32Array.of(choices.byte() / 8 - 16) : Uint32Array.of(choices.of(F32_BITS))).buffer,
  );

function f64(choices: Choices): Bytes {
  if (choices.once(3)) return new Uint8Array(Float64Array.of(choices.byte() / 8 - 16).buffer);
  const high = BigInt(choices.of(F32_BITS));
  // The same kinds, widened: sign and exponent of the 32-bit pattern, its fraction at the low end.
  const exponent = (high >> 23n) & 0xffn;
  const wide = exponent === 0xffn ? 0x7ffn : exponent === 0n ? 0n : exponent + 896n;
  const quiet = (high >> 22n) & 1n;
  return new Uint8Array(
    BigUint64Array.of(((high >> 31n) << 63n) | (wide << 52n) | (quiet << 51n) | (high & 0xffffn)).buffer,
  );
}

/** A label that code can branch to: what it takes. */
type Label = readonly Type[];

/** Makes one function body. */
export class Coder {
  readonly #choices: Choices;
  readonly #around: Surroundings;
  readonly #type: FunctionType;
  readonly #locals: readonly Type[];
  readonly #labels: Label[];
  #budget: number;

  constructor(choices: Choices, around: Surroundings, type: FunctionType, locals: readonly Type[], budget: number) {
    this.#choices = choices;
    this.#around = around;
    this.#type = type;
    this.#locals = [...(type.params as Type[]), ...locals];
    this.#labels = [type.results as Type[]];
    this.#budget = budget;
  }

  /** The body's instructions, without the last `end`. */
  body(): Bytes {
    return this.#sequence(this.#type.results as Type[]);
  }

  /** Statements, then values of the types; or an end that is never reached. */
  #sequence(types: readonly Type[]): Bytes {
    const { below, once } = bound(this.#choices);
    const parts: Bytes[] = [];
    for (let count = below(5); count > 0 && this.#affordable(); count--) {
      if (once(12)) return [parts, this.#leave(), this.#unreached()];
      parts.push(this.#statement());
    }
    return [parts, types.map((type) => this.#value(type))];
  }

  #affordable(): boolean {
    return this.#budget > 0 && this.#choices.left > 0;
  }

  /** Something after which the sequence is not reached. */
  #leave(): Bytes {
    const { below } = bound(this.#choices);
    switch (below(8)) {
      case 0:
        return [0x00];
      case 1:
        return [this.#values(this.#type.results as Type[]), 0x0f];
      case 2:
        return this.#tailCall();
      case 3:
        return this.#branchTable();
      default: {
        const label = below(this.#labels.length);
        return [this.#values(this.#labels.at(-1 - label)!), 0x0c, unsigned(label)];
      }
    }
  }

  /** Code after an end: valid with any types, charged nothing. */
  #unreached(): Bytes {
    switch (this.#choices.below(10)) {
      case 6:
        return this.#unreachedCall();
      case 7:
        return [0x41, 0, 0x04, 0x40, this.#unreachedCall(), 0x05, this.#unreachedCall(), 0x0b];
      case 8: {
        // Valid behind anything, since operands are taken from nothing.
        const fitting = this.#fitting();
        return fitting.length === 0 ? [0x0f] : [0x12, unsigned(this.#choices.of(fitting))];
      }
      case 0:
        return [0x6a, 0x1a]; // i32.add and drop, of values that nobody made
      case 1:
        return [0x02, 0x40, 0x0c, 0, 0x0b, 0x0f];
      case 2:
        return [0x1b, 0x1a, 0x41, 1, 0x04, 0x40, 0x00, 0x05, 0x0c, 0, 0x0b];
      case 3:
        return [0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b, 0x00];
      default:
        return [];
    }
  }

  /** A call where none comes, directly or through the table: no edge of the call graph. */
  #unreachedCall(): Bytes {
    const index = this.#choices.below(this.#around.functions.length);
    const { params, results } = this.#around.functions[index]!;
    if (!this.#choices.once(3)) return [0x00, 0x10, unsigned(index), this.#drop(results.length)];
    return [0x00, 0x11, unsigned(this.#around.typeIndex({ params, results })), 0, this.#drop(results.length)];
  }

  #statement(): Bytes {
    this.#budget--;
    const { below, of } = bound(this.#choices);
    switch (below(25)) {
      case 0:
      case 1:
      case 2:
        return this.#setLocal();
      case 3:
        return this.#setGlobal();
      case 4:
      case 5:
        return this.#store();
      case 6:
        return [this.#block(0x02, [], [])];
      case 7:
        return [this.#value("i32"), this.#block(0x04, [], [])];
      case 8:
      case 9:
      case 10:
        return this.#loop();
      case 11:
      case 12:
        return this.#branchIf();
      case 13: {
        const types = [of(this.#around.types), of(this.#around.types)];
        return [this.#block(0x02, [], types), this.#drop(types.length)];
      }
      case 14: {
        const types = [of(this.#around.types)];
        return [this.#values(types), this.#block(0x03, types, types), this.#drop(1)];
      }
      case 15:
      case 16:
        return this.#call();
      case 17:
        return this.#callIndirect();
      case 18:
        return this.#bulk();
      case 19:
        return [this.#value("i32"), this.#block(0x04, [], [of(this.#around.types)]), this.#drop(1)];
      case 20:
        return [this.#value(of(this.#around.types)), 0x1a];
      case 21:
      case 22:
      case 23:
        return this.#floats();
      default:
        return [0x01];
    }
  }

  /** A chain of float operations on values that often are no numbers, and something that can see the result's bits. */
  #floats(): Bytes {
    const { below, of } = bound(this.#choices);
    const type = of((["f32", "f64", "v128"] as const).filter((each) => this.#around.types.includes(each)));
    const parts: Bytes[] = [this.#floatOperand(type)];
    for (let length = 1 + below(4); length > 0; length--) {
      const { operands, code } = of(FLOAT_OPERATORS[type]);
      parts.push(operands === 2 ? this.#floatOperand(type) : [], code);
    }
    switch (below(4)) {
      case 0: {
        const index = this.#around.globals.findIndex((global) => global.type === type && global.mutable);
        return [parts, 0x24, unsigned(index)];
      }
      case 1:
        if (type === "v128") return [parts, 0xfd, 29, 1, 0x24, this.#globalOf("i64")];
        return type === "f32" ? [parts, 0xbc, 0x24, this.#globalOf("i32")] : [parts, 0xbd, 0x24, this.#globalOf("i64")];
      case 2: {
        const fitting = this.#locals.flatMap((local, index) => (local === type ? [index] : []));
        if (fitting.length > 0) return [parts, 0x21, unsigned(of(fitting))];
        return [parts, 0x1a];
      }
      default:
        return [0x41, signed(below(64) * 8), parts, type === "v128" ? [0xfd, 11] : type === "f32" ? 0x38 : 0x39, 0, 0];
    }
  }

  #floatOperand(type: "f32" | "f64" | "v128"): Bytes {
    return this.#choices.once(3) ? this.#value(type) : constant(this.#choices, type);
  }

  #globalOf(type: Type): Bytes {
    return unsigned(this.#around.globals.findIndex((global) => global.type === type && global.mutable));
  }

  #drop(count: number): Bytes {
    return Array.from({ length: count }, () => 0x1a);
  }

  #setLocal(): Bytes {
    if (this.#locals.length === 0) return [0x01];
    const index = this.#choices.below(this.#locals.length);
    return [this.#value(this.#locals[index]!), 0x21, unsigned(index)];
  }

  #setGlobal(): Bytes {
    const mutable = this.#around.globals.flatMap(({ mutable }, index) => (mutable ? [index] : []));
    const index = this.#choices.of(mutable);
    return [this.#value(this.#around.globals[index]!.type), 0x24, unsigned(index)];
  }

  /** An address: mostly within the first page, sometimes anywhere. */
  #address(): Bytes {
    return this.#choices.once(10) ? this.#value("i32") : [this.#value("i32"), 0x41, signed(0xfff0), 0x71];
  }

  #store(): Bytes {
    const type = this.#choices.of(this.#around.types);
    const code: Bytes =
      type === "v128"
        ? [0xfd, 11]
        : type === "f32"
          ? [0x38]
          : type === "f64"
            ? [0x39]
            : [this.#choices.of(OP[type].store)];
    return [this.#address(), this.#value(type), code, 0, unsigned(this.#choices.below(8))];
  }

  #load(type: Type): Bytes {
    const code: Bytes =
      type === "v128"
        ? [0xfd, 0]
        : type === "f32"
          ? [0x2a]
          : type === "f64"
            ? [0x2b]
            : [this.#choices.of(OP[type].load)];
    return [this.#address(), code, 0, unsigned(this.#choices.below(8))];
  }

  /** A block, a loop or an `if`, with the values of `params` taken from the stack. */
  #block(opcode: 0x02 | 0x03 | 0x04, params: readonly Type[], results: readonly Type[]): Bytes {
    const blockType = this.#blockType(params, results);
    this.#labels.push(opcode === 0x03 ? params : results);
    const arm = (): Bytes => [this.#drop(params.length), this.#sequence(results)];
    const first = arm();
    const second: Bytes = opcode === 0x04 && (results.length > 0 || this.#choices.once(2)) ? [0x05, arm()] : [];
    this.#labels.pop();
    return [opcode, blockType, first, second, 0x0b];
  }

  #blockType(params: readonly Type[], results: readonly Type[]): Bytes {
    if (params.length === 0 && results.length === 0) return [0x40];
    if (params.length === 0 && results.length === 1) return [TYPE_CODES[results[0]!]];
    return signed(this.#around.typeIndex({ params, results }));
  }

  /** A loop that mostly ends: it counts a local down, when there is one of the right type. */
  #loop(): Bytes {
    const counter = this.#locals.indexOf("i32");
    this.#labels.push([]);
    const body = this.#sequence([]);
    this.#labels.pop();
    if (counter < 0 || this.#choices.once(8)) return [0x03, 0x40, body, 0x0b];
    const get: Bytes = [0x20, unsigned(counter)];
    const start: Bytes = [0x41, signed(this.#choices.below(12)), 0x21, unsigned(counter)];
    const again: Bytes = [get, 0x41, 1, 0x6b, 0x22, unsigned(counter), 0x41, 0, 0x4a, 0x0d, 0];
    return [start, 0x03, 0x40, body, again, 0x0b];
  }

  #branchIf(): Bytes {
    const label = this.#choices.below(this.#labels.length);
    const types = this.#labels.at(-1 - label)!;
    return [this.#values(types), this.#value("i32"), 0x0d, unsigned(label), this.#drop(types.length)];
  }

  #branchTable(): Bytes {
    const { below } = bound(this.#choices);
    const fallback = below(this.#labels.length);
    const types = this.#labels.at(-1 - fallback)!;
    const same = this.#labels.flatMap((_, label) =>
      this.#labels.at(-1 - label)!.join() === types.join() ? [label] : [],
    );
    const targets = Array.from({ length: below(4) }, () => unsigned(this.#choices.of(same)));
    return [this.#values(types), this.#value("i32"), 0x0e, vector(targets), unsigned(fallback)];
  }

  #call(): Bytes {
    const index = this.#choices.below(this.#around.functions.length);
    const { params, results } = this.#around.functions[index]!;
    return [this.#values(params as Type[]), 0x10, unsigned(index), this.#drop(results.length)];
  }

  #callIndirect(): Bytes {
    const { params, results } = this.#choices.of(this.#around.functions);
    const type = this.#around.typeIndex({ params, results });
    return [this.#values(params as Type[]), this.#entry(), 0x11, unsigned(type), 0, this.#drop(results.length)];
  }

  /** The index of a table entry. */
  #entry(): Bytes {
    return this.#choices.once(6) ? this.#value("i32") : [0x41, signed(this.#choices.below(this.#around.tableSize))];
  }

  /** Functions that give what this one gives. */
  #fitting(): number[] {
    const wanted = this.#type.results.join();
    return this.#around.functions.flatMap(({ results }, index) => (results.join() === wanted ? [index] : []));
  }

  #tailCall(): Bytes {
    const fitting = this.#fitting();
    if (fitting.length === 0 || this.#around.onlyDirectly) return [0x00];
    const index = this.#choices.of(fitting);
    const { params, results } = this.#around.functions[index]!;
    const args = this.#values(params as Type[]);
    if (this.#choices.once(3))
      return [args, this.#entry(), 0x13, unsigned(this.#around.typeIndex({ params, results })), 0];
    return [args, 0x12, unsigned(index)];
  }

  #bulk(): Bytes {
    const { below } = bound(this.#choices);
    const small = (): Bytes => (this.#choices.once(8) ? this.#value("i32") : [0x41, signed(below(64))]);
    const few = (): Bytes => (this.#choices.once(8) ? this.#value("i32") : [0x41, signed(below(4))]);
    const { dataSegments, elementSegments } = this.#around;
    switch (below(12)) {
      case 0:
      case 1:
        return [this.#address(), this.#value("i32"), small(), 0xfc, 11, 0];
      case 2:
      case 3:
        return [this.#address(), this.#address(), small(), 0xfc, 10, 0, 0];
      case 4:
        return [this.#address(), few(), small(), 0xfc, 8, below(dataSegments), 0];
      case 5:
        return [0xfc, 9, below(dataSegments)];
      case 6:
        return [few(), few(), few(), 0xfc, 12, below(elementSegments), 0];
      case 7:
        return [few(), few(), few(), 0xfc, 14, 0, 0];
      case 8:
        return [few(), 0xd0, 0x70, few(), 0xfc, 17, 0];
      case 9:
        return [
          0xd2,
          unsigned(this.#around.onlyDirectly ? 0 : this.#around.functions.length - 1),
          few(),
          0xfc,
          15,
          0,
          0x1a,
        ];
      case 10:
        return [few(), few(), 0x25, 0, 0x26, 0];
      default:
        return [few(), 0x40, 0, 0x1a];
    }
  }

  #values(types: readonly Type[]): Bytes {
    return types.map((type) => this.#value(type));
  }

  /** Code that leaves one value. */
  #value(type: Type): Bytes {
    this.#budget--;
    const { below, of } = bound(this.#choices);
    if (!this.#affordable()) return constant(this.#choices, type);
    switch (below(12)) {
      case 0:
      case 1:
        return constant(this.#choices, type);
      case 2:
      case 3: {
        const fitting = this.#locals.flatMap((local, index) => (local === type ? [index] : []));
        if (fitting.length === 0) return constant(this.#choices, type);
        const index = unsigned(of(fitting));
        return this.#choices.once(4) ? [this.#value(type), 0x22, index] : [0x20, index];
      }
      case 4: {
        const fitting = this.#around.globals.flatMap((global, index) => (global.type === type ? [index] : []));
        return [0x23, unsigned(of(fitting))];
      }
      case 5:
        return this.#load(type);
      case 6:
        return [this.#value(type), this.#value(type), this.#value("i32"), 0x1b];
      case 7: {
        const fitting = this.#around.functions.flatMap(({ results }, index) =>
          results.join() === type ? [index] : [],
        );
        if (fitting.length === 0) return constant(this.#choices, type);
        const index = of(fitting);
        return [this.#values(this.#around.functions[index]!.params as Type[]), 0x10, unsigned(index)];
      }
      case 8:
        if (type === "i32" && this.#choices.once(3))
          return of([[0x3f, 0] as Bytes, [0xfc, 16, 0], [this.#entry(), 0x25, 0, 0xd1]]);
        return [this.#value("i32"), this.#block(0x04, [], [type])];
      default: {
        const { takes, codes } = of(
          OPERATORS.filter(
            ({ takes, gives }) => gives === type && takes.every((each) => this.#around.types.includes(each)),
          ),
        );
        return [this.#values(takes), of(codes)];
      }
    }
  }
}

function bound(choices: Choices) {
  return {
    below: (count: number) => choices.below(count),
    once: (inSoMany: number) => choices.once(inSoMany),
    of: <T>(items: readonly T[]) => choices.of(items),
  };
}
