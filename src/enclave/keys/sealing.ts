/**
 * Sealing: how enclave state leaves the enclave, and comes back only to an enclave that may have it.
 *
 * A sealed record is a header in the clear and AES-256-GCM under a key made from the platform's root key, a policy (the
 * measurement or the signer that may open it) and a label (what kind of record it is). The header is authenticated, so
 * a record cannot pass for another kind, another place in the sequence or another counter. The nonce is made from the
 * content by a keyed hash: sealing needs no randomness, and a nonce repeats only where record and header do.
 * @module
 */

import { createHmac } from "node:crypto";
import { openAead, sealAead } from "../../crypto/aead.ts";
import { hkdf } from "../../crypto/kdf.ts";
import { EngineError } from "../../errors.ts";
import { encode, Reader, Writer } from "../../wire/scale.ts";

const utf8 = new TextEncoder();
const salt = utf8.encode("phatvm/sealing/1");
const magic = utf8.encode("phatseal");
const FORMAT = 1;

/** What a sealed record says about itself in the clear, and answers for. */
export interface SealHeader {
  /** Position in whatever sequence the records of this label form; a block number, for state. */
  readonly sequence: bigint;
  /** The platform's monotonic counter that the record is bound to. */
  readonly counter: bigint;
}

/** What was in a sealed record. */
export interface Unsealed {
  readonly header: SealHeader;
  readonly plaintext: Uint8Array;
}

function keysFor(root: Uint8Array, policy: Uint8Array, label: string): { sealing: Uint8Array; nonce: Uint8Array } {
  const info = encode(policy, (w, p) => w.bytes(p).str(label));
  const bytes = hkdf(root, salt, info, 64);
  return { sealing: bytes.slice(0, 32), nonce: bytes.slice(32) };
}

function writeHead(w: Writer, label: string, header: SealHeader): void {
  w.raw(magic).u16(FORMAT).str(label).u64(header.sequence).u64(header.counter);
}

/**
 * Seals a record.
 *
 * @param root the platform's root key, 32 bytes.
 * @param policy what an enclave must be to open it: a measurement or a signer.
 * @param label what kind of record it is.
 */
export function seal(
  root: Uint8Array,
  policy: Uint8Array,
  label: string,
  header: SealHeader,
  plaintext: Uint8Array,
): Uint8Array {
  const keys = keysFor(root, policy, label);
  const w = new Writer(128);
  writeHead(w, label, header);
  const head = w.take();
  const nonce = createHmac("sha256", keys.nonce).update(head).update(plaintext).digest().subarray(0, 12);
  const body = sealAead(keys.sealing, nonce, plaintext, head);
  const record = new Uint8Array(head.length + nonce.length + body.length);
  record.set(head);
  record.set(nonce, head.length);
  record.set(body, head.length + nonce.length);
  return record;
}

/**
 * Reads the header of a record without opening it: nothing of it is proven yet.
 * @throws {EngineError} `SealBroken` when it is no record of this label.
 */
export function sealedHeader(label: string, record: Uint8Array): SealHeader {
  return readHead(label, record).header;
}

function readHead(label: string, record: Uint8Array): { header: SealHeader; end: number } {
  const broken = (reason: string): EngineError => new EngineError("SealBroken", { what: `The ${label}`, reason });
  try {
    const r = new Reader(record, "sealed record");
    if (!r.raw(magic.length).every((byte, i) => byte === magic[i])) throw broken("it is no sealed record");
    const format = r.u16();
    if (format !== FORMAT) throw broken(`it has format ${format}, this version reads ${FORMAT}`);
    const found = r.str();
    if (found !== label) throw broken(`it is a record of another kind ("${found}")`);
    const header = { sequence: r.u64(), counter: r.u64() };
    if (r.remaining < 28) throw broken("it was cut off");
    return { header, end: r.offset };
  } catch (error) {
    if (error instanceof EngineError && error.code === "SealBroken") throw error;
    throw broken("it is no whole sealed record");
  }
}

/**
 * Opens a record.
 *
 * @throws {EngineError} `SealBroken` when it is not, byte for byte, what was sealed for this root, policy and label.
 */
export function unseal(root: Uint8Array, policy: Uint8Array, label: string, record: Uint8Array): Unsealed {
  const { header, end } = readHead(label, record);
  const keys = keysFor(root, policy, label);
  const plaintext = openAead(
    keys.sealing,
    record.subarray(end, end + 12),
    record.subarray(end + 12),
    record.subarray(0, end),
  );
  if (plaintext === undefined) {
    throw new EngineError("SealBroken", {
      what: `The ${label}`,
      reason: "it was changed, or sealed by another platform or enclave",
    });
  }
  return { header, plaintext };
}
