/**
 * An enclave over a disk that fails, and a chain to feed it: what the campaigns against sealed files drive.
 * @module
 */

import { Entries } from "../../src/enclave/entries.ts";
import { PhatError } from "../../src/errors.ts";
import { writeRelayedBlock } from "../../src/wire/block.ts";
import {
  Entry,
  readEnclaveFacts,
  readEnclaveResult,
  readEnclaveStart,
  writeEnclaveOptions,
  writeStartOffer,
} from "../../src/wire/entry.ts";
import { readSealedReceipts } from "../../src/wire/receipt.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import type { Disk } from "../faults/disk.ts";
import { genesisBytes, Recorded, wat } from "../runtime/network.ts";

/** Input: from, to, byte. Sets the keys of that range to 64 such bytes. */
const storing = wat(`(module
  (import "env" "memory" (memory 1 16))
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
  (func (export "deploy"))
  (func (export "call") (local $i i32)
    (i32.store (i32.const 0) (i32.const 1024))
    (call $input (i32.const 64) (i32.const 0))
    (memory.fill (i32.const 128) (i32.load (i32.const 72)) (i32.const 64))
    (local.set $i (i32.load (i32.const 64)))
    (loop $next
      (i32.store (i32.const 16) (local.get $i))
      (drop (call $set (i32.const 16) (i32.const 8) (i32.const 128) (i32.const 64)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.load (i32.const 68)))))))`);

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** A chain as a host has it. */
export interface SealedChain {
  /** SCALE `RelayedBlock`s; the first is block 1. */
  readonly blocks: readonly Uint8Array[];
  /** The state's root after each block, from 1 on, as an enclave found it that nothing happened to. */
  readonly roots: string[];
}

/** A chain of so many blocks on a contract with so many keys, a few of which each later block changes. */
export function chainOf(length: number, keys: number): SealedChain {
  const network = new Recorded();
  network.found();
  const contract = network.deploy(storing, new Uint8Array(0));
  network.call(contract, words(0, keys, 7));
  for (let i = 0; network.blocks.length < length; i++) {
    const from = (i * 97) % keys;
    const { outcome, diagnosis } = network.call(contract, words(from, from + 5, i));
    if (outcome !== "ok") throw new TypeError(`${outcome} ${diagnosis}`);
  }
  return { blocks: network.blocks.map((block) => encode(block, writeRelayedBlock)), roots: [] };
}

/** What a host keeps for the enclave: the secrets that it sealed. */
export interface Kept {
  secrets?: Uint8Array;
}

/** One life of an enclave. */
export class Life {
  readonly #entries: Entries;
  readonly #chain: SealedChain;
  readonly warnings: readonly string[];
  /** Number of the last block executed. */
  height: number;
  /** Where it has started. */
  readonly from: number;

  /**
   * Starts it with the chain up to a block.
   * @throws {PhatError} what the enclave refuses it with.
   */
  constructor(disk: Disk, chain: SealedChain, kept: Kept, head: number, acceptRollback = false) {
    this.#chain = chain;
    this.#entries = new Entries(
      { openPlatform: () => disk.platform(), openFiles: () => disk.folder() },
      { sliceMs: Number.POSITIVE_INFINITY },
    );
    const given = { platformFolder: "p", checkpointFolder: "c", genesis: genesisBytes, secrets: kept.secrets };
    const facts = decode(this.#call(Entry.open, encode(given, writeEnclaveOptions)), "facts", readEnclaveFacts);
    if (facts.secrets !== undefined) kept.secrets = facts.secrets;
    const offer = encode({ head, acceptRollback }, writeStartOffer);
    const start = decode(this.#call(Entry.start, offer), "start", readEnclaveStart);
    this.warnings = start.warnings;
    this.from = start.height;
    this.height = start.height;
  }

  #call(entry: number, body: Uint8Array): Uint8Array {
    return this.#entries.call(entry, body) as Uint8Array;
  }

  /** Executes the chain up to a block. @throws {TypeError} when a root is not what it was the first time. */
  feed(to: number): void {
    while (this.height < to) {
      const { result } = decode(
        this.#call(Entry.dispatch, this.#chain.blocks[this.height] as Uint8Array),
        "result",
        readEnclaveResult,
      );
      this.height++;
      const root = Buffer.from(decode(result, "receipts", readSealedReceipts).seal.stateRoot).toString("hex");
      this.#chain.roots[this.height] ??= root;
      if (root !== this.#chain.roots[this.height]) throw new TypeError(`another root after block ${this.height}`);
    }
  }

  async checkpoint(): Promise<void> {
    await this.#entries.call(Entry.checkpoint, new Uint8Array(0));
  }
}

/** What became of a start. */
export type Verdict = "recovered" | "recovered with a warning" | `refused: ${string}`;

/** Starts an enclave, feeds it the whole chain, and says how that went; state that differs is thrown. */
export function verdict(disk: Disk, chain: SealedChain, kept: Kept, head: number): Verdict {
  let life: Life;
  try {
    life = new Life(disk, chain, { ...kept }, head);
    // From where it has started, the next block shows that its state is the right one.
    life.feed(Math.min(head, chain.blocks.length));
  } catch (error) {
    if (!(error instanceof PhatError)) throw error;
    return `refused: ${error.code}`;
  }
  return life.warnings.length === 0 ? "recovered" : "recovered with a warning";
}
