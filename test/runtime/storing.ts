/**
 * A contract that fills ranges of keys, for tests and benches of large states.
 * @module
 */

import { wat } from "./network.ts";

/**
 * Input 0, from, to, byte: sets those keys to values of such bytes. Input 1, key: gives the first four bytes of its value.
 * @param length bytes of a value, at most 1024.
 */
export const storing = (length: number): Uint8Array =>
  wat(`(module
  (import "env" "memory" (memory 1 16))
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
  (import "seal1" "get_storage" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
  (func (export "deploy"))
  (func (export "call") (local $i i32)
    (i32.store (i32.const 0) (i32.const 1024))
    (call $input (i32.const 64) (i32.const 0))
    (local.set $i (i32.load (i32.const 68)))
    (if (i32.load (i32.const 64))
      (then
        (i32.store (i32.const 16) (local.get $i))
        (i32.store (i32.const 0) (i32.const 2048))
        (if (call $get (i32.const 16) (i32.const 8) (i32.const 256) (i32.const 0)) (then unreachable)))
      (else
        (memory.fill (i32.const 256) (i32.load (i32.const 76)) (i32.const ${length}))
        (loop $next
          (i32.store (i32.const 16) (local.get $i))
          (drop (call $set (i32.const 16) (i32.const 8) (i32.const 256) (i32.const ${length})))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.load (i32.const 72)))))))
    (call $return (i32.const 0) (i32.const 256) (i32.const 4))))`);
