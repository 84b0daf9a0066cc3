/**
 * Loops made to be taken for counted ones where they are not quite: at the ends of 32 bits, of memory, and of the gas.
 *
 * Each is held against the oracle of `test/gas`, with plenty of gas and with limits at its charges: results, memory,
 * globals and what is left at every trap must agree.
 */

import { beforeAll, expect, test } from "vitest";
import type { TextParser } from "../conformance/runner.ts";
import { wabtParser } from "../conformance/wabt-parser.ts";
import { disagreement } from "../gas/agreement.ts";

const least = -(2 ** 31);
const most = 2 ** 31 - 1;

interface Attack {
  readonly tries: string;
  /** The body of a function of three i32 parameters, with two i32 locals and one global, and a host function. */
  readonly body: string;
  readonly args: readonly (readonly [number, number, number])[];
}

/** for (local 3 = $from; local 3 $test $to; local 3 += $by) $work */
const counting = (test: string, by: string, work: string): string =>
  `(local.set 3 (local.get 0)) (loop $again (if (i32.${test} (local.get 3) (local.get 1)) (then
    ${work} (local.set 3 (i32.add (local.get 3) ${by})) (br $again))))`;
const store = (address: string, attributes = ""): string => `(i32.store8 ${attributes} ${address} (i32.const 7))`;
const counter = "(local.get 3)";
/** More than a stretch absorbs. */
const filler = "(nop) ".repeat(40);
const nearAll = (values: readonly number[]): number[] => values.flatMap((value) => [value - 1, value, value + 1]);

const attacks: readonly Attack[] = [
  {
    tries: "a step that only a local holds: nothing, backwards, as large as can be",
    body: counting("lt_s", "(local.get 2)", store(counter)),
    args: [0, 1, 2, 7, -1, most, least, least + 1].flatMap((by) =>
      [
        [0, 0],
        [0, 100],
        [5, 4],
        [65_000, 65_535],
        [65_000, 65_536],
        [65_000, 65_537],
        [0, most],
        [-3, 3],
        [least, -1],
        [most - 1, most],
      ].map(([from, to]) => [from!, to!, by] as const),
    ),
  },
  {
    tries: "a step in a local, twice as much in an address, and none in another",
    body: counting(
      "le_s",
      "(local.get 2)",
      `${store("(i32.shl (local.get 3) (i32.const 1))")} ${store("(local.get 1)")}`,
    ),
    args: [1, 3, 2 ** 30, most].flatMap((by) =>
      [
        [0, 32_767],
        [0, 32_768],
        [1, 32_767],
        [-1, 40],
        [0, 65_536],
        [0, 2 ** 30],
      ].map(([from, to]) => [from!, to!, by] as const),
    ),
  },
  {
    tries: "an address that falls by what a local holds, down past zero",
    body: `(local.set 4 (i32.shr_u (local.get 1) (i32.const 1))) ${counting(
      "lt_s",
      "(local.get 2)",
      `${store("(local.get 4)")} (local.set 4 (i32.sub (local.get 4) (local.get 2)))`,
    )}`,
    args: [1, 2, 9].flatMap((by) =>
      [0, 1, 2, 40, 41, 79].flatMap((to) => [0, to >> 1].map((from) => [from, to, by] as const)),
    ),
  },
  {
    tries: "the end of the numbers without a sign, and with the wrong one",
    body: counting("lt_u", "(i32.const 3)", "(global.set 0 (local.get 3))"),
    args: nearAll([0, 10, -1, least, most]).flatMap((to) =>
      [0, -10, least - 3, most - 3].map((from) => [from | 0, to | 0, 0] as const),
    ),
  },
  {
    tries: "an end without a sign that is below zero with one, a step at a time",
    body: counting("lt_u", "(i32.const 1)", "(global.set 0 (local.get 3))"),
    args: [
      [5, -1, 0],
      [-5, -1, 0],
      [-1, 5, 0],
      [most - 3, most, 0],
      [most - 3, least + 3, 0],
    ],
  },
  {
    tries: "a counter that wraps before it gets to its end, by a constant and by what a local holds",
    body: `(if (local.get 2)
      (then ${counting("le_s", "(local.get 2)", "(global.set 0 (local.get 3))")})
      (else ${counting("le_s", "(i32.const 4)", "(global.set 0 (local.get 3))")}))`,
    args: [0, 1, 2, 5, 2 ** 30, most].flatMap((by) =>
      [most - 9, most - 8, most - 4, most - 1, most].map((to) => [most - 12, to, by] as const),
    ),
  },
  {
    tries: "a test that passes only because a sum wraps",
    body: `(local.set 3 (local.get 0)) (loop $again (if (i32.lt_s (i32.add (local.get 3) (i32.const 2)) (local.get 1)) (then
      ${store(counter)} (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $again))))`,
    args: nearAll([most - 2, 0]).flatMap((from) => [least + 1, least + 3, 0, 50].map((to) => [from, to, 0] as const)),
  },
  {
    tries: "a test behind the body that is past its end from the start",
    body: `(local.set 3 (local.get 0)) (loop $again ${store(counter)}
      (br_if $again (i32.gt_s (local.tee 3 (i32.sub (local.get 3) (i32.const 4))) (local.get 1))))`,
    args: [0, 1, 3, 4, 5, 65_535, 65_536, 80].flatMap((from) =>
      [-1, 0, 3, 4, 100, least, most].map((to) => [from, to, 0] as const),
    ),
  },
  {
    tries: "an end by equality that is stepped over or already behind",
    body: `(local.set 3 (local.get 0)) (loop $again ${store("(i32.and (local.get 3) (i32.const 65535))")} ${store(counter)}
      (br_if $again (i32.ne (local.tee 3 (i32.add (local.get 3) (i32.const 1))) (local.get 1))))`,
    args: [0, 1, 65_530].flatMap((from) => [0, 1, 2, 65_535, 65_536, 65_537, -1].map((to) => [from, to, 0] as const)),
  },
  {
    tries: "an offset that takes addresses past 32 bits",
    body: counting("lt_s", "(i32.const 1)", store(counter, "offset=4294967295")),
    args: [
      [0, 1, 0],
      [0, 9, 0],
      [-3, 3, 0],
      [1, 1, 0],
    ],
  },
  {
    tries: "a host call's turn in a test that sets a global: it must be run once a turn",
    body: `(local.set 3 (local.get 0)) (loop $again
      (global.set 0 (i32.add (global.get 0) (i32.const 1)))
      (if (i32.lt_s (local.get 3) (local.get 1)) (then
        ${store(counter)} (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $again))))
      (call $log (global.get 0) (i64.const 0))`,
    args: [
      [0, 0, 0],
      [5, 1, 0],
      [0, 20, 0],
      [65_530, 65_540, 0],
    ],
  },
  {
    tries: "a bound in a global that the body moves",
    body: `(global.set 0 (local.get 1)) (local.set 3 (local.get 0)) (loop $again (if (i32.lt_s (local.get 3) (global.get 0)) (then
      (global.set 0 (i32.sub (global.get 0) (i32.const 1))) ${store(counter)}
      (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $again))))`,
    args: [
      [0, 30, 0],
      [65_500, 65_536, 0],
      [65_500, 65_700, 0],
    ],
  },
  {
    tries:
      "a loop whose turns and places the code tells, the last of them past the end of memory, which may have grown",
    body: `(if (local.get 0) (then (drop (memory.grow (local.get 0)))))
      (local.set 3 (i32.const 0)) (loop $again (if (i32.lt_s (local.get 3) (i32.const 40)) (then
        ${store(counter, "offset=65500")} (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $again))))`,
    args: [
      [0, 0, 0],
      [1, 0, 0],
      [9, 0, 0],
    ],
  },
  {
    tries: "the same, ending with the last byte",
    body: `(local.set 3 (i32.const 0)) (loop $again (if (i32.lt_s (local.get 3) (i32.const 36)) (then
        ${store(counter, "offset=65500")} (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $again))))
      (call $log (i32.load8_u (i32.const 65535)) (i64.const 1))`,
    args: [[0, 0, 0]],
  },
  {
    tries: "a loop whose turns the code tells, and that changes what it goes by",
    body: `(local.set 3 (i32.const 5)) (loop $again
        (if (i32.eq (local.get 3) (local.get 0)) (then (local.set 3 (i32.const 9))))
        (br_if $again (local.tee 3 (i32.sub (local.get 3) (i32.const 1)))))
      (call $log (local.get 3) (i64.const 2))`,
    args: [
      [2, 0, 0],
      [50, 0, 0],
    ],
  },
  {
    tries: "a loop that is dear and certain, on gas that does not suffice for it",
    body: `(global.set 0 (i32.const 1)) (local.set 3 (i32.const 0)) (loop $again (if (i32.lt_s (local.get 3) (i32.const 200000)) (then
        (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $again))))
      (call $log (local.get 3) (i64.const 3))`,
    args: [[0, 0, 0]],
  },
  {
    tries: "an arm that is charged with the loop's test, left by a trap, by a branch, and by return",
    body: `(block $out (loop $again (if (i32.lt_s (local.get 3) (local.get 0)) (then ${filler}
        (if (i32.eq (local.get 3) (local.get 1)) (then (unreachable)))
        (br_if $out (i32.eq (local.get 3) (local.get 2)))
        (if (i32.eq (local.get 3) (i32.const 7)) (then (return)))
        ${store(counter, "offset=65533")}
        (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $again)))))
      (call $log (local.get 3) (i64.const 4))`,
    args: [
      [0, -1, -1],
      [1, -1, -1],
      [3, -1, -1],
      [4, -1, -1],
      [3, 0, -1],
      [3, 1, -1],
      [3, -1, 0],
      [3, -1, 2],
      [9, -1, 3],
    ],
  },
  {
    tries: "the same with a test that can trap, or asks the host: no charge may be kept from them",
    body: `(loop $again (if (i32.load8_u offset=65530 (local.get 3)) (then ${filler}
        (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $again)))
      (loop $more (if (i32.div_u (local.get 0) (local.get 1)) (then ${filler}
        (local.set 1 (i32.sub (local.get 1) (i32.const 1))) (br $more))))
      (loop $last (call $log (local.get 3) (i64.const 5)) (if (i32.lt_s (local.get 3) (local.get 2)) (then ${filler}
        (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $last)))))`,
    args: [
      [5, 6, 2],
      [5, 3, 2],
      [0, 0, 0],
    ],
  },
  {
    tries: "a test before an arm, in loops in one another, the inner one not always arrived at",
    body: `(loop $outer (if (i32.lt_s (local.get 3) (local.get 0)) (then ${filler}
        (if (i32.and (local.get 3) (i32.const 1)) (then
          (local.set 4 (i32.const 0))
          (loop $inner (if (i32.lt_s (local.get 4) (local.get 1)) (then ${filler} ${filler}
            (i32.store (i32.shl (local.get 4) (local.get 2)) (i32.const -1))
            (local.set 4 (i32.add (local.get 4) (i32.const 1))) (br $inner))))))
        (local.set 3 (i32.add (local.get 3) (i32.const 1))) (br $outer))))
      (call $log (local.get 4) (i64.const 6))`,
    args: [
      [0, 0, 0],
      [4, 0, 0],
      [4, 3, 0],
      [4, 4, 14],
      [2, 9, 13],
    ],
  },
  {
    tries: "an arm at whose end nothing goes back, and one with a value beside it",
    body: `(loop (if (i32.lt_s (local.get 3) (local.get 0)) (then ${filler} (local.set 3 (local.get 1)))))
      (local.set 4 (loop (result i32) (i32.const 3) (if (i32.eqz (local.get 1)) (then ${filler} (local.set 3 (i32.const 1))))))
      (call $log (i32.add (local.get 3) (local.get 4)) (i64.const 7))`,
    args: [
      [0, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
    ],
  },
];

let parse: TextParser;
beforeAll(async () => {
  parse = await wabtParser();
});

test.each(attacks)("$tries", ({ body, args }) => {
  const source = `(module (import "host" "log" (func $log (param i32 i64)))
    (memory (export "memory") 1 3) (global (export "g") (mut i32) (i32.const 0))
    (func (export "f") (param i32 i32 i32) (local i32 i32) ${body}))`;
  const bytes = parse(new TextEncoder().encode(source));
  for (const values of args) {
    const steps = [{ entry: "f", args: values.map((value) => ({ type: "i32" as const, bits: BigInt(value >>> 0) })) }];
    expect(disagreement(bytes, steps, { limit: 100_000_000, boundaries: 6 }), String(values)).toBeUndefined();
  }
});
