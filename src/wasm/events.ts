/**
 * What the walk over a body notes for the writer: places in the input, in order, where code may be added.
 *
 * Parallel typed arrays, reused from module to module: no object per instruction. A stretch is its opening event, so an
 * event's index is also a stretch's name.
 * @module
 */

/** A stretch opens: `a` is the parent's event (-1 without), `b` what it has absorbed, `cost` what it costs. */
export const openFunction = 1;
export const openLoop = 2;
export const openOther = 3;
/** A call: `a` is the callee's index or -1 through a table, `b` the byte after the instruction. */
export const call = 4;
/** A call in a sequence that ends in `unreachable`: after it nothing is charged here. */
export const lastCall = 5;
/** A tail call: `a` is the callee's index or -1. */
export const tailCall = 6;
/**
 * A `loop` opcode: `a` is the number of calls inside, `b` the number of stretches charged inside; `cost` is 1 when the
 * two instructions before it set a local to a constant of one byte.
 */
export const loop = 7;
/**
 * After a loop's `end`: `a` is the loop's event, `b` 1 when the loop is left early; `cost` is 1 when an `if` without
 * `else` ends right before it, whose stretch is the first that is opened in the loop.
 */
export const loopEnd = 8;
// 9 and 10 are the candidates of floats.ts.
/** Control may leave the function here: `return`, a branch to the function's label, the last `end`. */
export const exit = 11;
/** A bulk instruction follows: `a` is 0 for bytes of memory, 1 for elements of a table. */
export const bulk = 12;
/** `memory.grow` follows: `b` is the byte after it. */
export const grow = 13;

/** A direct call, a tail call or a `return` that is not reached: `b` is the byte after the instruction. */
export const unreached = 14;

/** The events of one module. */
export class Events {
  pos = new Int32Array(4096);
  kind = new Uint8Array(4096);
  a = new Int32Array(4096);
  b = new Int32Array(4096);
  cost = new Float64Array(4096);
  count = 0;

  /** Adds an event and returns its index. */
  add(kind: number, pos: number, a: number, b: number): number {
    const e = this.count;
    if (e === this.pos.length) this.widen();
    this.pos[e] = pos;
    this.kind[e] = kind;
    this.a[e] = a;
    this.b[e] = b;
    this.cost[e] = 0;
    this.count = e + 1;
    return e;
  }

  private widen(): void {
    const n = this.pos.length * 2;
    const { pos, kind, a, b, cost } = this;
    (this.pos = new Int32Array(n)).set(pos);
    (this.kind = new Uint8Array(n)).set(kind);
    (this.a = new Int32Array(n)).set(a);
    (this.b = new Int32Array(n)).set(b);
    (this.cost = new Float64Array(n)).set(cost);
  }
}
