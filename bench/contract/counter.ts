/**
 * What a transaction costs inside the enclave, against the same contract on bare V8.
 *
 * Both count. The baseline does it in one instance that is used again and again, with a `Map` for its storage, without
 * gas, reset, rollback or receipts. The transaction's side decodes a block of 500, verifies it, runs each command in a
 * frame of its own, commits, makes the receipts, and shares one state root and one signature among the 500. Rounds
 * alternate; the ratio of the medians is what counts.
 * @module
 */

import { readFileSync } from "node:fs";
import { decodeRelayedBlock, writeRelayedBlock } from "../../src/wire/block.ts";
import { Writer } from "../../src/wire/scale.ts";
import { alice, command, Network, selectors, wat } from "../../test/runtime/network.ts";

const perBlock = 500;
const rounds = Number(process.env.ROUNDS ?? 60);
const source = wat(readFileSync("fixtures/counter.wat", "utf8"));

function baseline(): (count: number) => void {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 16 });
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  const storage = new Map<string, Uint8Array>();
  const input = selectors.flip;
  const ended = {};
  let output = new Uint8Array(0);
  const text = (at: number, length: number): string => String.fromCharCode(...bytes.subarray(at, at + length));
  const imports = {
    env: { memory },
    seal0: {
      input(out: number, length: number) {
        bytes.set(input, out);
        view.setUint32(length, input.length, true);
      },
      seal_return(_flags: number, at: number, length: number) {
        output = bytes.slice(at, at + length);
        throw ended;
      },
    },
    seal1: {
      get_storage(key: number, keyLength: number, out: number, length: number) {
        const value = storage.get(text(key, keyLength));
        if (value === undefined) return 3;
        bytes.set(value, out);
        view.setUint32(length, value.length, true);
        return 0;
      },
    },
    seal2: {
      set_storage(key: number, keyLength: number, at: number, length: number) {
        storage.set(text(key, keyLength), bytes.slice(at, at + length));
        return 0;
      },
    },
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(source)), imports);
  (exports.deploy as () => void)();
  const call = exports.call as () => void;
  return (count) => {
    for (let i = 0; i < count; i++) {
      try {
        call();
      } catch (error) {
        if (error !== ended) throw error;
      }
    }
    if (output.length !== 4) throw new Error("the baseline does not count");
  };
}

const network = Network.start();
const id = network.deploy(source);
const messages = Array.from({ length: perBlock }, (_, i) =>
  command(id, selectors.flip, { from: alice, nonce: Uint8Array.of(i, i >> 8), gas: 1_000_000_000_000n }),
);

function nextBlock(): Uint8Array {
  const w = new Writer(1 << 20);
  writeRelayedBlock(w, network.make(messages));
  return w.take();
}

function transactions(block: Uint8Array): number {
  const { sealed } = network.runtime.dispatch(decodeRelayedBlock(block));
  network.timestamp += 1000n;
  if (sealed.receipts[perBlock - 1]?.outcome !== "ok") throw new Error("a transaction failed");
  return sealed.receipts.length;
}

function microseconds(work: () => void, count: number): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1000 / count;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

const bare = baseline();
for (let i = 0; i < 20; i++) {
  bare(perBlock);
  transactions(nextBlock());
}
const bareTimes: number[] = [];
const transactionTimes: number[] = [];
for (let i = 0; i < rounds; i++) {
  bareTimes.push(microseconds(() => bare(perBlock), perBlock));
  const block = nextBlock();
  transactionTimes.push(microseconds(() => void transactions(block), perBlock));
}
const one = median(bareTimes);
const other = median(transactionTimes);
const best = `fastest rounds ${Math.min(...bareTimes).toFixed(2)} and ${Math.min(...transactionTimes).toFixed(2)} us`;
console.log(best);
console.log(`bare V8 ${one.toFixed(2)} us, transaction ${other.toFixed(2)} us: ${(other / one).toFixed(2)}x`);
