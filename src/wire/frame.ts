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

/** Gathers messages into one frame. */
export class FrameWriter {
  private buffer = new ArrayBuffer(1024);
  private bytes = new Uint8Array(this.buffer);
  private view = new DataView(this.buffer);
  private at = 0;

  /** Bytes gathered so far. */
  get length(): number {
    return this.at;
  }

  /** Appends a message; the body is copied. */
  add(kind: number, request: number, body: Uint8Array): this {
    const end = this.at + LENGTH + HEAD + body.length;
    if (end > this.buffer.byteLength) {
      this.buffer = new ArrayBuffer(Math.max(end, this.buffer.byteLength * 2));
      const grown = new Uint8Array(this.buffer);
      grown.set(this.bytes.subarray(0, this.at));
      this.bytes = grown;
      this.view = new DataView(this.buffer);
    }
    this.view.setUint32(this.at, HEAD + body.length, true);
    this.view.setUint8(this.at + 4, kind);
    this.view.setUint32(this.at + 5, request, true);
    // Calling into the engine costs more than copying a few bytes here.
    if (body.length > 32) this.bytes.set(body, this.at + LENGTH + HEAD);
    else for (let i = 0, at = this.at + LENGTH + HEAD; i < body.length; i++, at++) this.bytes[at] = body[i]!;
    this.at = end;
    return this;
  }

  /** The frame, in a buffer of its own that may be transferred; the writer starts anew. */
  take(): Uint8Array<ArrayBuffer> {
    const frame = this.bytes.slice(0, this.at);
    this.at = 0;
    return frame;
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
