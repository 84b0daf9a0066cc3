import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PhatError } from "../../src/errors.ts";
import { decode, encode, type Reader } from "../../src/wire/scale.ts";

/** Reads whatever it can, by each way there is to take bytes. */
const readings: Record<string, (r: Reader) => unknown> = {
  u8: (r) => r.u8(),
  bool: (r) => r.bool(),
  u16: (r) => r.u16(),
  u32: (r) => r.u32(),
  u64: (r) => r.u64(),
  u64Saturated: (r) => r.u64Saturated(),
  u128: (r) => r.u128(),
  compact: (r) => r.compact(),
  compactBig: (r) => r.compactBig(),
  raw: (r) => r.raw(60),
  bytes: (r) => r.bytes(),
  str: (r) => r.str(),
  option: (r) => r.option((o) => o.u16()),
  vec: (r) => r.vec((o) => o.u16(), 2),
  since: (r) => [r.compact(), [...r.since(0)], r.offset, [...r.view8(r.remaining)]],
  nothing: () => undefined,
};

/** A value, or the error with where it was noticed. */
function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(PhatError);
    return (error as PhatError).facts;
  }
}

describe("a part of some bytes", () => {
  it("is read as those bytes alone are: nothing before it or behind it counts", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      // What is well formed more often than chance would have it.
      fc.uint8Array({ maxLength: 60 }).map((one) => encode(one, (w) => w.bytes(one))),
    );
    const around = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(readings)), around, bytes, around, (name, before, part, behind) => {
        const read = readings[name] as (r: Reader) => unknown;
        const whole = Uint8Array.from([...before, ...part, ...behind]);
        const from = before.length;
        const within = outcome(() => decode(whole, "part", read, from, from + part.length));
        expect(within).toEqual(outcome(() => decode(part, "part", read)));
      }),
      { numRuns: 2000 },
    );
  });

  it("of a pooled Buffer is copied, not lent", () => {
    const pooled = Buffer.from("some bytes that are longer than what is copied one by one, and then some more of them");
    const read = decode(pooled, "part", (r) => r.raw(60), 5, 65);
    expect(Buffer.from(read).toString()).toBe(pooled.toString("utf8", 5, 65));
    expect(read.buffer).not.toBe(pooled.buffer);
  });
});
