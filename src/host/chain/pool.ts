/**
 * What waits for a block: extrinsics in the order in which they can be included, and those whose turn has not come.
 *
 * An extrinsic is *ready* when every earlier nonce of its account is on the chain or ready before it; ready ones leave in
 * the order in which they became so. One with a later nonce waits for the gap to close, a bounded number for a bounded
 * time. What could not be included is refused here: the rules of the ledger have been tried on everything ready.
 * @module
 */

import { EngineError } from "../../errors.ts";
import { toHex } from "../../wire/bytes.ts";
import type { CheckedExtrinsic } from "./chain.ts";
import { applyExtrinsic, type LedgerView, type Rules, type Turn } from "./ledger.ts";

/** Bounds of the pool. */
export const poolLimits = {
  /** Extrinsics that wait, of all accounts. */
  extrinsics: 8192,
  bytes: 64 * 1024 * 1024,
  /** Extrinsics of one account that wait for an earlier nonce. */
  future: 1024,
  /** Milliseconds that they wait. */
  futureMs: 30_000,
} as const;

/** An extrinsic that waits, and who waits for it. */
export interface Waiting extends CheckedExtrinsic {
  /** Called once, when it will never be included. */
  readonly refuse: (error: unknown) => void;
}

interface Future {
  readonly entry: Waiting;
  readonly timer: NodeJS.Timeout;
}

/** The pool of one chain. */
export class Pool {
  private readonly fresh: () => LedgerView;
  private readonly rules: Rules;
  private readonly turn: () => Omit<Turn, "included">;
  /** The accounts as they are after everything ready. */
  private pending: LedgerView;
  private ready: Waiting[] = [];
  private taken: Waiting[] = [];
  /** Account to nonce to what waits for an earlier one. */
  private readonly future = new Map<string, Map<number, Future>>();
  private count = 0;
  private bytes = 0;

  /**
   * @param fresh gives the accounts as they are on the chain.
   * @param turn the block that would be made now.
   */
  constructor(fresh: () => LedgerView, rules: Rules, turn: () => Omit<Turn, "included">) {
    this.fresh = fresh;
    this.rules = rules;
    this.turn = turn;
    this.pending = fresh();
  }

  /** Whether anything could be taken. */
  get waiting(): boolean {
    return this.ready.length > 0;
  }

  /** The next nonce of an account, what is ready counted. */
  nextNonce(account: Uint8Array): number {
    return this.pending.account(account).nonce;
  }

  /**
   * Refuses what `add` would refuse, before its signature is looked at.
   * @throws {EngineError} `BadNonce`, `PoolFull`.
   */
  admit({ extrinsic, bytes }: CheckedExtrinsic): void {
    const { signer, nonce } = extrinsic;
    const next = this.nextNonce(signer);
    const refused = (reason: string): EngineError =>
      new EngineError("BadNonce", { account: toHex(signer), nonce, next, reason });
    if (nonce < next) throw refused(`it was used, the next is ${next}`);
    const queue = this.future.get(toHex(signer));
    if (queue?.has(nonce)) throw refused("another extrinsic waits with it");
    if (nonce - next > poolLimits.future)
      throw refused(`the next is ${next}, more than ${poolLimits.future} before it`);
    if (this.count >= poolLimits.extrinsics || this.bytes + bytes.length > poolLimits.bytes) {
      throw new EngineError("PoolFull", { waiting: this.count });
    }
  }

  /**
   * Lets an extrinsic wait.
   * @throws {EngineError} as `admit`, and what the rules of the ledger throw.
   */
  add(entry: Waiting): void {
    this.admit(entry);
    const { signer, nonce } = entry.extrinsic;
    if (nonce > this.nextNonce(signer)) {
      this.wait(entry);
      return;
    }
    this.apply(entry, false);
    this.enter(entry);
    this.ready.push(entry);
    this.promote(signer);
  }

  private apply({ extrinsic }: CheckedExtrinsic, included: boolean): void {
    applyExtrinsic(this.pending, extrinsic, this.rules, { ...this.turn(), included });
  }

  private enter(entry: Waiting): void {
    this.count++;
    this.bytes += entry.bytes.length;
  }

  private leave(entry: Waiting): void {
    this.count--;
    this.bytes -= entry.bytes.length;
  }

  private wait(entry: Waiting): void {
    const { signer, nonce } = entry.extrinsic;
    const account = toHex(signer);
    let queue = this.future.get(account);
    if (queue === undefined) this.future.set(account, (queue = new Map()));
    const expire = (): void => {
      this.forget(account, nonce);
      this.leave(entry);
      const reason = `nonce ${this.nextNonce(signer)} did not come within ${poolLimits.futureMs / 1000} s`;
      entry.refuse(new EngineError("BadNonce", { account, nonce, next: this.nextNonce(signer), reason }));
    };
    this.enter(entry);
    queue.set(nonce, { entry, timer: setTimeout(expire, poolLimits.futureMs).unref() });
  }

  private forget(account: string, nonce: number): Waiting | undefined {
    const queue = this.future.get(account);
    const found = queue?.get(nonce);
    if (queue === undefined || found === undefined) return undefined;
    clearTimeout(found.timer);
    queue.delete(nonce);
    if (queue.size === 0) this.future.delete(account);
    return found.entry;
  }

  /** Makes ready what waited for the nonces that are now there. */
  private promote(signer: Uint8Array): void {
    for (;;) {
      const entry = this.forget(toHex(signer), this.nextNonce(signer));
      if (entry === undefined) return;
      try {
        this.apply(entry, false);
        this.ready.push(entry);
      } catch (error) {
        this.leave(entry);
        entry.refuse(error);
        return;
      }
    }
  }

  /** Takes what goes into the next block: at least one, when any is ready, then up to `most` and `mostBytes`. */
  take(most: number, mostBytes: number): readonly Waiting[] {
    let bytes = 0;
    let n = 0;
    for (const entry of this.ready) {
      if (n > 0 && (n >= most || bytes + entry.bytes.length > mostBytes)) break;
      bytes += entry.bytes.length;
      n++;
    }
    this.taken = this.ready.splice(0, n);
    return this.taken;
  }

  /** What was taken is on the chain. */
  included(): void {
    for (const entry of this.taken.splice(0)) this.leave(entry);
    this.pending = this.fresh();
    // What is ready was accepted in this order on these accounts, and is again; what its time has passed for, too.
    for (const entry of this.ready) this.apply(entry, true);
  }

  /** Refuses everything that waits. */
  clear(error: unknown): void {
    const entries = [...this.taken.splice(0), ...this.ready.splice(0)];
    for (const queue of this.future.values()) {
      for (const { entry, timer } of queue.values()) {
        clearTimeout(timer);
        entries.push(entry);
      }
    }
    this.future.clear();
    this.count = 0;
    this.bytes = 0;
    for (const entry of entries) entry.refuse(error);
  }
}
