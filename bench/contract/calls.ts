/**
 * What a call from contract to contract adds to a transaction.
 *
 * A transaction in which one contract calls another, which reads and writes a value, against one in which a contract
 * reads and writes that value itself. Blocks of 500 of either kind alternate; medians are compared.
 * @module
 */

import { readFileSync } from "node:fs";
import { decodeRelayedBlock, writeRelayedBlock } from "../../src/wire/block.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import { Writer } from "../../src/wire/scale.ts";
import { command, Network, selectors, wat } from "../../test/runtime/network.ts";
import { median } from "../vm/measure.ts";

const perBlock = 500;
const rounds = Number(process.env.ROUNDS ?? 60);

/** Calls the contract whose id it was given with its selector when made, and returns what that returned. */
const callerSource = wat(`(module
  (import "env" "memory" (memory 1 16))
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
  (import "seal1" "call" (func $call (param i32 i32 i64 i32 i32 i32 i32 i32) (result i32)))
  (func (export "deploy"))
  (func (export "call")
    (i32.store (i32.const 0) (i32.const 1024))
    (call $input (i32.const 64) (i32.const 0))
    (i32.store (i32.const 0) (i32.const 64))
    (if (call $call (i32.const 0) (i32.const 68) (i64.const 0) (i32.const 32) (i32.const 64) (i32.const 4)
        (i32.const 2048) (i32.const 0))
      (then unreachable))
    (call $return (i32.const 0) (i32.const 2048) (i32.load (i32.const 0)))))`);

const network = Network.start();
const counter = network.deploy(wat(readFileSync("fixtures/counter.wat", "utf8")));
const caller = network.deploy(callerSource);

function block(to: ContractId, input: Uint8Array): Uint8Array {
  const messages = Array.from({ length: perBlock }, (_, i) => command(to, input, { nonce: Uint8Array.of(i, i >> 8) }));
  const w = new Writer(1 << 20);
  writeRelayedBlock(w, network.make(messages));
  return w.take();
}

function run(to: ContractId, input: Uint8Array): number {
  const bytes = block(to, input);
  const start = process.hrtime.bigint();
  const { sealed } = network.runtime.dispatch(decodeRelayedBlock(bytes));
  const elapsed = Number(process.hrtime.bigint() - start) / 1000 / perBlock;
  network.timestamp += 1000n;
  if (sealed.receipts[perBlock - 1]?.outcome !== "ok") throw new Error("a transaction failed");
  return elapsed;
}

const nestedInput = Uint8Array.from([...selectors.flip, ...counter]);
const direct: number[] = [];
const nested: number[] = [];
for (let i = 0; i < rounds + 20; i++) {
  const one = run(counter, selectors.flip);
  const two = run(caller, nestedInput);
  if (i < 20) continue;
  direct.push(one);
  nested.push(two);
}
console.log(`fastest rounds ${Math.min(...direct).toFixed(2)} and ${Math.min(...nested).toFixed(2)} us`);
const [one, two] = [median(direct), median(nested)];
console.log(`direct ${one.toFixed(2)} us, through another contract ${two.toFixed(2)} us: ${(two / one).toFixed(2)}x`);
