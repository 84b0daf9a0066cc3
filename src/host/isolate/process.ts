/**
 * An isolate in a process of its own: the same thread with the same frames, behind a socket pair. What kills it, be it
 * V8 itself that gives up, kills nothing else.
 *
 * The process has no environment, no standard streams and nothing of this one's but two sockets: one for frames, and one
 * that ties it to life. When this process is gone, however it went, the kernel closes that one, and the other ends
 * itself, whatever it is at. It is not in this one's process group, so a Ctrl-C at the terminal reaches this process
 * only, which then closes in order.
 * @module
 */

import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { FrameStream } from "../../wire/frame.ts";
import { built, type Isolate, type IsolateEvents, type IsolateLimits } from "./isolate.ts";

/** The most bytes of one message of an isolate: sealed state is the largest. */
const LARGEST_MESSAGE = 1024 * 1024 * 1024;
/** The most bytes of what its process says of its end. */
const LARGEST_FAREWELL = 64 * 1024;

/** Starts an isolate in a process: `StartIsolate`. */
export function startProcess({ heapMegabytes }: IsolateLimits, events: IsolateEvents, code?: string): Isolate {
  const flags = [
    `--max-old-space-size=${heapMegabytes}`,
    // Other than a thread, a process takes V8's own word for it.
    "--disallow-code-generation-from-strings",
  ];
  const child = spawn(
    process.execPath,
    [...flags, fileURLToPath(built("host/isolate/child.js")), String(heapMegabytes), ...(code ? [code] : [])],
    { env: {}, stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true, windowsHide: true },
  );
  let reason = "";
  let gone = false;
  let farewell: Uint8Array | undefined;
  const exited = new Promise<void>((resolve) => {
    const end = (why: string): void => {
      if (gone) return;
      gone = true;
      if (reason === "" && farewell !== undefined) events.frame(farewell);
      events.ended(reason || why);
      resolve();
    };
    child.once("error", (error) => end(`its process did not start: ${error.message}`));
    // After everything that it still said.
    child.once("close", (exit, signal) => end(`its process ended with ${signal ?? exit}`));
  });
  const kill = (why: string): void => {
    reason ||= why;
    child.kill("SIGKILL");
  };
  /** Takes the whole messages of a socket's stream; bytes that are none end the process. */
  const frames = (socket: Socket | undefined, most: number, take: (frame: Uint8Array) => void): void => {
    const stream = new FrameStream(most);
    socket?.on("data", (chunk: Uint8Array) => {
      if (reason !== "") return;
      try {
        const frame = stream.frame(chunk);
        if (frame.length > 0) take(frame);
      } catch {
        kill("its frames are damaged");
      }
    });
    // The end of the process is what counts, and that is told apart.
    socket?.on("error", () => undefined);
  };
  const [link, life] = child.stdio.slice(3) as (Socket | undefined)[];
  frames(link, LARGEST_MESSAGE, (frame) => events.frame(frame));
  // The other socket may still hold answers: they come first.
  frames(life, LARGEST_FAREWELL, (frame) => {
    farewell = frame;
  });
  return {
    send: (frame) => {
      if (link?.writable === true) link.write(frame);
    },
    terminate: () => {
      child.kill("SIGKILL");
      return exited;
    },
  };
}
