/**
 * The enclave as the host sees it: an isolate that is started, spoken to in frames of bytes, and may be gone.
 *
 * The isolate is a worker thread of its own heap and stack, without environment, started from one bundled file. Calls
 * made in the same turn share a frame, whose buffer is handed over, not copied.
 * @module
 */

import { Worker } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import { Entry } from "../wire/entry.ts";
import { decodeError } from "../wire/error.ts";
import { Answer, FrameWriter, readFrame } from "../wire/frame.ts";
import { encode } from "../wire/scale.ts";

/** The bundle: beside this module in the package, in `dist` when this module runs from its source. */
const bundle = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/enclave/main.js" : "../enclave/main.js",
  import.meta.url,
);

/**
 * Megabytes of stack: at least what the virtual machine requires for its deepest nesting, `requiredStackBytes`. They are
 * addresses; memory is taken when a contract goes that deep.
 */
export const enclaveStackMegabytes = 64;

/** Limits of an isolate. */
export interface IsolateLimits {
  /** Megabytes of JavaScript heap. */
  readonly heapMegabytes: number;
}

interface Pending {
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** One isolate, from its start to its end. */
export class Enclave {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private readonly frame = new FrameWriter();
  private last = 0;
  private scheduled = false;
  private end: EngineError | undefined;
  /** Resolves with the reason when the isolate is gone. */
  readonly gone: Promise<EngineError>;

  constructor(limits: IsolateLimits) {
    this.worker = new Worker(bundle, {
      name: "phatvm enclave",
      env: {},
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: limits.heapMegabytes, stackSizeMb: enclaveStackMegabytes },
    });
    // Nothing in the enclave prints; what Node prints there must neither reach our output nor pile up.
    this.worker.stdout.resume();
    this.worker.stderr.resume();
    this.worker.on("message", (frame: unknown) => this.answered(frame));
    this.gone = new Promise((resolve) => {
      let reason = "";
      this.worker.on("error", (error) => {
        reason ||= error instanceof Error ? error.message : String(error);
      });
      this.worker.on("messageerror", (error) => {
        reason ||= error.message;
        void this.worker.terminate();
      });
      this.worker.on("exit", (code) => {
        this.end ??= new EngineError("EnclaveGone", { reason: reason || `its thread exited with ${code}` });
        for (const { reject } of this.pending.values()) reject(this.end);
        this.pending.clear();
        resolve(this.end);
      });
    });
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
        this.post(
          Entry.cancel,
          encode(request, (w, number) => w.u32(number)),
        );
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
    do this.last = (this.last + 1) >>> 0;
    while (this.last === 0 || this.pending.has(this.last));
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
    if (this.end !== undefined) return;
    const bytes = this.frame.take();
    this.worker.postMessage(bytes, [bytes.buffer]);
  }

  private answered(frame: unknown): void {
    try {
      for (const { kind, request, body } of readFrame(frame as Uint8Array)) {
        const caller = this.pending.get(request);
        if (caller === undefined) continue;
        this.pending.delete(request);
        if (kind === Answer.ok) caller.resolve(body);
        else caller.reject(decodeError(body));
      }
    } catch (error) {
      // Frames of our own enclave are whole; what is not means that it cannot be trusted to answer any more.
      this.end = new EngineError("EnclaveGone", { reason: "its frames are damaged" }, { cause: error });
      void this.worker.terminate();
    }
  }

  /** Ends the isolate; calls under way are rejected. */
  async terminate(): Promise<void> {
    this.end ??= new EngineError("EnclaveGone", { reason: "it was ended" });
    await this.worker.terminate();
  }
}
