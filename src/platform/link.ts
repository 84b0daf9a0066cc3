/**
 * The way of frames in and out of an isolate: its thread's port, or a socket that its process was given.
 *
 * The isolate's own thread reads and writes the socket. Another one that carried between the two would cost a frame more
 * than everything else on its way does.
 * @module
 */

import { Socket } from "node:net";
import { exit } from "node:process";
import { parentPort } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import { encodeError } from "../wire/error.ts";
import { Answer, FrameStream, FrameWriter } from "../wire/frame.ts";
import type { Surroundings } from "./surroundings.ts";

/** The host's messages are whatever there is memory for. */
const LARGEST_MESSAGE = 0xffff_ffff;

/** Sends and takes frames: its host's part of what surrounds an enclave. */
export type Link = Pick<Surroundings, "send" | "receive">;

/** Over the port of this thread, which hands buffers over. */
export function portLink(): Link {
  const port = parentPort;
  if (port === null) throw new EngineError("Internal", { what: "the enclave runs as a worker thread" });
  return {
    send: (frame) => port.postMessage(frame, [frame.buffer]),
    receive: (take) => port.on("message", take),
  };
}

/** Over a socket. What is no frame ends this thread, for nobody can tell any more where a message begins. */
export function socketLink(fd: number): Link {
  const socket = new Socket({ fd, readable: true, writable: true });
  // The host is gone, which is for the thread to notice that started this one, and does not compute.
  socket.on("error", () => undefined);
  return {
    send: (frame) => {
      socket.write(frame);
    },
    receive: (take) => {
      const stream = new FrameStream(LARGEST_MESSAGE);
      const read = (chunk: Uint8Array): void => {
        let frame: Uint8Array;
        try {
          frame = stream.frame(chunk);
        } catch (error) {
          socket.off("data", read);
          socket.end(new FrameWriter().add(Answer.error, 0, encodeError(error)).take(), () => exit());
          return;
        }
        if (frame.length > 0) take(frame);
      };
      socket.on("data", read);
    },
  };
}
