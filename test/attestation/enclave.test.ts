/**
 * The registry as the enclave follows it: what the chain tells in verified blocks, judged again.
 */

import { beforeEach, describe, expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import type { Attestation, Registration } from "../../src/wire/attestation.ts";
import { blockHash } from "../../src/wire/bytes.ts";
import type { MessageOrigin } from "../../src/wire/message.ts";
import { type RegistryEvent, registryMessage } from "../../src/wire/registry.ts";
import { alice, genesisBytes, Network, pallet } from "../runtime/network.ts";
import { restarted } from "../runtime/saving.ts";
import { measurement, otherMeasurement, platform, quoteOf, stranger, worker } from "./support.ts";

let network: Network;
beforeEach(() => {
  network = Network.start();
});

const tell = (event: RegistryEvent, sender: MessageOrigin = pallet) => network.one(registryMessage(sender, event));
const addMeasurement: RegistryEvent = { kind: "addMeasurement", measurement };
const addSigner: RegistryEvent = { kind: "addSigner", platform: "simulated", signer: platform.publicKey };

function attestation(changes: Partial<Registration> = {}): Attestation {
  const { height: number, hash } = network.runtime;
  const genesisHash = blockHash(blake2_256(genesisBytes));
  const common = { version: 1, worker: worker.publicKey, genesisHash, block: { number, hash } };
  const registration: Registration = { ...common, features: [1, 1], operator: undefined, ...changes };
  return { registration, quote: quoteOf(registration) };
}
const registered = (given: Attestation): RegistryEvent => ({
  kind: "workerRegistered",
  attestation: given,
  attestedAt: network.timestamp,
  expires: network.timestamp + 1n,
});

describe("the enclave's registry", () => {
  it("follows what the chain tells of it, and keeps it over a restart", () => {
    for (const event of [addSigner, addMeasurement, registered(attestation())]) {
      expect(tell(event)).toMatchObject({ outcome: "ok" });
    }
    const { registry, height } = network.runtime;
    expect(registry.addedAt(measurement)).toBe(height - 1);
    expect(registry.accepts({ platform: "simulated", signer: platform.publicKey })).toBe(true);
    expect(registry.worker(worker.publicKey)).toMatchObject({ attestation: { quote: { measurement } } });
    const again = restarted(network);
    expect(again.registry).toEqual(registry);
    expect(again.stateRoot).toEqual(network.runtime.stateRoot);
    tell({ kind: "removeMeasurement", measurement });
    tell({ kind: "removeSigner", platform: "simulated", signer: platform.publicKey });
    expect(network.runtime.registry.addedAt(measurement)).toBeUndefined();
    expect(network.runtime.registry.accepts({ platform: "simulated", signer: platform.publicKey })).toBe(false);
  });

  it("hears nobody but the chain", () => {
    const senders: MessageOrigin[] = [
      { kind: "account", id: alice },
      { kind: "worker", key: worker.publicKey },
      { kind: "gatekeeper" },
    ];
    for (const sender of senders) {
      expect(tell(addMeasurement, sender)).toMatchObject({
        outcome: "refused",
        diagnosis: expect.stringContaining("only the chain"),
      });
    }
    expect(network.runtime.registry.addedAt(measurement)).toBeUndefined();
  });

  it("takes no registration on the chain's word that it would not take itself", () => {
    tell(addSigner);
    tell(addMeasurement);
    const good = attestation();
    const { registration, quote } = good;
    const bad: [string, Attestation][] = [
      ["is for another chain", attestation({ genesisHash: blockHash(new Uint8Array(32)) })],
      ["does not hold", { registration: { ...registration, worker: stranger.publicKey }, quote }],
      ["does not hold", { registration, quote: { ...quote, measurement: otherMeasurement } }],
      ["is not allowed", { registration, quote: quoteOf(registration, { measurement: otherMeasurement }) }],
      ["is unknown", { registration, quote: quoteOf(registration, {}, stranger) }],
    ];
    for (const [reason, given] of bad) {
      const receipt = tell(registered(given));
      expect(receipt).toMatchObject({ outcome: "refused", diagnosis: expect.stringContaining(reason) });
    }
    expect(tell(registered(good))).toMatchObject({ outcome: "ok" });
    expect(tell(registered(good))).toMatchObject({ outcome: "refused" });
    expect(tell({ kind: "refused", reason: "because" })).toMatchObject({ outcome: "refused", diagnosis: "because" });
  });

  it("is as it was when its block is refused", () => {
    tell(addSigner);
    const { registry } = network.runtime;
    const block = network.make([registryMessage(pallet, addMeasurement)], { number: 99 });
    expect(() => network.runtime.dispatch(block)).toThrow();
    expect(network.runtime.registry).toBe(registry);
  });
});
