/**
 * How much each contract may ask for within a minute.
 * @module
 */

import type { Policy } from "./policy.ts";

const minute = 60_000;

interface Window {
  /** Milliseconds of the clock. */
  start: number;
  requests: number;
  bytes: number;
}

/** Counts requests and bytes of contracts against the policy's limits. */
export class Budgets {
  readonly #policy: Policy;
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();

  /** @param now milliseconds of a clock that never goes back. */
  constructor(policy: Policy, now: () => number) {
    this.#policy = policy;
    this.#now = now;
  }

  #window(contract: string): Window {
    const now = this.#now();
    let window = this.#windows.get(contract);
    if (window === undefined || now - window.start >= minute) {
      this.#forget(now);
      window = { start: now, requests: 0, bytes: 0 };
      this.#windows.set(contract, window);
    }
    return window;
  }

  #forget(now: number): void {
    if (this.#windows.size < 1024) return;
    for (const [contract, { start }] of this.#windows) if (now - start >= minute) this.#windows.delete(contract);
  }

  /** Counts a request, unless there is no room for it. @returns the limit that it would break, for people. */
  take(contract: string): string | undefined {
    const { requestsPerMinute, bytesPerMinute } = this.#policy.budget(contract);
    if (requestsPerMinute === Number.POSITIVE_INFINITY && bytesPerMinute === Number.POSITIVE_INFINITY) return undefined;
    const window = this.#window(contract);
    if (window.requests >= requestsPerMinute) return `requestsPerMinute ${requestsPerMinute}`;
    if (window.bytes >= bytesPerMinute) return `bytesPerMinute ${bytesPerMinute}`;
    window.requests++;
    return undefined;
  }

  /** Counts bytes that went out or came in. */
  spend(contract: string, bytes: number): void {
    const window = this.#windows.get(contract);
    if (window !== undefined) window.bytes += bytes;
  }
}
