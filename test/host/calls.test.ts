import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Calls } from "../../src/host/calls.ts";

/** What can be done to the calls of an isolate; `nth` picks one of those under way, `far` a number of no call. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("call" as const), times: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("answer" as const), nth: fc.nat(200) }) },
  fc.record({ type: fc.constant("giveUp" as const), nth: fc.nat(200) }),
  fc.record({ type: fc.constant("lie" as const), far: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
);

describe("calls under way", () => {
  it("are found by their number and by no other, each once, also when numbers come round", () => {
    const last = fc.oneof(fc.constantFrom(0, 2 ** 31 - 10, 2 ** 32 - 10), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    fc.assert(
      fc.property(last, fc.array(step, { maxLength: 60 }), (from, steps) => {
        const calls = new Calls(2, from);
        const waiting = new Map<number, "heard" | "unheard">();
        const answered: string[] = [];
        for (const one of steps) {
          if (one.type === "call") {
            for (let i = 0; i < one.times; i++) {
              const request = calls.next();
              expect(request).toBeGreaterThan(0);
              expect(request).toBeLessThan(2 ** 32);
              expect(waiting.has(request)).toBe(false);
              waiting.set(request, "heard");
              calls.add(
                request,
                () => answered.push(`${request}`),
                (error) => answered.push(`${request} ${error}`),
              );
            }
            continue;
          }
          const request = one.type === "lie" ? one.far : [...waiting.keys()][one.nth];
          if (request === undefined) continue;
          if (one.type === "giveUp") {
            calls.giveUp(request);
            waiting.set(request, "unheard");
            continue;
          }
          const call = calls.take(request);
          expect(call?.request).toBe(waiting.has(request) ? request : undefined);
          call?.resolve(new Uint8Array(0));
          expect(answered.splice(0)).toEqual(waiting.get(request) === "heard" ? [`${request}`] : []);
          waiting.delete(request);
          expect(calls.take(request)).toBeUndefined();
        }
        calls.rejectAll("gone");
        const heard = [...waiting].filter(([, how]) => how === "heard").map(([request]) => `${request} gone`);
        expect(answered.toSorted()).toEqual(heard.toSorted());
        for (const request of waiting.keys()) expect(calls.take(request)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("that wait for long are passed over, lap after lap", () => {
    const calls = new Calls(8);
    const long = [calls.next()];
    for (let i = 0; i < 3; i++) {
      calls.add(
        long.at(-1) as number,
        () => undefined,
        () => undefined,
      );
      if (i < 2) long.push(calls.next());
    }
    for (let i = 0; i < 1000; i++) {
      const request = calls.next();
      expect(long.map((one) => one % 8)).not.toContain(request % 8);
      calls.add(
        request,
        () => undefined,
        () => undefined,
      );
      expect(calls.take(request)?.request).toBe(request);
    }
    expect(long.map((request) => calls.take(request)?.request)).toEqual(long);
  });

  it("that were not added leave nothing behind", () => {
    const calls = new Calls(2);
    const request = calls.next();
    expect(calls.take(request)).toBeUndefined();
    calls.giveUp(request);
    expect(calls.take(request)).toBeUndefined();
    expect(calls.next()).toBe(request + 1);
  });
});
