/**
 * Runs a module step by step and writes down everything that can be seen from outside, gas included.
 *
 * Two ways of running one module agree when their traces are equal: the same host calls with the same arguments, the
 * same memory at each of them, the same gas, the same results and endings, the same state in between.
 * @module
 */

import { crc32 } from "node:zlib";
import { exactFunction, exactGlobal } from "../conformance/adapter.ts";
import { type Import, type Interface, readInterface } from "../conformance/interface.ts";
import { endingOf, showEnding } from "../conformance/traps.ts";
import { showValue, type Value, type ValueType } from "../conformance/values.ts";

/** One call from the host. */
export interface Step {
  readonly entry: string;
  readonly args: readonly Value[];
}

/** One thing seen, and the gas that remained then, where that could be read. */
export interface Sight {
  readonly what: string;
  readonly gas: number | undefined;
}

/** A module opened in one of the ways under comparison. */
export interface Opened {
  readonly exports: WebAssembly.Exports;
  /** What remains, when it is counted. */
  readonly gas?: () => number;
  /** Takes gas for what a host function does, when it is counted. */
  readonly charge?: (gas: number) => void;
  /** The start function, when instantiation has not run it. */
  readonly start?: (() => void) | undefined;
  /** Why a call was cut short by a limit, if it was; also makes the instance fit for the next call. */
  readonly cut?: (thrown: unknown) => "out of gas" | "stack overflow" | typeof ORACLE_STACK | undefined;
}

/** A way to run a module with a gas limit. */
export type Way = (imports: WebAssembly.Imports, limit: number) => Opened;

/** Thrown by the host functions of a trace once they have been called too often. */
class HostStops extends Error {}
const MOST_HOST_CALLS = 100;

/** What a module is to a trace: its bytes, its interface, and which of its exports hold state. */
export interface Subject {
  readonly bytes: Uint8Array;
  readonly types: Interface;
  readonly exports: readonly WebAssembly.ModuleExportDescriptor[];
}

/** Reads what tracing needs to know of a valid module. */
export function subjectOf(bytes: Uint8Array): Subject {
  const exports = WebAssembly.Module.exports(new WebAssembly.Module(bytes));
  return { bytes, types: readInterface(bytes), exports };
}

/** The last sight when the start function ran at instantiation and did not return: nothing more can be read then. */
const NO_INSTANCE = "no instance";

/**
 * Where two traces first differ, for a message; nothing when they agree.
 *
 * Gas is compared where both could read it. Where the oracle, whose frames are larger, has come to the end of V8's
 * stack before the module came to the end of its own, the rest is left open.
 */
export function difference(expected: readonly Sight[], actual: readonly Sight[]): string | undefined {
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    const [left, right] = [expected[index], actual[index]];
    if (left !== undefined && right !== undefined) {
      if (left.what.endsWith(ORACLE_STACK)) return undefined;
      if ([left.what, right.what].includes(NO_INSTANCE) && !/returned|\(/.test(left.what + right.what))
        return undefined;
      const sameGas = left.gas === undefined || right.gas === undefined || left.gas === right.gas;
      if (left.what === right.what && sameGas) continue;
    }
    return `sight ${index}: expected ${describe(left)}, found ${describe(right)}`;
  }
  return undefined;
}

const describe = (sight: Sight | undefined): string =>
  sight === undefined ? "nothing" : `${sight.what} (gas ${sight.gas ?? "unknown"})`;

/** How the oracle says that it could go no further. */
export const ORACLE_STACK = "the oracle's stack is too small";

/** Runs the steps on a fresh instance; the last sight of a run that a limit cut short says so. */
export function trace(subject: Subject, way: Way, steps: readonly Step[], limit: number): Sight[] {
  const sights: Sight[] = [];
  let opened: Opened | undefined;
  const gas = (): number | undefined => opened?.gas?.();
  const see = (what: string): void => {
    sights.push({ what, gas: gas() });
  };
  // While a start function runs at instantiation there is no instance to read from, so nobody reads then.
  let started = false;
  const imports = hostFor(subject.types.imports, (call, calls) => {
    see(started ? `${call}; memory ${memoryOf(subject, opened)}` : call);
    // Host functions have their price: what a module keeps of the counter must be what they have left of it.
    const price = (calls % 4) * 12_345;
    if (started && (gas() ?? 0) >= price) opened?.charge?.(price);
  });

  /** Runs something; false when the run is over. */
  const attempt = (label: string, action: () => string): boolean => {
    try {
      const result = action();
      see(`${label} returned ${result}; ${stateOf(subject, opened)}`);
      return true;
    } catch (thrown) {
      if (opened === undefined) {
        see(NO_INSTANCE);
        return false;
      }
      const cut = opened.cut?.(thrown);
      // After exhaustion neither the counter's value nor the state means anything.
      if (cut === "out of gas") sights.push({ what: cut, gas: undefined });
      else if (cut !== undefined)
        see(`${label}: ${cut}`); // a stack overflow's gas is exact
      else see(`${label} ended with ${thrown instanceof HostStops ? "the host's stop" : showEnding(endingOf(thrown))}`);
      return cut === undefined || cut === "stack overflow";
    }
  };

  const begun = attempt("start", () => {
    opened = way(imports, limit);
    opened.start?.();
    return "";
  });
  if (!begun) return sights;
  started = true;
  for (const { entry, args } of steps) {
    const type = subject.types.functions.get(entry)!;
    const goesOn = attempt(entry, () => exactFunction(opened!.exports[entry]!, type)(args).map(show).join(" "));
    if (!goesOn) break;
  }
  return sights;
}

const show = (value: Value): string =>
  "reference" in value && value.reference !== null ? value.type : showValue(value);

function memoryOf(subject: Subject, opened: Opened | undefined): string {
  const fingerprints = subject.exports
    .filter(({ kind }) => kind === "memory")
    .map(({ name }) => opened?.exports[name] as WebAssembly.Memory | undefined)
    .map((memory) => (memory === undefined ? "" : crc32(new Uint8Array(memory.buffer)).toString(16)));
  return fingerprints.join(" ");
}

function stateOf(subject: Subject, opened: Opened | undefined): string {
  const globals = [...subject.types.globals].map(([name, type]) => {
    const value = opened?.exports[name];
    return value === undefined ? "" : `${name} = ${show(exactGlobal(value, type))}`;
  });
  return `memory ${memoryOf(subject, opened)}; ${globals.join(", ")}`;
}

/** Host objects for every import; functions are reported and answer what depends only on how often they were called. */
function hostFor(imports: readonly Import[], report: (call: string, calls: number) => void): WebAssembly.Imports {
  const host: WebAssembly.Imports = {};
  let calls = 0;
  for (const each of imports) {
    const from = (host[each.module] ??= {});
    switch (each.kind) {
      case "function": {
        const { results } = each.type;
        from[each.name] = (...args: unknown[]) => {
          report(`${each.name}(${args.map(showArgument).join(", ")})`, ++calls);
          if (calls >= MOST_HOST_CALLS) throw new HostStops();
          const answers = results.map((type) => answer(type, calls));
          return results.length > 1 ? answers : answers[0];
        };
        break;
      }
      case "memory":
        from[each.name] = new WebAssembly.Memory(bounds(each.limits));
        break;
      case "table":
        from[each.name] = new WebAssembly.Table({
          element: each.element === "funcref" ? "anyfunc" : "externref",
          ...bounds(each.limits),
        });
        break;
      case "global": {
        const value = each.type.type === "funcref" ? "anyfunc" : each.type.type;
        // A funcref or v128 global takes no initial value from here.
        const initial = value === "v128" || value === "anyfunc" ? undefined : answer(each.type.type, 0);
        from[each.name] = new WebAssembly.Global({ value, mutable: each.type.mutable }, initial);
      }
    }
  }
  return host;
}

const bounds = ({ minimum, maximum }: { minimum: number; maximum: number | undefined }) =>
  maximum === undefined ? { initial: minimum } : { initial: minimum, maximum };

function answer(type: ValueType, calls: number): unknown {
  switch (type) {
    case "i32":
      return (calls * 2_654_435_761) | 0;
    case "i64":
      return BigInt(calls) * 0x9e37_79b9_7f4a_7c15n;
    case "f32":
    case "f64":
      return calls % 5 === 4 ? Number.NaN : calls * 1.5 - 3;
    default:
      return null;
  }
}

function showArgument(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return Object.is(value, -0) ? "-0" : String(value);
  return value === null ? "null" : typeof value;
}
