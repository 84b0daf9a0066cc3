/**
 * Durable storage as the chain sees it: single values under keys, and writes that are whole or absent.
 *
 * A write is two events. *Committed*: it is visible here and survives the death of the process. *Flushed*: it is on
 * disk and survives the loss of power. A receipt waits for the second. Writes become durable in the order in which they
 * were made: when a later one is on disk, so is every earlier one.
 * @module
 */

/** One key and its new value; without a value the key is removed. */
export interface Write {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** What becomes of a write. Both reject with `StorageFailed`; nothing of the write is there then. */
export interface Commit {
  readonly committed: Promise<void>;
  readonly flushed: Promise<void>;
}

/** A store of bytes. */
export interface Store {
  /**
   * The value of a key, as a copy.
   * @throws {EngineError} `FolderDamaged` when what is stored is not what was written.
   */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Writes all of these or none. What is written is taken as it is at the time of the call. */
  write(writes: readonly Write[]): Commit;
  /** Ends when every write made is flushed. */
  close(): Promise<void>;
}

/** The tables of a node, as the first byte of a key. Numbers are never given another meaning. */
const tables = {
  meta: 1,
  block: 2,
  extrinsics: 3,
  receipts: 4,
  account: 5,
  extrinsicByHash: 6,
  extrinsicBySigner: 7,
  metadata: 8,
  stake: 9,
  stakeTotal: 10,
  registry: 11,
  worker: 12,
} as const;

/** The name of a table. */
export type Table = keyof typeof tables;

/** The key of an entry: the table, and what names the entry in it. */
export function key(table: Table, ...parts: readonly (Uint8Array | number | string)[]): Uint8Array {
  const bytes: number[] = [tables[table]];
  for (const part of parts) {
    if (typeof part === "number") bytes.push(part >>> 24, (part >>> 16) & 255, (part >>> 8) & 255, part & 255);
    else bytes.push(...(typeof part === "string" ? new TextEncoder().encode(part) : part));
  }
  return Uint8Array.from(bytes);
}
