/**
 * The isolate's code: frames in, frames out.
 *
 * It is bundled into one file, whose hash is the measurement. What it finds around it is given by the loader, which with
 * the platform stands for hardware and is no part of the measurement.
 * @module
 */

import type { Surroundings } from "../platform/surroundings.ts";
import { encodeError } from "../wire/error.ts";
import { Answer, eachMessage, FrameWriter, ownBytes, type TakeMessage } from "../wire/frame.ts";
import { Entries } from "./entries.ts";
import { closeRealm } from "./realm.ts";

declare const surroundings: Surroundings;

/** Bytes of answers that leave before the frame that asks for them is worked off. */
const MOST_ANSWERS = 8 * 1024 * 1024;

closeRealm();
const entries = new Entries(surroundings);
const answers = new FrameWriter();
/** What is put behind it runs when this turn is over: `queueMicrotask` without the resource that it makes each time. */
const turn = Promise.resolve();

/** Sends what has been answered, if anything has. */
function flush(): void {
  if (answers.length > 0) surroundings.send(answers.take());
}

/** An answer that was not there at once; those of one turn leave together. */
function later(kind: number, request: number, body: Uint8Array): void {
  if (answers.length === 0) void turn.then(flush);
  answers.add(kind, request, body);
}

const answer: TakeMessage = (kind, request, frame, from, to) => {
  try {
    const given = entries.call(kind, frame, request, from, to);
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
  if (answers.length > MOST_ANSWERS) flush();
};

surroundings.receive((frame) => {
  try {
    eachMessage(ownBytes(frame), answer);
  } catch (error) {
    // Nobody in particular asked: request 0 is the frame's own.
    answers.add(Answer.error, 0, encodeError(error));
  }
  flush();
});
