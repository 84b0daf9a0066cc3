/**
 * A node served over the socket in its folder, to several clients at once.
 *
 * Clients are hostile or dying: what is malformed gets an error and the end of its connection; a client that asks for
 * more at once than it may, or does not read its answers, is cut off. What a lost client waited for is given up; what it
 * had ordered stays ordered.
 * @module
 */

import type { Socket } from "node:net";
import { EngineError } from "../errors.ts";
import { events, type Gives, largestMessage, type MethodName, methods, type Takes } from "../wire/api.ts";
import { encodeError } from "../wire/error.ts";
import { Answer, type FrameMessage, FrameStream, FrameWriter } from "../wire/frame.ts";
import type { NodeApi, NodeEvents } from "../wire/node.ts";
import { decode, encode } from "../wire/scale.ts";

/** Calls of one client that are under way, at most: no more is read from it until some are answered. */
const MOST_CALLS = 1024;
/** Bytes of answers and events that a client may leave unread. */
const MOST_UNREAD = 64 * 1024 * 1024;

type Handler<M extends MethodName> = (takes: Takes<M>, call: { signal: AbortSignal }) => Promise<Gives<M>>;
type EventName = keyof NodeEvents;

const numbered = new Map<number, MethodName>(
  Object.entries(methods).map(([name, { number }]) => [number, name as MethodName]),
);
const eventNames = new Map<number, EventName>(
  Object.entries(events).map(([name, { number }]) => [number, name as EventName]),
);

/** One client's connection. */
class Client {
  private readonly node: NodeApi;
  private readonly socket: Socket;
  private readonly stream = new FrameStream(largestMessage);
  private readonly calls = new Map<number, AbortController>();
  private readonly listening = new Map<EventName, () => void>();
  private readonly out = new FrameWriter();
  private scheduled = false;

  constructor(node: NodeApi, socket: Socket) {
    this.node = node;
    this.socket = socket;
    socket.on("data", (chunk) => this.read(chunk));
    socket.once("close", () => this.gone());
  }

  private gone(): void {
    const lost = new EngineError("ConnectionLost", { dir: "this node", reason: "the client went away" });
    for (const call of this.calls.values()) call.abort(lost);
    this.calls.clear();
    for (const end of this.listening.values()) end();
    this.listening.clear();
  }

  private read(chunk: Uint8Array): void {
    try {
      for (const message of this.stream.push(chunk)) void this.answer(message);
    } catch (error) {
      this.send(Answer.error, 0, encodeError(error));
      this.flush();
      this.socket.end();
      this.socket.removeAllListeners("data");
      this.socket.resume();
      return;
    }
    if (this.calls.size >= MOST_CALLS) this.socket.pause();
  }

  private async answer({ kind, request, body }: FrameMessage): Promise<void> {
    const call = new AbortController();
    try {
      const name = numbered.get(kind);
      if (name === undefined) throw new EngineError("EntryUnknown", { entry: kind });
      if (this.calls.has(request)) {
        throw new EngineError("Undecodable", { what: "request", reason: `request ${request} is under way` });
      }
      this.calls.set(request, call);
      this.send(Answer.ok, request, await this.perform(name, body, call));
    } catch (error) {
      this.send(Answer.error, request, encodeError(error));
    } finally {
      if (this.calls.get(request) === call) this.calls.delete(request);
      if (this.socket.isPaused() && this.calls.size < MOST_CALLS) this.socket.resume();
    }
  }

  private async perform<M extends MethodName>(name: M, body: Uint8Array, call: AbortController): Promise<Uint8Array> {
    const { takes, gives } = methods[name] as unknown as {
      takes: { read: (r: unknown) => Takes<M> };
      gives: { write: (w: unknown, value: Gives<M>) => unknown };
    };
    const argument = decode(body, `call of ${name}`, (r) => takes.read(r));
    const value = await (this.handlers[name] as unknown as Handler<M>)(argument, call);
    return encode(value, (w, v) => gives.write(w, v));
  }

  private readonly handlers: { readonly [M in MethodName]: Handler<M> } = {
    facts: () => this.node.facts(),
    workers: () => this.node.workers(),
    nextNonce: (account) => this.node.nextNonce(account),
    submit: (extrinsic, { signal }) => this.node.submit(extrinsic, signal),
    query: (request, { signal }) => this.node.query(request, signal),
    metrics: () => this.node.metrics(),
    codeExists: (hash) => this.node.codeExists(hash),
    contractCode: (contract) => this.node.contractCode(contract),
    balance: (account) => this.node.balance(account),
    prove: (question) => this.node.prove(question),
    egressRules: (contract) => this.node.egressRules(contract),
    putMetadata: ({ hash, metadata }) => this.node.putMetadata(hash, metadata),
    metadata: (hash) => this.node.metadata(hash),
    logs: ({ from, limit }) => this.node.logs(from, limit),
    inclusion: (hash) => this.node.inclusion(hash),
    inclusionOf: ({ account, nonce }) => this.node.inclusionOf(account, nonce),
    proof: (block) => this.node.proof(block),
    listen: async (number) => this.listen(number),
    unlisten: async (number) => this.unlisten(number),
    cancel: async (request) => this.calls.get(request)?.abort(new EngineError("CallGivenUp")),
  };

  private eventOf(number: number): EventName {
    const name = eventNames.get(number);
    if (name === undefined) throw new EngineError("EntryUnknown", { entry: `event ${number}` });
    return name;
  }

  private listen(number: number): void {
    const name = this.eventOf(number);
    if (this.listening.has(name)) return;
    const { codec } = events[name] as { codec: { write: (w: unknown, value: unknown) => unknown } };
    const end = this.node.on(name, (value) =>
      this.send(
        number,
        0,
        encode(value, (w, v) => codec.write(w, v)),
      ),
    );
    this.listening.set(name, end);
  }

  private unlisten(number: number): void {
    const name = this.eventOf(number);
    this.listening.get(name)?.();
    this.listening.delete(name);
  }

  /** What is sent in the same turn leaves in one write. */
  private send(kind: number, request: number, body: Uint8Array): void {
    if (this.socket.destroyed) return;
    this.out.add(kind, request, body);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    if (this.socket.destroyed || this.out.length === 0) return;
    this.socket.write(this.out.take());
    if (this.socket.writableLength > MOST_UNREAD) this.socket.destroy();
  }
}

/** Serves a node to whoever is on the other end of a socket. */
export function serveClient(node: NodeApi, socket: Socket): void {
  new Client(node, socket);
}
