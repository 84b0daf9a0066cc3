/**
 * Files for an enclave: one folder that the host names, and nothing outside it.
 *
 * As on hardware the enclave has no disk of its own: what it writes and reads goes through code that it has not
 * measured. It believes nothing of what comes back that a seal does not prove; that something was flushed it has to
 * believe, as every enclave has.
 * @module
 */

import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { EngineError } from "../errors.ts";

// Waiting for the disk is left to another thread: queries are answered meanwhile.
const flush = promisify(fsync);
/** A name that a link or a pipe has taken is refused, not followed and not waited for. */
const onlyFiles = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** The files of one folder. All throw, or reject with, Node's own errors. */
export interface Files {
  /** The whole path of a file, for people. */
  path(name: string): string;
  /** Makes the folder where it is not there. */
  make(): void;
  /** The names in the folder. */
  names(): string[];
  /** Opens a file for reading: its descriptor, and its size in bytes. */
  open(name: string): { readonly file: number; readonly size: number };
  /** Makes a file that is not there yet, for writing and reading. */
  create(name: string): number;
  /** Reads bytes of an open file; fewer when it is shorter. */
  read(file: number, position: number, length: number): Uint8Array;
  /** Writes bytes behind what was written, all of them. */
  append(file: number, bytes: Uint8Array): void;
  flush(file: number): Promise<void>;
  close(file: number): void;
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Flushes the names of the folder: what was made, renamed and removed. */
  flushNames(): Promise<void>;
}

/** Opens a folder, which need not be there yet. */
export function openFiles(folder: string): Files {
  const path = (name: string): string => {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) {
      throw new EngineError("Internal", { what: `an enclave's file is called ${JSON.stringify(name)}` });
    }
    return join(folder, name);
  };
  return {
    path,
    make() {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    },
    names: () => readdirSync(folder),
    open(name) {
      const file = openSync(path(name), constants.O_RDONLY | onlyFiles);
      const found = fstatSync(file);
      if (found.isFile()) return { file, size: found.size };
      closeSync(file);
      throw new EngineError("StorageFailed", { what: `Reading ${path(name)}`, reason: "it is no file" });
    },
    create: (name) => openSync(path(name), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | onlyFiles, 0o600),
    read(file, position, length) {
      const bytes = new Uint8Array(length);
      let at = 0;
      while (at < length) {
        const read = readSync(file, bytes, at, length - at, position + at);
        if (read === 0) return bytes.subarray(0, at);
        at += read;
      }
      return bytes;
    },
    append(file, bytes) {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
    },
    flush,
    close: closeSync,
    rename(from, to) {
      renameSync(path(from), path(to));
    },
    remove(name) {
      unlinkSync(path(name));
    },
    async flushNames() {
      const file = openSync(folder, constants.O_RDONLY);
      try {
        await flush(file);
      } finally {
        closeSync(file);
      }
    },
  };
}
