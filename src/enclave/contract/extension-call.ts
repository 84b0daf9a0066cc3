/**
 * The host function through which contracts reach the Pink extension.
 * @see phala-runtime.md, section 1.1
 * @module
 */

import { costs, perByte } from "./costs.ts";
import { pinkFault } from "./dispatch-error.ts";
import type { Frame } from "./frame.ts";
import { copyOf, readU32, writeOutput } from "./memory.ts";
import { callExtension } from "./pink/extension.ts";

/**
 * Calls an extension function.
 * @param id the extension in the upper 16 bits, the function in the lower.
 * @returns the status that the function chose.
 * @throws {DispatchFault} the extension's, or `Pink.ContractIoBufferOverflow` when the answer does not fit.
 */
export function callChainExtension(
  frame: Frame,
  id: number,
  input: number,
  inputLength: number,
  out: number,
  outLength: number,
): number {
  const { slot } = frame;
  slot.charge(costs.callChainExtension + perByte.extensionIn * (inputLength >>> 0));
  const { status, output } = callExtension(frame, id >>> 0, copyOf(slot, input, inputLength));
  slot.charge(perByte.extensionOut * output.length);
  if (readU32(slot, outLength) < output.length) throw pinkFault("ContractIoBufferOverflow");
  writeOutput(slot, out, outLength, output);
  return status;
}
