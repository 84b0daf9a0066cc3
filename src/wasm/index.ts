/**
 * `phatvm/wasm`: bytes in, bytes out. Reads a module, checks it, and adds gas, stack depth and deterministic floats.
 *
 * Pure: no clock, no randomness, no engine; what is accepted depends on the bytes and the options alone.
 * @module
 */

export { type CostTable, costs1 } from "./costs.ts";
export {
  type FloatMode,
  type Limits,
  type PrepareOptions,
  type Profile,
  passVersion,
  profileLimits,
} from "./options.ts";
export { prepareModule } from "./prepare.ts";
export type {
  ExportSummary,
  ExternType,
  FunctionReport,
  FunctionType,
  ImageNames,
  ImportSummary,
  PreparedModule,
  Report,
  ValueType,
} from "./prepared.ts";
