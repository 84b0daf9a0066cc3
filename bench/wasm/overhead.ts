/**
 * What metering, stack counting and canonical floats cost while a program runs, against the same program on bare V8.
 *
 * `node bench/run.mjs bench/wasm/overhead.ts [--json] [kernel ...]`. Medians of interleaved rounds in one process; the
 * last lines are the geometric mean and the worst kernel.
 * @module
 */

import { prepareModule } from "../../src/wasm/index.ts";
import { type Case, measure, type Ratio, ratio, report } from "../vm/measure.ts";
import { compileKernels } from "./kernels.ts";

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const parts = process.argv.includes("--parts");
const ratios: Ratio[] = [];

function start(bytes: Uint8Array): (rounds: number) => number {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), {});
  const run = instance.exports.run as (rounds: number) => number;
  return run;
}

/** How many rounds last about a millisecond. */
function roundsFor(run: (rounds: number) => number): number {
  for (let rounds = 1; ; rounds *= 2) {
    const from = process.hrtime.bigint();
    run(rounds);
    if (process.hrtime.bigint() - from > 1_000_000n) return rounds;
  }
}

for (const { name, bytes } of compileKernels(names.length > 0 ? names : undefined)) {
  const bare = start(bytes);
  const runs: [string, (rounds: number) => number][] = [
    [`${name} bare`, bare],
    [name, start(prepareModule(bytes, { profile: "wasm2" }).bytes)],
  ];
  if (parts) {
    runs.push([`${name} floats native`, start(prepareModule(bytes, { profile: "wasm2", floats: "native" }).bytes)]);
    runs.push([`${name} no meter`, start(prepareModule(bytes, { profile: "wasm2", meter: false }).bytes)]);
  }
  const rounds = name === "fib" ? 22 : roundsFor(bare);
  const expected = bare(rounds);
  for (const [what, run] of runs) {
    if (run(rounds) !== expected) throw new Error(`${what} gives another result`);
  }
  const cases: Case[] = runs.map(([what, run]) => ({
    name: what,
    run: (times) => {
      for (let i = 0; i < times; i++) run(rounds);
    },
  }));
  const figures = measure(cases, { rounds: 31, millisecondsEach: 4 });
  for (const [what] of runs.slice(1))
    ratios.push(ratio(figures, what, `${name} bare`, what === name ? 1.4 : undefined));
}
const own = ratios.filter(({ bound }) => bound !== undefined);
const mean = Math.exp(own.reduce((sum, item) => sum + Math.log(item.ratio), 0) / own.length);
report(ratios);
report([
  { name: "geometric mean", nanoseconds: 0, baseline: "bare V8", ratio: mean, bound: 1.08 },
  { name: "worst", nanoseconds: 0, baseline: "bare V8", ratio: Math.max(...own.map((item) => item.ratio)), bound: 1.4 },
]);
