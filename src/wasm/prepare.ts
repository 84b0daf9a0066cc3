/**
 * The pass: validates a module and rewrites it, in one walk over its bytes.
 * @module
 */

import { EngineError } from "../errors.ts";
import { type PrepareOptions, settle } from "./options.ts";
import type { PreparedModule } from "./prepared.ts";

/**
 * Validates a module and adds gas metering, stack counting and deterministic floats.
 *
 * @param bytes the module in the binary format; not kept, not changed
 * @throws {ContractFault} `CodeRejected` with `reason`, `function` (index) and `offset` (byte of the input) when the
 *   module is malformed, invalid, or outside the profile
 */
export function prepareModule(bytes: Uint8Array, options: PrepareOptions = {}): PreparedModule {
  const settings = settle(options);
  throw new EngineError("Internal", { what: `no pass for ${bytes.length} bytes and ${settings.key}` });
}
