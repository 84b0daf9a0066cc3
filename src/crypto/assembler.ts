/**
 * Just enough of a WebAssembly assembler to build the two hash functions that the hot path lives on.
 *
 * Their inner loops are 64-bit arithmetic, which JavaScript has only as bigint or in halves: the same loops as
 * WebAssembly are five to ten times faster, and building them here costs a millisecond at start-up, no package and no
 * waiting.
 * @module
 */

/** Opcodes used, under the names of the specification's text format. */
export const op = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  call: 0x10,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i64Load: 0x29,
  i32Load8U: 0x2d,
  i64Store: 0x37,
  i32Store8: 0x3a,
  i32Const: 0x41,
  i64Const: 0x42,
  i32LtU: 0x49,
  i32LeU: 0x4d,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Or: 0x72,
  i64Add: 0x7c,
  i64And: 0x83,
  i64Xor: 0x85,
  i64Rotl: 0x89,
  i64Rotr: 0x8a,
  i64ExtendI32U: 0xad,
} as const;

const I32 = 0x7f;
const I64 = 0x7e;
const VOID_BLOCK = 0x40;

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 127;
    rest >>= 7;
    if ((rest === 0 && low < 64) || (rest === -1 && low >= 64)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 128);
  }
}

/** The body of one function, written instruction by instruction. */
export class Body {
  private readonly code: number[] = [];
  private readonly locals: { readonly i32: number; readonly i64: number };
  private readonly parameters: readonly ("i32" | "i64")[];
  readonly exportName: string | undefined;

  /** @param locals how many locals follow the parameters: first those of i32, then those of i64. */
  constructor(parameters: readonly ("i32" | "i64")[], locals: { i32: number; i64: number }, exportName?: string) {
    this.parameters = parameters;
    this.locals = locals;
    this.exportName = exportName;
  }

  /** Instructions without immediates. */
  do(...opcodes: readonly number[]): this {
    for (const opcode of opcodes) this.code.push(opcode);
    return this;
  }

  /** An instruction with an unsigned immediate: a local, a label, a function. */
  at(opcode: number, index: number): this {
    this.code.push(opcode, ...unsigned(index));
    return this;
  }

  get(...indices: readonly number[]): this {
    for (const index of indices) this.at(op.localGet, index);
    return this;
  }

  set(index: number): this {
    return this.at(op.localSet, index);
  }

  constant(opcode: typeof op.i32Const | typeof op.i64Const, value: number): this {
    this.code.push(opcode, ...signed(value));
    return this;
  }

  i32(value: number): this {
    return this.constant(op.i32Const, value);
  }

  i64(value: number): this {
    return this.constant(op.i64Const, value);
  }

  /** A load or store at a constant offset from the address on the stack. */
  memory(opcode: number, offset: number): this {
    this.code.push(opcode, 0, ...unsigned(offset));
    return this;
  }

  fill(): this {
    this.code.push(0xfc, 0x0b, 0);
    return this;
  }

  enter(opcode: typeof op.block | typeof op.loop): this {
    this.code.push(opcode, VOID_BLOCK);
    return this;
  }

  get type(): number[] {
    const parameters = this.parameters.map((type) => (type === "i32" ? I32 : I64));
    return [0x60, parameters.length, ...parameters, 0];
  }

  get bytes(): number[] {
    const body = [2, ...unsigned(this.locals.i32), I32, ...unsigned(this.locals.i64), I64, ...this.code, op.end];
    return [...unsigned(body.length), ...body];
  }
}

/**
 * A module of these functions with a memory `m` of `pages` pages that starts with `data`.
 *
 * Synchronous: the modules here are a few kilobytes.
 */
export function assemble(functions: readonly Body[], pages: number, data: Uint8Array): WebAssembly.Instance {
  const section = (id: number, items: readonly (readonly number[])[]): number[] => {
    const content = [...unsigned(items.length), ...items.flat()];
    return [id, ...unsigned(content.length), ...content];
  };
  const name = (text: string): number[] => [text.length, ...Array.from(text, (c) => c.charCodeAt(0))];
  const exported = functions.flatMap((f, index) =>
    f.exportName === undefined ? [] : [[...name(f.exportName), 0, ...unsigned(index)]],
  );
  const bytes = new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map((f) => f.type),
    ),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[1, pages, pages]]),
    ...section(7, [[...name("m"), 2, 0], ...exported]),
    ...section(
      10,
      functions.map((f) => f.bytes),
    ),
    ...section(11, [[0, op.i32Const, 0, op.end, ...unsigned(data.length), ...data]]),
  ]);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes));
}
