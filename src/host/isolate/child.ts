/**
 * The first module of an isolate's process: starts the isolate's thread, which has a socket of its own for frames, and
 * minds the other one, which says that the host is there.
 *
 * The thread is the same as without a process. This one computes nothing, so it notices at any time that the host is
 * gone, and that the thread is, of which it says why. Called with the megabytes of heap, and optionally the path of the
 * enclave's code.
 * @module
 */

import { closeSync, existsSync, fstatSync, readdirSync } from "node:fs";
import { Socket } from "node:net";
import { EngineError } from "../../errors.ts";
import { encodeError } from "../../wire/error.ts";
import { Answer, FrameWriter } from "../../wire/frame.ts";
import { startThread } from "./thread.ts";

/** The sockets' numbers: `stdio` of the host's `spawn`. */
const FRAMES = 3;
const LIFE = 4;

// These are for the host to act on, which closes in order or dies, and takes this process along either way. A listener
// for SIGUSR1 also keeps Node from opening its debugger.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const) {
  process.on(signal, () => undefined);
}

/** Files that native modules of the host opened for every child to have: the chain's, which is no business of this one. */
function closeInherited(): void {
  const folder = process.platform === "linux" ? "/proc/self/fd" : "/dev/fd";
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const fd = Number(name);
    try {
      if (fd > LIFE && fstatSync(fd).isFile()) closeSync(fd);
    } catch {
      // It was the one that the folder itself was read through.
    }
  }
}

/** At once and without a farewell: what is kept is kept so that a kill does no harm. */
const die = (): void => {
  process.kill(process.pid, "SIGKILL");
};

closeInherited();
const [megabytes, code] = process.argv.slice(2);
const life = new Socket({ fd: LIFE, readable: true, writable: true });
life.on("error", die);
life.on("close", die);
life.on("end", die);
life.resume();
startThread(
  { heapMegabytes: Number(megabytes) },
  {
    frame: () => undefined,
    ended: (reason) => {
      const error = new EngineError("EnclaveGone", { reason });
      life.end(new FrameWriter().add(Answer.error, 0, encodeError(error)).take(), die);
    },
  },
  code,
  FRAMES,
);
