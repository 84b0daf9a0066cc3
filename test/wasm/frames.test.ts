/**
 * The formula for a frame's cost is never below what V8's tiers take, so that its own stack limit is not reached first.
 * @module
 */

import { expect, test } from "vitest";
import { measureFrames, shapes } from "../../bench/wasm/frames.ts";

test.each(Object.keys(shapes))("a frame with %s takes no more of V8's stack than is reckoned", async (shape) => {
  for (const { tier, reckoned, real } of await measureFrames([shape])) {
    expect(real, tier).toBeGreaterThan(16);
    expect(reckoned, tier).toBeGreaterThanOrEqual(real);
  }
});
