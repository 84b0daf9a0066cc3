/**
 * The way of frames into an isolate and out of it, with code in the isolate that is not the enclave's.
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Isolate, StartIsolate } from "../../src/host/isolate/isolate.ts";
import { startProcess } from "../../src/host/isolate/process.ts";
import { startThread } from "../../src/host/isolate/thread.ts";
import { decodeError } from "../../src/wire/error.ts";
import { Answer, type FrameMessage, FrameWriter, readFrame } from "../../src/wire/frame.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-link-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What an isolate said before it was gone, and why it went; or what it said until there was enough. */
interface Said {
  readonly messages: readonly FrameMessage[];
  readonly reason: string | undefined;
}

/** Runs code in an isolate, with `surroundings` and `require`, until it is gone or has said enough. */
async function run(
  start: StartIsolate,
  code: string,
  use: (isolate: Isolate) => void = () => undefined,
  enough: (messages: readonly FrameMessage[]) => boolean = () => false,
): Promise<Said> {
  const file = join(dir, "code.js");
  writeFileSync(file, code);
  const messages: FrameMessage[] = [];
  let isolate: Isolate | undefined;
  try {
    return await new Promise<Said>((resolve) => {
      const events = {
        frame: (frame: unknown) => {
          messages.push(...readFrame(frame as Uint8Array));
          if (enough(messages)) resolve({ messages, reason: undefined });
        },
        ended: (reason: string) => resolve({ messages, reason }),
      };
      isolate = start({ heapMegabytes: 64 }, events, file);
      use(isolate);
    });
  } finally {
    await isolate?.terminate();
  }
}

/** A body of so many bytes, each from its place and the number of its message. */
const bodyOf = (request: number, size: number): Uint8Array => {
  const body = new Uint8Array(size);
  for (let i = 0; i < size; i++) body[i] = (request * 31 + i * 7) & 0xff;
  return body;
};

describe.each([
  ["thread", startThread],
  ["process", startProcess],
] as const)("an isolate that is a %s", (kind, start) => {
  it("carries messages of every size both ways at once, whole and in order", async () => {
    const sizes = [0, 1, 3, 65_526, 65_527, 65_528, 300_000, 5_000_000, 2, 1_000_000, 7];
    const { messages, reason } = await run(
      start,
      "surroundings.receive((frame) => surroundings.send(new Uint8Array(frame)));",
      (isolate) => {
        // Some alone and some together.
        sizes.forEach((size, request) => {
          const frame = new FrameWriter().add(request, request, bodyOf(request, size));
          isolate.send(frame.add(250, request, bodyOf(request, 9)).take());
        });
      },
      (given) => given.length === 2 * sizes.length,
    );
    expect(reason).toBeUndefined();
    expect(messages.map(({ kind, request, body }) => [kind, request, body.length])).toEqual(
      sizes.flatMap((size, request) => [
        [request, request, size],
        [250, request, 9],
      ]),
    );
    for (const { request, body } of messages) expect(Buffer.compare(body, bodyOf(request, body.length))).toBe(0);
  });

  it("is heard to its last word before it is known to be gone, and why", async () => {
    const word = `Uint8Array.from([${[...new FrameWriter().add(Answer.ok, 7, Uint8Array.of(1, 2)).take()]}])`;
    const { messages, reason } = await run(start, `surroundings.send(${word}); throw new TypeError("its own end");`);
    expect(messages[0]).toMatchObject({ kind: Answer.ok, request: 7, body: Uint8Array.of(1, 2) });
    // A process ends by its own hand; what ended its thread is its farewell.
    const why = kind === "thread" ? reason : decodeError(messages[1]?.body as Uint8Array).facts.reason;
    expect(why).toBe("its own end");
    expect(messages).toHaveLength(kind === "thread" ? 1 : 2);
    if (kind === "process") expect(reason).toMatch(/SIGKILL/);
  });
});

describe("an isolate's process", () => {
  const onLife = (bytes: ArrayLike<number>): string =>
    `new (require("node:net").Socket)({ fd: 4 }).write(Uint8Array.from([${Array.from(bytes)}]));`;

  it.each([
    ["frames", `surroundings.send(new Uint8Array(9));`],
    ["life", onLife(new Uint8Array(9))],
    ["life, more than a farewell", onLife([0xff, 0xff, 0xff, 0x7f])],
  ])("that says what is no frame, by its socket for %s, is ended", async (_, code) => {
    const { messages, reason } = await run(startProcess, `${code} setInterval(() => undefined, 1000);`);
    expect(messages).toEqual([]);
    expect(reason).toBe("its frames are damaged");
  });

  it("cannot let more be kept of its farewells than is read at once", async () => {
    const word = new FrameWriter().add(Answer.error, 0, new Uint8Array(1000)).take();
    const code = `
      const socket = new (require("node:net").Socket)({ fd: 4 });
      const words = Buffer.concat(Array(5000).fill(Uint8Array.from([${word}])));
      socket.write(words, () => { throw new TypeError("its own end"); });`;
    const { messages, reason } = await run(startProcess, code);
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.length).toBeLessThan(200);
    expect(reason).toMatch(/SIGKILL/);
  });
});
