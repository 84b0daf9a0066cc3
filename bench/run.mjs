/**
 * Runs a bench that is written in TypeScript: `node bench/run.mjs bench/vm/warm.ts [--json]`.
 *
 * Node 20 cannot run TypeScript, so the bench and the sources it imports are bundled into a temporary file first. What
 * is measured is thus the sources as they are, with V8's full garbage collection at hand and nothing else changed but what
 * the variable NODE_FLAGS says (`NODE_FLAGS=--cpu-prof`).
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";

const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) {
  console.error("usage: node bench/run.mjs <bench.ts> [--json]");
  process.exit(2);
}
// Below node_modules, so that packages left outside the bundle are found.
const cache = join(import.meta.dirname, "../node_modules/.cache");
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "phatvm-bench-"));
const outfile = join(folder, basename(entry).replace(/\.ts$/, ".mjs"));
try {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    // CommonJS packages inside the bundle ask for `require`.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(process.cwd() + "/");' },
    external: ["wabt", "lmdb"],
    absWorkingDir: process.cwd(),
  });
  const { status } = spawnSync(
    process.execPath,
    ["--expose-gc", ...(process.env.NODE_FLAGS?.split(" ") ?? []), outfile, ...rest],
    { stdio: "inherit" },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
