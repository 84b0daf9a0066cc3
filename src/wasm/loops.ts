/**
 * Which innermost loops are charged as a whole on arrival, and which need no test for exhaustion.
 * @module
 */

import { type CountedLoop, recogniseCounted, staticCount } from "./counted.ts";
import * as event from "./events.ts";
import type { Scanner } from "./scan.ts";

/** Loops longer than this are not worth a second copy. */
const longestCounted = 256;
/** Loops with fewer iterations than this, known in advance, are not worth a guard. */
const fewestIterations = 16;
/** Loops that run at most so often, known in advance, and cost at most so much, are not tested for exhaustion. */
const mostUntested = 4096;
const largestUntested = 2 ** 33;
/** No iteration of a loop that is charged as a whole costs more: a guard's sums must not overflow. */
const largestIteration = 2 ** 29;

/** What becomes of a loop that counts; nothing does of one without. */
export interface Treatment {
  readonly found: CountedLoop;
  /** Charged as a whole where a guard says so, which takes `bytes` for its second copy; or never tested. */
  readonly kind: "whole" | "untested";
  readonly bytes: number;
}

/**
 * Looks at the innermost loop between two events.
 *
 * @param spare how many bytes may be spent on a second copy
 */
export function treatLoop(scanner: Scanner, loop: number, loopEnd: number, spare: number): Treatment | undefined {
  const { events, bytes } = scanner;
  const { pos, kind, a, b, cost } = events;
  const start = pos[loop]!;
  const end = pos[loopEnd]!;
  if (end - start > longestCounted || a[loop] !== 0 || b[loopEnd] === 1 || bytes[start + 1] !== 0x40) return undefined;
  const found = recogniseCounted(bytes, scanner.info, start + 2, end);
  if (found === undefined) return undefined;
  let each = 0;
  let charges = 0;
  let elsewhere = false;
  for (let e = loop + 1; e < loopEnd; e++) {
    if (kind[e] !== event.openLoop && kind[e] !== event.openOther) continue;
    each += cost[e]!;
    if (kind[e] === event.openOther && cost[e]! > 0) {
      charges++;
      if (pos[e] !== found.arm) elsewhere = true;
    }
  }
  const count = staticCount(found, cost[loop] === 1 ? constantBefore(bytes, start) : new Map());
  const short = count !== undefined && count < fewestIterations;
  const size = end - start + 64 + 32 * (found.reaches.length + found.sides.length);
  if (!found.traps && !short && !elsewhere && charges <= 1 && each <= largestIteration && size <= spare) {
    return { found, kind: "whole", bytes: size };
  }
  if (count !== undefined && count <= mostUntested && count * each <= largestUntested) {
    return { found, kind: "untested", bytes: 0 };
  }
  return undefined;
}

/**
 * The local that the two instructions before a loop set to a constant, by its symbol (`counted.ts`). That there are two
 * such instructions is for the walk to say: the same bytes may stand in a larger constant.
 */
function constantBefore(bytes: Uint8Array, start: number): Map<number, number> {
  const known = new Map<number, number>();
  if (bytes[start - 4] === 0x41 && bytes[start - 3]! < 64 && bytes[start - 2] === 0x21 && bytes[start - 1]! < 128) {
    known.set(2 * bytes[start - 1]!, bytes[start - 3]!);
  }
  return known;
}
