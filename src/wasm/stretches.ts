/**
 * The stretches of gas as the walk comes to them, by the letter of `gas.md`: "opens", "resumed" and "absorbed" mean
 * the same there and here.
 * @module
 */

import type { CostTable } from "./costs.ts";
import * as event from "./events.ts";
import type { ModuleInfo } from "./module.ts";
import type { ScanSettings } from "./operands.ts";
import { Operands } from "./operands.ts";

/** The current stretch, and what the walk has counted. */
export class Stretches extends Operands {
  readonly costs: CostTable;
  /** The current stretch: its event, the instructions counted when it became current, and weight beyond `plain`. */
  protected current = 0;
  protected n = 0;
  protected counted = 0;
  extra = 0;
  /** The event at which the current stretch was opened or resumed. */
  protected switched = 0;
  /** Calls and charged stretches so far. */
  calls = 0;
  protected charges = 0;

  constructor(bytes: Uint8Array, info: ModuleInfo, settings: ScanSettings) {
    super(bytes, info, settings);
    this.costs = settings.costs;
  }

  /** Puts what was counted since the last switch into the current stretch. */
  protected flush(): void {
    this.events.cost[this.current]! += (this.n - this.counted) * this.costs.plain + this.extra;
    this.counted = this.n;
    this.extra = 0;
  }

  protected open(kind: number, pos: number, parent: number): number {
    this.charges++;
    const e = this.events.add(kind, pos, parent, 0);
    this.switched = e;
    return e;
  }

  /**
   * Absorbs the small stretches of a sequence that ends, last opened first: from the current one back to `stop`, but
   * not `last`, in which an `unreachable` ended it (-1 without).
   */
  protected absorb(stop: number, last: number): void {
    const { kind, a, b, cost } = this.events;
    const { slack } = this.costs;
    for (let s = this.current; s !== stop; ) {
      const parent = a[s]!;
      if (s !== last && cost[s]! + b[parent]! <= slack) {
        cost[parent]! += cost[s]!;
        b[parent]! += cost[s]!;
        kind[s] = 0;
        this.charges--;
      }
      s = parent;
    }
  }

  /** Calls made since the last stretch opened never come back: an `unreachable` follows. */
  protected dropCalls(): void {
    const { events } = this;
    for (let e = events.count - 1; e > this.switched; e--) {
      if (events.kind[e] === event.call) {
        events.kind[e] = event.lastCall;
        this.calls--;
      }
    }
  }

  /** What follows in this sequence is not reached. */
  leave(): void {
    if (!this.dead) {
      this.flush();
      this.dead = true;
    }
    this.poly = true;
    this.h = this.base;
  }

  /** Notes an event, in reached code. */
  note(kind: number, at: number): void {
    if (!this.dead) this.events.add(kind, at, 0, 0);
  }

  protected revive(dead: boolean): void {
    if (this.dead) {
      this.counted = this.n;
      this.extra = 0;
    }
    this.dead = dead;
  }
}
