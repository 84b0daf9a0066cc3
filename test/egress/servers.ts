/**
 * Servers on loopback that behave and misbehave, and a way out that leads to them alone.
 * @module
 */

import { createServer, type RequestListener } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { EgressRequest, HttpRequest, HttpResult } from "../../src/enclave/contract/pink/http.ts";
import { Egress, type EgressSetting, type Pending } from "../../src/enclave/egress/egress.ts";
import type { Scope } from "../../src/enclave/egress/fetch.ts";
import type { Resolve } from "../../src/enclave/egress/resolver.ts";
import type { PhatError } from "../../src/errors.ts";
import { toHex } from "../../src/wire/bytes.ts";
import type { EgressOptions } from "../../src/wire/egress.ts";
import { type Certificate, good } from "./certificates.ts";
import { strayed } from "./loopback.ts";

const open: (() => Promise<void>)[] = [];

/**
 * Ends all servers and ways out of a test file.
 * @throws when a test would have gone beyond loopback.
 */
export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((close) => close()));
  if (strayed.length > 0) throw new TypeError(`not on loopback: ${strayed.join(", ")}`);
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  open.push(
    () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return (server.address() as AddressInfo).port;
}

/** A server of HTTP. @returns its port. */
export const http = (listener: RequestListener): Promise<number> => listen(createServer(listener));
/** A server of HTTPS. @returns its port. */
export const https = (certificate: Certificate, listener: RequestListener): Promise<number> =>
  listen(createTlsServer({ ...certificate }, listener));
/** A server that speaks HTTP/2 alone. @returns its port. */
export const http2 = (listener: RequestListener): Promise<number> =>
  listen(createSecureServer({ ...good, allowHTTP1: false }, listener as never) as unknown as Server);
/** A server that answers with these bytes as they are, whatever it is sent, then does as it is told. @returns its port. */
export const raw = (serve: (socket: Socket) => void): Promise<number> =>
  listen(createTcpServer((socket) => socket.once("data", () => serve(socket))));

/** Something that a test, or a server of its, waits for. */
export class Gate {
  open: () => void = () => undefined;
  readonly opened: Promise<void> = new Promise((resolve) => {
    this.open = resolve;
  });
}

/** The contract that asks. */
export const contract = new Uint8Array(32).fill(7);

export interface Asked {
  readonly results: readonly HttpResult[];
  readonly denied: readonly string[];
}

/** Limits of queries whose time is not what a test is about: a busy machine may take long over what it does. */
export const unhurried = { timeoutMs: 300_000, passMs: 120_000 } as const;

/** A test that forgets to say what names stand for asks nobody. */
const noAddress: Resolve = async (name) => {
  throw Object.assign(new TypeError(`the test has no address of ${name}`), { code: "ENOTFOUND" });
};

/** A way out to loopback, unless told otherwise. */
export function wayOut(
  options: EgressOptions = {},
  more: Partial<Pick<EgressSetting, "resolve" | "now" | "owned">> = {},
) {
  const egress = new Egress({
    options: { openAddresses: ["127.0.0.0/8"], ...options },
    now: () => performance.now(),
    resolve: noAddress,
    ...more,
  });
  open.push(() => egress.close());
  const scope = (timeoutMs: number, bytes: number) => {
    const denied: string[] = [];
    const end = performance.now() + timeoutMs;
    let left = bytes;
    const made: Scope = {
      remaining: () => end - performance.now(),
      spend: (spent) => {
        left -= spent;
        return left < 0 ? "bytes of the query" : undefined;
      },
      denied: (error: PhatError) => denied.push(String(error.facts.rule)),
    };
    return { made, denied };
  };
  const full = (one: Partial<HttpRequest> & { url: string }): HttpRequest => ({
    method: "GET",
    headers: [],
    body: new Uint8Array(),
    ...one,
  });
  /** Performs what a query waits for. */
  const performed = (request: EgressRequest, made: Scope) => {
    let pending: Pending | undefined;
    const asker = { id: request.contract, hex: toHex(request.contract), scope: made };
    const answer = new Promise<readonly HttpResult[]>((resolve, reject) => {
      const fetched = (result: HttpResult): void => resolve([result]);
      pending = egress.perform(request, asker, { fetched, batched: resolve, lost: reject });
    });
    return { answer, pending: pending as Pending };
  };
  return {
    egress,
    scope,
    performed,
    /** Sends one request, and reads the answer as the contract would. */
    async ask(
      one: string | (Partial<HttpRequest> & { url: string }),
      timeoutMs = 60_000,
      bytes = 1 << 30,
    ): Promise<Asked> {
      const { made, denied } = scope(timeoutMs, bytes);
      const request = full(typeof one === "string" ? { url: one } : one);
      return { results: await performed({ type: "http", contract, request }, made).answer, denied };
    },
    /** Sends a batch. */
    async batch(list: readonly string[], batchMs: number, timeoutMs = 60_000): Promise<Asked> {
      const { made, denied } = scope(timeoutMs, 1 << 30);
      const requests = list.map((url) => full({ url }));
      const asked = { type: "httpBatch", contract, requests, timeoutMs: BigInt(batchMs) } as const;
      return { results: await performed(asked, made).answer, denied };
    },
  };
}

/** The body of an answer as text. */
export function bodyOf(result: HttpResult | undefined): string {
  return typeof result === "object" ? new TextDecoder().decode(result.body) : `error ${result}`;
}

/** Status, or the name of the error. */
export function statusOf(result: HttpResult | undefined): number | string | undefined {
  return typeof result === "object" ? result.status : result;
}
