/**
 * A contract that does everything wrong, on request: traps, runs without end, reverts, answers what it did not promise.
 * @module
 */

import wabt from "wabt";

/** In WebAssembly text: the message is chosen by the first byte of the selector. */
const text = `
(module
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
  (import "seal0" "debug_message" (func $debug (param i32 i32) (result i32)))
  (import "env" "memory" (memory 2 16))
  (data (i32.const 64) "\\00\\01\\02\\03oh dear")
  (func (export "deploy") (call $return (i32.const 0) (i32.const 64) (i32.const 0)))
  (func (export "call")
    (i32.store (i32.const 0) (i32.const 16))
    (call $input (i32.const 4) (i32.const 0))
    (block $other
      (block $odd
        (block $revert
          (block $spin
            (block $trap
              (br_table $trap $spin $revert $odd $other (i32.load8_u (i32.const 4))))
            (drop (call $debug (i32.const 68) (i32.const 7)))
            (unreachable))
          (loop $again (br $again)))
        (call $return (i32.const 1) (i32.const 65) (i32.const 2)))
      (call $return (i32.const 0) (i32.const 64) (i32.const 3)))
    (call $return (i32.const 1) (i32.const 64) (i32.const 0))))
`;

const types = [
  { id: 0, type: { def: { tuple: [] } } },
  {
    id: 1,
    type: {
      path: ["trouble", "Error"],
      def: {
        variant: {
          variants: [
            { index: 1, name: "A" },
            { index: 2, name: "B" },
          ],
        },
      },
    },
  },
  {
    id: 2,
    type: {
      path: ["Result"],
      params: [
        { name: "T", type: 0 },
        { name: "E", type: 1 },
      ],
      def: {
        variant: {
          variants: [
            { index: 0, name: "Ok", fields: [{ type: 0 }] },
            { index: 1, name: "Err", fields: [{ type: 1 }] },
          ],
        },
      },
    },
  },
  { id: 3, type: { def: { primitive: "bool" } } },
];

const message = (label: string, selector: string, returnType: number | null): object => ({
  label,
  selector,
  args: [],
  docs: [],
  mutates: true,
  payable: true,
  returnType: returnType === null ? null : { type: returnType, displayName: [] },
});

/** Its interface, in the manner of ink! 3. */
export const troubleMetadata = {
  source: { language: "ink! 3.4.0", compiler: "by hand" },
  contract: { name: "trouble", version: "1.0.0", authors: [] },
  V3: {
    spec: {
      constructors: [{ label: "new", selector: "0x9bae9d5e", args: [], docs: [], payable: true }],
      messages: [
        message("trap", "0x00000000", null),
        message("spin", "0x01000000", null),
        message("fail", "0x02000000", 2),
        message("lie", "0x03000000", 3),
        message("refuse", "0x04000000", null),
      ],
      events: [],
      docs: [],
    },
    storage: {},
    types,
  },
};

/** Its code. */
export async function troubleCode(): Promise<Uint8Array> {
  const module = (await wabt()).parseWat("trouble.wat", text);
  return new Uint8Array(module.toBinary({}).buffer);
}
