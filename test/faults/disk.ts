/**
 * A disk, and a platform's counter, that can fail at any of their operations: be killed, lose power, or be full.
 *
 * What is written is visible at once; it is on the disk when it was flushed, and a name when the names were. A power cut
 * leaves what was flushed, and of the rest whatever chance wants: the names made so far up to some point, of a file's
 * unflushed bytes a part, or zeros.
 * @module
 */

import type { Files } from "../../src/platform/files.ts";
import type { Platform } from "../../src/platform/platform.ts";

/** How the disk goes. */
export type Cut = "kill" | "torn write" | "power cut";

/** Thrown by every operation from the cut on: the process is gone. */
export class Gone extends Error {}

interface Inode {
  bytes: Uint8Array;
  flushed: Uint8Array;
}

type Names = Map<string, Inode>;

/** One folder of files, and a counter. */
export class Disk {
  /** Operations so far that change something. */
  operations = 0;
  /** The operation that is not done any more. */
  cutAt = Number.POSITIVE_INFINITY;
  cut: Cut = "kill";
  /** Bytes that may still be written. */
  room = Number.POSITIVE_INFINITY;
  counter = 0n;
  /** Bytes read, for those who count them. */
  read = 0;
  #names: Names = new Map();
  #flushedNames: Names = new Map();
  /** The names as they were after each change since they were flushed. */
  #since: Names[] = [];
  readonly #open = new Map<number, Inode>();
  #lastFile = 0;

  /** The files there are, by name. */
  get files(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#names].map(([name, { bytes }]) => [name, bytes]));
  }

  /** Puts a file there, as a host can; without bytes it is removed. */
  put(name: string, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) this.#names.delete(name);
    else this.#names.set(name, { bytes, flushed: bytes });
    this.#flushedNames = new Map(this.#names);
  }

  /** Another disk with the same on it. */
  copy(): Disk {
    const other = new Disk();
    for (const [name, bytes] of this.files) other.put(name, bytes);
    other.counter = this.counter;
    return other;
  }

  /** What a machine finds that is started after the cut. @param random numbers from 0 to 1. */
  left(random: () => number): Disk {
    if (this.cut !== "power cut") return this.copy();
    const other = new Disk();
    other.counter = this.counter;
    const states = [this.#flushedNames, ...this.#since];
    const names = states[Math.floor(random() * states.length)] as Names;
    for (const [name, { bytes, flushed }] of names) {
      const kept = flushed.length + Math.floor(random() * (bytes.length - flushed.length + 1));
      const found = bytes.slice(0, random() < 0.5 ? flushed.length : kept);
      if (random() < 0.3) found.fill(0, flushed.length);
      other.put(name, found);
    }
    return other;
  }

  /** One operation; the cut comes in its place, or `half` of it is still done. */
  #step(half?: () => void): void {
    this.operations++;
    if (this.operations < this.cutAt) return;
    if (this.operations === this.cutAt && this.cut === "torn write") half?.();
    throw new Gone(`the disk is gone since operation ${this.cutAt}`);
  }

  #rename(change: (names: Names) => void): void {
    change(this.#names);
    this.#since.push(new Map(this.#names));
  }

  #inode(name: string): Inode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw Object.assign(new Error(`ENOENT: ${name}`), { code: "ENOENT" });
    return inode;
  }

  #descriptor(inode: Inode): number {
    this.#lastFile++;
    this.#open.set(this.#lastFile, inode);
    return this.#lastFile;
  }

  /** The folder as an enclave has it. */
  folder(): Files {
    const at = (file: number): Inode => {
      const inode = this.#open.get(file);
      if (inode === undefined) throw new Error("EBADF: bad file descriptor");
      return inode;
    };
    return {
      path: (name) => `/disk/${name}`,
      make: () => undefined,
      names: () => [...this.#names.keys()],
      open: (name) => {
        const inode = this.#inode(name);
        return { file: this.#descriptor(inode), size: inode.bytes.length };
      },
      create: (name) => {
        this.#step();
        if (this.#names.has(name)) throw new Error(`EEXIST: ${name}`);
        const inode = { bytes: new Uint8Array(0), flushed: new Uint8Array(0) };
        this.#rename((names) => names.set(name, inode));
        return this.#descriptor(inode);
      },
      read: (file, position, length) => {
        this.read += length;
        return at(file).bytes.slice(position, position + length);
      },
      append: (file, bytes) => {
        const inode = at(file);
        const write = (length: number): void => {
          const grown = new Uint8Array(inode.bytes.length + length);
          grown.set(inode.bytes);
          grown.set(bytes.subarray(0, length), inode.bytes.length);
          inode.bytes = grown;
        };
        this.#step(() => write(bytes.length >> 1));
        if (bytes.length > this.room) {
          write(this.room);
          this.room = 0;
          throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        }
        this.room -= bytes.length;
        write(bytes.length);
      },
      flush: async (file) => {
        this.#step();
        const inode = at(file);
        const { bytes } = inode;
        await new Promise((resolve) => setImmediate(resolve));
        this.#step();
        inode.flushed = bytes;
      },
      close: (file) => {
        this.#open.delete(file);
      },
      rename: (from, to) => {
        this.#step();
        const inode = this.#inode(from);
        this.#rename((names) => names.set(to, inode).delete(from));
      },
      remove: (name) => {
        this.#inode(name);
        this.#step();
        this.#rename((names) => names.delete(name));
      },
      flushNames: async () => {
        this.#step();
        const names = new Map(this.#names);
        await new Promise((resolve) => setImmediate(resolve));
        this.#step();
        this.#flushedNames = names;
        this.#since = [];
      },
    };
  }

  /** The platform as an enclave has it: its keys are always the same, its counter is this disk's. */
  platform(): Platform {
    const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
    return {
      name: "double",
      measurement: key(1),
      signer: key(2),
      sealKey: key(3),
      counter: () => this.counter,
      increment: () => {
        // The step is durable when it is done, and a kill can come on either side of it.
        this.#step();
        this.counter += 1n;
        this.#step();
        return this.counter;
      },
      quote: () => {
        throw new Error("nobody asks for quotes here");
      },
    };
  }
}
