/**
 * Measures by medians of interleaved rounds, so that a slow moment of the machine hits every case alike.
 * @module
 */

/** Something that can be done a number of times. */
export interface Case {
  readonly name: string;
  /** Does it `times` times over. */
  run(times: number): void;
}

/** One line of the report: a figure against its baseline, and the bound it should keep. */
export interface Ratio {
  readonly name: string;
  readonly nanoseconds: number;
  readonly baseline: string;
  readonly ratio: number;
  readonly bound?: number;
}

const now = (): number => Number(process.hrtime.bigint());

/** The median nanoseconds of doing each case once. */
export function measure(cases: readonly Case[], { rounds = 101, millisecondsEach = 0.5 } = {}): Map<string, number> {
  const times = new Map(cases.map((item) => [item.name, calibrate(item, millisecondsEach * 1e6)]));
  const samples = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of cases) {
      const count = times.get(name)!;
      const start = now();
      run(count);
      samples.get(name)!.push((now() - start) / count);
    }
  }
  return new Map([...samples].map(([name, values]) => [name, median(values)]));
}

/** How often fits into some nanoseconds, after V8 has had time to optimise; the most, as a busy machine only slows. */
function calibrate({ run }: Case, nanoseconds: number): number {
  let times = 1;
  let most = 1;
  for (let settled = 0; settled < 8; ) {
    const start = now();
    run(times);
    const taken = now() - start;
    const fits = Math.ceil((times * nanoseconds) / Math.max(taken, 1));
    if (taken >= nanoseconds / 2) {
      settled++;
      most = Math.max(most, fits);
    }
    times = Math.max(1, Math.min(times * 4, fits));
  }
  return most;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

/** Compares one median to another. */
export function ratio(figures: Map<string, number>, name: string, baseline: string, bound?: number): Ratio {
  const nanoseconds = figures.get(name)!;
  const value = nanoseconds / figures.get(baseline)!;
  return { name, nanoseconds, baseline, ratio: value, ...(bound === undefined ? {} : { bound }) };
}

/** Prints the ratios, as JSON lines with `--json`. */
export function report(ratios: readonly Ratio[]): void {
  for (const item of ratios) {
    if (process.argv.includes("--json")) {
      console.log(JSON.stringify(item));
      continue;
    }
    const bound =
      item.bound === undefined ? "" : `  (bound ${item.bound}x${item.ratio > item.bound ? ", MISSED" : ""})`;
    const figure = `${item.nanoseconds.toFixed(0).padStart(9)} ns  ${item.ratio.toFixed(2).padStart(7)}x`;
    console.log(`${item.name.padEnd(52)} ${figure} ${item.baseline}${bound}`);
  }
}
