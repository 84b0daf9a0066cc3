/**
 * A disk that loses power: what is written is visible at once, reaches the disk some time later and in order, and is
 * gone when the power goes first.
 * @module
 */

import { EngineError } from "../../src/errors.ts";
import type { Commit, Store, Write } from "../../src/host/store/store.ts";
import { toHex } from "../../src/wire/bytes.ts";

interface Unflushed {
  readonly writes: readonly Write[];
  readonly flushed: () => void;
  readonly lost: (error: unknown) => void;
}

/** A store over the one that stands for the disk. */
export class PowerCut implements Store {
  private readonly disk: Store;
  private readonly delay: () => number;
  private readonly cache = new Map<string, Uint8Array | undefined>();
  private queue: Unflushed[] = [];
  private flushing: Promise<void> | undefined;
  private dead = false;

  /** @param delay milliseconds until the next write is on the disk. */
  constructor(disk: Store, delay: () => number) {
    this.disk = disk;
    this.delay = delay;
  }

  /** Writes that are not on the disk. */
  get unflushed(): number {
    return this.queue.length;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const name = toHex(key);
    return this.cache.has(name) ? this.cache.get(name)?.slice() : this.disk.get(key);
  }

  write(writes: readonly Write[]): Commit {
    if (this.dead) {
      const failed = Promise.reject(this.gone());
      failed.catch(() => undefined);
      return { committed: failed, flushed: failed };
    }
    const kept = writes.map(({ key, value }) => ({ key: key.slice(), value: value?.slice() }));
    for (const { key, value } of kept) this.cache.set(toHex(key), value);
    const flushed = new Promise<void>((resolve, reject) => {
      this.queue.push({ writes: kept, flushed: resolve, lost: reject });
    });
    flushed.catch(() => undefined);
    this.flushing ??= this.flush().finally(() => {
      this.flushing = undefined;
    });
    return { committed: Promise.resolve(), flushed };
  }

  private gone(): EngineError {
    return new EngineError("StorageFailed", { what: "Writing", reason: "the power is gone" });
  }

  private async flush(): Promise<void> {
    while (!this.dead && this.queue.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.delay()));
      const first = this.queue[0];
      if (this.dead || first === undefined) return;
      await this.disk.write(first.writes).flushed;
      if (this.dead) return;
      this.queue.shift();
      first.flushed();
    }
  }

  /** The power goes. What is not on the disk now never will be; nobody is told that anything was flushed. */
  async cut(): Promise<void> {
    this.dead = true;
    await this.flushing;
    for (const { lost } of this.queue.splice(0)) lost(this.gone());
  }

  async close(): Promise<void> {
    await this.flushing;
  }
}
