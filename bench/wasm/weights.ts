/**
 * How far each weight of the cost table is from the time that an instruction takes here.
 *
 * `node bench/run.mjs bench/wasm/weights.ts [--json]`. Weights are prices, not measurements: this prints and changes
 * nothing. Each instruction runs in a chain, each depending on the one before, on bare V8; the column says how many
 * `i32.rotl` it takes in time, and how many its weight says.
 * @module
 */

import { setFlagsFromString } from "node:v8";
import makeWabt from "wabt";
import { costs1 } from "../../src/wasm/index.ts";
import { type Case, measure } from "../vm/measure.ts";

setFlagsFromString("--no-liftoff");

/** A loop body that updates `$x` (i32), `$y` (i64), `$d` (f64) or `$v` (v128) `chain` times over. */
const chain = 16;
interface Sample {
  readonly name: string;
  readonly body: string;
  /** What the cost table charges for what the body does beyond the chain of `i32.rotl` it is measured in. */
  readonly weight: number;
  /** Bytes, elements or pages that one execution handles. */
  readonly amount?: number;
}

const plain = costs1.plain;
const samples: readonly Sample[] = [
  // A rotation by what is not known, so that no compiler folds the chain into one.
  { name: "i32.rotl", body: "(local.set $x (i32.rotl (local.get $x) (local.get $n)))", weight: plain },
  { name: "i64.mul", body: "(local.set $y (i64.mul (local.get $y) (i64.extend_i32_u (local.get $n))))", weight: plain },
  { name: "i32.load", body: "(local.set $x (i32.load (i32.and (local.get $x) (i32.const 1020))))", weight: plain },
  { name: "i32.store", body: "(i32.store (i32.const 64) (local.get $x))", weight: plain },
  { name: "f64.add", body: "(local.set $d (f64.add (local.get $d) (f64.const 1.5)))", weight: plain },
  { name: "f64x2.mul", body: "(local.set $v (f64x2.mul (local.get $v) (local.get $v)))", weight: plain },
  {
    name: "i32.div_u",
    body: "(local.set $x (i32.div_u (i32.const 1000000) (i32.or (local.get $x) (i32.const 1))))",
    weight: costs1.division,
  },
  {
    name: "i64.rem_s",
    body: "(local.set $y (i64.rem_s (i64.const 1000000000000) (i64.or (local.get $y) (i64.const 1))))",
    weight: costs1.division,
  },
  { name: "f64.div", body: "(local.set $d (f64.div (f64.const 3) (local.get $d)))", weight: costs1.division },
  { name: "f64.sqrt", body: "(local.set $d (f64.sqrt (local.get $d)))", weight: costs1.division },
  { name: "call", body: "(local.set $x (call $callee (local.get $x)))", weight: costs1.call },
  {
    name: "call_indirect",
    body: "(local.set $x (call_indirect (param i32) (result i32) (local.get $x) (i32.const 0)))",
    weight: costs1.callIndirect,
  },
  {
    name: "memory.fill, byte of 64 KiB",
    body: "(memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))",
    weight: costs1.bulkByte,
    amount: 65_536,
  },
  {
    name: "memory.copy, byte of 32 KiB",
    body: "(memory.copy (i32.const 0) (i32.const 32768) (i32.const 32768))",
    weight: costs1.bulkByte,
    amount: 32_768,
  },
  {
    name: "table.fill, element of 1,000",
    body: "(table.fill 0 (i32.const 0) (ref.null func) (i32.const 1000))",
    weight: costs1.tableElement,
    amount: 1000,
  },
];

const wabt = await makeWabt();
const cases: Case[] = samples.map(({ name, body, amount }) => {
  const once = amount === undefined ? body.concat(" ").repeat(chain) : body;
  const source = `(module (memory 1) (table 1000 funcref) (elem (i32.const 0) $callee)
    (func $callee (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func (export "run") (param $n i32) (result i32) (local $x i32) (local $y i64) (local $d f64) (local $v v128)
      (local.set $d (f64.const 1.25))
      (loop $again ${once} (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.add (i32.add (local.get $x) (i32.wrap_i64 (local.get $y)))
        (i32.add (i32.trunc_sat_f64_s (local.get $d)) (i32x4.extract_lane 0 (local.get $v))))))`;
  const { buffer } = wabt.parseWat(name, source, { simd: true, bulk_memory: true, reference_types: true }).toBinary({});
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(buffer as Uint8Array<ArrayBuffer>));
  const run = exports.run as (n: number) => number;
  return { name, run: (times) => void run(times) };
});
const figures = measure(cases, { rounds: 15, millisecondsEach: 3 });
const each = ({ name, amount }: Sample): number => figures.get(name)! / (amount ?? chain);
const unit = each(samples[0]!);
for (const sample of samples) {
  const time = each(sample) / unit;
  const priced = sample.weight / plain;
  if (process.argv.includes("--json")) console.log(JSON.stringify({ name: sample.name, time, priced }));
  else
    console.log(
      `${sample.name.padEnd(32)} time ${time.toFixed(2).padStart(8)}  priced ${priced.toFixed(3).padStart(8)}`,
    );
}
