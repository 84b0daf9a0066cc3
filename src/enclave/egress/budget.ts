/**
 * How much each contract may ask for within a minute: any minute, not one that begins with the clock's.
 *
 * What was used is kept by the second, and a second counts until all of it is a minute ago. Counted is what this worker
 * did since it was started.
 * @module
 */

import { type Limit, type Rules, tighter } from "./rules.ts";

/** Seconds that count: those of a minute, and the one that is under way. */
const seconds = 61;

/** What one contract used, by the second. */
class Usage {
  readonly #requests = new Float64Array(seconds);
  readonly #bytes = new Float64Array(seconds);
  /** The second that was counted last. */
  #second: number;
  requests = 0;
  bytes = 0;

  constructor(second: number) {
    this.#second = second;
  }

  /** Lets go of the seconds that are over. */
  advance(second: number): void {
    for (let steps = Math.min(second - this.#second, seconds); steps > 0; steps--) {
      const place = (second - steps + 1) % seconds;
      this.requests -= this.#requests[place]!;
      this.bytes -= this.#bytes[place]!;
      this.#requests[place] = 0;
      this.#bytes[place] = 0;
    }
    this.#second = Math.max(second, this.#second);
  }

  add(requests: number, bytes: number): void {
    const place = this.#second % seconds;
    this.#requests[place]! += requests;
    this.#bytes[place]! += bytes;
    this.requests += requests;
    this.bytes += bytes;
  }
}

/** The limits of one contract. */
export interface Budget {
  readonly requests: Limit;
  readonly bytes: Limit;
}

/** The tightest limits of some sets of rules; undefined when there are none. */
export function budgetOf(sets: readonly Rules[]): Budget | undefined {
  const requests = sets.map((set) => set.requests).reduce(tighter);
  const bytes = sets.map((set) => set.bytes).reduce(tighter);
  return requests.most === Number.POSITIVE_INFINITY && bytes.most === Number.POSITIVE_INFINITY
    ? undefined
    : { requests, bytes };
}

/** Counts requests and bytes of contracts against their limits. */
export class Budgets {
  readonly #now: () => number;
  readonly #usages = new Map<string, Usage>();
  /** The second in which idle contracts were last looked for. */
  #tidied = 0;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  #usage(contract: string): Usage {
    const second = Math.floor(this.#now() / 1000);
    let usage = this.#usages.get(contract);
    if (usage === undefined) {
      this.#forget(second);
      this.#usages.set(contract, (usage = new Usage(second)));
    }
    usage.advance(second);
    return usage;
  }

  #forget(second: number): void {
    if (this.#usages.size < 1024 || this.#tidied === second) return;
    this.#tidied = second;
    for (const [contract, usage] of this.#usages) {
      usage.advance(second);
      if (usage.requests === 0 && usage.bytes === 0) this.#usages.delete(contract);
    }
  }

  /** Counts a request and what it sends, unless there is no room for it. @returns the limit that it would break. */
  take(contract: string, budget: Budget, bytes: number): string | undefined {
    const usage = this.#usage(contract);
    if (usage.requests >= budget.requests.most) return budget.requests.name;
    if (usage.bytes + bytes > budget.bytes.most) return budget.bytes.name;
    usage.add(1, bytes);
    return undefined;
  }

  /** Counts what came in. @returns the limit that it breaks. */
  receive(contract: string, budget: Budget, bytes: number): string | undefined {
    const usage = this.#usage(contract);
    usage.add(0, bytes);
    return usage.bytes > budget.bytes.most ? budget.bytes.name : undefined;
  }
}
