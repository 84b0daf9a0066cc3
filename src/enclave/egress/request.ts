/**
 * What a contract wants to send, checked and made ready; and what a redirect makes of it.
 * @see phala-runtime.md, section 1.3
 * @module
 */

import { hostOf } from "../../wire/egress-rules.ts";
import type { HttpErrorName, HttpRequest } from "../contract/pink/http.ts";
import { type Address, parseAddress } from "./addresses.ts";

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
/** What goes out with a request that names no headers. */
const usualHeaders: ReadonlyMap<string, string> = new Map([["accept", "*/*"]]);

/** Where a request goes: a URL, taken apart. */
export interface Place {
  readonly href: string;
  /** With a colon. */
  readonly protocol: string;
  readonly origin: string;
  /** With its port, unless that is the scheme's. */
  readonly host: string;
  /** In small letters, without brackets and without a dot at its end. */
  readonly hostname: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
  /** Whether it carries a name or a password. */
  readonly credentials: boolean;
  /** Of a host that is no name. */
  readonly address: Address | undefined;
}

/** A request as it goes out. */
export interface Outgoing {
  readonly place: Place;
  readonly method: string;
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  /** The `host` header that the contract asked for; undefined when it did not. */
  readonly host: string | undefined;
  readonly body: Uint8Array;
}

/** URLs are asked for again and again: those that are not long are kept taken apart, up to a bound. */
const places = new Map<string, Place>();
const placesKept = 1024;
const longestKept = 512;

function placeOf(text: string, base?: string): Place | undefined {
  const known = base === undefined ? places.get(text) : undefined;
  if (known !== undefined) return known;
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    return undefined;
  }
  const { href, protocol, origin, host, pathname, search, username, password } = url;
  const hostname = hostOf(url.hostname);
  const port = url.port === "" ? (protocol === "https:" ? 443 : 80) : Number(url.port);
  const credentials = username !== "" || password !== "";
  const address = parseAddress(hostname);
  const place = { href, protocol, origin, host, hostname, port, path: pathname + search, credentials, address };
  if (base === undefined && text.length <= longestKept) {
    if (places.size >= placesKept) places.clear();
    places.set(text, place);
  }
  return place;
}

/** Checks a request. @returns it, or the error that stands in the place of its answer. */
export function prepare(request: HttpRequest): Outgoing | HttpErrorName {
  const place = request.url.length > maxUrl ? undefined : placeOf(request.url);
  if (place === undefined) return "InvalidUrl";
  const { method, body } = request;
  if (!token.test(method)) return "InvalidMethod";
  if (request.headers.length === 0) return { place, method, headers: usualHeaders, host: undefined, body };
  if (request.headers.length > maxHeaders) return "TooManyHeaders";
  const headers = new Map(usualHeaders);
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
  return { place, method, headers, host, body };
}

/** Bytes of a request that count: address, headers and body. */
export function bytesOf({ place, headers, body }: Outgoing): number {
  let bytes = place.href.length + body.length;
  for (const [name, text] of headers) bytes += name.length + text.length;
  return bytes;
}

const nothing = new Uint8Array();

/**
 * The request that a redirect leads to, by what clients do: 303, and 301 and 302 of anything but GET and HEAD, become
 * GET without a body; what is confidential stays at its origin.
 * @returns undefined when the answer is no redirect, or its location cannot be read: then it is the answer itself.
 */
export function redirected(
  request: Outgoing,
  status: number,
  answered: readonly (readonly [name: string, value: string])[],
): Outgoing | undefined {
  if (status < 301 || status > 308 || (status > 303 && status < 307)) return undefined;
  const location = answered.find(([name]) => name === "location")?.[1];
  const place = location === undefined ? undefined : placeOf(location, request.place.href);
  if (place === undefined) return undefined;
  const headers = new Map(request.headers);
  if (place.origin !== request.place.origin) for (const name of confidential) headers.delete(name);
  const plain = request.method === "GET" || request.method === "HEAD";
  if (status >= 307 || plain) return { ...request, place, headers, host: undefined };
  for (const name of [...headers.keys()]) if (name.startsWith("content-")) headers.delete(name);
  return { place, headers, host: undefined, method: "GET", body: nothing };
}
