/**
 * Workers as a client judges them: by the quotes that they registered with, not by what the node makes of these.
 *
 * From the genesis hash alone, which every transaction is signed for, follows how long registrations count; the header
 * that a quote names dates it. On the node's word is only what governance has put on its lists; who does not take that
 * names the measurements and the platforms' keys, known from elsewhere.
 * @module
 */

import { blake2_256 } from "../crypto/blake2b.ts";
import { quoteFault } from "../crypto/quote.ts";
import { EngineError } from "../errors.ts";
import { type Attestation, readAttestation, registrationBytes, registrationPurpose } from "../wire/attestation.ts";
import { type Genesis, readGenesis, readHeader } from "../wire/block.ts";
import { sameBytes, toHex } from "../wire/bytes.ts";
import type { NodeApi, WorkerRecord } from "../wire/node.ts";
import { decode } from "../wire/scale.ts";
import type { Hex } from "./address.ts";

/** A worker. */
export interface WorkerInfo {
  /** ed25519 key that signs its receipts, as `0x…` text. */
  readonly publicKey: Hex;
  /** Of its enclave's code and configuration, as `0x…` text. */
  readonly measurement: Hex;
  /** Whose word that is: "simulated" means nobody's but this process's. */
  readonly platform: string;
  /** ed25519 key by which the platform has signed, as `0x…` text. */
  readonly signer: Hex;
  /** The time of the block that its quote names. */
  readonly attestedAt: Date;
  /** Until when that counts. */
  readonly expires: Date;
  /** Whether it counts now: the quote holds, has not expired, and is of a measurement and a platform that the chain trusts. */
  readonly active: boolean;
}

/** What a worker must be, beyond what the chain asks. */
export interface WorkerTrust {
  /** Measurements of enclaves, `0x…` text each; any other is not trusted. Default: what the network's governance allows. */
  readonly measurements?: readonly Hex[];
  /** Keys of platforms, `0x…` text each; any other is not trusted. Default: what the network's governance allows. */
  readonly signers?: readonly Hex[];
}

/** A registration that was judged. */
interface Judged {
  readonly info: WorkerInfo;
  /** Why it does not count; undefined when it does. */
  readonly fault: string | undefined;
}

function judge(record: WorkerRecord, genesis: Genesis, genesisHash: Uint8Array, now: number): Judged {
  const attestation: Attestation = decode(record.attestation, "attestation", readAttestation);
  const { registration, quote } = attestation;
  const { header } = record;
  const named = sameBytes(registration.block.hash, header === undefined ? genesisHash : blake2_256(header));
  // What is not the block that the quote names says nothing about its time.
  const dated = (): bigint =>
    header === undefined ? genesis.timestamp : decode(header, "header", readHeader).timestamp;
  const time = named ? dated() : 0n;
  const attestedAt = Number(time);
  const expires = Number(time + genesis.attestation.validMs);
  const fault = ((): string | undefined => {
    const forged = quoteFault(quote, registrationPurpose, registrationBytes(registration));
    if (forged !== undefined) return `its quote does not hold: ${forged}`;
    if (!sameBytes(registration.genesisHash, genesisHash)) return "its quote is for another chain";
    if (!named) return "its quote names another block";
    if (quote.platform === "simulated" && !genesis.attestation.simulated) {
      return "its quote is of a simulated platform, which this network's genesis does not allow";
    }
    if (now >= expires) return `its attestation expired at ${new Date(expires).toISOString()}`;
    if (!record.active) return "its attestation expired, or the network trusts its measurement or platform no more";
    return undefined;
  })();
  return {
    info: {
      publicKey: toHex(registration.worker),
      measurement: toHex(quote.measurement),
      platform: quote.platform,
      signer: toHex(quote.signer),
      attestedAt: new Date(attestedAt),
      expires: new Date(expires),
      active: fault === undefined,
    },
    fault,
  };
}

async function judged(node: NodeApi, genesisHash: Uint8Array, now: number): Promise<Judged[]> {
  const { genesis: bytes, workers } = await node.workers();
  if (!sameBytes(blake2_256(bytes), genesisHash)) {
    throw new EngineError("GenesisMismatch", { found: toHex(blake2_256(bytes)), expected: toHex(genesisHash) });
  }
  const genesis = decode(bytes, "genesis", readGenesis);
  return workers.map((record) => judge(record, genesis, genesisHash, now));
}

/** The workers of a network, those that do not count any more among them. */
export async function listWorkers(node: NodeApi, genesisHash: Uint8Array, now: number): Promise<WorkerInfo[]> {
  return (await judged(node, genesisHash, now)).map(({ info }) => info);
}

/**
 * The worker of a key, when it is to be trusted.
 * @param now milliseconds since 1970.
 * @throws {EngineError} `WorkerUntrusted`, `GenesisMismatch`.
 */
export async function trustedWorker(
  node: NodeApi,
  genesisHash: Uint8Array,
  key: Hex,
  trust: WorkerTrust,
  now: number,
): Promise<WorkerInfo> {
  const untrusted = (reason: string): EngineError => new EngineError("WorkerUntrusted", { worker: key, reason });
  const found = (await judged(node, genesisHash, now)).find(({ info }) => info.publicKey === key);
  if (found === undefined) throw untrusted("it is not registered");
  const { info, fault } = found;
  if (fault !== undefined) throw untrusted(fault);
  const { measurements, signers } = trust;
  if (measurements !== undefined && !measurements.some((one) => one.toLowerCase() === info.measurement)) {
    throw untrusted(`its measurement is ${info.measurement}`);
  }
  if (signers !== undefined && !signers.some((one) => one.toLowerCase() === info.signer)) {
    throw untrusted(`its platform's key is ${info.signer}`);
  }
  return info;
}
