import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { floatCases } from "./property-float-cases.ts";
import type { Digests, Printed } from "./property-float-program.ts";
import { bundleFloatProgram, differing, runTier, tiers } from "./property-tiers.mjs";

describe("every class of NaN through every float and float-lane operation", () => {
  const folder = mkdtempSync(join(tmpdir(), "phatvm-floats-"));
  const runs = new Map<string, Printed>();
  beforeAll(async () => {
    const program = join(folder, "floats.mjs");
    await bundleFloatProgram(program);
    for (const tier of tiers) runs.set(tier.name, await runTier(process.execPath, program, tier));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const all = (): { tier: string; look: number; digests: Digests }[] =>
    [...runs].flatMap(([tier, { prepared }]) => prepared.map((digests, look) => ({ tier, look, digests })));

  test("gives the same bytes in both tiers of the compiler, before and after tier-up", () => {
    const first = all()[0]!.digests;
    expect(Object.keys(first)).toHaveLength(floatCases.length);
    expect(all()).toHaveLength(4);
    for (const { tier, look, digests } of all()) expect(differing(first, digests), `${tier}, look ${look}`).toEqual([]);
  });

  test("gives the bytes of a machine that makes each result canonical at once", () => {
    const oracle = runs.get("Liftoff")!.oracle!;
    for (const { tier, look, digests } of all())
      expect(differing(oracle, digests), `${tier}, look ${look}`).toEqual([]);
  });

  test.runIf(process.arch === "x64")("would not do so on the bare machine, whose tiers disagree here", () => {
    const [before, after] = runs.get("tier-up")!.bare;
    expect(differing(before!, after!).length).toBeGreaterThan(0);
    expect(differing(runs.get("Liftoff")!.bare[0]!, runs.get("TurboFan")!.bare[0]!).length).toBeGreaterThan(0);
  });
});
