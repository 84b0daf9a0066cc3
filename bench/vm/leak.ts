/**
 * A million calls, of every ending: the heap after a full collection must be what it was before them, when as many calls had gone
 * before and V8 had settled: until then its own tables grow.
 * @module
 */

import { Machine } from "../../src/vm/index.ts";
import { counter, host, numbered } from "./guests.ts";

const calls = Number(process.env.CALLS ?? 1_000_000);
// So little room for code that those that come once go again.
const machine = new Machine({ codeCacheBytes: 2 ** 20, idleInstances: 8 });
const code = machine.load(counter);

function run(count: number): void {
  for (let i = 0; i < count; i++) {
    const entry = i % 3 === 0 ? "deploy" : "call";
    machine.run(code, { host, frame: { i }, entry, gas: i % 10 === 0 ? 8_000 : 5e12 });
    // Every now and then a code that comes once and goes.
    if (i % 1_000 === 0) machine.run(machine.load(numbered(i)), { host, frame: undefined, entry: "call", gas: 5e12 });
  }
}

/** The heap after what was given up is gone: V8 lets go of compiled modules between turns of the event loop. */
async function heap(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.({ type: "major", execution: "async" });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().heapUsed;
}

run(calls);
const first = await heap();
run(calls);
const last = await heap();
const growth = last / first - 1;
const facts = { calls, first, last, growth, bound: 0.05, codes: machine.stats().codes };
console.log(process.argv.includes("--json") ? JSON.stringify(facts) : facts);
if (growth > 0.05) process.exitCode = 1;
