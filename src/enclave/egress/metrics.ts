/**
 * What the queries of each contract have cost, counted.
 * @module
 */

import { fromHex } from "../../wire/bytes.ts";
import type { EgressFigures, EgressMetrics } from "../../wire/egress.ts";

/** The figures of one contract, or of all. */
export class Figures {
  queries = 0;
  refused = 0;
  replays = 0;
  denied = 0;
  bytesSent = 0;
  bytesReceived = 0;
  waitedMs = 0;
  readonly statuses = new Map<number, number>();

  answered(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  /** The figures as they are now. */
  read(): EgressFigures {
    const { queries, refused, replays, denied, bytesSent, bytesReceived, waitedMs } = this;
    const requests = [...this.statuses].sort(([a], [b]) => a - b).map(([status, count]) => ({ status, count }));
    return { queries, refused, replays, requests, denied, bytesSent, bytesReceived, waitedMs: Math.round(waitedMs) };
  }
}

/** The most contracts that are counted one by one; what was counted longest ago is forgotten first. */
const mostContracts = 4096;

/** Counts for each contract and for all. */
export class Metrics {
  readonly total = new Figures();
  readonly #contracts = new Map<string, Figures>();

  /** Counts something for a contract, by the hex of its id, and in total. */
  count(contract: string, add: (figures: Figures) => void): void {
    let figures = this.#contracts.get(contract);
    if (figures === undefined) {
      if (this.#contracts.size >= mostContracts) {
        for (const oldest of this.#contracts.keys()) {
          this.#contracts.delete(oldest);
          break;
        }
      }
      figures = new Figures();
      this.#contracts.set(contract, figures);
    }
    add(figures);
    add(this.total);
  }

  /** All figures. @param active queries under way. */
  read(active: number): EgressMetrics {
    return {
      total: this.total.read(),
      active,
      contracts: [...this.#contracts].map(([id, figures]) => ({ contract: fromHex(id), figures: figures.read() })),
    };
  }
}
