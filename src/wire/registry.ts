/**
 * The registry on the wire: what is asked of it, and what the chain tells the enclaves of it.
 *
 * The registry holds the measurements of enclaves that the chain allows, the keys of platforms whose quotes it takes,
 * and the workers that have shown it such a quote. Accounts ask (`RegistryCall`); the chain decides, and tells what it
 * decided (`RegistryEvent`), in its own name.
 * @module
 */

import { type Attestation, readAttestation, readPlatform, writeAttestation } from "./attestation.ts";
import type { Message, MessageOrigin } from "./message.ts";
import { encode, type Reader, type Writer } from "./scale.ts";

/** The topic of what the chain tells of its registry. */
export const registryTopic = "phala/registry/event";

/** What is asked of the registry. All but `registerWorker` is the governor's alone. */
export type RegistryCall =
  /** Allows enclaves of a measurement: 32 bytes. */
  | { readonly kind: "addMeasurement"; readonly measurement: Uint8Array }
  | { readonly kind: "removeMeasurement"; readonly measurement: Uint8Array }
  /** Takes quotes of a platform that this ed25519 key has signed. */
  | { readonly kind: "addSigner"; readonly platform: string; readonly signer: Uint8Array }
  | { readonly kind: "removeSigner"; readonly platform: string; readonly signer: Uint8Array }
  /** Registers a worker, or registers it again; anybody may send it: the quote speaks for itself. */
  | { readonly kind: "registerWorker"; readonly attestation: Attestation };

const kinds = ["addMeasurement", "removeMeasurement", "addSigner", "removeSigner", "registerWorker"] as const;

export function writeRegistryCall(w: Writer, call: RegistryCall): void {
  w.u8(kinds.indexOf(call.kind));
  switch (call.kind) {
    case "addMeasurement":
    case "removeMeasurement":
      w.raw(call.measurement);
      return;
    case "addSigner":
    case "removeSigner":
      w.str(call.platform).raw(call.signer);
      return;
    case "registerWorker":
      writeAttestation(w, call.attestation);
      return;
  }
}

export function readRegistryCall(r: Reader): RegistryCall {
  return readTagged(r, r.u8());
}

function readTagged(r: Reader, tag: number): RegistryCall {
  const kind = kinds[tag];
  switch (kind) {
    case "addMeasurement":
    case "removeMeasurement":
      return { kind, measurement: r.raw(32) };
    case "addSigner":
    case "removeSigner":
      return { kind, platform: readPlatform(r), signer: r.raw(32) };
    case "registerWorker":
      return { kind, attestation: readAttestation(r) };
    default:
      throw r.fail(`a registry call tagged ${tag}`);
  }
}

/** What the chain has decided. */
export type RegistryEvent =
  | Exclude<RegistryCall, { kind: "registerWorker" }>
  | {
      readonly kind: "workerRegistered";
      readonly attestation: Attestation;
      /** Time of the block that the registration names, and until when it counts: milliseconds since 1970. */
      readonly attestedAt: bigint;
      readonly expires: bigint;
    }
  /** What an account had asked for could not be done any more when its block was made. */
  | { readonly kind: "refused"; readonly reason: string };

export function writeRegistryEvent(w: Writer, event: RegistryEvent): void {
  if (event.kind === "workerRegistered") {
    w.u8(128);
    writeAttestation(w, event.attestation);
    w.u64(event.attestedAt).u64(event.expires);
  } else if (event.kind === "refused") {
    w.u8(129).str(event.reason);
  } else {
    writeRegistryCall(w, event);
  }
}

export function readRegistryEvent(r: Reader): RegistryEvent {
  const tag = r.u8();
  if (tag === 128) {
    return { kind: "workerRegistered", attestation: readAttestation(r), attestedAt: r.u64(), expires: r.u64() };
  }
  if (tag === 129) return { kind: "refused", reason: r.str() };
  // What governance asked for is told as it was asked.
  const call = readTagged(r, tag);
  if (call.kind === "registerWorker") throw r.fail("a worker's own word for its registration");
  return call;
}

/** What the chain has decided, as a message. */
export function registryMessage(sender: MessageOrigin, event: RegistryEvent): Message {
  return { sender, destination: registryTopic, payload: encode(event, writeRegistryEvent) };
}
