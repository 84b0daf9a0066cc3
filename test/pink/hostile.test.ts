import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extensionFunctions } from "../../src/enclave/contract/pink/extension.ts";
import { encode, type Writer } from "../../src/wire/scale.ts";
import { Network } from "../runtime/network.ts";
import { eventInput, extensionInput, type Mode, probe, run } from "./probe.ts";

const runs = Number(process.env.PHATVM_HOSTILE_RUNS ?? 150);
const network = Network.start({ systemCode: probe });
const contract = network.deploy(probe, undefined, { salt: Uint8Array.of(1) });
const system = network.runtime.systemContract as NonNullable<typeof network.runtime.systemContract>;

/** One SCALE value of a kind that arguments are made of, often of an awkward length. */
const lengths = fc.constantFrom(0, 1, 3, 4, 31, 32, 33, 63, 64, 65, 127, 128, 1023, 1024, 1025, 5000);
const filled = fc.tuple(lengths, fc.integer({ min: 0, max: 255 }));
const argument: fc.Arbitrary<(w: Writer) => unknown> = fc.oneof(
  filled.map(
    ([length, byte]) =>
      (w: Writer) =>
        w.bytes(new Uint8Array(length).fill(byte)),
  ),
  filled.map(
    ([length, byte]) =>
      (w: Writer) =>
        w.raw(new Uint8Array(Math.min(length, 65)).fill(byte)),
  ),
  fc.integer({ min: 0, max: 255 }).map((byte) => (w: Writer) => w.u8(byte)),
  fc.bigInt(0n, 2n ** 64n - 1n).map((value) => (w: Writer) => w.u64(value)),
  fc.string({ maxLength: 40 }).map((text) => (w: Writer) => w.str(text)),
  fc.constantFrom(0, 1, 2, 6, 2 ** 14, 2 ** 30, 2 ** 40).map((count) => (w: Writer) => w.compact(count)),
);

describe("whatever a contract says to its worker", () => {
  test("every call of the extension ends as a result, in every mode", () => {
    const ids = fc.oneof(
      fc.constantFrom(...extensionFunctions.map((f) => f.id)),
      fc.integer({ min: 0, max: 0xffff_ffff }),
    );
    fc.assert(
      fc.property(
        ids,
        fc.array(argument, { maxLength: 5 }),
        fc.constantFrom<Mode>("tx", "query", "estimate"),
        (id, parts, mode) => {
          // HTTP in a query waits for the outside.
          if (mode === "query" && (id === 1 || id === 22)) return;
          const ended = run(
            network,
            contract,
            mode,
            extensionInput(id, (w) => {
              for (const part of parts) part(w);
            }),
          );
          expect(typeof ended.ok).toBe("boolean");
        },
      ),
      { numRuns: runs },
    );
  });

  test("every Pink event is applied or passed over, from the system contract too, and blocks go on", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 14 }), fc.array(argument, { maxLength: 4 }), (index, parts) => {
        const data = encode(undefined, (w) => {
          w.u32(1).u8(index);
          for (const part of parts) part(w);
        });
        for (const to of [contract, system]) expect(network.call(to, data).outcome).toBe("ok");
      }),
      { numRuns: runs },
    );
    // Hooks that were set on accounts without code or money are refused and do no harm.
    const event = { kind: "SetHook", contract, selector: 0x0100_0000, gasLimit: 2n ** 64n - 1n } as const;
    network.call(system, eventInput(event));
    const receipts = network.block([]);
    expect(receipts.some((receipt) => receipt.outcome === "ok")).toBe(true);
  });
});
