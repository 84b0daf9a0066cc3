import { describe, expect, test } from "vitest";
import { LocalCache } from "../../src/enclave/contract/pink/cache.ts";
import {
  type EgressRequest,
  encodeBatchResult,
  encodeHttpResult,
  type HttpResponse,
  type HttpResult,
  httpErrors,
} from "../../src/enclave/contract/pink/http.ts";
import { QuerySession, sessionLimits } from "../../src/enclave/contract/pink/session.ts";
import type { QueryPass } from "../../src/enclave/runtime/query.ts";
import { EngineError } from "../../src/errors.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import type { Reader, Writer } from "../../src/wire/scale.ts";
import { alice, Network } from "../runtime/network.ts";
import { answeredAs, type Ended, extensionInput, probe, text, value } from "./probe.ts";

const network = Network.start();
const contract = network.deploy(probe);

let randomness = 0;
/** One pass; the environment differs each time, as the world does. */
function pass(session: QuerySession, payload: Uint8Array, of: ContractId = contract): QueryPass {
  const body = { kind: "message", payload, estimating: false } as const;
  return network.runtime.query(
    { origin: alice, contract: of, deposit: 0n, transfer: 0n, gasLimit: undefined, body },
    {
      nowMs: BigInt(++randomness),
      random: (length) => new Uint8Array(length).fill(++randomness),
      pink: session,
    },
  );
}

function suspended(of: QueryPass): EgressRequest {
  expect(of.type).toBe("suspended");
  return (of as { request: EgressRequest }).request;
}

function answered(of: QueryPass): Ended {
  expect(of.type).toBe("answered");
  return answeredAs((of as Extract<QueryPass, { type: "answered" }>).answer);
}

const request = (w: Writer): unknown =>
  w
    .str("https://example.test/")
    .str("POST")
    .vec([["a", "b"]] as const, (h, [name, of]) => h.str(name).str(of))
    .bytes(text("body"));
const asked = { url: "https://example.test/", method: "POST", headers: [["a", "b"]], body: text("body") };
const single = extensionInput(1, request);
const batch = (count: number): Uint8Array =>
  extensionInput(22, (w) => {
    w.compact(count);
    for (let i = 0; i < count; i++) request(w);
    w.u64(500n);
  });

const readResponse = (r: Reader): HttpResponse => ({
  status: r.u16(),
  reason: r.str(),
  headers: r.vec((h) => [h.str(), h.str()] as const),
  body: r.bytes(),
});
const fine: HttpResponse = { status: 200, reason: "OK", headers: [["x", "y"]], body: text("answer") };

describe("HTTP in a query", () => {
  test("suspends with the request, and gives the answer when it is run again", () => {
    for (const response of [fine, { ...fine, status: 404, reason: "Not Found" }]) {
      const session = new QuerySession();
      expect(suspended(pass(session, single))).toEqual({ type: "http", contract, request: asked });
      session.supply(encodeHttpResult(response));
      expect(value(answered(pass(session, single)), readResponse)).toEqual(response);
    }
  });

  test("a request that cannot be sent ends the call; trouble on the way is an answer", () => {
    const ends = httpErrors.map((error) => {
      const session = new QuerySession();
      suspended(pass(session, single));
      session.supply(encodeHttpResult(error));
      const ended = answered(pass(session, single));
      if (!ended.ok) return `${error}: ${ended.error}`;
      const { status, reason, body } = value(ended, readResponse);
      return `${error}: ${status} ${reason} ${Buffer.from(body)}`;
    });
    expect(ends).toEqual([
      ...["InvalidUrl", "InvalidMethod", "InvalidHeaderName", "InvalidHeaderValue"].map((error) => `${error}: Other`),
      ...["FailedToCreateClient", "Timeout"].map((error) => `${error}: Other`),
      ...["NotAllowed", "TooManyRequests", "NetworkError", "ResponseTooLarge", "TooManyHeaders"].map(
        (error) => `${error}: 524 IO Error ${error}`,
      ),
    ]);
  });

  test("a batch gives each request its own answer or error, or fails as a whole by its status", () => {
    const session = new QuerySession();
    const wanted = suspended(pass(session, batch(3)));
    expect(wanted).toEqual({ type: "httpBatch", contract, requests: [asked, asked, asked], timeoutMs: 500n });
    session.supply(encodeBatchResult([fine, "Timeout", { ...fine, status: 523 }]));
    const results = value(answered(pass(session, batch(3))), (r) =>
      r.vec((o): HttpResult | undefined => (o.u8() === 0 ? readResponse(o) : httpErrors[o.u8()])),
    );
    expect(results).toEqual([fine, "Timeout", { ...fine, status: 523 }]);

    const failing = new QuerySession();
    suspended(pass(failing, batch(1)));
    failing.supply(encodeBatchResult("Timeout"));
    expect(answered(pass(failing, batch(1)))).toEqual({ ok: true, status: 6, output: new Uint8Array() });
  });

  test("more than five requests in a batch are refused without being sent", () => {
    expect(answered(pass(new QuerySession(), batch(6)))).toEqual({ ok: true, status: 8, output: new Uint8Array() });
    expect(suspended(pass(new QuerySession(), batch(5))).type).toBe("httpBatch");
  });
});

describe("a query that is run again", () => {
  test("is told what it was told before, whatever has changed meanwhile", () => {
    const session = new QuerySession();
    const random = extensionInput(11, (w) => w.u8(8));
    const first = answered(pass(session, random));
    expect(answered(pass(session, random))).toEqual(first);
    expect(answered(pass(new QuerySession(), random))).not.toEqual(first);
    const clock = new QuerySession();
    expect(answered(pass(clock, extensionInput(18)))).toEqual(answered(pass(clock, extensionInput(18))));
  });

  test("does not change the cache or write to the log a second time", () => {
    const cache = new LocalCache(() => 0);
    cache.applyWeights([{ contract, weight: 1 }]);
    const session = new QuerySession(cache);
    const set = extensionInput(6, (w) => w.bytes(text("k")).bytes(text("v")));
    answered(pass(session, set));
    cache.remove(contract, text("k"));
    expect(answered(pass(session, set))).toMatchObject({ ok: true, status: 0 });
    expect(cache.get(contract, text("k"))).toBeUndefined();

    network.logs.length = 0;
    const logging = new QuerySession();
    for (let i = 0; i < 3; i++)
      answered(
        pass(
          logging,
          extensionInput(10, (w) => w.u8(3).str("once")),
        ),
      );
    expect(network.logs.map((line) => line.text)).toEqual(["once"]);
  });

  test("that asks something else is the engine's fault, not the contract's", () => {
    const session = new QuerySession();
    answered(
      pass(
        session,
        extensionInput(11, (w) => w.u8(8)),
      ),
    );
    const other = extensionInput(11, (w) => w.u8(9));
    expect(() => pass(session, other)).toThrow(EngineError);
    const fromAnother = network.deploy(probe, undefined, { salt: text("another") });
    const same = new QuerySession();
    answered(pass(same, extensionInput(18)));
    expect(() => pass(same, extensionInput(18), fromAnother)).toThrow(/another path/);
  });

  test("takes an answer only when it waits for one, and only once", () => {
    const session = new QuerySession();
    expect(() => session.supply(encodeHttpResult(fine))).toThrow(EngineError);
    suspended(pass(session, single));
    session.supply(encodeHttpResult(fine));
    expect(() => session.supply(encodeHttpResult(fine))).toThrow(EngineError);
  });

  test("cannot gather without bound", () => {
    const session = new QuerySession();
    const half = new Uint8Array(sessionLimits.bytes / 2);
    session.answer(contract, 8, Uint8Array.of(1), () => half);
    expect(() => session.answer(contract, 8, Uint8Array.of(2), () => half)).toThrow(EngineError);
  });
});
