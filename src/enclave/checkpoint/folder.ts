/**
 * A folder of sealed files, named by the host: what the enclave writes there is flushed and whole or absent, what it
 * reads there is believed only as far as its seal goes.
 *
 * The enclave does this itself, as the protected files of SGX are: the host is no part of what is written first and
 * flushed when. Everything in the folder may be changed, exchanged, or something else than a file.
 * @module
 */

import { aeadTagBytes } from "../../crypto/aead.ts";
import { EngineError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { longestHead, type OpeningStream, type SealingStream } from "../keys/sealing.ts";

const unfinished = ".new";

/** Gives the isolate's other work its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A folder of sealed files. */
export class SealedFolder {
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  /** The whole path of a file, for people. */
  path(name: string): string {
    return this.#files.path(name);
  }

  /** The names in the folder; none when there is no folder. */
  names(): string[] {
    try {
      return this.#files.names();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw failed("Reading the folder of the checkpoints", error);
    }
  }

  /** Makes the folder, where it is not there, and removes what was left half-written. */
  prepare(): void {
    try {
      this.#files.make();
    } catch (error) {
      throw failed("Making the folder of the checkpoints", error);
    }
    for (const name of this.names()) if (name.endsWith(unfinished)) this.remove(name);
  }

  /** Removes a file; nothing happens when it cannot be. */
  remove(name: string): void {
    try {
      this.#files.remove(name);
    } catch {
      // It is in nobody's way: a folder in its place, or a disk that takes no changes, is met again by the next write.
    }
  }

  /**
   * Reads a sealed stream, a chunk at a time.
   * @param open begins to open it, given its first bytes.
   * @param mostChunks how many chunks are wanted at most.
   * @throws {EngineError} `SealBroken` where it is not what was sealed: what came before that is; `StorageFailed`.
   */
  *read(name: string, open: (start: Uint8Array) => OpeningStream, mostChunks = Infinity): Generator<Uint8Array> {
    const { file, size } = this.#open(name);
    try {
      const stream = open(this.#readAt(name, file, 0, Math.min(longestHead, size)));
      const step = stream.chunkBytes + aeadTagBytes;
      for (let at = stream.headBytes, chunks = 0; chunks < mostChunks; at += step, chunks++) {
        const last = size - at <= step;
        yield stream.next(this.#readAt(name, file, at, Math.max(0, Math.min(step, size - at))), last);
        if (last) return;
      }
    } finally {
      this.#files.close(file);
    }
  }

  #open(name: string): { readonly file: number; readonly size: number } {
    try {
      return this.#files.open(name);
    } catch (error) {
      throw failed(`Reading ${this.path(name)}`, error);
    }
  }

  #readAt(name: string, file: number, position: number, length: number): Uint8Array {
    try {
      return this.#files.read(file, position, length);
    } catch (error) {
      throw failed(`Reading ${this.path(name)}`, error);
    }
  }

  /**
   * Writes a sealed stream beside its name and flushes it; `publish` gives it its name.
   * @param pieces the plaintext, in pieces of any length.
   * @throws {EngineError} `StorageFailed`; what is there under the name stays as it is.
   */
  async write(name: string, stream: SealingStream, pieces: Iterable<Uint8Array>): Promise<void> {
    const files = this.#files;
    const beside = `${name}${unfinished}`;
    try {
      this.remove(beside);
      const file = files.create(beside);
      try {
        files.append(file, stream.head);
        for (const { chunk, last } of inChunks(pieces, stream.chunkBytes)) {
          for (const part of stream.next(chunk, last)) files.append(file, part);
          if (!last) await turn();
        }
        await files.flush(file);
      } finally {
        files.close(file);
      }
    } catch (error) {
      this.remove(beside);
      throw failed(`Writing ${this.path(name)}`, error);
    }
  }

  /**
   * Gives what `write` wrote their names, one after the other, and ends when that is on the disk.
   * @throws {EngineError} `StorageFailed`.
   */
  async publish(...names: readonly string[]): Promise<void> {
    try {
      for (const name of names) this.#files.rename(`${name}${unfinished}`, name);
      await this.#files.flushNames();
    } catch (error) {
      throw failed(`Writing ${names.map((name) => this.path(name)).join(" and ")}`, error);
    }
  }
}

function failed(what: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError("StorageFailed", { what, reason }, { cause: error });
}

/** Cuts pieces of any length into chunks of one length, the last one shorter; there is at least one. */
function* inChunks(
  pieces: Iterable<Uint8Array>,
  length: number,
): Generator<{ readonly chunk: Uint8Array; readonly last: boolean }> {
  let waiting: Uint8Array | undefined;
  let gathered = new Uint8Array(length);
  let filled = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      // A full chunk is held back until it is known that something follows it.
      if (waiting !== undefined) yield { chunk: waiting, last: false };
      waiting = undefined;
      if (filled === 0 && piece.length - at >= length) {
        waiting = piece.subarray(at, at + length);
        at += length;
        continue;
      }
      const part = piece.subarray(at, at + length - filled);
      gathered.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === length) {
        waiting = gathered;
        gathered = new Uint8Array(length);
        filled = 0;
      }
    }
  }
  yield { chunk: waiting ?? gathered.subarray(0, filled), last: true };
}
