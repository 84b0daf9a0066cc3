import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aeadTagBytes } from "../../src/crypto/aead.ts";
import {
  type OpeningStream,
  type SealHeader,
  SealingKeys,
  type SealPolicy,
  sealedHeader,
} from "../../src/enclave/keys/sealing.ts";
import { EngineError } from "../../src/errors.ts";

const keys = new SealingKeys(new Uint8Array(32).fill(1));
const policy: SealPolicy = { kind: "measurement", identity: new Uint8Array(32).fill(2) };
const header: SealHeader = { sequence: 7n, counter: 3n };
const content = new TextEncoder().encode("the state of a cluster");
const salt = new Uint8Array(16).fill(5);
/** Chunks of 1 KiB, the smallest. */
const BITS = 10;

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

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = bytes.slice();
  (changed[bit >> 3] as number) ^= 1 << (bit & 7);
  return changed;
}

describe("a sealed record", () => {
  test("comes back as it was, with its header", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.bigInt(0n, 2n ** 64n - 1n), (plaintext, sequence) => {
        const record = keys.sealRecord(policy, "snapshot", { sequence, counter: 9n }, plaintext);
        expect(sealedHeader("snapshot", record)).toEqual({ sequence, counter: 9n });
        expect(keys.openRecord(policy, "snapshot", record)).toEqual({ header: { sequence, counter: 9n }, plaintext });
      }),
      { numRuns: 50 },
    );
  });

  test("of any length comes back, at the ends of chunks too", () => {
    for (const length of [0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 2 ** 21]) {
      const plaintext = new Uint8Array(length).fill(length & 255);
      const record = keys.sealRecord(policy, "snapshot", header, plaintext);
      expect(Buffer.compare(keys.openRecord(policy, "snapshot", record).plaintext, plaintext)).toBe(0);
    }
  });

  test("has no bit that can be changed and no byte that can be cut off or added", () => {
    const record = keys.sealRecord(policy, "snapshot", header, content);
    for (let bit = 0; bit < record.length * 8; bit++) {
      broken(() => keys.openRecord(policy, "snapshot", flipped(record, bit)));
    }
    for (let length = 0; length < record.length; length++) {
      broken(() => keys.openRecord(policy, "snapshot", record.subarray(0, length)));
    }
    broken(() => keys.openRecord(policy, "snapshot", Uint8Array.from([...record, 0])));
  });

  test("of one kind does not pass for another, even with its name changed", () => {
    const record = keys.sealRecord(policy, "snapshot", header, content);
    expect(broken(() => keys.openRecord(policy, "identity", record))).toContain("another kind");
    const renamed = record.slice();
    renamed.set(new TextEncoder().encode("identity"), 12);
    expect(sealedHeader("identity", renamed)).toEqual(header);
    expect(broken(() => keys.openRecord(policy, "identity", renamed))).toContain("changed");
  });

  test("is opened by no other platform, no other enclave, and by no policy but its own", () => {
    const record = keys.sealRecord(policy, "snapshot", header, content);
    broken(() => new SealingKeys(new Uint8Array(32).fill(9)).openRecord(policy, "snapshot", record));
    broken(() => keys.openRecord({ ...policy, identity: new Uint8Array(32).fill(9) }, "snapshot", record));
    const signer: SealPolicy = { kind: "signer", identity: policy.identity };
    expect(broken(() => keys.openRecord(signer, "snapshot", record))).toContain("for a measurement");
    const other = keys.sealRecord(signer, "snapshot", header, content);
    expect(keys.openRecord(signer, "snapshot", other).plaintext).toEqual(content);
    // The policy in the clear is only what it says of itself.
    const claimed = other.slice();
    claimed[10] = 0;
    expect(broken(() => keys.openRecord(policy, "snapshot", claimed))).toContain("changed");
  });

  test("does not open under the header of another", () => {
    const first = keys.sealRecord(policy, "snapshot", header, content);
    const second = keys.sealRecord(policy, "snapshot", { sequence: 8n, counter: 4n }, content);
    const bodyFrom = first.length - content.length - aeadTagBytes;
    const mixed = Uint8Array.from([...first.subarray(0, bodyFrom), ...second.subarray(bodyFrom)]);
    broken(() => keys.openRecord(policy, "snapshot", mixed));
  });

  test("shares its salt with no other, unless they are one and the same", () => {
    const salted = (h: SealHeader, plaintext: Uint8Array): string => {
      const record = keys.sealRecord(policy, "snapshot", h, plaintext);
      const end = record.length - plaintext.length - aeadTagBytes;
      return record.slice(end - 16, end).join();
    };
    const all = [
      salted(header, content),
      salted({ ...header, counter: 4n }, content),
      salted({ ...header, sequence: 8n }, content),
      salted(header, content.slice(1)),
    ];
    expect(new Set(all).size).toBe(4);
    expect(salted(header, content)).toBe(all[0]);
  });
});

describe("a sealed stream", () => {
  const chunks = [1, 2, 3, 4].map((n) => new Uint8Array(n === 4 ? 100 : 2 ** BITS).fill(n));

  function sealed(saltByte = 5): { head: Uint8Array; chunks: Uint8Array[] } {
    const stream = keys.seal(policy, "state", header, new Uint8Array(16).fill(saltByte), BITS);
    const all = chunks.map((chunk, i) => Buffer.concat(stream.next(chunk, i === chunks.length - 1)));
    return { head: stream.head, chunks: all };
  }

  function opened(head: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array[] {
    const stream: OpeningStream = keys.open(policy, "state", head);
    return pieces.map((piece, i) => stream.next(piece, i === pieces.length - 1));
  }

  test("opens chunk by chunk", () => {
    const { head, chunks: pieces } = sealed();
    expect(opened(head, pieces)).toEqual(chunks);
    expect(keys.open(policy, "state", head).header).toEqual(header);
  });

  test("does not open with chunks left out, moved, repeated, cut or added", () => {
    const { head, chunks: p } = sealed();
    const [a, b, c, d] = p as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    for (const pieces of [
      [a],
      [a, b],
      [a, b, c],
      [b, c, d],
      [a, c, d],
      [a, b, d],
      [b, a, c, d],
      [a, c, b, d],
      [d],
      [a, a, b, c, d],
      [a, b, b, c, d],
      [a, b, c, d, d],
      [a, b, c, d, new Uint8Array(16)],
      [a, b, c, d.subarray(0, d.length - 1)],
      [a, b, c, new Uint8Array(0)],
      [a, b.subarray(1), c, d],
      [Buffer.concat([a, b]), c, d],
    ]) {
      broken(() => opened(head, pieces));
    }
  });

  test("does not open with a chunk, or behind a head, of another stream of the same content", () => {
    const [one, other] = [sealed(5), sealed(6)];
    for (let i = 0; i < chunks.length; i++) {
      const mixed = one.chunks.with(i, other.chunks[i] as Uint8Array);
      broken(() => opened(one.head, mixed));
    }
    broken(() => opened(other.head, one.chunks));
  });

  test("has no bit in its head that can be changed", () => {
    const { head, chunks: pieces } = sealed();
    for (let bit = 0; bit < head.length * 8; bit++) broken(() => opened(flipped(head, bit), pieces));
    for (let length = 0; length < head.length; length++) broken(() => opened(head.subarray(0, length), pieces));
  });

  test("that ends at the end of a chunk is not one that was cut there", () => {
    const stream = keys.seal(policy, "state", header, salt, BITS);
    const [first, second] = chunks as [Uint8Array, Uint8Array];
    const pieces = [Buffer.concat(stream.next(first, false)), Buffer.concat(stream.next(second, true))];
    expect(opened(stream.head, pieces)).toEqual([first, second]);
    broken(() => opened(stream.head, pieces.slice(0, 1)));
    broken(() => opened(stream.head, [...pieces, new Uint8Array(aeadTagBytes)]));
  });

  test("has no chunk behind its last, and none of a wrong length, by its own maker's mistake either", () => {
    const stream = keys.seal(policy, "state", header, salt, BITS);
    expect(() => stream.next(new Uint8Array(2 ** BITS + 1), true)).toThrow(EngineError);
    expect(() => stream.next(new Uint8Array(5), false)).toThrow(EngineError);
    stream.next(new Uint8Array(5), true);
    expect(() => stream.next(new Uint8Array(5), true)).toThrow(EngineError);
    expect(() => keys.seal(policy, "s".repeat(64), header, salt, BITS)).toThrow(EngineError);
    expect(() => keys.seal(policy, "state", header, salt.subarray(1), BITS)).toThrow(EngineError);
  });

  test("is sealed under a key that no other header, label or policy has", () => {
    const zero = new Uint8Array(2 ** BITS);
    const of = (...[p, label, h, s, bits]: Parameters<SealingKeys["seal"]>): string =>
      Buffer.from(keys.seal(p, label, h, s, bits).next(zero, true)[0]).toString("hex", 0, 64);
    const all = [
      of(policy, "state", header, salt, BITS),
      of({ ...policy, kind: "signer" }, "state", header, salt, BITS),
      of({ ...policy, identity: new Uint8Array(32) }, "state", header, salt, BITS),
      of(policy, "other", header, salt, BITS),
      of(policy, "state", { ...header, sequence: 8n }, salt, BITS),
      of(policy, "state", { ...header, counter: 8n }, salt, BITS),
      of(policy, "state", header, new Uint8Array(16), BITS),
      of(policy, "state", header, salt, BITS + 1),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
