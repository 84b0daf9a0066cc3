/**
 * The client: connections, TLS, HTTP/1.1 and HTTP/2, by undici; answers are read as a stream, within limits.
 *
 * Loaded when the first request is made. Connections are shared by all contracts: what a contract may ask for is judged
 * before it gets here, and to where a connection may lead is the same for all.
 * @module
 */

import type { LookupFunction } from "node:net";
import type { buildConnector as Connector, Dispatcher } from "undici";
import buildConnector from "undici/lib/core/connect.js";
import Agent from "undici/lib/dispatcher/agent.js";
import { EngineError } from "../../errors.ts";
import type { HttpErrorName } from "../contract/pink/http.ts";
import { parseAddress } from "./addresses.ts";
import type { Policy } from "./policy.ts";
import { maxHeaders, type Outgoing } from "./request.ts";
import { judgedAddresses, type Resolve } from "./resolver.ts";

/** Milliseconds until a connection must stand. */
const connectTimeout = 10_000;
/** The most bytes of an answer's head. */
const maxHead = 64 * 1024;

/** How an exchange ended. */
export type Exchanged =
  | {
      readonly type: "answered";
      readonly status: number;
      /** Names in small letters, in order. */
      readonly headers: readonly (readonly [name: string, value: string])[];
      readonly body: Uint8Array;
    }
  /** Nobody was reached. */
  | { readonly type: "unreachable"; readonly why: string }
  | { readonly type: "denied"; readonly rule: string }
  | {
      readonly type: "failed";
      readonly error: HttpErrorName;
      /** Whether a connection that was kept alive turned out to be closed, and nothing of an answer has come. */
      readonly dead?: boolean;
    };

/** Who sends, and hears of what comes back. */
export interface Sink {
  readonly timeoutMs: number;
  /** The most bytes of the answer's body. */
  readonly maxBody: number;
  /** Counts bytes that came in. @returns the limit that they break: then the exchange is over. */
  receive(bytes: number): string | undefined;
  /** Takes how the exchange ended: called once. */
  ended(result: Exchanged): void;
}

/** What ends requests that nobody waits for any more. */
const givenUp = new EngineError("CallGivenUp");
const nothing = new Uint8Array(0);

/** One request and its answer. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #sink: Sink;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: (readonly [string, string])[] = [];
  #body = nothing;
  #size = 0;
  /** Whether it has ended. */
  over = false;

  constructor(sink: Sink) {
    this.#sink = sink;
    const { timeoutMs } = sink;
    // Timers of one length share a list: those of long ones are given few lengths.
    this.#timer = setTimeout(timedOut, timeoutMs > 2000 ? Math.ceil(timeoutMs / 100) * 100 : timeoutMs, this);
  }

  #settle(result: Exchanged): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.#timer);
    this.#sink.ended(result);
  }

  /** Ends it, and the connection's work for it. */
  fail(error: HttpErrorName): void {
    this.#end({ type: "failed", error });
  }

  #end(result: Exchanged): void {
    this.#settle(result);
    this.#body = nothing;
    this.#controller?.abort(givenUp);
  }

  /** Counts what came in. @returns whether there was room for it; else it is over. */
  #take(bytes: number): boolean {
    const rule = this.#sink.receive(bytes);
    if (rule === undefined) return true;
    this.#end({ type: "denied", rule });
    return false;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.over) controller.abort(givenUp);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (this.over) return;
    const list = headersOf(controller.rawHeaders, headers);
    let bytes = 0;
    for (const [name, text] of list) bytes += name.length + text.length;
    if (!this.#take(bytes)) return;
    // 1xx come before the answer.
    if (status < 200) return;
    this.#status = status;
    this.#headers = list;
    const length = list.find(([name]) => name === "content-length")?.[1];
    if (list.length > maxHeaders) this.fail("TooManyHeaders");
    else if (length !== undefined && Number(length) > this.#sink.maxBody) this.fail("ResponseTooLarge");
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.over || !this.#take(chunk.length)) return;
    const size = this.#size + chunk.length;
    const { maxBody } = this.#sink;
    if (size > maxBody) {
      this.fail("ResponseTooLarge");
      return;
    }
    // Copied at once: a chunk of one byte may hold a buffer of many.
    if (size > this.#body.length) {
      const grown = new Uint8Array(Math.min(maxBody, Math.max(size, this.#body.length * 2)));
      grown.set(this.#body.subarray(0, this.#size));
      this.#body = grown;
    }
    this.#body.set(chunk, this.#size);
    this.#size = size;
  }

  onResponseEnd(): void {
    const body = this.#size === this.#body.length ? this.#body : this.#body.slice(0, this.#size);
    this.#settle({ type: "answered", status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (error instanceof EngineError && error.code === "EgressDenied")
      this.#settle({ type: "denied", rule: String(error.facts.rule) });
    else if (this.#controller === undefined) this.#settle({ type: "unreachable", why: codeOf(error) });
    else this.#settle({ type: "failed", error: "NetworkError", dead: this.#status === 0 && diedIdle(error) });
  }
}

function timedOut(exchange: Exchange): void {
  exchange.fail("Timeout");
}

/** Errors that say that the other side closed a connection, not that it spoke nonsense. */
const closings: ReadonlySet<unknown> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** An error of a connection. */
interface Closing extends Error {
  readonly code?: unknown;
  readonly socket?: { readonly bytesRead?: number } | undefined;
  /** Whether the connection had been heard from. */
  served?: boolean;
}

/** Whether a connection that had served before was closed. */
function diedIdle(error: Closing): boolean {
  return closings.has(error.code) && (error.served ?? (error.socket?.bytesRead ?? 0) > 0);
}

/** What went wrong, without addresses or names. */
function codeOf(error: Error & { readonly code?: unknown }): string {
  if (error instanceof AggregateError)
    return codeOf((error.errors[0] as Error | undefined) ?? new EngineError("CallGivenUp"));
  return typeof error.code === "string" ? error.code : error.name;
}

/** Visible text as it is; any other value is empty, as upstream has it. */
const visible = /^[\t\x20-\x7e]*$/;
const shown = (value: string): string => (visible.test(value) ? value : "");
const latin1 = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString("latin1") : String(value));

function headersOf(
  raw: Dispatcher.DispatchController["rawHeaders"],
  parsed: Readonly<Record<string, string | string[] | undefined>>,
): (readonly [string, string])[] {
  const list: (readonly [string, string])[] = [];
  if (Array.isArray(raw)) {
    for (let i = 0; i + 1 < raw.length; i += 2) list.push([latin1(raw[i]).toLowerCase(), shown(latin1(raw[i + 1]))]);
    return list;
  }
  for (const [name, value] of Object.entries(parsed)) {
    // Names with a colon are HTTP/2's own.
    if (value === undefined || name.startsWith(":")) continue;
    for (const one of Array.isArray(value) ? value : [value]) list.push([name.toLowerCase(), shown(one)]);
  }
  return list;
}

/** What a client is made with. */
export interface ClientOptions {
  readonly policy: Policy;
  readonly resolve: Resolve;
  readonly roots: readonly string[] | undefined;
  /** Connections to one origin. */
  readonly connections: number;
}

/** The connections of an enclave. */
export class Client {
  readonly #agent: Agent;

  constructor({ policy, resolve, roots, connections }: ClientOptions) {
    const lookup: LookupFunction = (name, options, callback) => {
      judgedAddresses(name, resolve, policy).then(
        (addresses) => {
          const [first] = addresses;
          if (first === undefined) callback(Object.assign(givenUp, { code: "ENOTFOUND" }), "");
          else if (options.all === true) callback(null, addresses);
          else callback(null, first.address, first.family);
        },
        (error) => callback(error as NodeJS.ErrnoException, ""),
      );
    };
    const dial = buildConnector({
      allowH2: true,
      timeout: connectTimeout,
      autoSelectFamily: true,
      lookup,
      ...(roots === undefined ? {} : { ca: [...roots] }),
    });
    const connect: Connector.connector = (options, callback) => {
      dial(options, (...result) => {
        const [error, socket] = result;
        if (error !== null) {
          callback(error, null);
          return;
        }
        const closed = closedPeer(socket.remoteAddress, policy);
        if (closed === undefined) {
          const { bytesRead } = socket;
          socket.on("error", (closing: Closing) => {
            closing.served = socket.bytesRead > bytesRead;
          });
          callback(null, socket);
          return;
        }
        socket.destroy();
        callback(new EngineError("EgressDenied", { url: options.hostname, rule: `address ${closed}` }), null);
      });
    };
    this.#agent = new Agent({
      connect,
      connections,
      allowH2: true,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: maxHead,
    });
  }

  /** Sends one request; does not follow redirects, and does not throw. */
  send(request: Outgoing, sink: Sink): Exchange {
    const { place, method, headers, body } = request;
    const exchange = new Exchange(sink);
    const flat: string[] = [];
    for (const [name, value] of headers) flat.push(name, value);
    const options: Dispatcher.DispatchOptions = {
      origin: place.origin,
      path: place.path,
      method: method as Dispatcher.HttpMethod,
      headers: flat,
      body: body.length === 0 ? null : body,
    };
    try {
      this.#agent.dispatch(options, exchange);
    } catch {
      // undici refuses what it cannot send; nothing has left.
      exchange.fail("NetworkError");
    }
    return exchange;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function closedPeer(remote: string | undefined, policy: Policy): string | undefined {
  const address = remote === undefined ? undefined : parseAddress(remote);
  return address === undefined ? "unknown" : policy.closed(address);
}
