import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ContractFault, EngineError } from "../../src/errors.ts";
import { decodeError, encodeError } from "../../src/wire/error.ts";
import { Answer, FrameStream, FrameWriter, readFrame } from "../../src/wire/frame.ts";

const message = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  request: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  body: fc.uint8Array({ maxLength: 300 }),
});
type Message = { kind: number; request: number; body: Uint8Array };

function frameOf(messages: readonly Message[]): Uint8Array {
  const writer = new FrameWriter();
  for (const { kind, request, body } of messages) writer.add(kind, request, body);
  return writer.take();
}
const plain = (messages: readonly Message[]) => messages.map(({ kind, request, body }) => [kind, request, [...body]]);

describe("a frame", () => {
  it("gives back its messages, in order", () => {
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        expect(plain(readFrame(frameOf(messages)))).toEqual(plain(messages));
      }),
    );
  });

  it("is the same however a stream cuts it", () => {
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (messages, cuts) => {
        const frame = frameOf(messages);
        const stream = new FrameStream(4096);
        const read: Message[] = [];
        for (let at = 0, i = 0; at < frame.length; i++) {
          const size = cuts[i % cuts.length] as number;
          read.push(...stream.push(frame.subarray(at, at + size)));
          at += size;
        }
        expect(plain(read)).toEqual(plain(messages));
      }),
    );
  });

  it("that is cut short or lies about a length is refused as a whole", () => {
    const frame = frameOf([{ kind: 1, request: 2, body: new Uint8Array(20) }]);
    for (let end = 1; end < frame.length; end++) {
      expect(() => readFrame(frame.subarray(0, end))).toThrow(expect.objectContaining({ code: "Undecodable" }));
    }
    const lying = frame.slice();
    lying[0] = 4;
    expect(() => readFrame(lying)).toThrow(expect.objectContaining({ code: "Undecodable" }));
  });

  it("does not make a stream wait for more than it may have", () => {
    const stream = new FrameStream(1000);
    expect(() => stream.push(Uint8Array.of(0xff, 0xff, 0xff, 0x7f))).toThrow(
      expect.objectContaining({ code: "Undecodable" }),
    );
  });

  it("is a buffer of its own each time, so that it can be handed over", () => {
    const writer = new FrameWriter().add(Answer.ok, 1, Uint8Array.of(1));
    const first = writer.take();
    expect(first.buffer.byteLength).toBe(first.length);
    structuredClone(first, { transfer: [first.buffer] });
    expect(readFrame(writer.add(Answer.ok, 2, Uint8Array.of(2)).take())).toHaveLength(1);
  });

  it("is so whatever its size and that of those before it, with nothing of theirs in it", () => {
    const size = fc.oneof(fc.integer({ max: 100, min: 0 }), fc.integer({ min: 0, max: 300_000 }));
    const sizes = fc.array(size, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 2, maxLength: 5 }), (frames) => {
        const writer = new FrameWriter();
        const taken = frames.map((bodies, mark) => {
          for (const size of bodies) writer.add(mark, mark, new Uint8Array(size).fill(mark + 1));
          return writer.take();
        });
        expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(taken.length);
        for (const [mark, frame] of taken.entries()) {
          const expected = frames[mark]?.map((size) => Buffer.alloc(size, mark + 1)) as Buffer[];
          const messages = readFrame(frame);
          expect(messages.map(({ kind, request }) => [kind, request])).toEqual(expected.map(() => [mark, mark]));
          expect(messages.every(({ body }, i) => expected[i]?.equals(body))).toBe(true);
          // What is behind it in its buffer goes over with it.
          const behind = frame.buffer.byteLength - frame.length;
          expect(Buffer.alloc(behind).equals(new Uint8Array(frame.buffer, frame.length))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("an error as bytes", () => {
  it("is the same error on the other side: family, code, facts, message", () => {
    const errors = [
      new EngineError("InsufficientBalance", { account: "0x01", free: 10n ** 30n, needed: -5n }),
      new ContractFault("CodeRejected", { reason: "floats", function: 3, offset: 17, bytes: Uint8Array.of(1, 2) }),
    ];
    for (const error of errors) {
      const again = decodeError(encodeError(error));
      expect(again).toBeInstanceOf(error.constructor);
      expect(again).toMatchObject({ code: error.code, facts: error.facts, message: error.message });
    }
  });

  it("says nothing of a cause or a stack", () => {
    const error = new EngineError("Internal", { what: "x" }, { cause: new TypeError("the secret is 42") });
    expect(new TextDecoder().decode(encodeError(error))).not.toContain("secret");
  });

  it("is an error whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeError(bytes).code).toBeDefined();
      }),
    );
  });
});
