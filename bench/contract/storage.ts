/**
 * What the size of the storage does to a transaction: one random read and write among a thousand keys, and among a
 * million, beside what it does to a bare `Map`.
 *
 * Blocks of 500 transactions; the state root and the seal are part of it. Rounds alternate; medians are compared.
 * @module
 */

import { decodeRelayedBlock, writeRelayedBlock } from "../../src/wire/block.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import { Writer } from "../../src/wire/scale.ts";
import { command, Network, wat } from "../../test/runtime/network.ts";
import { median } from "../vm/measure.ts";

const perBlock = 500;
const rounds = Number(process.env.ROUNDS ?? 60);
const small = 1_000;
const large = Number(process.env.KEYS ?? 1_000_000);

/**
 * Input 0, from, to: fills the keys of that range. Input 1, key, value: reads the key and writes it.
 */
const source = wat(`(module
  (import "env" "memory" (memory 1 16))
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
  (import "seal1" "get_storage" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
  (func (export "deploy"))
  (func (export "call") (local $i i32)
    (i32.store (i32.const 0) (i32.const 1024))
    (call $input (i32.const 64) (i32.const 0))
    (if (i32.eqz (i32.load (i32.const 64)))
      (then
        (local.set $i (i32.load (i32.const 68)))
        (loop $next
          (i32.store (i32.const 16) (local.get $i))
          (drop (call $set (i32.const 16) (i32.const 8) (i32.const 128) (i32.const 32)))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.load (i32.const 72))))))
      (else
        (i32.store (i32.const 16) (i32.load (i32.const 68)))
        (i32.store (i32.const 0) (i32.const 64))
        (if (call $get (i32.const 16) (i32.const 8) (i32.const 128) (i32.const 0)) (then unreachable))
        (i32.store (i32.const 128) (i32.load (i32.const 72)))
        (drop (call $set (i32.const 16) (i32.const 8) (i32.const 128) (i32.const 32)))))
    (call $return (i32.const 0) (i32.const 128) (i32.const 4))))`);

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** A generator of numbers that look random, the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function filled(keys: number): { network: Network; contract: ContractId } {
  const network = Network.start();
  const contract = network.deploy(source);
  const step = 10_000;
  for (let at = 0; at < keys; at += step) {
    const receipt = network.call(contract, words(0, at, Math.min(at + step, keys)));
    if (receipt.outcome !== "ok") throw new Error(receipt.diagnosis);
  }
  return { network, contract };
}

function round(
  { network, contract }: ReturnType<typeof filled>,
  keys: number,
  next: (below: number) => number,
): number {
  const messages = Array.from({ length: perBlock }, (_, i) =>
    command(contract, words(1, next(keys), i), { nonce: Uint8Array.of(i, i >> 8) }),
  );
  const w = new Writer(1 << 20);
  writeRelayedBlock(w, network.make(messages));
  const bytes = w.take();
  const start = process.hrtime.bigint();
  const { sealed } = network.runtime.dispatch(decodeRelayedBlock(bytes));
  const elapsed = Number(process.hrtime.bigint() - start) / 1000 / perBlock;
  network.timestamp += 1000n;
  if (sealed.receipts[perBlock - 1]?.outcome !== "ok") throw new Error(sealed.receipts[perBlock - 1]?.diagnosis);
  return elapsed;
}

/** A map of as many keys, by strings of the keys' bytes: one read and one write. */
function bareMap(keys: number): (next: (below: number) => number) => number {
  const text = (n: number): string =>
    String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24, 0, 0, 0, 0);
  const map = new Map<string, Uint8Array>();
  for (let n = 0; n < keys; n++) map.set(text(n), new Uint8Array(32).fill(n));
  return (next) => {
    const chosen = Array.from({ length: perBlock }, () => next(keys));
    const start = process.hrtime.bigint();
    for (const n of chosen) {
      const key = text(n);
      const before = map.get(key)!;
      const after = before.slice();
      after[0] = n;
      map.set(key, after);
    }
    return Number(process.hrtime.bigint() - start) / 1000 / perBlock;
  };
}

const few = filled(small);
const many = filled(large);
const fewInMap = bareMap(small);
const manyInMap = bareMap(large);
const next = generator(7);
const times = { few: [] as number[], many: [] as number[], fewInMap: [] as number[], manyInMap: [] as number[] };
for (let i = 0; i < rounds + 20; i++) {
  const one = [round(few, small, next), round(many, large, next), fewInMap(next), manyInMap(next)] as const;
  if (i < 20) continue;
  times.few.push(one[0]);
  times.many.push(one[1]);
  times.fewInMap.push(one[2]);
  times.manyInMap.push(one[3]);
}
const [a, b, c, d] = [median(times.few), median(times.many), median(times.fewInMap), median(times.manyInMap)];
const fastest = [times.few, times.many, times.fewInMap, times.manyInMap].map((all) => Math.min(...all).toFixed(2));
console.log(`fastest rounds ${fastest.join(", ")} us`);
const allowed = 1.3 * a + (d - c);
console.log(`${small} keys ${a.toFixed(2)} us, ${large} keys ${b.toFixed(2)} us: ${(b / a).toFixed(2)}x`);
console.log(`a bare Map ${c.toFixed(2)} us and ${d.toFixed(2)} us; allowed ${allowed.toFixed(2)} us`);
