/**
 * The Nodes to compare: the one that runs this, and the newer ones that this folder's package installs.
 * @module
 */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Paths of the programs, with their versions. */
export function nodes() {
  const installed = ["node22", "node24"].map((name) =>
    fileURLToPath(new URL(`node_modules/${name}/bin/node`, import.meta.url)),
  );
  return [process.execPath, ...installed].map((path) => ({
    path,
    version: execFileSync(path, ["--version"], { encoding: "utf8" }).trim(),
  }));
}
