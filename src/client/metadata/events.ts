/**
 * Contract events by name.
 *
 * ink! 3 and 4 put the event's index in the first byte of its data; ink! 5 puts a signature in its first topic, and an
 * event without one is anonymous, known only by how many topics it has and by fitting.
 * @module
 */

import { PhatError } from "../../errors.ts";
import { sameBytes } from "../../wire/bytes.ts";
import { Reader } from "../../wire/scale.ts";
import type { ContractInterface } from "./interface.ts";
import type { EventEntry } from "./model.ts";

/** An event with its name and its fields by name. */
export interface DecodedEvent {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The only topic of what the runtime itself emits: SCALE text "phala.pink.event", padded. */
const pinkTopic = Uint8Array.from({ length: 32 }, (_, i) =>
  i === 0 ? 64 : ("phala.pink.event".codePointAt(i - 1) ?? 0),
);

/**
 * Reads an event.
 * @returns undefined when it is none of the interface's: of the runtime, or of code without metadata.
 */
export function decodeEvent(
  face: ContractInterface,
  topics: readonly Uint8Array[],
  data: Uint8Array,
): DecodedEvent | undefined {
  const [first] = topics;
  if (first !== undefined && sameBytes(first, pinkTopic)) return undefined;
  const { events, eventsBy } = face.metadata;
  if (eventsBy === "index") {
    const entry = events[data[0] ?? events.length];
    return entry === undefined ? undefined : fit(face, entry, data.subarray(1));
  }
  const signed = first && events.find((entry) => entry.signature !== undefined && sameBytes(entry.signature, first));
  if (signed !== undefined) return fit(face, signed, data);
  const fitting = events
    .filter(
      (entry) => entry.signature === undefined && entry.args.filter((arg) => arg.indexed).length === topics.length,
    )
    .map((entry) => fit(face, entry, data))
    .filter((event) => event !== undefined);
  return fitting.length === 1 ? fitting[0] : undefined;
}

function fit(face: ContractInterface, entry: EventEntry, data: Uint8Array): DecodedEvent | undefined {
  const r = new Reader(data, `event ${entry.label}`);
  try {
    const args = Object.fromEntries(entry.args.map((arg) => [arg.name, face.codec.read(r, arg.type)]));
    r.end();
    return { name: entry.label, args };
  } catch (error) {
    if (error instanceof PhatError && error.code === "Undecodable") return undefined;
    throw error;
  }
}
