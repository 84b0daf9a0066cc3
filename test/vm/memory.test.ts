/** When the process has no memory to give, that is the host's fault and no outcome; afterwards the machine goes on. */

import { expect, it } from "vitest";
import { Machine } from "../../src/vm/index.ts";
import { Instance } from "../../src/vm/instance.ts";
import { judge } from "../../src/vm/judge.ts";
import { contract, hostOf } from "./wat.ts";

const host = hostOf();
const run = { host, frame: undefined, entry: "call", gas: 1e12 };
const refused = expect.objectContaining({ code: "MemoryRefused" });

/** Takes all the address space that V8 gives to memories. */
function takeAll(): WebAssembly.Memory[] {
  const memories: WebAssembly.Memory[] = [];
  try {
    for (;;) memories.push(new WebAssembly.Memory({ initial: 0, maximum: 65_536 }));
  } catch {
    return memories;
  }
}

it("idle instances make room when address space runs out", () => {
  const machine = new Machine();
  const codes = Array.from({ length: 20 }, (_, n) => machine.load(contract(`(drop (i32.const ${n}))`)));
  for (const code of [...codes, ...codes]) machine.run(code, run);
  expect(machine.stats().idleInstances).toBe(20);
  const taken = takeAll();
  expect(taken.length).toBeGreaterThan(100);
  for (let n = 100; n < 105; n++) {
    expect(machine.run(machine.load(contract(`(drop (i32.const ${n}))`)), run).type).toBe("returned");
  }
});

it("without any room a run is refused as a fault of the host, and the next one after it is served", () => {
  const machine = new Machine();
  const code = machine.load(contract(""));
  const taken = takeAll();
  expect(() => machine.run(code, run)).toThrow(refused);
  expect(machine.stats().activeRuns).toBe(0);
  taken.length = 0;
  expect(machine.run(code, run).type).toBe("returned");
});

it("growth within the maximum that is not served is a fault of the host; beyond the maximum it is the guest's -1", () => {
  const machine = new Machine();
  const code = machine.load(
    contract(
      `(if (i32.eq (memory.grow (i32.const 4)) (i32.const -1)) (then (drop (memory.grow (i32.const 3)))))
      unreachable`,
    ),
  );
  // The guest may have four pages; this memory stops at two.
  const instance = new Instance(code, host, new WebAssembly.Memory({ initial: 1, maximum: 2 }));
  instance.registers.enter(1e12);
  expect(() => {
    try {
      instance.entry("call")();
    } catch (error) {
      judge(instance, error);
    }
  }).toThrow(refused);
  expect(machine.run(code, run)).toMatchObject({ type: "trapped", kind: "unreachable" });
});
