/**
 * What the queries of each contract have cost, counted.
 * @module
 */

import { fromHex } from "../../wire/bytes.ts";
import type { EgressFigures, EgressMetrics } from "../../wire/egress.ts";

/** The figures of one contract, which are counted in total too. */
export class Figures {
  queries = 0;
  refused = 0;
  replays = 0;
  retries = 0;
  denied = 0;
  bytesSent = 0;
  bytesReceived = 0;
  waitedMs = 0;
  readonly statuses = new Map<number, number>();
  readonly #total: Figures | undefined;

  /** @param total where all that is counted here is counted as well. */
  constructor(total?: Figures) {
    this.#total = total;
  }

  /** Adds to a figure. */
  add(
    figure: "queries" | "refused" | "replays" | "retries" | "denied" | "bytesSent" | "bytesReceived" | "waitedMs",
    by = 1,
  ): void {
    this[figure] += by;
    this.#total?.add(figure, by);
  }

  /** Counts a request that ended with a status, or with an error: 0. */
  answered(status: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    this.#total?.answered(status);
  }

  /** The figures as they are now. */
  read(): EgressFigures {
    const { queries, refused, replays, retries, denied, bytesSent, bytesReceived, waitedMs } = this;
    const requests = [...this.statuses].sort(([a], [b]) => a - b).map(([status, count]) => ({ status, count }));
    return {
      queries,
      refused,
      replays,
      requests,
      retries,
      denied,
      bytesSent,
      bytesReceived,
      waitedMs: Math.round(waitedMs),
    };
  }
}

/** The most contracts that are counted one by one; what was counted first is forgotten first. */
const mostContracts = 4096;

/** Counts for each contract and for all. */
export class Metrics {
  readonly total = new Figures();
  readonly #contracts = new Map<string, Figures>();

  /** The figures of a contract, by the hex of its id. Not to be kept. */
  of(contract: string): Figures {
    let figures = this.#contracts.get(contract);
    if (figures === undefined) {
      if (this.#contracts.size >= mostContracts) {
        for (const oldest of this.#contracts.keys()) {
          this.#contracts.delete(oldest);
          break;
        }
      }
      figures = new Figures(this.total);
      this.#contracts.set(contract, figures);
    }
    return figures;
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
