/**
 * How high the operand stack of a function gets, by the validation algorithm of the specification.
 *
 * Only counts are kept, no types: what is valid is known. In code that is not reached the stack of the innermost block
 * begins empty and operands may be taken from nothing, as in the specification's appendix.
 * @module
 * @see https://webassembly.github.io/spec/core/appendix/algorithm.html
 */

import { type Instruction, OPCODE, Reader } from "./instructions.ts";
import type { TypeCodes } from "./sections.ts";

/** What a function's code may refer to. */
export interface HeightContext {
  readonly types: readonly TypeCodes[];
  /** The type of each function, imported ones first. */
  readonly functions: readonly TypeCodes[];
  readonly type: TypeCodes;
}

interface Frame {
  readonly opcode: number;
  readonly params: number;
  readonly results: number;
  readonly base: number;
  unreachable: boolean;
}

/** The largest number of values on the stack at any point of the code. */
export function largestHeight(body: Uint8Array, code: readonly Instruction[], context: HeightContext): number {
  const { types, functions, type } = context;
  const frames: Frame[] = [];
  let height = 0;
  let largest = 0;
  const push = (count: number): void => {
    height += count;
    largest = Math.max(largest, height);
  };
  const pop = (count: number): void => {
    const frame = frames.at(-1)!;
    height = frame.unreachable ? Math.max(frame.base, height - count) : height - count;
  };
  const enter = (opcode: number, params: number, results: number): void => {
    frames.push({ opcode, params, results, base: height, unreachable: false });
    push(params);
  };
  const leave = (): void => {
    const frame = frames.at(-1)!;
    height = frame.base;
    frame.unreachable = true;
  };
  const label = (index: number): number => {
    const { opcode, params, results } = frames.at(-1 - index)!;
    return opcode === OPCODE.loop ? params : results;
  };
  const call = (callee: TypeCodes): void => {
    pop(callee.params.length);
    push(callee.results.length);
  };

  enter(OPCODE.block, 0, type.results.length);
  for (const { opcode, start, indices } of code) {
    switch (opcode) {
      case OPCODE.block:
      case OPCODE.loop:
      case OPCODE.if: {
        const { params, results } = blockType(body, start + 1, types);
        if (opcode === OPCODE.if) pop(1);
        pop(params);
        enter(opcode, params, results);
        break;
      }
      case OPCODE.else: {
        const { params, results } = frames.at(-1)!;
        height = frames.pop()!.base;
        enter(OPCODE.else, params, results);
        break;
      }
      case OPCODE.end: {
        const { base, results } = frames.pop()!;
        height = base;
        if (frames.length > 0) push(results);
        break;
      }
      case OPCODE.brIf:
        pop(1);
        pop(label(indices[0]!));
        push(label(indices[0]!));
        break;
      case OPCODE.br:
      case OPCODE.brTable:
      case OPCODE.return:
      case OPCODE.unreachable:
      case OPCODE.returnCall:
      case OPCODE.returnCallIndirect:
        leave();
        break;
      case OPCODE.call:
        call(functions[indices[0]!]!);
        break;
      case OPCODE.callIndirect:
        pop(1);
        call(types[indices[0]!]!);
        break;
      default: {
        const [taken, given] = plainArity(opcode);
        pop(taken);
        push(given);
      }
    }
  }
  return largest;
}

function blockType(body: Uint8Array, at: number, types: readonly TypeCodes[]): { params: number; results: number } {
  const first = body[at]!;
  if (first === 0x40) return { params: 0, results: 0 };
  if (first >= 0x6f && first <= 0x7f) return { params: 0, results: 1 };
  const { params, results } = types[new Reader(body, at).u32()]!;
  return { params: params.length, results: results.length };
}

type Arity = readonly [taken: number, given: number];
const GIVES: Arity = [0, 1];
const UNARY: Arity = [1, 1];
const BINARY: Arity = [2, 1];
const TERNARY: Arity = [3, 1];
const TAKES_ONE: Arity = [1, 0];
const TAKES_TWO: Arity = [2, 0];
const TAKES_THREE: Arity = [3, 0];
const NOTHING: Arity = [0, 0];

const within = (value: number, ...ranges: readonly (readonly [number, number])[]): boolean =>
  ranges.some(([first, last]) => value >= first && value <= last);

/** How many values an instruction without control takes and gives. */
function plainArity(opcode: number): Arity {
  if (opcode >= 0xfd00) return vectorArity(opcode & 0xff);
  if (opcode >= 0xfc00) return bulkArity(opcode & 0xff);
  if (opcode === 0x01) return NOTHING;
  if (opcode === 0x1a || opcode === 0x21 || opcode === 0x24) return TAKES_ONE;
  if (opcode === 0x1b || opcode === 0x1c) return TERNARY;
  if (opcode === 0x20 || opcode === 0x23 || opcode === 0x3f || opcode === 0xd0 || opcode === 0xd2) return GIVES;
  if (opcode === 0x22 || opcode === 0x25 || opcode === 0x40 || opcode === 0xd1) return UNARY;
  if (opcode === 0x26 || within(opcode, [0x36, 0x3e])) return TAKES_TWO;
  if (within(opcode, [0x41, 0x44])) return GIVES;
  const binary = within(opcode, [0x46, 0x4f], [0x51, 0x66], [0x6a, 0x78], [0x7c, 0x8a], [0x92, 0x98], [0xa0, 0xa6]);
  return binary ? BINARY : UNARY; // loads, tests, other numeric instructions
}

function bulkArity(number: number): Arity {
  if (number <= 7) return UNARY;
  if (number === 9 || number === 13) return NOTHING;
  if (number === 15) return BINARY;
  return number === 16 ? GIVES : TAKES_THREE;
}

function vectorArity(number: number): Arity {
  if (number === 11) return TAKES_TWO;
  if (number === 12) return GIVES;
  if (number === 82) return TERNARY;
  if (within(number, [88, 91])) return TAKES_TWO;
  const unary =
    within(number, [0, 10], [15, 20], [92, 99], [103, 106], [116, 117], [124, 129], [135, 138], [160, 164]) ||
    within(number, [167, 170], [192, 196], [199, 202], [224, 227], [236, 239], [248, 255]) ||
    [21, 22, 24, 25, 27, 29, 31, 33, 77, 83, 100, 122, 131, 132, 148].includes(number);
  return unary ? UNARY : BINARY; // two vectors, a vector and a scalar, an address and a vector
}
