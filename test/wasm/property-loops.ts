/**
 * Random modules that are mostly loops of the kind that compilers write: a counter, a bound, addresses that follow.
 *
 * Steps and bounds are such that counters wrap, miss their end, or run past the end of memory at any turn; bodies
 * change what the loop counts by, trap, leave, call, and grow memory. Whoever charges such a loop at once must notice.
 * @module
 */

import {
  type Bytes,
  moduleOf,
  name,
  section,
  signed,
  sized,
  TYPE_CODES,
  unsigned,
  vector,
} from "../conformance/encode.ts";
import type { Step } from "../gas/trace.ts";
import { Choices } from "./property-choices.ts";
import type { RandomModule } from "./property-module.ts";

const PARAMS = 4;
/** Locals 0 to 5 are i32, the first four of them parameters; 6 and 7 are i64. */
const I32_LOCALS = 6;
const I64_LOCALS = [6, 7];

/** Bounds that matter: small, around the end of the page, around the ends of 32 bits. */
const AROUND = [0, 0, 0, 8, 40, 300, 65_536, 65_528, 16_384, 0x7fff_ffff, -0x8000_0000, -1];

class LoopCoder {
  readonly #choices: Choices;
  #depth = 0;
  #budget = 40;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  body(): Bytes {
    return [this.#statements(2), this.#tidyLoop(), this.#statements(2), this.#loop(), this.#tidyLoop()];
  }

  #statements(most: number): Bytes {
    return Array.from({ length: this.#choices.below(most + 1) }, () => this.#statement());
  }

  #local(): number {
    return this.#choices.below(I32_LOCALS);
  }

  #number(): Bytes {
    const near = this.#choices.of(AROUND) + this.#choices.below(16) - 8;
    return [0x41, signed(this.#choices.once(3) ? near | 0 : this.#choices.below(20) - 4)];
  }

  /** A value that mostly is a sum of locals and constants. */
  #linear(depth = 0): Bytes {
    const { below, once } = this.#some;
    if (depth === 2) return once(2) ? this.#number() : [0x20, this.#local()];
    switch (below(10)) {
      case 0:
        return this.#number();
      case 1:
      case 2:
      case 3:
        return [0x20, this.#local()];
      case 4:
      case 5:
        return [this.#linear(depth + 1), this.#linear(depth + 1), once(3) ? 0x6b : 0x6a];
      case 6:
        return [this.#linear(depth + 1), 0x41, below(5), 0x74]; // shl
      case 7:
        return [this.#linear(depth + 1), 0x41, signed(below(9) - 2), 0x6c]; // mul
      case 8:
        return [0x23, 0]; // the global
      default:
        return once(2)
          ? [this.#linear(depth + 1), this.#linear(depth + 1), 0x71]
          : [0x20, this.#choices.of(I64_LOCALS), 0xa7];
    }
  }

  #condition(): Bytes {
    const comparison = 0x46 + this.#choices.below(10); // i32.eq to i32.ge_u
    if (this.#choices.once(8))
      return [
        0x20,
        this.#choices.of(I64_LOCALS),
        0x42,
        signed(this.#choices.below(40)),
        0x51 + this.#choices.below(10),
      ];
    if (this.#choices.once(6)) return this.#linear();
    return [this.#linear(1), this.#linear(1), comparison, this.#choices.once(6) ? 0x45 : []];
  }

  #advance(): Bytes {
    const local = this.#local();
    const step = this.#choices.once(4)
      ? this.#number()
      : [0x41, signed(this.#choices.of([1, 1, 1, 2, 4, 8, -1, -1, -4, 3]))];
    if (this.#choices.once(8)) {
      const wide = this.#choices.of(I64_LOCALS);
      return [0x20, wide, 0x42, signed(this.#choices.of([1, -1, 7])), 0x7c, 0x21, wide];
    }
    return [0x20, local, step, this.#choices.once(4) ? 0x6b : 0x6a, 0x21, local];
  }

  #offset(): Bytes {
    return unsigned(
      this.#choices.once(6) ? this.#choices.of([65_535, 65_530, 1_024, 0xffff_ffff]) : this.#choices.below(16),
    );
  }

  #statement(): Bytes {
    this.#budget--;
    const { below, once, of } = this.#some;
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        return this.#advance();
      case 3:
      case 4:
        return [this.#linear(), this.#linear(1), of([0x36, 0x3a, 0x3b]), 0, this.#offset()];
      case 5:
      case 6: {
        const local = this.#local();
        return [0x20, local, this.#linear(), of([0x28, 0x2c, 0x2d, 0x2f]), 0, this.#offset(), 0x6a, 0x21, local];
      }
      case 7:
        return [this.#linear(), 0x29, 0, this.#offset(), 0x21, of(I64_LOCALS)];
      case 8:
        return [this.#linear(), 0x22, this.#local(), 0x1a];
      case 9:
        return [this.#linear(), 0x24, 0];
      case 10:
        if (this.#depth >= 3 || this.#budget < 0) return [0x01];
        this.#depth++;
        try {
          return [this.#condition(), 0x04, 0x40, this.#statements(2), once(2) ? [0x05, this.#statements(2)] : [], 0x0b];
        } finally {
          this.#depth--;
        }
      case 11:
        return this.#loop();
      case 12:
        // Out of the function, seldom.
        return once(3) ? [this.#condition(), 0x04, 0x40, 0x0f, 0x0b] : this.#advance();
      case 13:
        switch (below(5)) {
          case 0:
            return [0x20, this.#local(), 0x42, 1, 0x10, 0]; // host log
          case 1:
            return [this.#linear(), this.#linear(), 0x6d, 0x21, this.#local()]; // div_s
          case 2:
            return [this.#linear(), 0x41, 1, 0x41, below(20), 0xfc, 11, 0]; // memory.fill
          case 3:
            return [0x41, below(2), 0x40, 0, 0x21, this.#local()]; // memory.grow
          default:
            return [0x10, 1]; // the other function
        }
      case 14:
        return [0x20, of(I64_LOCALS), this.#linear(1), 0xad, 0x7c, 0x21, of(I64_LOCALS)];
      default:
        return this.#advance();
    }
  }

  /** A loop that has nothing in it but what a pass can foresee: the trap is in its bounds and addresses. */
  #tidyLoop(): Bytes {
    const { below, once, of } = this.#some;
    const [counter, bound, base, stride] = of([
      [0, 1, 2, 3],
      [1, 0, 3, 2],
      [2, 3, 0, 1],
      [4, 2, 1, 0],
    ] as const);
    // Now and then a loop whose turns can be told from the code.
    const fixed = once(3);
    const limit = (): Bytes => (fixed ? [0x41, signed(below(60))] : once(3) ? this.#number() : [0x20, bound]);
    const place = (): Bytes => {
      if (once(5)) return [0x20, counter, 0x41, signed(of(AROUND)), 0x6a];
      const scaled: Bytes = [0x20, counter, once(2) ? [0x41, below(4), 0x74] : []];
      return once(3) ? [0x20, of([base, counter])] : [scaled, 0x20, base, once(6) ? 0x6b : 0x6a];
    };
    const work = (): Bytes => {
      switch (below(9)) {
        case 7: // traps when the counter passes by a number
          return [0x20, 5, 0x20, counter, 0x41, signed(of([7, 100, -3])), 0x6b, of([0x6e, 0x6d]), 0x21, 5];
        case 0:
        case 1:
          return [0x20, 5, place(), of([0x28, 0x2d, 0x2f]), 0, this.#offset(), 0x6a, 0x21, 5];
        case 2:
        case 3:
          return [place(), 0x20, 5, of([0x36, 0x3a, 0x3b]), 0, this.#offset()];
        case 4:
          return [0x20, base, 0x41, signed(of([1, 4, -1, 8])), 0x6a, 0x21, base];
        case 5:
          return [0x20, 6, 0x20, counter, 0xad, 0x7c, 0x21, 6];
        default:
          return [0x20, counter, 0x41, 3, 0x71, 0x04, 0x40, 0x20, 5, 0x41, 1, 0x6a, 0x21, 5, 0x0b];
      }
    };
    const works = Array.from({ length: below(5) }, work);
    const step = this.#choices.of([1, 1, 1, 2, 3, 4, 8, -1, -1, -1, -2, 0]);
    const tee = once(3);
    const by: Bytes = once(4) ? [0x20, stride] : [0x41, signed(step)];
    const advance: Bytes = [0x20, counter, by, once(6) ? 0x6b : 0x6a, tee ? 0x22 : 0x21, counter];
    const comparison = 0x46 + below(10);
    const left: Bytes = once(6) ? [0x20, counter, 0x41, signed(below(9) - 4), 0x6a] : [0x20, counter];
    const condition: Bytes = once(6)
      ? [left, once(2) ? 0x45 : []]
      : once(4)
        ? [limit(), left, comparison]
        : [left, limit(), comparison];
    const begin: Bytes = fixed ? [0x41, below(40), 0x21, counter] : once(2) ? [this.#number(), 0x21, counter] : [];
    const end: Bytes = tee ? [0x1a] : [];
    // What must not be run more often than it stands there.
    const sets: Bytes = once(10) ? [0x23, 0, 0x41, 1, 0x6a, 0x24, 0] : [];
    switch (below(5)) {
      case 0:
        return [begin, 0x02, 0x40, 0x03, 0x40, sets, condition, 0x0d, 1, works, advance, end, 0x0c, 0, 0x0b, 0x0b];
      case 1:
      case 2:
        return [begin, 0x03, 0x40, sets, condition, 0x04, 0x40, works, advance, end, 0x0c, 1, 0x0b, 0x0b];
      case 3:
        return [begin, 0x03, 0x40, sets, advance, end, works, condition, 0x0d, 0, 0x0b];
      default:
        return tee && step !== 0 && once(2)
          ? [begin, 0x03, 0x40, works, advance, 0x0d, 0, 0x0b]
          : [begin, 0x03, 0x40, works, advance, end, condition, 0x0d, 0, 0x0b];
    }
  }

  /** One of the shapes in which compilers write loops. */
  #loop(): Bytes {
    if (this.#depth >= 3 || this.#budget < 0) return [0x01];
    if (this.#choices.once(2)) return this.#tidyLoop();
    this.#depth++;
    const { below, once } = this.#some;
    const start: Bytes = once(2) ? [this.#number(), 0x21, this.#local()] : [];
    const first = this.#statements(4);
    const rest: Bytes = [this.#advance(), this.#statements(1)];
    const condition = this.#condition();
    this.#depth--;
    switch (below(5)) {
      case 0:
        return [start, 0x02, 0x40, 0x03, 0x40, condition, 0x0d, 1, first, rest, 0x0c, 0, 0x0b, 0x0b];
      case 1:
        return [start, 0x03, 0x40, condition, 0x04, 0x40, first, rest, 0x0c, 1, 0x0b, 0x0b];
      case 2: {
        const held = this.#local();
        return [start, 0x03, 0x40, condition, 0x21, held, 0x20, held, 0x04, 0x40, first, rest, 0x0c, 1, 0x0b, 0x0b];
      }
      default:
        return [start, 0x03, 0x40, first, rest, condition, 0x0d, 0, 0x0b];
    }
  }

  readonly #some = {
    below: (count: number): number => this.#choices.below(count),
    once: (inSoMany: number): boolean => this.#choices.once(inSoMany),
    of: <T>(items: readonly T[]): T => this.#choices.of(items),
  };
}

/** Makes a module from decisions, and calls into it with bounds that matter. */
export function randomLoops(bytes: Uint8Array): RandomModule {
  const choices = new Choices(bytes);
  const steps = Array.from(
    { length: 3 },
    (): Step => ({
      entry: "f",
      args: Array.from({ length: PARAMS }, () => ({
        type: "i32" as const,
        bits: BigInt((choices.of(AROUND) + choices.below(32) - 8) >>> 0),
      })),
    }),
  );
  const code = new LoopCoder(choices).body();
  const callee: Bytes = choices.once(2) ? [0x23, 0, 0x41, 1, 0x6a, 0x24, 0] : [0x01];
  const locals = vector([
    [I32_LOCALS - PARAMS, TYPE_CODES.i32],
    [I64_LOCALS.length, TYPE_CODES.i64],
  ]);
  const i32s = vector(Array.from({ length: PARAMS }, () => [TYPE_CODES.i32]));
  const module = moduleOf(
    section(
      1,
      vector([
        [0x60, vector([[TYPE_CODES.i32], [TYPE_CODES.i64]]), 0],
        [0x60, 0, 0],
        [0x60, i32s, 0],
      ]),
    ),
    section(2, vector([[name("host"), name("log"), 0, 0]])),
    section(3, vector([[1], [2]])),
    section(5, vector([[1, 1, 3]])),
    section(6, vector([[TYPE_CODES.i32, 1, 0x41, 0, 0x0b]])),
    section(
      7,
      vector([
        [name("f"), 0, 2],
        [name("g"), 3, 0],
        [name("memory"), 2, 0],
      ]),
    ),
    section(10, vector([sized([0, callee, 0x0b]), sized([locals, code, 0x0b])])),
  );
  return { bytes: module, steps };
}
