/**
 * Frames: many messages in one flat buffer, as they cross between host and enclave and over a node's socket.
 *
 * ```text
 * frame   = message*
 * message = length u32 | kind u8 | request u32 | body          all little endian; length counts what follows it
 * ```
 * In a request, `kind` is the number of the entry called; in an answer it is `Answer.ok` or `Answer.error`. The request
 * number is the caller's own; an answer repeats it. One buffer for many messages: a structured-clone round trip costs
 * 10 to 25 us, a message in a flat batch about 0.1 us.
 * @module
 */

import { EngineError } from "../errors.ts";

/** What an answer is. */
export const Answer = { ok: 0, error: 1 } as const;

/** One message of a frame. */
export interface FrameMessage {
  readonly kind: number;
  /** u32. */
  readonly request: number;
  /** A view of the frame. */
  readonly body: Uint8Array;
}

const LENGTH = 4;
const HEAD = 5;

function undecodable(reason: string, offset?: number): EngineError {
  return new EngineError("Undecodable", { what: "frame", reason, ...(offset === undefined ? {} : { offset }) });
}

/** Bytes of a writer's buffer to begin with, and the most that it keeps from one frame for the next. */
const LEAST = 1024;
const MOST_KEPT = 64 * 1024;

/** Gathers messages into one frame. */
export class FrameWriter {
  private bytes = new Uint8Array(LEAST);
  private view = new DataView(this.bytes.buffer);
  private at = 0;

  /** Bytes gathered so far. */
  get length(): number {
    return this.at;
  }

  /** Appends a message; the body is copied. */
  add(kind: number, request: number, body: Uint8Array): this {
    const end = this.at + LENGTH + HEAD + body.length;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.at));
      this.use(grown);
    }
    const { bytes, view, at } = this;
    view.setUint32(at, HEAD + body.length, true);
    view.setUint8(at + LENGTH, kind);
    view.setUint32(at + LENGTH + 1, request, true);
    // Calling into the engine costs more than copying a few bytes here.
    if (body.length > 32) bytes.set(body, at + LENGTH + HEAD);
    else for (let i = 0, to = at + LENGTH + HEAD; i < body.length; i++, to++) bytes[to] = body[i]!;
    this.at = end;
    return this;
  }

  /** The frame, in a buffer of its own that may be transferred; the writer starts anew. */
  take(): Uint8Array<ArrayBuffer> {
    const { bytes, at } = this;
    this.at = 0;
    if (bytes.length <= MOST_KEPT) return bytes.slice(0, at);
    this.use(new Uint8Array(LEAST));
    // A large message is most often alone, and fills what was made for it.
    return at > bytes.length / 2 ? bytes.subarray(0, at) : bytes.slice(0, at);
  }

  private use(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/**
 * What came as a frame, if it is bytes that nobody else can change while they are read: memory shared between threads is
 * refused.
 * @throws {EngineError} `Undecodable`.
 */
export function ownBytes(frame: unknown): Uint8Array<ArrayBuffer> {
  if (!(frame instanceof Uint8Array)) throw undecodable("not bytes");
  if (!(frame.buffer instanceof ArrayBuffer)) throw undecodable("bytes of shared memory");
  return frame as Uint8Array<ArrayBuffer>;
}

/** Takes one message of a frame, whose body is the bytes from `from` up to, and without, `to`. */
export type TakeMessage = (kind: number, request: number, frame: Uint8Array, from: number, to: number) => void;

/**
 * Gives the messages of a whole frame, one after the other. Nothing is made for one: a view of a body costs as much as
 * all the rest of a small message's way, and not everybody needs it.
 * @throws {EngineError} `Undecodable` when it is cut, or a length lies, before any message of such a frame is given; and
 *   what `take` throws.
 */
export function eachMessage(frame: Uint8Array, take: TakeMessage): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const size = frame.length;
  for (let at = 0; at < size; ) {
    if (size - at < LENGTH) throw undecodable("it ends inside a length", at);
    const length = view.getUint32(at, true);
    if (length < HEAD) throw undecodable(`a message of ${length} bytes`, at);
    if (length > size - at - LENGTH) {
      throw undecodable(`a message of ${length} bytes, ${size - at - LENGTH} left`, at);
    }
    at += LENGTH + length;
  }
  for (let at = 0; at < size; ) {
    const end = at + LENGTH + view.getUint32(at, true);
    take(view.getUint8(at + LENGTH), view.getUint32(at + LENGTH + 1, true), frame, at + LENGTH + HEAD, end);
    at = end;
  }
}

/**
 * The messages of a whole frame.
 * @throws {EngineError} `Undecodable` as `eachMessage` does.
 */
export function readFrame(frame: Uint8Array): FrameMessage[] {
  const messages: FrameMessage[] = [];
  eachMessage(frame, (kind, request, bytes, from, to) => {
    messages.push({ kind, request, body: bytes.subarray(from, to) });
  });
  return messages;
}

/** Takes messages from a stream of chunks that fall as they like. */
export class FrameStream {
  private readonly most: number;
  private chunks: Uint8Array[] = [];
  private held = 0;
  private wanted = LENGTH;

  /** @param most the most bytes of one message: more ends the stream before anything is kept for it. */
  constructor(most: number) {
    this.most = most;
  }

  /**
   * Adds a chunk and gives the messages that are complete with it; their bodies are copies.
   * @throws {EngineError} `Undecodable` for a length that is too small or too large; the stream is worthless after.
   */
  push(chunk: Uint8Array): FrameMessage[] {
    return readFrame(this.frame(chunk));
  }

  /**
   * Adds a chunk and gives the messages that are complete with it as one frame, in a buffer of its own.
   * @throws {EngineError} `Undecodable` as `push` does.
   */
  frame(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    this.chunks.push(chunk);
    this.held += chunk.length;
    if (this.held < this.wanted) return new Uint8Array(0);
    // Joined only when at least one length or message is complete: a large message is copied once, not per chunk.
    const all = new Uint8Array(this.held);
    let at = 0;
    for (const part of this.chunks) {
      all.set(part, at);
      at += part.length;
    }
    const view = new DataView(all.buffer);
    let end = 0;
    this.wanted = LENGTH;
    while (all.length - end >= LENGTH) {
      const length = view.getUint32(end, true);
      if (length < HEAD || length > this.most) throw undecodable(`a message of ${length} bytes`, end);
      if (length > all.length - end - LENGTH) {
        this.wanted = LENGTH + length;
        break;
      }
      end += LENGTH + length;
    }
    this.chunks = end === all.length ? [] : [all.slice(end)];
    this.held = all.length - end;
    return end === all.length ? all : all.slice(0, end);
  }
}
