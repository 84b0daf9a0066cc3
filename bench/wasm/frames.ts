/**
 * Measures what a frame really takes on V8's stack, per compiler tier, against what `stack.md` reckons.
 *
 * A function of some shape calls itself until V8 gives up, once on a small stack and once on a larger one: the bytes
 * between, divided by the calls between, are one frame. Each measurement is a process of its own, since stack size
 * and tier are set at start. Used by the bench `stack.ts` and by a test.
 * @module
 */

import { spawnSync } from "node:child_process";
import wabtInit from "wabt";
import { prepareModule } from "../../src/wasm/index.ts";

/** A frame of one shape: what the formula says, and what a tier takes. */
export interface Frame {
  readonly shape: string;
  readonly tier: string;
  readonly reckoned: number;
  readonly real: number;
}

const tiers: Readonly<Record<string, readonly string[]>> = {
  TurboFan: ["--no-liftoff"],
  Liftoff: ["--liftoff", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering"],
};

const repeat = (n: number, make: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => make(i)).join(" ");
const count = "(global.set $depth (i32.add (global.get $depth) (i32.const 1)))";
const recurse = "(call $f (i64.add (local.get 0) (i64.const 1)))";
const frame = (declarations: string, body: string, start = "(i64.const 1)"): string =>
  `(module (memory 2) (global $sink (mut i64) (i64.const 0)) (global $depth (export "depth") (mut i32) (i32.const 0))
     (func $f ${declarations} ${count} ${body}) (func (export "run") (call $f ${start})))`;
const locals = (n: number, type: string): string =>
  frame(
    `(param i64) (local ${repeat(n, () => type)})`,
    `${repeat(n, (i) => `(local.set ${i + 1} (${type}.load offset=${16 * i} (i32.const 0)))`)} ${recurse}
     ${repeat(n, (i) => `(${type}.store offset=${16 * i + 40_000} (i32.const 0) (local.get ${i + 1}))`)}`,
  );
const products = (n: number): string => {
  const product = (i: number, at: number): string =>
    `(i64.store offset=${8 * i + at} (i32.const 0) (i64.mul (local.get 0) (i64.const ${2 * i + 3})))`;
  return frame("(param i64)", `${repeat(n, (i) => product(i, 0))} ${recurse} ${repeat(n, (i) => product(i, 40_000))}`);
};
const parameters = (n: number): string =>
  frame(
    `(param ${repeat(n, () => "i64")})`,
    `(call $f ${repeat(n, (i) => `(i64.add (local.get ${i}) (i64.const ${i}))`)})
     ${repeat(n, (i) => `(i64.store offset=${8 * i + 40_000} (i32.const 0) (local.get ${i}))`)}`,
    repeat(n, () => "(i64.const 1)"),
  );
/** Little of its own, and all that the pass may add: temporaries of every type. */
const added = (float: string): string =>
  frame(
    "(param i64) (local i32)",
    `(drop (memory.grow (i32.const 0))) (memory.fill (i32.const 0) (i32.const 0) (i32.const 1))
     (${float}.store (i32.const 0) (${float}.add (${float}.load (i32.const 0)) (${float}.load (i32.const 16))))
     (loop $again (if (i32.lt_s (local.get 1) (i32.wrap_i64 (local.get 0)))
       (then (i32.store (i32.const 32) (local.get 1)) (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br $again))))
     ${recurse.replace("(i64.const 1)", "(i64.const 0)")}`,
  );
const results = (n: number): string =>
  `(module (memory 2) (global $depth (export "depth") (mut i32) (i32.const 0))
     (func $f (param i64) (result ${repeat(n, () => "i64")}) ${count} ${recurse}) (func (export "run") (call $f (i64.const 1)) ${repeat(n, () => "drop")}))`;

/** Shapes that strain one part of a frame each. */
export const shapes: Readonly<Record<string, string>> = {
  empty: frame("(param i64)", recurse),
  "one local": locals(1, "i64"),
  "100 locals": locals(100, "i64"),
  "100 float locals": locals(100, "f64"),
  "100 vector locals": locals(100, "v128"),
  "100 operands": frame(
    "(param i64)",
    `${repeat(100, (i) => `(i64.load offset=${8 * i} (i32.const 0))`)} ${recurse} ${repeat(100, () => "(global.set $sink)")}`,
  ),
  "2 parameters": parameters(2),
  "50 parameters": parameters(50),
  "20 results": results(20),
  "200 results": results(200),
  "all that is added": added("f64"),
  "10 shared products": products(10),
  "300 shared products": products(300),
};

// What is reckoned shows in how many more calls fit into more bytes, when the count ends the recursion.
const script = `const { bytes, stack, most } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(bytes, "base64")));
  const deepest = (what) => {
    exports.depth.value = 0;
    try { exports.run(); } catch (error) { if (!(error instanceof what)) throw error; }
    return exports.depth.value;
  };
  const depth = deepest(RangeError);
  const fits = [most / 8, most].map((whole) => {
    exports[stack].value = whole;
    const calls = deepest(WebAssembly.RuntimeError);
    if (exports[stack].value !== -1) throw new Error("no stack overflow");
    return calls;
  });
  console.log(JSON.stringify({ depth, reckoned: (most - most / 8) / (fits[1] - fits[0]) }));`;

function run(
  prepared: { readonly bytes: string; readonly stack: string },
  flags: readonly string[],
  kilobytes: number,
): { depth: number; reckoned: number } {
  const input = JSON.stringify({ ...prepared, most: Math.round(kilobytes * 870) });
  const child = spawnSync(process.execPath, [`--stack-size=${kilobytes}`, ...flags, "-e", script], {
    input,
    encoding: "utf8",
  });
  if (child.status !== 0) throw new Error(`a measurement failed: ${child.stderr}`);
  return JSON.parse(child.stdout);
}

/** Measures the frames of some shapes in every tier. */
export async function measureFrames(names: readonly string[] = Object.keys(shapes)): Promise<Frame[]> {
  const wabt = await wabtInit();
  const frames: Frame[] = [];
  for (const shape of names) {
    const { buffer } = wabt.parseWat(shape, shapes[shape]!, { simd: true, multi_value: true }).toBinary({});
    const prepared = prepareModule(buffer, { profile: "wasm2", maxStack: 2 ** 30 });
    const input = { bytes: Buffer.from(prepared.bytes).toString("base64"), stack: prepared.stackGlobal };
    for (const [tier, flags] of Object.entries(tiers)) {
      const small = run(input, flags, 1500);
      const large = run(input, flags, 4500);
      frames.push({ shape, tier, reckoned: large.reckoned, real: (3000 * 1024) / (large.depth - small.depth) });
    }
  }
  return frames;
}
