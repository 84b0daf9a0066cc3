import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { costs1 } from "../../src/wasm/index.ts";
import type { TextParser } from "../conformance/runner.ts";
import { wabtParser } from "../conformance/wabt-parser.ts";
import { randomLoops } from "../wasm/property-loops.ts";
import { randomModule } from "../wasm/property-module.ts";
import { disagreement } from "./agreement.ts";
import { cases } from "./cases.ts";
import { WEIGHTS } from "./stretches.ts";
import { type Step, subjectOf, trace } from "./trace.ts";
import { counted } from "./ways.ts";

const RUNS = Number(process.env.PHATVM_PROPERTY_RUNS ?? 200);
const SEED = process.env.PHATVM_PROPERTY_SEED === undefined ? {} : { seed: Number(process.env.PHATVM_PROPERTY_SEED) };

const bytesOfDecisions = fc.uint8Array({ minLength: 100, maxLength: 1500, size: "max" });

describe("gas", () => {
  let parse: TextParser;
  beforeAll(async () => {
    parse = await wabtParser();
  });
  const i32 = (...values: number[]): Step["args"] =>
    values.map((value) => ({ type: "i32", bits: BigInt(value >>> 0) }));

  describe.each(cases)("$promise", ({ source, runs }) => {
    test.each(runs)("$entry($args) uses $uses", ({ entry, args, uses }) => {
      const bytes = parse(new TextEncoder().encode(source));
      const steps: Step[] = [{ entry, args: i32(...args) }];
      const limit = 10_000_000_000;
      const way = counted(bytes, { weights: WEIGHTS, canonicalFloats: false });
      const sights = trace(subjectOf(bytes), way, steps, limit);
      expect(limit - (sights.at(-1)?.gas ?? Number.NaN)).toBe(uses);
      expect(disagreement(bytes, steps, { limit, boundaries: 50 })).toBeUndefined();
    });
  });

  test("has the same weights in its text, in the table of the engine and in this oracle", () => {
    const { version: _, ...table } = costs1;
    expect(WEIGHTS).toEqual(table);
    const text = readFileSync(new URL("../../src/wasm/gas.md", import.meta.url), "utf8");
    for (const [weight, value] of Object.entries(WEIGHTS)) {
      const row = new RegExp(`^\\| \`${weight}\`.*\\| ([0-9,]+) *\\|$`, "m").exec(text);
      expect(Number(row?.[1]?.replaceAll(",", "")), weight).toBe(value);
    }
  });

  test("a prepared module agrees with a slow, obvious counter at host calls, returns, traps and exhaustion", () => {
    fc.assert(
      fc.property(bytesOfDecisions, (decisions) => {
        const { bytes, steps } = randomModule(decisions);
        expect(disagreement(bytes, steps, { limit: 20_000_000, boundaries: 12 })).toBeUndefined();
      }),
      { numRuns: Math.ceil(RUNS / 2), ...SEED },
    );
  });

  test("so it does in loops that count, whose charges a clever pass would take all at once", () => {
    fc.assert(
      fc.property(bytesOfDecisions, (decisions) => {
        const { bytes, steps } = randomLoops(decisions);
        expect(disagreement(bytes, steps, { limit: 200_000_000, boundaries: 12 })).toBeUndefined();
      }),
      { numRuns: Math.ceil(RUNS / 2), ...SEED },
    );
  });

  test("so it does with other weights, and with none to spare for absorbed stretches", () => {
    const weight = fc.nat({ max: 100_000 });
    const weights = fc.record({
      plain: weight.map((value) => value + 1),
      division: weight,
      call: weight,
      callIndirect: weight,
      local: weight,
      bulkByte: weight,
      tableElement: weight,
      memoryPage: weight.map((value) => value + 10_000),
      slack: fc.oneof(fc.constant(0), weight),
    });
    fc.assert(
      fc.property(bytesOfDecisions, weights, (decisions, chosen) => {
        const { bytes, steps } = randomModule(decisions);
        const limit = 3_000 * chosen.plain;
        expect(disagreement(bytes, steps, { limit, boundaries: 6, weights: chosen })).toBeUndefined();
      }),
      { numRuns: Math.ceil(RUNS / 4), ...SEED },
    );
  });
});
