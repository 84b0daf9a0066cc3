import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SealHeader, seal, sealedHeader, unseal } from "../../src/enclave/keys/sealing.ts";
import { EngineError } from "../../src/errors.ts";

const root = new Uint8Array(32).fill(1);
const policy = new Uint8Array(32).fill(2);
const header: SealHeader = { sequence: 7n, counter: 3n };
const content = new TextEncoder().encode("the state of a cluster");

function broken(open: () => unknown): string {
  try {
    open();
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).code).toBe("SealBroken");
    return String((error as EngineError).facts.reason);
  }
  return expect.unreachable("it was opened");
}

describe("sealing", () => {
  test("what was sealed comes back, with its header", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.bigInt(0n, 2n ** 64n - 1n), (plaintext, sequence) => {
        const record = seal(root, policy, "snapshot", { sequence, counter: 9n }, plaintext);
        expect(sealedHeader("snapshot", record)).toEqual({ sequence, counter: 9n });
        expect(unseal(root, policy, "snapshot", record)).toEqual({ header: { sequence, counter: 9n }, plaintext });
      }),
      { numRuns: 50 },
    );
  });

  test("no bit of a record can be changed and no byte cut off or added", () => {
    const record = seal(root, policy, "snapshot", header, content);
    for (let bit = 0; bit < record.length * 8; bit++) {
      const changed = record.slice();
      (changed[bit >> 3] as number) ^= 1 << (bit & 7);
      broken(() => unseal(root, policy, "snapshot", changed));
    }
    for (let length = 0; length < record.length; length++) {
      broken(() => unseal(root, policy, "snapshot", record.subarray(0, length)));
    }
    broken(() => unseal(root, policy, "snapshot", Uint8Array.from([...record, 0])));
  });

  test("a record of one kind does not pass for another, even with its name changed", () => {
    const record = seal(root, policy, "snapshot", header, content);
    expect(broken(() => unseal(root, policy, "identity", record))).toContain("another kind");
    const renamed = record.slice();
    renamed.set(new TextEncoder().encode("identity"), 11);
    expect(sealedHeader("identity", renamed)).toEqual(header);
    expect(broken(() => unseal(root, policy, "identity", renamed))).toContain("changed");
  });

  test("another platform and another enclave cannot open it", () => {
    const record = seal(root, policy, "snapshot", header, content);
    broken(() => unseal(new Uint8Array(32).fill(9), policy, "snapshot", record));
    broken(() => unseal(root, new Uint8Array(32).fill(9), "snapshot", record));
  });

  test("the body of one record does not open under the header of another", () => {
    const first = seal(root, policy, "snapshot", header, content);
    const second = seal(root, policy, "snapshot", { sequence: 8n, counter: 4n }, content);
    const bodyFrom = first.length - content.length - 16 - 12;
    const mixed = Uint8Array.from([...first.subarray(0, bodyFrom), ...second.subarray(bodyFrom)]);
    broken(() => unseal(root, policy, "snapshot", mixed));
  });

  test("no two records share a nonce unless they are one and the same", () => {
    const nonce = (h: SealHeader, plaintext: Uint8Array): string => {
      const record = seal(root, policy, "snapshot", h, plaintext);
      const at = record.length - plaintext.length - 28;
      return record.slice(at, at + 12).join();
    };
    const all = [
      nonce(header, content),
      nonce({ ...header, counter: 4n }, content),
      nonce({ ...header, sequence: 8n }, content),
      nonce(header, content.slice(1)),
    ];
    expect(new Set(all).size).toBe(4);
    expect(nonce(header, content)).toBe(all[0]);
  });
});
