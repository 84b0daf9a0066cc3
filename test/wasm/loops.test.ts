/**
 * Loops that are charged as a whole or go untested: what the pass makes of which loop, that random modules reach every
 * kind, and what it must not be taken in by.
 */

import { expect, test } from "vitest";
import makeWabt from "wabt";
import * as event from "../../src/wasm/events.ts";
import { profileFeatures } from "../../src/wasm/features.ts";
import { prepareModule } from "../../src/wasm/index.ts";
import { type Treatment, treatLoop } from "../../src/wasm/loops.ts";
import { settle } from "../../src/wasm/options.ts";
import { ModuleReader } from "../../src/wasm/sections.ts";
import { seededBytes } from "./property-choices.ts";
import { randomLoops } from "./property-loops.ts";

const wabt = await makeWabt();
const assemble = (source: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(wabt.parseWat("test.wat", source, {}).toBinary({}).buffer);

/** What the pass makes of each loop that counts. */
function treatments(bytes: Uint8Array): Treatment[] {
  const settings = settle({ profile: "wasm2" });
  const reader = new ModuleReader(bytes, settings, profileFeatures.wasm2);
  reader.read();
  const { events } = reader.scanner;
  const found: Treatment[] = [];
  let innermost = -1;
  for (let e = 0; e < events.count; e++) {
    if (events.kind[e] === event.loop) innermost = e;
    else if (events.kind[e] === event.loopEnd) {
      const treatment = innermost === events.a[e] ? treatLoop(reader.scanner, innermost, e, 10_000) : undefined;
      if (treatment !== undefined) found.push(treatment);
      innermost = -1;
    }
  }
  return found;
}

/** What tells one treatment from another: all that the code of a guard depends on. */
function kindsOf({ kind, found }: Treatment): string[] {
  const isSteady = ({ constant, terms }: { constant: number; terms: ReadonlyMap<number, number> }): boolean =>
    constant === 0 && terms.size === 0;
  const { shrink } = found;
  const comparison = found.equality ? "until equal" : found.unsigned ? "unsigned" : "signed";
  const by = shrink.terms.size > 0 ? "a local" : Math.abs(shrink.constant) === 1 ? String(shrink.constant) : "more";
  if (kind === "prepaid") return [`prepaid, tested at its ${found.test}`];
  if (kind === "untested") {
    return [`untested, ${found.traps ? "may trap" : "may not trap"}`, `untested, tested at its ${found.test}`];
  }
  return [
    `whole, tested at its ${found.test}, ${comparison}, by ${by}`,
    ...found.reaches.map(({ step }) =>
      isSteady(step) ? "whole, one place" : `whole, places ${step.terms.size > 0 ? "by a local" : "by a constant"}`,
    ),
    ...found.sides.map(({ step }) => `whole, ${comparison}, a side that ${isSteady(step) ? "stays" : "moves"}`),
    ...(found.reaches.length > 1 ? ["whole, several places"] : []),
    ...(found.reaches.some(({ lowest }) => lowest < 0) ? ["whole, places below a local"] : []),
  ];
}

/** Every kind there is: `finish` and `treatLoop` let no other pass. */
const kinds = [
  ...["head", "tail"].flatMap((test) => [
    ...["signed", "unsigned"].flatMap((comparison) =>
      ["1", "more", "a local"].map((by) => `whole, tested at its ${test}, ${comparison}, by ${by}`),
    ),
    `whole, tested at its ${test}, until equal, by 1`,
    `whole, tested at its ${test}, until equal, by -1`,
    `untested, tested at its ${test}`,
    `prepaid, tested at its ${test}`,
  ]),
  ...["signed", "unsigned", "until equal"].flatMap((comparison) => [
    `whole, ${comparison}, a side that moves`,
    `whole, ${comparison}, a side that stays`,
  ]),
  ...["one place", "several places", "places by a constant", "places by a local", "places below a local"].map(
    (places) => `whole, ${places}`,
  ),
  "untested, may trap",
  "untested, may not trap",
];

test("the random loops of the gas test are of every kind that the pass treats", () => {
  const census = new Map(kinds.map((kind) => [kind, 0]));
  for (let seed = 1; seed <= 600; seed++) {
    for (const treatment of treatments(randomLoops(seededBytes(seed, 900)).bytes)) {
      for (const kind of kindsOf(treatment)) census.set(kind, (census.get(kind) ?? 0) + 1);
    }
  }
  expect([...census.keys()].sort()).toEqual([...kinds].sort());
  expect([...census].filter(([, count]) => count < 5)).toEqual([]);
});

const counting = (before: string): string =>
  `(module (func (export "f") (param i32) ${before} (loop $again
    (if (local.get 0) (then (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br $again))))))`;

test("a constant before a loop counts where it is one, not where its bytes stand in another", () => {
  const number = new Float64Array(Uint8Array.of(0, 0, 0, 0, 0x41, 5, 0x21, 0).buffer)[0]!;
  const kinds = (before: string): string[] => treatments(assemble(counting(before))).map(({ kind }) => kind);
  expect(kinds("(local.set 0 (i32.const 5))")).toEqual(["prepaid"]);
  expect(kinds("")).toEqual(["whole"]);
  const behind = (constant: string): string =>
    counting("").replace("(loop", `${constant} (loop`).replace(/\)\)$/, " (drop)))");
  expect(treatments(assemble(behind(`(f64.const ${number})`))).map(({ kind }) => kind)).toEqual(["whole"]);
});

test("no row of loops that surely end runs on without gas", () => {
  const turn = "(global.set $turns (i32.add (global.get $turns) (i32.const 1)))";
  const loop = (
    work: string,
  ): string => `(local.set 0 (i32.const 0)) (loop $again (if (i32.lt_s (local.get 0) (i32.const 4000))
    (then ${turn} ${work} (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $again))))`;
  for (const [kind, work] of [
    ["prepaid", ""],
    ["untested", "(drop (i32.load (i32.and (global.get $turns) (i32.const 8))))"],
  ] as const) {
    const bytes = assemble(`(module (memory 1) (global $turns (export "turns") (mut i32) (i32.const 0))
      (func (export "f") (local i32) ${loop(work).repeat(1000)}))`);
    expect(new Set(treatments(bytes).map((treatment) => treatment.kind))).toEqual(new Set([kind]));
    const prepared = prepareModule(bytes, { profile: "wasm2", gas: 100_000_000n });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(prepared.bytes));
    expect(() => (exports.f as () => void)()).toThrow(WebAssembly.RuntimeError);
    expect((exports[prepared.gasGlobal] as WebAssembly.Global<bigint>).value).toBeLessThan(0n);
    expect((exports.turns as WebAssembly.Global<number>).value).toBeLessThanOrEqual(4000);
  }
});

test("two imported globals may be one, so neither bounds a loop", () => {
  const source = (mutable: string, set: string): string =>
    `(module (import "h" "a" (global $a ${mutable})) (import "h" "b" (global $b ${mutable}))
      (func (export "f") (local i32) (loop $again
        (if (i32.lt_s (local.get 0) (global.get $b))
          (then ${set} (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $again))))))`;
  expect(treatments(assemble(source("i32", "(nop)")))).toHaveLength(1);
  const bytes = assemble(source("(mut i32)", "(global.set $a (i32.add (local.get 0) (i32.const 2)))"));
  expect(treatments(bytes)).toEqual([]);
  const prepared = prepareModule(bytes, { profile: "wasm2", gas: 1_000_000_000n });
  const shared = new WebAssembly.Global({ value: "i32", mutable: true }, 1);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(prepared.bytes), { h: { a: shared, b: shared } });
  expect(() => (instance.exports.f as () => void)()).toThrow(WebAssembly.RuntimeError);
  expect((instance.exports[prepared.gasGlobal] as WebAssembly.Global<bigint>).value).toBeLessThan(0n);
  // A few turns after the gas is used up, not a thousand million.
  expect(shared.value).toBeLessThan(20_000);
});
