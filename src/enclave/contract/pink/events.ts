/**
 * Pink events: how a contract asks its worker for something that lies outside its own storage.
 *
 * A Pink event is a contract event whose one topic is the marker below; anything else is an ordinary event. Who may
 * send which is judged when it is applied, not when it is emitted.
 * @see phala-runtime.md, section 1.5
 * @module
 */

import { EngineError } from "../../../errors.ts";
import { type CodeHash, type ContractId, codeHash, contractId } from "../../../wire/bytes.ts";
import { encode, Reader, type Writer } from "../../../wire/scale.ts";
import type { EmittedEvent } from "../call.ts";

/** SCALE of the text "phala.pink.event", padded with zeros to 32 bytes. */
export const pinkTopic: Uint8Array = encode("phala.pink.event", (w, text) => w.str(text).raw(new Uint8Array(15)));

/** A change of the emitting contract's own cache. */
export type CacheOperation =
  | { readonly kind: "set"; readonly key: Uint8Array; readonly value: Uint8Array }
  /** Seconds from now; 0 removes. */
  | { readonly kind: "setExpiration"; readonly key: Uint8Array; readonly seconds: bigint }
  | { readonly kind: "remove"; readonly key: Uint8Array };

/** What a Pink event asks for. The side programs of upstream (SideVM) do not exist here: theirs are read and skipped. */
export type PinkEvent =
  | {
      readonly kind: "SetHook";
      readonly contract: ContractId;
      /** The four bytes of the selector as a big-endian number. */
      readonly selector: number;
      readonly gasLimit: bigint;
    }
  | { readonly kind: "DeploySidevmTo"; readonly contract: ContractId; readonly code: CodeHash }
  | { readonly kind: "SidevmMessage"; readonly message: Uint8Array }
  | { readonly kind: "CacheOp"; readonly operation: CacheOperation }
  | { readonly kind: "StopSidevm" }
  | { readonly kind: "ForceStopSidevm"; readonly contract: ContractId }
  | { readonly kind: "SetLogHandler"; readonly contract: ContractId }
  | { readonly kind: "SetContractWeight"; readonly contract: ContractId; readonly weight: number }
  | { readonly kind: "UpgradeRuntimeTo"; readonly version: readonly [major: number, minor: number] }
  | { readonly kind: "SidevmOperation"; readonly operation: Uint8Array }
  | { readonly kind: "SetJsRuntime"; readonly code: CodeHash };

/** The name of a kind of Pink event. */
export type PinkEventKind = PinkEvent["kind"];

/** What holds for a kind of Pink event. */
export interface PinkEventRule {
  /** Index of the variant in its encoding. */
  readonly index: number;
  /** Who may send it. */
  readonly from: "system" | "any";
  /** Whether it takes effect when a query emits it. */
  readonly inQuery: boolean;
  /** Whether it stays out of everything that leaves the enclave. */
  readonly isPrivate: boolean;
}

/** Every kind of Pink event, by name. Indices 0 and 1 are those of kinds that upstream has given up. */
export const pinkEventRules: Readonly<Record<PinkEventKind, PinkEventRule>> = {
  SetHook: { index: 2, from: "system", inQuery: false, isPrivate: false },
  DeploySidevmTo: { index: 3, from: "system", inQuery: true, isPrivate: false },
  SidevmMessage: { index: 4, from: "any", inQuery: true, isPrivate: true },
  CacheOp: { index: 5, from: "any", inQuery: true, isPrivate: true },
  StopSidevm: { index: 6, from: "any", inQuery: true, isPrivate: false },
  ForceStopSidevm: { index: 7, from: "system", inQuery: true, isPrivate: false },
  SetLogHandler: { index: 8, from: "system", inQuery: false, isPrivate: false },
  SetContractWeight: { index: 9, from: "system", inQuery: false, isPrivate: false },
  UpgradeRuntimeTo: { index: 10, from: "system", inQuery: false, isPrivate: false },
  SidevmOperation: { index: 11, from: "system", inQuery: true, isPrivate: false },
  SetJsRuntime: { index: 12, from: "system", inQuery: false, isPrivate: false },
};

/** Whether an event has the one topic that makes it a Pink event. */
export function isPinkEvent(event: EmittedEvent): boolean {
  const [topic] = event.topics;
  return event.topics.length === 1 && topic !== undefined && topic.every((byte, i) => byte === pinkTopic[i]);
}

/** Whether an event is a Pink event that must not leave the enclave: what a contract caches is its own secret. */
export function isPrivateEvent(event: EmittedEvent): boolean {
  if (!isPinkEvent(event)) return false;
  const index = event.data[0];
  return Object.values(pinkEventRules).some((rule) => rule.isPrivate && rule.index === index);
}

function writeCacheOperation(w: Writer, operation: CacheOperation): void {
  switch (operation.kind) {
    case "set":
      w.u8(0).bytes(operation.key).bytes(operation.value);
      return;
    case "setExpiration":
      w.u8(1).bytes(operation.key).u64(operation.seconds);
      return;
    case "remove":
      w.u8(2).bytes(operation.key);
      return;
  }
}

function readCacheOperation(r: Reader): CacheOperation {
  const tag = r.u8();
  if (tag === 0) return { kind: "set", key: r.bytes(), value: r.bytes() };
  if (tag === 1) return { kind: "setExpiration", key: r.bytes(), seconds: r.u64() };
  if (tag === 2) return { kind: "remove", key: r.bytes() };
  throw r.fail(`a cache operation tagged ${tag}`);
}

/** The data of an event that changes the cache: the one kind that the extension itself emits. */
export function cacheEventData(operation: CacheOperation): Uint8Array {
  return encode(operation, (w, o) => {
    w.u8(pinkEventRules.CacheOp.index);
    writeCacheOperation(w, o);
  });
}

const readers: Readonly<Record<number, (r: Reader) => PinkEvent>> = {
  2: (r) => {
    const point = r.u8();
    if (point !== 0) throw r.fail(`a hook point tagged ${point}`);
    return { kind: "SetHook", contract: contractId(r.raw(32)), selector: r.u32(), gasLimit: r.u64() };
  },
  3: (r) => ({ kind: "DeploySidevmTo", contract: contractId(r.raw(32)), code: codeHash(r.raw(32)) }),
  4: (r) => ({ kind: "SidevmMessage", message: r.bytes() }),
  5: (r) => ({ kind: "CacheOp", operation: readCacheOperation(r) }),
  6: () => ({ kind: "StopSidevm" }),
  7: (r) => ({ kind: "ForceStopSidevm", contract: contractId(r.raw(32)) }),
  8: (r) => ({ kind: "SetLogHandler", contract: contractId(r.raw(32)) }),
  9: (r) => ({ kind: "SetContractWeight", contract: contractId(r.raw(32)), weight: r.u32() }),
  10: (r) => ({ kind: "UpgradeRuntimeTo", version: [r.u32(), r.u32()] }),
  11: (r) => ({ kind: "SidevmOperation", operation: r.raw(r.remaining) }),
  12: (r) => ({ kind: "SetJsRuntime", code: codeHash(r.raw(32)) }),
};

/**
 * Reads the data of a Pink event.
 *
 * @returns The event; undefined when the data is none. Bytes behind the event are ignored, as upstream ignores them.
 */
export function readPinkEvent(data: Uint8Array): PinkEvent | undefined {
  const r = new Reader(data, "Pink event");
  try {
    return readers[r.u8()]?.(r);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
