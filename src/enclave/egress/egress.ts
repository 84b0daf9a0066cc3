/**
 * Requests of contracts, from the call to the answer: judged, sent, redirected, counted.
 *
 * What goes wrong is an answer to the contract, never an exception: upstream's error codes and its statuses 523 and 524.
 * Why the policy refused a request is told to the host, not to the contract, which gets `NotAllowed`.
 * @see phala-runtime.md, section 1.3
 * @module
 */

import { STATUS_CODES } from "node:http";
import { EngineError } from "../../errors.ts";
import { toHex } from "../../wire/bytes.ts";
import type { EgressOptions } from "../../wire/egress.ts";
import {
  type EgressRequest,
  encodeBatchResult,
  encodeHttpResult,
  type HttpRequest,
  type HttpResponse,
  type HttpResult,
} from "../contract/pink/http.ts";
import { Budgets } from "./budget.ts";
import type { Client, Exchanged } from "./client.ts";
import { Metrics } from "./metrics.ts";
import { Policy, shownUrl } from "./policy.ts";
import { type Outgoing, prepare, redirected } from "./request.ts";
import { knownNames, type Resolve, systemResolve } from "./resolver.ts";

/** The most bytes of an answer's body. */
export const maxResponseBody = 2 * 1024 * 1024;
/** The most redirects of one request. */
const maxRedirects = 10;
/** Milliseconds that a batch may take beyond its requests. */
const batchGrace = 200;

/** What the requests of one query are bound to. */
export interface Scope {
  /** Milliseconds that are left for requests. */
  remaining(): number;
  /** Bytes that the query may still send and receive. */
  bytesLeft(): number;
  spend(bytes: number): void;
  /** Takes what ends a request when the query is given up; gives what takes it back. */
  onCancel(cancel: () => void): () => void;
  /** Hears why a request was refused. */
  denied(error: EngineError): void;
}

const utf8 = new TextEncoder();

function unreachable(why: string): HttpResponse {
  return { status: 523, reason: "Unreachable", headers: [], body: utf8.encode(why) };
}

/** The way to the internet. */
export class Egress {
  readonly metrics = new Metrics();
  readonly #policy: Policy;
  readonly #budgets: Budgets;
  readonly #resolve: Resolve;
  readonly #options: EgressOptions;
  readonly #now: () => number;
  #client: Promise<Client> | undefined;

  /**
   * @param now milliseconds of a clock that never goes back.
   * @param resolve what names are asked for that the options do not know.
   * @throws {EngineError} `SettingsInvalid`.
   */
  constructor(options: EgressOptions, now: () => number, resolve: Resolve = systemResolve()) {
    this.#options = options;
    this.#policy = new Policy(options);
    this.#budgets = new Budgets(this.#policy, now);
    this.#resolve = knownNames(options.hosts ?? {}, resolve);
    this.#now = now;
  }

  /** Performs what a query waits for. @returns the answer as `QuerySession.supply` takes it. */
  async perform(request: EgressRequest, scope: Scope): Promise<Uint8Array> {
    const contract = toHex(request.contract);
    const since = this.#now();
    try {
      if (request.type === "http") {
        return encodeHttpResult(await this.#fetch(contract, request.request, scope.remaining(), scope));
      }
      const asked = Math.min(Number(request.timeoutMs), Number.MAX_SAFE_INTEGER);
      const timeoutMs = Math.min(asked, scope.remaining());
      const all = request.requests.map((one) => this.#fetch(contract, one, timeoutMs, scope));
      return encodeBatchResult(await this.#inTime(all, timeoutMs + batchGrace));
    } finally {
      const waited = this.#now() - since;
      this.metrics.count(contract, (figures) => {
        figures.waitedMs += waited;
      });
    }
  }

  /** All answers; `Timeout` in the place of those that are late. */
  async #inTime(all: readonly Promise<HttpResult>[], milliseconds: number): Promise<HttpResult[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"Timeout">((resolve) => {
      timer = setTimeout(() => resolve("Timeout"), Math.min(milliseconds, 2 ** 31 - 1));
    });
    const answers = await Promise.all(all.map((one) => Promise.race([one, late])));
    clearTimeout(timer);
    return answers;
  }

  async #fetch(contract: string, request: HttpRequest, timeoutMs: number, scope: Scope): Promise<HttpResult> {
    const result = await this.#follow(contract, request, timeoutMs, scope);
    this.metrics.count(contract, (figures) => figures.answered(typeof result === "string" ? 0 : result.status));
    return result;
  }

  async #follow(contract: string, request: HttpRequest, timeoutMs: number, scope: Scope): Promise<HttpResult> {
    const prepared = prepare(request);
    if (typeof prepared === "string") return prepared;
    const end = this.#now() + timeoutMs;
    let outgoing: Outgoing = prepared;
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const left = end - this.#now();
      if (left <= 0) return "Timeout";
      const { protocol } = outgoing.url;
      if (protocol !== "http:" && protocol !== "https:") return unreachable(`unsupported scheme ${protocol}`);
      const denial = this.#judge(contract, outgoing);
      if (denial !== undefined) return this.#denied(contract, denial, scope);
      const exchanged = await this.#exchange(contract, outgoing, left, scope);
      switch (exchanged.type) {
        case "denied":
          return this.#denied(contract, exchanged.error, scope);
        case "unreachable":
          return unreachable(exchanged.why);
        case "failed":
          return exchanged.error;
        case "answered": {
          const { status, headers, body } = exchanged;
          const next = redirected(outgoing, status, headers.find(([name]) => name === "location")?.[1]);
          if (next === undefined) return { status, reason: STATUS_CODES[status] ?? "", headers, body };
          outgoing = next;
        }
      }
    }
    return "NetworkError";
  }

  /** Why a request may not leave; undefined when it may. */
  #judge(contract: string, { url, method, host }: Outgoing): EngineError | undefined {
    const denied = (rule: string): EngineError =>
      new EngineError("EgressDenied", { contract, url: shownUrl(url), rule });
    try {
      this.#policy.judge(contract, url, method);
    } catch (error) {
      if (error instanceof EngineError && error.code === "EgressDenied") return error;
      throw error;
    }
    if (host !== undefined && host !== url.host) return denied("the host header is the URL's");
    const exhausted = this.#budgets.take(contract);
    return exhausted === undefined ? undefined : denied(exhausted);
  }

  #denied(contract: string, error: EngineError, scope: Scope): "NotAllowed" {
    this.metrics.count(contract, (figures) => {
      figures.denied++;
    });
    scope.denied(error);
    return "NotAllowed";
  }

  async #exchange(contract: string, outgoing: Outgoing, timeoutMs: number, scope: Scope): Promise<Exchanged> {
    const sent = outgoing.body.length + outgoing.url.href.length;
    if (scope.bytesLeft() < sent) return { type: "failed", error: "NotAllowed" };
    scope.spend(sent);
    const client = await this.client();
    const maxBody = Math.min(maxResponseBody, scope.bytesLeft());
    const exchanged = await client.send(outgoing, { timeoutMs, maxBody, onCancel: (cancel) => scope.onCancel(cancel) });
    const received = exchanged.type === "answered" ? exchanged.body.length : 0;
    scope.spend(received);
    this.#budgets.spend(contract, sent + received);
    this.metrics.count(contract, (figures) => {
      figures.bytesSent += sent;
      figures.bytesReceived += received;
    });
    return exchanged;
  }

  /** The connections, made at the first call: an enclave without requests does not run the code of them. */
  client(): Promise<Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const { Client } = await import("./client.ts");
    const { roots, connections = 1024 } = this.#options;
    return new Client({ policy: this.#policy, resolve: this.#resolve, roots, connections });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await (await this.#client)?.close();
  }
}
