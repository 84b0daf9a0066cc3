/** Backtraces name what was called, stop at the run's own edge, and bear names and maps that lie. */

import asc from "assemblyscript/asc";
import { beforeAll, describe, expect, it } from "vitest";
import { ContractFault } from "../../src/errors.ts";
import { type Backtrace, type Host, Machine, type Symbols } from "../../src/vm/index.ts";
import { functionNames, hideNames } from "../../src/vm/names.ts";
import { prepareModule } from "../../src/wasm/index.ts";
import { readSourceMap } from "../../src/wire/sourceMap.ts";
import { contract, hostOf, wat } from "./wat.ts";

const gas = 1e12;
const machine = new Machine();

function backtrace(bytes: Uint8Array, host: Host<undefined> = hostOf()): Backtrace {
  const outcome = machine.run(machine.load(bytes), { host, frame: undefined, entry: "call", gas });
  if (outcome.type !== "trapped") throw new TypeError(`it ended as ${outcome.type}`);
  return outcome.backtrace;
}
const names = (trace: Backtrace) => trace.frames().map(({ name }) => name);

/** A custom section. */
function custom(name: string, content: readonly number[]): number[] {
  const body = [name.length, ...Buffer.from(name), ...content];
  return [0, ...leb(body.length), ...body];
}
const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);

describe("a backtrace", () => {
  const nested = `(func $inner unreachable) (func $middle (call $inner) (call $inner))`;

  it("names the functions from the innermost outwards", () => {
    const trace = backtrace(contract("(call $middle)", nested));
    expect(names(trace)).toEqual(["inner", "middle", "call"]);
    expect(trace.toString()).toBe("at inner\nat middle\nat call");
  });

  it("shows a function that is exported and called once a call, whoever calls it", () => {
    const module = wat(
      '(module (import "env" "memory" (memory 1 1)) (func (export "deploy") (call $call)) (func $call (export "call") (local i32) (drop (i32.load (i32.const -1)))) (func (call $call)))',
    );
    expect(backtrace(module).frames()).toEqual([{ function: 1, name: "call" }]);
    const outcome = machine.run(machine.load(module), { host: hostOf(), frame: undefined, entry: "deploy", gas });
    if (outcome.type !== "trapped") throw new TypeError(`it ended as ${outcome.type}`);
    expect(outcome.backtrace.frames().map((frame) => frame.function)).toEqual([1, 0]);
  });

  it("has numbers where there are no names", () => {
    const module = wat(
      '(module (import "env" "memory" (memory 1 1)) (func (export "deploy")) (func (export "call") unreachable))',
    );
    expect(backtrace(module).frames()).toEqual([{ function: 1 }]);
  });

  it("of a fault of a host function begins with the guest's call of it", () => {
    const host = hostOf({
      f() {
        throw new ContractFault("CodeRejected", { reason: "of this test" });
      },
    });
    const trace = backtrace(contract("(call $g)", "(func $g (call $f))", '(import "h" "f" (func $f))'), host);
    expect(names(trace)).toEqual(["g", "call"]);
  });

  it("ends where the run began, not where the machine was entered", () => {
    const inner = contract("(call $inside)", "(func $inside unreachable)");
    let trace: Backtrace | undefined;
    const host = hostOf({ f: () => void (trace = backtrace(inner)) });
    const outer = contract("(call $outside)", "(func $outside (call $f))", '(import "h" "f" (func $f))');
    machine.run(machine.load(outer), { host, frame: undefined, entry: "call", gas });
    expect(names(trace!)).toEqual(["inside", "call"]);
  });

  it("is there without frames when V8 is told to keep none", () => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      expect(backtrace(contract("(call $middle)", nested)).frames()).toEqual([]);
    } finally {
      Error.stackTraceLimit = limit;
    }
  });
});

describe("with a source map", () => {
  const source = `function divide(a: i32, b: i32): i32 {
  return a / b;
}
function middle(n: i32): i32 {
  let sum: i32 = 1;
  for (let i = 0; i < n; i++) {
    sum += load<i32>(i * 4);
  }
  memory.grow(0);
  return divide(sum, n - 5);
}
export function call(): void {
  store<i32>(0, 1);
  store<i32>(0, middle(5));
}
export function deploy(): void {}
`;
  const files = new Map<string, string | Uint8Array>();
  let loaded = 0;

  beforeAll(async () => {
    const options = ["--sourceMap", "--debug", "--runtime", "stub", "--importMemory", "--noExportMemory"];
    const memory = ["--initialMemory", "2", "--maximumMemory", "16"];
    const { error, stderr } = await asc.main(["main.ts", "-o", "main.wasm", ...options, ...memory], {
      readFile: (name) => (name === "main.ts" ? source : null),
      writeFile: (name, contents) => void files.set(name, contents),
    });
    if (error !== null) throw new TypeError(stderr.toString());
  });

  function frames(symbols: Symbols | undefined) {
    const code = machine.load(files.get("main.wasm") as Uint8Array, {
      key: `divide ${++loaded}`,
      ...(symbols === undefined ? {} : { symbols }),
    });
    const outcome = machine.run(code, { host: hostOf(), frame: undefined, entry: "call", gas });
    expect(outcome).toMatchObject({ type: "trapped", kind: "integerDivideByZero" });
    return outcome.type === "trapped" ? outcome.backtrace.frames() : [];
  }

  it("each call has its line in the source, through all that the pass has added", () => {
    const asked: string[] = [];
    const found = frames({
      code: () => files.get("main.wasm") as Uint8Array,
      sourceMap(url) {
        asked.push(url);
        return files.get("main.wasm.map") as string;
      },
    });
    expect(asked).toEqual(["./main.wasm.map"]);
    expect(found.map(({ source }) => [source?.file, source?.line])).toEqual([
      ["./main/main.ts", 2],
      ["./main/main.ts", 10],
      ["./main/main.ts", 14],
    ]);
  });

  it("each call has its offset in the original, on a line that a name cannot end or pass for another", () => {
    const bytes = wat(
      `(module (import "env" "memory" (memory 1 1)) (func $a unreachable)
        (func (export "deploy")) (func (export "call") (call $a)))`,
    );
    // The name of one letter becomes a line break.
    const name = bytes.lastIndexOf(0x61);
    bytes[name] = 0x0a;
    const code = machine.load(bytes, { key: "a name of a line break", symbols: { code: () => bytes } });
    const outcome = machine.run(code, { host: hostOf(), frame: undefined, entry: "call", gas });
    if (outcome.type !== "trapped") throw new TypeError(outcome.type);
    const found = outcome.backtrace.frames();
    expect(found.map(({ offset }) => bytes[offset ?? 0])).toEqual([0x00, 0x10]);
    const [inner = 0, outer = 0] = found.map(({ offset }) => offset);
    expect(outcome.backtrace.toString()).toBe(
      `at wasm-function[0]:0x${inner.toString(16)} ?\nat wasm-function[2]:0x${outer.toString(16)}`,
    );
  });

  it("there are names alone when the module, its map or both cannot be found", () => {
    const code = () => files.get("main.wasm") as Uint8Array;
    const sourceMap = () => files.get("main.wasm.map") as string;
    for (const symbols of [
      undefined,
      { code },
      { code, sourceMap: () => undefined },
      { code, sourceMap: () => "{}" },
      { code: () => undefined, sourceMap },
    ]) {
      const found = frames(symbols);
      expect(found.map(({ name }) => name)).toEqual(["main/divide", "main/middle", "main/call"]);
      expect(found.every(({ source }) => source === undefined)).toBe(true);
    }
  });
});

it("every byte of an original body is found again from the prepared one", () => {
  const original = contract(
    `(local i32) (call $f) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (if (i32.lt_u (local.get 0) (i32.const 9)) (then (call $f) (br 1))))
    (drop (f32.add (f32.load (i32.const 0)) (f32.const 1))) (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))
    (drop (memory.grow (i32.const 1)))`,
    "(func $f (drop (i32.const 77777))) (func $g (call $g))",
  );
  const { bytes, originalOffset } = prepareModule(original);
  // The constant stands in the code once.
  const constant = [0x41, ...leb(77777)];
  const find = (within: Uint8Array) =>
    within.findIndex((_, at) => constant.every((byte, i) => within[at + i] === byte));
  expect(find(bytes)).toBeGreaterThan(find(original));
  expect(originalOffset(find(bytes))).toBe(find(original));
  expect(originalOffset(0)).toBe(-1);
  let same = 0;
  let before = -1;
  for (let offset = 0; offset < bytes.length; offset++) {
    const found = originalOffset(offset);
    expect(found).toBeGreaterThanOrEqual(Math.min(before, original.length));
    before = found;
    if (bytes[offset] === original[found]) same++;
  }
  expect(same).toBeGreaterThan(50);
});

describe("a name section that lies", () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const hiding = (bytes: Uint8Array<ArrayBuffer>) => {
    hideNames(bytes);
    return bytes;
  };
  const read = (content: readonly number[]) =>
    functionNames(new WebAssembly.Module(hiding(Uint8Array.from([...header, ...custom("name", content)]))));

  it.each([
    ["is empty", []],
    ["promises more than there is", [1, 200, 1, 5]],
    ["promises four billion names", [1, 5, 255, 255, 255, 255, 15]],
    ["has a name longer than itself", [1, 5, 1, 0, 255, 255, 3]],
    ["has a subsection of another kind only", [7, 2, 1, 0]],
  ])("%s", (_how, content) => {
    expect(read(content).size).toBe(0);
  });

  it("names what is no text, or is too long, and nothing breaks", () => {
    expect([...read([1, 5, 1, 3, 2, 0xff, 0xfe])]).toEqual([[3, "\ufffd\ufffd"]]);
    const long = [...leb(5_000), ...Array<number>(5_000).fill(0x61)];
    expect(read([1, ...leb(long.length + 2), 1, 3, ...long]).get(3)).toHaveLength(512);
  });
});

describe("a source map", () => {
  const map = (mappings: string, sources: unknown[] = ["a.ts", "b.ts"]) =>
    readSourceMap(JSON.stringify({ version: 3, sources, names: [], mappings }));

  it("says which line an offset came from", () => {
    // [10, 0, 4, 2] [+5, +1, -2, +3] [+20, -1, 0, 0]: offsets 10, 15, 35.
    const read = map("UAIE,KCFG,oBDAA")!;
    expect(read.place(9)).toBeUndefined();
    expect(read.place(10)).toEqual({ file: "a.ts", line: 5, column: 3 });
    expect(read.place(14)).toEqual({ file: "a.ts", line: 5, column: 3 });
    expect(read.place(15)).toEqual({ file: "b.ts", line: 3, column: 6 });
    expect(read.place(1_000_000)).toEqual({ file: "a.ts", line: 3, column: 6 });
  });

  it.each([
    ["is no JSON", "{"],
    ["is null", "null"],
    ["has no mappings", '{"sources":["a"]}'],
    ["has mappings that are no base 64", '{"sources":["a"],"mappings":"!!!!"}'],
    ["has numbers without end", JSON.stringify({ sources: ["a"], mappings: "g".repeat(100_000) })],
    ["goes backwards", '{"sources":["a"],"mappings":"UAAA,JAAA"}'],
  ])("that %s gives no places", (_how, text) => {
    expect(readSourceMap(text)).toBeUndefined();
  });

  it("with a source that is not there gives no place", () => {
    expect(map("UAIE", [])?.place(10)).toBeUndefined();
    expect(map("UAIE", [{}])?.place(10)).toBeUndefined();
  });
});
