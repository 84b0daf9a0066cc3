/**
 * The chain: blocks in order, each durable in one commit with everything that follows from it.
 *
 * A block's commit holds the block as the relay feeds it, its extrinsics, the accounts as they are after it, where each
 * of its extrinsics is found again (by hash, and by signer and nonce), and the receipts of earlier blocks that were
 * still to be written. Receipts follow from blocks, so losing some loses nothing: executing again gives them again.
 * @module
 */

import { type Ed25519Signer, ed25519Signer } from "../../crypto/ed25519.ts";
import { blake2_256 } from "../../crypto/hash.ts";
import { hkdf } from "../../crypto/kdf.ts";
import { EngineError } from "../../errors.ts";
import {
  finalityMessage,
  type Genesis,
  type Header,
  messagesBytes,
  readGenesis,
  readHeader,
  writeGenesis,
  writeHeader,
  writeRelayedBlock,
} from "../../wire/block.ts";
import { type BlockHash, blockHash, type ContractId, contractId } from "../../wire/bytes.ts";
import type { Extrinsic } from "../../wire/extrinsic.ts";
import type { Message } from "../../wire/message.ts";
import { type RegistryCall, registryMessage } from "../../wire/registry.ts";
import { decode, encode, Reader } from "../../wire/scale.ts";
import type { NodeOptions } from "../options.ts";
import { type Commit, key, type Store, type Write } from "../store/store.ts";
import { chainOrigin, embeddedCluster, newGenesis } from "./genesis.ts";
import { applyExtrinsic, LedgerView, type Rules } from "./ledger.ts";
import { applyRegistryCall, type RegistryTurn } from "./registry.ts";

/** The newest block. */
export interface Head {
  readonly number: number;
  readonly hash: BlockHash;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
}

/** An extrinsic whose signature is settled. */
export interface CheckedExtrinsic {
  readonly extrinsic: Extrinsic;
  readonly bytes: Uint8Array;
  /** blake2_256 of the bytes. */
  readonly hash: Uint8Array;
}

/** Where an extrinsic stands: number of the block, and position of its message in it. */
export interface Place {
  readonly block: number;
  readonly index: number;
}

/** What a chain comes into the world with, besides its cluster. */
export interface Beginning {
  /** What its registry holds from the start. */
  readonly registry: readonly RegistryCall[];
  readonly secrets: KeptSecrets | undefined;
}

/** The enclave's secrets as the host keeps them. */
export interface KeptSecrets {
  /** SCALE `SealedSecrets`. */
  readonly sealed: Uint8Array;
  /** SCALE `EnclaveRecord`: how to start the enclave that they are sealed to. */
  readonly enclave: Uint8Array;
}

const headKey = key("meta", "head");
const genesisKey = key("meta", "genesis");
const authorityKey = key("meta", "authority");
const systemKey = key("meta", "system");
const executedKey = key("meta", "executed");
const secretsKey = key("meta", "secrets");
const enclaveKey = key("meta", "enclave");

function encodeHead(head: Head): Uint8Array {
  return encode(head, (w, h) => w.u32(h.number).raw(h.hash).u64(h.timestamp));
}

function encodePlace(place: Place): Uint8Array {
  return encode(place, (w, p) => w.u32(p.block).u32(p.index));
}

function secretWrites({ sealed, enclave }: KeptSecrets): Write[] {
  return [
    { key: secretsKey, value: sealed },
    { key: enclaveKey, value: enclave },
  ];
}

const decodePlace = (bytes: Uint8Array): Place => decode(bytes, "place", (r) => ({ block: r.u32(), index: r.u32() }));

/** The chain of one node. One caller at a time composes and appends. */
export class Chain {
  readonly genesis: Genesis;
  readonly genesisBytes: Uint8Array;
  /** blake2_256 of the genesis: the hash of block 0 and the name of the chain. */
  readonly genesisHash: BlockHash;
  readonly rules: Rules;
  private readonly store: Store;
  private readonly authority: Ed25519Signer;
  private readonly registrarSeed: Uint8Array;
  private newest: Head;
  private done: number;
  private flushedTo: number;
  /** Receipts of executed blocks that are not in the store yet: block number to SCALE `SealedReceipts`. */
  private unwritten = new Map<number, Uint8Array>();
  /** Those that a commit under way takes along. */
  private readonly underWay = new Map<number, Uint8Array>();
  /** The newest write on disk, and with it all before. */
  private flushed: Promise<void> = Promise.resolve();

  private constructor(store: Store, found: { genesis: Uint8Array; authority: Uint8Array; system?: ContractId }) {
    this.store = store;
    this.genesisBytes = found.genesis;
    this.genesis = decode(found.genesis, "genesis", readGenesis);
    this.genesisHash = blockHash(blake2_256(found.genesis));
    this.authority = ed25519Signer(found.authority);
    this.registrarSeed = hkdf(found.authority, this.genesisHash, new TextEncoder().encode("phatvm/registrar"), 32);
    const { governor, attestation: terms } = this.genesis;
    const { genesisHash } = this;
    const registry = { genesisHash, terms, blockAt: (number: number) => this.blockAt(number) };
    this.rules = { governor, systemContract: found.system, registry };
    this.newest = { number: 0, hash: this.genesisHash, timestamp: this.genesis.timestamp };
    this.done = 0;
    this.flushedTo = 0;
  }

  /** Whether there is a chain in a store, whole or not. */
  static isIn(store: Store): boolean {
    return store.get(genesisKey) !== undefined;
  }

  /**
   * Opens the chain in a store, or begins one in an empty store.
   * @param now milliseconds since 1970, for a new chain.
   * @param born is shown a new chain before its first block and says what else that begins with; nothing is stored
   *   when it fails.
   * @throws {EngineError} `FolderDamaged` when the store holds part of a chain.
   */
  static async open(
    store: Store,
    options: NodeOptions,
    now: number,
    born?: (chain: Chain) => Promise<Beginning>,
  ): Promise<Chain> {
    const genesis = store.get(genesisKey);
    if (genesis === undefined) return Chain.begin(store, options, now, born);
    const authority = store.get(authorityKey);
    const head = store.get(headKey);
    const executed = store.get(executedKey);
    if (authority === undefined || head === undefined || executed === undefined) {
      throw new EngineError("FolderDamaged", { dir: options.dir, reason: "its chain has no head" });
    }
    const system = store.get(systemKey);
    const chain = new Chain(store, {
      genesis,
      authority,
      ...(system === undefined ? {} : { system: contractId(system) }),
    });
    chain.newest = decode(head, "head", (r) => ({
      number: r.u32(),
      hash: blockHash(r.raw(32)),
      timestamp: r.u64(),
    }));
    chain.flushedTo = chain.newest.number;
    chain.done = decode(executed, "height", (r) => r.u32());
    return chain;
  }

  private static async begin(
    store: Store,
    options: NodeOptions,
    now: number,
    born: ((chain: Chain) => Promise<Beginning>) | undefined,
  ): Promise<Chain> {
    const { genesis, authority, messages } = newGenesis(options, now);
    const code = options.cluster?.systemCode;
    // The system contract's address: its deployer is the cluster's owner, its salt is empty.
    const system =
      code === undefined
        ? undefined
        : contractId(
            blake2_256(encode(code, (w, c) => w.raw(genesis.governor).raw(blake2_256(c)).raw(embeddedCluster))),
          );
    const genesisBytes = encode(genesis, writeGenesis);
    const chain = new Chain(store, {
      genesis: genesisBytes,
      authority,
      ...(system === undefined ? {} : { system }),
    });
    const view = new LedgerView(store);
    for (const { account, amount } of genesis.endowed) {
      const before = view.account(account);
      view.setAccount(account, { ...before, free: before.free + amount });
    }
    const writes: Write[] = [
      { key: genesisKey, value: genesisBytes },
      { key: authorityKey, value: authority },
      { key: executedKey, value: encode(0, (w, n) => w.u32(n)) },
      ...(system === undefined ? [] : [{ key: systemKey, value: system }]),
      ...view.writes(),
    ];
    const { registry, secrets } = (await born?.(chain)) ?? { registry: [], secrets: undefined };
    if (secrets !== undefined) writes.push(...secretWrites(secrets));
    // Genesis and first block in one commit: there is never a chain without its cluster and its worker.
    await chain.append([], now, { messages, registry }, writes).flushed;
    return chain;
  }

  /** The account that registers the chain's own worker: it owns nothing and may do nothing more than anybody. */
  get registrar(): Ed25519Signer {
    return ed25519Signer(this.registrarSeed);
  }

  /** The newest block. */
  get head(): Head {
    return this.newest;
  }

  /** Number of the last block that is on disk: what the enclave may see. */
  get final(): number {
    return this.flushedTo;
  }

  /** Number of the last block whose receipts are known. */
  get executed(): number {
    return this.done;
  }

  /** The accounts as they are after the newest block, with room for changes. */
  view(): LedgerView {
    return new LedgerView(this.store);
  }

  /**
   * Makes the next block of these extrinsics and writes it; it is the head at once, and final when it is flushed.
   *
   * The extrinsics must be such that the rules accept them one after the other.
   * @param now milliseconds since 1970; the block's time is never less than its parent's.
   * @param inherent what comes before the extrinsics, in the chain's own name.
   */
  append(
    extrinsics: readonly CheckedExtrinsic[],
    now: number,
    inherent: { readonly messages: readonly Message[]; readonly registry: readonly RegistryCall[] } = {
      messages: [],
      registry: [],
    },
    extra: readonly Write[] = [],
  ): Commit & { readonly head: Head } {
    const parent = this.newest;
    const view = this.view();
    const messages = [...inherent.messages];
    const turn = this.turn(now);
    const { number, timestamp } = turn;
    const writes: Write[] = [...extra];
    for (const call of inherent.registry) {
      messages.push(registryMessage(chainOrigin, applyRegistryCall(view, call, this.rules.registry, turn)));
    }
    for (const { extrinsic, hash } of extrinsics) {
      const place = encodePlace({ block: number, index: messages.length });
      messages.push(applyExtrinsic(view, extrinsic, this.rules, { ...turn, included: true }));
      writes.push({ key: key("extrinsicByHash", hash), value: place });
      writes.push({ key: key("extrinsicBySigner", extrinsic.signer, extrinsic.nonce), value: place });
    }
    const body = encode(extrinsics, (w, list) => w.vec(list, (o, { bytes }) => o.bytes(bytes)));
    const header: Header = {
      number,
      parent: parent.hash,
      timestamp,
      messagesRoot: blake2_256(messagesBytes(messages)),
      extrinsicsRoot: blake2_256(body),
    };
    const head: Head = {
      number,
      hash: blockHash(blake2_256(encode(header, writeHeader))),
      timestamp: header.timestamp,
    };
    const justification = { signature: this.authority.sign(finalityMessage(head.hash)) };
    writes.push({ key: key("block", number), value: encode({ header, justification, messages }, writeRelayedBlock) });
    writes.push({ key: key("extrinsics", number), value: body });
    writes.push({ key: headKey, value: encodeHead(head) });
    writes.push(...view.writes());
    this.newest = head;
    const { committed, flushed } = this.write(writes);
    const final = flushed.then(() => {
      this.flushedTo = Math.max(this.flushedTo, number);
    });
    final.catch(() => undefined);
    return { head, committed, flushed: final };
  }

  /** The block that would be made now. */
  turn(now: number): RegistryTurn {
    const { number, timestamp } = this.newest;
    return { number: number + 1, timestamp: BigInt(now) > timestamp ? BigInt(now) : timestamp };
  }

  /** Hash and time of a block; undefined when there is none of that number. */
  private blockAt(number: number): Pick<Head, "hash" | "timestamp"> | undefined {
    if (number === 0) return { hash: this.genesisHash, timestamp: this.genesis.timestamp };
    if (number === this.newest.number) return this.newest;
    const bytes = this.header(number);
    if (bytes === undefined) return undefined;
    return { hash: blockHash(blake2_256(bytes)), timestamp: decode(bytes, "header", readHeader).timestamp };
  }

  /** SCALE `Header` of a block; undefined when there is none of that number, and for the genesis, which has none. */
  header(number: number): Uint8Array | undefined {
    if (number < 1 || number > this.newest.number) return undefined;
    const block = new Reader(this.relayed(number), "block");
    return encode(readHeader(block), writeHeader);
  }

  /** A block as the relay feeds it: SCALE `RelayedBlock`. */
  relayed(number: number): Uint8Array {
    return this.there(this.store.get(key("block", number)), `block ${number}`);
  }

  private there(value: Uint8Array | undefined, what: string): Uint8Array {
    if (value === undefined)
      throw new EngineError("StorageFailed", { what: `Reading ${what}`, reason: "it is missing" });
    return value;
  }

  /** How many extrinsics a block has. */
  extrinsicsIn(number: number): number {
    return new Reader(this.there(this.store.get(key("extrinsics", number)), `block ${number}`), "extrinsics").compact();
  }

  /** Where an extrinsic with this hash stands; undefined when no block has it. */
  placeOf(hash: Uint8Array): Place | undefined {
    const bytes = this.store.get(key("extrinsicByHash", hash));
    return bytes === undefined ? undefined : decodePlace(bytes);
  }

  /** Where the extrinsic of this signer and nonce stands; undefined when no block has it. */
  placeOfNonce(signer: Uint8Array, nonce: number): Place | undefined {
    const bytes = this.store.get(key("extrinsicBySigner", signer, nonce));
    return bytes === undefined ? undefined : decodePlace(bytes);
  }

  /** The receipts of a block, SCALE `SealedReceipts`; undefined while it is not executed. */
  receipts(number: number): Uint8Array | undefined {
    return this.unwritten.get(number) ?? this.underWay.get(number) ?? this.store.get(key("receipts", number));
  }

  /** Keeps the receipts of the next executed block; they are written with the next block, or by `writeReceipts`. */
  keepReceipts(number: number, receipts: Uint8Array): void {
    this.unwritten.set(number, receipts);
    this.done = Math.max(this.done, number);
  }

  /** The enclave's secrets as they were kept; undefined before the first opening. */
  get secrets(): KeptSecrets | undefined {
    const sealed = this.store.get(secretsKey);
    const enclave = this.store.get(enclaveKey);
    return sealed === undefined || enclave === undefined ? undefined : { sealed, enclave };
  }

  /** Keeps the enclave's secrets, in place of earlier ones; ends when they are flushed. */
  async keepSecrets(secrets: KeptSecrets): Promise<void> {
    await this.store.write(secretWrites(secrets)).flushed;
  }

  /** Writes these, with the receipts that wait. */
  private write(writes: Write[]): Commit {
    const taken = this.unwritten;
    this.unwritten = new Map();
    for (const [number, value] of taken) {
      this.underWay.set(number, value);
      writes.push({ key: key("receipts", number), value });
    }
    if (taken.size > 0) writes.push({ key: executedKey, value: encode(this.done, (w, n) => w.u32(n)) });
    const commit = this.store.write(writes);
    const settled = (): void => {
      for (const number of taken.keys()) this.underWay.delete(number);
    };
    commit.committed.then(settled, () => undefined);
    this.flushed = commit.flushed;
    return commit;
  }

  /** Writes the receipts that no later block has taken along, and ends when all that are known are flushed. */
  async writeReceipts(): Promise<void> {
    if (this.unwritten.size > 0) this.write([]);
    await this.flushed;
  }
}
