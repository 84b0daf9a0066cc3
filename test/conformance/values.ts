/**
 * Values of WebAssembly scripts: constants to pass and patterns to compare with, both down to the bit.
 * @module
 */

import { type FloatWidth, floatBits, integerBits } from "./literals.ts";
import type { List, Node } from "./sexpr.ts";

export type NumberType = "i32" | "i64" | "f32" | "f64";
export type ReferenceType = "funcref" | "externref";
export type ValueType = NumberType | "v128" | ReferenceType;

/** A lane of a result: its exact bits, or one of the two families of NaN. */
export interface LanePattern {
  readonly width: 8 | 16 | FloatWidth;
  readonly bits: bigint | "nan:canonical" | "nan:arithmetic";
}

/** What a script says about one value. A number has one lane, a vector several, lowest first. */
export type ValuePattern =
  | { readonly type: NumberType | "v128"; readonly lanes: readonly LanePattern[] }
  | { readonly type: ReferenceType; readonly reference: "null" | "any" | number };

/** A value as the machine holds it: bits for numbers and vectors, the thing itself for references. */
export type Value =
  | { readonly type: NumberType | "v128"; readonly bits: bigint }
  | { readonly type: ReferenceType; readonly reference: unknown };

/** The width of a value in bits; references have none. */
export const WIDTHS: Readonly<Record<NumberType | "v128", number>> = { i32: 32, i64: 64, f32: 32, f64: 64, v128: 128 };

const SHAPES: Readonly<Record<string, { width: LanePattern["width"]; float: boolean }>> = {
  i8x16: { width: 8, float: false },
  i16x8: { width: 16, float: false },
  i32x4: { width: 32, float: false },
  i64x2: { width: 64, float: false },
  f32x4: { width: 32, float: true },
  f64x2: { width: 64, float: true },
};

function readLane(text: string, width: LanePattern["width"], float: boolean): LanePattern {
  if (!float) return { width, bits: integerBits(text, width) };
  if (text === "nan:canonical" || text === "nan:arithmetic") return { width, bits: text };
  return { width, bits: floatBits(text, width as FloatWidth) };
}

/** Reads `(i32.const 1)`, `(v128.const f32x4 nan:canonical 0 0 0)`, `(ref.null func)` and their like. */
export function readValue(node: Node): ValuePattern {
  const [head, ...operands] = (node as List).items.map((item) => (item.kind === "atom" ? item.text : ""));
  switch (head) {
    case "i32.const":
    case "i64.const":
    case "f32.const":
    case "f64.const": {
      const type = head.slice(0, 3) as NumberType;
      return { type, lanes: [readLane(operands[0]!, WIDTHS[type] as FloatWidth, type.startsWith("f"))] };
    }
    case "v128.const": {
      const shape = SHAPES[operands[0]!];
      if (shape === undefined) break;
      return { type: "v128", lanes: operands.slice(1).map((text) => readLane(text, shape.width, shape.float)) };
    }
    case "ref.null":
      return { type: operands[0] === "extern" ? "externref" : "funcref", reference: "null" };
    case "ref.extern":
      return { type: "externref", reference: operands[0] === undefined ? "any" : Number(operands[0]) };
    case "ref.func":
      return { type: "funcref", reference: "any" };
  }
  throw new Error(`no value of a script: ${head}`);
}

/** The bits of a constant; patterns have none. */
export function constantBits(lanes: readonly LanePattern[]): bigint {
  let bits = 0n;
  let shift = 0n;
  for (const lane of lanes) {
    if (typeof lane.bits === "string") throw new Error("a NaN pattern is not a constant");
    bits |= lane.bits << shift;
    shift += BigInt(lane.width);
  }
  return bits;
}

/** Whether a value is what the script expects; `host` are the host references that the script can name. */
export function matches(pattern: ValuePattern, value: Value, host: (index: number) => object): boolean {
  if ("reference" in pattern) {
    if (!("reference" in value)) return false;
    if (pattern.reference === "null") return value.reference === null;
    if (pattern.reference === "any") return value.reference !== null;
    return value.reference === host(pattern.reference);
  }
  if (!("bits" in value)) return false;
  let rest = value.bits;
  return pattern.lanes.every((lane) => {
    const bits = BigInt.asUintN(lane.width, rest);
    rest >>= BigInt(lane.width);
    if (typeof lane.bits === "bigint") return bits === lane.bits;
    const canonical = floatBits("nan", lane.width as FloatWidth);
    const magnitude = BigInt.asUintN(lane.width - 1, bits);
    return lane.bits === "nan:canonical" ? magnitude === canonical : (magnitude & canonical) === canonical;
  });
}

/** A value for a message: type and hexadecimal bits. */
export function showValue(value: Value): string {
  if ("reference" in value) return `${value.type} ${value.reference === null ? "null" : "reference"}`;
  return `${value.type} 0x${value.bits.toString(16).padStart(WIDTHS[value.type] / 4, "0")}`;
}

/** A pattern for a message. */
export function showPattern(pattern: ValuePattern): string {
  if ("reference" in pattern) return `${pattern.type} ${pattern.reference}`;
  const lanes = pattern.lanes.map((lane) =>
    typeof lane.bits === "string" ? lane.bits : `0x${lane.bits.toString(16).padStart(lane.width / 4, "0")}`,
  );
  return `${pattern.type} ${lanes.join(" ")}`;
}
