/**
 * Nothing inside is reached: addresses in every spelling, names that stand for them, redirects that lead to them.
 *
 * A server listens on every address of this machine; whoever gets through is heard.
 */

import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closedBy, parseAddress } from "../../src/enclave/egress/addresses.ts";
import { closeAll, http, statusOf, wayOut } from "./servers.ts";

let everywhere: Server;
let port = 0;
let heard = 0;
const sockets = new Set<Socket>();
beforeAll(async () => {
  everywhere = createServer((socket) => {
    heard++;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret");
  });
  await new Promise<void>((listening) => everywhere.listen(0, listening));
  port = (everywhere.address() as { port: number }).port;
});
afterAll(async () => {
  await closeAll();
  for (const socket of sockets) socket.destroy();
  await new Promise((closed) => everywhere.close(closed));
});

/** URLs whose host is an address inside, in some spelling; `P` is the port of a server that listens there. */
const literals = [
  "http://127.0.0.1:P/",
  "http://127.0.0.1.:P/",
  "http://127.1:P/",
  "http://127.0.1:P/",
  "http://2130706433:P/",
  "http://0x7f000001:P/",
  "http://0x7f.1:P/",
  "http://0X7F.0.0.0X1:P/",
  "http://017700000001:P/",
  "http://0177.0.0.1:P/",
  "http://0177.0x0.0.1:P/",
  "http://00000177.0.0.1:P/",
  "http://127.127.127.127:P/",
  "http://127.255.255.254:P/",
  "http://１２７.０.０.１:P/",
  "http://127。0。0。1:P/",
  "http://①②⑦.0.0.1:P/",
  "http://%31%32%37.0.0.1:P/",
  "http://0:P/",
  "http://0.0.0.0:P/",
  "http://0x0:P/",
  "http://0.1.2.3:P/",
  "http://[::1]:P/",
  "http://[0:0:0:0:0:0:0:1]:P/",
  "http://[0000:0000:0000:0000:0000:0000:0000:0001]:P/",
  "http://[::]:P/",
  "http://[::ffff:127.0.0.1]:P/",
  "http://[::ffff:7f00:1]:P/",
  "http://[0:0:0:0:0:ffff:7f00:0001]:P/",
  "http://[::127.0.0.1]:P/",
  "http://[::ffff:0:127.0.0.1]:P/",
  "http://[64:ff9b::127.0.0.1]:P/",
  "http://[64:ff9b::7f00:1]:P/",
  "http://[64:ff9b:1::7f00:1]:P/",
  "http://[2002:7f00:1::]:P/",
  "http://[2002:a00:1::1]:P/",
  "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]:P/",
  "http://[fe80::1]:P/",
  "http://[febf:ffff::1]:P/",
  "http://[fec0::1]:P/",
  "http://[fc00::1]:P/",
  "http://[fd00:ec2::254]:P/",
  "http://[fd12:3456:789a::1]:P/",
  "http://[ff02::1]:P/",
  "http://[2001:db8::1]:P/",
  "http://[3fff::1]:P/",
  "http://[100::1]:P/",
  "http://[4000::1]:P/",
  "http://[2606:4700::5efe:7f00:1]:P/",
  "http://[2606:4700::200:5efe:a00:1]:P/",
  "http://10.0.0.1:P/",
  "http://10.255.255.255:P/",
  "http://167772161:P/",
  "http://172.16.0.1:P/",
  "http://172.31.255.255:P/",
  "http://192.168.0.1:P/",
  "http://3232235521:P/",
  "http://100.64.0.1:P/",
  "http://100.100.100.200:P/",
  "http://169.254.169.254/latest/meta-data/",
  "http://2852039166/",
  "http://0xa9fea9fe/",
  "http://0251.0376.0251.0376/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[64:ff9b::a9fe:a9fe]/",
  "http://168.63.129.16/",
  "http://192.0.0.192/",
  "http://192.0.2.1:P/",
  "http://192.88.99.1:P/",
  "http://198.18.0.1:P/",
  "http://198.51.100.7:P/",
  "http://203.0.113.7:P/",
  "http://224.0.0.1:P/",
  "http://239.255.255.250:P/",
  "http://240.0.0.1:P/",
  "http://255.255.255.255:P/",
  "https://127.0.0.1:P/",
  "https://[::1]:P/",
  "http:127.0.0.1:P/",
  "http:\\\\127.0.0.1:P\\",
  "http:///127.0.0.1:P/",
  "  http://127.0.0.1:P/",
  "http://127.0.0.1\\@1.1.1.1:P/",
  "HTTP://127.0.0.1:P/",
  "ht\ntp://127.0.0.1:P/",
];

/** URLs that are refused for what is in them beside the host, or are none. */
const others = [
  "http://user@127.0.0.1:P/",
  "http://user:pass@93.184.216.34/",
  "http://127.0.0.1:P@127.0.0.1:P/",
  "http://1.1.1.1@127.0.0.1:P/",
  "http://[fe80::1%25eth0]:P/",
  "http://[fe80::1%eth0]:P/",
  "http://[::1%25lo]:P/",
  "http://127.0.0.1%00.example.org:P/",
  "http://127.0.0.1%2f.example.org:P/",
  "http://256.0.0.1:P/",
  "http://127.0.0.1.5:P/",
  "file:///etc/passwd",
  "unix:///var/run/docker.sock",
  "ftp://127.0.0.1/",
  "gopher://127.0.0.1:P/",
  "data:text/plain,secret",
  "javascript:1",
  "sidevm://0707070707070707070707070707070707070707070707070707070707070707",
  "/etc/passwd",
  "//127.0.0.1:P/",
  "http://",
];

/** Names, and what they stand for. */
const names: Readonly<Record<string, readonly string[]>> = {
  "localtest.example": ["127.0.0.1"],
  "v6.example": ["::1"],
  "mapped.example": ["::ffff:127.0.0.1"],
  "nat64.example": ["64:ff9b::7f00:1"],
  "zone.example": ["fe80::1%lo"],
  "ten.example": ["10.1.2.3"],
  "metadata.google.internal": ["169.254.169.254"],
  "instance-data.ec2.internal": ["fd00:ec2::254"],
  "unspecified.example": ["0.0.0.0"],
  "mixed.example": ["93.184.216.34", "127.0.0.1"],
  "mixed-six.example": ["2606:2800:220:1::1", "::1"],
  "odd.example": ["2130706433"],
};

describe("what lies inside", () => {
  const out = wayOut({ openAddresses: [] }, { resolve: async (name) => names[name] ?? [] });
  const at = (url: string): string => url.replaceAll(":P", `:${port}`);

  test("is tried at least sixty ways", () => {
    expect(literals.length + others.length + Object.keys(names).length).toBeGreaterThan(100);
  });

  test.each(literals)("is not reached by %j", async (url) => {
    const { results, denied } = await out.ask(at(url));
    expect(results).toEqual(["NotAllowed"]);
    expect(denied[0]).toMatch(/^address .+|^no credentials/);
    expect(heard).toBe(0);
  });

  test.each(others)("is not reached by %j", async (url) => {
    const { results } = await out.ask(at(url));
    expect([523, "NotAllowed", "InvalidUrl"]).toContain(statusOf(results[0]));
    expect(heard).toBe(0);
  });

  test.each([...Object.keys(names), "localhost", "LOCALHOST", "localhost.", "a.localhost"])(
    "is not reached by the name %s",
    async (name) => {
      const { results, denied } = await out.ask(`http://${name}:${port}/`);
      expect(results).toEqual(["NotAllowed"]);
      expect(denied[0]).toContain("for which the name stands");
      expect(heard).toBe(0);
    },
  );

  test.each([301, 302, 303, 307, 308])("is not reached by a redirect of status %i", async (status) => {
    const targets = [
      "http://127.0.0.2:P/",
      "//127.0.0.2:P/",
      "http://0x7f000002:P/",
      "http://inner.test:P/",
      "http://[::1]:P/",
    ];
    for (const target of targets) {
      const server = await http((_, response) => response.writeHead(status, { location: at(target) }).end());
      const narrow = wayOut({ openAddresses: ["127.0.0.1"] }, { resolve: async () => ["127.0.0.2"] });
      const { results, denied } = await narrow.ask(`http://127.0.0.1:${server}/`);
      expect([target, results, denied.length]).toEqual([target, ["NotAllowed"], 1]);
    }
    expect(heard).toBe(0);
  });

  test("is not reached by a name that first stands for one outside and then for one inside", async () => {
    let asked = 0;
    // 127.0.0.1 stands for the outside: the test opens it, and nothing else.
    const server = await http((_, response) => response.writeHead(200, { connection: "close" }).end("public"));
    const rebinding = wayOut(
      { openAddresses: ["127.0.0.1"] },
      {
        resolve: async () => (asked++ === 0 ? ["127.0.0.1"] : ["127.0.0.2"]),
      },
    );
    expect(statusOf((await rebinding.ask(`http://rebind.test:${server}/`)).results[0])).toBe(200);
    const { results, denied } = await rebinding.ask(`http://rebind.test:${port}/`);
    expect(results).toEqual(["NotAllowed"]);
    expect(denied).toEqual(["address 127.0.0.0/8 (loopback), for which the name stands"]);
    expect(asked).toBe(2);
    expect(heard).toBe(0);
  });

  test("is judged by address: everything that is not known to be public is closed", () => {
    for (const open of [
      "1.1.1.1",
      "8.8.8.8",
      "93.184.216.34",
      "172.32.0.1",
      "100.128.0.1",
      "2606:4700::1111",
      "::ffff:8.8.8.8",
      "64:ff9b::808:808",
    ]) {
      expect([open, closedBy(parseAddress(open)!)]).toEqual([open, undefined]);
    }
    expect(parseAddress("fe80::1%eth0")).toBeUndefined();
    expect(parseAddress("127.1")).toBeUndefined();
  });

  test("opens only by its own range, whatever carries it", async () => {
    expect(statusOf((await wayOut().ask(`http://[::ffff:127.0.0.1]:${port}/`)).results[0])).not.toBe("NotAllowed");
    heard = 0;
    const closed = wayOut({ openAddresses: ["0.0.0.0/0", "::/0"], closeAddresses: ["127.0.0.0/8"] });
    for (const url of ["http://127.0.0.1:P/", "http://[::ffff:127.0.0.1]:P/", "http://[64:ff9b::7f00:1]:P/"]) {
      expect((await closed.ask(at(url))).results).toEqual(["NotAllowed"]);
    }
    expect(heard).toBe(0);
  });
});
