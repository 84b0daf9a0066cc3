/**
 * One request of a contract from the call to its answer: judged, sent, redirected, sent again, counted.
 *
 * What goes wrong is an answer to the contract, never an exception: upstream's error codes and its statuses 523 and 524.
 * Calls back in place of promises: of what thousands of waiting queries take, each promise would be a part.
 * @see phala-runtime.md, section 1.3
 * @module
 */

import { STATUS_CODES } from "node:http";
import { EngineError } from "../../errors.ts";
import type { HttpErrorName, HttpRequest, HttpResponse, HttpResult } from "../contract/pink/http.ts";
import { type Budget, type Budgets, budgetOf } from "./budget.ts";
import type { Client, Exchange, Exchanged, Sink } from "./client.ts";
import type { Metrics } from "./metrics.ts";
import type { Policy } from "./policy.ts";
import { bytesOf, type Outgoing, prepare, redirected } from "./request.ts";
import type { OwnerRules, Rules } from "./rules.ts";

/** The most bytes of an answer's body. */
export const maxResponseBody = 2 * 1024 * 1024;
/** The most redirects of one request. */
const maxRedirects = 10;
/** Methods that a server may be asked twice by, when nobody knows whether the first time arrived (RFC 9110, 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** What the requests of one query are bound to. */
export interface Scope {
  /** Milliseconds that are left for requests. */
  remaining(): number;
  /** Counts bytes that are sent or were received. @returns the limit that they break; undefined while there is room. */
  spend(bytes: number): string | undefined;
  /** Hears why a request was refused. */
  denied(error: EngineError): void;
}

/** What all requests share. */
export interface Ways {
  readonly policy: Policy;
  readonly owners: OwnerRules;
  readonly budgets: Budgets;
  readonly metrics: Metrics;
  readonly client: Client;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Who asks. */
export interface Asker {
  readonly id: Uint8Array;
  readonly hex: string;
  readonly scope: Scope;
}

/** Who waits for requests. */
export interface Receiver {
  /** Takes the answer of a request: once, maybe at once, and not after it was cancelled. */
  fetched(result: HttpResult, index: number): void;
}

const utf8 = new TextEncoder();

function unreachable(why: string): HttpResponse {
  return { status: 523, reason: "Unreachable", headers: [], body: utf8.encode(why) };
}

/** A request under way. */
export class Fetch implements Sink {
  readonly maxBody = maxResponseBody;
  readonly #ways: Ways;
  readonly #asker: Asker;
  readonly #receiver: Receiver;
  readonly #index: number;
  readonly #end: number;
  #outgoing: Outgoing | undefined;
  #budget: Budget | undefined;
  #hops = 0;
  #retried = false;
  #over = false;
  #exchange: Exchange | undefined;
  timeoutMs = 0;

  /** @param index what the receiver knows it by. */
  constructor(ways: Ways, asker: Asker, timeoutMs: number, receiver: Receiver, index = 0) {
    this.#ways = ways;
    this.#asker = asker;
    this.#receiver = receiver;
    this.#index = index;
    this.#end = ways.now() + timeoutMs;
  }

  /** Sends the request. */
  start(request: HttpRequest): this {
    const prepared = prepare(request);
    if (typeof prepared === "string") this.#settle(prepared);
    else this.#send(prepared);
    return this;
  }

  /** Ends it: nobody waits for the answer any more. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ways.metrics.of(this.#asker.hex).answered(0);
    this.#exchange?.fail("NetworkError");
  }

  /** Ends it in place of an answer that comes too late. */
  expire(): void {
    this.#settle("Timeout");
    this.#exchange?.fail("Timeout");
  }

  /** Counts bytes of the answer. */
  receive(bytes: number): string | undefined {
    const { metrics, budgets } = this.#ways;
    const { hex, scope } = this.#asker;
    metrics.of(hex).add("bytesReceived", bytes);
    const exhausted = this.#budget === undefined ? undefined : budgets.receive(hex, this.#budget, bytes);
    return scope.spend(bytes) ?? exhausted;
  }

  /** Takes how the exchange ended. */
  ended(exchanged: Exchanged): void {
    this.#exchange = undefined;
    if (this.#over) return;
    const outgoing = this.#outgoing as Outgoing;
    switch (exchanged.type) {
      case "answered": {
        const { status, headers, body } = exchanged;
        const next = redirected(outgoing, status, headers);
        if (next === undefined) this.#settle({ status, reason: STATUS_CODES[status] ?? "", headers, body });
        else if (++this.#hops > maxRedirects) this.#settle("NetworkError");
        else this.#send(next);
        return;
      }
      case "unreachable":
        this.#settle(unreachable(exchanged.why));
        return;
      case "denied":
        this.#deny(exchanged.rule);
        return;
      case "failed":
        if (exchanged.dead === true && !this.#retried && idempotent.has(outgoing.method)) {
          // The connection had served before, and its end crossed the request on the way.
          this.#retried = true;
          this.#ways.metrics.of(this.#asker.hex).add("retries");
          this.#send(outgoing);
        } else this.#settle(exchanged.error);
    }
  }

  #send(outgoing: Outgoing): void {
    const { policy, owners, now, client } = this.#ways;
    const { id, hex } = this.#asker;
    this.#outgoing = outgoing;
    const left = this.#end - now();
    const { protocol } = outgoing.place;
    if (left <= 0) this.#settle("Timeout");
    else if (protocol !== "http:" && protocol !== "https:") this.#settle(unreachable(`unsupported scheme ${protocol}`));
    else {
      // Each hop is judged by the rules as they are by then.
      const denial = this.#judge(outgoing, policy.rules(hex, owners.of(id, hex)));
      if (denial !== undefined) {
        this.#deny(denial);
        return;
      }
      this.timeoutMs = left;
      const exchange = client.send(outgoing, this);
      if (!exchange.over) this.#exchange = exchange;
    }
  }

  /** The rule by which a request may not leave; undefined when it may, and is counted. */
  #judge(outgoing: Outgoing, rules: readonly Rules[]): string | undefined {
    const { policy, budgets, metrics } = this.#ways;
    const { hex, scope } = this.#asker;
    const { place, method, host } = outgoing;
    const refused = policy.judge(place, method, rules);
    if (refused !== undefined) return refused;
    if (host !== undefined && host !== place.host) return "the host header is the URL's";
    const sent = bytesOf(outgoing);
    this.#budget = budgetOf(rules);
    const exhausted = this.#budget === undefined ? undefined : budgets.take(hex, this.#budget, sent);
    const much = exhausted ?? scope.spend(sent);
    if (much === undefined) metrics.of(hex).add("bytesSent", sent);
    return much;
  }

  #deny(rule: string): void {
    const { hex, scope } = this.#asker;
    const { protocol, host } = (this.#outgoing as Outgoing).place;
    this.#ways.metrics.of(hex).add("denied");
    scope.denied(new EngineError("EgressDenied", { contract: hex, url: `${protocol}//${host}`, rule }));
    this.#settle("NotAllowed");
  }

  #settle(result: HttpResponse | HttpErrorName): void {
    if (this.#over) return;
    this.#over = true;
    this.#ways.metrics.of(this.#asker.hex).answered(typeof result === "string" ? 0 : result.status);
    this.#receiver.fetched(result, this.#index);
  }
}
