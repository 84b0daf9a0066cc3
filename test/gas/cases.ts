/**
 * Modules whose gas has been worked out by hand from `src/wasm/gas.md`; the oracle must say the same.
 * @module
 */

export interface Case {
  readonly promise: string;
  readonly source: string;
  readonly runs: readonly { readonly entry: string; readonly args: readonly number[]; readonly uses: number }[];
}

export const cases: readonly Case[] = [
  {
    promise: "the example of the text",
    source: `(module (func (export "f") (param i32) (result i32) (local i32)
      block
        local.get 0  i32.eqz  br_if 0
        loop
          local.get 1  i32.const 3  i32.add  local.set 1
          local.get 0  i32.const 1  i32.sub  local.tee 0
          br_if 0
        end
      end
      local.get 1))`,
    runs: [
      { entry: "f", args: [0], uses: 33_000 },
      { entry: "f", args: [5], uses: 393_000 },
    ],
  },
  {
    promise: "a trap pays for the whole stretch in which it stands, and for every turn of the loop before it",
    source: `(module (memory 1)
      (func (export "divide") (param i32) (result i32)
        (i32.div_u (i32.const 7) (local.get 0)) (drop (i32.const 1)))
      (func (export "load") (param i32)
        (loop
          (drop (i32.load (i32.const 65530) (i32.add (local.get 0)) (i32.mul (i32.const 1))))
          (local.set 0 (i32.add (local.get 0) (i32.const 1)))
          (br 0)))
      (func (export "unreachable") (nop) (unreachable) (nop) (nop)))`,
    runs: [
      // get, const, div (40,000), const, drop
      { entry: "divide", args: [2], uses: 4 * 8_000 + 40_000 },
      { entry: "divide", args: [0], uses: 4 * 8_000 + 40_000 },
      // The load fails from address 65,533 on: at 65,530 + n for n = 3. Each turn has 12 instructions.
      { entry: "load", args: [0], uses: 4 * 12 * 8_000 },
      { entry: "load", args: [3], uses: 12 * 8_000 },
      // nop and unreachable; what follows is not reached.
      { entry: "unreachable", args: [], uses: 2 * 8_000 },
    ],
  },
  {
    promise: "calls, locals and what a bulk operation moves have their own prices",
    source: `(module (memory 1) (table 4 8 funcref)
      (func $callee (local i32 i64 f32))
      (func (export "call") (call $callee))
      (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))
      (func (export "copy") (param i32) (memory.copy (i32.const 0) (i32.const 1) (local.get 0)))
      (func (export "grow") (param i32) (drop (memory.grow (local.get 0))))
      (func (export "table") (param i32) (table.fill (i32.const 0) (ref.null func) (local.get 0))))`,
    runs: [
      { entry: "call", args: [], uses: 24_000 + 3_000 },
      { entry: "fill", args: [0], uses: 4 * 8_000 },
      { entry: "fill", args: [100], uses: 4 * 8_000 + 100_000 },
      // Out of bounds, and charged all the same.
      { entry: "fill", args: [65_537], uses: 4 * 8_000 + 65_537_000 },
      { entry: "copy", args: [10], uses: 4 * 8_000 + 10_000 },
      { entry: "grow", args: [2], uses: 3 * 8_000 + 2 * 8_192_000 },
      { entry: "table", args: [3], uses: 4 * 8_000 + 3 * 320_000 },
      { entry: "table", args: [5], uses: 4 * 8_000 + 5 * 320_000 },
    ],
  },
  {
    promise: "an arm of more than the slack is charged when it is entered, and only then",
    source: `(module
      (func (export "f") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then ${"(i32.const 1) (drop) ".repeat(18)} (i32.const 2))
          (else (i32.const 3)))))`,
    runs: [
      // get, if, and the small arm, which is absorbed; the large arm has 37 instructions
      { entry: "f", args: [0], uses: 3 * 8_000 },
      { entry: "f", args: [1], uses: 3 * 8_000 + 37 * 8_000 },
    ],
  },
  {
    promise: "code behind a construct that is left early is charged on arrival",
    source: `(module
      (func (export "f") (param i32)
        (block $out
          (loop $again
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $out (i32.eq (local.get 0) (i32.const 100)))
            (br_if $again (i32.gt_s (local.get 0) (i32.const 0))))
          ${"(nop) ".repeat(40)})
        (nop)))`,
    runs: [
      // The body: 4 + 4 + 4 instructions; what follows br_if is absorbed (rule 5). Behind the loop, left early by the
      // branch to $out: 40 nops, more than the slack. Behind the block, which nothing leaves early: 1 nop.
      { entry: "f", args: [1], uses: 12 * 8_000 + 40 * 8_000 + 8_000 },
      { entry: "f", args: [3], uses: 3 * 12 * 8_000 + 40 * 8_000 + 8_000 },
      { entry: "f", args: [102], uses: 2 * 12 * 8_000 + 8_000 },
    ],
  },
];
