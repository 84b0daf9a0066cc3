/**
 * Storage cells: one value under the four bytes that name a field, optionally followed by an encoded key.
 *
 * A cell's key is ink! 4's: xxh32 of "Contract::field" as a little-endian u32, with the SCALE encoding of the map's key
 * behind it. `open*` leaves the value ready to be decoded.
 */
import { clearStorage, containsStorage, getStorage, setStorage, takeStorage } from "../env/imports";
import { read, write } from "../scale";
import { LENGTH, SCRATCH, SCRATCH_END, begin, failed, open, position, reserve, written } from "../scratch";

/** What the host answers for a length when there is no value. */
const ABSENT: u32 = 0xffffffff;

/** Encodes the key of a field's own cell. */
export function keyOf(field: u32): void {
  begin();
  store<u32>(reserve(4), field);
}

/** Encodes the key of a cell that belongs to a map. */
export function keyIn<K>(field: u32, key: K): void {
  keyOf(field);
  write<K>(key);
}

/** Encodes the key of a cell that belongs to a map with two keys. */
export function keyInBoth<A, B>(field: u32, a: A, b: B): void {
  keyIn<A>(field, a);
  write<B>(b);
}

/** The field that a mapping, list or lazy value stands for: its reference is the field's number. */
// @ts-ignore: decorator
@inline
export function fieldOf(reference: usize): u32 {
  return <u32>reference;
}

/** Reads the value under the encoded key and opens it for decoding; false when there is none. */
export function openCell(): bool {
  const out = position();
  store<u32>(LENGTH, <u32>(SCRATCH_END - out));
  if (getStorage(SCRATCH, <u32>written(), out, LENGTH) != 0) return false;
  open(out, load<u32>(LENGTH));
  return true;
}

/** As `openCell`, and removes the value. */
export function takeCell(): bool {
  const out = position();
  store<u32>(LENGTH, <u32>(SCRATCH_END - out));
  if (takeStorage(SCRATCH, <u32>written(), out, LENGTH) != 0) return false;
  open(out, load<u32>(LENGTH));
  return true;
}

/** Decodes the opened value; traps when the cell holds something else, which only other code can have written. */
export function decodeCell<T>(): T {
  const value = read<T>();
  if (failed()) unreachable();
  return value;
}

/** Stores a value under the encoded key. */
export function setCell<T>(value: T): void {
  const keyLength = <u32>written();
  write<T>(value);
  setStorage(SCRATCH, keyLength, SCRATCH + keyLength, <u32>written() - keyLength);
}

/** Whether there is a value under the encoded key. */
export function hasCell(): bool {
  return containsStorage(SCRATCH, <u32>written()) != ABSENT;
}

/** Removes the value under the encoded key; false when there was none. */
export function clearCell(): bool {
  return clearStorage(SCRATCH, <u32>written()) != ABSENT;
}
