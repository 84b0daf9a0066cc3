/** Connections that are kept alive, end at the wrong moment, or say too much; and what is counted of all that. */

import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { bodyOf, closeAll, http, raw, statusOf, wayOut } from "./servers.ts";

afterAll(closeAll);

const answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const url = (port: number, path = "/"): string => `http://127.0.0.1:${port}${path}`;

/** Until the client has its connection back: some turns of the loop, of which a busy machine makes few in a while. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await pause(3);
}

/** A server of bytes that is told of every request and says what becomes of it. */
async function scripted(script: (request: { nth: number; onConnection: number; socket: Socket }) => void) {
  const asked: string[] = [];
  let nth = 0;
  const port = await raw((first) => {
    let onConnection = 0;
    const serve = (data: Buffer): void => {
      asked.push(String(data).split(" ")[0] as string);
      script({ nth: nth++, onConnection: onConnection++, socket: first });
    };
    first.on("data", serve);
    // What was read to find out that somebody speaks.
    const seen = first.listenerCount("data");
    if (seen > 0) serve(Buffer.from("GET "));
  });
  return { port, asked };
}

describe("a connection that was kept alive and is dead", () => {
  for (const [how, end] of [
    ["closed", (socket: Socket) => socket.end()],
    ["reset", (socket: Socket) => socket.resetAndDestroy()],
  ] as const) {
    test(`(${how}) costs a request that may be made twice nothing: it is sent once more`, async () => {
      const { port, asked } = await scripted(({ nth, socket }) => {
        if (nth === 1) end(socket);
        else socket.write(answer);
      });
      const way = wayOut();
      expect(bodyOf((await way.ask(url(port))).results[0])).toBe("ok");
      await idle();
      expect(bodyOf((await way.ask(url(port))).results[0])).toBe("ok");
      expect(asked).toHaveLength(3);
      expect(way.egress.metrics.read(0).total).toMatchObject({ retries: 1, requests: [{ status: 200, count: 2 }] });
    });
  }

  test("is met only once: a server that keeps closing has the last word", async () => {
    const { port, asked } = await scripted(({ nth, socket }) => {
      if (nth === 0) socket.write(answer);
      else socket.end();
    });
    const way = wayOut();
    await way.ask(url(port));
    await idle();
    expect((await way.ask(url(port))).results).toEqual(["NetworkError"]);
    expect(asked).toHaveLength(3);
  });

  test("is not met by a request that may not be made twice", async () => {
    const { port, asked } = await scripted(({ nth, socket }) => {
      if (nth === 1) socket.end();
      else socket.write(answer);
    });
    const way = wayOut();
    await way.ask(url(port));
    await idle();
    expect((await way.ask({ url: url(port), method: "POST", body: new Uint8Array(3) })).results).toEqual([
      "NetworkError",
    ]);
    expect(asked).toHaveLength(2);
    expect(way.egress.metrics.read(0).total.retries).toBe(0);
  });

  test("is not one that was new, nor one on which the answer has begun", async () => {
    const fresh = await scripted(({ socket }) => socket.end());
    expect((await wayOut().ask(url(fresh.port))).results).toEqual(["NetworkError"]);
    expect(fresh.asked).toHaveLength(1);
    const half = await scripted(({ nth, socket }) => {
      if (nth === 0) socket.write(answer);
      else socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nha");
    });
    const way = wayOut();
    await way.ask(url(half.port));
    await idle();
    expect((await way.ask(url(half.port))).results).toEqual(["NetworkError"]);
    expect(half.asked).toHaveLength(2);
  });

  test("counts as another request of its contract, and its rules are asked again", async () => {
    const { port, asked } = await scripted(({ nth, socket }) => {
      if (nth === 1) socket.end();
      else socket.write(answer);
    });
    const way = wayOut({ requestsPerMinute: 2 });
    await way.ask(url(port));
    await idle();
    expect((await way.ask(url(port))).denied).toEqual(["egress.requestsPerMinute 2"]);
    expect(asked).toHaveLength(2);
  });
});

describe("a server that says too much before its answer", () => {
  test("is heard until the bytes or the time of the query are used up", async () => {
    const endless = await raw((socket) => {
      const more = (): void => {
        if (!socket.destroyed && socket.write("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n".repeat(50)))
          setImmediate(more);
        else socket.once("drain", more);
      };
      more();
    });
    const { results, denied } = await wayOut().ask(url(endless), 60_000, 20_000);
    expect([results, denied]).toEqual([["NotAllowed"], ["bytes of the query"]]);
    expect(statusOf((await wayOut().ask(url(endless), 200)).results[0])).toMatch(/Timeout|NetworkError/);
  });

  test("is cut off at a head of more than 64 KiB", async () => {
    const port = await raw((socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`));
    expect((await wayOut().ask(url(port))).results).toEqual(["NetworkError"]);
  });
});

describe("what is counted", () => {
  test("is what went over the wire: each status, each byte, each refusal", async () => {
    let sent = 0;
    const port = await http((request, response) => {
      const path = request.url as string;
      request.on("data", (data: Buffer) => {
        sent += data.length;
      });
      request.on("end", () => {
        if (path === "/moved") response.writeHead(302, { location: "/there" }).end("12345");
        else response.writeHead(path === "/gone" ? 410 : 200).end("x".repeat(1000));
      });
    });
    const way = wayOut({ deny: [{ method: "DELETE" }] });
    const bodies = [0, 10, 500];
    for (const length of bodies) {
      await way.ask({ url: url(port), method: "POST", body: new Uint8Array(length) });
    }
    await way.ask(url(port, "/gone"));
    await way.ask(url(port, "/moved"));
    await way.ask({ url: url(port), method: "DELETE" });
    await way.ask("not a url");
    await way.ask(url(1));
    const { total, contracts } = way.egress.metrics.read(7);
    expect(sent).toBe(510);
    expect(total.requests).toEqual([
      { status: 0, count: 2 },
      { status: 200, count: 4 },
      { status: 410, count: 1 },
      { status: 523, count: 1 },
    ]);
    expect(total).toMatchObject({ denied: 1, retries: 0 });
    // Bodies of 5 times 1000 and of the redirect, and the heads: a few dozen bytes each.
    expect(total.bytesReceived).toBeGreaterThan(5005 + 6 * 30);
    expect(total.bytesReceived).toBeLessThan(5005 + 6 * 300);
    const lines = [
      url(port),
      url(port),
      url(port),
      url(port, "/gone"),
      url(port, "/moved"),
      url(port, "/there"),
      url(1),
    ];
    const heads = lines.reduce((sum, line) => sum + line.length + "accept*/*".length, 0);
    expect(total.bytesSent).toBe(510 + heads);
    expect(contracts).toHaveLength(1);
    const [{ contract: _, figures }] = contracts as [(typeof contracts)[0]];
    expect(figures).toEqual(total);
  });
});
