/**
 * Preemption of the last resort: ends work that takes longer than a wall-clock bound allows.
 *
 * `node:vm` can terminate the execution of a script from a watchdog thread; what the script calls, compiled WebAssembly
 * included, ends with it, without `catch` or `finally`. Setting one up costs about 80 us. This is the only place in the
 * machine that knows of time, and it reads no clock: a run that is cut off has no outcome.
 * @module
 */

import { type Context, createContext, Script } from "node:vm";

const script = new Script("work()");
let context: (Context & { work?: () => void }) | undefined;

/** What the work came to, or that it was cut off. */
export type Bounded<T> = { readonly done: true; readonly value: T } | { readonly done: false };

/**
 * Does some work within a number of milliseconds.
 *
 * @param milliseconds A whole number from 1.
 * @throws What the work throws.
 */
export function within<T>(milliseconds: number, work: () => T): Bounded<T> {
  let result: Bounded<T> = { done: false };
  let threw = false;
  // A realm of its own, so it is closed against code from strings on its own.
  context ??= createContext({}, { codeGeneration: { strings: false, wasm: false } });
  context.work = () => {
    try {
      result = { done: true, value: work() };
    } catch (error) {
      threw = true;
      throw error;
    }
  };
  try {
    script.runInContext(context, { timeout: milliseconds });
  } catch (error) {
    // The watchdog may fire between the end of the work and the end of the script: the work is done all the same.
    if (threw || !isTimeout(error)) throw error;
  } finally {
    delete context.work;
  }
  return result;
}

function isTimeout(error: unknown): boolean {
  return (error as { readonly code?: unknown } | undefined)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
