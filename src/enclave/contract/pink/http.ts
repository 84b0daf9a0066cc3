/**
 * HTTP as contracts see it: the shapes of requests and answers, and the two functions that ask.
 *
 * Nothing is sent from here. In a query the run is suspended with the request, and is run again once the answer is
 * there; in a transaction there is a fixed answer, the same on every replica.
 * @see phala-runtime.md, section 1.3
 * @module
 */

import { encode, type Reader, type Writer } from "../../../wire/scale.ts";
import type { Call, ExtensionAnswer } from "../call.ts";
import { otherFault } from "./faults.ts";
import { querySession } from "./session.ts";

/** What a contract sends. */
export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** What comes back. */
export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** The errors of a request; the index of each is its place here, its status code one more. */
export const httpErrors = [
  "InvalidUrl",
  "InvalidMethod",
  "InvalidHeaderName",
  "InvalidHeaderValue",
  "FailedToCreateClient",
  "Timeout",
  "NotAllowed",
  "TooManyRequests",
  "NetworkError",
  "ResponseTooLarge",
  "TooManyHeaders",
] as const;
/** The name of an error of a request. */
export type HttpErrorName = (typeof httpErrors)[number];

/** Errors that trap a contract that sent one request; the others come to it as an answer with status 524. */
const trapping: ReadonlySet<HttpErrorName> = new Set<HttpErrorName>([
  "InvalidUrl",
  "InvalidMethod",
  "InvalidHeaderName",
  "InvalidHeaderValue",
  "FailedToCreateClient",
  "Timeout",
]);

/** An answer or the name of the error that stands in its place. */
export type HttpResult = HttpResponse | HttpErrorName;

/** What a suspended query waits for. Its answer is supplied by `encodeHttpResult` or `encodeBatchResult`. */
export type EgressRequest =
  | { readonly type: "http"; readonly contract: Uint8Array; readonly request: HttpRequest }
  | {
      readonly type: "httpBatch";
      readonly contract: Uint8Array;
      readonly requests: readonly HttpRequest[];
      readonly timeoutMs: bigint;
    };

/** The most requests of one batch. */
const maxBatch = 5;

export function readHttpRequest(r: Reader): HttpRequest {
  return {
    url: r.str(),
    method: r.str(),
    headers: r.vec((h) => [h.str(), h.str()] as const, 2),
    body: r.bytes(),
  };
}

function writeHttpResponse(w: Writer, response: HttpResponse): void {
  w.u16(response.status).str(response.reason);
  w.vec(response.headers, (h, [name, value]) => h.str(name).str(value)).bytes(response.body);
}

function writeHttpResult(w: Writer, result: HttpResult): void {
  if (typeof result === "string") w.u8(1).u8(httpErrors.indexOf(result));
  else writeHttpResponse(w.u8(0), result);
}

/** What `QuerySession.supply` takes for a single request: SCALE `Result<HttpResponse, HttpRequestError>`. */
export function encodeHttpResult(result: HttpResult): Uint8Array {
  return encode(result, writeHttpResult);
}

/** What `QuerySession.supply` takes for a batch: SCALE `Result<Vec<Result<…>>, HttpRequestError>`. */
export function encodeBatchResult(result: readonly HttpResult[] | HttpErrorName): Uint8Array {
  return encode(result, (w, value) => {
    if (typeof value === "string") w.u8(1).u8(httpErrors.indexOf(value));
    else w.u8(0).vec(value, writeHttpResult);
  });
}

const text = new TextEncoder();

function synthetic(status: number, reason: string, body: string): Uint8Array {
  return encode({ status, reason, headers: [], body: text.encode(body) }, writeHttpResponse);
}

/**
 * `http_request`: sends one request.
 * @returns SCALE `HttpResponse`.
 * @throws {DispatchFault} `Other` when the request is none that can be sent, or it took too long.
 */
export function httpRequest(call: Call, request: HttpRequest, input: Uint8Array): Uint8Array {
  const session = querySession(call);
  if (session === undefined) {
    return synthetic(523, "API Unavailable", "HTTP request is not supported in transaction");
  }
  const answer = session.external(call.contract, 1, input);
  if (answer === undefined) {
    const wanted: EgressRequest = { type: "http", contract: call.contract, request };
    return call.suspend(wanted);
  }
  if (answer[0] === 0) return answer.subarray(1);
  const error = httpErrors[answer[1] ?? -1] ?? "NetworkError";
  if (trapping.has(error)) throw otherFault(`HTTP request: ${error}`);
  return synthetic(524, "IO Error", error);
}

const failed = (error: HttpErrorName): ExtensionAnswer => ({
  status: httpErrors.indexOf(error) + 1,
  output: new Uint8Array(),
});

/**
 * `batch_http_request`: sends up to five requests at once.
 * @returns Status 0 and SCALE `Vec<Result<HttpResponse, HttpRequestError>>`, or the status of the error and nothing.
 */
export function batchHttpRequest(
  call: Call,
  requests: readonly HttpRequest[],
  timeoutMs: bigint,
  input: Uint8Array,
): ExtensionAnswer {
  const session = querySession(call);
  if (session === undefined) return failed("NotAllowed");
  if (requests.length > maxBatch) return failed("TooManyRequests");
  const answer = session.external(call.contract, 22, input);
  if (answer === undefined) {
    const wanted: EgressRequest = { type: "httpBatch", contract: call.contract, requests, timeoutMs };
    return call.suspend(wanted);
  }
  if (answer[0] === 0) return { status: 0, output: answer.subarray(1) };
  return failed(httpErrors[answer[1] ?? -1] ?? "NetworkError");
}
