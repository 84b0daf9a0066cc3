/**
 * What the SDK costs: the message `add(a: u32, b: u64) -> u64` against the same written by hand.
 *
 * Gas is what the runtime charges for the whole transaction; the code by hand is padded to the size of the other, since
 * loading code is charged by its bytes and what is compared is the work. Time is
 * that of the call alone on bare V8, one instance kept, so that nothing but the contract's own code is compared.
 * @module
 */

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import wabt from "wabt";
import { selectorOf } from "../../assembly/transform/hashes.ts";
import { Network } from "../../test/runtime/network.ts";
import { measure } from "../vm/measure.ts";

const bound = 1.5;
const input = Uint8Array.from([...selectorOf("add"), 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);

/** A contract on a host that does the least: gives the input, takes the answer. */
function guest(wasm: Uint8Array): () => void {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 16 });
  const bytes = new Uint8Array(memory.buffer);
  const words = new DataView(memory.buffer);
  let answer = -1n;
  const host = {
    input: (out: number, cell: number) => {
      bytes.set(input, out);
      words.setUint32(cell, input.length, true);
    },
    value_transferred: (out: number) => {
      words.setBigUint64(out, 0n, true);
      words.setBigUint64(out + 8, 0n, true);
    },
    seal_return: (_: number, at: number) => {
      answer = words.getBigUint64(at + 1, true);
    },
  };
  const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
  const imports: WebAssembly.Imports = { env: { memory } };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function") imports[from] = { ...imports[from], [name]: host[name as keyof typeof host] ?? (() => 0) };
  }
  const call = new WebAssembly.Instance(module, imports).exports.call as () => void;
  call();
  if (answer !== 7n) throw new Error(`3 + 4 is ${answer}`);
  return call;
}

const hand = (await wabt()).parseWat("hand.wat", readFileSync("bench/assembly/hand.wat", "utf8")).toBinary({}).buffer;
// The compiler finds the SDK beside itself, so it cannot be bundled into this bench.
const compiler = pathToFileURL("dist/transform/build.js").href;
const { buildContract } = (await import(compiler)) as typeof import("../../assembly/transform/build.ts");
const { wasm } = await buildContract({ entry: "fixtures/types/adder.ts" });

const network = Network.start();
const nothing = (await wabt())
  .parseWat(
    "nothing.wat",
    '(module (memory (import "env" "memory") 2 16) (func (export "call")) (func (export "deploy")))',
  )
  .toBinary({}).buffer;

/** A module with a custom section behind it that makes it as long as asked. */
function padded(code: Uint8Array, length: number): Uint8Array {
  const rest = length - code.length - 3;
  const size = rest - 1;
  return Uint8Array.from([...code, 0, (size & 0x7f) | 0x80, size >> 7, 0, ...new Uint8Array(size - 1)]);
}

const gas = [padded(nothing, wasm.length), padded(hand, wasm.length), wasm].map((code) => {
  const deploy = code === wasm ? Uint8Array.from(selectorOf("new")) : new Uint8Array();
  const contract = network.deploy(code, deploy);
  const receipt = network.call(contract, input);
  if (receipt.outcome !== "ok") throw new Error(`the transaction ended with ${receipt.outcome}`);
  return Number(receipt.gasUsed);
}) as [number, number, number];

const guests = { hand: guest(hand), sdk: guest(wasm) };
const figures = measure(
  Object.entries(guests).map(([name, call]) => ({
    name,
    run: (times) => {
      for (let i = 0; i < times; i++) call();
    },
  })),
);
const [byHand, bySdk] = [figures.get("hand")!, figures.get("sdk")!];
const lines = [
  ["gas of the work", gas[1] - gas[0], gas[2] - gas[0]],
  ["gas of the transaction", gas[1], gas[2]],
  ["nanoseconds", byHand, bySdk],
] as const;
for (const [what, one, other] of lines) {
  const ratio = other / one;
  console.log(
    `${what}: by hand ${one.toFixed(0)}, with the SDK ${other.toFixed(0)}: ${ratio.toFixed(2)}x (at most ${bound})`,
  );
  if (ratio > bound) process.exitCode = 1;
}
