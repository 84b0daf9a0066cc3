/**
 * A contract with as many keys as a bench wants, in a network of its own.
 * @module
 */

import { decodeRelayedBlock, writeRelayedBlock } from "../../src/wire/block.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import { Writer } from "../../src/wire/scale.ts";
import { command, Network, wat } from "../../test/runtime/network.ts";

/**
 * Input 0, from, to: fills the keys of that range. Input 1, key, value: reads the key and writes it. Input 2, times, below,
 * seed: writes random keys below a number, so many times.
 */
const source = wat(`(module
  (import "env" "memory" (memory 1 16))
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
  (import "seal1" "get_storage" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
  (func (export "deploy"))
  (func $write (param $key i32)
    (i32.store (i32.const 16) (local.get $key))
    (drop (call $set (i32.const 16) (i32.const 8) (i32.const 128) (i32.const 32))))
  (func $fill (param $i i32) (param $end i32)
    (loop $next
      (call $write (local.get $i))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $end)))))
  (func $change (param $key i32) (param $value i32)
    (i32.store (i32.const 16) (local.get $key))
    (i32.store (i32.const 0) (i32.const 64))
    (if (call $get (i32.const 16) (i32.const 8) (i32.const 128) (i32.const 0)) (then unreachable))
    (i32.store (i32.const 128) (local.get $value))
    (call $write (local.get $key)))
  (func $scatter (param $times i32) (param $below i32) (param $seed i32)
    (loop $next
      (i32.store (i32.const 128) (local.get $seed))
      (call $write (i32.rem_u (i32.shr_u (local.get $seed) (i32.const 4)) (local.get $below)))
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 22695477)) (i32.const 1)))
      (br_if $next (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
  (func (export "call") (local $what i32)
    (i32.store (i32.const 0) (i32.const 1024))
    (call $input (i32.const 64) (i32.const 0))
    (local.set $what (i32.load (i32.const 64)))
    (if (i32.eqz (local.get $what))
      (then (call $fill (i32.load (i32.const 68)) (i32.load (i32.const 72))))
      (else
        (if (i32.eq (local.get $what) (i32.const 1))
          (then (call $change (i32.load (i32.const 68)) (i32.load (i32.const 72))))
          (else (call $scatter (i32.load (i32.const 68)) (i32.load (i32.const 72)) (i32.load (i32.const 76)))))))
    (call $return (i32.const 0) (i32.const 128) (i32.const 4))))`);

/** What the contract is called with. */
export const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** A generator of numbers that look random, the same in every run. */
export function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Lets the heap forget how it was filled: V8 gives what lived long then a place among the old, and garbage after it as well. */
export function settle(): void {
  if (globalThis.gc === undefined) throw new Error("run it by bench/run.mjs");
  globalThis.gc();
}

/** A network with the contract, filled with the keys below a number. */
export function filled(keys: number): { readonly network: Network; readonly contract: ContractId } {
  const network = Network.start();
  const contract = network.deploy(source);
  const step = 10_000;
  for (let at = 0; at < keys; at += step) {
    const receipt = network.call(contract, words(0, at, Math.min(at + step, keys)));
    if (receipt.outcome !== "ok") throw new Error(receipt.diagnosis);
  }
  return { network, contract };
}

/** Microseconds in which a block of these calls is read, executed and sealed. */
export function dispatched({ network, contract }: ReturnType<typeof filled>, inputs: readonly Uint8Array[]): number {
  const messages = inputs.map((input, i) => command(contract, input, { nonce: Uint8Array.of(i, i >> 8) }));
  const w = new Writer(1 << 20);
  writeRelayedBlock(w, network.make(messages));
  const bytes = w.take();
  const start = process.hrtime.bigint();
  const { sealed } = network.runtime.dispatch(decodeRelayedBlock(bytes));
  const elapsed = Number(process.hrtime.bigint() - start) / 1000;
  network.timestamp += 1000n;
  const { outcome, diagnosis } = sealed.receipts.at(-1)!;
  if (outcome !== "ok") throw new Error(diagnosis);
  return elapsed;
}
