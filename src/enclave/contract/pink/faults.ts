/**
 * The error of extension functions that upstream gives no number of its own.
 * @module
 */

import { DispatchFault } from "../dispatch-error.ts";

/**
 * The fault for `DispatchError::Other`, which carries no detail in its encoding.
 * @param detail what went wrong, for the local diagnosis.
 */
export function otherFault(detail: string): DispatchFault {
  return new DispatchFault("Other", Uint8Array.of(0), { detail });
}
