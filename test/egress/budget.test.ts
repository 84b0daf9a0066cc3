/** Limits of requests and bytes, on a clock that the test turns. */

import { afterAll, describe, expect, test } from "vitest";
import type { EgressRules } from "../../src/wire/egress.ts";
import { closeAll, http, statusOf, wayOut } from "./servers.ts";

afterAll(closeAll);

const kilobyte = "x".repeat(1000);
const port = await http((request, response) => {
  const path = request.url as string;
  if (path === "/r") response.writeHead(302, { location: "/", connection: "close" }).end();
  else if (path === "/much") response.end(kilobyte.repeat(100));
  else response.end(kilobyte);
});
const at = (path = ""): string => `http://127.0.0.1:${port}/${path}`;

/** A way out whose clock stands still. */
function limited(rules: EgressRules) {
  const clock = { now: 123_456 };
  const way = wayOut(rules, { now: () => clock.now });
  const verdict = async (path = "", body = new Uint8Array()) => {
    const { results, denied } = await way.ask({ url: at(path), method: "POST", body });
    return denied[0] ?? statusOf(results[0]);
  };
  return { clock, verdict, way };
}

describe("requests within a minute", () => {
  test("are counted, redirects too", async () => {
    const { verdict } = limited({ requestsPerMinute: 3 });
    expect(await verdict("r")).toBe(200);
    expect(await verdict()).toBe(200);
    expect(await verdict()).toBe("egress.requestsPerMinute 3");
  });

  test("come back as the minute in which they were made passes, not all when a new one begins", async () => {
    const { clock, verdict } = limited({ requestsPerMinute: 4 });
    const full = "egress.requestsPerMinute 4";
    expect([await verdict(), await verdict()]).toEqual([200, 200]);
    clock.now += 50_000;
    expect([await verdict(), await verdict(), await verdict()]).toEqual([200, 200, full]);
    clock.now += 9_000;
    expect(await verdict()).toBe(full);
    clock.now += 2_000;
    expect([await verdict(), await verdict(), await verdict()]).toEqual([200, 200, full]);
    clock.now += 3_600_000;
    expect([await verdict(), await verdict(), await verdict(), await verdict()]).toEqual([200, 200, 200, 200]);
    expect(await verdict()).toBe(full);
  });

  test("are never more than the limit in any sixty seconds", async () => {
    const { clock, verdict } = limited({ requestsPerMinute: 5 });
    const made: number[] = [];
    for (let i = 0; i < 150; i++) {
      if ((await verdict()) === 200) made.push(clock.now);
      clock.now += [1, 700, 1500, 9000, 40][i % 5] as number;
    }
    expect(made.length).toBeGreaterThan(20);
    for (const from of made) expect(made.filter((time) => time >= from && time < from + 60_000).length).toBeLessThan(6);
  });

  test("of zero are none", async () => {
    const { verdict } = limited({ requestsPerMinute: 0 });
    expect(await verdict()).toBe("egress.requestsPerMinute 0");
  });
});

describe("bytes within a minute", () => {
  test("are those of requests and of answers, heads counted", async () => {
    const { clock, verdict } = limited({ bytesPerMinute: 2_600 });
    const full = "egress.bytesPerMinute 2600";
    expect([await verdict(), await verdict()]).toEqual([200, 200]);
    expect(await verdict("", new Uint8Array(600))).toBe(full);
    clock.now += 61_000;
    expect(await verdict("", new Uint8Array(600))).toBe(200);
  });

  test("that an answer has too many of end it while it is read", async () => {
    const { verdict, way } = limited({ bytesPerMinute: 20_000 });
    expect(await verdict("much")).toBe("egress.bytesPerMinute 20000");
    // What had come by then has come: the next request finds no room.
    expect(await verdict()).toBe("egress.bytesPerMinute 20000");
    const { total } = way.egress.metrics.read(0);
    expect(total.denied).toBe(2);
    expect(total.bytesReceived).toBeGreaterThan(20_000);
  });

  test("are shared by the requests of a batch", async () => {
    const { way } = limited({ bytesPerMinute: 4_000 });
    const { results } = await way.batch(Array(5).fill(at()), 60_000);
    const good = results.filter((one) => statusOf(one) === 200).length;
    expect([good >= 2, good <= 3]).toEqual([true, true]);
  });
});

test("the tighter limit holds: of all, of one contract", async () => {
  const id = `0x${"07".repeat(32)}`;
  const clock = { now: 0 };
  const verdicts = async (all: number, one: number) => {
    const options = { requestsPerMinute: all, contracts: { [id]: { requestsPerMinute: one } } };
    const way = wayOut(options, { now: () => clock.now });
    await way.ask(at());
    return (await way.ask(at())).denied;
  };
  expect(await verdicts(1, 2)).toEqual(["egress.requestsPerMinute 1"]);
  expect(await verdicts(2, 1)).toEqual([`egress.contracts["${id}"].requestsPerMinute 1`]);
  expect(await verdicts(2, 2)).toEqual([]);
});
