/**
 * Guest memory, as host functions read and write it: every range is checked, so that nothing here can touch bytes
 * outside the contract's own memory. Pointers come as WebAssembly gives them, signed; `>>> 0` makes them addresses.
 * @module
 */

import type { Slot } from "../../vm/index.ts";
import { type AccountId, accountId } from "../../wire/bytes.ts";
import { contractsFault } from "./dispatch-error.ts";
import { memoryPages } from "./limits.ts";

/** The memory of the guest that is running. */
type Guest = Pick<Slot<unknown>, "bytes" | "view">;

/** The pointer that stands for "no output, please" and "no limit". */
export const sentinel = 0xffff_ffff;
const largestLength = memoryPages * 65_536;

/** Checks a range: a pointer past the end is out of bounds also when nothing is read there. */
function check(guest: Guest, pointer: number, length: number): void {
  if (length > largestLength || pointer + length > guest.bytes.length) throw contractsFault("OutOfBounds");
}

/** The bytes of a range as a view, good until the guest runs again. */
export function viewOf(guest: Guest, pointer: number, length: number): Uint8Array {
  const at = pointer >>> 0;
  const size = length >>> 0;
  check(guest, at, size);
  return guest.bytes.subarray(at, at + size);
}

/** The bytes of a range, copied. */
export function copyOf(guest: Guest, pointer: number, length: number): Uint8Array {
  const at = pointer >>> 0;
  const size = length >>> 0;
  check(guest, at, size);
  if (size > 48) return guest.bytes.slice(at, at + size);
  // Below some fifty bytes a loop is faster than the engine's own copy.
  const { bytes } = guest;
  const copy = new Uint8Array(size);
  for (let i = 0; i < size; i++) copy[i] = bytes[at + i]!;
  return copy;
}

/** An account id, 32 bytes. */
export function readAccount(guest: Guest, pointer: number): AccountId {
  return accountId(copyOf(guest, pointer, 32));
}

/** A balance, 16 bytes little endian. */
export function readBalance(guest: Guest, pointer: number): bigint {
  const at = pointer >>> 0;
  check(guest, at, 16);
  const { view } = guest;
  const low = view.getBigUint64(at, true);
  const high = view.getBigUint64(at + 8, true);
  return high === 0n ? low : low | (high << 64n);
}

/** A u32, little endian. */
export function readU32(guest: Guest, pointer: number): number {
  const at = pointer >>> 0;
  check(guest, at, 4);
  return guest.view.getUint32(at, true);
}

/** Writes bytes where nothing says how many fit. */
export function writeRaw(guest: Guest, pointer: number, data: Uint8Array): void {
  const at = pointer >>> 0;
  check(guest, at, data.length);
  guest.bytes.set(data, at);
}

/**
 * Writes an output: the bytes where the guest wants them, then their number in its length cell.
 *
 * The cell is read first: what is in it says how many bytes fit. Where output and cell overlap the length wins, as
 * upstream writes it last.
 * @param from where in `data` the output begins; it goes to its end, or to `to`.
 * @throws {DispatchFault} `OutputBufferTooSmall` when there are more bytes than fit.
 */
export function writeOutput(
  guest: Guest,
  pointer: number,
  lengthPointer: number,
  data: Uint8Array,
  from = 0,
  to = data.length,
): void {
  const capacity = readU32(guest, lengthPointer);
  const length = to - from;
  if (capacity < length) throw contractsFault("OutputBufferTooSmall");
  const at = pointer >>> 0;
  check(guest, at, length);
  const { bytes } = guest;
  if (length > 48) bytes.set(new Uint8Array(data.buffer, data.byteOffset + from, length), at);
  else for (let i = 0; i < length; i++) bytes[at + i] = data[from + i]!;
  guest.view.setUint32(lengthPointer >>> 0, length, true);
}
