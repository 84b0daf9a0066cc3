/**
 * The chain's registry: which measurements and platforms it trusts, and which workers have shown it a quote.
 *
 * The lists are governance's. A worker comes in by its quote alone: signed by a platform on the list, of a measurement on
 * the list, over a registration that names this chain, the worker's key and a recent block. A registration counts for a
 * time, measured by the chain's own blocks, and is replaced only by one that names a later block.
 * @see phala-network.md, section 2; phala-runtime.md, section 6
 * @module
 */

import { quoteFault } from "../../crypto/quote.ts";
import { EngineError } from "../../errors.ts";
import {
  type Attestation,
  readAttestation,
  registrationBytes,
  registrationPurpose,
  writeAttestation,
} from "../../wire/attestation.ts";
import type { AttestationTerms } from "../../wire/block.ts";
import { type BlockHash, sameBytes, toHex } from "../../wire/bytes.ts";
import type { RegistryCall, RegistryEvent } from "../../wire/registry.ts";
import { decode, encode } from "../../wire/scale.ts";
import { key } from "../store/store.ts";

/** Values by key, with room for changes. */
export interface RegistryView {
  get(name: Uint8Array): Uint8Array | undefined;
  set(name: Uint8Array, value: Uint8Array): void;
}

/** What of the chain the registry's rules depend on. */
export interface RegistryRules {
  readonly genesisHash: BlockHash;
  readonly terms: AttestationTerms;
  /** A block of the chain; undefined when it has none of that number. */
  readonly blockAt: (number: number) => { readonly hash: BlockHash; readonly timestamp: bigint } | undefined;
}

/** The block that a call is applied for. */
export interface RegistryTurn {
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
}

/** A measurement that the chain allows. */
export interface AllowedMeasurement {
  readonly measurement: Uint8Array;
  /** Number of the block that added it. */
  readonly addedAt: number;
}

/** A key whose quotes the chain takes. */
export interface AcceptedSigner {
  readonly platform: string;
  readonly signer: Uint8Array;
}

/** A worker as it is registered. */
export interface RegisteredWorker {
  readonly attestation: Attestation;
  /** Milliseconds since 1970. */
  readonly attestedAt: bigint;
  readonly expires: bigint;
}

const measurementsKey = key("registry", "measurements");
const signersKey = key("registry", "signers");
const workersKey = key("registry", "workers");

/** The measurements on the list, in the order in which they were added. */
export function allowedMeasurements(view: Pick<RegistryView, "get">): AllowedMeasurement[] {
  const bytes = view.get(measurementsKey);
  if (bytes === undefined) return [];
  return decode(bytes, "measurements", (r) => r.vec((o) => ({ measurement: o.raw(32), addedAt: o.u32() }), 36));
}

/** The keys of platforms on the list. */
export function acceptedSigners(view: Pick<RegistryView, "get">): AcceptedSigner[] {
  const bytes = view.get(signersKey);
  if (bytes === undefined) return [];
  return decode(bytes, "signers", (r) => r.vec((o) => ({ platform: o.str(), signer: o.raw(32) }), 33));
}

function setMeasurements(view: RegistryView, list: readonly AllowedMeasurement[]): void {
  const bytes = encode(list, (w, l) => w.vec(l, (o, one) => o.raw(one.measurement).u32(one.addedAt)));
  view.set(measurementsKey, bytes);
}

function setSigners(view: RegistryView, list: readonly AcceptedSigner[]): void {
  view.set(
    signersKey,
    encode(list, (w, l) => w.vec(l, (o, one) => o.str(one.platform).raw(one.signer))),
  );
}

function workerKeys(view: Pick<RegistryView, "get">): Uint8Array[] {
  const bytes = view.get(workersKey);
  return bytes === undefined ? [] : decode(bytes, "workers", (r) => r.vec((o) => o.raw(32), 32));
}

/** A worker's registration, expired or not; undefined when there is none. */
export function registeredWorker(view: Pick<RegistryView, "get">, worker: Uint8Array): RegisteredWorker | undefined {
  const bytes = view.get(key("worker", worker));
  if (bytes === undefined) return undefined;
  return decode(bytes, "worker", (r) => ({ attestation: readAttestation(r), attestedAt: r.u64(), expires: r.u64() }));
}

/** All workers that were ever registered, in the order in which they first were. */
export function registeredWorkers(view: Pick<RegistryView, "get">): RegisteredWorker[] {
  return workerKeys(view).map((worker) => registeredWorker(view, worker) as RegisteredWorker);
}

/** Whether the chain, as it stands, would take a quote of this measurement and signer. */
export function isTrusted(view: Pick<RegistryView, "get">, { quote }: Attestation): boolean {
  return addedAt(view, quote.measurement) !== undefined && isAccepted(view, quote);
}

/** Number of the block that added a measurement; undefined when it is not on the list. */
export function addedAt(view: Pick<RegistryView, "get">, measurement: Uint8Array): number | undefined {
  return allowedMeasurements(view).find((one) => sameBytes(one.measurement, measurement))?.addedAt;
}

function isAccepted(view: Pick<RegistryView, "get">, { platform, signer }: AcceptedSigner): boolean {
  return acceptedSigners(view).some((one) => one.platform === platform && sameBytes(one.signer, signer));
}

/**
 * Applies a call whose sender may send it, and gives what is told of it.
 * @throws {EngineError} `AlreadyListed`, `NotListed`; for a registration `QuoteForeign`, `QuoteForged`,
 *   `PlatformUnknown`, `MeasurementNotAllowed`, `QuoteStale`, `QuoteReplayed`. Then nothing changed.
 */
export function applyRegistryCall(
  view: RegistryView,
  call: RegistryCall,
  rules: RegistryRules,
  turn: RegistryTurn,
): RegistryEvent {
  switch (call.kind) {
    case "addMeasurement": {
      const list = allowedMeasurements(view);
      const { measurement } = call;
      if (list.some((one) => sameBytes(one.measurement, measurement)))
        throw listed(`measurement ${toHex(measurement)}`);
      setMeasurements(view, [...list, { measurement, addedAt: turn.number }]);
      return call;
    }
    case "removeMeasurement": {
      const list = allowedMeasurements(view);
      const left = list.filter((one) => !sameBytes(one.measurement, call.measurement));
      if (left.length === list.length) throw unlisted(`measurement ${toHex(call.measurement)}`);
      setMeasurements(view, left);
      return call;
    }
    case "addSigner": {
      const { platform, signer } = call;
      if (platform === "simulated" && !rules.terms.simulated) throw unknownPlatform(call);
      if (isAccepted(view, call)) throw listed(`key ${toHex(signer)} of the platform "${platform}"`);
      setSigners(view, [...acceptedSigners(view), { platform, signer }]);
      return call;
    }
    case "removeSigner": {
      const { platform, signer } = call;
      if (!isAccepted(view, call)) throw unlisted(`key ${toHex(signer)} of the platform "${platform}"`);
      const left = acceptedSigners(view).filter((one) => one.platform !== platform || !sameBytes(one.signer, signer));
      setSigners(view, left);
      return call;
    }
    case "registerWorker":
      return register(view, call.attestation, rules, turn);
  }
}

function listed(what: string): EngineError {
  return new EngineError("AlreadyListed", { what });
}

function unlisted(what: string): EngineError {
  return new EngineError("NotListed", { what });
}

function unknownPlatform({ platform, signer }: AcceptedSigner): EngineError {
  return new EngineError("PlatformUnknown", { platform, signer: toHex(signer) });
}

function register(
  view: RegistryView,
  attestation: Attestation,
  rules: RegistryRules,
  turn: RegistryTurn,
): RegistryEvent {
  const { registration, quote } = attestation;
  const { worker, block } = registration;
  const foreign = (reason: string): EngineError => new EngineError("QuoteForeign", { reason });
  if (!sameBytes(registration.genesisHash, rules.genesisHash)) {
    throw foreign(`it names the genesis ${toHex(registration.genesisHash)}, this is ${toHex(rules.genesisHash)}`);
  }
  const fault = quoteFault(quote, registrationPurpose, registrationBytes(registration));
  if (fault !== undefined) throw new EngineError("QuoteForged", { reason: fault });
  if (!isAccepted(view, quote) || (quote.platform === "simulated" && !rules.terms.simulated)) {
    throw unknownPlatform(quote);
  }
  const allowed = addedAt(view, quote.measurement);
  const notAllowed = (reason: string): EngineError =>
    new EngineError("MeasurementNotAllowed", { measurement: toHex(quote.measurement), reason });
  if (allowed === undefined) throw notAllowed("it is not on the chain's list");
  const named = rules.blockAt(block.number);
  if (named === undefined || !sameBytes(named.hash, block.hash)) {
    throw foreign(`it names a block ${block.number} that this chain does not have`);
  }
  const ageMs = turn.timestamp - named.timestamp;
  if (ageMs > rules.terms.mostAgeMs) {
    throw new EngineError("QuoteStale", { block: block.number, ageMs, mostAgeMs: rules.terms.mostAgeMs });
  }
  const before = registeredWorker(view, worker);
  if (before !== undefined) {
    const { registration: known, quote: knownQuote } = before.attestation;
    if (known.block.number >= block.number) {
      const facts = { worker: toHex(worker), block: block.number, registered: known.block.number };
      throw new EngineError("QuoteReplayed", facts);
    }
    // Who was handed the worker's secrets has replaced whom they came from: that one does not come back.
    const present = addedAt(view, knownQuote.measurement);
    if (present !== undefined && allowed < present)
      throw notAllowed("the worker has gone on to one that was added later");
  }
  const attestedAt = named.timestamp;
  const expires = attestedAt + rules.terms.validMs;
  view.set(
    key("worker", worker),
    encode(attestation, (w, a) => {
      writeAttestation(w, a);
      w.u64(attestedAt).u64(expires);
    }),
  );
  if (before === undefined) {
    view.set(
      workersKey,
      encode([...workerKeys(view), worker], (w, list) => w.vec(list, (o, one) => o.raw(one))),
    );
  }
  return { kind: "workerRegistered", attestation, attestedAt, expires };
}
