/**
 * Whose turn it is: start-time fair queueing of passes, a flow for each contract, by weight.
 *
 * A pass runs to its end or to its bound; what is shared out is therefore measured afterwards: the flow's next pass
 * starts, in virtual time, where its last one ended. A flow that was idle starts at the present, so that nobody saves up
 * time; a flow that took long waits while others catch up.
 *
 * ```text
 * start  = max(virtual time, end of the flow's last pass)      virtual time = start of the pass that runs
 * end    = start + time the pass took / max(1, weight)          the smallest start is next
 * ```
 * Places are shared out too: a query that waits for an answer holds one. A flow may hold as many as are free, so that
 * one contract with a slow server never holds all, and whoever comes next finds some.
 * @see phala-runtime.md, section 3.3
 * @module
 */

import { EngineError } from "../../errors.ts";

/** A query as the scheduler sees it. */
export interface Job {
  /** The contract that it is counted under, by hex. */
  readonly flow: string;
  /** u32. */
  readonly weight: number;
  /** Runs a pass. @returns whether the query waits for something and will be resumed; else it gives up its place. */
  run(): boolean;
  /** Ends a query that has not run and will not. */
  refuse(error: EngineError): void;
  /** Does what is left to do after a pass and outside of it: sends what it asked for. */
  after(): void;
}

interface Flow {
  readonly name: string;
  weight: number;
  /** Virtual time at which its last pass ended. */
  end: number;
  /** Virtual time at which its next pass starts. */
  start: number;
  /** Places that it holds. */
  held: number;
  /** Queries that can go on. */
  readonly resumed: Queue;
  /** Queries that have not begun. */
  readonly waiting: Queue;
}

/** First in, first out; taking is cheap however long it is. */
class Queue {
  #items: (Job | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(job: Job): void {
    this.#items.push(job);
  }

  shift(): Job | undefined {
    if (this.length === 0) return undefined;
    const job = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return job;
  }

  pop(): Job | undefined {
    return this.length === 0 ? undefined : this.#items.pop();
  }

  delete(job: Job): boolean {
    const at = this.#items.indexOf(job, this.#first);
    if (at < 0) return false;
    this.#items.splice(at, 1);
    return true;
  }
}

/** What a scheduler stands on. */
export interface SchedulerSetting {
  /** Queries that may hold a place. */
  readonly concurrent: number;
  /** Queries that may wait beyond those. */
  readonly backlog: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Calls back soon: at once after what runs now, or after sockets, timers and frames have had their turn. */
  readonly soon: (work: () => void, yielding: boolean) => void;
}

/** Milliseconds of passes after which everything else has a turn. */
const slice = 5;
/** Milliseconds that a contract may have had more than its share, and be served at once when a query has just come. */
const credit = 50;

/** Shares out the time of one isolate. */
export class Scheduler {
  readonly #setting: SchedulerSetting;
  readonly #flows = new Map<string, Flow>();
  /** Flows that have something to run, in no order. */
  readonly #ready = new Set<Flow>();
  #virtual = 0;
  #held = 0;
  #waiting = 0;
  /** Whether a turn comes at once, and whether one comes after sockets, timers and frames. */
  #atOnce = false;
  #later = false;

  constructor(setting: SchedulerSetting) {
    this.#setting = setting;
  }

  /** Queries that hold a place or wait for one. */
  get active(): number {
    return this.#held + this.#waiting;
  }

  /**
   * Takes a query. When too many wait, the flow that has most waiting for its weight loses its last one: this query, if
   * it is of that flow.
   * @throws {EngineError} `QueryBacklogFull`.
   */
  add(job: Job): void {
    const flow = this.#flow(job);
    if (this.#held + this.#waiting >= this.#setting.concurrent + this.#setting.backlog) {
      const worst = this.#worst(flow);
      const loser = worst === flow ? undefined : worst.waiting.pop();
      const full = (of: Flow): EngineError =>
        new EngineError("QueryBacklogFull", {
          waiting: this.#waiting,
          scope: `contract ${of.name} has ${of.waiting.length}`,
        });
      if (loser === undefined) throw full(flow);
      this.#waiting--;
      loser.refuse(full(worst));
      this.#settle(worst);
    }
    flow.waiting.push(job);
    this.#waiting++;
    this.#settle(flow);
    this.#wake(false);
  }

  /** A query that waited for something can go on. */
  resume(job: Job): void {
    const flow = this.#flow(job);
    flow.resumed.push(job);
    this.#settle(flow);
    // Answers that came in together go on together.
    this.#wake(true);
  }

  /** Gives up a query: it holds no place any more and will not run. */
  drop(job: Job, started: boolean): void {
    const flow = this.#flow(job);
    if (started) {
      flow.resumed.delete(job);
      this.#release(flow);
    } else if (flow.waiting.delete(job)) this.#waiting--;
    this.#settle(flow);
    this.#wake(false);
  }

  #flow({ flow: name, weight }: Job): Flow {
    let flow = this.#flows.get(name);
    if (flow === undefined) {
      flow = { name, weight, end: 0, start: 0, held: 0, resumed: new Queue(), waiting: new Queue() };
      this.#flows.set(name, flow);
    }
    flow.weight = weight;
    return flow;
  }

  #worst(joining: Flow): Flow {
    let worst = joining;
    const load = (flow: Flow): number => (flow.waiting.length + (flow === joining ? 1 : 0)) / Math.max(1, flow.weight);
    for (const flow of this.#flows.values()) if (load(flow) > load(worst)) worst = flow;
    return worst;
  }

  /** Whether a flow may take a place. */
  #startable(flow: Flow): boolean {
    const free = this.#setting.concurrent - this.#held;
    return free > 0 && flow.held < Math.max(1, free);
  }

  /** Notes whether a flow has something to run; forgets one that has nothing and owes nothing. */
  #settle(flow: Flow): void {
    const runnable = flow.resumed.length > 0 || flow.waiting.length > 0;
    if (runnable && !this.#ready.has(flow)) {
      flow.start = Math.max(this.#virtual, flow.end);
      this.#ready.add(flow);
    } else if (!runnable) {
      this.#ready.delete(flow);
      if (flow.held === 0 && flow.end <= this.#virtual) this.#flows.delete(flow.name);
    }
  }

  #release(flow: Flow): void {
    flow.held--;
    this.#held--;
  }

  #wake(yielding: boolean): void {
    if (this.#ready.size === 0 || this.#atOnce || (yielding && this.#later)) return;
    if (yielding) this.#later = true;
    else this.#atOnce = true;
    this.#setting.soon(() => {
      if (yielding) this.#later = false;
      else this.#atOnce = false;
      this.#turn(!yielding);
    }, yielding);
  }

  #next(): Flow | undefined {
    let next: Flow | undefined;
    for (const flow of this.#ready) {
      if (next !== undefined && flow.start >= next.start) continue;
      if (flow.resumed.length > 0 || this.#startable(flow)) next = flow;
    }
    return next;
  }

  /** The flow of a query that has just come and need not wait for those that go on: it is not much ahead of them. */
  #arrived(): Flow | undefined {
    let least = Number.POSITIVE_INFINITY;
    let next: Flow | undefined;
    for (const flow of this.#ready) {
      const goesOn = flow.resumed.length > 0;
      if (!goesOn && !this.#startable(flow)) continue;
      least = Math.min(least, flow.start);
      if (!goesOn && (next === undefined || flow.start < next.start)) next = flow;
    }
    return next !== undefined && next.start <= least + credit / Math.max(1, next.weight) ? next : undefined;
  }

  /**
   * Passes until everything else is to have a turn.
   * @param arrivals whether only of queries that have just come, so that answers of short ones leave at once; those that
   *   go on have a turn of their own.
   */
  #turn(arrivals: boolean): void {
    let time = this.#setting.now();
    const until = time + slice;
    while (time < until) {
      const flow = arrivals ? this.#arrived() : this.#next();
      if (flow === undefined) {
        // What is ready and may not start is woken by whoever gives up a place.
        if (arrivals) break;
        return;
      }
      time = this.#pass(flow, time);
    }
    this.#wake(true);
  }

  /** One pass, and the sending of what it asks for, which is paid for alike. @returns the time when it ended. */
  #pass(flow: Flow, began: number): number {
    let job = flow.resumed.shift();
    if (job === undefined) {
      job = flow.waiting.shift() as Job;
      this.#waiting--;
      flow.held++;
      this.#held++;
    }
    this.#virtual = Math.max(this.#virtual, flow.start);
    const waits = job.run();
    if (waits) job.after();
    else this.#release(flow);
    const now = this.#setting.now();
    flow.end = flow.start + Math.max(1e-3, now - began) / Math.max(1, flow.weight);
    flow.start = flow.end;
    this.#settle(flow);
    this.#tidy();
    return now;
  }

  /** Idle flows whose debt the present has overtaken. */
  #tidy(): void {
    if (this.#ready.size > 0 || this.#flows.size < 256) return;
    for (const flow of this.#flows.values()) {
      if (flow.held === 0) this.#flows.delete(flow.name);
    }
  }
}
