/**
 * The guests of these benches, and the same guests on the bare engine.
 * @module
 */

import wabtInit from "wabt";
import type { Host } from "../../src/vm/index.ts";

const wabt = await wabtInit();

function assemble(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat("bench.wat", text);
  const { buffer } = module.toBinary({});
  module.destroy();
  return Uint8Array.from(buffer);
}

/**
 * A contract that counts, with one page of memory, a data segment and a shadow stack pointer.
 *
 * `call` does it in memory and comes to its end; `deploy` goes through a host function and ends by another, three calls
 * deep, as compiled contracts do.
 */
export const counter = assemble(`(module
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
  (import "env" "memory" (memory 1 16))
  (global $sp (mut i32) (i32.const 65536))
  (data (i32.const 1024) "counter: a contract that counts")
  (func $add (param $by i32) (result i32)
    (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get $by)))
    (i32.load (i32.const 8)))
  (func $finish (param $depth i32)
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
    (if (local.get $depth)
      (then (call $finish (i32.sub (local.get $depth) (i32.const 1))))
      (else (call $return (i32.const 0) (i32.const 8) (i32.const 4)) (unreachable)))
    (global.set $sp (i32.add (global.get $sp) (i32.const 16))))
  (func (export "call") (drop (call $add (i32.const 1))))
  (func (export "deploy")
    (call $input (i32.const 0) (i32.const 4))
    (drop (call $add (i32.const 1)))
    (call $finish (i32.const 2))))`);

/** A contract that grows its memory on every call, as those do that allocate: its instance cannot be used again. */
export const growing = assemble(`(module
  (import "env" "memory" (memory 1 16))
  (func (export "call") (i32.store (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)) (i32.const 1)))
  (func (export "deploy")))`);

/** Distinct codes of the size of a small contract: each has a number in its data and some functions of its own. */
export function numbered(n: number): Uint8Array<ArrayBuffer> {
  const marker = new TextEncoder().encode("#number#");
  const at = template.findIndex((_, i) => marker.every((byte, k) => template[i + k] === byte));
  const bytes = Uint8Array.from(template);
  new DataView(bytes.buffer).setUint32(at, n, true);
  return bytes;
}

const template = assemble(`(module
  (import "env" "memory" (memory 1 16))
  (global $sp (mut i32) (i32.const 65536))
  (data (i32.const 1024) "#number#")
  ${Array.from(
    { length: 24 },
    (_, k) => `(func $f${k} (param i32 i32) (result i32) (local i32)
      (loop $next
        (i32.store (i32.add (local.get 0) (i32.const ${16 * k})) (i32.xor (local.get 2) (i32.load (local.get 1))))
        (local.set 2 (i32.add (i32.mul (local.get 2) (i32.const ${2 * k + 3})) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get 2) (i32.const ${100 + k}))))
      (local.get 2))`,
  ).join("\n")}
  (func (export "call") (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))))
  (func (export "deploy") (drop (i32.add
    ${Array.from({ length: 24 }, (_, k) => `(call $f${k} (i32.const ${k}) (i32.const ${k}))`).reduce((a, b) => `(i32.add ${a} ${b})`)}
    (i32.const 0)))))`);

const output = new Uint8Array(4);

/** Host functions that do as little as can be done. */
export const host: Host<unknown> = {
  bind(_module, name, slot) {
    if (name === "input") {
      return (at: number, length: number) => {
        slot.charge(8_000 + length);
        slot.bytes[at] = 1;
      };
    }
    if (name === "seal_return") return () => slot.return(output);
    return undefined;
  },
};

type Entry = () => void;

/** The same on the bare engine: one instance for good, no gas, no reset. */
export function bare(bytes: Uint8Array, memory = new WebAssembly.Memory({ initial: 1, maximum: 16 })) {
  const ended = {};
  const view = new Uint8Array(memory.buffer);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { memory },
    seal0: {
      input: (at: number, _length: number) => void (view[at] = 1),
      seal_return() {
        throw ended;
      },
    },
  });
  const deploy = exports.deploy as Entry;
  const run: Entry = () => {
    try {
      deploy();
    } catch (error) {
      if (error !== ended) throw error;
    }
  };
  return { call: exports.call as Entry, deploy: run, memory };
}
