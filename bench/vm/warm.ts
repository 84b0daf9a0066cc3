/**
 * What a call costs when its contract was called before: the reset of 64 KiB of memory included.
 * @module
 */

import { Machine } from "../../src/vm/index.ts";
import { bare, counter, growing, host } from "./guests.ts";
import { type Case, measure, ratio, report } from "./measure.ts";

const page = 65_536;
const machine = new Machine();
const code = machine.load(counter);
const raw = bare(counter);
const memory = new Uint8Array(raw.memory.buffer);
const image = memory.slice();
const module = new WebAssembly.Module(counter);
const growingModule = new WebAssembly.Module(growing);
const growingCode = machine.load(growing);

const repeat = (name: string, once: () => void): Case => ({
  name,
  run(times) {
    for (let i = 0; i < times; i++) once();
  },
});
const onMachine = (name: string, entry: string, deadlineMs?: number): Case =>
  repeat(name, () => {
    const outcome =
      deadlineMs === undefined
        ? machine.run(code, { host, frame: memory, entry, gas: 5e12 })
        : machine.run(code, { host, frame: memory, entry, gas: 5e12, deadlineMs });
    if (outcome.type !== "returned") throw outcome;
  });

const figures = measure([
  repeat("bare call", raw.call),
  repeat("copy of 64 KiB", () => memory.set(image)),
  repeat("bare call + copy of 64 KiB", () => {
    raw.call();
    memory.set(image);
  }),
  onMachine("warm call with reset", "call"),
  repeat("bare call, ended by a host function, + copy", () => {
    raw.deploy();
    memory.set(image);
  }),
  onMachine("warm call with reset, ended by a host function", "deploy"),
  onMachine("warm call with reset and a deadline", "call", 10_000),
  repeat("fresh instance per call on the bare engine", () => {
    const fresh = new WebAssembly.Memory({ initial: 1, maximum: 16 });
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory: fresh },
      seal0: { input() {}, seal_return() {} },
    });
    (exports.call as () => void)();
  }),
  repeat("fresh instance per call that grows, bare", () => {
    const fresh = new WebAssembly.Memory({ initial: 1, maximum: 16 });
    (new WebAssembly.Instance(growingModule, { env: { memory: fresh } }).exports.call as () => void)();
  }),
  repeat("call that grows its memory", () => {
    const outcome = machine.run(growingCode, { host, frame: memory, entry: "call", gas: 5e12 });
    if (outcome.type !== "returned") throw outcome;
  }),
]);

if (memory.length !== page) throw new RangeError("the bare guest's memory is not one page");
report([
  ratio(figures, "copy of 64 KiB", "bare call + copy of 64 KiB"),
  ratio(figures, "warm call with reset", "bare call + copy of 64 KiB", 2.5),
  ratio(figures, "warm call with reset, ended by a host function", "bare call, ended by a host function, + copy"),
  ratio(figures, "warm call with reset and a deadline", "warm call with reset"),
  ratio(figures, "fresh instance per call on the bare engine", "warm call with reset"),
  ratio(figures, "call that grows its memory", "fresh instance per call that grows, bare"),
]);
