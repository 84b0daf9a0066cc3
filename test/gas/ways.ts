/**
 * The ways to run a module that are held against each other: as it is, counted by the oracle, prepared.
 * @module
 */

import { type PrepareOptions, prepareModule } from "../../src/wasm/index.ts";
import { type Additions, Counter, Exhausted, START, TooDeep, withCounter } from "./counter.ts";
import { findDepths } from "./depths.ts";
import { readSections, SECTION } from "./sections.ts";
import type { Opened, Way } from "./trace.ts";

/** The module as it is, without any limit. */
export function asItIs(bytes: Uint8Array): Way {
  const module = new WebAssembly.Module(bytes);
  return (imports) => ({ exports: new WebAssembly.Instance(module, imports).exports });
}

/** The module with the oracle's counter; `counters` receives the counter of each run. */
export function counted(bytes: Uint8Array, additions: Additions, counters?: Counter[]): Way {
  const module = new WebAssembly.Module(withCounter(bytes, additions));
  const depths = additions.maxStack === undefined ? [] : findDepths(bytes, additions.maxStack);
  return (imports, limit): Opened => {
    const { exports } = new WebAssembly.Instance(module, imports);
    const counter = new Counter(additions, limit, depths);
    counters?.push(counter);
    counter.attach(exports);
    return {
      exports,
      gas: () => counter.remaining,
      charge: (gas) => {
        counter.remaining -= gas;
      },
      start: exports[START] as (() => void) | undefined,
      cut: (thrown) => {
        counter.unwind();
        if (thrown instanceof Exhausted) return "out of gas";
        if (thrown instanceof TooDeep) return "stack overflow";
        return isStackExhausted(thrown) ? "the oracle's stack is too small" : undefined;
      },
    };
  };
}

const isStackExhausted = (thrown: unknown): boolean =>
  thrown instanceof RangeError && /call stack/.test(thrown.message);

/** What the stack counter holds after a stack overflow (`stack.md`). */
const OVERFLOWED = -1;

/** The module as `prepareModule` makes it. */
export function prepared(bytes: Uint8Array, options: PrepareOptions): Way {
  const first = prepareModule(bytes, options);
  const module = new WebAssembly.Module(first.bytes);
  // In profile `wasm2` a start function runs at instantiation, on the counter's initial value.
  const startsAtOnce = readSections(first.bytes).has(SECTION.start);
  const compiled = (limit: number): WebAssembly.Module =>
    startsAtOnce ? new WebAssembly.Module(prepareModule(bytes, { ...options, gas: BigInt(limit) }).bytes) : module;
  return (imports, limit): Opened => {
    const { exports } = new WebAssembly.Instance(compiled(limit), imports);
    const gas = exports[first.gasGlobal] as WebAssembly.Global<bigint>;
    const stack = exports[first.stackGlobal] as WebAssembly.Global<number>;
    const maxStack = stack.value;
    if (!startsAtOnce) gas.value = BigInt(limit);
    return {
      exports,
      gas: () => Number(gas.value),
      charge: (price) => {
        gas.value -= BigInt(price);
      },
      start: first.start === undefined ? undefined : (exports[first.start] as () => void),
      cut: (thrown) => {
        const left = stack.value;
        stack.value = maxStack;
        if (gas.value < 0n && thrown instanceof WebAssembly.RuntimeError) return "out of gas";
        // V8's own limit must never come first, so reaching it is left to be seen as what it is.
        return left === OVERFLOWED ? "stack overflow" : undefined;
      },
    };
  };
}
