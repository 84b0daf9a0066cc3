/**
 * Makes blocks: at once when an extrinsic waits, or at an interval; one flush under way at a time.
 *
 * While a block is being flushed, what arrives gathers, and goes into the next one together: under load blocks grow by
 * themselves, and a lone extrinsic waits for nobody. The author stops when the enclave is too far behind.
 * @module
 */

import type { BlockOptions } from "../options.ts";
import type { Chain, CheckedExtrinsic, Head } from "./chain.ts";
import type { Pool } from "./pool.ts";

/** Blocks that the enclave may be behind before no more are made. */
const MOST_BEHIND = 8;

/** Who is told what becomes of a block. */
export interface AuthorEvents {
  /** The block is on disk. */
  final(head: Head, extrinsics: readonly CheckedExtrinsic[]): void;
  /** The disk failed: no more blocks are made. */
  failed(error: unknown): void;
}

/** The maker of a chain's blocks. */
export class Author {
  private readonly chain: Chain;
  private readonly pool: Pool;
  private readonly events: AuthorEvents;
  private readonly now: () => number;
  private readonly most: number;
  private readonly mostBytes: number;
  private readonly timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private due = false;
  private stopped = false;

  constructor(chain: Chain, pool: Pool, options: BlockOptions, now: () => number, events: AuthorEvents) {
    this.chain = chain;
    this.pool = pool;
    this.now = now;
    this.events = events;
    this.most = options.maxExtrinsics ?? 512;
    this.mostBytes = options.maxBytes ?? 4 * 1024 * 1024;
    if (options.everyMs !== undefined) this.timer = setInterval(() => this.next(), options.everyMs).unref();
  }

  /** Makes a block as soon as it can be, an empty one if nothing waits. */
  next(): void {
    this.due = true;
    this.run();
  }

  /** Something waits, or the enclave has caught up. */
  wake(): void {
    if (this.timer === undefined || this.due) this.run();
  }

  private run(): void {
    this.running ??= this.make().finally(() => {
      this.running = undefined;
      if (this.wanted()) this.run();
    });
  }

  /** Whether a block is to be made now. */
  private wanted(): boolean {
    const { head, executed } = this.chain;
    // The first block is the chain's own.
    if (this.stopped || head.number === 0 || head.number - executed >= MOST_BEHIND) return false;
    return this.due || (this.timer === undefined && this.pool.waiting);
  }

  private async make(): Promise<void> {
    // What arrives in the same turn shares the block.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    try {
      while (this.wanted()) {
        this.due = false;
        const extrinsics = this.pool.take(this.most, this.mostBytes);
        const { head, flushed } = this.chain.append(extrinsics, this.now());
        await flushed;
        const included = extrinsics.slice();
        this.pool.included();
        this.events.final(head, included);
      }
    } catch (error) {
      this.stopped = true;
      this.events.failed(error);
    }
  }

  /** Makes no more blocks, and ends when the last one is on disk. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }
}
