/**
 * Loaded before everything else in a process that is to be killed at an operation on its sealed files or its platform:
 * `node --require kill-at.cjs`, with `PHATVM_KILL_AT` as JSON: `dir` (operations below it are counted), `at` (the one
 * that is not done any more, counted from 1; 0 = none), `torn` (whether half of it is, when it writes), `count` (a file
 * that the number of operations is written to).
 *
 * The enclave knows nothing of it: the isolate's thread is started with the same module loaded before its loader, and
 * there the functions of `node:fs` are replaced.
 */
"use strict";
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");
const threads = require("node:worker_threads");

function killAt({ dir, at, torn, count }) {
  // The realm is closed later, and most of what is Node's is gone then.
  const { kill, pid } = process;
  const { writeSync, openSync } = fs;
  const files = new Map();
  let operations = 0;
  const tally = count === undefined ? undefined : openSync(count, "w");
  const below = (path) => typeof path === "string" && path.startsWith(dir);

  const step = (half) => {
    operations++;
    if (tally !== undefined) writeSync(tally, String(operations), 0);
    if (operations !== at) return;
    if (torn) half?.();
    kill(pid, "SIGKILL");
    // It may take a moment; nothing is done in it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
  const byPath = (name) => {
    const original = fs[name];
    fs[name] = (path, ...rest) => {
      if (below(path)) step();
      return original(path, ...rest);
    };
  };
  for (const name of ["renameSync", "unlinkSync"]) byPath(name);
  fs.openSync = (path, flags, ...rest) => {
    const writes = flags === "w" || (typeof flags === "number" && (flags & fs.constants.O_CREAT) !== 0);
    if (below(path) && writes) step();
    const file = openSync(path, flags, ...rest);
    if (below(path)) files.set(file, path);
    return file;
  };
  const byFile = (name, half) => {
    const original = fs[name];
    fs[name] = (file, ...rest) => {
      if (files.has(file)) step(() => half?.(file, ...rest));
      return original(file, ...rest);
    };
  };
  byFile("writeSync", (file, bytes, from, length) => writeSync(file, bytes, from, length >> 1));
  byFile("writeFileSync", (file, bytes) => writeSync(file, bytes, 0, bytes.length >> 1));
  byFile("fsyncSync");
  byFile("fsync");
  const { closeSync } = fs;
  fs.closeSync = (file) => {
    files.delete(file);
    return closeSync(file);
  };
  syncBuiltinESMExports();
}

if (threads.isMainThread) {
  const setting = JSON.parse(process.env.PHATVM_KILL_AT);
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(file, options) {
      super(file, {
        ...options,
        execArgv: ["--require", __filename],
        workerData: { ...options.workerData, killAt: setting },
      });
    }
  };
  syncBuiltinESMExports();
} else killAt(threads.workerData.killAt);
