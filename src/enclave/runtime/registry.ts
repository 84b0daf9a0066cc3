/**
 * The registry as an enclave knows it: what the chain has told it in blocks that it has verified, and nothing else.
 *
 * It is a value: an event gives another one, so that a block which is refused leaves the one before. Registrations are
 * judged again here, by the lists as they stand; only what needs the chain's clock is taken on the chain's word.
 * @module
 */

import { quoteFault } from "../../crypto/quote.ts";
import { EngineError } from "../../errors.ts";
import {
  type Quote,
  readAttestation,
  registrationBytes,
  registrationPurpose,
  writeAttestation,
} from "../../wire/attestation.ts";
import type { Genesis } from "../../wire/block.ts";
import { type BlockHash, sameBytes, toHex } from "../../wire/bytes.ts";
import type { Message } from "../../wire/message.ts";
import { type RegistryEvent, readRegistryEvent } from "../../wire/registry.ts";
import { decode, type Reader, type Writer } from "../../wire/scale.ts";

type Worker = Omit<RegistryEvent & { kind: "workerRegistered" }, "kind">;

/** What of a chain the registry's rules depend on. */
export interface RegistryChain {
  readonly genesis: Genesis;
  readonly hash: BlockHash;
}

const signerName = (platform: string, signer: Uint8Array): string => `${platform} ${toHex(signer)}`;

/** The lists and workers of one chain, as of one block. */
export class Registry {
  /** Measurement to the number of the block that added it. */
  readonly #measurements: ReadonlyMap<string, number>;
  readonly #signers: ReadonlyMap<string, { readonly platform: string; readonly signer: Uint8Array }>;
  readonly #workers: ReadonlyMap<string, Worker>;

  private constructor(
    measurements: ReadonlyMap<string, number>,
    signers: ReadonlyMap<string, { readonly platform: string; readonly signer: Uint8Array }>,
    workers: ReadonlyMap<string, Worker>,
  ) {
    this.#measurements = measurements;
    this.#signers = signers;
    this.#workers = workers;
  }

  /** The registry of a chain before its first block. */
  static readonly empty = new Registry(new Map(), new Map(), new Map());

  /** Number of the block that added a measurement to the list; undefined when it is not there. */
  addedAt(measurement: Uint8Array): number | undefined {
    return this.#measurements.get(toHex(measurement));
  }

  /** Whether quotes of this platform by this signer are taken. */
  accepts({ platform, signer }: Pick<Quote, "platform" | "signer">): boolean {
    return this.#signers.has(signerName(platform, signer));
  }

  /** A worker's registration, expired or not. */
  worker(key: Uint8Array): Worker | undefined {
    return this.#workers.get(toHex(key));
  }

  /**
   * What the registry is after a message of its topic.
   * @param block number of the block that carries it.
   * @returns the registry, or what is wrong with the message.
   */
  hear(message: Message, block: number, chain: RegistryChain): Registry | string {
    if (message.sender.kind !== "pallet") return "only the chain speaks for its registry";
    let event: RegistryEvent;
    try {
      event = decode(message.payload, "registry event", readRegistryEvent);
    } catch (error) {
      if (error instanceof EngineError && error.code === "Undecodable") return error.message;
      throw error;
    }
    return this.#after(event, block, chain);
  }

  #after(event: RegistryEvent, block: number, chain: RegistryChain): Registry | string {
    switch (event.kind) {
      case "addMeasurement": {
        if (this.addedAt(event.measurement) !== undefined) return "the measurement is on the list already";
        const added = new Map(this.#measurements).set(toHex(event.measurement), block);
        return new Registry(added, this.#signers, this.#workers);
      }
      case "removeMeasurement": {
        const left = new Map(this.#measurements);
        if (!left.delete(toHex(event.measurement))) return "the measurement is not on the list";
        return new Registry(left, this.#signers, this.#workers);
      }
      case "addSigner": {
        const { platform, signer } = event;
        if (platform === "simulated" && !chain.genesis.attestation.simulated) {
          return "this chain's genesis allows no simulated platform";
        }
        if (this.accepts(event)) return "the platform's key is on the list already";
        const added = new Map(this.#signers).set(signerName(platform, signer), { platform, signer });
        return new Registry(this.#measurements, added, this.#workers);
      }
      case "removeSigner": {
        const left = new Map(this.#signers);
        if (!left.delete(signerName(event.platform, event.signer))) return "the platform's key is not on the list";
        return new Registry(this.#measurements, left, this.#workers);
      }
      case "workerRegistered":
        return this.#registered(event, chain);
      case "refused":
        return event.reason;
    }
  }

  #registered(event: RegistryEvent & { kind: "workerRegistered" }, chain: RegistryChain): Registry | string {
    const { kind: _, ...worker } = event;
    const { registration, quote } = worker.attestation;
    if (!sameBytes(registration.genesisHash, chain.hash)) return "the registration is for another chain";
    const fault = quoteFault(quote, registrationPurpose, registrationBytes(registration));
    if (fault !== undefined) return `the quote does not hold: ${fault}`;
    if (!this.accepts(quote)) return "the platform is unknown";
    if (this.addedAt(quote.measurement) === undefined) return "the measurement is not allowed";
    const known = this.worker(registration.worker)?.attestation.registration.block.number;
    if (known !== undefined && known >= registration.block.number)
      return "the worker is registered as of a later block";
    const workers = new Map(this.#workers).set(toHex(registration.worker), worker);
    return new Registry(this.#measurements, this.#signers, workers);
  }

  write(w: Writer): void {
    w.vec([...this.#measurements], (o, [measurement, block]) => o.str(measurement).u32(block));
    w.vec([...this.#signers.values()], (o, { platform, signer }) => o.str(platform).raw(signer));
    w.vec([...this.#workers.values()], (o, { attestation, attestedAt, expires }) => {
      writeAttestation(o, attestation);
      o.u64(attestedAt).u64(expires);
    });
  }

  static read(r: Reader): Registry {
    const measurements = r.vec((o): [string, number] => [o.str(), o.u32()], 5);
    const signers = r.vec((o) => ({ platform: o.str(), signer: o.raw(32) }), 33);
    const workers = r.vec((o) => ({ attestation: readAttestation(o), attestedAt: o.u64(), expires: o.u64() }), 16);
    return new Registry(
      new Map(measurements),
      new Map(signers.map((one) => [signerName(one.platform, one.signer), one])),
      new Map(workers.map((one) => [toHex(one.attestation.registration.worker), one])),
    );
  }
}
