/**
 * What metering, stack counting and canonical floats cost while a program runs, against the same program on bare V8.
 *
 * `node bench/run.mjs bench/wasm/overhead.ts [--json] [--parts] [--no-real] [kernel ...]`. Optimised code from the
 * start (`--no-liftoff`), medians of interleaved rounds in one process. Each program is compiled three times over,
 * since where code lands in memory alone moves a program of calls by a third; the figure is the median of the three.
 * The last lines are the geometric mean of the programs that the bound speaks of, that of all, and the worst.
 * @module
 */

import { setFlagsFromString } from "node:v8";
import { prepareModule } from "../../src/wasm/index.ts";
import { type Case, measure, median, type Ratio, report } from "../vm/measure.ts";
import { compileKernels, type Kernel } from "./kernels.ts";
import { binaryenOn, wabtOn } from "./real.ts";

/** What the bound speaks of; the other kernels are what compilers write most tightly. */
const bounded = new Set([
  ...["fib", "sieve", "sha256", "keccak", "blake2b", "matmul", "strings", "map", "json", "sort", "bigint", "dot"],
  ...["wabt, 586 KiB", "binaryen, 8.5 MiB"],
]);

setFlagsFromString("--no-liftoff");
const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const parts = process.argv.includes("--parts");
const copies = 3;
const ratios: Ratio[] = [];
let serial = 0;

/** The same module in other bytes, so that V8 compiles it anew. */
function unique(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const section = [0, 14, 1, 0x75, ...Buffer.from(String(serial++).padStart(12, "0"))];
  const copy = new Uint8Array(bytes.length + section.length);
  copy.set(bytes);
  copy.set(section, bytes.length);
  return copy;
}

function start(bytes: Uint8Array): (rounds: number) => number {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(unique(bytes)), {});
  return instance.exports.run as (rounds: number) => number;
}

/** How many rounds last about a third of a millisecond: short samples are seldom interrupted on a busy machine. */
function roundsFor(run: (rounds: number) => number): number {
  for (let rounds = 1; ; rounds *= 2) {
    const from = process.hrtime.bigint();
    run(rounds);
    if (process.hrtime.bigint() - from > 300_000n) return rounds;
  }
}

/** Measures variants of one program; the first is the baseline. */
function compare(name: string, variants: readonly [what: string, runs: readonly (() => void)[]][]): void {
  const cases: Case[] = variants.flatMap(([what, runs]) =>
    runs.map((run, k) => ({
      name: `${what}/${k}`,
      run: (times: number) => {
        for (let i = 0; i < times; i++) run();
      },
    })),
  );
  const figures = measure(cases, { rounds: 101, millisecondsEach: 0.4 });
  const middle = ([what, runs]: (typeof variants)[number]): number =>
    median(runs.map((_, k) => figures.get(`${what}/${k}`)!));
  const baseline = middle(variants[0]!);
  for (const variant of variants.slice(1)) {
    const nanoseconds = middle(variant);
    const bound = variant[0] === name ? { bound: 1.4 } : {};
    ratios.push({ name: variant[0], nanoseconds, baseline: "bare V8", ratio: nanoseconds / baseline, ...bound });
  }
}

function compareKernel({ name, bytes }: Kernel): void {
  const forms: [string, Uint8Array][] = [
    [`${name} bare`, bytes],
    [name, prepareModule(bytes, { profile: "wasm2" }).bytes],
  ];
  if (parts) {
    forms.push([`${name}, floats native`, prepareModule(bytes, { profile: "wasm2", floats: "native" }).bytes]);
    forms.push([`${name}, no gas`, prepareModule(bytes, { profile: "wasm2", meter: false }).bytes]);
  }
  const variants = forms.map(([what, form]) => [what, Array.from({ length: copies }, () => start(form))] as const);
  const bare = variants[0]![1][0]!;
  const rounds = name === "fib" ? 20 : roundsFor(bare);
  const expected = bare(rounds);
  for (const [what, runs] of variants) {
    for (const run of runs) if (run(rounds) !== expected) throw new Error(`${what} gives another result`);
  }
  compare(
    name,
    variants.map(([what, runs]) => [what, runs.map((run) => () => void run(rounds))]),
  );
}

/** wabt and binaryen, each on its own module and on the prepared one, at what they are for. */
async function compareReal(text: string): Promise<void> {
  // Functions with thousands of locals that call themselves through JavaScript: more depth than a contract has.
  const prepare = (bytes: Uint8Array): Uint8Array =>
    prepareModule(bytes, { profile: "wasm2", maxStack: 2 ** 28 }).bytes;
  const assemble = (wabt: Awaited<ReturnType<typeof wabtOn>>) => (): void => {
    const module = wabt.parseWat("module.wat", text);
    module.toBinary({});
    module.destroy();
  };
  compare("wabt, 586 KiB", [
    ["wabt bare", [assemble(await wabtOn(unique)), assemble(await wabtOn(unique))]],
    ["wabt, 586 KiB", [assemble(await wabtOn(prepare)), assemble(await wabtOn((bytes) => prepare(unique(bytes))))]],
  ]);
  const optimise = (binaryen: Awaited<ReturnType<typeof binaryenOn>>) => (): void => {
    const module = binaryen.parseText(text);
    module.setFeatures(binaryen.Features.All);
    module.optimize();
    module.emitBinary();
    module.dispose();
  };
  compare("binaryen, 8.5 MiB", [
    ["binaryen bare", [optimise(await binaryenOn(unique))]],
    ["binaryen, 8.5 MiB", [optimise(await binaryenOn(prepare))]],
  ]);
}

for (const kernel of compileKernels(names.length > 0 ? names : undefined)) compareKernel(kernel);
if (names.length === 0 && !process.argv.includes("--no-real")) {
  const binaryen = await binaryenOn((bytes) => bytes);
  const module = binaryen.readBinary(compileKernels(["map"])[0]!.bytes);
  await compareReal(module.emitText());
}
const own = ratios.filter(({ bound }) => bound !== undefined);
const mean = (items: readonly Ratio[]): number =>
  Math.exp(items.reduce((sum, item) => sum + Math.log(item.ratio), 0) / items.length);
const inBound = own.filter(({ name }) => bounded.has(name));
report(ratios);
report([
  ...(inBound.length > 0
    ? [
        {
          name: `geometric mean of the ${inBound.length} bounded`,
          nanoseconds: 0,
          baseline: "bare V8",
          ratio: mean(inBound),
          bound: 1.08,
        },
      ]
    : []),
  { name: `geometric mean of all ${own.length}`, nanoseconds: 0, baseline: "bare V8", ratio: mean(own) },
  { name: "worst", nanoseconds: 0, baseline: "bare V8", ratio: Math.max(...own.map((item) => item.ratio)), bound: 1.4 },
]);
