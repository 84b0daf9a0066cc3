/**
 * The events of the contracts pallet, SCALE encoded as receipts carry them: pallet, event, fields.
 * @see contract-abi.md, section 4.1
 * @module
 */

import { contractsPallet } from "../../wire/dispatch-error.ts";
import { Writer } from "../../wire/scale.ts";

/** Pallet, event, and up to three fields of 32 bytes. */
function plain(index: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const event = new Uint8Array(2 + 32 * fields.length);
  event[0] = contractsPallet;
  event[1] = index;
  for (let i = 0; i < fields.length; i++) event.set(fields[i]!, 2 + 32 * i);
  return event;
}

export const instantiated = (deployer: Uint8Array, contract: Uint8Array): Uint8Array => plain(0, deployer, contract);
export const terminated = (contract: Uint8Array, beneficiary: Uint8Array): Uint8Array =>
  plain(1, contract, beneficiary);
export const contractCodeUpdated = (contract: Uint8Array, to: Uint8Array, from: Uint8Array): Uint8Array =>
  plain(5, contract, to, from);
export const delegateCalled = (contract: Uint8Array, codeHash: Uint8Array): Uint8Array => plain(7, contract, codeHash);

export function codeStored(codeHash: Uint8Array, deposit: bigint, uploader: Uint8Array): Uint8Array {
  return new Writer().u8(contractsPallet).u8(2).raw(codeHash).u128(deposit).raw(uploader).take();
}

export function contractEmitted(contract: Uint8Array, data: Uint8Array): Uint8Array {
  return new Writer(64 + data.length).u8(contractsPallet).u8(3).raw(contract).bytes(data).take();
}

/** Every call ends in a `called`: those share a slab, which costs a third of an allocation of its own for each. */
const slabLength = 32 * 1024;
let slab = new Uint8Array(slabLength);
let slabUsed = 0;

function slice(length: number): Uint8Array {
  if (slabUsed + length > slabLength) {
    slab = new Uint8Array(slabLength);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += length;
  return slab.subarray(start, slabUsed);
}

/** @param caller undefined is the root origin. */
export function called(caller: Uint8Array | undefined, contract: Uint8Array): Uint8Array {
  const at = caller === undefined ? 3 : 35;
  const event = slice(at + 32);
  event[0] = contractsPallet;
  event[1] = 6;
  if (caller !== undefined) {
    event[2] = 1;
    for (let i = 0; i < 32; i++) event[3 + i] = caller[i]!;
  }
  for (let i = 0; i < 32; i++) event[at + i] = contract[i]!;
  return event;
}

export function depositHeld(from: Uint8Array, to: Uint8Array, amount: bigint): Uint8Array {
  return new Writer().u8(contractsPallet).u8(8).raw(from).raw(to).u128(amount).take();
}

export function depositReleased(from: Uint8Array, to: Uint8Array, amount: bigint): Uint8Array {
  return new Writer().u8(contractsPallet).u8(9).raw(from).raw(to).u128(amount).take();
}
