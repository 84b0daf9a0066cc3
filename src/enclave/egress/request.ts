/**
 * What a contract wants to send, checked and made ready; and what a redirect makes of it.
 * @see phala-runtime.md, section 1.3
 * @module
 */

import type { HttpErrorName, HttpRequest } from "../contract/pink/http.ts";

/** The most headers of a request, and of an answer. */
export const maxHeaders = 256;
/** The most characters of a URL, and of all headers of a request. */
const maxUrl = 64 * 1024;
const maxHeaderText = 64 * 1024;

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
const value = /^[\t\x20-\x7e]*$/;

/** Headers of the connection, not of the request: the client sets its own. */
const ofTheConnection: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** Headers that are not taken along to another origin. */
const confidential = ["authorization", "cookie", "cookie2", "proxy-authorization", "www-authenticate"] as const;

/** A request as it goes out. */
export interface Outgoing {
  readonly url: URL;
  readonly method: string;
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  /** The `host` header that the contract asked for; undefined when it did not. */
  readonly host: string | undefined;
  readonly body: Uint8Array;
}

/** Checks a request. @returns it, or the error that stands in the place of its answer. */
export function prepare(request: HttpRequest): Outgoing | HttpErrorName {
  if (request.url.length > maxUrl || !URL.canParse(request.url)) return "InvalidUrl";
  if (!token.test(request.method)) return "InvalidMethod";
  if (request.headers.length > maxHeaders) return "TooManyHeaders";
  const headers = new Map<string, string>([["accept", "*/*"]]);
  let length = 0;
  let host: string | undefined;
  for (const [name, text] of request.headers) {
    if (!token.test(name)) return "InvalidHeaderName";
    if (!value.test(text)) return "InvalidHeaderValue";
    length += name.length + text.length;
    if (length > maxHeaderText) return "TooManyHeaders";
    const key = name.toLowerCase();
    if (key === "host") host = text.trim().toLowerCase();
    if (!ofTheConnection.has(key)) headers.set(key, text);
  }
  return { url: new URL(request.url), method: request.method, headers, host, body: request.body };
}

/** Bytes of a request that count: address, headers and body. */
export function bytesOf({ url, headers, body }: Outgoing): number {
  let bytes = url.href.length + body.length;
  for (const [name, text] of headers) bytes += name.length + text.length;
  return bytes;
}

const nothing = new Uint8Array();

/**
 * The request that a redirect leads to, by what clients do: 303, and 301 and 302 of anything but GET and HEAD, become
 * GET without a body; what is confidential stays at its origin.
 * @returns undefined when the answer is no redirect, or its location cannot be read: then it is the answer itself.
 */
export function redirected(request: Outgoing, status: number, location: string | undefined): Outgoing | undefined {
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  if (!URL.canParse(location, request.url.href)) return undefined;
  const url = new URL(location, request.url);
  const headers = new Map(request.headers);
  if (url.origin !== request.url.origin) for (const name of confidential) headers.delete(name);
  const plain = request.method === "GET" || request.method === "HEAD";
  if (status >= 307 || plain) return { ...request, url, headers, host: undefined };
  for (const name of [...headers.keys()]) if (name.startsWith("content-")) headers.delete(name);
  return { url, headers, host: undefined, method: "GET", body: nothing };
}
