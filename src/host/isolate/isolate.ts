/**
 * What an isolate is to the host: something that takes frames of bytes, gives frames of bytes, and ends.
 * @module
 */

/** Where an enclave runs: a thread of this process, or a process of its own, whose crash is not this one's. */
export type IsolateKind = "thread" | "process";

/** Limits of an isolate. */
export interface IsolateLimits {
  /** Megabytes of JavaScript heap. */
  readonly heapMegabytes: number;
}

/** What an isolate tells; nothing after `ended`, which comes once. */
export interface IsolateEvents {
  /** It sent something: a frame, if it is honest. */
  frame(frame: unknown): void;
  /** It is gone, and why, for people. */
  ended(reason: string): void;
}

/** A running isolate. */
export interface Isolate {
  /** Sends a frame, whose buffer is handed over. */
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Ends it; resolves when it is gone. */
  terminate(): Promise<void>;
}

/**
 * Starts an isolate.
 * @param code path of the enclave's code, the package's own by default.
 */
export type StartIsolate = (limits: IsolateLimits, events: IsolateEvents, code?: string) => Isolate;

/** A file of the built package: beside this folder there, in `dist` when this module runs from its source. */
export function built(path: string): URL {
  return new URL(import.meta.url.endsWith(".ts") ? `../../../dist/${path}` : `../../${path}`, import.meta.url);
}
