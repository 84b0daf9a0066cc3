/**
 * An isolate that is a thread of this process, with a heap and a stack of its own, and without environment.
 *
 * It is started from the loader, which runs one bundled file. A frame's buffer is handed over, not copied; or frames go
 * through a socket of the thread's own, and none here.
 * @module
 */

import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { built, type Isolate, type IsolateEvents, type IsolateLimits } from "./isolate.ts";

/**
 * Megabytes of stack: at least what the virtual machine requires for its deepest nesting, `requiredStackBytes`. They are
 * addresses; memory is taken when a contract goes that deep.
 */
export const enclaveStackMegabytes = 64;

/**
 * Starts an isolate in a thread: `StartIsolate`.
 * @param socket number of the socket that frames take; undefined = they are sent to it, and come, by its port.
 */
export function startThread(
  { heapMegabytes }: IsolateLimits,
  events: IsolateEvents,
  code = fileURLToPath(built("enclave/main.js")),
  socket?: number,
): Isolate {
  const worker = new Worker(built("platform/loader.js"), {
    name: "phatvm enclave",
    workerData: { code, socket },
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    trackUnmanagedFds: true,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, stackSizeMb: enclaveStackMegabytes },
  });
  // Nothing in the enclave prints; what Node prints there must neither reach our output nor pile up.
  worker.stdout.resume();
  worker.stderr.resume();
  let reason = "";
  worker.on("message", (frame: unknown) => events.frame(frame));
  worker.on("error", (error) => {
    reason ||= error instanceof Error ? error.message : "it threw what is no error";
  });
  worker.on("messageerror", (error) => {
    reason ||= error.message;
    void worker.terminate();
  });
  worker.on("exit", (exit) => events.ended(reason || `its thread exited with ${exit}`));
  return {
    send: (frame) => worker.postMessage(frame, [frame.buffer]),
    terminate: async () => {
      await worker.terminate();
    },
  };
}
