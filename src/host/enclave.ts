/**
 * The enclave as the host sees it: an isolate that is started, spoken to in frames of bytes, and may be gone.
 *
 * Calls made in the same turn share a frame. What the isolate sends is believed no more than what comes from anywhere
 * else: an answer that nobody waits for, a second one, or bytes that are no frame end it, and every caller is told.
 * @module
 */

import { EngineError, PhatError } from "../errors.ts";
import { Entry } from "../wire/entry.ts";
import { decodeError } from "../wire/error.ts";
import { Answer, eachMessage, FrameWriter, ownBytes, type TakeMessage } from "../wire/frame.ts";
import { encode } from "../wire/scale.ts";
import { Calls } from "./calls.ts";
import type { Isolate, IsolateKind, IsolateLimits, StartIsolate } from "./isolate/isolate.ts";
import { startProcess } from "./isolate/process.ts";
import { startThread } from "./isolate/thread.ts";

const starts: Readonly<Record<IsolateKind, StartIsolate>> = { thread: startThread, process: startProcess };

/** The answer of an entry that only does something. */
const nothing = new Uint8Array(0);
/** What is put behind it runs when this turn is over: `queueMicrotask` without the resource that it makes each time. */
const turn = Promise.resolve();

let resolveHeld: (body: Uint8Array) => void;
let rejectHeld: (error: unknown) => void;
/** What a promise is made with whose functions are needed at once: a closure for each is a third of what a call costs. */
const hold = (resolve: typeof resolveHeld, reject: typeof rejectHeld): void => {
  resolveHeld = resolve;
  rejectHeld = reject;
};

/** One isolate, from its start to its end. */
export class Enclave {
  private readonly isolate: Isolate;
  private readonly calls = new Calls();
  private readonly frame = new FrameWriter();
  private scheduled = false;
  private end: EngineError | undefined;
  /** Resolves with the reason when the isolate is gone. */
  readonly gone: Promise<EngineError>;

  /**
   * @param start how its isolate is started.
   * @param code path of the enclave's code, the package's own by default.
   */
  constructor(limits: IsolateLimits, start: IsolateKind | StartIsolate = "thread", code?: string) {
    let gone: (error: EngineError) => void = () => undefined;
    this.gone = new Promise((resolve) => {
      gone = resolve;
    });
    const events = {
      frame: (frame: unknown) => this.answered(frame),
      ended: (reason: string) => gone(this.over(reason)),
    };
    this.isolate = (typeof start === "string" ? starts[start] : start)(limits, events, code);
  }

  /** Whether nothing is answered any more; `gone` follows when its thread or process is. */
  get ended(): boolean {
    return this.end !== undefined;
  }

  /** Nothing will be answered any more. */
  private over(reason: string, cause?: unknown): EngineError {
    this.end ??= new EngineError("EnclaveGone", { reason }, { cause });
    this.calls.rejectAll(this.end);
    return this.end;
  }

  /**
   * Calls an entry.
   * @param signal gives the call up: a query is ended in the enclave too.
   * @returns What it answered.
   * @throws {PhatError} what it answered with, or `EnclaveGone` when there is no answer any more.
   */
  call(entry: number, body: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    if (this.end !== undefined) return Promise.reject(this.end);
    if (signal !== undefined) return this.callUntil(signal, entry, body);
    const request = this.post(entry, body);
    const answer = new Promise<Uint8Array>(hold);
    this.calls.add(request, resolveHeld, rejectHeld);
    return answer;
  }

  /** A call that a signal gives up. */
  private callUntil(signal: AbortSignal, entry: number, body: Uint8Array): Promise<Uint8Array> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const request = this.post(entry, body);
    return new Promise((resolve, reject) => {
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          signal.removeEventListener("abort", abort);
          settle(value);
        };
      const abort = (): void => {
        this.calls.giveUp(request);
        const cancel = encode(request, (w, number) => w.u32(number));
        this.calls.addUnheard(this.post(Entry.cancel, cancel));
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      this.calls.add(request, settled(resolve), settled(reject));
    });
  }

  /** Puts a call into the frame of this turn. @returns its number. */
  private post(entry: number, body: Uint8Array): number {
    const request = this.calls.next();
    this.frame.add(entry, request, body);
    if (!this.scheduled) {
      this.scheduled = true;
      void turn.then(this.send);
    }
    return request;
  }

  private readonly send = (): void => {
    this.scheduled = false;
    if (this.end === undefined) this.isolate.send(this.frame.take());
  };

  private answered(frame: unknown): void {
    if (this.end !== undefined) return;
    try {
      eachMessage(ownBytes(frame), this.settle);
    } catch (error) {
      // It cannot be trusted to answer any more.
      this.over(
        error instanceof PhatError && error.code === "EnclaveGone"
          ? String(error.facts.reason)
          : "its frames are damaged",
        error,
      );
      void this.isolate.terminate();
    }
  }

  private readonly settle: TakeMessage = (kind, request, frame, from, to) => {
    if (kind !== Answer.ok && kind !== Answer.error) {
      throw new EngineError("EnclaveGone", { reason: `its answer is of no kind there is (${kind})` });
    }
    if (request === 0) {
      // About a frame as a whole, or itself: whoever waits in that frame would wait for ever.
      const error = kind === Answer.error ? decodeError(frame.subarray(from, to)) : undefined;
      const reason = error?.code === "EnclaveGone" ? error.facts.reason : error?.message.split("\n")[0];
      throw new EngineError("EnclaveGone", { reason: reason ?? "it answered what nobody asked" });
    }
    const call = this.calls.take(request);
    if (call === undefined) throw new EngineError("EnclaveGone", { reason: "it answered what nobody asked" });
    if (kind === Answer.ok) call.resolve(from === to ? nothing : frame.subarray(from, to));
    else call.reject(decodeError(frame.subarray(from, to)));
  };

  /** Ends the isolate; calls under way are rejected. */
  async terminate(): Promise<void> {
    this.over("it was ended");
    await this.isolate.terminate();
  }
}
