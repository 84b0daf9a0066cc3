/**
 * The first module of an isolate's process: carries frames between the socket that it was given and the isolate's thread.
 *
 * The thread is the same as without a process. This one does nothing but carry, so it notices at any time that the host
 * is gone. Called with the megabytes of heap, and optionally the path of the enclave's code.
 * @module
 */

import { closeSync, existsSync, fstatSync, readdirSync } from "node:fs";
import { Socket } from "node:net";
import { EngineError } from "../../errors.ts";
import { encodeError } from "../../wire/error.ts";
import { Answer, FrameStream, FrameWriter } from "../../wire/frame.ts";
import { startThread } from "./thread.ts";

/** The socket's number: `stdio` of the host's `spawn`. */
const LINK = 3;
/** The host's messages are whatever it has memory for. */
const LARGEST_MESSAGE = 0xffff_ffff;

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
      if (fd > LINK && fstatSync(fd).isFile()) closeSync(fd);
    } catch {
      // It was the one that the folder itself was read through.
    }
  }
}

/** At once and without a farewell: what is kept is kept so that a kill does no harm. */
const die = (): void => {
  process.kill(process.pid, "SIGKILL");
};

/** Says why, and goes. */
const farewell = (error: unknown): void => {
  link.end(new FrameWriter().add(Answer.error, 0, encodeError(error)).take(), die);
};

closeInherited();
const [megabytes, code] = process.argv.slice(2);
const link = new Socket({ fd: LINK, readable: true, writable: true });
const stream = new FrameStream(LARGEST_MESSAGE);
const isolate = startThread(
  { heapMegabytes: Number(megabytes) },
  {
    // What is no frame is none on the other side either.
    frame: (frame) => link.write(frame instanceof Uint8Array ? frame : new Uint8Array(4)),
    ended: (reason) => farewell(new EngineError("EnclaveGone", { reason })),
  },
  code,
);
link.on("error", die);
link.on("close", die);
link.on("end", die);
link.on("data", (chunk: Uint8Array) => {
  try {
    const frame = stream.frame(chunk);
    if (frame.length > 0) isolate.send(frame);
  } catch (error) {
    // Nobody can tell any more where in the stream a message begins.
    link.pause();
    farewell(error);
  }
});
