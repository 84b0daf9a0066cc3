/**
 * Tells code in which nobody can see the counter.
 * @module
 */

import { mayTrap, operand } from "./opcodes.ts";

/** Whether what stands between two places is an `if` without type at its end, and before it nothing that traps, calls, or branches. */
export function isPure(code: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; ) {
    const op = code[p++]!;
    if (op === 0x04) return p === end - 1 && code[p] === 0x40;
    if ((op >= 0x20 && op <= 0x24) || op === 0x41 || op === 0x42) while (code[p++]! > 127);
    else if (op !== 0x01 && op !== 0x1a && op !== 0x1b && (operand[op] === 0 || mayTrap[op] !== 0)) return false;
  }
  return false;
}
