import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { Entries } from "../../src/enclave/entries.ts";
import { openFiles } from "../../src/platform/files.ts";
import { type RelayedBlock, writeHeader, writeRelayedBlock } from "../../src/wire/block.ts";
import { type BlockHash, type ContractId, toHex } from "../../src/wire/bytes.ts";
import { checkSettings } from "../../src/wire/egress.ts";
import {
  Entry,
  readEnclaveFacts,
  readEnclaveResult,
  readEnclaveStart,
  writeEnclaveOptions,
  writeStartOffer,
} from "../../src/wire/entry.ts";
import { readAnswer, writeQuery } from "../../src/wire/query.ts";
import { readSealedReceipts } from "../../src/wire/receipt.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import { Disk } from "../faults/disk.ts";
import { random } from "../faults/promise.ts";
import { alice, command, genesisBytes, Network } from "../runtime/network.ts";
import { storing } from "../runtime/storing.ts";

const MIB = 2 ** 20;
const VALUE = 1000;
const PER_BLOCK = 500;

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** What a key is set to, from its number and how often it was set. */
const byteOf = (key: number, round: number): number => (key * 31 + round * 101) & 255;

/** A chain whose blocks nobody but the enclave executes. */
class Writing extends Network {
  readonly blocks: RelayedBlock[] = [];
  readonly contract: ContractId;
  #tip: { number: number; parent: BlockHash };

  constructor() {
    super();
    this.found();
    this.contract = this.deploy(storing(VALUE), new Uint8Array(0));
    this.#tip = { number: this.runtime.height + 1, parent: this.runtime.hash };
  }

  override make(...parameters: Parameters<Network["make"]>): RelayedBlock {
    const block = super.make(...parameters);
    this.blocks.push(block);
    return block;
  }

  /** A block that sets keys. */
  set(from: number, to: number, round: number): Uint8Array {
    const block = super.make([command(this.contract, words(0, from, to, byteOf(from, round)))], this.#tip);
    this.timestamp += 1000n;
    this.#tip = {
      number: block.header.number + 1,
      parent: blake2_256(encode(block.header, writeHeader)) as BlockHash,
    };
    return encode(block, writeRelayedBlock);
  }
}

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
/** Bytes of memory that are really held, buffers outside the heap among them. */
async function held(): Promise<number> {
  // Buffers are swept by another thread, some time after the collection that has found them unused.
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phatvm-memory-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An enclave of a budget, over files that are really there. */
class Subject {
  readonly #entries: Entries;
  readonly #contract: ContractId;
  root = "";
  height: number;

  constructor(disk: Disk, kept: { secrets?: Uint8Array }, contract: ContractId, memoryBytes: number, head: number) {
    this.#contract = contract;
    this.#entries = new Entries(
      { openPlatform: () => disk.platform(), openFiles },
      { sliceMs: Number.POSITIVE_INFINITY },
    );
    const settings = checkSettings({ enclave: { memoryBytes } });
    const given = { platformFolder: "p", checkpointFolder: folder, genesis: genesisBytes, settings, ...kept };
    const facts = decode(this.#call(Entry.open, encode(given, writeEnclaveOptions)), "facts", readEnclaveFacts);
    if (facts.secrets !== undefined) kept.secrets = facts.secrets;
    const offer = encode({ head, acceptRollback: false }, writeStartOffer);
    const start = decode(this.#call(Entry.start, offer), "start", readEnclaveStart);
    expect(start.warnings).toEqual([]);
    this.height = start.height;
  }

  #call(entry: number, body: Uint8Array): Uint8Array {
    return this.#entries.call(entry, body) as Uint8Array;
  }

  dispatch(block: Uint8Array): void {
    const { result } = decode(this.#call(Entry.dispatch, block), "result", readEnclaveResult);
    const { receipts, seal } = decode(result, "receipts", readSealedReceipts);
    for (const { outcome } of receipts) expect(outcome).toBe("ok");
    this.root = toHex(seal.stateRoot);
    this.height = seal.block;
  }

  async checkpoint(): Promise<void> {
    await this.#entries.call(Entry.checkpoint, new Uint8Array(0));
  }

  async read(key: number): Promise<number> {
    const request = {
      origin: alice,
      contract: this.#contract,
      deposit: 0n,
      transfer: 0n,
      gasLimit: undefined,
      body: { kind: "message", payload: words(1, key), estimating: false } as const,
    };
    const answered = await this.#entries.call(Entry.query, encode(request, writeQuery));
    const { result } = decode(decode(answered, "result", readEnclaveResult).result, "answer", readAnswer);
    if (!result.ok) throw new TypeError(`key ${key} could not be read`);
    return result.data[0] as number;
  }
}

/** Writes so many bytes of values, some of them twice, and gives what came of it. */
async function filled(megabytes: number, memoryBytes: number, kept: { secrets?: Uint8Array }) {
  const network = new Writing();
  const disk = new Disk();
  const before = await held();
  const subject = new Subject(disk, kept, network.contract, memoryBytes, 0);
  for (const block of network.blocks) subject.dispatch(encode(block, writeRelayedBlock));
  const keys = Math.ceil((megabytes * MIB) / VALUE / PER_BLOCK) * PER_BLOCK;
  const rounds = new Uint8Array(keys / PER_BLOCK);
  const next = random(5);
  let peak = 0;
  const write = (slice: number): void => {
    rounds[slice]!++;
    subject.dispatch(network.set(slice * PER_BLOCK, (slice + 1) * PER_BLOCK, rounds[slice] as number));
  };
  for (let slice = 0; slice < rounds.length; slice++) {
    write(slice);
    if (slice % 12 === 0) peak = Math.max(peak, (await held()) - before);
    if (slice === 20) await subject.checkpoint();
  }
  for (let i = 0; i < rounds.length / 4; i++) write(Math.floor(next() * rounds.length));
  const expected = (key: number): number =>
    byteOf(key - (key % PER_BLOCK), rounds[Math.floor(key / PER_BLOCK)] as number);
  const some = Array.from({ length: 120 }, () => Math.floor(next() * keys));
  for (const key of some) expect(await subject.read(key), `key ${key}`).toBe(expected(key));
  peak = Math.max(peak, (await held()) - before);
  return { subject, network, disk, peak, some, expected };
}

describe("a state ten times larger than its budget", () => {
  it("works, in the memory that it was given, and is the same state", async () => {
    // The roots are blinded with a secret of the enclave, so it has to be the same one.
    const kept: { secrets?: Uint8Array } = {};
    const small = await filled(24, 2 * MIB, kept);
    // Two megabytes, what one block has changed, and what the process needs besides.
    expect(small.peak).toBeLessThan(8 * MIB);
    await small.subject.checkpoint();
    const { root, height } = small.subject;

    const again = new Subject(small.disk, kept, small.network.contract, 2 * MIB, height);
    expect(again.height).toBe(height);
    for (const key of small.some) expect(await again.read(key)).toBe(small.expected(key));
    again.dispatch(small.network.set(0, 1, 9));

    rmSync(folder, { recursive: true });
    const large = await filled(24, 512 * MIB, kept);
    expect(large.subject.root).toBe(root);
    // What was measured is what it is about.
    expect(large.peak).toBeGreaterThan(24 * MIB);
  });
});

describe("the files of a state that changes for ever", () => {
  it("take a multiple of its bytes, not of what was ever written", async () => {
    const network = new Writing();
    const disk = new Disk();
    const subject = new Subject(disk, {}, network.contract, 512 * MIB, 0);
    for (const block of network.blocks) subject.dispatch(encode(block, writeRelayedBlock));
    const size = (): number => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    let written = 0;
    let largest = 0;
    // Two megabytes of state, written over forty times.
    for (let round = 1; round <= 40; round++) {
      for (let slice = 0; slice < 4; slice++) subject.dispatch(network.set(slice * 500, slice * 500 + 500, round));
      written += 4 * 500 * VALUE;
      await subject.checkpoint();
      largest = Math.max(largest, size());
    }
    expect(written).toBeGreaterThan(70 * MIB);
    expect(largest).toBeLessThan(32 * MIB);
    expect(await subject.read(7)).toBe(byteOf(0, 40));
  });

  it("do not grow in number with the lives of the enclave", async () => {
    const network = new Writing();
    const disk = new Disk();
    const kept: { secrets?: Uint8Array } = {};
    const blocks = network.blocks.map((block) => encode(block, writeRelayedBlock));
    let most = 0;
    let height = 0;
    for (let life = 1; life <= 60; life++) {
      const subject = new Subject(disk, kept, network.contract, 512 * MIB, height);
      for (const block of blocks.splice(0)) subject.dispatch(block);
      subject.dispatch(network.set(life * 10, life * 10 + 10, life));
      await subject.checkpoint();
      ({ height } = subject);
      most = Math.max(most, readdirSync(folder).length);
      if (life % 20 === 0) expect(await subject.read(15)).toBe(byteOf(10, 1));
    }
    expect(most).toBeLessThan(48);
  });
});
