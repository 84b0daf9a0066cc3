/**
 * HTTP: what a contract asks of the world outside. Only a query reaches it; in a transaction every request is answered
 * with status 523, the same on every worker.
 */
import { Pink, answered, askInto } from "./extension";
import { Json } from "./json";
import { read, write, writeCompact, readCompact } from "../scale";
import { begin, failed } from "../scratch";
import { Result, err, ok } from "../types/choice";

/** A header of a request or of an answer. */
export class Header {
  constructor(
    public name: string,
    public value: string,
  ) {}

  __write(): void {
    write<string>(this.name);
    write<string>(this.value);
  }

  __read(): void {
    this.name = read<string>();
    this.value = read<string>();
  }
}

/** A request. */
export class HttpRequest {
  headers: Header[] = [];
  body: Uint8Array = new Uint8Array(0);

  constructor(
    public method: string,
    public url: string,
  ) {}

  /** Adds a header; of several with one name the last counts. */
  header(name: string, value: string): this {
    this.headers.push(new Header(name, value));
    return this;
  }

  /** Sets the body. */
  bytes(body: Uint8Array): this {
    this.body = body;
    return this;
  }

  /** Sets the body to a text. */
  text(body: string): this {
    this.body = Uint8Array.wrap(String.UTF8.encode(body));
    return this;
  }

  /** Sends it. What cannot be sent at all, such as an address that is none, traps. */
  send(): HttpResponse {
    begin();
    write<HttpRequest>(this);
    const out = room();
    askInto(Pink.HttpRequest, out, answerBytes);
    return answered<HttpResponse>();
  }

  __write(): void {
    write<string>(this.url);
    write<string>(this.method);
    write<Header[]>(this.headers);
    write<Uint8Array>(this.body);
  }
}

/** An answer. */
export class HttpResponse {
  constructor(
    public status: u16,
    public reason: string,
    public headers: Header[],
    public body: Uint8Array,
  ) {}

  /** Whether the status is 200 to 299. */
  get ok(): bool {
    return this.status >= 200 && this.status < 300;
  }

  /** The first header with a name, in any case of letters, or null. */
  header(name: string): string | null {
    const wanted = name.toLowerCase();
    for (let i = 0; i < this.headers.length; ++i) {
      if (this.headers[i].name.toLowerCase() == wanted) return this.headers[i].value;
    }
    return null;
  }

  /** The body as a text. */
  text(): string {
    return String.UTF8.decodeUnsafe(this.body.dataStart, this.body.length);
  }

  /** The body as JSON; what is not JSON gives null. */
  json(): Json {
    return Json.parse(this.text());
  }

  __read(): void {
    this.status = read<u16>();
    this.reason = read<string>();
    this.headers = read<Header[]>();
    this.body = read<Uint8Array>();
  }
}

/** Why a request of a batch has no answer. */
export enum HttpError {
  InvalidUrl,
  InvalidMethod,
  InvalidHeaderName,
  InvalidHeaderValue,
  FailedToCreateClient,
  Timeout,
  NotAllowed,
  TooManyRequests,
  NetworkError,
  ResponseTooLarge,
  TooManyHeaders,
}

/** Requests by their method. */
export namespace http {
  /** Makes room for answers of so many bytes, headers and all, from the next request on; 64 KiB unless called. */
  export function expect(bytes: u32): void {
    if (<usize>bytes > answerBytes) answerRoom = 0;
    answerBytes = bytes;
  }

  /** Asks for what is at an address. */
  export function get(url: string): HttpResponse {
    return new HttpRequest("GET", url).send();
  }

  /** Sends a text to an address. */
  export function post(url: string, body: string, type: string = "application/json"): HttpResponse {
    return new HttpRequest("POST", url).header("Content-Type", type).text(body).send();
  }

  /** A request with any method, to be filled in and sent. */
  export function request(method: string, url: string): HttpRequest {
    return new HttpRequest(method, url);
  }

  /** Sends at most five requests at once. Each has an answer or an error of its own, unless all of them failed. */
  export function batch(requests: HttpRequest[], timeoutMs: u64): Result<Result<HttpResponse, u8>[], u8> {
    begin();
    writeCompact(requests.length);
    for (let i = 0; i < requests.length; ++i) write<HttpRequest>(requests[i]);
    write<u64>(timeoutMs);
    const out = room();
    const status = askInto(Pink.BatchHttpRequest, out, answerBytes);
    if (status != 0) return err<Result<HttpResponse, u8>[], u8>(<u8>(status - 1));
    const answers: Result<HttpResponse, u8>[] = [];
    for (let n = readCompact(); n > 0; --n) answers.push(read<Result<HttpResponse, u8>>());
    if (failed()) unreachable();
    return ok<Result<HttpResponse, u8>[], u8>(answers);
  }
}

/**
 * The most bytes that an answer may have, headers and all. So much fits into the memory that every contract has from the
 * start: one that grows its memory is made anew for each call, which takes longer than most calls do.
 */
// @ts-ignore: decorator
@lazy let answerBytes: usize = 64 * 1024;
// @ts-ignore: decorator
@lazy let answerRoom: usize = 0;

/** One place for all answers: what is read from it is copied out. */
function room(): usize {
  if (answerRoom == 0) answerRoom = heap.alloc(answerBytes);
  return answerRoom;
}
