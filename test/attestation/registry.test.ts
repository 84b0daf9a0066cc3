/**
 * The chain's registry: who comes in, and every way in which somebody who should not is refused.
 */

import { beforeEach, describe, expect, it } from "vitest";
import { Chain } from "../../src/host/chain/chain.ts";
import { Pool } from "../../src/host/chain/pool.ts";
import {
  addedAt,
  allowedMeasurements,
  applyRegistryCall,
  isTrusted,
  registeredWorker,
  registeredWorkers,
} from "../../src/host/chain/registry.ts";
import { memoryStore } from "../../src/host/store/memory.ts";
import { type Attestation, readAttestation, writeAttestation } from "../../src/wire/attestation.ts";
import { decodeRelayedBlock, type Genesis, readGenesis, writeGenesis } from "../../src/wire/block.ts";
import { blockHash } from "../../src/wire/bytes.ts";
import { type RegistryCall, readRegistryEvent, registryTopic } from "../../src/wire/registry.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import {
  anybody,
  attestationOf,
  extrinsicOf,
  governor,
  measurement,
  otherMeasurement,
  otherWorker,
  platform,
  quoteOf,
  registrationOf,
  stranger,
  worker,
} from "./support.ts";

const start = 1_000_000;
const hour = 3_600_000;
const code = (expected: string) => expect.objectContaining({ code: expected });
const addMeasurement: RegistryCall = { kind: "addMeasurement", measurement };
const addSigner: RegistryCall = { kind: "addSigner", platform: "simulated", signer: platform.publicKey };

let chain: Chain;
let now: number;
beforeEach(async () => {
  now = start;
  const born = async () => ({ registry: [addSigner, addMeasurement], secrets: undefined });
  chain = await Chain.open(memoryStore(), {}, start, born);
});

/** Asks at the door, as the pool does. */
function ask(call: RegistryCall, pair = anybody): void {
  const pool = new Pool(
    () => chain.view(),
    chain.rules,
    () => chain.turn(now),
  );
  pool.add({ ...extrinsicOf(chain, call, pair), refuse: () => undefined });
}

/** Puts a call into the next block, whatever becomes of it there; gives what the chain tells of it. */
async function include(call: RegistryCall, pair = anybody) {
  await chain.append([extrinsicOf(chain, call, pair)], now).flushed;
  const [message] = decodeRelayedBlock(chain.relayed(chain.head.number)).messages;
  expect(message).toMatchObject({ destination: registryTopic, sender: { kind: "pallet" } });
  return decode(message!.payload, "event", readRegistryEvent);
}

const register = (attestation: Attestation): RegistryCall => ({ kind: "registerWorker", attestation });
const registered = () => registeredWorker(chain.view(), worker.publicKey);

describe("a worker", () => {
  it("comes in by a quote that binds its key to an allowed measurement, whoever sends it", async () => {
    const attestation = attestationOf(chain);
    ask(register(attestation));
    const event = await include(register(attestation));
    const expires = BigInt(start) + chain.genesis.attestation.validMs;
    expect(event).toEqual({ kind: "workerRegistered", attestation, attestedAt: BigInt(start), expires });
    expect(registered()).toEqual({ attestation, attestedAt: BigInt(start), expires });
    expect(registeredWorkers(chain.view())).toHaveLength(1);
  });

  it("comes in again with a quote of a later block, which counts from there", async () => {
    await include(register(attestationOf(chain)));
    now += 5 * hour;
    await chain.append([], now).flushed;
    const again = attestationOf(chain);
    ask(register(again));
    await include(register(again));
    expect(registered()).toMatchObject({ attestation: again, attestedAt: BigInt(now) });
    expect(registeredWorkers(chain.view())).toHaveLength(1);
  });
});

describe("is refused at the door and in the block, and changes nothing:", () => {
  const cases: readonly [string, string, () => Attestation][] = [
    [
      "a measurement that is not on the list",
      "MeasurementNotAllowed",
      () => {
        const registration = registrationOf(chain);
        return { registration, quote: quoteOf(registration, { measurement: otherMeasurement }) };
      },
    ],
    [
      "a platform whose key is not on the list",
      "PlatformUnknown",
      () => {
        const registration = registrationOf(chain);
        return { registration, quote: quoteOf(registration, {}, stranger) };
      },
    ],
    [
      "a known key under another platform's name",
      "PlatformUnknown",
      () => {
        const registration = registrationOf(chain);
        return { registration, quote: quoteOf(registration, { platform: "sgx" }) };
      },
    ],
    [
      "a stranger's signature under a known key",
      "QuoteForged",
      () => {
        const registration = registrationOf(chain);
        const { signature } = quoteOf(registration, {}, stranger);
        return { registration, quote: quoteOf(registration, { signature }) };
      },
    ],
    [
      "another worker's quote for one's own key",
      "QuoteForged",
      () => {
        const { registration, quote } = attestationOf(chain, { worker: otherWorker.publicKey });
        return { registration: { ...registration, worker: worker.publicKey }, quote };
      },
    ],
    [
      "a quote for other features",
      "QuoteForged",
      () => {
        const { registration, quote } = attestationOf(chain);
        return { registration: { ...registration, features: [64, 1] }, quote };
      },
    ],
    [
      "a quote for another operator",
      "QuoteForged",
      () => {
        const { registration, quote } = attestationOf(chain);
        return { registration: { ...registration, operator: anybody.publicKey as never }, quote };
      },
    ],
    [
      "a quote that was made for something else than a registration",
      "QuoteForged",
      () => {
        const registration = registrationOf(chain);
        return { registration, quote: quoteOf(registration, { data: new Uint8Array(32).fill(9) }) };
      },
    ],
    [
      "a quote for another chain",
      "QuoteForeign",
      () => attestationOf(chain, { genesisHash: blockHash(new Uint8Array(32).fill(1)) }),
    ],
    [
      "a block that the chain does not have yet",
      "QuoteForeign",
      () => attestationOf(chain, { block: { number: chain.head.number + 1, hash: chain.head.hash } }),
    ],
    [
      "a block of another fork",
      "QuoteForeign",
      () => attestationOf(chain, { block: { number: 1, hash: blockHash(new Uint8Array(32).fill(1)) } }),
    ],
  ];
  it.each(cases)("%s", async (_, error, make) => {
    await chain.append([], now).flushed;
    const attestation = make();
    expect(() => ask(register(attestation))).toThrow(code(error));
    // A block's maker who includes it all the same only spends the sender's nonce.
    const event = await include(register(attestation));
    expect(event).toEqual({ kind: "refused", reason: expect.stringMatching(new RegExp(`^${error}: `)) });
    expect(registered()).toBeUndefined();
    expect(chain.view().account(anybody.publicKey).nonce).toBe(1);
  });

  it("a quote that has become old, at the latest in the block", async () => {
    const attestation = attestationOf(chain);
    now += 2 * hour;
    ask(register(attestation));
    now += 1;
    expect(() => ask(register(attestation))).toThrow(code("QuoteStale"));
    expect(await include(register(attestation))).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/^QuoteStale/),
    });
    expect(registered()).toBeUndefined();
  });

  it("a quote that was there before, and one of an earlier block", async () => {
    const early = attestationOf(chain);
    await chain.append([], now).flushed;
    const late = attestationOf(chain);
    await include(register(late));
    for (const attestation of [late, early]) {
      expect(() => ask(register(attestation))).toThrow(code("QuoteReplayed"));
      expect(await include(register(attestation))).toMatchObject({
        kind: "refused",
        reason: expect.stringMatching(/^QuoteReplayed/),
      });
    }
    expect(registered()?.attestation).toEqual(late);
  });

  it("a worker's return to a measurement that was added before the one it has gone on to", async () => {
    await include(register(attestationOf(chain)));
    await include({ kind: "addMeasurement", measurement: otherMeasurement }, governor);
    const registration = registrationOf(chain);
    const newer = { registration, quote: quoteOf(registration, { measurement: otherMeasurement }) };
    await include(register(newer));
    await chain.append([], now).flushed;
    const older = attestationOf(chain);
    expect(() => ask(register(older))).toThrow(code("MeasurementNotAllowed"));
    // Governance can say that the old one is the newer one again.
    await include({ kind: "removeMeasurement", measurement }, governor);
    await include({ kind: "addMeasurement", measurement }, governor);
    await include(register(attestationOf(chain)));
    expect(registered()?.attestation.quote.measurement).toEqual(measurement);
  });

  it("any byte that was changed", async () => {
    const bytes = encode(attestationOf(chain), writeAttestation);
    let undecodable = 0;
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte));
      let attestation: Attestation;
      try {
        attestation = decode(changed, "attestation", readAttestation);
      } catch {
        undecodable++;
        continue;
      }
      const applied = () =>
        applyRegistryCall(chain.view(), register(attestation), chain.rules.registry, chain.turn(now));
      expect(applied, `byte ${at}`).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(Quote(Forged|Foreign)|PlatformUnknown)$/) }),
      );
    }
    expect(undecodable).toBeLessThan(bytes.length / 4);
  });
});

describe("the lists", () => {
  const removeSigner: RegistryCall = { kind: "removeSigner", platform: "simulated", signer: platform.publicKey };

  it("are the governor's alone to change", () => {
    const calls: RegistryCall[] = [
      { kind: "addMeasurement", measurement: otherMeasurement },
      { kind: "removeMeasurement", measurement },
      { kind: "addSigner", platform: "sgx", signer: stranger.publicKey },
      removeSigner,
    ];
    for (const call of calls) {
      expect(() => ask(call)).toThrow(code("NotPermitted"));
      ask(call, governor);
    }
  });

  it("take nothing twice and give up nothing that they do not hold", async () => {
    expect(() => ask(addMeasurement, governor)).toThrow(code("AlreadyListed"));
    expect(() => ask(addSigner, governor)).toThrow(code("AlreadyListed"));
    const unknown: RegistryCall = { kind: "removeMeasurement", measurement: otherMeasurement };
    expect(() => ask(unknown, governor)).toThrow(code("NotListed"));
    await include(removeSigner, governor);
    expect(() => ask(removeSigner, governor)).toThrow(code("NotListed"));
    expect(await include(unknown, governor)).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/^NotListed/),
    });
  });

  it("decide about workers that are in already: whose measurement or platform goes is trusted no more", async () => {
    const attestation = attestationOf(chain);
    await include(register(attestation));
    expect(isTrusted(chain.view(), attestation)).toBe(true);
    await include({ kind: "removeMeasurement", measurement }, governor);
    expect(isTrusted(chain.view(), attestation)).toBe(false);
    await include(addMeasurement, governor);
    expect(isTrusted(chain.view(), attestation)).toBe(true);
    await include(removeSigner, governor);
    expect(isTrusted(chain.view(), attestation)).toBe(false);
  });

  it("remember the block that added a measurement, anew when it was away", async () => {
    expect(allowedMeasurements(chain.view())).toEqual([{ measurement, addedAt: 1 }]);
    await include({ kind: "removeMeasurement", measurement }, governor);
    await include(addMeasurement, governor);
    expect(addedAt(chain.view(), measurement)).toBe(3);
  });

  it("hold no simulated platform where the genesis does not allow one", async () => {
    const store = memoryStore();
    // The rules as another genesis would have them.
    const other = await Chain.open(store, {}, start);
    const bytes = encode<Genesis>(
      { ...other.genesis, attestation: { ...other.genesis.attestation, simulated: false } },
      writeGenesis,
    );
    const { attestation: terms } = decode(bytes, "genesis", readGenesis);
    const rules = { ...other.rules.registry, terms };
    const apply = (call: RegistryCall, view = other.view()) => applyRegistryCall(view, call, rules, other.turn(start));
    expect(() => apply(addSigner)).toThrow(code("PlatformUnknown"));
    // Nor is one taken that came onto the list some other way.
    const view = other.view();
    applyRegistryCall(view, addSigner, other.rules.registry, other.turn(start));
    applyRegistryCall(view, addMeasurement, other.rules.registry, other.turn(start));
    expect(() => apply(register(attestationOf(other)), view)).toThrow(code("PlatformUnknown"));
  });
});
