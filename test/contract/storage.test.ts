/** Storage functions: every version and spelling, every code, every trap. */

import { describe, expect, it } from "vitest";
import { fixedSlot, storageId, variableSlot } from "../../src/enclave/contract/address.ts";
import { hex, Network, toText } from "../runtime/network.ts";
import { type HostCall, memoryEnd, probe, u32 } from "./probe.ts";

const network = Network.start();
const none = 0xffff_ffff;
const key = new Uint8Array(32).fill(1);
/** Key at 0 (32 bytes), value at 64 ("hello"), output at 128, its length cell at 120. */
const memory = { 0: key, 64: [...Buffer.from("hello")], 120: u32(64) };
const run = (calls: HostCall[], more: Record<number, readonly number[]> = {}) =>
  probe(network, { calls, memory: { ...memory, ...more } });
const text = (bytes: Uint8Array, at = 128, length = 5): string => Buffer.from(bytes.slice(at, at + length)).toString();
const length = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(120, true);

describe.each(["", "seal_"])("spelt %j", (spelling) => {
  const f = (module: string, name: string) => `${module}.${spelling}${name}`;

  it("fixed keys: set, get, contains and clear", () => {
    const { results, memory: after } = run([
      [f("seal0", "get_storage"), 0, 128, 120],
      [f("seal0", "contains_storage"), 0],
      [f("seal0", "set_storage"), 0, 64, 5],
      [f("seal0", "get_storage"), 0, 128, 120],
      [f("seal0", "contains_storage"), 0],
      [f("seal0", "clear_storage"), 0],
      [f("seal0", "contains_storage"), 0],
    ]);
    expect([results[0], results[1], results[3], results[4], results[6]]).toEqual([3, none, 0, 5, none]);
    expect(text(after)).toBe("hello");
    expect(length(after)).toBe(5);
  });

  it("fixed keys, returning: the old length, or none", () => {
    const { results } = run([
      [f("seal1", "set_storage"), 0, 64, 5],
      [f("seal1", "set_storage"), 0, 64, 3],
      [f("seal1", "set_storage"), 0, 64, 0],
      [f("seal0", "contains_storage"), 0],
      [f("seal1", "set_storage"), 0, 64, 1],
    ]);
    expect(results).toEqual([none, 5, 3, 0, 0]);
  });

  it("keys of any length: set, get, contains, clear and take", () => {
    const { results, memory: after } = run(
      [
        [f("seal1", "get_storage"), 0, 4, 128, 120],
        [f("seal2", "set_storage"), 0, 4, 64, 5],
        [f("seal2", "set_storage"), 0, 4, 64, 4],
        [f("seal1", "contains_storage"), 0, 4],
        [f("seal1", "get_storage"), 0, 4, 160, 120],
        [f("seal1", "clear_storage"), 0, 4],
        [f("seal1", "clear_storage"), 0, 4],
        [f("seal0", "take_storage"), 0, 4, 128, 120],
        [f("seal2", "set_storage"), 0, 4, 64, 5],
        [f("seal0", "take_storage"), 0, 4, 128, 124],
        [f("seal1", "contains_storage"), 0, 4],
      ],
      { 124: u32(5) },
    );
    expect(results).toEqual([3, none, 5, 4, 0, 4, none, 3, none, 0, none]);
    expect(text(after, 160, 4)).toBe("hell");
    expect(text(after)).toBe("hello");
  });
});

describe("slots", () => {
  it("a fixed key and the same key as one of any length are two slots", () => {
    const { results } = run([
      ["seal0.set_storage", 0, 64, 5],
      ["seal1.contains_storage", 0, 32],
      ["seal2.set_storage", 0, 32, 64, 2],
      ["seal0.contains_storage", 0],
    ]);
    expect(results.slice(1)).toEqual([none, none, 5]);
  });

  it("an empty key and an empty value are a key and a value", () => {
    const { results } = run([
      ["seal2.set_storage", 0, 0, 64, 0],
      ["seal1.contains_storage", 0, 0],
      ["seal1.get_storage", 0, 0, 128, 120],
      ["seal2.set_storage", 0, 0, 64, 5],
      ["seal1.clear_storage", 0, 0],
    ]);
    expect(results).toEqual([none, 0, 0, 0, 5]);
  });

  it("have the trie keys of the reference", () => {
    expect(toText(fixedSlot(new Uint8Array(32)))).toBe(
      "89eb0d6a8a691dae2cd15ed0369931ce0a949ecafa5c3f93f8121833646e15c3",
    );
    expect(toText(variableSlot(new Uint8Array(4)))).toBe("11d2df4e979aa105cf552e9544ebd2b500000000");
    expect(toText(variableSlot(new Uint8Array(0)))).toBe("cae66941d9efbd404e4d88758ea67670");
    expect(toText(storageId(new Uint8Array(32).fill(1), 1))).toBe(
      "e1676bfce35905ce08fd3da0677b61c7bd7d2925969dd64bb1782b10ecc48a15",
    );
  });

  it("a key that changes its length in place is never taken for the one before", () => {
    const { results } = run([
      ["seal2.set_storage", 0, 8, 64, 5],
      ["seal1.contains_storage", 0, 7],
      ["seal1.contains_storage", 0, 9],
      ["seal1.contains_storage", 8, 8],
    ]);
    expect(results).toEqual([none, none, none, 5]);
  });
});

describe("limits", () => {
  it("a key of 128 bytes is taken, one of 129 is DecodingFailed", () => {
    expect(run([["seal2.set_storage", 0, 128, 64, 5]]).results).toEqual([none]);
    for (const call of [
      ["seal2.set_storage", 0, 129, 64, 5],
      ["seal1.get_storage", 0, 129, 128, 120],
      ["seal1.contains_storage", 0, 129],
      ["seal1.clear_storage", 0, -1],
      ["seal0.take_storage", 0, 129, 128, 120],
    ] as HostCall[]) {
      expect(run([call]).error).toBe("DecodingFailed");
    }
  });

  it("a value above a mebibyte is ValueTooLarge before it is looked at", () => {
    expect(run([["seal2.set_storage", 0, 4, 0, 1_048_577]]).error).toBe("ValueTooLarge");
    expect(run([["seal0.set_storage", 0, 0, -1]]).error).toBe("ValueTooLarge");
  });

  it("an output one byte too small is OutputBufferTooSmall, and nothing of the frame stays", () => {
    const before = network.runtime.stateRoot;
    const ended = run(
      [
        ["seal2.set_storage", 0, 4, 64, 5],
        ["seal1.get_storage", 0, 4, 128, 124],
      ],
      { 124: u32(4) },
    );
    expect(ended.error).toBe("OutputBufferTooSmall");
    expect(ended.receipt.outcome).toBe("trapped");
    expect(network.runtime.stateRoot).not.toEqual(before);
    const root = network.runtime.stateRoot;
    network.call(ended.contract!, hex("00000000"));
    expect(network.runtime.stateRoot).toEqual(root);
  });
});

describe("pointers", () => {
  const good = (call: HostCall) => expect(run([call]).error, String(call)).toBeUndefined();
  const bad = (call: HostCall) => expect(run([call]).error, String(call)).toBe("OutOfBounds");

  it("may reach the last byte of memory and not past it", () => {
    good(["seal0.set_storage", memoryEnd - 32, 64, 5]);
    bad(["seal0.set_storage", memoryEnd - 31, 64, 5]);
    good(["seal0.set_storage", 0, memoryEnd - 5, 5]);
    bad(["seal0.set_storage", 0, memoryEnd - 4, 5]);
    bad(["seal0.set_storage", 0, -1, 1]);
    bad(["seal0.set_storage", -32, 0, 1]);
    good(["seal2.set_storage", memoryEnd - 8, 8, 64, 5]);
    bad(["seal2.set_storage", memoryEnd - 7, 8, 64, 5]);
  });

  it("are out of bounds past the end also where nothing is read", () => {
    good(["seal2.set_storage", memoryEnd, 0, memoryEnd, 0]);
    bad(["seal2.set_storage", memoryEnd + 1, 0, 0, 0]);
    bad(["seal2.set_storage", 0, 4, memoryEnd + 1, 0]);
  });

  it("of outputs and length cells are checked before and after", () => {
    const get = (out: number, cell: number) =>
      run(
        [
          ["seal2.set_storage", 0, 4, 64, 5],
          ["seal1.get_storage", 0, 4, out, cell],
        ],
        {
          [memoryEnd - 4]: u32(5),
        },
      ).error;
    expect(get(memoryEnd - 9, memoryEnd - 4)).toBeUndefined();
    expect(get(128, memoryEnd - 3)).toBe("OutOfBounds");
    expect(get(memoryEnd - 4, 120)).toBe("OutOfBounds");
    expect(get(-1, 120)).toBe("OutOfBounds");
    expect(get(128, -4)).toBe("OutOfBounds");
  });

  it("may overlap: the length is written last", () => {
    const { memory: after } = run([
      ["seal2.set_storage", 0, 4, 64, 5],
      ["seal1.get_storage", 0, 4, 120, 120],
    ]);
    expect([...after.slice(120, 125)]).toEqual([5, 0, 0, 0, "o".charCodeAt(0)]);
  });

  it("of a value may be those of its own key", () => {
    const { results, memory: after } = run([
      ["seal2.set_storage", 0, 8, 0, 8],
      ["seal1.get_storage", 0, 8, 0, 120],
    ]);
    expect(results).toEqual([none, 0]);
    expect([...after.slice(0, 8)]).toEqual(new Array(8).fill(1));
  });
});
