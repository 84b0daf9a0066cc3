/**
 * The chain's message queue on the wire: who sent a message, where to, and what the enclave understands.
 *
 * Origins, topics and commands are encoded as upstream encodes them, so that its vectors hold. What upstream sends as
 * pallet events about clusters is `ClusterEvent` here.
 * @module
 */

import type { AccountId, ClusterId, CodeHash, ContractId } from "./bytes.ts";
import { accountId, clusterId, codeHash, contractId, sameBytes, toHex } from "./bytes.ts";
import type { EgressRules } from "./egress.ts";
import { readEgressRules, writeEgressRules } from "./egress-rules.ts";
import { encode, type Reader, type Writer } from "./scale.ts";

/** Who sent a message. `pallet` is the chain itself. */
export type MessageOrigin =
  | { readonly kind: "pallet"; readonly name: Uint8Array }
  | { readonly kind: "contract"; readonly id: ContractId }
  | { readonly kind: "worker"; readonly key: Uint8Array }
  | { readonly kind: "account"; readonly id: AccountId }
  | { readonly kind: "location"; readonly bytes: Uint8Array }
  | { readonly kind: "gatekeeper" }
  | { readonly kind: "cluster"; readonly id: ClusterId };

export function writeOrigin(w: Writer, origin: MessageOrigin): void {
  switch (origin.kind) {
    case "pallet":
      w.u8(0).bytes(origin.name);
      return;
    case "contract":
      w.u8(1).raw(origin.id);
      return;
    case "worker":
      w.u8(2).raw(origin.key);
      return;
    case "account":
      w.u8(3).raw(origin.id);
      return;
    case "location":
      w.u8(4).bytes(origin.bytes);
      return;
    case "gatekeeper":
      w.u8(5);
      return;
    case "cluster":
      w.u8(6).raw(origin.id);
      return;
  }
}

export function readOrigin(r: Reader): MessageOrigin {
  const tag = r.u8();
  switch (tag) {
    case 0:
      return { kind: "pallet", name: r.bytes() };
    case 1:
      return { kind: "contract", id: contractId(r.raw(32)) };
    case 2:
      return { kind: "worker", key: r.raw(32) };
    case 3:
      return { kind: "account", id: accountId(r.raw(32)) };
    case 4:
      return { kind: "location", bytes: r.bytes() };
    case 5:
      return { kind: "gatekeeper" };
    case 6:
      return { kind: "cluster", id: clusterId(r.raw(32)) };
    default:
      throw r.fail(`a message origin tagged ${tag}`);
  }
}

/** One message of the queue. */
export interface Message {
  readonly sender: MessageOrigin;
  /** Where to: a topic, ASCII. */
  readonly destination: string;
  readonly payload: Uint8Array;
}

export function writeMessage(w: Writer, message: Message): void {
  writeOrigin(w, message.sender);
  w.str(message.destination).bytes(message.payload);
}

export function readMessage(r: Reader): Message {
  return { sender: readOrigin(r), destination: readTopic(r), payload: r.bytes() };
}

/** Topics come again and again: the last ones are known by their bytes, and are the same string each time. */
const knownTopics: ({ readonly bytes: Uint8Array; readonly topic: string } | undefined)[] = new Array(256).fill(
  undefined,
);

function readTopic(r: Reader): string {
  const bytes = r.bytesView();
  const place = ((bytes[15] ?? 0) * 31 + (bytes[16] ?? 0) * 7 + (bytes[17] ?? 0)) & 255;
  const known = knownTopics[place];
  if (known !== undefined && sameBytes(known.bytes, bytes)) return known.topic;
  const copy = bytes.slice();
  const topic = r.text(bytes);
  if (copy.length <= 128) knownTopics[place] = { bytes: copy, topic };
  return topic;
}

/** The topic of cluster events: deployment, uploads, deposits. */
export const clusterTopic = "phala/cluster/event";
/** The topic of instantiations. */
export const contractOpTopic = "phala/contract/op";

/** The topic of commands to one contract. */
export function commandTopic(contract: Uint8Array): string {
  return `phala/contract/${toHex(contract).slice(2)}/command`;
}

/** What the chain tells every worker of a cluster. */
export type ClusterEvent =
  | {
      readonly kind: "deploy";
      readonly cluster: ClusterId;
      readonly owner: AccountId;
      readonly treasury: AccountId;
      /** Price of one unit of gas (one picosecond of ref_time). */
      readonly gasPrice: bigint;
      readonly depositPerItem: bigint;
      readonly depositPerByte: bigint;
      /** The pass's profile for every contract of the cluster: "deterministic" or "pink". */
      readonly profile: string;
      /** Code of the system contract; instantiated with the default constructor when present. */
      readonly systemCode: Uint8Array | undefined;
    }
  | {
      readonly kind: "upload";
      readonly cluster: ClusterId;
      /** Enforced code may be instantiated; relaxed code only reached by delegate calls in queries. */
      readonly determinism: "enforced" | "relaxed";
      readonly code: Uint8Array;
    }
  | { readonly kind: "deposit"; readonly cluster: ClusterId; readonly to: AccountId; readonly amount: bigint }
  /** The chain's latest system contract code; only governance sends it. */
  | { readonly kind: "systemCode"; readonly code: Uint8Array }
  /** What a contract may reach and how much, on top of what the worker's host allows; only the cluster's owner sends it. */
  | {
      readonly kind: "egress";
      readonly cluster: ClusterId;
      /** Need not be there yet. */
      readonly contract: ContractId;
      /** Undefined takes back what was set: then only the host's policy applies. */
      readonly rules: EgressRules | undefined;
    };

export function writeClusterEvent(w: Writer, event: ClusterEvent): void {
  switch (event.kind) {
    case "deploy":
      w.u8(0).raw(event.cluster).raw(event.owner).raw(event.treasury);
      w.u128(event.gasPrice).u128(event.depositPerItem).u128(event.depositPerByte).str(event.profile);
      w.option(event.systemCode, (o, code) => o.bytes(code));
      return;
    case "upload":
      w.u8(1)
        .raw(event.cluster)
        .bool(event.determinism === "relaxed")
        .bytes(event.code);
      return;
    case "deposit":
      w.u8(2).raw(event.cluster).raw(event.to).u128(event.amount);
      return;
    case "systemCode":
      w.u8(3).bytes(event.code);
      return;
    case "egress":
      w.u8(4).raw(event.cluster).raw(event.contract);
      w.option(event.rules, writeEgressRules);
      return;
  }
}

export function readClusterEvent(r: Reader): ClusterEvent {
  const tag = r.u8();
  switch (tag) {
    case 0:
      return {
        kind: "deploy",
        cluster: clusterId(r.raw(32)),
        owner: accountId(r.raw(32)),
        treasury: accountId(r.raw(32)),
        gasPrice: r.u128(),
        depositPerItem: r.u128(),
        depositPerByte: r.u128(),
        profile: r.str(),
        systemCode: r.option((o) => o.bytes()),
      };
    case 1:
      return {
        kind: "upload",
        cluster: clusterId(r.raw(32)),
        determinism: r.bool() ? "relaxed" : "enforced",
        code: r.bytes(),
      };
    case 2:
      return { kind: "deposit", cluster: clusterId(r.raw(32)), to: accountId(r.raw(32)), amount: r.u128() };
    case 3:
      return { kind: "systemCode", code: r.bytes() };
    case 4:
      return {
        kind: "egress",
        cluster: clusterId(r.raw(32)),
        contract: contractId(r.raw(32)),
        rules: r.option(readEgressRules),
      };
    default:
      throw r.fail(`a cluster event tagged ${tag}`);
  }
}

/** What an account asks of `contractOpTopic`: a new contract of stored code. */
export interface Instantiation {
  readonly cluster: ClusterId;
  readonly codeHash: CodeHash;
  /** Selector and encoded arguments of the constructor. */
  readonly data: Uint8Array;
  readonly salt: Uint8Array;
  readonly transfer: bigint;
  /** u64, in gas (ref_time). */
  readonly gasLimit: bigint;
  readonly storageDepositLimit: bigint | undefined;
}

export function writeInstantiation(w: Writer, op: Instantiation): void {
  w.raw(op.cluster).raw(op.codeHash).bytes(op.data).bytes(op.salt).u128(op.transfer).u64(op.gasLimit);
  w.option(op.storageDepositLimit, (o, limit) => o.u128(limit));
}

export function readInstantiation(r: Reader): Instantiation {
  return {
    cluster: clusterId(r.raw(32)),
    codeHash: codeHash(r.raw(32)),
    data: r.bytes(),
    salt: r.bytes(),
    transfer: r.u128(),
    gasLimit: r.u64(),
    storageDepositLimit: r.option((o) => o.u128()),
  };
}

/** A message for a contract, in the clear: upstream's `InkCommand::InkMessage`. */
export interface InkCommand {
  /** Chosen by the sender to find the receipt again: at most 32 bytes. */
  readonly nonce: Uint8Array;
  /** Selector and encoded arguments. */
  readonly message: Uint8Array;
  readonly transfer: bigint;
  /** u64, in gas (ref_time). */
  readonly gasLimit: bigint;
  readonly storageDepositLimit: bigint | undefined;
}

/** Bytes sealed to a contract's key: upstream's `EncryptedData`. */
export interface EncryptedData {
  /** 12 bytes. */
  readonly iv: Uint8Array;
  /** The sender's ephemeral key, 32 bytes. */
  readonly pubkey: Uint8Array;
  readonly data: Uint8Array;
}

/** The payload of a command topic. */
export type CommandPayload =
  | { readonly kind: "plain"; readonly command: InkCommand }
  | { readonly kind: "encrypted"; readonly sealed: EncryptedData };

export function writeCommand(w: Writer, payload: CommandPayload): void {
  if (payload.kind === "encrypted") {
    w.u8(1).raw(payload.sealed.iv).raw(payload.sealed.pubkey).bytes(payload.sealed.data);
    return;
  }
  const { nonce, message, transfer, gasLimit, storageDepositLimit } = payload.command;
  w.u8(0).u8(0).bytes(nonce).bytes(message).u128(transfer).u64(gasLimit);
  w.option(storageDepositLimit, (o, limit) => o.u128(limit));
}

export function readCommand(r: Reader): CommandPayload {
  const tag = r.u8();
  if (tag === 1) return { kind: "encrypted", sealed: { iv: r.raw(12), pubkey: r.raw(32), data: r.bytes() } };
  if (tag !== 0) throw r.fail(`a command payload tagged ${tag}`);
  const variant = r.u8();
  if (variant !== 0) throw r.fail(`an ink command tagged ${variant}`);
  const nonce = r.bytes();
  if (nonce.length > 32) throw r.fail(`a command nonce of ${nonce.length} bytes`);
  return {
    kind: "plain",
    command: {
      nonce,
      message: r.bytes(),
      transfer: r.u128(),
      gasLimit: r.u64(),
      storageDepositLimit: r.option((o) => o.u128()),
    },
  };
}

/** A cluster event as a message of the chain. */
export function clusterMessage(sender: MessageOrigin, event: ClusterEvent): Message {
  return { sender, destination: clusterTopic, payload: encode(event, writeClusterEvent) };
}
