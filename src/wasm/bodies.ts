/**
 * What the walk finds out about each function, in flat arrays.
 * @module
 */

/** What the walk finds out about one function. */
export class Bodies {
  /** Byte of the input where the body (its local declarations) begins, where its code begins, and its end. */
  start: Int32Array;
  code: Int32Array;
  end: Int32Array;
  /** Events of function i are `events[first[i]]` to `events[first[i + 1]] - 1`. */
  first: Int32Array;
  /** Parameters and locals; groups of local declarations. */
  locals: Int32Array;
  groups: Int32Array;
  height: Int32Array;
  instructions: Int32Array;
  /** Instructions whose results the engine may keep beyond their place on the operand stack (`stack.md`). */
  computations: Int32Array;
  /** 1 when some instruction, reached or not, may trap by itself. */
  traps: Uint8Array;
  /** Accesses of function i to its first two declared locals, by their opcodes: `accesses[firstAccess[i]]` and on. */
  firstAccess: Int32Array;
  accesses = new Int32Array(1024);
  accessCount = 0;

  constructor(n: number) {
    this.start = new Int32Array(n);
    this.code = new Int32Array(n);
    this.end = new Int32Array(n);
    this.first = new Int32Array(n + 1);
    this.locals = new Int32Array(n);
    this.groups = new Int32Array(n);
    this.height = new Int32Array(n);
    this.instructions = new Int32Array(n);
    this.computations = new Int32Array(n);
    this.traps = new Uint8Array(n);
    this.firstAccess = new Int32Array(n + 1);
  }

  /** Notes an access to one of a function's first two declared locals. */
  access(at: number): void {
    if (this.accessCount === this.accesses.length) {
      const { accesses } = this;
      (this.accesses = new Int32Array(accesses.length * 2)).set(accesses);
    }
    this.accesses[this.accessCount++] = at;
  }
}
