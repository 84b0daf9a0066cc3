/**
 * Sealed snapshots of the enclave, one file each, named by the block they stand at.
 *
 * To the host they are opaque bytes; whether one is good only the enclave can say. A file is whole or absent: it is
 * written beside, flushed, renamed, and the folder flushed. The two newest are kept, so that one bad file costs time,
 * not state: what no snapshot covers is executed again from the chain.
 * @module
 */

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "../../errors.ts";

const named = /^(\d{10})\.sealed$/;
const unfinished = /^\d{10}\.sealed\.new$/;
/** How many are kept. */
const KEPT = 2;

function failed(what: string, error: unknown): EngineError {
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError("StorageFailed", { what, reason }, { cause: error });
}

/** Writes a file so that it is whole or absent, whatever happens. */
async function writeWhole(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const beside = join(folder, `${name}.new`);
  const file = await open(beside, "w", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, join(folder, name));
  const parent = await open(folder, "r");
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}

/** The snapshots in a folder. */
export class Snapshots {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The heights there are files for, newest first. */
  heights(): number[] {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw failed(`Reading ${this.folder}`, error);
    }
    const heights = names.flatMap((name) => {
      const height = named.exec(name)?.[1];
      return height === undefined ? [] : [Number(height)];
    });
    return heights.sort((a, b) => b - a);
  }

  private name(height: number): string {
    return `${String(height).padStart(10, "0")}.sealed`;
  }

  /** Path of the snapshot at a height, for people. */
  path(height: number): string {
    return join(this.folder, this.name(height));
  }

  /**
   * The bytes of a snapshot.
   * @throws {EngineError} `StorageFailed` when it cannot be read.
   */
  read(height: number): Uint8Array {
    try {
      return new Uint8Array(readFileSync(this.path(height)));
    } catch (error) {
      throw failed(`Reading ${this.path(height)}`, error);
    }
  }

  /**
   * Keeps a snapshot, and ends when it is on disk and older ones are gone.
   * @throws {EngineError} `StorageFailed`; the older ones are still there.
   */
  async keep(height: number, bytes: Uint8Array): Promise<void> {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      await writeWhole(this.folder, this.name(height), bytes);
    } catch (error) {
      throw failed(`Writing ${this.path(height)}`, error);
    }
    for (const old of this.heights().slice(KEPT)) rmSync(this.path(old), { force: true });
    for (const name of readdirSync(this.folder)) {
      if (unfinished.test(name)) rmSync(join(this.folder, name), { force: true });
    }
  }
}
