/**
 * Splits a function body into instructions, for the gas oracle.
 *
 * Written from the binary format of WebAssembly 2.0 and the tail call proposal, and from nothing in `src/`: the oracle
 * is worth something only as far as it shares nothing with what it judges. Bodies are valid; what is unknown throws.
 * @module
 * @see https://webassembly.github.io/spec/core/binary/instructions.html
 */

/** One instruction: `[start, end)` in the body's bytes. Prefixed opcodes are `prefix << 8 | number`. */
export interface Instruction {
  readonly opcode: number;
  readonly start: number;
  readonly end: number;
  /** Label, function, table or segment indices, in the order of the binary format. */
  readonly indices: readonly number[];
}

export const OPCODE = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  memoryGrow: 0x40,
  memoryInit: 0xfc08,
  memoryCopy: 0xfc0a,
  memoryFill: 0xfc0b,
  tableInit: 0xfc0c,
  tableCopy: 0xfc0e,
  tableGrow: 0xfc0f,
  tableFill: 0xfc11,
} as const;

/** What follows an opcode. */
type Immediates =
  | "none"
  | "block type"
  | "index"
  | "two indices"
  | "labels"
  | "types"
  | "memory argument"
  | "memory argument and lane"
  | "i32"
  | "i64"
  | "4 bytes"
  | "8 bytes"
  | "16 bytes"
  | "byte";

function immediatesOf(opcode: number): Immediates {
  if (opcode >= 0xfd00) return vectorImmediates(opcode & 0xff);
  if (opcode >= 0xfc00) return bulkImmediates(opcode & 0xff);
  if (opcode === 0x1c) return "types";
  if (opcode >= 0x02 && opcode <= 0x04) return "block type";
  if (opcode === 0x0e) return "labels";
  if (opcode === 0x11 || opcode === 0x13) return "two indices";
  if (opcode === 0x0c || opcode === 0x0d || opcode === 0x10 || opcode === 0x12) return "index";
  if (opcode >= 0x20 && opcode <= 0x26) return "index";
  if (opcode >= 0x28 && opcode <= 0x3e) return "memory argument";
  if (opcode === 0x3f || opcode === 0x40) return "byte";
  if (opcode === 0x41) return "i32";
  if (opcode === 0x42) return "i64";
  if (opcode === 0x43) return "4 bytes";
  if (opcode === 0x44) return "8 bytes";
  if (opcode === 0xd0) return "byte";
  if (opcode === 0xd2) return "index";
  const plain = [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1].includes(opcode);
  if (plain || (opcode >= 0x45 && opcode <= 0xc4)) return "none";
  throw new Error(`unknown opcode 0x${opcode.toString(16)}`);
}

function bulkImmediates(number: number): Immediates {
  if (number <= 7) return "none"; // saturating conversions
  if (number === 8 || number === 10 || number === 12 || number === 14) return "two indices";
  if (number <= 17) return "index";
  throw new Error(`unknown opcode 0xfc ${number}`);
}

function vectorImmediates(number: number): Immediates {
  if (number <= 11 || number === 92 || number === 93) return "memory argument";
  if (number === 12 || number === 13) return "16 bytes"; // v128.const, i8x16.shuffle
  if (number >= 21 && number <= 34) return "byte"; // extract_lane, replace_lane
  if (number >= 84 && number <= 91) return "memory argument and lane";
  if (number <= 255) return "none";
  throw new Error(`unknown opcode 0xfd ${number}`);
}

/** Reads bytes in the encodings of the binary format. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** Steps over a LEB128 of any width. */
  skipLeb(): void {
    while (this.byte() >= 0x80);
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.u32() }, read);
  }

  /** A run of bytes with its length before it. */
  sized(): Uint8Array {
    const length = this.u32();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** Reads instructions from `at` to the end of the bytes. */
export function readInstructions(bytes: Uint8Array, at: number): Instruction[] {
  const reader = new Reader(bytes, at);
  const instructions: Instruction[] = [];
  while (reader.at < bytes.length) {
    const start = reader.at;
    const first = reader.byte();
    const opcode = first === 0xfc || first === 0xfd ? (first << 8) | reader.u32() : first;
    const indices = readImmediates(reader, immediatesOf(opcode));
    instructions.push({ opcode, start, end: reader.at, indices });
  }
  return instructions;
}

function readImmediates(reader: Reader, immediates: Immediates): number[] {
  switch (immediates) {
    case "none":
      return [];
    case "block type": // an index, a value type or 0x40: all of them read as one LEB128
    case "i32":
    case "i64":
      reader.skipLeb();
      return [];
    case "index":
      return [reader.u32()];
    case "two indices":
      return [reader.u32(), reader.u32()];
    case "labels":
      return [...reader.list(() => reader.u32()), reader.u32()];
    case "types":
      reader.list(() => reader.byte());
      return [];
    case "memory argument":
      reader.u32();
      reader.skipLeb();
      return [];
    case "memory argument and lane":
      reader.u32();
      reader.skipLeb();
      reader.at += 1;
      return [];
    case "byte":
      reader.at += 1;
      return [];
    case "4 bytes":
      reader.at += 4;
      return [];
    case "8 bytes":
      reader.at += 8;
      return [];
    case "16 bytes":
      reader.at += 16;
      return [];
  }
}
