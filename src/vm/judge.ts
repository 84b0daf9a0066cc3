/**
 * Judges how a run left that did not come to its end: what was thrown through the guest becomes an outcome, or goes on
 * as a fault of the host.
 *
 * Nothing but what is listed here is ever an outcome. V8's own stack overflow in particular is not: it depends on the
 * compiler tier and on the caller, and the module's stack counter exists so that it never comes first.
 * @module
 */

import { ContractFault, EngineError } from "../errors.ts";
import { backtraceOf, thrownByGuest } from "./backtrace.ts";
import type { Instance } from "./instance.ts";
import type { Outcome } from "./outcome.ts";
import { trapKindOf } from "./traps.ts";

/** What the stack counter says after a trap, by `wasm/stack.md`. */
const stackOverflowed = -1;
const growthNotServed = -2;

/**
 * The outcome that something thrown stands for.
 *
 * @throws {EngineError} When it stands for none.
 */
export function judge<F>(instance: Instance<F>, thrown: unknown): Outcome {
  if (thrown === instance) return decided(instance);
  if (thrown instanceof WebAssembly.RuntimeError && thrownByGuest(thrown)) return trapped(instance, thrown);
  if (thrown instanceof ContractFault) return faulted(instance, thrown);
  if (thrown instanceof EngineError) throw thrown;
  if (thrown instanceof RangeError && thrown.message === "Maximum call stack size exceeded") {
    throw new EngineError("StackExhausted", {}, { cause: thrown });
  }
  throw new EngineError("Internal", { what: "a host function threw what is not an error of ours" }, { cause: thrown });
}

/** A host function unwound the guest on purpose. */
function decided<F>(instance: Instance<F>): Outcome {
  const gasUsed = instance.registers.used();
  const value = instance.endingValue;
  switch (instance.ending) {
    case "returned":
      return { type: "returned", gasUsed, data: value as Uint8Array, value: undefined };
    case "reverted":
      return { type: "reverted", gasUsed, data: value as Uint8Array };
    case "suspended":
      return { type: "suspended", gasUsed, request: value };
    case "outOfGas":
      return { type: "outOfGas", gasUsed };
    case "fault":
      return faulted(instance, value as ContractFault);
    case "none":
      throw new EngineError("Internal", { what: "a run was unwound without a decision" });
  }
}

function faulted<F>(instance: Instance<F>, fault: ContractFault): Outcome {
  const gasUsed = instance.registers.used();
  return { type: "trapped", kind: "host", gasUsed, backtrace: backtraceOf(instance.code, fault.stack), fault };
}

function trapped<F>(instance: Instance<F>, error: WebAssembly.RuntimeError): Outcome {
  const { registers } = instance;
  const gasUsed = registers.used();
  if (registers.exhausted() !== 0) {
    return instance.reserve > 0
      ? { type: "suspended", gasUsed, request: instance.fuseRequest }
      : { type: "outOfGas", gasUsed };
  }
  const stack = registers.stack();
  if (stack === stackOverflowed) return { type: "stackOverflow", gasUsed };
  if (stack === growthNotServed) throw new EngineError("MemoryRefused", { what: "growth within the maximum" });
  const kind = trapKindOf(error.message);
  if (kind === undefined)
    throw new EngineError("Internal", { what: `unknown trap: ${error.message}` }, { cause: error });
  return { type: "trapped", kind, gasUsed, backtrace: backtraceOf(instance.code, error.stack) };
}
