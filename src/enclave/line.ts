/**
 * What is to happen one after the other: each piece of work is done to its end before the next begins, in slices of time.
 *
 * Work that is due at once is done at once, as far as its slice reaches. The rest of it, and what comes after it, gives way
 * to everything else that the isolate has to do, and goes on when that has had its turn: or, should so much come that the
 * turn has no end, between two calls when it has waited for long. Nobody can hold it up by asking much.
 * @module
 */

/** Work in steps: it yields when `Line.used` says so, and ends with its result. */
export type Work = Generator<void, Uint8Array | Promise<Uint8Array>>;

/** When work gives way. */
export interface Pace {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds of work between two turns of everything else; 0: it yields whenever it may. */
  readonly sliceMs: number;
  /** Milliseconds for which work gives way, at most, while calls come one after the other. */
  readonly patienceMs: number;
  /** Calls back when everything else has had its turn. */
  readonly later: (work: () => void) => void;
}

interface Standing {
  readonly work: Work;
  readonly resolve: (result: Uint8Array | Promise<Uint8Array>) => void;
  readonly reject: (error: unknown) => void;
}

/** How often in a row work may say that it has taken next to no time, and the clock is not looked at. */
const unseen = 8;

/** The line of one enclave. */
export class Line {
  readonly #pace: Pace;
  readonly #standing: Standing[] = [];
  /** When everything else had its last turn; undefined when nothing has been done here since. */
  #since: number | undefined;
  #unseen = 0;
  /** When work that stands here gave way. */
  #gaveWay = 0;
  /** Whether a turn will come. */
  #awaited = false;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Whether work that came now would have to wait. */
  get waits(): boolean {
    return this.#standing.length > 0 || this.used();
  }

  /**
   * Whether the slice is used up, so that the work is to yield.
   * @param light whether what was done since this was last asked took next to no time.
   */
  used(light = false): boolean {
    const { now, sliceMs, later } = this.#pace;
    if (light && sliceMs > 0 && ++this.#unseen < unseen) return false;
    this.#unseen = 0;
    if (this.#since === undefined) {
      this.#since = now();
      // Whatever is done before everything else has its turn shares one slice.
      later(() => {
        if (this.#standing.length === 0) this.#since = undefined;
      });
      return sliceMs === 0;
    }
    return now() - this.#since >= sliceMs;
  }

  /**
   * Takes work; what is done at once gives its result, and throws, at once.
   * @returns its result.
   */
  take(work: Work): Uint8Array | Promise<Uint8Array> {
    if (!this.waits) {
      const step = work.next();
      if (step.done === true) return step.value;
    }
    return new Promise((resolve, reject) => {
      this.#standing.push({ work, resolve, reject });
      if (this.#standing.length > 1) return;
      this.#gaveWay = this.#pace.now();
      this.#await();
    });
  }

  #await(): void {
    if (this.#awaited) return;
    this.#awaited = true;
    this.#pace.later(() => {
      this.#awaited = false;
      this.#go();
      if (this.#standing.length > 0) this.#await();
      else this.#since = undefined;
    });
  }

  /** Lets work go on that has given way for long; to be called between whatever else comes. */
  press(): void {
    if (this.#standing.length === 0) return;
    const { now, patienceMs } = this.#pace;
    if (now() - this.#gaveWay >= patienceMs) this.#go();
  }

  /** A slice. */
  #go(): void {
    this.#since = this.#pace.now();
    this.#unseen = 0;
    for (;;) {
      const [first] = this.#standing;
      if (first === undefined) break;
      try {
        const step = first.work.next();
        if (step.done !== true) break;
        this.#standing.shift();
        first.resolve(step.value);
      } catch (error) {
        this.#standing.shift();
        first.reject(error);
      }
      if (this.used()) break;
    }
    this.#gaveWay = this.#pace.now();
  }
}
