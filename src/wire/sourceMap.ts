/**
 * Reads a source map: which line of the source an offset in a module came from.
 *
 * For WebAssembly a map has one generated line whose columns are byte offsets in the module. The map is as trustworthy
 * as the module that names it: what cannot be read gives no places, and nothing here throws.
 * @module
 * @see https://tc39.es/ecma426/
 */

/** A place in the source; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A source map that was read. */
export interface SourceMap {
  /** The place that the byte at an offset of the module came from. */
  place(offset: number): Place | undefined;
}

/** Numbers of one mapping, flat: offset, source, line, column. */
const width = 4;

/**
 * Reads a source map from its JSON.
 *
 * @returns Nothing when the text is none, or has no mappings.
 */
export function readSourceMap(text: string): SourceMap | undefined {
  let map: { readonly mappings?: unknown; readonly sources?: unknown; readonly sourceRoot?: unknown };
  try {
    map = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof map?.mappings !== "string" || !Array.isArray(map.sources)) return undefined;
  const sources = map.sources as readonly unknown[];
  const root = typeof map.sourceRoot === "string" && map.sourceRoot !== "" ? `${map.sourceRoot}/` : "";
  const mappings = readMappings(map.mappings);
  const count = mappings.length / width;
  if (count === 0) return undefined;
  return {
    place(offset) {
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (mappings[middle * width]! <= offset) low = middle + 1;
        else high = middle;
      }
      if (low === 0) return undefined;
      const [, source, line, column] = mappings.slice((low - 1) * width, low * width) as [
        number,
        number,
        number,
        number,
      ];
      const file = sources[source];
      return typeof file === "string" ? { file: root + file, line: line + 1, column: column + 1 } : undefined;
    },
  };
}

/** The mappings of the first line, in order of their offsets; those without a source are left out. */
function readMappings(text: string): number[] {
  const [first = ""] = text.split(";", 1);
  const mappings: number[] = [];
  const state = [0, 0, 0, 0];
  let inOrder = true;
  for (const segment of first.split(",")) {
    const numbers = readVlq(segment);
    if (numbers.length === 0) continue;
    for (let i = 0; i < width; i++) state[i]! += numbers[i] ?? 0;
    if (numbers.length < width) continue;
    if (mappings.length > 0 && state[0]! < mappings[mappings.length - width]!) inOrder = false;
    mappings.push(...state);
  }
  // A map out of order is no map that a tool writes; without order there is nothing to search in.
  return inOrder ? mappings : [];
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const valueOfDigit = new Map(Array.from(digits, (digit, value) => [digit, value]));

/** The signed numbers of a run of base 64 VLQs; those up to the first digit that is none. */
function readVlq(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of text) {
    const bits = valueOfDigit.get(digit);
    if (bits === undefined || shift > 30) break;
    value += (bits & 31) * 2 ** shift;
    shift += 5;
    if (bits >= 32) continue;
    numbers.push(value % 2 === 1 ? -(value - 1) / 2 : value / 2);
    value = 0;
    shift = 0;
  }
  return numbers;
}
