/**
 * Which instructions of a function body are reached, by the text of `src/wasm/gas.md`: "Reached code".
 * @module
 */

import { type Instruction, OPCODE } from "./instructions.ts";

const OPENS: ReadonlySet<number> = new Set([OPCODE.block, OPCODE.loop, OPCODE.if]);

/** Instructions after which nothing in the same sequence is reached. */
export const ENDS_SEQUENCE: ReadonlySet<number> = new Set([
  OPCODE.br,
  OPCODE.brTable,
  OPCODE.return,
  OPCODE.unreachable,
  OPCODE.returnCall,
  OPCODE.returnCallIndirect,
]);

/** The reached instructions of a body, in order. */
export function reachedCode(code: readonly Instruction[]): Instruction[] {
  // For each open sequence: whether its construct is reached, and whether the walk still is.
  const sequences = [{ construct: true, here: true }];
  return code.filter(({ opcode }) => {
    const sequence = sequences.at(-1)!;
    const { construct, here } = sequence;
    if (opcode === OPCODE.else) {
      sequence.here = construct;
      return construct;
    }
    if (opcode === OPCODE.end) {
      sequences.pop();
      return construct;
    }
    if (OPENS.has(opcode)) sequences.push({ construct: here, here });
    else if (ENDS_SEQUENCE.has(opcode)) sequence.here = false;
    return here;
  });
}
