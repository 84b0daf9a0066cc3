/**
 * Handover between two enclaves through a host that wants the secrets: whatever it carries, shows or hides, they go to
 * an enclave that the chain allows after the one that has them, or nowhere.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAead } from "../../src/crypto/aead.ts";
import { hkdf } from "../../src/crypto/kdf.ts";
import { quotedData } from "../../src/crypto/quote.ts";
import { x25519Pair } from "../../src/crypto/x25519.ts";
import { Entries } from "../../src/enclave/entries.ts";
import { keysFromRoot } from "../../src/enclave/keys/from-root.ts";
import { openSecrets } from "../../src/enclave/keys/secrets.ts";
import { Chain } from "../../src/host/chain/chain.ts";
import { memoryStore } from "../../src/host/store/memory.ts";
import { openFiles } from "../../src/platform/files.ts";
import { openPlatform } from "../../src/platform/simulated.ts";
import { readAttestation } from "../../src/wire/attestation.ts";
import {
  type EnclaveFacts,
  type EnclaveOptions,
  type EnclavePlace,
  Entry,
  readEnclaveFacts,
  readEnclavePlace,
  writeEnclaveOptions,
  writeStartOffer,
} from "../../src/wire/entry.ts";
import {
  answerBytes,
  answerPurpose,
  type HandoverAnswer,
  type HandoverRequest,
  readHandoverAnswer,
  readHandoverChallenge,
  readHandoverRequest,
  requestBytes,
  requestPurpose,
  writeHandoverAnswer,
  writeHandoverChallenge,
  writeHandoverRequest,
} from "../../src/wire/handover.ts";
import type { RegistryCall } from "../../src/wire/registry.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import { extrinsicOf, governor } from "./support.ts";

const nothing = new Uint8Array(0);
const plain = encode(undefined, (w) => w.u16(1).bool(false).u8(0));
const code = (expected: string) => expect.objectContaining({ code: expected });
const refused = (reason: RegExp) =>
  expect.objectContaining({ code: "HandoverRefused", message: expect.stringMatching(reason) });

let dir: string;
let chain: Chain;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-handover-"));
  chain = await Chain.open(memoryStore(), {}, 1_000_000);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** The clock that says when blocks give way: while it stands nothing has to wait. */
let time = 0;

/** An enclave of some code on some platform: the same entries as in an isolate, called directly. */
class Subject {
  readonly #entries: Entries;
  readonly options: EnclaveOptions;

  constructor(name: string, options: Partial<EnclaveOptions> = {}) {
    const openOwn = (folder: string | undefined, configuration: Uint8Array) =>
      openPlatform(folder, bytesOf(name), configuration);
    this.#entries = new Entries({ openPlatform: openOwn, openFiles }, { sliceMs: 1, now: () => time });
    this.options = { platformFolder: join(dir, "platform"), genesis: chain.genesisBytes, ...options };
  }

  call(entry: number, body: Uint8Array = nothing): Uint8Array {
    return this.#entries.call(entry, body) as Uint8Array;
  }

  async later(entry: number, body: Uint8Array = nothing): Promise<Uint8Array> {
    return await this.#entries.call(entry, body);
  }

  /** Opens it with secrets, its own or those it is given. */
  open(secrets?: Uint8Array): EnclaveFacts {
    const body = encode({ ...this.options, secrets }, writeEnclaveOptions);
    return decode(this.call(Entry.open, body), "facts", readEnclaveFacts);
  }

  start(acceptRollback = false): this {
    this.call(Entry.start, encode({ head: chain.head.number, acceptRollback }, writeStartOffer));
    return this;
  }

  /** Executes the chain, or the beginning of it. */
  execute(from = 1, to = chain.head.number): this {
    for (let n = from; n <= to; n++) this.call(Entry.dispatch, chain.relayed(n));
    return this;
  }

  succeed(): EnclavePlace {
    return decode(this.call(Entry.succeed, encode(this.options, writeEnclaveOptions)), "place", readEnclavePlace);
  }

  follow(from = 1, to = chain.head.number, of = chain): this {
    for (let n = from; n <= to; n++) this.call(Entry.follow, of.relayed(n));
    return this;
  }
}

const measured = (name: string): Uint8Array => openPlatform(undefined, bytesOf(name), plain).measurement;
const allow = (name: string): RegistryCall => ({ kind: "addMeasurement", measurement: measured(name) });
const forbid = (name: string): RegistryCall => ({ kind: "removeMeasurement", measurement: measured(name) });
const accept = ({ platform, signer }: EnclavePlace): RegistryCall => ({ kind: "addSigner", platform, signer });

/** A block of calls, by the governor. */
async function govern(...calls: readonly RegistryCall[]): Promise<void> {
  for (const call of calls) await chain.append([extrinsicOf(chain, call, governor)], 1_000_000).flushed;
}

/** The enclave that has the secrets: registered, and at the head of the chain. */
async function giverOf(name = "old", options: Partial<EnclaveOptions> = {}) {
  const giver = new Subject(name, options);
  const facts = giver.open();
  giver.start();
  const before = chain.head.number;
  await govern(accept(facts), allow(name));
  giver.execute(1);
  const attestation = decode(giver.call(Entry.attest, Uint8Array.of(0)), "attestation", readAttestation);
  await chain.append([extrinsicOf(chain, { kind: "registerWorker", attestation })], 1_000_000).flushed;
  giver.execute(before + 3);
  return { giver, facts };
}

const takerOf = (name = "new", options: Partial<EnclaveOptions> = {}) => {
  const taker = new Subject(name, options);
  return { taker, place: taker.succeed() };
};

const ask = (giver: Subject, taker: Subject): Uint8Array => taker.call(Entry.ask, giver.call(Entry.challenge));
const requestOf = (bytes: Uint8Array): HandoverRequest => decode(bytes, "request", readHandoverRequest);
const answerOf = (bytes: Uint8Array): HandoverAnswer => decode(bytes, "answer", readHandoverAnswer);

describe("a handover", () => {
  it("makes the new enclave the same worker, sealed to its own measurement, and ends the old one", async () => {
    const { giver, facts } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const { taker } = takerOf();
    taker.follow();
    const answer = giver.call(Entry.give, ask(giver, taker));
    const taken = decode(taker.call(Entry.take, answer), "facts", readEnclaveFacts);
    expect(taken).toMatchObject({ worker: facts.worker, measurement: measured("new"), platform: "simulated" });
    taker.start().execute();
    const attested = decode(taker.call(Entry.attest, Uint8Array.of(0)), "attestation", readAttestation);
    expect(attested).toMatchObject({ registration: { worker: facts.worker }, quote: { measurement: measured("new") } });
    for (const entry of Object.values(Entry)) expect(() => giver.call(entry)).toThrow(code("EnclaveRetired"));
    // The new one opens what it was given from now on, and the old one does not.
    expect(new Subject("new").open(taken.secrets).worker).toEqual(facts.worker);
    expect(() => new Subject("old").open(taken.secrets)).toThrow(code("HandoverNeeded"));
    expect(() => new Subject("new").open(facts.secrets)).toThrow(code("HandoverNeeded"));
  });

  it("can be done again from what was kept, when what was given was lost on the way", async () => {
    const { giver, facts } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    giver.call(Entry.give, ask(giver, takerOf().taker.follow()));
    const again = new Subject("old");
    again.open(facts.secrets);
    again.start().execute();
    const { taker } = takerOf();
    const answer = again.call(Entry.give, ask(again, taker.follow()));
    expect(decode(taker.call(Entry.take, answer), "facts", readEnclaveFacts).worker).toEqual(facts.worker);
  });

  it("stands in line behind the blocks that came before it, and those behind it are not executed", async () => {
    const { giver } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const early = takerOf().taker.follow();
    await govern(forbid("new"));
    await govern(allow("new"));
    const { taker } = takerOf();
    taker.follow();
    await govern(allow("another"));
    const [forbidding, allowing, last] = [2, 1, 0].map((before) => chain.relayed(chain.head.number - before));
    const request = ask(giver, early);
    // The slice of this turn is used up.
    time += 1;
    const forbidden = giver.later(Entry.dispatch, forbidding);
    const tooLate = expect(giver.later(Entry.give, request)).rejects.toThrow(code("MeasurementNotAllowed"));
    const allowed = giver.later(Entry.dispatch, allowing);
    await Promise.all([forbidden, tooLate, allowed]);
    const other = ask(giver, taker);
    time += 1;
    const answer = giver.later(Entry.give, other);
    const behind = expect(giver.later(Entry.dispatch, last)).rejects.toThrow(code("EnclaveRetired"));
    expect(taker.call(Entry.take, await answer).length).toBeGreaterThan(0);
    await behind;
  });

  it("shows whoever carries it nothing of the secrets", async () => {
    const { giver, facts } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const { taker } = takerOf();
    const request = ask(giver, taker.follow());
    const answer = giver.call(Entry.give, request);
    const taken = decode(taker.call(Entry.take, answer), "facts", readEnclaveFacts);
    // What a test may look into, and a host not.
    const platform = openPlatform(join(dir, "platform"), bytesOf("new"), plain);
    const root = Buffer.from(openSecrets(platform, chain.genesisHash, taken.secrets as Uint8Array));
    expect(keysFromRoot(root).workerKey).toEqual(facts.worker);
    for (const carried of [request, answer, taken.secrets as Uint8Array]) {
      expect(Buffer.from(carried).includes(root.subarray(0, 8))).toBe(false);
    }
    // The two keys that a host has seen are public halves: with one of its own it shares something else.
    const { key, sealed } = answerOf(answer);
    const asked = requestBytes(requestOf(request));
    for (const other of [key, requestOf(request).key]) {
      const guess = hkdf(x25519Pair().shared(other) as Uint8Array, bytesOf("phatvm/handover/1"), asked, 32);
      expect(openAead(guess, new Uint8Array(12), sealed, asked)).toBeUndefined();
    }
  });
});

describe("the enclave that has the secrets gives them to nobody", () => {
  it("whom the chain does not allow, or has allowed before itself, or in the same block", async () => {
    await govern(allow("older"));
    const { giver } = await giverOf();
    for (const name of ["unknown", "older", "old"]) {
      const { taker } = takerOf(name);
      const request = ask(giver, taker.follow());
      expect(() => giver.call(Entry.give, request), name).toThrow(code("MeasurementNotAllowed"));
    }
    const twins = await Chain.open(memoryStore(), {}, 1_000_000, async () => ({
      registry: [accept(takerOf("x").place), allow("old"), allow("new")],
      secrets: undefined,
    }));
    chain = twins;
    const twin = new Subject("old");
    twin.open();
    twin.start().execute();
    const request = ask(twin, takerOf("new").taker.follow());
    expect(() => twin.call(Entry.give, request)).toThrow(code("MeasurementNotAllowed"));
  });

  it("whom governance has taken off the list again, and no more once it is itself taken off", async () => {
    const { giver } = await giverOf();
    await govern(allow("new"), forbid("new"));
    giver.execute(chain.head.number - 1);
    const first = takerOf().taker.follow();
    const request = ask(giver, first);
    expect(() => giver.call(Entry.give, request)).toThrow(code("MeasurementNotAllowed"));
    await govern(allow("new"), forbid("old"));
    giver.execute(chain.head.number - 1);
    const second = ask(giver, takerOf().taker.follow());
    expect(() => giver.call(Entry.give, second)).toThrow(code("MeasurementNotAllowed"));
  });

  it("who has not seen the chain as far as itself", async () => {
    const { giver } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const { taker } = takerOf();
    taker.follow(1, chain.head.number - 1);
    expect(() => ask(giver, taker)).toThrow(refused(/the giver stands at block/));
  });

  it("on another platform, known to the chain or not", async () => {
    const { giver } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const elsewhere = { platformFolder: join(dir, "another") };
    const { taker, place } = takerOf("new", elsewhere);
    const request = ask(giver, taker.follow());
    expect(() => giver.call(Entry.give, request)).toThrow(code("PlatformUnknown"));
    await govern(accept(place));
    giver.execute(chain.head.number);
    taker.follow(chain.head.number);
    const known = ask(giver, taker);
    expect(() => giver.call(Entry.give, known)).toThrow(refused(/another platform/));
  });

  it("for a request that was changed anywhere, or whose key was swapped", async () => {
    const { giver } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const { taker } = takerOf();
    taker.follow();
    const { length } = ask(giver, taker);
    for (let at = 0; at < length; at += 3) {
      const request = ask(giver, taker).map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte));
      expect(() => giver.call(Entry.give, request), `byte ${at}`).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^(HandoverRefused|QuoteForged|PlatformUnknown|Undecodable)$/),
        }),
      );
    }
    const honest = requestOf(ask(giver, taker));
    const own = encode({ ...honest, key: x25519Pair().publicKey }, writeHandoverRequest);
    expect(() => giver.call(Entry.give, own)).toThrow(code("QuoteForged"));
    // It is still there for the one that it is for.
    giver.call(Entry.give, ask(giver, taker));
  });

  it("for a request that it has answered, or that answers an earlier or another's challenge", async () => {
    const { giver, facts } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const { taker } = takerOf();
    taker.follow();
    const early = ask(giver, taker);
    const late = ask(giver, taker);
    expect(() => giver.call(Entry.give, early)).toThrow(refused(/waits for no answer/));
    // Used up by that.
    expect(() => giver.call(Entry.give, late)).toThrow(refused(/waits for no answer/));
    const twin = new Subject("old");
    twin.open(facts.secrets);
    twin.start().execute();
    const others = ask(twin, taker);
    giver.call(Entry.challenge);
    expect(() => giver.call(Entry.give, others)).toThrow(refused(/waits for no answer/));
  });

  it("for a quote that was made for something else", async () => {
    const { giver } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const { publicKey: key } = x25519Pair();
    const real = openPlatform(join(dir, "platform"), bytesOf("new"), plain);
    for (const purpose of ["registration", answerPurpose]) {
      const challenge = decode(giver.call(Entry.challenge), "challenge", readHandoverChallenge);
      const quote = real.quote(quotedData(purpose, requestBytes({ challenge, key })));
      const request = encode({ challenge, key, quote }, writeHandoverRequest);
      expect(() => giver.call(Entry.give, request)).toThrow(code("QuoteForged"));
    }
  });

  it("a hundred and fifty blocks after its challenge", async () => {
    const { giver } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const { taker } = takerOf();
    const request = ask(giver, taker.follow());
    const from = chain.head.number + 1;
    for (let n = 0; n < 151; n++) await chain.append([], 1_000_000).flushed;
    giver.execute(from);
    expect(() => giver.call(Entry.give, request)).toThrow(refused(/too old/));
  });

  it("on a chain that the host has made itself: there it has other secrets", async () => {
    const { facts } = await giverOf();
    const own = await Chain.open(memoryStore(), {}, 1_000_000);
    const elsewhere = new Subject("old", { genesis: own.genesisBytes });
    expect(() => elsewhere.open(facts.secrets)).toThrow(code("GenesisMismatch"));
    expect(elsewhere.open().worker).not.toEqual(facts.worker);
  });

  it("at an end of the chain that is not the newest: cut off, with its files hidden or with the owner's leave", async () => {
    const checkpointFolder = join(dir, "checkpoints");
    const { giver, facts } = await giverOf("old", { checkpointFolder });
    // The new enclave was allowed for a while, and found to be bad.
    await govern(allow("bad"));
    const cut = chain.head.number;
    await govern(forbid("bad"));
    giver.execute(cut);
    await giver.later(Entry.checkpoint);
    const again = (options: Partial<EnclaveOptions>): Subject => {
      const subject = new Subject("old", options);
      subject.open(facts.secrets);
      return subject;
    };
    const offer = encode({ head: cut, acceptRollback: false }, writeStartOffer);
    expect(() => again({ checkpointFolder }).call(Entry.start, offer)).toThrow(code("RollbackDetected"));
    const empty = join(dir, "nothing-here");
    expect(() => again({ checkpointFolder: empty }).call(Entry.start, offer)).toThrow(code("RollbackDetected"));
    const hidden = again({});
    hidden.start().execute(1, cut);
    expect(() => hidden.call(Entry.challenge)).toThrow(refused(/newest end of the chain/));
    const willing = again({ checkpointFolder: empty });
    willing.start(true).execute(1, cut);
    expect(() => willing.call(Entry.challenge)).toThrow(refused(/newest end of the chain/));
    // Shown all of the chain, it knows better.
    const honest = again({ checkpointFolder });
    honest.start();
    const request = ask(honest, takerOf("bad").taker.follow());
    expect(() => honest.call(Entry.give, request)).toThrow(code("MeasurementNotAllowed"));
  });
});

describe("the enclave that is to have the secrets takes none", () => {
  async function ready() {
    const { giver, facts } = await giverOf();
    await govern(allow("new"));
    giver.execute(chain.head.number);
    const { taker } = takerOf();
    return { giver, facts, taker: taker.follow() };
  }
  /** What an enclave of any code and secrets would answer. */
  function forgedAnswer(request: Uint8Array, name: string, root = new Uint8Array(32).fill(7)): Uint8Array {
    const asked = requestBytes(requestOf(request));
    const pair = x25519Pair();
    const answer = { key: pair.publicKey, sealed: Uint8Array.from([...root, ...new Uint8Array(16)]) };
    const platform = openPlatform(join(dir, "platform"), bytesOf(name), plain);
    const quote = platform.quote(quotedData(answerPurpose, answerBytes(asked, answer)));
    return encode({ ...answer, quote }, writeHandoverAnswer);
  }

  it("from an enclave that the chain does not allow, or has allowed after itself", async () => {
    const { giver, taker } = await ready();
    expect(() => taker.call(Entry.take, forgedAnswer(ask(giver, taker), "evil"))).toThrow(
      code("MeasurementNotAllowed"),
    );
    await govern(allow("newest"));
    giver.execute(chain.head.number);
    taker.follow(chain.head.number);
    const request = ask(giver, taker);
    expect(() => taker.call(Entry.take, forgedAnswer(request, "newest"))).toThrow(code("MeasurementNotAllowed"));
  });

  it("that the host has chosen: not from an allowed enclave whose worker nobody has registered", async () => {
    const { taker } = await ready();
    // The allowed code, opened by the host with fresh secrets, is not the worker.
    const impostor = new Subject("old");
    impostor.open();
    impostor.start().execute();
    const answer = impostor.call(Entry.give, ask(impostor, taker));
    expect(() => taker.call(Entry.take, answer)).toThrow(refused(/has not registered this worker/));
  });

  it("unless it has asked, and once for each time", async () => {
    const { giver, taker } = await ready();
    const request = ask(giver, taker);
    const answer = giver.call(Entry.give, request);
    const other = takerOf().taker.follow();
    expect(() => other.call(Entry.take, answer)).toThrow(refused(/asked for nothing/));
    // Asked again with another key, so that the answer to the first is no answer to this one.
    taker.call(Entry.ask, encode(requestOf(request).challenge, writeHandoverChallenge));
    expect(() => taker.call(Entry.take, answer)).toThrow(code("QuoteForged"));
    expect(() => taker.call(Entry.take, answer)).toThrow(refused(/asked for nothing/));
  });

  it("from an answer that was changed anywhere", async () => {
    const { giver, facts, taker } = await ready();
    const { length } = forgedAnswer(ask(giver, taker), "old");
    for (let at = 0; at < length; at += 5) {
      const twin = new Subject("old");
      twin.open(facts.secrets);
      twin.start().execute();
      const answer = twin.call(Entry.give, ask(twin, taker));
      const changed = answer.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte));
      expect(() => taker.call(Entry.take, changed), `byte ${at}`).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^(HandoverRefused|QuoteForged|PlatformUnknown|Undecodable)$/),
        }),
      );
    }
  });

  it("on the word of blocks that the chain's authority has not signed", async () => {
    const other = await Chain.open(memoryStore(), {}, 1_000_000);
    const { taker } = takerOf();
    expect(() => taker.follow(1, 1, other)).toThrow(code("BlockRefused"));
    const block = chain.relayed(1);
    for (let at = 0; at < block.length; at += Math.ceil(block.length / 40)) {
      const changed = block.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(() => taker.call(Entry.follow, changed), `byte ${at}`).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(BlockRefused|Undecodable)$/) }),
      );
    }
    taker.follow(1, 1);
    expect(() => taker.follow(1, 1)).toThrow(code("BlockRefused"));
  });

  it("for a challenge of another chain", async () => {
    const { giver, taker } = await ready();
    const challenge = decode(giver.call(Entry.challenge), "challenge", readHandoverChallenge);
    const foreign = { ...challenge, genesisHash: challenge.block.hash };
    expect(() => taker.call(Entry.ask, encode(foreign, writeHandoverChallenge))).toThrow(refused(/another chain/));
  });

  it("and does nothing else before it has them", () => {
    const { taker } = takerOf();
    const others = [
      Entry.open,
      Entry.start,
      Entry.dispatch,
      Entry.query,
      Entry.attest,
      Entry.challenge,
      Entry.give,
      Entry.succeed,
    ];
    for (const entry of others) expect(() => taker.call(entry)).toThrow(code("EntryUnknown"));
    expect(() => new Subject("new").call(Entry.take)).toThrow(code("EntryUnknown"));
  });
});

describe("X25519", () => {
  it("shares nothing with keys that are none or that share the same with everybody", () => {
    const pair = x25519Pair();
    const other = x25519Pair();
    expect(pair.shared(other.publicKey)).toEqual(other.shared(pair.publicKey));
    for (const key of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31)), new Uint8Array(31)]) {
      expect(pair.shared(key)).toBeUndefined();
    }
  });

  it("keeps purposes apart", () => {
    const bytes = Uint8Array.of(1);
    const all = [requestPurpose, answerPurpose, "registration"].map((purpose) => quotedData(purpose, bytes).join());
    expect(new Set(all).size).toBe(3);
  });
});
