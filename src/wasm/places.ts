/**
 * Where the bytes of a prepared body came from: what debuggers and backtraces need to read a map of the original.
 * @module
 */

/** Pairs, in order: from this offset of the output on stand the bytes of the input from that offset on. */
export type Places = readonly number[];

/**
 * Gives the function that takes an offset in the prepared bytes to the offset in the original.
 *
 * Between two places there may stand added code, before or after what was copied: an offset in there is that of the
 * last byte of the original that stands before the next place. -1 before all bodies.
 */
export function originalOffsets(places: Places): (offset: number) => number {
  return (offset) => {
    let low = 0;
    let high = places.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (places[middle * 2]! <= offset) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return -1;
    const at = (low - 1) * 2;
    const from = places[at + 1]!;
    const copied = from + offset - places[at]!;
    const next = places[at + 3];
    return next === undefined ? copied : Math.min(copied, Math.max(from, next - 1));
  };
}
