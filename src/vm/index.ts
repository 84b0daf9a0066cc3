/**
 * The metered VM alone: loads WebAssembly modules and runs them under limits, with every ending as data.
 * @module
 */

export type { Host, HostFunction, Run, Slot } from "./host.ts";
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
export { type TrapKind, trapKinds } from "./traps.ts";
