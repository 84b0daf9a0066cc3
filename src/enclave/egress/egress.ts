/**
 * The way of queries to the internet: what a suspended query waits for is performed here.
 *
 * Why the policy refused a request is told to the host, not to the contract, which gets `NotAllowed`.
 * @see phala-runtime.md, section 1.3
 * @module
 */

import type { EgressOptions } from "../../wire/egress.ts";
import type { EgressRequest, HttpResult } from "../contract/pink/http.ts";
import { Budgets } from "./budget.ts";
import type { Client } from "./client.ts";
import { type Asker, Fetch, type Receiver, type Ways } from "./fetch.ts";
import { Metrics } from "./metrics.ts";
import { Policy } from "./policy.ts";
import { knownNames, type Resolve, systemResolve } from "./resolver.ts";
import { OwnerRules } from "./rules.ts";

/** Milliseconds that a batch may take beyond its requests. */
const batchGrace = 200;
/** What a timer holds, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

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

/** What a query waits for, under way. */
export interface Pending {
  /** Ends it: the callback is not called any more. */
  cancel(): void;
}

/** Who waits for what is performed. */
export interface Waiting extends Receiver {
  /** Takes the answers of a batch, in order; once, maybe at once, and not after it was cancelled. */
  batched(results: readonly HttpResult[]): void;
  /** The client cannot be had. */
  lost(error: unknown): void;
}

/** The requests of a batch, all under way at once. */
class Batch implements Pending, Receiver {
  readonly #waiting: Waiting;
  readonly #fetches: readonly Fetch[];
  readonly #results: HttpResult[] = [];
  readonly #timer: NodeJS.Timeout;
  #left: number;

  constructor(ways: Ways, asker: Asker, request: EgressRequest & { type: "httpBatch" }, waiting: Waiting) {
    const { requests } = request;
    const asked = Math.min(Number(request.timeoutMs), Number.MAX_SAFE_INTEGER);
    const timeoutMs = Math.min(asked, asker.scope.remaining());
    this.#waiting = waiting;
    this.#left = requests.length;
    this.#timer = setTimeout(() => this.#expire(), Math.min(timeoutMs + batchGrace, longestTimer));
    this.#fetches = requests.map((_, i) => new Fetch(ways, asker, timeoutMs, this, i));
    for (const [i, fetch] of this.#fetches.entries()) fetch.start(requests[i]!);
    if (requests.length === 0) this.#finish();
  }

  fetched(result: HttpResult, index: number): void {
    this.#results[index] = result;
    if (--this.#left === 0) this.#finish();
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#waiting.batched(this.#results);
  }

  #expire(): void {
    for (const fetch of this.#fetches) fetch.expire();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    for (const fetch of this.#fetches) fetch.cancel();
  }
}

/** The way to the internet. */
export class Egress {
  readonly metrics = new Metrics();
  readonly #shared: Omit<Ways, "client">;
  readonly #resolve: Resolve;
  readonly #options: EgressOptions;
  #client: Promise<Client> | undefined;
  #ways: Ways | undefined;

  /** @throws {EngineError} `SettingsInvalid`. */
  constructor({ options, now, resolve = systemResolve(), owned = () => undefined }: EgressSetting) {
    this.#options = options;
    this.#shared = {
      policy: new Policy(options),
      owners: new OwnerRules(owned),
      budgets: new Budgets(now),
      metrics: this.metrics,
      now,
    };
    this.#resolve = knownNames(options.hosts ?? {}, resolve);
  }

  /** Performs what a query waits for. */
  perform(request: EgressRequest, asker: Asker, waiting: Waiting): Pending {
    const ways = this.#ways;
    if (ways !== undefined) return begin(ways, request, asker, waiting);
    let cancelled = false;
    let begun: Pending | undefined;
    this.client().then(
      () => {
        if (!cancelled) begun = begin(this.#ways as Ways, request, asker, waiting);
      },
      (error) => waiting.lost(error),
    );
    return {
      cancel: () => {
        cancelled = true;
        begun?.cancel();
      },
    };
  }

  /** The connections, made at the first call: an enclave without requests does not run the code of them. */
  client(): Promise<Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const { Client } = await import("./client.ts");
    const { roots, connections = 1024 } = this.#options;
    const client = new Client({ policy: this.#shared.policy, resolve: this.#resolve, roots, connections });
    this.#ways = { ...this.#shared, client };
    return client;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await (await this.#client)?.close();
  }
}

function begin(ways: Ways, request: EgressRequest, asker: Asker, waiting: Waiting): Pending {
  if (request.type === "httpBatch") return new Batch(ways, asker, request, waiting);
  return new Fetch(ways, asker, asker.scope.remaining(), waiting).start(request.request);
}
