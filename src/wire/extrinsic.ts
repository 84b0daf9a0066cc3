/**
 * Extrinsics: what an account signs and the chain orders.
 *
 * The signature covers a domain tag, the genesis hash, the account's nonce and the call, so that an extrinsic is worth
 * nothing on another chain, for another account or a second time.
 * @module
 */

import { type ContractId, contractId, type PublicKey, publicKey } from "./bytes.ts";
import {
  type ClusterEvent,
  type CommandPayload,
  type Instantiation,
  readClusterEvent,
  readCommand,
  readInstantiation,
  writeClusterEvent,
  writeCommand,
  writeInstantiation,
} from "./message.ts";
import { type RegistryCall, readRegistryCall, writeRegistryCall } from "./registry.ts";
import { decode, encode, type Reader, type Writer } from "./scale.ts";

/** What an account asks of the chain. */
export type Call =
  | { readonly kind: "cluster"; readonly event: Exclude<ClusterEvent, { kind: "deploy" }> }
  | { readonly kind: "instantiate"; readonly op: Instantiation }
  | { readonly kind: "command"; readonly contract: ContractId; readonly payload: CommandPayload }
  /** Holds `amount` on the chain for a contract; the cluster's system contract turns it into weight. */
  | { readonly kind: "adjustStake"; readonly contract: ContractId; readonly amount: bigint }
  /** Measurements, platforms and workers. */
  | { readonly kind: "registry"; readonly call: RegistryCall };

export function writeCall(w: Writer, call: Call): void {
  switch (call.kind) {
    case "cluster":
      w.u8(0);
      writeClusterEvent(w, call.event);
      return;
    case "instantiate":
      w.u8(1);
      writeInstantiation(w, call.op);
      return;
    case "command":
      w.u8(2).raw(call.contract);
      writeCommand(w, call.payload);
      return;
    case "adjustStake":
      w.u8(3).raw(call.contract).u128(call.amount);
      return;
    case "registry":
      w.u8(4);
      writeRegistryCall(w, call.call);
      return;
  }
}

export function readCall(r: Reader): Call {
  const tag = r.u8();
  switch (tag) {
    case 0: {
      const event = readClusterEvent(r);
      if (event.kind === "deploy") throw r.fail("a cluster deployment is not an account's to send");
      return { kind: "cluster", event };
    }
    case 1:
      return { kind: "instantiate", op: readInstantiation(r) };
    case 2:
      return { kind: "command", contract: contractId(r.raw(32)), payload: readCommand(r) };
    case 3:
      return { kind: "adjustStake", contract: contractId(r.raw(32)), amount: r.u128() };
    case 4:
      return { kind: "registry", call: readRegistryCall(r) };
    default:
      throw r.fail(`a call tagged ${tag}`);
  }
}

/** The signature schemes of accounts. */
export type SignatureType = "ed25519" | "sr25519";

/** A signed call. */
export interface Extrinsic {
  readonly signer: PublicKey;
  readonly scheme: SignatureType;
  /** The account's next number, u32, from 0. */
  readonly nonce: number;
  readonly call: Call;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** The bytes that an account signs. */
export function signingPayload(genesisHash: Uint8Array, nonce: number, call: Call): Uint8Array {
  return encode(call, (w, c) => {
    w.str("phatvm/extrinsic").raw(genesisHash).u32(nonce);
    writeCall(w, c);
  });
}

export function encodeExtrinsic(extrinsic: Extrinsic): Uint8Array {
  return encode(extrinsic, (w, x) => {
    w.u8(1)
      .u8(x.scheme === "ed25519" ? 0 : 1)
      .raw(x.signer)
      .raw(x.signature)
      .u32(x.nonce);
    writeCall(w, x.call);
  });
}

export function decodeExtrinsic(bytes: Uint8Array): Extrinsic {
  return decode(bytes, "extrinsic", (r) => {
    const version = r.u8();
    if (version !== 1) throw r.fail(`an extrinsic of version ${version}`);
    const scheme = r.u8();
    if (scheme > 1) throw r.fail(`a signature scheme tagged ${scheme}`);
    return {
      scheme: scheme === 0 ? "ed25519" : "sr25519",
      signer: publicKey(r.raw(32)),
      signature: r.raw(64),
      nonce: r.u32(),
      call: readCall(r),
    };
  });
}
