/**
 * How long preparing a module takes, against V8's full baseline compilation of the same module.
 *
 * `node bench/run.mjs bench/wasm/prepare.ts [--json]`. The modules are real ones that this repository's tools bring
 * along. Bytes are made unique per run by a custom section, so that no cache helps V8; the first call, cold, is
 * reported too. Liftoff only, nothing lazy, as the flags below set.
 * @module
 */

import { setFlagsFromString } from "node:v8";
import { prepareModule } from "../../src/wasm/index.ts";
import { median, type Ratio, report } from "../vm/measure.ts";
import { realModules } from "./real.ts";

for (const flag of ["--no-wasm-lazy-compilation", "--no-wasm-dynamic-tiering", "--no-wasm-tier-up"]) {
  setFlagsFromString(flag);
}

const milliseconds = (run: () => void): number => {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e6;
};

const ratios: Ratio[] = [];
let serial = 0;
for (const { name, bytes } of await realModules()) {
  if (bytes.length > 4_000_000) continue;
  const unique = (): Uint8Array<ArrayBuffer> => {
    const section = [0, 14, 1, 0x75, ...Buffer.from(String(serial++).padStart(12, "0"))];
    const copy = new Uint8Array(bytes.length + section.length);
    copy.set(bytes);
    copy.set(section, bytes.length);
    return copy;
  };
  const compiled: number[] = [];
  const prepared: number[] = [];
  const first = unique();
  const cold = milliseconds(() => prepareModule(first, { profile: "wasm2" }));
  let size = 0;
  for (let round = 0; round < 41; round++) {
    const one = unique();
    compiled.push(milliseconds(() => new WebAssembly.Module(one)));
    const other = unique();
    prepared.push(
      milliseconds(() => {
        size = prepareModule(other, { profile: "wasm2" }).bytes.length;
      }),
    );
  }
  const baseline = median(compiled);
  const label = `${name}, ${(bytes.length / 1024).toFixed(0)} KiB`;
  const taken = median(prepared);
  ratios.push({ name: label, nanoseconds: taken * 1e6, baseline: "Liftoff", ratio: taken / baseline, bound: 1.5 });
  ratios.push({ name: `${label}, cold`, nanoseconds: cold * 1e6, baseline: "Liftoff", ratio: cold / baseline });
  ratios.push({ name: `${label}, size`, nanoseconds: 0, baseline: "input", ratio: size / bytes.length, bound: 1.5 });
}
report(ratios);
