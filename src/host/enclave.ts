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
import { Answer, eachMessage, FrameWriter } from "../wire/frame.ts";
import { encode } from "../wire/scale.ts";
import type { Isolate, IsolateKind, IsolateLimits, StartIsolate } from "./isolate/isolate.ts";
import { startProcess } from "./isolate/process.ts";
import { startThread } from "./isolate/thread.ts";

const starts: Readonly<Record<IsolateKind, StartIsolate>> = { thread: startThread, process: startProcess };

interface Pending {
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** One isolate, from its start to its end. */
export class Enclave {
  private readonly isolate: Isolate;
  private readonly pending = new Map<number, Pending>();
  /** Calls whose answers nobody waits for any more. */
  private readonly givenUp = new Set<number>();
  private readonly frame = new FrameWriter();
  private last = 0;
  /** Whether numbers have come round. */
  private again = false;
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
    for (const { reject } of this.pending.values()) reject(this.end);
    this.pending.clear();
    this.givenUp.clear();
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
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const request = this.post(entry, body);
    return new Promise((resolve, reject) => {
      if (signal === undefined) {
        this.pending.set(request, { resolve, reject });
        return;
      }
      const abort = (): void => {
        this.pending.delete(request);
        this.givenUp.add(request);
        const cancel = encode(request, (w, number) => w.u32(number));
        this.givenUp.add(this.post(Entry.cancel, cancel));
        reject(signal.reason);
      };
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          signal.removeEventListener("abort", abort);
          settle(value);
        };
      signal.addEventListener("abort", abort, { once: true });
      this.pending.set(request, { resolve: settled(resolve), reject: settled(reject) });
    });
  }

  /** Puts a call into the frame of this turn. @returns its number. */
  private post(entry: number, body: Uint8Array): number {
    // Request 0 is the frame's own; numbers come round again after 2^32 calls.
    do {
      this.last = (this.last + 1) >>> 0;
      this.again ||= this.last === 0;
    } while (this.last === 0 || (this.again && (this.pending.has(this.last) || this.givenUp.has(this.last))));
    const request = this.last;
    this.frame.add(entry, request, body);
    if (!this.scheduled) {
      this.scheduled = true;
      queueMicrotask(() => this.send());
    }
    return request;
  }

  private send(): void {
    this.scheduled = false;
    if (this.end === undefined) this.isolate.send(this.frame.take());
  }

  private answered(frame: unknown): void {
    if (this.end !== undefined) return;
    try {
      if (!(frame instanceof Uint8Array)) {
        throw new EngineError("Undecodable", { what: "frame", reason: "not bytes" });
      }
      eachMessage(frame, this.settle);
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

  private readonly settle = (kind: number, request: number, body: Uint8Array): void => {
    if (kind !== Answer.ok && kind !== Answer.error) {
      throw new EngineError("EnclaveGone", { reason: `its answer is of no kind there is (${kind})` });
    }
    if (request === 0) {
      // About a frame as a whole, or itself: whoever waits in that frame would wait for ever.
      const error = kind === Answer.error ? decodeError(body) : undefined;
      const reason = error?.code === "EnclaveGone" ? error.facts.reason : error?.message.split("\n")[0];
      throw new EngineError("EnclaveGone", { reason: reason ?? "it answered what nobody asked" });
    }
    if (this.givenUp.size > 0 && this.givenUp.delete(request)) return;
    const caller = this.pending.get(request);
    if (caller === undefined) throw new EngineError("EnclaveGone", { reason: "it answered what nobody asked" });
    this.pending.delete(request);
    if (kind === Answer.ok) caller.resolve(body);
    else caller.reject(decodeError(body));
  };

  /** Ends the isolate; calls under way are rejected. */
  async terminate(): Promise<void> {
    this.over("it was ended");
    await this.isolate.terminate();
  }
}
