/**
 * A node behind the socket of its owner: `NodeApi` over frames.
 * @module
 */

import type { Socket } from "node:net";
import { EngineError } from "../errors.ts";
import { type Codec, events, type Gives, largestMessage, type MethodName, methods, type Takes } from "../wire/api.ts";
import type { EgressRules } from "../wire/egress.ts";
import { decodeError } from "../wire/error.ts";
import { Answer, type FrameMessage, FrameStream, FrameWriter } from "../wire/frame.ts";
import type {
  BlockProof,
  Inclusion,
  LogRecord,
  NetworkFacts,
  NodeApi,
  NodeEvents,
  Registrations,
} from "../wire/node.ts";
import { decode, encode } from "../wire/scale.ts";
import type { BlockStateProof, StateQuestion } from "../wire/state-proof.ts";

type EventName = keyof NodeEvents;

interface Pending {
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

const eventNames = new Map<number, EventName>(
  Object.entries(events).map(([name, { number }]) => [number, name as EventName]),
);

/** The node at the other end of a socket that its owner serves. */
export class RemoteNode implements NodeApi {
  private readonly dir: string;
  private readonly socket: Socket;
  private readonly stream = new FrameStream(largestMessage);
  private readonly pending = new Map<number, Pending>();
  private readonly listeners: { [E in EventName]: Set<(value: NodeEvents[E]) => void> } = {
    block: new Set(),
    receipt: new Set(),
    log: new Set(),
  };
  private readonly out = new FrameWriter();
  private scheduled = false;
  private last = 0;
  private end: EngineError | undefined;

  /** @param socket connected, and past the owner's first words. */
  constructor(dir: string, socket: Socket) {
    this.dir = dir;
    this.socket = socket;
    socket.on("data", (chunk) => this.read(chunk));
    socket.once("close", () => this.lost("the owner closed it or ended"));
    // Only calls under way keep the process alive.
    socket.unref();
    socket.resume();
  }

  private lost(reason: string): void {
    this.end ??= new EngineError("ConnectionLost", { dir: this.dir, reason });
    for (const { reject } of this.pending.values()) reject(this.end);
    this.pending.clear();
    this.socket.destroy();
  }

  private read(chunk: Uint8Array): void {
    try {
      for (const message of this.stream.push(chunk)) this.take(message);
    } catch (error) {
      this.lost(error instanceof Error ? error.message : "what it sends cannot be read");
    }
  }

  private take({ kind, request, body }: FrameMessage): void {
    const event = eventNames.get(kind);
    if (event !== undefined) {
      this.emit(event, body);
      return;
    }
    const caller = this.pending.get(request);
    if (caller === undefined) {
      // Request 0 is about the connection itself.
      if (request === 0 && kind === Answer.error) this.lost(decodeError(body).message);
      return;
    }
    this.settle(request);
    if (kind === Answer.ok) caller.resolve(body);
    else caller.reject(decodeError(body));
  }

  private settle(request: number): void {
    this.pending.delete(request);
    if (this.pending.size === 0 && !this.listened()) this.socket.unref();
  }

  private listened(): boolean {
    return Object.values(this.listeners).some((set) => set.size > 0);
  }

  private emit<E extends EventName>(event: E, body: Uint8Array): void {
    const { codec } = events[event];
    const value = decode(body, `${event} event`, codec.read);
    for (const listener of this.listeners[event]) queueMicrotask(() => listener(value));
  }

  private send(kind: number, request: number, body: Uint8Array): void {
    this.out.add(kind, request, body);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (!this.socket.destroyed) this.socket.write(this.out.take());
    });
  }

  /** Request 0 is the connection's own; numbers come round again after 2^32 calls. */
  private nextRequest(): number {
    do this.last = (this.last + 1) >>> 0;
    while (this.last === 0 || this.pending.has(this.last));
    return this.last;
  }

  private async call<M extends MethodName>(name: M, argument: Takes<M>, signal?: AbortSignal): Promise<Gives<M>> {
    signal?.throwIfAborted();
    if (this.end !== undefined) throw this.end;
    const { number, takes, gives } = methods[name] as unknown as {
      number: number;
      takes: Codec<Takes<M>>;
      gives: Codec<Gives<M>>;
    };
    const request = this.nextRequest();
    this.socket.ref();
    const abort = (): void => {
      const caller = this.pending.get(request);
      if (caller === undefined) return;
      this.settle(request);
      this.send(methods.cancel.number, this.nextRequest(), encode(request, methods.cancel.takes.write));
      caller.reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const body = await new Promise<Uint8Array>((resolve, reject) => {
        this.pending.set(request, { resolve, reject });
        this.send(number, request, encode(argument, takes.write));
      });
      return decode(body, `answer of ${name}`, gives.read);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  facts(): Promise<NetworkFacts> {
    return this.call("facts", undefined);
  }

  workers(): Promise<Registrations> {
    return this.call("workers", undefined);
  }

  nextNonce(account: Uint8Array): Promise<number> {
    return this.call("nextNonce", account);
  }

  submit(extrinsic: Uint8Array, signal?: AbortSignal): Promise<Inclusion> {
    return this.call("submit", extrinsic, signal);
  }

  inclusion(hash: Uint8Array): Promise<Inclusion | undefined> {
    return this.call("inclusion", hash);
  }

  inclusionOf(account: Uint8Array, nonce: number): Promise<Inclusion | undefined> {
    return this.call("inclusionOf", { account, nonce });
  }

  proof(block: number): Promise<BlockProof | undefined> {
    return this.call("proof", block);
  }

  query(request: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    return this.call("query", request, signal);
  }

  metrics(): Promise<Uint8Array> {
    return this.call("metrics", undefined);
  }

  codeExists(hash: Uint8Array): Promise<boolean> {
    return this.call("codeExists", hash);
  }

  contractCode(contract: Uint8Array): Promise<Uint8Array | undefined> {
    return this.call("contractCode", contract);
  }

  balance(account: Uint8Array): Promise<{ readonly total: bigint; readonly free: bigint }> {
    return this.call("balance", account);
  }

  prove(question: StateQuestion): Promise<BlockStateProof> {
    return this.call("prove", question);
  }

  egressRules(contract: Uint8Array): Promise<EgressRules | undefined> {
    return this.call("egressRules", contract);
  }

  putMetadata(hash: Uint8Array, metadata: string): Promise<void> {
    return this.call("putMetadata", { hash, metadata });
  }

  metadata(hash: Uint8Array): Promise<string | undefined> {
    return this.call("metadata", hash);
  }

  logs(from: number, limit: number): Promise<readonly LogRecord[]> {
    return this.call("logs", { from, limit });
  }

  on<E extends EventName>(event: E, listener: (value: NodeEvents[E]) => void): () => void {
    const entry = (value: NodeEvents[E]): void => listener(value);
    const listeners = this.listeners[event];
    listeners.add(entry);
    const tell = (name: "listen" | "unlisten"): void => {
      // A connection that is lost has told every caller; whoever only listens has nothing to be told.
      this.call(name, events[event].number).catch(() => undefined);
    };
    if (listeners.size === 1) tell("listen");
    return () => {
      if (listeners.delete(entry) && listeners.size === 0 && this.end === undefined) tell("unlisten");
    };
  }

  /** Ends the connection; the node goes on. */
  async close(): Promise<void> {
    this.end ??= new EngineError("NodeClosed");
    await new Promise<void>((resolve) => {
      if (this.socket.closed) resolve();
      else this.socket.once("close", () => resolve());
      this.lost("it was closed");
    });
  }
}
