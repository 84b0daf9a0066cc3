/**
 * Which innermost loops are charged as a whole on arrival, and which need no test for exhaustion.
 * @module
 */

import { type Bounds, boundsOf } from "./bounds.ts";
import { type CountedLoop, recogniseCounted } from "./counted.ts";
import * as event from "./events.ts";
import type { Scanner } from "./scan.ts";
import { considered } from "./symbolic.ts";

/** Loops longer than this are not worth a second copy. */
const longestCounted = 256;
/** Loops with fewer iterations than this, known in advance, are not worth a guard. */
const fewestIterations = 16;
/** Loops that run at most so often, known in advance, and cost at most so much, are not tested for exhaustion. */
const mostUntested = 4096;
const largestUntested = 2 ** 33;
/** One that costs more in all is tested when it is arrived at: a function may hold thousands of them in a row. */
const largestUnasked = 2 ** 24;
/** No iteration of a loop that is charged as a whole costs more: a guard's sums must not overflow. */
const largestIteration = 2 ** 29;
/** A loop that is charged as a whole always costs less: the writer's numbers end there. */
const largestPrepaid = 2 ** 52;

/** What becomes of a loop that counts; nothing does of one without. */
export interface Treatment {
  readonly found: CountedLoop;
  readonly bounds: Bounds;
  /**
   * Charged as a whole where a guard says so, which takes `bytes` for its second copy; charged as a whole always; or
   * charged turn by turn and never tested.
   */
  readonly kind: "whole" | "prepaid" | "untested";
  /** Whether exhaustion is tested for on arrival at a loop that has no other test. */
  readonly asked: boolean;
  readonly bytes: number;
}

/**
 * Looks at the innermost loop between two events.
 *
 * @param spare how many bytes may be spent on a second copy
 */
export function treatLoop(scanner: Scanner, loop: number, loopEnd: number, spare: number): Treatment | undefined {
  const { events, bytes, info } = scanner;
  const { pos, kind, a, b, cost } = events;
  const start = pos[loop]!;
  const end = pos[loopEnd]!;
  if (end - start > longestCounted || a[loop] !== 0 || b[loopEnd] === 1 || bytes[start + 1] !== 0x40) return undefined;
  const known = cost[loop] === 1 ? constantBefore(bytes, start) : new Map<number, number>();
  const memory = (info.memories[0]?.minimum ?? 0) * 65_536;
  const counts = considered(() => {
    const found = recogniseCounted(bytes, info, start + 2, end);
    return { found, bounds: boundsOf(found, known, memory) };
  });
  if (counts === undefined) return undefined;
  const { found, bounds } = counts;
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
  const count = bounds.certain ? bounds.turns.constant : undefined;
  if (!found.traps && !elsewhere && charges <= 1 && each <= largestIteration) {
    const conditions = bounds.natural.length + bounds.withinMemory.length;
    if (count !== undefined && conditions === 0 && (count + 1) * each < largestPrepaid) {
      return { ...counts, kind: "prepaid", asked: count * each > largestUnasked, bytes: 0 };
    }
    const size = end - start + 48 + 24 * conditions + (bounds.asksFirst ? found.arm - start + 16 : 0);
    const short = count !== undefined && count < fewestIterations;
    if (!short && size <= spare) return { ...counts, kind: "whole", asked: false, bytes: size };
  }
  if (count !== undefined && count <= mostUntested && count * each <= largestUntested) {
    return { ...counts, kind: "untested", asked: count * each > largestUnasked, bytes: 0 };
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
