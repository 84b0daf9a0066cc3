/**
 * What an isolate may send: anything. Its host gives every caller a typed error or an answer, ends an isolate that does
 * not keep to the frames, and lives on.
 * @module
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineError, PhatError } from "../../src/errors.ts";
import { Chain } from "../../src/host/chain/chain.ts";
import { Enclave } from "../../src/host/enclave.ts";
import { Enclaves, encodeEnclaveRecord } from "../../src/host/enclaves.ts";
import type { StartIsolate } from "../../src/host/isolate/isolate.ts";
import { Relay } from "../../src/host/relay/relay.ts";
import { memoryStore } from "../../src/host/store/memory.ts";
import { checkSettings } from "../../src/wire/egress.ts";
import { Entry, writeEnclaveFacts, writeEnclaveStart, writeSealedSecrets } from "../../src/wire/entry.ts";
import { encodeError } from "../../src/wire/error.ts";
import { Answer, type FrameMessage, FrameWriter, readFrame } from "../../src/wire/frame.ts";
import { encode } from "../../src/wire/scale.ts";

const limits = { heapMegabytes: 64 };
const nothing = new Uint8Array(0);

/** An isolate that answers each frame with what it is told to. */
function liar(answers: (messages: readonly FrameMessage[]) => readonly unknown[]): {
  start: StartIsolate;
  ended: () => boolean;
} {
  let over = false;
  const start: StartIsolate = (_, events) => ({
    send: (frame) => {
      for (const answer of answers(readFrame(frame))) events.frame(answer);
    },
    terminate: async () => {
      if (!over) events.ended("it was ended");
      over = true;
    },
  });
  return { start, ended: () => over };
}

const frameOf = (...messages: readonly (readonly [kind: number, request: number, body: Uint8Array])[]): Uint8Array => {
  const writer = new FrameWriter();
  for (const [kind, request, body] of messages) writer.add(kind, request, body);
  return writer.take();
};

/** The same bytes in memory that its owner can go on changing. */
function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** What became of a call: bytes, or the code of a typed error; anything else fails. */
async function outcome(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => "answered",
    (error: unknown) => {
      expect(error).toBeInstanceOf(PhatError);
      return (error as PhatError).code;
    },
  );
}

describe("an enclave whose isolate lies", () => {
  const damaged: readonly [string, (request: number) => readonly unknown[]][] = [
    ["an answer that nobody waits for", (request) => [frameOf([Answer.ok, request + 7, nothing])]],
    ...[10, 31].map((bits): [string, (request: number) => readonly unknown[]] => [
      `an answer to the number that is 2^${bits} away`,
      (request) => [frameOf([Answer.ok, request + 2 ** bits, nothing])],
    ]),
    ["the same answer twice, in one frame", (r) => [frameOf([Answer.ok, r, nothing], [Answer.ok, r, nothing])]],
    ["the same answer twice", (r) => [frameOf([Answer.ok, r, nothing]), frameOf([Answer.error, r, nothing])]],
    ["an answer of no kind", (request) => [frameOf([2, request, nothing])]],
    ["an answer to nothing at all", () => [frameOf([Answer.ok, 0, nothing])]],
    ["an error about the frame", () => [frameOf([Answer.error, 0, encodeError(new Error("x"))])]],
    ["a frame that was cut", (request) => [frameOf([Answer.ok, request, nothing]).subarray(0, 8)]],
    ["a length that lies", (r) => [Uint8Array.of(0xff, 0xff, 0xff, 0xff, ...frameOf([0, r, nothing]))]],
    ["a length below a message's head", () => [Uint8Array.of(1, 0, 0, 0, 0)]],
    ["text", () => ["text"]],
    ["nothing", () => [undefined]],
    ["an object with a length", () => [{ length: 9, buffer: new ArrayBuffer(9) }]],
    ["shared memory", (request) => [shared(frameOf([Answer.ok, request, nothing]))]],
    ["another view", (request) => [new Uint16Array(frameOf([0, request, new Uint8Array(1)]).buffer)]],
  ];
  it.each(damaged)("by %s is ended, and every caller is told", async (_, answers) => {
    const { start, ended } = liar((messages) => answers(messages[0]?.request as number));
    const enclave = new Enclave(limits, start);
    const calls = [Entry.query, Entry.balance, Entry.metrics].map((entry) => outcome(enclave.call(entry, nothing)));
    const given = await Promise.all(calls);
    // The first may have been answered before the lie; nobody else was.
    expect(given.slice(1)).toEqual(["EnclaveGone", "EnclaveGone"]);
    expect(["answered", "EnclaveGone"]).toContain(given[0]);
    expect((await enclave.gone).code).toBe("EnclaveGone");
    expect(ended()).toBe(true);
    expect(await outcome(enclave.call(Entry.metrics, nothing))).toBe("EnclaveGone");
  });

  it("by an error that is none gives its caller a typed error, and goes on", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (body) => {
        const { start, ended } = liar((messages) =>
          messages.map(({ request }) => frameOf([Answer.error, request, body])),
        );
        const enclave = new Enclave(limits, start);
        await expect(enclave.call(Entry.metrics, nothing)).rejects.toBeInstanceOf(PhatError);
        expect(ended()).toBe(false);
      }),
    );
  });

  it("by an error with facts of any shape gives its caller a typed error", async () => {
    const code = fc.constantFrom("Undecodable", "EnclaveGone", "OutOfGas", "__proto__", "constructor", "FolderInUse");
    await fc.assert(
      fc.asyncProperty(code, fc.jsonValue(), async (name, facts) => {
        const body = encode(name, (w) => w.str(name).str(JSON.stringify(facts)));
        const { start } = liar((messages) => messages.map(({ request }) => frameOf([Answer.error, request, body])));
        await expect(new Enclave(limits, start).call(Entry.metrics, nothing)).rejects.toBeInstanceOf(PhatError);
      }),
    );
    const hostile = [
      '{"reason": {"toString": 5}}',
      '{"reason": {"$bytes": "zz"}}',
      '{"$bigint": "1e9"}',
      "[".repeat(1e5),
    ];
    for (const facts of hostile) {
      const body = encode(facts, (w) => w.str("Undecodable").str(facts));
      const { start } = liar((messages) => messages.map(({ request }) => frameOf([Answer.error, request, body])));
      await expect(new Enclave(limits, start).call(Entry.metrics, nothing)).rejects.toBeInstanceOf(PhatError);
    }
  });

  it("by any bytes at all settles every call, and never hangs one whose isolate was ended", async () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    const answers = fc.array(
      fc.oneof(
        bytes,
        fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 6 }), bytes).map((one) => frameOf(one)),
      ),
      { maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(answers, async (frames) => {
        const { start, ended } = liar(() => frames);
        const enclave = new Enclave(limits, start);
        const calls = Array.from({ length: 4 }, () => outcome(enclave.call(Entry.metrics, nothing)));
        await Promise.resolve();
        // Whoever was not answered yet is when it goes.
        if (!ended()) await enclave.terminate();
        expect(await Promise.all(calls)).toHaveLength(4);
      }),
    );
  });

  it("may answer a call that was given up, once, whatever came first", async () => {
    const asked: FrameMessage[] = [];
    let tell: (frame: unknown) => void = () => undefined;
    const start: StartIsolate = (_, events) => {
      tell = (frame) => events.frame(frame);
      return {
        send: (frame) => void asked.push(...readFrame(frame)),
        terminate: async () => events.ended("it was ended"),
      };
    };
    const enclave = new Enclave(limits, start);
    const abort = new AbortController();
    const call = enclave.call(Entry.query, nothing, abort.signal);
    await Promise.resolve();
    abort.abort(new TypeError("given up"));
    await expect(call).rejects.toThrow("given up");
    await Promise.resolve();
    const [query, cancel] = asked as [FrameMessage, FrameMessage];
    expect([query.kind, cancel.kind]).toEqual([Entry.query, Entry.cancel]);
    tell(frameOf([Answer.error, query.request, nothing], [Answer.ok, cancel.request, nothing]));
    const other = enclave.call(Entry.metrics, nothing);
    await Promise.resolve();
    tell(frameOf([Answer.ok, asked.at(-1)?.request as number, Uint8Array.of(7)]));
    expect(await other).toEqual(Uint8Array.of(7));
    // A second answer to the call that was given up is a lie.
    tell(frameOf([Answer.ok, query.request, nothing]));
    expect((await enclave.gone).code).toBe("EnclaveGone");
  });
});

describe("a relay whose isolate lies", () => {
  const relayOf = async (start: StartIsolate) => {
    const chain = await Chain.open(memoryStore(), {}, 1_000);
    const failures: unknown[] = [];
    const relay = new Relay({
      chain,
      limits,
      isolate: start,
      enclaves: new Enclaves(undefined),
      register: async () => undefined,
      allow: async () => undefined,
      platformFolder: undefined,
      settings: checkSettings({}),
      checkpointFolder: undefined,
      checkpointEvery: 4,
      acceptRollback: false,
      warn: () => undefined,
      executed: () => undefined,
      failed: (error) => failures.push(error),
    });
    return { relay, failures, chain };
  };

  it("about its facts, its height or its receipts does not start, with a typed error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 4 }), async (bodies) => {
        let next = 0;
        const { start, ended } = liar((messages) =>
          messages.map(({ request }) => frameOf([Answer.ok, request, bodies[next++ % bodies.length] as Uint8Array])),
        );
        const { relay } = await relayOf(start);
        expect(await outcome(relay.start())).not.toBe("answered");
        expect(ended()).toBe(true);
        await relay.stop();
      }),
      { numRuns: 40 },
    );
  });

  it("about where it stands does not start", async () => {
    const key = new Uint8Array(32);
    const said = { measurement: key, platform: "none", signer: key, worker: key, secrets: Uint8Array.of(1) };
    const facts = encode(said, writeEnclaveFacts);
    const height = encode({ height: 0xffff_ffff, hash: key, bound: 0, warnings: [] }, writeEnclaveStart);
    const { start } = liar((messages) =>
      messages.map(({ kind, request }) =>
        frameOf([Answer.ok, request, kind === Entry.open ? facts : kind === Entry.start ? height : nothing]),
      ),
    );
    const { relay } = await relayOf(start);
    expect(await outcome(relay.start())).toBe("RollbackDetected");
    await relay.stop();
  });

  it("about whose the secrets are does not start", async () => {
    const others = encodeError(new EngineError("HandoverNeeded"));
    const { start } = liar((messages) =>
      messages.map(({ kind, request }) =>
        frameOf(kind === Entry.open ? [Answer.error, request, others] : [Answer.ok, request, nothing]),
      ),
    );
    const first = await relayOf(start);
    expect(await outcome(first.relay.start())).toBe("HandoverNeeded");
    await first.relay.stop();
    // Nor where there are secrets, whose enclave nobody has.
    const { relay, chain } = await relayOf(start);
    const sealed = encode({ measurement: new Uint8Array(32), sealed: nothing }, writeSealedSecrets);
    const enclave = encodeEnclaveRecord({ code: new Uint8Array(32), settings: "{}" });
    await chain.keepSecrets({ sealed, enclave });
    expect(await outcome(relay.start())).toBe("EnclaveMissing");
    await relay.stop();
  });
});
