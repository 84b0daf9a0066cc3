/**
 * Storage functions of the contract interface.
 *
 * Keys of 32 bytes and keys of any length have slots of their own (see `address.ts`); an empty value is a value. The
 * slot of the key used last is kept: contracts read and write one key in turn, and the hash is what costs.
 * @see contract-abi.md, section 2.1
 * @module
 */

import { Blob } from "../state/page.ts";
import { fixedSlot, variableSlot } from "./address.ts";
import { costs, perByte } from "./costs.ts";
import { contractsFault } from "./dispatch-error.ts";
import type { Frame } from "./frame.ts";
import { maxPayloadLength, maxStorageKeyLength } from "./limits.ts";
import { copyOf, sentinel, viewOf, writeOutput } from "./memory.ts";
import { ReturnCode } from "./return-code.ts";

/** A key as the guest wrote it and its slot. Replaced as a whole, so that it is right whenever a run is cut off. */
interface KnownSlot {
  readonly key: Uint8Array;
  readonly slot: Uint8Array;
}

const none: KnownSlot = { key: new Uint8Array(0), slot: new Uint8Array(0) };
let lastFixed = none;
let lastVariable = none;

function same(known: Uint8Array, bytes: Uint8Array, at: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[at + i]) return false;
  return true;
}

/** The slot of the fixed key at a pointer. */
function fixed(frame: Frame, pointer: number): Uint8Array {
  const at = pointer >>> 0;
  const { bytes } = frame.slot;
  if (at + 32 <= bytes.length && same(lastFixed.key, bytes, at, 32)) return lastFixed.slot;
  const key = copyOf(frame.slot, pointer, 32);
  lastFixed = { key, slot: fixedSlot(key) };
  return lastFixed.slot;
}

/** The slot of a key of any length. */
function variable(frame: Frame, pointer: number, length: number): Uint8Array {
  const size = length >>> 0;
  if (size > maxStorageKeyLength) throw contractsFault("DecodingFailed");
  const at = pointer >>> 0;
  const { bytes } = frame.slot;
  if (size > 0 && at + size <= bytes.length && same(lastVariable.key, bytes, at, size)) return lastVariable.slot;
  const key = copyOf(frame.slot, pointer, size);
  lastVariable = { key, slot: variableSlot(key) };
  return lastVariable.slot;
}

function write(frame: Frame, slot: Uint8Array, pointer: number, length: number): number {
  const size = length >>> 0;
  if (size > maxPayloadLength) throw contractsFault("ValueTooLarge");
  const { record, execution } = frame;
  execution.holdWrite(size);
  const old = execution.journal.setStorage(record, slot, viewOf(frame.slot, pointer, size));
  frame.slot.charge(costs.setStorage + perByte.setStorageNew * size + (old > 0 ? perByte.setStorageOld * old : 0));
  frame.diff.count(old, size);
  return old;
}

function remove(frame: Frame, slot: Uint8Array): number {
  const before = frame.execution.journal.removeStorage(frame.record, slot);
  const old = before === undefined ? -1 : before.length;
  frame.slot.charge(costs.clearStorage + (old > 0 ? perByte.clearStorage * old : 0));
  frame.diff.count(old, -1);
  return old;
}

function read(frame: Frame, slot: Uint8Array, out: number, outLength: number): number {
  const found = frame.record.storage.read(slot);
  if (found === undefined) {
    frame.slot.charge(costs.getStorage);
    return ReturnCode.KeyNotFound;
  }
  const { bytes, from, to } = found;
  frame.slot.charge(costs.getStorage + perByte.getStorage * (to - from));
  writeOutput(frame.slot, out, outLength, bytes, from, to);
  return ReturnCode.Success;
}

function measure(frame: Frame, slot: Uint8Array): number {
  const length = frame.record.storage.lengthOf(slot);
  frame.slot.charge(costs.containsStorage + (length > 0 ? perByte.containsStorage * length : 0));
  return length < 0 ? sentinel : length;
}

/** A length, or the sentinel for absence. */
const orSentinel = (length: number): number => (length < 0 ? sentinel : length);

/** Sets the value of a fixed key. */
export function setStorageFixed(frame: Frame, key: number, value: number, length: number): void {
  write(frame, fixed(frame, key), value, length);
}

/** Sets the value of a fixed key. @returns the length of the old value, or the sentinel. */
export function setStorageFixedReturning(frame: Frame, key: number, value: number, length: number): number {
  return orSentinel(write(frame, fixed(frame, key), value, length));
}

/** Sets the value of a key. @returns the length of the old value, or the sentinel. */
export function setStorage(frame: Frame, key: number, keyLength: number, value: number, length: number): number {
  return orSentinel(write(frame, variable(frame, key, keyLength), value, length));
}

/** Removes a fixed key. */
export function clearStorageFixed(frame: Frame, key: number): void {
  remove(frame, fixed(frame, key));
}

/** Removes a key. @returns the length of the old value, or the sentinel. */
export function clearStorage(frame: Frame, key: number, keyLength: number): number {
  return orSentinel(remove(frame, variable(frame, key, keyLength)));
}

/** Copies the value of a fixed key into guest memory. @returns `Success` or `KeyNotFound`. */
export function getStorageFixed(frame: Frame, key: number, out: number, outLength: number): number {
  return read(frame, fixed(frame, key), out, outLength);
}

/** Copies the value of a key into guest memory. @returns `Success` or `KeyNotFound`. */
export function getStorage(frame: Frame, key: number, keyLength: number, out: number, outLength: number): number {
  return read(frame, variable(frame, key, keyLength), out, outLength);
}

/** The length of the value of a fixed key, or the sentinel. */
export function containsStorageFixed(frame: Frame, key: number): number {
  return measure(frame, fixed(frame, key));
}

/** The length of the value of a key, or the sentinel. */
export function containsStorage(frame: Frame, key: number, keyLength: number): number {
  return measure(frame, variable(frame, key, keyLength));
}

/** Copies the value of a key into guest memory and removes it. @returns `Success` or `KeyNotFound`. */
export function takeStorage(frame: Frame, key: number, keyLength: number, out: number, outLength: number): number {
  const slot = variable(frame, key, keyLength);
  const before = frame.execution.journal.removeStorage(frame.record, slot);
  if (before === undefined) {
    frame.slot.charge(costs.takeStorage);
    return ReturnCode.KeyNotFound;
  }
  const { length } = before;
  frame.slot.charge(costs.takeStorage + perByte.takeStorage * length);
  frame.diff.count(length, -1);
  writeOutput(frame.slot, out, outLength, before instanceof Blob ? before.open(frame.record.storage.source) : before);
  return ReturnCode.Success;
}
