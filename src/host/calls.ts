/**
 * The calls to an isolate that wait for their answers, by number.
 *
 * They stand in a ring, each at its number's place, for calls cross by the hundred at a fraction of a microsecond each,
 * and to put one into a hash table and take it out again is a large part of that. A number whose place is taken, by a
 * call that waits for long, is passed over.
 * @module
 */

/** A call that waits. */
export interface Call {
  /** u32, never 0, which is the frame's own. */
  readonly request: number;
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

const nobody = (): void => undefined;

/** The calls under way of one isolate. */
export class Calls {
  private ring: (Call | undefined)[];
  private last: number;
  private count = 0;

  /**
   * @param places how many there are to begin with, a power of two: at any time at least twice as many as calls.
   * @param last the number given last.
   */
  constructor(places = 1024, last = 0) {
    this.ring = new Array<Call | undefined>(places).fill(undefined);
    this.last = last;
  }

  /** A number for the next call, which none under way has. They come round again after 2^32. */
  next(): number {
    if ((this.count + 1) * 2 > this.ring.length) this.grow();
    const { ring } = this;
    const mask = ring.length - 1;
    let request = this.last;
    do request = (request + 1) >>> 0;
    while (request === 0 || ring[request & mask] !== undefined);
    this.last = request;
    return request;
  }

  /** Adds a call under the number that `next` gave last. */
  add(request: number, resolve: Call["resolve"], reject: Call["reject"]): void {
    this.ring[request & (this.ring.length - 1)] = { request, resolve, reject };
    this.count++;
  }

  /** Adds one whose answer nobody waits for. */
  addUnheard(request: number): void {
    this.add(request, nobody, nobody);
  }

  /** Takes the call of a number out; undefined when there is none. */
  take(request: number): Call | undefined {
    const { ring } = this;
    const place = request & (ring.length - 1);
    const call = ring[place];
    if (call === undefined || call.request !== request) return undefined;
    ring[place] = undefined;
    this.count--;
    return call;
  }

  /** Nobody waits for a call's answer any more, which may still come, once. */
  giveUp(request: number): void {
    if (this.take(request) !== undefined) this.addUnheard(request);
  }

  /** Takes all out and rejects them. */
  rejectAll(error: unknown): void {
    const all = this.ring;
    this.ring = new Array<Call | undefined>(2).fill(undefined);
    this.count = 0;
    for (const call of all) call?.reject(error);
  }

  private grow(): void {
    const ring = new Array<Call | undefined>(this.ring.length * 2).fill(undefined);
    for (const call of this.ring) if (call !== undefined) ring[call.request & (ring.length - 1)] = call;
    this.ring = ring;
  }
}
