/**
 * Runs the engine's judges on every Node: the core suite, the attacks, the gas oracle. `npm ci && npm run suites`.
 *
 * What is accepted, what is charged and how a run ends must not depend on the V8 underneath. Ends with code 1 when a
 * test fails on any of them.
 * @module
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { nodes } from "./nodes.mjs";

const SUITES = ["test/conformance", "test/adversarial", "test/gas", "test/wasm/property.test.ts"];
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));

let failed = false;
for (const { path, version } of nodes()) {
  console.log(`Node ${version}`);
  const { status } = spawnSync(path, [vitest, "run", ...SUITES, "--testTimeout=600000"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: "inherit",
  });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
