/**
 * Merlin transcripts over STROBE-128: how Schnorr signatures hash what they sign, label by label.
 *
 * Of STROBE only the operations that Merlin uses: metadata, associated data, pseudorandom output and key.
 * @see https://merlin.cool, https://strobe.sourceforge.io/specs
 * @module
 */

import { keccakPermutation } from "./keccak.ts";

/** Bytes of the state that an operation may touch before it is permuted. */
const RATE = 166;
const I = 1;
const A = 2;
const C = 4;
const M = 16;
const K = 32;

const text = new TextEncoder();

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** A transcript: what goes in determines what comes out. */
export class Transcript {
  private state = new Uint8Array(200);
  private position = 0;
  private begin = 0;

  /** @param label the protocol. */
  constructor(label: string) {
    this.state.set([1, RATE + 2, 1, 0, 1, 96]);
    this.state.set(text.encode("STROBEv1.0.2"), 6);
    keccakPermutation(this.state);
    this.metadata(text.encode("Merlin v1.0"), false);
    this.append("dom-sep", text.encode(label));
  }

  private permute(): void {
    const { state } = this;
    (state[this.position] as number) ^= this.begin;
    (state[this.position + 1] as number) ^= 4;
    (state[RATE + 1] as number) ^= 128;
    keccakPermutation(state);
    this.position = 0;
    this.begin = 0;
  }

  private absorb(bytes: Uint8Array): void {
    for (const byte of bytes) {
      (this.state[this.position++] as number) ^= byte;
      if (this.position === RATE) this.permute();
    }
  }

  private operate(flags: number): void {
    const before = this.begin;
    this.begin = this.position + 1;
    this.absorb(Uint8Array.of(before, flags));
    if ((flags & (C | K)) !== 0 && this.position !== 0) this.permute();
  }

  private metadata(bytes: Uint8Array, more: boolean): void {
    if (!more) this.operate(M | A);
    this.absorb(bytes);
  }

  private labelled(label: string, length: number): void {
    this.metadata(text.encode(label), false);
    this.metadata(u32(length), true);
  }

  private output(length: number): Uint8Array {
    this.operate(I | A | C);
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      bytes[i] = this.state[this.position] as number;
      this.state[this.position++] = 0;
      if (this.position === RATE) this.permute();
    }
    return bytes;
  }

  private key(bytes: Uint8Array): void {
    this.operate(A | C);
    for (const byte of bytes) {
      this.state[this.position++] = byte;
      if (this.position === RATE) this.permute();
    }
  }

  /** Takes a message in. */
  append(label: string, message: Uint8Array): void {
    this.labelled(label, message.length);
    this.operate(A);
    this.absorb(message);
  }

  /** Bytes that depend on all that was taken in; they become part of it. */
  challenge(label: string, length: number): Uint8Array {
    this.labelled(label, length);
    return this.output(length);
  }

  /**
   * Bytes for the prover alone: they depend on the transcript, on secrets and on fresh randomness, so that a fault in
   * any one of them gives nothing away. The transcript stays as it was.
   */
  witness(label: string, length: number, secrets: readonly Uint8Array[], random: Uint8Array): Uint8Array {
    const copy: Transcript = Object.create(Transcript.prototype);
    copy.state = this.state.slice();
    copy.position = this.position;
    copy.begin = this.begin;
    for (const secret of secrets) {
      copy.labelled(label, secret.length);
      copy.key(secret);
    }
    copy.metadata(text.encode("rng"), false);
    copy.key(random);
    copy.metadata(u32(length), false);
    return copy.output(length);
  }
}
