/**
 * Every float and float-lane operation, fed with every class of NaN, in every way a compiler may see the operands.
 *
 * Makes one module with a function for each operation and each choice of which operands are constants: compilers fold
 * and simplify constants, and that is where two tiers, or two versions, come to different bits. Each function stores
 * the results of all combinations into memory, one every 16 bytes.
 * @module
 */

import { type Bytes, moduleOf, name, section, signed, sized, unsigned, vector } from "../conformance/encode.ts";

type Shape = "f32" | "f64" | "f32x4" | "f64x2";
type Result = "i32" | "i64" | "f32" | "f64" | "v128";

/** One operation: what it takes, what it gives, and its code behind its operands. */
interface Operation {
  readonly title: string;
  readonly operands: readonly Shape[];
  readonly gives: Result;
  readonly code: Bytes;
}

/** Canonical NaNs of both signs, quiet and signalling payloads, zeros, one, infinities, extremes. */
const F32 = [
  0x7fc0_0000, 0xffc0_0000, 0x7fc1_2345, 0xffff_ffff, 0x7f80_0001, 0xffa5_5555, 0x7fbf_ffff, 0x0000_0000, 0x8000_0000,
  0x3f80_0000, 0xbf80_0000, 0x7f80_0000, 0xff80_0000, 0x7f7f_ffff, 0x0000_0001,
];
const F64 = [
  0x7ff8_0000_0000_0000n,
  0xfff8_0000_0000_0000n,
  0x7ff8_1234_5678_9abcn,
  0xffff_ffff_ffff_ffffn,
  0x7ff0_0000_0000_0001n,
  0xfff4_5555_5555_5555n,
  0x7ff7_ffff_ffff_ffffn,
  0x0000_0000_0000_0000n,
  0x8000_0000_0000_0000n,
  0x3ff0_0000_0000_0000n,
  0xbff0_0000_0000_0000n,
  0x7ff0_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  0x7fef_ffff_ffff_ffffn,
  0x0000_0000_0000_0001n,
];
/** How many classes of values there are. */
export const CLASSES = F32.length;
const SLOT = 16;
const RESULTS = 4096;
/** Bytes of memory that a function of two operands fills with results. */
export const RESULT_BYTES = CLASSES * CLASSES * SLOT;
/** Where the results begin. */
export const RESULT_START = RESULTS;

const SHAPES: readonly Shape[] = ["f32", "f64", "f32x4", "f64x2"];

/** The bytes of a value of a class; vectors hold several classes. */
function valueBytes(shape: Shape, index: number): Uint8Array {
  const at = (offset: number): number => (index + offset) % CLASSES;
  switch (shape) {
    case "f32":
      return new Uint8Array(Uint32Array.of(F32[index]!).buffer);
    case "f64":
      return new Uint8Array(BigUint64Array.of(F64[index]!).buffer);
    case "f32x4":
      return new Uint8Array(Uint32Array.of(F32[index]!, F32[at(1)]!, F32[at(5)]!, F32[at(8)]!).buffer);
    case "f64x2":
      return new Uint8Array(BigUint64Array.of(F64[index]!, F64[at(4)]!).buffer);
  }
}

const CONST: Readonly<Record<Shape, Bytes>> = { f32: [0x43], f64: [0x44], f32x4: [0xfd, 12], f64x2: [0xfd, 12] };
const LOAD: Readonly<Record<Shape, Bytes>> = { f32: [0x2a], f64: [0x2b], f32x4: [0xfd, 0], f64x2: [0xfd, 0] };
const STORE: Readonly<Record<Result, Bytes>> = { i32: [0x36], i64: [0x37], f32: [0x38], f64: [0x39], v128: [0xfd, 11] };
const memory = (offset: number): Bytes => [0, unsigned(offset)];

const wide = (number: number): Bytes => [0xfd, unsigned(number)];

function named(titles: string, first: number, code: (opcode: number) => Bytes): { title: string; code: Bytes }[] {
  return titles.split(" ").map((title, index) => ({ title, code: code(first + index) }));
}

function scalar(shape: "f32" | "f64", unaryAt: number, comparisonAt: number): Operation[] {
  const plain = (opcode: number): Bytes => [opcode];
  const one = named("abs neg ceil floor trunc nearest sqrt", unaryAt, plain);
  const two = named("add sub mul div min max copysign", unaryAt + 7, plain);
  const comparisons = named("eq ne lt gt le ge", comparisonAt, plain);
  const reinterpret: Bytes = shape === "f32" ? [0xbc] : [0xbd];
  const bits = shape === "f32" ? ("i32" as const) : ("i64" as const);
  const saturating = named("i32_s i32_u", shape === "f32" ? 0 : 2, (n) => [0xfc, n]);
  return [
    ...one.map(({ title, code }) => ({ title: `${shape}.${title}`, operands: [shape], gives: shape, code })),
    ...two.map(({ title, code }) => ({ title: `${shape}.${title}`, operands: [shape, shape], gives: shape, code })),
    // The same seen through the instructions that look at bits, and through one more operation.
    ...two.map(({ title, code }) => ({
      title: `reinterpret ${shape}.${title}`,
      operands: [shape, shape],
      gives: bits,
      code: [code, reinterpret],
    })),
    ...two.map(({ title, code }) => ({
      title: `${shape}.neg ${shape}.${title}`,
      operands: [shape, shape],
      gives: shape,
      code: [code, unaryAt + 1],
    })),
    ...comparisons.map(({ title, code }) => ({
      title: `${shape}.${title}`,
      operands: [shape, shape],
      gives: "i32" as const,
      code,
    })),
    ...saturating.map(({ title, code }) => ({
      title: `${title} of ${shape}`,
      operands: [shape],
      gives: "i32" as const,
      code,
    })),
    { title: `${shape} moved`, operands: [shape], gives: shape, code: [] },
    { title: `${shape} reinterpreted`, operands: [shape], gives: bits, code: [reinterpret] },
    { title: `${shape} selected`, operands: [shape, shape], gives: shape, code: [0x41, 1, 0x1b] },
    { title: `${shape} splat`, operands: [shape], gives: "v128", code: wide(shape === "f32" ? 19 : 20) },
  ];
}

function lanes(shape: "f32x4" | "f64x2"): Operation[] {
  const narrow = shape === "f32x4";
  const unary = narrow
    ? { abs: 224, neg: 225, sqrt: 227, ceil: 103, floor: 104, trunc: 105, nearest: 106 }
    : { abs: 236, neg: 237, sqrt: 239, ceil: 116, floor: 117, trunc: 122, nearest: 148 };
  const two = named("add sub mul div min max pmin pmax", narrow ? 228 : 240, wide);
  const comparisons = named("eq ne lt gt le ge", narrow ? 65 : 71, wide);
  const bitwise = named("and andnot or xor", 78, wide);
  const lane = narrow ? ("f32" as const) : ("f64" as const);
  return [
    ...Object.entries(unary).map(([title, number]) => ({
      title: `${shape}.${title}`,
      operands: [shape],
      gives: "v128" as const,
      code: wide(number),
    })),
    ...[...two, ...comparisons, ...bitwise].map(({ title, code }) => ({
      title: `${shape}.${title}`,
      operands: [shape, shape],
      gives: "v128" as const,
      code,
    })),
    ...two.map(({ title, code }) => ({
      title: `i8x16.popcnt ${shape}.${title}`,
      operands: [shape, shape],
      gives: "v128" as const,
      code: [code, wide(98)],
    })),
    ...two.map(({ title, code }) => ({
      title: `extract_lane ${shape}.${title}`,
      operands: [shape, shape],
      gives: lane,
      code: [code, wide(narrow ? 31 : 33), 1],
    })),
    { title: `${shape} moved`, operands: [shape], gives: "v128", code: [] },
    { title: `${shape}.replace_lane`, operands: [shape, lane], gives: "v128", code: [wide(narrow ? 32 : 34), 1] },
    {
      title: narrow ? "f64x2.promote_low_f32x4" : "f32x4.demote_f64x2_zero",
      operands: [shape],
      gives: "v128",
      code: wide(narrow ? 95 : 94),
    },
    { title: `${shape} truncated`, operands: [shape], gives: "v128", code: wide(narrow ? 248 : 252) },
  ];
}

/** All operations. */
export const operations: readonly Operation[] = [
  ...scalar("f32", 0x8b, 0x5b),
  ...scalar("f64", 0x99, 0x61),
  { title: "f32.demote_f64", operands: ["f64"], gives: "f32", code: [0xb6] },
  { title: "f64.promote_f32", operands: ["f32"], gives: "f64", code: [0xbb] },
  { title: "f64.promote_f32 f32.demote_f64", operands: ["f64"], gives: "f64", code: [0xb6, 0xbb] },
  { title: "f32.demote_f64 f64.promote_f32", operands: ["f32"], gives: "f32", code: [0xbb, 0xb6] },
  ...lanes("f32x4"),
  ...lanes("f64x2"),
];

/** A function of the module: an operation, and which of its operands are constants. */
export interface FloatCase {
  readonly title: string;
  /** The name of its export. */
  readonly entry: string;
}

/** Which operands are constants: none, the first, the second, both. */
function patterns({ operands }: Operation): boolean[][] {
  return operands.length === 1
    ? [[false], [true]]
    : [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ];
}

/** The cases, in the order of the module's functions. */
export const floatCases: readonly FloatCase[] = operations.flatMap((operation) =>
  patterns(operation).map((constant) => {
    const ways = constant.map((is) => (is ? "constant" : "loaded")).join(", ");
    const title = `${operation.title} (${ways})`;
    return { title, entry: title };
  }),
);

/** The module; it exports `memory` and a function for each case. */
export function floatModule(): Uint8Array {
  const bodies = operations.flatMap((operation) =>
    patterns(operation).map((constant) => caseBody(operation, constant)),
  );
  const data = SHAPES.flatMap((shape) =>
    Array.from({ length: CLASSES }, (_, index) => padded(valueBytes(shape, index))),
  );
  return moduleOf(
    section(1, vector([[0x60, 0, 0]])),
    section(3, vector(bodies.map(() => [0]))),
    section(5, vector([[1, 1, 1]])),
    section(
      7,
      vector([[name("memory"), 2, 0], ...floatCases.map(({ entry }, index) => [name(entry), 0, unsigned(index)])]),
    ),
    section(10, vector(bodies)),
    section(11, vector([[0, 0x41, 0, 0x0b, sized(data)]])),
  );
}

const padded = (bytes: Uint8Array): Uint8Array => {
  const slot = new Uint8Array(SLOT);
  slot.set(bytes);
  return slot;
};

function caseBody({ operands, gives, code }: Operation, constant: readonly boolean[]): Bytes {
  const operand = (place: number, index: number): Bytes => {
    const shape = operands[place]!;
    if (constant[place]) return [CONST[shape], valueBytes(shape, index)];
    return [0x41, 0, LOAD[shape], memory((SHAPES.indexOf(shape) * CLASSES + index) * SLOT)];
  };
  const parts: Bytes[] = [];
  for (let first = 0; first < CLASSES; first++) {
    for (let second = 0; second < (operands.length === 2 ? CLASSES : 1); second++) {
      const at = RESULTS + (first * CLASSES + second) * SLOT;
      const values = operands.length === 2 ? [operand(0, first), operand(1, second)] : [operand(0, first)];
      parts.push([0x41, signed(0), values, code, STORE[gives], memory(at)]);
    }
  }
  return sized([0, parts, 0x0b]);
}
