/**
 * The metered VM alone: loads WebAssembly modules and runs them under limits, with every ending as data.
 * @module
 */

export { Code } from "./code.ts";
export type { Host, HostFunction, Run, Slot } from "./host.ts";
export { type LoadOptions, Machine, type MachineOptions, type MachineStats } from "./machine.ts";
export type {
  Backtrace,
  Outcome,
  OutOfGas,
  Returned,
  Reverted,
  StackOverflow,
  Suspended,
  TraceFrame,
  Trapped,
} from "./outcome.ts";
export { requiredStackBytes } from "./stack.ts";
export type { Symbols } from "./symbols.ts";
export { type TrapKind, trapKinds } from "./traps.ts";
