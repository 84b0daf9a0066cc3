/**
 * A node's folder: what lies in it, which version wrote it, and how it is opened and made.
 *
 * ```text
 * format            "phatvm folder 3": written last when a folder is made, so a folder without it was never used
 * owner-<n>.sock    whose folder it is
 * chain.mdb         the chain (LMDB), with chain.mdb-lock
 * checkpoints/      sealed state of the enclave, which reads and writes it itself; the host knows only this path
 * enclaves/         the code of the enclave that has the secrets, for the one that is to have them after it
 * platform/         what the simulated platform keeps, likewise
 * ```
 * @module
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { EngineError } from "../errors.ts";
import { isOwnerFile, type Ownership, ownFolder } from "./owner.ts";
import { lmdbStore } from "./store/lmdb.ts";
import type { Store } from "./store/store.ts";

const VERSION = "3";
const FORMAT = `phatvm folder ${VERSION}`;
const formatFile = "format";
const ours = new Set([formatFile, "format.new", "chain.mdb", "chain.mdb-lock", "checkpoints", "enclaves", "platform"]);

/** An open folder that this process owns. */
export interface Folder {
  /** Absolute path. */
  readonly dir: string;
  readonly ownership: Ownership;
  readonly store: Store;
  readonly checkpoints: string;
  readonly enclaves: string;
  readonly platform: string;
  /** Whether it was made just now; then `born` is to be called once its chain has begun. */
  readonly fresh: boolean;
  born(): Promise<void>;
}

function failed(what: string, error: unknown): EngineError {
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError("StorageFailed", { what, reason }, { cause: error });
}

/** Whether the folder is one of ours and in use, or empty; throws for everything else. */
function isBorn(dir: string): boolean {
  const names = readdirSync(dir).filter((name) => !isOwnerFile(name));
  if (names.includes(formatFile)) {
    const found = readFileSync(join(dir, formatFile), "utf8").trim();
    if (found === FORMAT) return true;
    const version = /^phatvm folder (\d+)$/.exec(found)?.[1];
    if (version === undefined)
      throw new EngineError("FolderDamaged", { dir, reason: "its format file is not readable" });
    throw new EngineError("FolderVersion", { dir, found: version, expected: VERSION });
  }
  const foreign = names.find((name) => !ours.has(name));
  if (foreign !== undefined) throw new EngineError("FolderForeign", { dir, holds: foreign });
  return false;
}

async function writeFormat(dir: string): Promise<void> {
  try {
    const beside = join(dir, `${formatFile}.new`);
    const file = await open(beside, "w");
    try {
      await file.writeFile(`${FORMAT}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, join(dir, formatFile));
    const folder = await open(dir, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw failed(`Writing ${join(dir, formatFile)}`, error);
  }
}

/** Makes a folder and those above it. Node's `recursive` never ends where a file system answers ENOENT, as /proc does. */
function makeFolder(dir: string): void {
  if (existsSync(dir)) return;
  makeFolder(dirname(dir));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/**
 * Opens a folder as its owner, or makes it.
 * @param listen whether connections to it will be served.
 * @throws {EngineError} `FolderInUse`, `FolderVersion`, `FolderForeign`, `FolderDamaged`, `StorageFailed`.
 */
export async function openFolder(path: string, listen: boolean): Promise<Folder> {
  const dir = resolve(path);
  try {
    makeFolder(dir);
    // Looked at before anything is written: a folder of somebody else's stays as it is.
    isBorn(dir);
  } catch (error) {
    throw error instanceof EngineError ? error : failed(`Opening the folder ${dir}`, error);
  }
  const ownership = await ownFolder(dir, listen);
  try {
    const fresh = !isBorn(dir);
    // A folder whose making was cut short holds nothing that anybody was told of.
    if (fresh)
      for (const name of ["chain.mdb", "chain.mdb-lock", "checkpoints", "enclaves"])
        rmSync(join(dir, name), { recursive: true, force: true });
    const store = await lmdbStore(join(dir, "chain.mdb"), dir, fresh);
    return {
      dir,
      ownership,
      store,
      checkpoints: join(dir, "checkpoints"),
      enclaves: join(dir, "enclaves"),
      platform: join(dir, "platform"),
      fresh,
      born: () => writeFormat(dir),
    };
  } catch (error) {
    await ownership.release();
    throw error instanceof EngineError ? error : failed(`Opening the folder ${dir}`, error);
  }
}
