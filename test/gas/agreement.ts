/**
 * Holds a prepared module against the oracle, with plenty of gas and with limits that end the run at every charge.
 * @module
 */

import type { FloatMode } from "../../src/wasm/index.ts";
import type { Counter } from "./counter.ts";
import { WEIGHTS, type Weights } from "./stretches.ts";
import { difference, type Step, subjectOf, trace } from "./trace.ts";
import { asItIs, counted, prepared } from "./ways.ts";

/** What is compared, and how thoroughly. */
export interface Comparison {
  readonly weights?: Weights;
  readonly floats?: FloatMode;
  /** Enough for the run, or for a good part of it. */
  readonly limit: number;
  /** How many of the charges are taken as limits; all of them when there are fewer. */
  readonly boundaries: number;
}

/** Small enough that the oracle's frames, which are larger, still fit V8's stack. */
const MAX_STACK = 32 * 1024;

/** Says how a module and its prepared form disagree; nothing when they do not. */
export function disagreement(bytes: Uint8Array, steps: readonly Step[], comparison: Comparison): string | undefined {
  const weights = comparison.weights ?? WEIGHTS;
  const floats = comparison.floats ?? "canonical";
  const subject = subjectOf(bytes);
  const counters: Counter[] = [];
  const canonicalFloats = floats === "canonical";
  const oracle = counted(bytes, { weights, canonicalFloats, maxStack: MAX_STACK }, counters);
  const candidate = prepared(bytes, {
    profile: "wasm2",
    floats,
    image: true,
    maxStack: MAX_STACK,
    costs: { version: 1, ...weights },
  });

  const ample = trace(subject, oracle, steps, comparison.limit);
  const unlimited = !ample.some(({ what }) => /out of gas|stack/.test(what));
  if (floats === "native" && unlimited) {
    const plain = trace(subject, asItIs(bytes), steps, 0);
    const found = difference(plain, ample);
    if (found !== undefined) return `the oracle and the module as it is: ${found}`;
  }
  const totals = [...new Set(counters[0]?.totals)];
  const stride = Math.max(1, totals.length / comparison.boundaries);
  const chosen = Array.from(
    { length: Math.min(totals.length, comparison.boundaries) },
    (_, i) => totals[Math.floor(i * stride)]!,
  );
  const limits = [comparison.limit, ...chosen.flatMap((total) => [total, total - 1])].filter((limit) => limit >= 0);
  for (const limit of limits) {
    const expected = limit === comparison.limit ? ample : trace(subject, oracle, steps, limit);
    const found = difference(expected, trace(subject, candidate, steps, limit));
    if (found !== undefined) return `with gas ${limit}: ${found}`;
  }
  return undefined;
}
