/**
 * The long form of the property tests: `node test/wasm/property-campaign.mjs [modules] [first seed]`.
 *
 * Runs the same tests as CI with more modules (5,000 unless told), half from either generator, and as many decisions
 * for the gas oracle. A failure names its seed.
 * @module
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [modules = "5000", firstSeed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
console.log(`${modules} modules, first seed ${firstSeed}`);
const { status } = spawnSync(
  process.execPath,
  [
    fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url)),
    "run",
    "test/wasm/property.test.ts",
    "test/gas",
    "--testTimeout=3600000",
  ],
  {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: "inherit",
    env: { ...process.env, PHATVM_PROPERTY_RUNS: String(Math.ceil(modules / 2)), PHATVM_PROPERTY_SEED: firstSeed },
  },
);
process.exit(status ?? 1);
