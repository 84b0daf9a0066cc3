import { describe, expect, test } from "vitest";
import { Entries } from "../../src/enclave/entries.ts";
import { openFiles } from "../../src/platform/files.ts";
import { openPlatform } from "../../src/platform/simulated.ts";
import { writeRelayedBlock } from "../../src/wire/block.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import { checkSettings } from "../../src/wire/egress.ts";
import { Entry, readEnclaveResult, writeEnclaveOptions, writeStartOffer } from "../../src/wire/entry.ts";
import { type QueryAnswer, readAnswer, writeQuery } from "../../src/wire/query.ts";
import { decode, encode, type Writer } from "../../src/wire/scale.ts";
import { alice, cluster, genesisBytes, Recorded, treasury } from "../runtime/network.ts";
import { answeredAs, eventInput, extensionInput, probe, text, value } from "./probe.ts";

const network = new Recorded();
const prices = { gasPrice: 0n, depositPerItem: 0n, depositPerByte: 0n, profile: "deterministic" };
network.event({ kind: "deploy", cluster, owner: alice, treasury, ...prices, systemCode: probe });
network.event({ kind: "deposit", cluster, to: alice, amount: 10n ** 9n });
const user = network.deploy(probe, undefined, { salt: text("user") });
const system = network.runtime.systemContract as ContractId;
network.call(system, eventInput({ kind: "SetContractWeight", contract: user, weight: 1 }));

const settings = checkSettings({ egress: { openAddresses: ["127.0.0.1"] } });

/** The entries of an enclave that has executed what the network has. */
function enclave(): Entries {
  const entries = new Entries(
    {
      openPlatform: (folder, configuration) => openPlatform(folder, new Uint8Array(1), configuration),
      openFiles,
    },
    { sliceMs: Number.POSITIVE_INFINITY },
  );
  entries.call(Entry.open, encode({ platformFolder: undefined, genesis: genesisBytes, settings }, writeEnclaveOptions));
  entries.call(Entry.start, encode({ head: 0, acceptRollback: false }, writeStartOffer));
  for (const block of network.blocks) entries.call(Entry.dispatch, encode(block, writeRelayedBlock));
  return entries;
}

async function ask(
  entries: Entries,
  payload: Uint8Array,
): Promise<{ answer: QueryAnswer; logs: readonly { text: string }[] }> {
  const request = {
    origin: alice,
    contract: user,
    deposit: 0n,
    transfer: 0n,
    gasLimit: undefined,
    body: { kind: "message", payload, estimating: false } as const,
  };
  const { result, logs } = decode(
    await entries.call(Entry.query, encode(request, writeQuery)),
    "result",
    readEnclaveResult,
  );
  return { answer: decode(result, "answer", readAnswer), logs };
}

const request = (w: Writer): unknown => w.str("http://127.0.0.1:1/").str("GET").compact(0).compact(0);

describe("queries through the entries of the enclave", () => {
  test("a request to the internet is answered as one that reached nobody", async () => {
    const entries = enclave();
    const single = answeredAs((await ask(entries, extensionInput(1, request))).answer);
    expect(value(single, (r) => [r.u16(), r.str(), r.compact(), Buffer.from(r.bytes()).toString()])).toEqual([
      523,
      "Unreachable",
      0,
      "ECONNREFUSED",
    ]);
    const batch = extensionInput(22, (w) => {
      w.compact(2);
      request(w);
      request(w);
      w.u64(100n);
    });
    const both = answeredAs((await ask(entries, batch)).answer);
    expect(value(both, (r) => r.vec((o) => [o.u8(), o.u16(), o.str(), o.compact(), o.bytes().length]))).toEqual([
      [0, 523, "Unreachable", 0, 12],
      [0, 523, "Unreachable", 0, 12],
    ]);
  });

  test("the cache lasts from one query to the next, with the enclave's own clock", async () => {
    const entries = enclave();
    const set = extensionInput(6, (w) => w.bytes(text("k")).bytes(text("v")));
    const get = extensionInput(8, (w) => w.bytes(text("k")));
    expect(answeredAs((await ask(entries, set)).answer)).toMatchObject({ ok: true, status: 0 });
    expect(value(answeredAs((await ask(entries, get)).answer), (r) => r.option((o) => o.bytes()))).toEqual(text("v"));
  });

  test("what a query logs comes back with it, once", async () => {
    const entries = enclave();
    const { logs } = await ask(
      entries,
      extensionInput(10, (w) => w.u8(3).str("hello")),
    );
    expect(logs.map((line) => line.text)).toEqual(["hello"]);
  });

  test("randomness and time are real and differ", async () => {
    const entries = enclave();
    const input = extensionInput(11, (w) => w.u8(32));
    const random = async (): Promise<Uint8Array> =>
      value(answeredAs((await ask(entries, input)).answer), (r) => r.bytes());
    expect(await random()).not.toEqual(await random());
    const millis = value(answeredAs((await ask(entries, extensionInput(18))).answer), (r) => r.u64());
    expect(millis > 1_700_000_000_000n).toBe(true);
  });
});
