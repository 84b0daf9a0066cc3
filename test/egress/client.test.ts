/** Requests against servers on loopback that do what servers do, and what they should not. */

import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { maxResponseBody } from "../../src/enclave/egress/fetch.ts";
import { expired, good, other, root, selfSigned } from "./certificates.ts";
import { bodyOf, closeAll, Gate, http, http2, https, raw, statusOf, wayOut } from "./servers.ts";

afterAll(closeAll);

const url = (port: number, path = "/"): string => `http://127.0.0.1:${port}${path}`;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const out = wayOut();

describe("an answer", () => {
  test("comes with status, reason, headers and body, whatever the status", async () => {
    const port = await http((request, response) => {
      response
        .writeHead(Number(request.url?.slice(1)), "said otherwise", { "X-One": "1", "x-two": ["a", "b"] })
        .end("body");
    });
    for (const [status, reason] of [
      [200, "OK"],
      [404, "Not Found"],
      [500, "Internal Server Error"],
      [299, ""],
    ] as const) {
      const [result] = (await out.ask(url(port, `/${status}`))).results;
      expect(result).toMatchObject({ status, reason });
      expect(bodyOf(result)).toBe("body");
      const headers = typeof result === "object" ? result.headers : [];
      expect(headers).toContainEqual(["x-one", "1"]);
      expect(headers.filter(([name]) => name === "x-two")).toEqual([
        ["x-two", "a"],
        ["x-two", "b"],
      ]);
    }
  });

  test("may be slow and in chunks", async () => {
    const port = await http(async (_, response) => {
      for (const part of ["slow", "ly ", "but ", "surely"]) {
        response.write(part);
        await pause(30);
      }
      response.end();
    });
    expect(bodyOf((await out.ask(url(port))).results[0])).toBe("slowly but surely");
  });

  test("is given as it is: nothing is unpacked", async () => {
    const packed = gzipSync("unpacked");
    const port = await http((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(packed));
    const [result] = (await out.ask(url(port))).results;
    expect(typeof result === "object" && Buffer.from(result.body).equals(packed)).toBe(true);
  });

  test("may have 2 MiB, and not a byte more, announced or not", async () => {
    const port = await http((request, response) => {
      const length = maxResponseBody + (request.url === "/more" || request.url === "/stream" ? 1 : 0);
      const body = Buffer.alloc(length, 1);
      if (request.url === "/stream") {
        response.write(body.subarray(0, 1000));
        response.end(body.subarray(1000));
      } else response.end(body);
    });
    const [fits] = (await out.ask(url(port, "/fits"))).results;
    expect(typeof fits === "object" && fits.body.length).toBe(maxResponseBody);
    expect((await out.ask(url(port, "/more"))).results).toEqual(["ResponseTooLarge"]);
    expect((await out.ask(url(port, "/stream"))).results).toEqual(["ResponseTooLarge"]);
  });

  test("without end is cut off at the limit, not at the end", async () => {
    let sent = 0;
    const port = await http((_, response) => {
      const block = Buffer.alloc(65536);
      const more = (): void => {
        while (!response.destroyed && response.write(block)) sent += block.length;
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    });
    expect((await out.ask(url(port))).results).toEqual(["ResponseTooLarge"]);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  test("with the wrong length, cut off, or none at all is an error and no answer", async () => {
    const texts: Record<string, string> = {
      short: "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
      "chunk cut off": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nshort",
      "two lengths": "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
      "a length that is none": "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
      "head cut off": "HTTP/1.1 200 OK\r\nconte",
      "no HTTP": "SSH-2.0-OpenSSH_9\r\n",
      nothing: "",
    };
    for (const [what, text] of Object.entries(texts)) {
      const port = await raw((socket) => socket.end(text));
      expect([what, (await out.ask(url(port))).results]).toEqual([what, ["NetworkError"]]);
    }
    const long = await raw((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nlonger than it said"));
    const [result] = (await out.ask(url(long))).results;
    expect(["ok", "er"]).not.toContain(bodyOf(result).slice(2));
    expect(bodyOf(result).length === 2 || result === "NetworkError").toBe(true);
  });

  test("may be preceded by 100 and 103, and 204 and HEAD have no body", async () => {
    const port = await http((request, response) => {
      if (request.url === "/204") response.writeHead(204).end();
      else {
        response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
        response.end("late");
      }
    });
    expect(bodyOf((await out.ask(url(port))).results[0])).toBe("late");
    expect((await out.ask(url(port, "/204"))).results[0]).toMatchObject({ status: 204, body: new Uint8Array() });
    expect((await out.ask({ url: url(port), method: "HEAD" })).results[0]).toMatchObject({
      status: 200,
      body: new Uint8Array(),
    });
  });

  test("with a flood of headers is refused", async () => {
    const many = await http((_, response) => {
      for (let i = 0; i < 300; i++) response.setHeader(`x-${i}`, "1");
      response.end();
    });
    expect((await out.ask(url(many))).results).toEqual(["TooManyHeaders"]);
    const large = await raw((socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${"a".repeat(100_000)}\r\n\r\n`));
    expect((await out.ask(url(large))).results).toEqual(["NetworkError"]);
    const endless = await raw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => socket.write(`x: ${"a".repeat(60_000)}\r\n`), 1);
      socket.once("close", () => clearInterval(timer));
    });
    expect((await out.ask(url(endless))).results).toEqual(["NetworkError"]);
  });

  test("shows header values that are not plain text as empty", async () => {
    const port = await raw((socket) =>
      socket.end(Buffer.from("HTTP/1.1 200 OK\r\nx: caf\xe9\r\ncontent-length: 0\r\n\r\n", "latin1")),
    );
    const [result] = (await out.ask(url(port))).results;
    expect(typeof result === "object" && result.headers).toContainEqual(["x", ""]);
  });
});

describe("a request", () => {
  const echo = () =>
    http((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const { method, headers, url: path } = request;
        response.end(JSON.stringify({ method, path, headers, body: Buffer.concat(parts).toString() }));
      });
    });

  test("arrives as it was made; of a header that is repeated, the last counts", async () => {
    const port = await echo();
    const { results } = await out.ask({
      url: `${url(port, "/a/../b?c=d#e")}`,
      method: "POST",
      headers: [
        ["X-A", "1"],
        ["x-a", "2"],
        ["Content-Type", "application/json"],
      ],
      body: bytes("{}"),
    });
    const seen = JSON.parse(bodyOf(results[0]));
    expect(seen).toMatchObject({ method: "POST", path: "/b?c=d", body: "{}" });
    expect(seen.headers).toMatchObject({ "x-a": "2", "content-type": "application/json", "content-length": "2" });
  });

  test("cannot smuggle: lengths, encodings and connections are the client's", async () => {
    const port = await echo();
    const smuggled: [string, string][] = [
      ["Content-Length", "0"],
      ["Transfer-Encoding", "chunked"],
      ["Connection", "close, x-a"],
      ["Upgrade", "h2c"],
      ["Expect", "100-continue"],
      ["TE", "trailers"],
    ];
    const { results } = await out.ask({ url: url(port), method: "POST", headers: smuggled, body: bytes("whole") });
    const seen = JSON.parse(bodyOf(results[0]));
    expect(seen.body).toBe("whole");
    expect(seen.headers["content-length"]).toBe("5");
    for (const name of ["transfer-encoding", "upgrade", "expect", "te"]) expect(seen.headers[name]).toBeUndefined();
  });

  test("cannot speak to one host in the name of another", async () => {
    const port = await echo();
    const { results, denied } = await out.ask({ url: url(port), headers: [["Host", "other.test"]] });
    expect([results, denied]).toEqual([["NotAllowed"], ["the host header is the URL's"]]);
    expect(statusOf((await out.ask({ url: url(port), headers: [["host", `127.0.0.1:${port}`]] })).results[0])).toBe(
      200,
    );
  });

  test("that is none is told apart by what is wrong with it", async () => {
    const at = url(9);
    for (const [wrong, error] of [
      [{ url: "not a url" }, "InvalidUrl"],
      [{ url: "" }, "InvalidUrl"],
      [{ url: `http://127.0.0.1/${"a".repeat(70_000)}` }, "InvalidUrl"],
      [{ url: at, method: "" }, "InvalidMethod"],
      [{ url: at, method: "GET / HTTP/1.1\r\nx: y" }, "InvalidMethod"],
      [{ url: at, headers: [["", "x"]] }, "InvalidHeaderName"],
      [{ url: at, headers: [["a b", "x"]] }, "InvalidHeaderName"],
      [{ url: at, headers: [["a", "x\r\nb: y"]] }, "InvalidHeaderValue"],
      [{ url: at, headers: [["a", "é"]] }, "InvalidHeaderValue"],
      [{ url: at, headers: Array.from({ length: 257 }, (_, i) => [`h${i}`, ""]) }, "TooManyHeaders"],
      [{ url: at, headers: [["a", "x".repeat(70_000)]] }, "TooManyHeaders"],
    ] as const) {
      expect([wrong, (await out.ask(wrong as never)).results]).toEqual([wrong, [error]]);
    }
  });

  test("that reaches nobody is answered with 523", async () => {
    const port = await http(() => undefined);
    await expect(out.ask(`sip://127.0.0.1:${port}/`)).resolves.toMatchObject({
      results: [{ status: 523, reason: "Unreachable" }],
    });
    const [refused] = (await out.ask(url(1))).results;
    expect(refused).toMatchObject({ status: 523, headers: [] });
    expect(bodyOf(refused)).toBe("ECONNREFUSED");
    expect(bodyOf((await out.ask("http://nowhere.test/")).results[0])).toBe("ENOTFOUND");
    const none = wayOut({}, { resolve: async () => [] });
    expect(statusOf((await none.ask("http://nobody.test/")).results[0])).toBe(523);
  });

  test("ends when its time is over: no answer, half an answer, and a batch that waits for others", async () => {
    const silent = await raw(() => undefined);
    const half = await http((_, response) => response.write("half"));
    expect((await out.ask(url(silent), 150)).results).toEqual(["Timeout"]);
    expect((await out.ask(url(half), 150)).results).toEqual(["Timeout"]);
    expect((await out.ask(url(silent), 0)).results).toEqual(["Timeout"]);
    const quick = await http((_, response) => response.end("quick"));
    const { results } = await out.batch([url(quick), url(silent), url(1), "nonsense", url(quick)], 3000);
    expect(results.map(statusOf)).toEqual([200, "Timeout", 523, "InvalidUrl", 200]);
    expect((await out.batch([url(quick)], 0)).results).toEqual(["Timeout"]);
  });

  test("of a batch runs beside the others", async () => {
    // Nobody is answered before all have asked.
    const asked: ServerResponse[] = [];
    const port = await http((_, response) => {
      asked.push(response);
      if (asked.length === 5) for (const one of asked) one.end();
    });
    const { results } = await out.batch(
      Array.from({ length: 5 }, () => url(port)),
      60_000,
    );
    expect(results.map(statusOf)).toEqual(Array(5).fill(200));
  });

  test("ends when nobody waits for it any more, on the wire too", async () => {
    const gone = new Gate();
    const here = new Gate();
    const port = await http((request) => {
      request.socket.once("close", gone.open);
      here.open();
    });
    const { made } = out.scope(60_000, 1000);
    const request = { url: url(port), method: "GET", headers: [], body: new Uint8Array() };
    const { answer, pending } = out.performed({ type: "http", contract: new Uint8Array(32), request }, made);
    let told = false;
    answer.then(() => {
      told = true;
    });
    await here.opened;
    pending.cancel();
    pending.cancel();
    await gone.opened;
    expect(told).toBe(false);
  });

  test("uses the connection of the one before", async () => {
    const ports = new Set<number | undefined>();
    const port = await http((request, response) => {
      ports.add(request.socket.remotePort);
      response.end("x");
    });
    for (let i = 0; i < 5; i++) await out.ask(url(port));
    // The next may be sent in the moment before the one before is quite done.
    expect(ports.size).toBeLessThanOrEqual(2);
  });
});

describe("a redirect", () => {
  test("is followed, up to ten times", async () => {
    const port = await http((request, response) => {
      const hop = Number(request.url?.slice(1));
      if (hop === 0) response.end("arrived");
      else response.writeHead(302, { location: `/${hop - 1}` }).end();
    });
    expect(bodyOf((await out.ask(url(port, "/10"))).results[0])).toBe("arrived");
    expect((await out.ask(url(port, "/11"))).results).toEqual(["NetworkError"]);
    const loop = await http((_, response) => response.writeHead(301, { location: "/" }).end());
    expect((await out.ask(url(loop))).results).toEqual(["NetworkError"]);
  });

  test("makes GET of what may not be sent twice, and keeps what may", async () => {
    const port = await http((request, response) => {
      if (request.url === "/to") {
        let body = "";
        request.on("data", (part) => {
          body += part;
        });
        request.on("end", () => response.end(`${request.method} ${body} ${request.headers["content-type"] ?? ""}`));
      } else response.writeHead(Number(request.url?.slice(1)), { location: "/to" }).end();
    });
    for (const [status, seen] of [
      [301, "GET  "],
      [302, "GET  "],
      [303, "GET  "],
      [307, "POST sent text/plain"],
      [308, "POST sent text/plain"],
    ] as const) {
      const asked = {
        url: url(port, `/${status}`),
        method: "POST",
        headers: [["content-type", "text/plain"]] as const,
        body: bytes("sent"),
      };
      expect([status, bodyOf((await out.ask(asked)).results[0])]).toEqual([status, seen]);
    }
  });

  test("to another origin takes no secrets along", async () => {
    const seen: (string | undefined)[] = [];
    const target = await http((request, response) => {
      seen.push(request.headers.authorization, request.headers.cookie, request.headers["x-plain"] as string);
      response.end();
    });
    const port = await http((_, response) => response.writeHead(307, { location: url(target) }).end());
    const headers = [
      ["authorization", "Bearer secret"],
      ["cookie", "id=secret"],
      ["x-plain", "kept"],
    ] as const;
    await out.ask({ url: url(port), headers });
    expect(seen).toEqual([undefined, undefined, "kept"]);
  });

  test("is judged like a request: schemes, credentials, rules", async () => {
    const port = await http((request, response) => {
      response.writeHead(302, { location: decodeURIComponent(request.url!.slice(2)) }).end();
    });
    const to = (location: string) => url(port, `/?${encodeURIComponent(location)}`);
    expect(statusOf((await out.ask(to("file:///etc/passwd"))).results[0])).toBe(523);
    expect((await out.ask(to("http://a:b@127.0.0.1/"))).denied).toEqual(["no credentials in URLs"]);
    const strict = wayOut({ deny: [{ host: "denied.test" }] });
    expect((await strict.ask(to("http://denied.test/"))).denied[0]).toContain("egress.deny");
    expect(statusOf((await out.ask(to("http://["))).results[0])).toBe(302);
  });
});

describe("TLS", () => {
  const trusting = (host = "127.0.0.1") => wayOut({ roots: [root], hosts: { "secure.test": [host] } });

  test("reaches a server whose certificate the given root vouches for, by address and by name", async () => {
    const port = await https(good, (_, response) => response.end("secret"));
    const way = trusting();
    for (const host of ["127.0.0.1", "localhost", "secure.test"]) {
      const ways = host === "localhost" ? wayOut({ roots: [root], openAddresses: ["127.0.0.0/8", "::1"] }) : way;
      expect([host, bodyOf((await ways.ask(`https://${host}:${port}/`)).results[0])]).toEqual([host, "secret"]);
    }
  });

  test("reaches no server that cannot prove who it is, and tells it nothing", async () => {
    let asked = 0;
    for (const [certificate, code] of [
      [selfSigned, "DEPTH_ZERO_SELF_SIGNED_CERT"],
      [expired, "CERT_HAS_EXPIRED"],
      [other, "ERR_TLS_CERT_ALTNAME_INVALID"],
    ] as const) {
      const port = await https(certificate, (_, response) => {
        asked++;
        response.end();
      });
      const [result] = (await trusting().ask(`https://127.0.0.1:${port}/`)).results;
      expect([statusOf(result), bodyOf(result)]).toEqual([523, code]);
    }
    const port = await https(good, () => asked++);
    expect(statusOf((await wayOut().ask(`https://127.0.0.1:${port}/`)).results[0])).toBe(523);
    expect(asked).toBe(0);
  });

  test("is not spoken to a server that does not", async () => {
    const port = await http(() => undefined);
    expect(statusOf((await trusting().ask(`https://127.0.0.1:${port}/`)).results[0])).toBe(523);
  });

  test("speaks HTTP/2 with a server that speaks nothing else", async () => {
    const versions = new Set<string>();
    const port = await http2((request, response) => {
      versions.add(request.httpVersion);
      response.setHeader("x-two", "2");
      response.end(`${request.method} ${request.url}`);
    });
    const way = trusting();
    const { results } = await way.batch(
      Array.from({ length: 5 }, (_, i) => `https://127.0.0.1:${port}/${i}`),
      60_000,
    );
    expect(results.map(bodyOf)).toEqual([0, 1, 2, 3, 4].map((i) => `GET /${i}`));
    expect(typeof results[0] === "object" && results[0].headers).toContainEqual(["x-two", "2"]);
    expect([...versions]).toEqual(["2.0"]);
  });
});

describe("the policy", () => {
  test("allows and denies by scheme, host, port and method; a contract's rules come on top", async () => {
    const port = await http((_, response) => response.end());
    const second = await http((_, response) => response.end());
    const hosts = { "a.example.test": ["127.0.0.1"], "b.test": ["127.0.0.1"], "example.test": ["127.0.0.1"] };
    const id = `0x${"07".repeat(32)}`;
    const verdict = async (options: object, target: string, method = "GET") => {
      const { results, denied } = await wayOut({ hosts, ...options }).ask({ url: target, method });
      return denied[0] ?? statusOf(results[0]);
    };
    const below = { allow: [{ host: "*.example.test" }] };
    expect(await verdict(below, `http://a.example.test:${port}/`)).toBe(200);
    expect(await verdict(below, `http://A.EXAMPLE.test.:${port}/`)).toBe(200);
    expect(await verdict(below, `http://example.test:${port}/`)).toBe("egress.allow has no rule for it");
    expect(await verdict(below, `http://b.test:${port}/`)).toBe("egress.allow has no rule for it");
    expect(await verdict({ allow: [] }, url(port))).toBe("egress.allow has no rule for it");
    expect(await verdict({ allow: [{ port }] }, url(second))).toBe("egress.allow has no rule for it");
    expect(await verdict({ deny: [{ method: "POST" }] }, url(port), "POST")).toBe('egress.deny {"method":"POST"}');
    expect(await verdict({ deny: [{ method: "POST" }] }, url(port))).toBe(200);
    expect(await verdict({ deny: [{ scheme: "http" }] }, url(port))).toBe('egress.deny {"scheme":"http"}');
    expect(await verdict({ deny: [{ host: "127.0.0.1" }] }, `http://2130706433:${port}/`)).toContain("egress.deny");
    expect(await verdict({ contracts: { [id]: { deny: [{ port }] } } }, url(port))).toContain(
      `egress.contracts["${id}"].deny`,
    );
    expect(await verdict({ contracts: { [`0x${"08".repeat(32)}`]: { allow: [] } } }, url(port))).toBe(200);
    expect(await verdict({ enabled: false }, url(port))).toBe("enabled: false");
    expect(await verdict({}, url(port), "CONNECT")).toBe("no method CONNECT");
    expect(await verdict({}, url(port), "TRACE")).toBe("no method TRACE");
  });

  test("that is wrong anywhere is refused when it is given, not when it is needed", () => {
    for (const wrong of [
      { openAddresses: ["127.0.0.1/33"] },
      { openAddresses: ["localhost"] },
      { closeAddresses: ["1.2.3.0/x"] },
      { allow: [{ host: "a.*.test" }] },
      { allow: [{ host: "" }] },
      { deny: [{ host: "http://a.test/" }] },
      { contracts: { "0x07": {} } },
      { hosts: { "a.test": ["b.test"] } },
    ]) {
      expect(() => wayOut(wrong)).toThrow(expect.objectContaining({ code: "SettingsInvalid" }));
    }
  });

  test("counts what was asked for, by status, and what was refused", async () => {
    const port = await http((_, response) => response.writeHead(418).end("12345"));
    const way = wayOut();
    await way.ask(url(port));
    await way.ask(url(port));
    await way.ask("http://10.0.0.1/");
    await way.ask(url(1));
    const { total, contracts } = way.egress.metrics.read(0);
    expect(total.requests).toEqual([
      { status: 0, count: 1 },
      { status: 418, count: 2 },
      { status: 523, count: 1 },
    ]);
    expect(total.denied).toBe(1);
    expect(contracts).toHaveLength(1);
  });
});
