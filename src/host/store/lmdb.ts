/**
 * The store in a folder: one LMDB file, one commit for each write.
 *
 * LMDB is crash-safe but has no checksums, so each value carries one: what was changed on disk is found when it is read.
 * Its file is looked over before LMDB maps it, because a file that is shorter than its header says would end the
 * process, not the call. The package is loaded only when a folder is opened.
 * @module
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { EngineError } from "../../errors.ts";
import type { Commit, Store } from "./store.ts";

const CHECKSUM = 4;

function checksum(key: Uint8Array, value: Uint8Array): number {
  return crc32(value, crc32(key));
}

function withChecksum(key: Uint8Array, value: Uint8Array): Uint8Array {
  const stored = new Uint8Array(value.length + CHECKSUM);
  stored.set(value);
  new DataView(stored.buffer).setUint32(value.length, checksum(key, value), true);
  return stored;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** LMDB's own page header and meta record, `MDB_meta` of its data format 2. */
const meta = { magic: 24, version: 28, pageSize: 48, lastPage: 144, bytes: 152 } as const;
const MAGIC = 0xbeefc0de;

/** Why the file cannot be LMDB's, or nothing when it can. */
function faultOf(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "its chain is missing";
    throw new EngineError("StorageFailed", { what: `Opening ${path}`, reason: reasonOf(error) }, { cause: error });
  }
  try {
    const { size } = fstatSync(file);
    const head = new Uint8Array(meta.bytes);
    const view = new DataView(head.buffer);
    let pageSize = 0;
    for (const page of [0, 1]) {
      if (readSync(file, head, 0, head.length, page * pageSize) < head.length) return "its chain is cut short";
      if (view.getUint32(meta.magic, true) !== MAGIC) return "its chain has no valid header";
      const found = view.getUint32(meta.pageSize, true);
      if (found < 512 || found > 65536 || (found & (found - 1)) !== 0) return "its chain has no valid header";
      pageSize = found;
      const pages = view.getBigUint64(meta.lastPage, true) + 1n;
      if (pages * BigInt(pageSize) > BigInt(size)) return "its chain is cut short";
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

/**
 * Opens the store in a file.
 * @param path the file; the lock file of LMDB stands beside it.
 * @param dir the node's folder, for errors.
 * @param fresh whether the file is to be made.
 * @throws {EngineError} `FolderDamaged`, `StorageFailed`.
 */
export async function lmdbStore(path: string, dir: string, fresh: boolean): Promise<Store> {
  const fault = fresh ? undefined : faultOf(path);
  if (fault !== undefined) throw new EngineError("FolderDamaged", { dir, reason: fault });
  const { open } = await import("lmdb");
  const failed = (what: string, error: unknown): EngineError =>
    new EngineError("StorageFailed", { what, reason: reasonOf(error) }, { cause: error });
  const openFile = () =>
    open<Uint8Array, Uint8Array>({
      path,
      noSubdir: true,
      encoding: "binary",
      keyEncoding: "binary",
      separateFlushed: true,
      // Nothing but whole writes of ours may share a commit; the lock is the owner's socket, not LMDB's.
      maxReaders: 16,
    });
  let db: ReturnType<typeof openFile>;
  try {
    db = openFile();
  } catch (error) {
    throw failed(`Opening ${path}`, error);
  }

  return {
    get(key) {
      let stored: Uint8Array | undefined;
      try {
        stored = db.getBinaryFast(key);
      } catch (error) {
        throw new EngineError("FolderDamaged", { dir, reason: reasonOf(error) }, { cause: error });
      }
      if (stored === undefined) return undefined;
      // LMDB's memory is only good until the next read: copy, into an array of our own.
      const value = new Uint8Array(Math.max(0, stored.length - CHECKSUM));
      value.set(stored.subarray(0, value.length));
      const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
      if (stored.length < CHECKSUM || view.getUint32(value.length, true) !== checksum(key, value)) {
        throw new EngineError("FolderDamaged", { dir, reason: "a stored value was changed" });
      }
      return value;
    },
    write(writes) {
      const committed = db.batch(() => {
        for (const { key, value } of writes) {
          if (value === undefined) db.remove(key);
          else db.put(key, withChecksum(key, value));
        }
      }) as Promise<boolean> & { flushed?: Promise<boolean> };
      const rejected = (error: unknown): never => {
        throw failed("Writing to the chain's file", error);
      };
      const commit: Commit = {
        committed: committed.then(() => undefined, rejected),
        flushed: committed
          .then(() => (committed.flushed ?? db.flushed) as Promise<boolean>)
          .then(() => undefined, rejected),
      };
      // Who waits for one of the two need not wait for the other.
      commit.committed.catch(() => undefined);
      commit.flushed.catch(() => undefined);
      return commit;
    },
    async close() {
      try {
        await db.flushed;
        await db.close();
      } catch (error) {
        throw failed("Closing the chain's file", error);
      }
    },
  };
}
