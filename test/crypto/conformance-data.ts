/**
 * Where the vectors of public standards are read from, when they are there.
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.PHATVM_CONFORMANCE ?? join(import.meta.dirname, "../../../shared/conformance");

/** One file of vectors; undefined, and said so, when it is not there. */
export function vectors<T>(path: string): T | undefined {
  const file = join(folder, path);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as T;
  process.stderr.write(`skipped: the conformance data ${path} is not there (set PHATVM_CONFORMANCE to its folder)\n`);
  return undefined;
}
