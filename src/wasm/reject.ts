/**
 * How the pass refuses a module: one fault, with reason, function and byte offset.
 * @module
 */

import { ContractFault } from "../errors.ts";

/**
 * Refuses the module.
 *
 * @param reason why, without a full stop
 * @param offset byte of the input
 * @param func index in the function index space, for a fault in a body
 */
export function reject(reason: string, offset?: number, func?: number): never {
  throw new ContractFault("CodeRejected", {
    reason,
    ...(func === undefined ? {} : { function: func }),
    ...(offset === undefined ? {} : { offset }),
  });
}
