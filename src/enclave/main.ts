/**
 * The isolate's first and only module: frames in, frames out.
 *
 * It is bundled into one file, whose hash is the measurement. The platform is loaded from its own file beside it, which
 * stands for hardware and is no part of the measurement.
 * @module
 */

import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import type { OpenPlatform } from "../platform/platform.ts";
import { encodeError } from "../wire/error.ts";
import { Answer, type FrameMessage, FrameWriter, readFrame } from "../wire/frame.ts";
import { Entries } from "./entries.ts";

const port = parentPort;
if (port === null) throw new EngineError("Internal", { what: "the enclave runs as a worker thread" });

const { openPlatform } = (await import(new URL("../platform/simulated.js", import.meta.url).href)) as {
  openPlatform: OpenPlatform;
};
const entries = new Entries(openPlatform, fileURLToPath(import.meta.url));
const answers = new FrameWriter();

/** Sends what has been answered, if anything has. */
function flush(): void {
  if (answers.length === 0) return;
  const bytes = answers.take();
  port?.postMessage(bytes, [bytes.buffer]);
}

/** An answer that was not there at once; those of one turn leave together. */
function later(kind: number, request: number, body: Uint8Array): void {
  if (answers.length === 0) queueMicrotask(flush);
  answers.add(kind, request, body);
}

function answer({ kind, request, body }: FrameMessage): void {
  try {
    const given = entries.call(kind, body, request);
    if (given instanceof Uint8Array) answers.add(Answer.ok, request, given);
    else {
      given.then(
        (result) => later(Answer.ok, request, result),
        (error) => later(Answer.error, request, encodeError(error)),
      );
    }
  } catch (error) {
    answers.add(Answer.error, request, encodeError(error));
  }
}

port.on("message", (frame: unknown) => {
  try {
    if (!(frame instanceof Uint8Array)) {
      throw new EngineError("Undecodable", { what: "frame", reason: "not bytes" });
    }
    for (const message of readFrame(frame)) answer(message);
  } catch (error) {
    // Nobody in particular asked: request 0 is the frame's own.
    answers.add(Answer.error, 0, encodeError(error));
  }
  flush();
});
