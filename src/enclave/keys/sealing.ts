/**
 * Sealing: how enclave state leaves the enclave, and comes back only to an enclave that may have it.
 *
 * What is sealed is a stream: a header in the clear, then chunks, each AES-256-GCM on its own, so that a stream of any
 * length is sealed and opened in the memory of one chunk. The key of a stream is made from the platform's root key, a
 * policy (the measurement or the signer that may open it), a label (what kind of stream it is) and the whole header, so
 * a stream cannot pass for another kind, another place in the sequence or another counter. The nonce of a chunk is its
 * number and whether it is the last one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, "Online
 * Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015): chunks that were cut off, moved, repeated or
 * taken from another stream do not open.
 *
 * ```text
 * "phatseal" | format u16 | policy u8 | label str | sequence u64 | counter u64 | log2 of the chunk's bytes u8 | salt 16
 * ciphertext | tag 16                                                                      for each chunk, in order
 * ```
 *
 * All chunks but the last have the announced number of bytes, the last has between none and as many.
 * @module
 */

import { createHmac } from "node:crypto";
import { aeadTagBytes, openAeadApart, sealAeadApart } from "../../crypto/aead.ts";
import { hkdf } from "../../crypto/kdf.ts";
import { EngineError } from "../../errors.ts";
import { encode, Reader, Writer } from "../../wire/scale.ts";

const utf8 = new TextEncoder();
const domain = utf8.encode("phatvm/sealing/2");
const magic = utf8.encode("phatseal");
const FORMAT = 2;
/** Bytes of a stream's salt. */
export const saltBytes = 16;
/** Bytes of the largest head: with the longest label. */
export const longestHead = 128;
const LONGEST_LABEL = 63;
/** Chunks of one-piece records; what is larger has several. */
const PIECE_BITS = 20;
const chunkBits = { least: 10, most: 24 } as const;

/** What an enclave must be to open a seal. */
export interface SealPolicy {
  /** One very code, or all code that one signer stands for: its later versions, for instance. */
  readonly kind: "measurement" | "signer";
  /** The measurement, or the signer: 32 bytes. */
  readonly identity: Uint8Array;
}

const policyKinds = ["measurement", "signer"] as const;

/** What a sealed stream says about itself in the clear, and answers for. */
export interface SealHeader {
  /** Position in whatever sequence the streams of this label form; a block number, for state. */
  readonly sequence: bigint;
  /** The platform's monotonic counter that the stream is bound to. */
  readonly counter: bigint;
}

/** What was in a sealed record. */
export interface Unsealed {
  readonly header: SealHeader;
  readonly plaintext: Uint8Array;
}

function broken(label: string, reason: string): EngineError {
  return new EngineError("SealBroken", { what: `The ${label}`, reason });
}

function changed(label: string): EngineError {
  return broken(label, "it was changed, cut off, or sealed by another platform or enclave");
}

/** The sealing keys of one platform: derived once for each policy and label. */
export class SealingKeys {
  readonly #root: Uint8Array;
  readonly #derived = new Map<string, Uint8Array>();

  /** @param root the platform's root key, 32 bytes. */
  constructor(root: Uint8Array) {
    if (root.length !== 32) {
      throw new EngineError("Undecodable", { what: "root seal key", reason: `${root.length} bytes, not 32` });
    }
    this.#root = root;
  }

  #key(policy: SealPolicy, label: string): Uint8Array {
    const name = `${policy.kind}/${Buffer.from(policy.identity).toString("latin1")}/${label}`;
    let key = this.#derived.get(name);
    if (key === undefined) {
      const info = encode(policy, (w, { kind, identity }) => w.str(kind).bytes(identity).str(label));
      this.#derived.set(name, (key = hkdf(this.#root, domain, info, 32)));
    }
    return key;
  }

  /** A secret of its own for a purpose and a name; never that of a stream. */
  secret(policy: SealPolicy, label: string, name: Uint8Array): Uint8Array {
    return mac(this.#key(policy, label), "secret", name);
  }

  /**
   * Begins a stream.
   * @param label what kind of stream it is: at most 63 bytes.
   * @param salt 16 bytes: random, or of the content; never twice with other content.
   * @param bits the chunks have 2^bits bytes.
   */
  seal(policy: SealPolicy, label: string, header: SealHeader, salt: Uint8Array, bits: number): SealingStream {
    const { length } = utf8.encode(label);
    if (length > LONGEST_LABEL || salt.length !== saltBytes || bits < chunkBits.least || bits > chunkBits.most) {
      throw new EngineError("Internal", { what: `a stream "${label}" with ${salt.length} bytes of salt, 2^${bits}` });
    }
    const w = new Writer(longestHead);
    w.raw(magic).u16(FORMAT).u8(policyKinds.indexOf(policy.kind)).str(label);
    w.u64(header.sequence).u64(header.counter).u8(bits).raw(salt);
    const head = w.take();
    return new SealingStream(head, mac(this.#key(policy, label), "stream", head), 2 ** bits);
  }

  /**
   * Begins to open a stream.
   * @param start its first bytes: `longestHead` of them, or all when it has fewer.
   * @throws {EngineError} `SealBroken` when it is no stream of this policy and label.
   */
  open(policy: SealPolicy, label: string, start: Uint8Array): OpeningStream {
    const head = readHead(label, start);
    if (head.kind !== policy.kind) throw broken(label, `it was sealed for a ${head.kind}, not for a ${policy.kind}`);
    const bytes = start.subarray(0, head.end);
    return new OpeningStream(label, head, mac(this.#key(policy, label), "stream", bytes));
  }

  /**
   * Seals a record in one piece. The salt is made from the content: sealing the same again gives the same, and needs no
   * randomness.
   */
  sealRecord(policy: SealPolicy, label: string, header: SealHeader, plaintext: Uint8Array): Uint8Array {
    const content = encode(header, (w, h) => w.u64(h.sequence).u64(h.counter).bytes(plaintext));
    const salt = mac(this.#key(policy, label), "salt", content).subarray(0, saltBytes);
    const stream = this.seal(policy, label, header, salt, PIECE_BITS);
    const w = new Writer(stream.head.length + plaintext.length + aeadTagBytes).raw(stream.head);
    for (let at = 0; ; at += stream.chunkBytes) {
      const last = plaintext.length - at <= stream.chunkBytes;
      for (const part of stream.next(plaintext.subarray(at, at + stream.chunkBytes), last)) w.raw(part);
      if (last) return w.take();
    }
  }

  /**
   * Opens a record.
   * @throws {EngineError} `SealBroken` when it is not, byte for byte, what was sealed for this policy and label.
   */
  openRecord(policy: SealPolicy, label: string, record: Uint8Array): Unsealed {
    const stream = this.open(policy, label, record);
    const body = record.subarray(stream.headBytes);
    const w = new Writer(body.length);
    const step = stream.chunkBytes + aeadTagBytes;
    for (let at = 0; ; at += step) {
      const last = body.length - at <= step;
      w.raw(stream.next(body.subarray(at, at + step), last));
      if (last) return { header: stream.header, plaintext: w.take() };
    }
  }
}

/** A stream that is being sealed. */
export class SealingStream {
  /** What comes before the chunks. */
  readonly head: Uint8Array;
  /** Bytes of plaintext in every chunk but the last. */
  readonly chunkBytes: number;
  readonly #key: Uint8Array;
  readonly #nonce = new ChunkNonce();

  constructor(head: Uint8Array, key: Uint8Array, chunkBytes: number) {
    this.head = head;
    this.#key = key;
    this.chunkBytes = chunkBytes;
  }

  /**
   * Seals the next chunk.
   * @returns The ciphertext and its tag, to be written one behind the other.
   */
  next(plaintext: Uint8Array, last: boolean): readonly [ciphertext: Uint8Array, tag: Uint8Array] {
    const { length } = plaintext;
    if (length > this.chunkBytes || (!last && length < this.chunkBytes)) {
      throw new EngineError("Internal", { what: `a chunk of ${length} bytes in a stream of ${this.chunkBytes}` });
    }
    return sealAeadApart(this.#key, this.#nonce.next(last), plaintext);
  }
}

/** A stream that is being opened. */
export class OpeningStream {
  readonly header: SealHeader;
  /** Where the chunks begin. */
  readonly headBytes: number;
  /** Bytes of plaintext in every chunk but the last; a sealed one has 16 more. */
  readonly chunkBytes: number;
  readonly #label: string;
  readonly #key: Uint8Array;
  readonly #nonce = new ChunkNonce();

  constructor(label: string, head: Head, key: Uint8Array) {
    this.#label = label;
    this.header = head.header;
    this.headBytes = head.end;
    this.chunkBytes = 2 ** head.bits;
    this.#key = key;
  }

  /**
   * Opens the next chunk.
   * @param last whether nothing follows it; it must not be believed of a file before its end was seen.
   * @throws {EngineError} `SealBroken` when it is not the chunk that belongs here.
   */
  next(sealed: Uint8Array, last: boolean): Uint8Array {
    const length = sealed.length - aeadTagBytes;
    if (length < 0 || length > this.chunkBytes || (!last && length < this.chunkBytes)) throw changed(this.#label);
    const plaintext = openAeadApart(
      this.#key,
      this.#nonce.next(last),
      sealed.subarray(0, length),
      sealed.subarray(length),
    );
    if (plaintext === undefined) throw changed(this.#label);
    return plaintext;
  }
}

/** Nonces of the chunks of one stream: eleven bytes of number, big endian, and whether it is the last. */
class ChunkNonce {
  #number = 0;
  #ended = false;

  next(last: boolean): Uint8Array {
    if (this.#ended) throw new EngineError("Internal", { what: "a chunk behind the last one of its stream" });
    this.#ended = last;
    const nonce = new Uint8Array(12);
    const view = new DataView(nonce.buffer);
    view.setUint32(3, Math.floor(this.#number / 2 ** 32));
    view.setUint32(7, this.#number % 2 ** 32);
    nonce[11] = last ? 1 : 0;
    this.#number++;
    return nonce;
  }
}

function mac(key: Uint8Array, purpose: "stream" | "salt" | "secret", content: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(purpose).update(content).digest());
}

interface Head {
  readonly header: SealHeader;
  readonly kind: SealPolicy["kind"];
  readonly bits: number;
  readonly end: number;
}

/**
 * Reads the header of a stream without opening it: nothing of it is proven yet.
 * @throws {EngineError} `SealBroken` when it is no stream of this label.
 */
export function sealedHeader(label: string, start: Uint8Array): SealHeader {
  return readHead(label, start).header;
}

function readHead(label: string, start: Uint8Array): Head {
  try {
    const r = new Reader(start, "sealed stream");
    if (!r.raw(magic.length).every((byte, i) => byte === magic[i])) throw broken(label, "it is no sealed stream");
    const format = r.u16();
    if (format !== FORMAT) throw broken(label, `it has format ${format}, this version reads ${FORMAT}`);
    const kind = policyKinds[r.u8()];
    if (kind === undefined) throw broken(label, "it was sealed for nobody that is known");
    const found = r.str();
    if (found !== label) throw broken(label, `it is of another kind ("${found}")`);
    const header = { sequence: r.u64(), counter: r.u64() };
    const bits = r.u8();
    if (bits < chunkBits.least || bits > chunkBits.most) throw broken(label, `it has chunks of 2^${bits} bytes`);
    r.raw(saltBytes);
    return { header, kind, bits, end: r.offset };
  } catch (error) {
    if (error instanceof EngineError && error.code === "SealBroken") throw error;
    throw broken(label, "it is no whole sealed stream");
  }
}
