/** Contracts that call host functions with anything: every call ends as a receipt, and money stays what it was. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostFunctions, hostFunctionsByImport } from "../../src/enclave/contract/imports.ts";
import { alice, bob, command, Network, treasury } from "../runtime/network.ts";
import { restarted } from "../runtime/saving.ts";
import { act, actor } from "./actor.ts";
import { type HostCall, memoryEnd, probe, u128 } from "./probe.ts";

const network = Network.start({ gasPrice: 1n, depositPerItem: 3n, depositPerByte: 2n });
const callee = actor(network);
const code = network.runtime.contractCode(callee)!;

/** Places worth pointing at: what is there, the end, past the end, everything. */
const place = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 32, 64, 96, 128, 192, 256, 1024) },
  { weight: 2, arbitrary: fc.constantFrom(memoryEnd - 33, memoryEnd - 32, memoryEnd - 4, memoryEnd - 1, memoryEnd) },
  { weight: 1, arbitrary: fc.constantFrom(memoryEnd + 1, 0x7fff_ffff, -0x8000_0000, -4, -1) },
);
const size = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, 1, 4, 16, 32, 33, 65, 128, 129) },
  { weight: 1, arbitrary: fc.constantFrom(memoryEnd, 1_048_577, 4_194_305, 0x7fff_ffff, -1) },
);
const amount = fc.constantFrom(0n, 1n, 1_000_000_000n, -1n, 2n ** 62n);

const call: fc.Arbitrary<HostCall> = fc.constantFrom(...hostFunctions).chain((row) => {
  const parameters = row.parameters.map(({ kind }): fc.Arbitrary<number | bigint> => {
    if (kind === "u64") return amount;
    if (kind === "flags") return fc.constantFrom(0, 1, 2, 4, 8, 9, 15, 16, -1);
    if (kind === "u32") return fc.nat(30);
    return kind === "len" ? size : place;
  });
  return fc.tuple(...parameters).map((all): HostCall => [`${row.module}.${row.name}`, ...all]);
});

const memory = {
  0: callee,
  32: code,
  64: bob,
  96: u128(7n),
  128: act.call(callee, act.ok([1])),
  256: [4, ...new Uint8Array(32).fill(5)],
  1024: [64, 0, 0, 0],
};

describe("host functions", () => {
  it("end as a receipt whatever they are given, and make and lose no money", () => {
    const made: Uint8Array[] = [callee];
    const sum = () =>
      [alice, bob, treasury, ...made].reduce((total, id) => total + network.runtime.balance(id).total, 0n);
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), fc.boolean(), (calls, inConstructor) => {
        const before = sum();
        const { receipt, contract } = probe(network, {
          calls,
          memory,
          inConstructor,
          input: Uint8Array.of(0x9b, 0xae, 0x9d, 0x5e),
          options: { gas: 20_000_000_000n, value: 50n },
        });
        if (contract !== undefined) made.push(contract);
        // What the contract itself made or paid is not in the sum; nothing can be in it that was not before.
        expect(sum()).toBeLessThanOrEqual(before);
        expect(["ok", "reverted", "trapped", "outOfGas", "refused"]).toContain(receipt.outcome);
        if (receipt.outcome !== "ok") expect(receipt.events).toEqual([]);
        expect(receipt.gasUsed).toBeLessThanOrEqual(20_000_000_000n);
      }),
      { numRuns: Number(process.env.HOSTILE_RUNS ?? 150), seed: Number(process.env.HOSTILE_SEED ?? 1) },
    );
  });

  it("leave a state that comes back after a restart", () => {
    const again = restarted(network);
    expect(again.stateRoot).toEqual(network.runtime.stateRoot);
    const block = network.make([command(callee, Uint8Array.from([...act.set(2, 9), ...act.ok()]))]);
    expect(again.dispatch(block).sealed).toEqual(network.runtime.dispatch(block).sealed);
  });

  it("are bound by every spelling of the table and by no other name", () => {
    expect([...hostFunctionsByImport.keys()].length).toBe(
      hostFunctions.reduce((count, { alias }) => count + (alias ? 2 : 1), 0),
    );
    for (const name of ["seal0.__proto__", "seal0.constructor", "toString", "seal0.", "seal3.call"]) {
      expect(hostFunctionsByImport.get(name)).toBeUndefined();
    }
  });
});
