/** The line of work that gives way: in which order, how long, and to whom. */

import { beforeEach, describe, expect, it } from "vitest";
import { Line, type Work } from "../../src/enclave/line.ts";

let time: number;
let waiting: (() => void)[];
let done: string[];
let line: Line;
beforeEach(() => {
  time = 1000;
  waiting = [];
  done = [];
  line = new Line({ now: () => time, sliceMs: 4, patienceMs: 8, later: (work) => waiting.push(work) });
});

const turn = (): void => {
  for (const work of waiting.splice(0)) work();
};

/** Work of some steps of a millisecond each. */
function* steps(name: string, count: number, light = false): Work {
  for (let step = 0; step < count; step++) {
    done.push(`${name}${step}`);
    time += 1;
    if (line.used(light)) yield;
  }
  return new TextEncoder().encode(name);
}

// biome-ignore lint/correctness/useYield: it does not come to that.
function* failing(): Work {
  throw new RangeError("no");
}

/** What was done since this was asked last. */
const since = (): string => done.splice(0).join(" ");
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("work", () => {
  it("that fits into a slice is done at once, and throws at once", () => {
    expect(text(line.take(steps("a", 3)) as Uint8Array)).toBe("a");
    expect(since()).toBe("a0 a1 a2");
    expect(() => line.take(failing())).toThrow("no");
  });

  it("shares a slice with what else is done before everything else has its turn", async () => {
    expect(line.take(steps("a", 3))).toBeInstanceOf(Uint8Array);
    const second = line.take(steps("b", 3));
    expect(since()).toBe("a0 a1 a2 b0");
    expect(line.waits).toBe(true);
    const third = line.take(steps("c", 6));
    expect(since()).toBe("");
    turn();
    expect(since()).toBe("b1 b2 c0 c1");
    turn();
    expect(since()).toBe("c2 c3 c4 c5");
    turn();
    expect(text(await second) + text(await third)).toBe("bc");
    expect(waiting).toEqual([]);
    expect(line.take(steps("d", 1))).toBeInstanceOf(Uint8Array);
  });

  it("that fails is told so, and the next in line goes on", async () => {
    const first = line.take(steps("a", 5));
    const second = line.take(failing());
    const third = line.take(steps("c", 1));
    const told = expect(second).rejects.toThrow("no");
    turn();
    await told;
    expect(text(await first) + text(await third)).toBe("ac");
  });

  it("that says it is light has the clock looked at now and then", () => {
    line.take(steps("a", 30, true));
    expect(since().split(" ")).toHaveLength(8);
  });

  it("gives way for so long and no longer, however much comes", async () => {
    const work = line.take(steps("a", 12));
    expect(since()).toBe("a0 a1 a2 a3");
    for (let call = 0; call < 7; call++) {
      time += 1;
      line.press();
    }
    expect(since()).toBe("");
    time += 1;
    line.press();
    expect(since()).toBe("a4 a5 a6 a7");
    line.press();
    expect(since()).toBe("");
    time += 8;
    line.press();
    expect(since()).toBe("a8 a9 a10 a11");
    // One turn was awaited all the while, and there is one now.
    expect(waiting).toHaveLength(2);
    turn();
    expect(text(await work)).toBe("a");
    line.press();
    expect(waiting).toEqual([]);
  });
});
