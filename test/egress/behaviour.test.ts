/**
 * What upstream's suite says of requests (behaviour 29), and the rules of running a query again, with a contract that
 * does one thing for each call.
 * @see phala-runtime.md, sections 1.3 and 9.2
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Entries } from "../../src/enclave/entries.ts";
import { openFiles } from "../../src/platform/files.ts";
import { openPlatform } from "../../src/platform/simulated.ts";
import { writeRelayedBlock } from "../../src/wire/block.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import { checkSettings, readMetrics } from "../../src/wire/egress.ts";
import { Entry, readEnclaveResult, writeEnclaveOptions, writeStartOffer } from "../../src/wire/entry.ts";
import { readAnswer, writeQuery } from "../../src/wire/query.ts";
import { decode, encode, type Reader, type Writer } from "../../src/wire/scale.ts";
import {
  answeredAs,
  callInput,
  type Ended,
  eventInput,
  ext,
  extensionInput,
  probe,
  text,
  value,
} from "../pink/probe.ts";
import { alice, cluster, genesisBytes, Recorded, treasury } from "../runtime/network.ts";
import { closeAll, http } from "./servers.ts";

const network = new Recorded();
const prices = { gasPrice: 0n, depositPerItem: 0n, depositPerByte: 0n, profile: "deterministic" };
network.event({ kind: "deploy", cluster, owner: alice, treasury, ...prices, systemCode: probe });
network.event({ kind: "deposit", cluster, to: alice, amount: 10n ** 9n });
const user = network.deploy(probe, undefined, { salt: text("user") });
network.call(
  network.runtime.systemContract as ContractId,
  eventInput({ kind: "SetContractWeight", contract: user, weight: 1 }),
);

const entries = new Entries(
  {
    openPlatform: (folder, configuration) => openPlatform(folder, new Uint8Array(1), configuration),
    openFiles,
  },
  { sliceMs: Number.POSITIVE_INFINITY },
);
const settings = checkSettings({ egress: { openAddresses: ["127.0.0.1"] } });
entries.call(Entry.open, encode({ platformFolder: undefined, genesis: genesisBytes, settings }, writeEnclaveOptions));
entries.call(Entry.start, encode({ head: 0, acceptRollback: false }, writeStartOffer));
for (const block of network.blocks) entries.call(Entry.dispatch, encode(block, writeRelayedBlock));

async function ask(payload: Uint8Array): Promise<{ ended: Ended; logs: readonly string[] }> {
  const body = { kind: "message", payload, estimating: false } as const;
  const request = { origin: alice, contract: user, deposit: 0n, transfer: 0n, gasLimit: undefined, body };
  const bytes = await entries.call(Entry.query, encode(request, writeQuery));
  const { result, logs } = decode(bytes, "result", readEnclaveResult);
  return { ended: answeredAs(decode(result, "answer", readAnswer)), logs: logs.map((line) => line.text) };
}

const metrics = async () => decode(await entries.call(Entry.metrics, new Uint8Array()), "metrics", readMetrics).total;

let asked = 0;
let port = 0;
beforeAll(async () => {
  port = await http((request, response) => {
    asked++;
    response.writeHead(Number(request.url?.slice(1))).end("body");
  });
});
afterAll(closeAll);

const at = (path: string): string => `http://127.0.0.1:${port}/${path}`;
const get = (w: Writer, url: string): unknown => w.str(url).str("GET").compact(0).compact(0);
const single = (url: string): Uint8Array => extensionInput(1, (w) => get(w, url));
const batch = (urls: readonly string[], timeout = 5000n): Uint8Array =>
  extensionInput(22, (w) => {
    w.vec(urls, get);
    w.u64(timeout);
  });
const response = (r: Reader): { status: number; reason: string; body: string } => {
  const status = r.u16();
  const reason = r.str();
  r.vec((h) => [h.str(), h.str()]);
  return { status, reason, body: Buffer.from(r.bytes()).toString() };
};
const results = (r: Reader) => r.vec((o) => (o.u8() === 0 ? response(o).status : o.u8() + 1));

describe("29: requests of contracts", () => {
  test("in a query, 200 and 404 pass through", async () => {
    for (const status of [200, 404]) {
      expect(value((await ask(single(at(String(status))))).ended, response)).toMatchObject({ status, body: "body" });
    }
  });

  test("in a query, an unsupported scheme is 523; what is not allowed is 524 with the error's name", async () => {
    expect(value((await ask(single("sip://127.0.0.1/"))).ended, response)).toMatchObject({
      status: 523,
      reason: "Unreachable",
    });
    expect(value((await ask(single("http://10.0.0.1/"))).ended, response)).toEqual({
      status: 524,
      reason: "IO Error",
      body: "NotAllowed",
    });
  });

  test("in a query, what cannot be sent at all traps", async () => {
    expect((await ask(single("no url"))).ended).toMatchObject({ ok: false });
  });

  test("in a transaction and an estimate, the status is 523", () => {
    for (const mode of ["tx", "estimate"] as const) {
      const ended = ext(network, user, mode, 1, (w) => get(w, at("200")));
      expect(value(ended, response)).toMatchObject({ status: 523, reason: "API Unavailable" });
    }
  });

  test("a batch of one gives one status; in a transaction NotAllowed even if its URL would fail", async () => {
    expect(value((await ask(batch([at("200")]))).ended, results)).toEqual([200]);
    const ended = ext(network, user, "tx", 22, (w) => w.vec(["no url"], get).u64(5000n));
    expect(ended).toMatchObject({ ok: true, status: 7 });
  });

  test("a batch of more than five is TooManyRequests; of five, each has its own answer", async () => {
    expect((await ask(batch(Array(6).fill(at("200"))))).ended).toMatchObject({ ok: true, status: 8 });
    const five = [at("200"), "no url", "sip://x/", "http://10.0.0.1/", at("404")];
    expect(value((await ask(batch(five))).ended, results)).toEqual([200, 1, 523, 7, 404]);
    expect(value((await ask(batch([at("200")], 0n))).ended, results)).toEqual([6]);
    expect(value((await ask(batch([at("200")], 2n ** 64n - 1n))).ended, results)).toEqual([200]);
  });
});

describe("a query that is run again", () => {
  test("from inside a nested call unwinds all frames and comes to the same place", async () => {
    asked = 0;
    const before = (await metrics()).replays;
    const nested = (await ask(callInput(user, single(at("200"))))).ended;
    expect(nested).toMatchObject({ ok: true });
    expect(nested.ok && Buffer.from(nested.output).includes("body")).toBe(true);
    expect(asked).toBe(1);
    expect((await metrics()).replays - before).toBe(1);
  });

  test("has asked, whatever became of the frame that did", async () => {
    asked = 0;
    const reverting = extensionInput(1, (w) => get(w, at("200")), 5);
    expect((await ask(callInput(user, reverting))).ended).toMatchObject({ ok: true });
    expect(asked).toBe(1);
  });

  test("traps when the answer does not fit the contract's buffer, and asks once", async () => {
    asked = 0;
    expect((await ask(extensionInput(1, (w) => get(w, at("200")), 6))).ended).toMatchObject({ ok: false });
    expect(asked).toBe(1);
  });
});
