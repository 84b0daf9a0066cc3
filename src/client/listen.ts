/**
 * What a network tells those who listen: blocks, events of contracts, lines that they log.
 * @module
 */

import { toHex } from "../wire/bytes.ts";
import type { LogRecord } from "../wire/node.ts";
import type { Hex } from "./address.ts";
import type { Connection } from "./contract.ts";
import { type EventRecord, eventRecord, receiptOf } from "./receipts.ts";

/** A block, final, executed, and on disk. */
export interface BlockInfo {
  readonly number: number;
  readonly hash: Hex;
  /** How many transactions it includes. */
  readonly extrinsics: number;
  /** Root of the cluster's state after it. */
  readonly stateRoot: Hex;
}

/** A line that a contract logged or printed. */
export interface LogLine {
  /** Running number within the node's life. */
  readonly sequence: number;
  readonly block: number;
  readonly contract: Hex;
  readonly level: "error" | "warn" | "info" | "debug" | "trace";
  readonly text: string;
  /** Whether a query wrote it. */
  readonly query: boolean;
}

/** What a network tells those who listen. */
export interface NetworkEvents {
  block: BlockInfo;
  event: EventRecord & { readonly block: number; readonly index: number };
  log: LogLine;
}

const levels = ["error", "warn", "info", "debug", "trace"] as const;

/** A line as those who listen see it. */
export function logLine(record: LogRecord): LogLine {
  const level = levels[record.level - 1] ?? "info";
  return { ...record, contract: toHex(record.contract), level };
}

/**
 * Listens to a node.
 *
 * @returns Ends the listening.
 */
export function listen<E extends keyof NetworkEvents>(
  { node, faces }: Connection,
  event: E,
  listener: (value: NetworkEvents[E]) => void,
): () => void {
  const hear = listener as (value: unknown) => void;
  if (event === "block") {
    return node.on("block", ({ number, hash, extrinsics, stateRoot }) => {
      hear({ number, hash: toHex(hash), extrinsics, stateRoot: toHex(stateRoot) });
    });
  }
  if (event === "log") return node.on("log", (record) => hear(logLine(record)));
  // Names are looked up one receipt after the other, so that events arrive in the order they happened.
  let queue: Promise<unknown> = Promise.resolve();
  return node.on("receipt", ({ receipt }) => {
    const { events, block, index } = receiptOf(receipt);
    queue = queue
      .then(() => faces.load(events.map(({ contract }) => contract)))
      .catch(() => {})
      .then(() => {
        for (const one of events) hear({ ...eventRecord(one, faces.get(one.contract)), block, index });
      });
  });
}
