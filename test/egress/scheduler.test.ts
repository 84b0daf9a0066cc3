/** Turns: by weight, by what was used, and never the whole of it for one. */

import { describe, expect, test } from "vitest";
import { type Job, Scheduler } from "../../src/enclave/egress/scheduler.ts";

/** A scheduler on a clock of its own: a pass takes as long as its job says. */
function bench(concurrent = 1000, backlog = 1000) {
  let now = 0;
  const work: (() => void)[] = [];
  const scheduler = new Scheduler({
    concurrent,
    backlog,
    now: () => now,
    soon: (next) => {
      work.push(next);
    },
  });
  const order: string[] = [];
  const refused: string[] = [];
  const job = (flow: string, options: { cost?: number; weight?: number; waits?: number } = {}): Job => {
    let waits = options.waits ?? 0;
    const made: Job = {
      flow,
      weight: options.weight ?? 1,
      run: () => {
        order.push(flow);
        now += options.cost ?? 1;
        return waits-- > 0;
      },
      refuse: () => refused.push(flow),
      after: () => undefined,
    };
    return made;
  };
  const drain = (turns = Number.POSITIVE_INFINITY): void => {
    for (let i = 0; i < turns && work.length > 0; i++) work.shift()?.();
  };
  return { scheduler, order, refused, job, drain };
}

const count = (order: readonly string[], flow: string): number => order.filter((one) => one === flow).length;

describe("turns", () => {
  test("are taken in order within a contract", () => {
    const { scheduler, job, drain } = bench();
    const ran: number[] = [];
    for (let i = 0; i < 1500; i++) scheduler.add({ ...job("a"), run: () => ran.push(i) < 0 });
    drain();
    expect(ran).toEqual(Array.from({ length: 1500 }, (_, i) => i));
  });

  test("are shared by weight", () => {
    const { scheduler, order, job, drain } = bench();
    for (let i = 0; i < 200; i++) {
      scheduler.add(job("light", { weight: 1 }));
      scheduler.add(job("heavy", { weight: 3 }));
    }
    drain();
    const first = order.slice(0, 80);
    expect(count(first, "heavy")).toBeGreaterThanOrEqual(58);
    expect(count(first, "light")).toBeGreaterThanOrEqual(18);
    expect(order.length).toBe(400);
  });

  test("go to the one that used less: a pass that took long is paid for", () => {
    const { scheduler, order, job, drain } = bench();
    for (let i = 0; i < 50; i++) scheduler.add(job("greedy", { cost: 100 }));
    for (let i = 0; i < 50; i++) scheduler.add(job("modest", { cost: 1 }));
    drain();
    expect(count(order.slice(0, 52), "modest")).toBeGreaterThanOrEqual(49);
  });

  test("of one that was idle start at the present: nobody saves up time", () => {
    const { scheduler, order, job, drain } = bench();
    for (let i = 0; i < 100; i++) scheduler.add(job("busy", { cost: 10 }));
    drain(30);
    const before = order.length;
    for (let i = 0; i < 100; i++) scheduler.add(job("late", { cost: 10 }));
    drain();
    const next = order.slice(before, before + 40);
    expect(count(next, "busy")).toBeGreaterThanOrEqual(18);
    expect(count(next, "late")).toBeGreaterThanOrEqual(18);
  });

  test("leave room for the rest of the isolate after a few milliseconds", () => {
    const { scheduler, order, job, drain } = bench();
    for (let i = 0; i < 100; i++) scheduler.add(job("a", { cost: 4 }));
    drain(1);
    expect(order.length).toBeLessThanOrEqual(3);
  });
});

describe("places", () => {
  test("are held by who waits, never all by one contract", () => {
    const { scheduler, order, job, drain } = bench(10, 100);
    for (let i = 0; i < 50; i++) scheduler.add(job("slow", { waits: 1 }));
    drain();
    expect(count(order, "slow")).toBe(5);
    scheduler.add(job("other"));
    drain();
    expect(count(order, "other")).toBe(1);
  });

  test("that are given up are taken by who waits for one", () => {
    const { scheduler, order, job, drain } = bench(2, 100);
    const jobs = Array.from({ length: 10 }, () => job("slow", { waits: 1 }));
    for (const one of jobs) scheduler.add(one);
    drain();
    for (let i = 0; i < 10; i++) {
      scheduler.resume(jobs[i]!);
      drain();
    }
    expect(order.length).toBe(20);
    expect(scheduler.active).toBe(0);
  });

  test("of a query that is dropped are free, waiting or not", () => {
    const { scheduler, order, job, drain } = bench(2, 100);
    const [first, second, third] = [job("a", { waits: 9 }), job("a"), job("a")];
    scheduler.add(first);
    drain();
    scheduler.add(second);
    scheduler.add(third);
    scheduler.drop(second, false);
    scheduler.drop(first, true);
    drain();
    expect(order.length).toBe(2);
    expect(scheduler.active).toBe(0);
  });
});

describe("the backlog", () => {
  test("refuses the last of whoever has most waiting for its weight", () => {
    const { scheduler, refused, order, job, drain } = bench(1, 10);
    const flood = (): void => {
      for (let i = 0; i < 10; i++) scheduler.add(job("flood"));
    };
    scheduler.add(job("running", { waits: 1 }));
    drain();
    flood();
    expect(() => scheduler.add(job("flood"))).toThrow(expect.objectContaining({ code: "QueryBacklogFull" }));
    scheduler.add(job("modest"));
    scheduler.add(job("modest"));
    expect(refused).toEqual(["flood", "flood"]);
    expect(order).toEqual(["running"]);
    expect(scheduler.active).toBe(11);
  });
});
