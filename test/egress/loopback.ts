/**
 * Keeps the tests of this thread on loopback, below everything that is tested: a connection to anywhere else is not made
 * and is told, however it came about.
 * @module
 */

import { createServer, isIP } from "node:net";
import { parseAddress } from "../../src/enclave/egress/addresses.ts";

/** Where connections would have gone that were not made. */
export const strayed: string[] = [];

/** What Node's handles of sockets have in common. */
interface Handle {
  connect(request: unknown, address: string, ...rest: unknown[]): number;
  connect6(request: unknown, address: string, ...rest: unknown[]): number;
}

/** What libuv says where there is no way. */
const noWay = -101;

function isLoopback(text: string): boolean {
  if (isIP(text) === 0) return false;
  const address = parseAddress(text);
  if (address === undefined) return false;
  if (address.length === 4) return address[0] === 127;
  const mapped = address.every((byte, i) => (i < 10 ? byte === 0 : i < 12 ? byte === 0xff : true));
  return mapped ? address[12] === 127 : address.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

const server = createServer();
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const { _handle } = server as unknown as { readonly _handle: object };
const handles = Object.getPrototypeOf(_handle) as Handle;
await new Promise((closed) => server.close(closed));

for (const name of ["connect", "connect6"] as const) {
  const connect = handles[name];
  handles[name] = function (this: Handle, request, address, ...rest) {
    if (isLoopback(address)) return connect.call(this, request, address, ...rest);
    strayed.push(address);
    return noWay;
  };
}
