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
  i32Eq: 0x46,
  i32LtU: 0x49,
  i32LeU: 0x4d,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32And: 0x71,
  i32Or: 0x72,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64And: 0x83,
  i64Xor: 0x85,
  i64Shl: 0x86,
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
  private code = new Uint8Array(1024);
  private length = 0;
  private readonly locals: { readonly i32: number; readonly i64: number };
  private readonly parameters: readonly ("i32" | "i64")[];
  readonly exportName: string | undefined;

  /** @param locals how many locals follow the parameters: first those of i32, then those of i64. */
  constructor(parameters: readonly ("i32" | "i64")[], locals: { i32: number; i64: number }, exportName?: string) {
    this.parameters = parameters;
    this.locals = locals;
    this.exportName = exportName;
  }

  private byte(value: number): void {
    if (this.length === this.code.length) {
      const grown = new Uint8Array(this.length * 4);
      grown.set(this.code);
      this.code = grown;
    }
    this.code[this.length++] = value;
  }

  private unsigned(value: number): void {
    let rest = value;
    for (; rest > 127; rest >>>= 7) this.byte((rest & 127) | 128);
    this.byte(rest);
  }

  /** An instruction without immediates. */
  do(opcode: number, second?: number): this {
    this.byte(opcode);
    if (second !== undefined) this.byte(second);
    return this;
  }

  /** An instruction with an unsigned immediate: a local, a label, a function. */
  at(opcode: number, index: number): this {
    this.byte(opcode);
    this.unsigned(index);
    return this;
  }

  get(index: number, second?: number): this {
    this.at(op.localGet, index);
    return second === undefined ? this : this.at(op.localGet, second);
  }

  set(index: number): this {
    return this.at(op.localSet, index);
  }

  private constant(opcode: number, value: number): this {
    this.byte(opcode);
    for (const byte of signed(value)) this.byte(byte);
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
    this.byte(opcode);
    this.byte(0);
    this.unsigned(offset);
    return this;
  }

  /** Bytes of instructions as they are: for stretches that repeat. */
  raw(bytes: ArrayLike<number>): this {
    for (let i = 0; i < bytes.length; i++) this.byte(bytes[i] as number);
    return this;
  }

  fill(): this {
    this.byte(0xfc);
    this.byte(0x0b);
    this.byte(0);
    return this;
  }

  enter(opcode: typeof op.block | typeof op.loop): this {
    return this.do(opcode, VOID_BLOCK);
  }

  /** The type of the function, as the type section has it. */
  get type(): number[] {
    const parameters = this.parameters.map((type) => (type === "i32" ? I32 : I64));
    return [0x60, parameters.length, ...parameters, 0];
  }

  /** The body, as the code section has it. */
  bytes(): Uint8Array {
    const locals = [2, ...unsigned(this.locals.i32), I32, ...unsigned(this.locals.i64), I64];
    const size = unsigned(locals.length + this.length + 1);
    const out = new Uint8Array(size.length + locals.length + this.length + 1);
    out.set(size);
    out.set(locals, size.length);
    out.set(this.code.subarray(0, this.length), size.length + locals.length);
    out[out.length - 1] = op.end;
    return out;
  }
}

/**
 * A module of these functions with a memory `m` of `pages` pages that starts with `data`.
 *
 * Synchronous: the modules here are a few kilobytes.
 */
export function assemble(functions: readonly Body[], pages: number, data: Uint8Array): WebAssembly.Instance {
  const parts: ArrayLike<number>[] = [[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]];
  const section = (id: number, items: readonly ArrayLike<number>[]): void => {
    const count = unsigned(items.length);
    parts.push([id], unsigned(count.length + items.reduce((sum, item) => sum + item.length, 0)), count, ...items);
  };
  const name = (text: string): number[] => [text.length, ...Array.from(text, (c) => c.charCodeAt(0))];
  const exported = functions.flatMap((f, index) =>
    f.exportName === undefined ? [] : [[...name(f.exportName), 0, ...unsigned(index)]],
  );
  const types = functions.map((f) => f.type);
  const indices = functions.map((_, index) => unsigned(index));
  const bodies = functions.map((f) => f.bytes());
  section(1, types);
  section(3, indices);
  section(5, [[1, pages, pages]]);
  section(7, [[...name("m"), 2, 0], ...exported]);
  section(10, bodies);
  section(11, [[0, op.i32Const, 0, op.end, ...unsigned(data.length), ...data]]);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return new WebAssembly.Instance(new WebAssembly.Module(bytes));
}
