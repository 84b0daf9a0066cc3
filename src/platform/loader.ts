/**
 * Loads an enclave, as hardware would: reads its code once, measures it, and runs the very bytes that were measured.
 *
 * This is the first module of the isolate's thread and no part of the measurement. The code is run as a script without
 * a loader of modules, so `import()` is refused in it, and of Node it gets the modules listed here and no others.
 * @module
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { compileFunction, createContext, Script } from "node:vm";
import { workerData } from "node:worker_threads";
import { openFiles } from "./files.ts";
import { portLink, socketLink } from "./link.ts";
import { openPlatform } from "./simulated.ts";
import type { Surroundings } from "./surroundings.ts";

/** The modules of Node that an enclave may have: pure ones, and those that its HTTP client needs. */
const modules: ReadonlySet<string> = new Set([
  "node:assert",
  "node:buffer",
  "node:crypto",
  "node:diagnostics_channel",
  "node:dns/promises",
  "node:events",
  "node:http",
  "node:http2",
  "node:net",
  "node:perf_hooks",
  "node:querystring",
  "node:stream",
  "node:tls",
  "node:util",
  "node:util/types",
  "node:zlib",
]);

/** Of `node:vm` what bounds a run in time. */
const bounded = Object.freeze({ createContext, Script });

const load = createRequire(import.meta.url);
const require = (name: string): unknown => {
  if (name === "node:vm") return bounded;
  if (modules.has(name)) return load(name);
  // In Node's own words, which the HTTP client understands: to the enclave there is no such module.
  throw Object.assign(new Error(`No such built-in module: ${name}`), { code: "ERR_UNKNOWN_BUILTIN_MODULE" });
};

/** What a thread is started with: the path of the code, and the number of its socket when it has one. */
const { code: file, socket } = workerData as { readonly code: string; readonly socket?: number | undefined };
const code = readFileSync(file);
const surroundings: Surroundings = {
  openPlatform: (folder, configuration) => openPlatform(folder, code, configuration),
  openFiles,
  ...(socket === undefined ? portLink() : socketLink(socket)),
};
compileFunction(code.toString("utf8"), ["require", "surroundings"], { filename: file })(require, surroundings);
