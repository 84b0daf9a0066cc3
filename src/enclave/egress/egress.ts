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
import { Budgets, budgetOf } from "./budget.ts";
import type { Client, Exchanged } from "./client.ts";
import { Metrics } from "./metrics.ts";
import { Policy, shownUrl } from "./policy.ts";
import { bytesOf, type Outgoing, prepare, redirected } from "./request.ts";
import { knownNames, type Resolve, systemResolve } from "./resolver.ts";
import { OwnerRules, type Rules } from "./rules.ts";

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
  /** Counts bytes that are sent or were received. @returns the limit that they break; undefined while there is room. */
  spend(bytes: number): string | undefined;
  /** Takes what ends a request when the query is given up; gives what takes it back. */
  onCancel(cancel: () => void): () => void;
  /** Hears why a request was refused. */
  denied(error: EngineError): void;
}

const utf8 = new TextEncoder();

function unreachable(why: string): HttpResponse {
  return { status: 523, reason: "Unreachable", headers: [], body: utf8.encode(why) };
}

/** What an egress stands on. */
export interface EgressSetting {
  readonly options: EgressOptions;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** What names are asked for that the options do not know. */
  readonly resolve?: Resolve;
  /** What the cluster's owner lets a contract reach, SCALE `EgressRules`. */
  readonly owned?: (contract: Uint8Array) => Uint8Array | undefined;
}

/** Who asks, and what it is bound to. */
interface Asker {
  readonly id: Uint8Array;
  readonly hex: string;
  readonly scope: Scope;
}

/** The way to the internet. */
export class Egress {
  readonly metrics = new Metrics();
  readonly #policy: Policy;
  readonly #budgets: Budgets;
  readonly #resolve: Resolve;
  readonly #owners: OwnerRules;
  readonly #options: EgressOptions;
  readonly #now: () => number;
  #client: Promise<Client> | undefined;

  /** @throws {EngineError} `SettingsInvalid`. */
  constructor({ options, now, resolve = systemResolve(), owned = () => undefined }: EgressSetting) {
    this.#options = options;
    this.#policy = new Policy(options);
    this.#owners = new OwnerRules(owned);
    this.#budgets = new Budgets(now);
    this.#resolve = knownNames(options.hosts ?? {}, resolve);
    this.#now = now;
  }

  /** Performs what a query waits for. @returns the answer as `QuerySession.supply` takes it. */
  async perform(request: EgressRequest, scope: Scope): Promise<Uint8Array> {
    const id = request.contract;
    const asker: Asker = { id, hex: toHex(id), scope };
    const since = this.#now();
    try {
      if (request.type === "http") {
        return encodeHttpResult(await this.#fetch(asker, request.request, scope.remaining()));
      }
      const asked = Math.min(Number(request.timeoutMs), Number.MAX_SAFE_INTEGER);
      const timeoutMs = Math.min(asked, scope.remaining());
      const all = request.requests.map((one) => this.#fetch(asker, one, timeoutMs));
      return encodeBatchResult(await this.#inTime(all, timeoutMs + batchGrace));
    } finally {
      const waited = this.#now() - since;
      this.metrics.count(asker.hex, (figures) => {
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

  async #fetch(asker: Asker, request: HttpRequest, timeoutMs: number): Promise<HttpResult> {
    const result = await this.#follow(asker, request, timeoutMs);
    this.metrics.count(asker.hex, (figures) => figures.answered(typeof result === "string" ? 0 : result.status));
    return result;
  }

  async #follow(asker: Asker, request: HttpRequest, timeoutMs: number): Promise<HttpResult> {
    const prepared = prepare(request);
    if (typeof prepared === "string") return prepared;
    const end = this.#now() + timeoutMs;
    let outgoing: Outgoing = prepared;
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const left = end - this.#now();
      if (left <= 0) return "Timeout";
      const { protocol } = outgoing.url;
      if (protocol !== "http:" && protocol !== "https:") return unreachable(`unsupported scheme ${protocol}`);
      // Each hop is judged by the rules as they are by then.
      const rules = this.#policy.rules(asker.hex, this.#owners.of(asker.id, asker.hex));
      const denial = this.#judge(asker, outgoing, rules);
      if (denial !== undefined) return this.#denied(asker, outgoing, denial);
      const exchanged = await this.#exchange(asker, outgoing, rules, left);
      switch (exchanged.type) {
        case "denied":
          return this.#denied(asker, outgoing, exchanged.rule);
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

  /** The rule by which a request may not leave; undefined when it may, and is counted. */
  #judge(asker: Asker, outgoing: Outgoing, rules: readonly Rules[]): string | undefined {
    const { url, method, host } = outgoing;
    const refused = this.#policy.judge(url, method, rules);
    if (refused !== undefined) return refused;
    if (host !== undefined && host !== url.host) return "the host header is the URL's";
    const sent = bytesOf(outgoing);
    const budget = budgetOf(rules);
    const exhausted = budget === undefined ? undefined : this.#budgets.take(asker.hex, budget, sent);
    if (exhausted !== undefined) return exhausted;
    const much = asker.scope.spend(sent);
    if (much !== undefined) return much;
    this.metrics.count(asker.hex, (figures) => {
      figures.bytesSent += sent;
    });
    return undefined;
  }

  #denied({ hex, scope }: Asker, { url }: Outgoing, rule: string): "NotAllowed" {
    this.metrics.count(hex, (figures) => {
      figures.denied++;
    });
    scope.denied(new EngineError("EgressDenied", { contract: hex, url: shownUrl(url), rule }));
    return "NotAllowed";
  }

  async #exchange(asker: Asker, outgoing: Outgoing, rules: readonly Rules[], timeoutMs: number): Promise<Exchanged> {
    const { hex, scope } = asker;
    const budget = budgetOf(rules);
    const receive = (bytes: number): string | undefined => {
      this.metrics.count(hex, (figures) => {
        figures.bytesReceived += bytes;
      });
      const exhausted = budget === undefined ? undefined : this.#budgets.receive(hex, budget, bytes);
      return exhausted ?? scope.spend(bytes);
    };
    const client = await this.client();
    return await client.send(outgoing, {
      timeoutMs,
      maxBody: maxResponseBody,
      receive,
      onCancel: (cancel) => scope.onCancel(cancel),
    });
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
