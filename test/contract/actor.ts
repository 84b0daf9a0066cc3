/**
 * The contract `fixtures/actor.wat`: actions as bytes, and what it answers.
 * @module
 */

import { readFileSync } from "node:fs";
import type { ContractId } from "../../src/wire/bytes.ts";
import { type CommandOptions, type Network, selectors, wat } from "../runtime/network.ts";
import { freshSalt, u128 } from "./probe.ts";

export const actorCode = wat(readFileSync(new URL("../../fixtures/actor.wat", import.meta.url), "utf8"));

const bytes = (...parts: (number | ArrayLike<number>)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "number" ? [part] : Array.from(part))));
const u64 = (value: bigint): number[] => Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));

/** Bits of call flags. */
export const flag = { forward: 1, clone: 2, tail: 4, reenter: 8 } as const;

export interface NestedOptions {
  readonly flags?: number;
  readonly gas?: bigint;
  readonly value?: bigint;
}

/** Actions; put those that go on before one that ends. */
export const act = {
  ok: (data: ArrayLike<number> = []) => bytes(0, data),
  revert: (data: ArrayLike<number> = []) => bytes(1, data),
  trap: () => bytes(2),
  loop: () => bytes(3),
  get: (key: number) => bytes(4, [key, 0, 0, 0]),
  terminate: (beneficiary: Uint8Array) => bytes(5, beneficiary),
  context: () => bytes(6),
  call: (callee: Uint8Array, input: Uint8Array, { flags = 0, gas = 0n, value = 0n }: NestedOptions = {}) =>
    bytes(7, flags, callee, u64(gas), u128(value), input),
  delegate: (code: Uint8Array, input: Uint8Array, flags = 0) => bytes(8, flags, code, input),
  instantiate: (code: Uint8Array, salt: Uint8Array, input: Uint8Array, { gas = 0n, value = 0n }: NestedOptions = {}) =>
    bytes(9, code, u64(gas), u128(value), salt, selectors.new, input),
  input: (rest: ArrayLike<number> = []) => bytes(10, rest),
  returnWith: (flags: number, data: ArrayLike<number> = []) => bytes(11, flags, data),
  set: (key: number, value: number) => bytes(16, [key, 0, 0, 0], [value, 0, 0, 0]),
  event: (topic: number, data: number) => bytes(17, new Uint8Array(32).fill(topic), [data, 0, 0, 0]),
  transfer: (to: Uint8Array, value: bigint) => bytes(18, to, u128(value)),
  setCode: (code: Uint8Array) => bytes(19, code),
  /** Makes a call and goes on whatever became of it. */
  tryCall: (call: Uint8Array) => bytes(20, call.length & 255, call.length >> 8, call),
  print: (text: string) => bytes(21, text.length, Buffer.from(text)),
};

/** Several actions as one input. */
export const all = (...actions: Uint8Array[]): Uint8Array => bytes(...actions);

/** A new actor. */
export function actor(network: Network, options: CommandOptions = {}): ContractId {
  return network.deploy(actorCode, selectors.new, { salt: freshSalt(), ...options });
}

/** The code and output of a nested call, from what an actor returned. */
export function nested(output: Uint8Array, head = 4): { code: number; output: string; address: string } {
  return {
    code: new DataView(output.buffer, output.byteOffset).getUint32(0, true),
    address: Buffer.from(output.slice(4, head)).toString("hex"),
    output: Buffer.from(output.slice(head)).toString("hex"),
  };
}
