/**
 * What a host may send: anything, in any order. Each message of a whole frame is answered once under its number, each
 * frame that is none is answered by an error, and the isolate lives on.
 * @module
 */

import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { PhatError } from "../../src/errors.ts";
import { Chain } from "../../src/host/chain/chain.ts";
import { built, type Isolate, type StartIsolate } from "../../src/host/isolate/isolate.ts";
import { startProcess } from "../../src/host/isolate/process.ts";
import { startThread } from "../../src/host/isolate/thread.ts";
import { memoryStore } from "../../src/host/store/memory.ts";
import { Entry, writeEnclaveOptions, writeStartOffer } from "../../src/wire/entry.ts";
import { decodeError } from "../../src/wire/error.ts";
import { Answer, type FrameMessage, FrameWriter, readFrame } from "../../src/wire/frame.ts";
import { encode } from "../../src/wire/scale.ts";

type Message = readonly [kind: number, request: number, body: Uint8Array];

const nothing = new Uint8Array(0);
const frameOf = (messages: readonly Message[]): Uint8Array<ArrayBuffer> => {
  const writer = new FrameWriter();
  for (const [kind, request, body] of messages) writer.add(kind, request, body);
  return writer.take();
};

/** An isolate, raw: what is sent is sent as it is. */
class Raw {
  readonly answers: FrameMessage[] = [];
  readonly isolate: Isolate;
  reason: string | undefined;
  private wake: () => void = () => undefined;

  constructor(start: StartIsolate) {
    this.isolate = start(
      { heapMegabytes: 256 },
      {
        frame: (frame) => {
          this.answers.push(...readFrame(frame as Uint8Array));
          this.wake();
        },
        ended: (reason) => {
          this.reason = reason;
          this.wake();
        },
      },
    );
  }

  /** Sends whatever; a copy, since buffers are handed over. */
  send(frame: unknown): void {
    this.isolate.send((frame instanceof Uint8Array ? frame.slice() : frame) as Uint8Array<ArrayBuffer>);
  }

  /** Takes answers once there are so many. */
  async take(count: number): Promise<FrameMessage[]> {
    while (this.answers.length < count && this.reason === undefined) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    expect(this.reason).toBeUndefined();
    return this.answers.splice(0);
  }
}

const running: Raw[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ isolate }) => isolate.terminate()));
});
function raw(start: StartIsolate): Raw {
  const one = new Raw(start);
  running.push(one);
  return one;
}

async function openBody(): Promise<Uint8Array> {
  const chain = await Chain.open(memoryStore(), {}, 1_000);
  return encode({ platformFolder: undefined, genesis: chain.genesisBytes }, writeEnclaveOptions);
}
const fromGenesis = encode({ head: 1, acceptRollback: false }, writeStartOffer);

/** The code of an error, or "ok". */
function codeOf({ kind, body }: FrameMessage): string {
  if (kind === Answer.ok) return "ok";
  const error = decodeError(body);
  expect(error).toBeInstanceOf(PhatError);
  return error.code;
}

/** Messages of every sort: entries and others, numbers that come twice, bodies that say they hold more than they do. */
const message: fc.Arbitrary<Message> = fc.tuple(
  fc.oneof(fc.constantFrom(...Object.values(Entry)), fc.integer({ min: 0, max: 255 })),
  fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffff_ffff })),
  fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    // Compact lengths of up to 2^30 and 2^32 elements, and nothing behind.
    fc.constantFrom(
      Uint8Array.of(0xfe, 0xff, 0xff, 0xff),
      Uint8Array.of(1, 0xfe, 0xff, 0xff, 0xff),
      Uint8Array.of(3, 0xff, 0xff, 0xff, 0xff),
      Uint8Array.of(1, 1, 0x13, ...Array(8).fill(0xff)),
    ),
  ),
);

describe.each([
  ["thread", startThread],
  ["process", startProcess],
] as const)("an isolate that is a %s, and a hostile host", (_, start) => {
  it("answers each message once, under its number, whatever it asks", async () => {
    const open = await openBody();
    const opening: Message = [Entry.open, 9, open];
    // Closed, open, and at work: the same must hold. Each begins anew, for chance too can open an enclave, or start it.
    for (const before of [[], [opening], [opening, [Entry.start, 10, fromGenesis] as const]]) {
      const one = raw(start);
      one.send(frameOf(before));
      expect((await one.take(before.length)).map(codeOf)).toEqual(before.map(() => "ok"));
      await fc.assert(
        fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (messages) => {
          one.send(frameOf(messages));
          const answers = await one.take(messages.length);
          const asked = messages.map(([, request]) => request);
          expect(answers.map(({ request }) => request).toSorted()).toEqual(asked.toSorted());
          for (const answer of answers) expect(codeOf(answer)).not.toBe("Internal");
        }),
        { numRuns: 60 },
      );
    }
  });

  it("keeps to the order of entries, also when they come together in one frame", async () => {
    const one = raw(start);
    const open = await openBody();
    const tries: readonly Message[] = [
      [Entry.start, 1, fromGenesis],
      [Entry.query, 2, nothing],
      [Entry.open, 3, nothing],
      [Entry.open, 4, open],
      [Entry.open, 5, open],
      [Entry.checkpoint, 6, nothing],
      [Entry.start, 7, Uint8Array.of(9)],
      [Entry.start, 8, fromGenesis],
      [Entry.start, 8, fromGenesis],
      [Entry.metrics, 10, nothing],
    ];
    one.send(frameOf(tries));
    // Some are answered later than others.
    const answers = (await one.take(tries.length)).toSorted((a, b) => a.request - b.request);
    expect(answers.map((answer) => [answer.request, codeOf(answer)])).toEqual([
      [1, "EntryUnknown"],
      [2, "EntryUnknown"],
      [3, "Undecodable"],
      [4, "ok"],
      [5, "EntryUnknown"],
      [6, "EntryUnknown"],
      [7, "Undecodable"],
      [8, "ok"],
      [8, "EntryUnknown"],
      [10, "ok"],
    ]);
  });

  it("works off a frame of twenty thousand messages without holding them all", async () => {
    const one = raw(start);
    const writer = new FrameWriter();
    for (let i = 1; i <= 20_000; i++) writer.add(250, i, nothing);
    one.send(writer.take());
    const answers = await one.take(20_000);
    expect(new Set(answers.map(({ request }) => request)).size).toBe(20_000);
  });
});

describe("frames that are none", () => {
  /** The thread without the host's end of it, which would hand over a buffer where there is none. */
  const startBare: StartIsolate = (_, events) => {
    const code = fileURLToPath(built("enclave/main.js"));
    const worker = new Worker(built("platform/loader.js"), { env: {}, workerData: { code } });
    worker.on("message", (frame) => events.frame(frame));
    worker.on("exit", (exit) => events.ended(String(exit)));
    return { send: (frame) => worker.postMessage(frame), terminate: async () => void (await worker.terminate()) };
  };

  it("are answered by an error about the frame, and nothing of them is done", async () => {
    const one = raw(startBare);
    const open = await openBody();
    const whole = frameOf([
      [Entry.open, 1, open],
      [Entry.metrics, 2, nothing],
    ]);
    const lying = whole.slice();
    // The second message says that it has one byte more than there is.
    new DataView(lying.buffer).setUint32(9 + open.length, 6, true);
    // The host could change these bytes while they are read.
    const shared = new Uint8Array(new SharedArrayBuffer(whole.length));
    shared.set(whole);
    const junk = ["text", 5, null, undefined, { frame: 1 }, [1], new Uint16Array(9), lying, whole.subarray(0, -1)];
    for (const frame of [...junk, shared]) {
      if (frame === shared) one.isolate.send(frame as unknown as Uint8Array<ArrayBuffer>);
      else one.send(frame);
      const [answer, ...more] = await one.take(1);
      expect(more).toEqual([]);
      expect([answer?.request, codeOf(answer as FrameMessage)]).toEqual([0, "Undecodable"]);
    }
    // Not even the first message of such a frame was done: it is not open yet.
    one.send(whole);
    expect((await one.take(2)).map(codeOf)).toEqual(["ok", "EntryUnknown"]);
  });

  it("of random bytes are answered, by one error or one answer each", async () => {
    const one = raw(startThread);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 100 }), async (bytes) => {
        one.send(bytes);
        let expected = 1;
        try {
          expected = readFrame(bytes).length;
        } catch {
          // One error.
        }
        expect(await one.take(expected)).toHaveLength(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("end an isolate behind a stream, which says why", async () => {
    const one = raw(startProcess);
    one.send(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0));
    const [answer] = await one.take(1);
    expect([answer?.request, codeOf(answer as FrameMessage)]).toEqual([0, "Undecodable"]);
    while (one.reason === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(one.reason).toMatch(/SIGKILL/);
  });
});
