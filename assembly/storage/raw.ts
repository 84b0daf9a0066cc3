/**
 * Storage by keys of one's own: for what other code wrote under other names, and for moving it. Keys have at most 128
 * bytes; nothing here is in the metadata, and nothing keeps it apart from the cells of fields.
 */
import { clearCell, hasCell, openCell, takeCell } from "./cell";
import { setStorage } from "../env/imports";
import { readRaw } from "../scale";
import { SCRATCH, begin, copy, remaining, reserve, written } from "../scratch";

/** The contract's storage as bytes under bytes. */
export namespace rawStorage {
  /** The value under a key, or null. */
  export function get(key: Uint8Array): Uint8Array | null {
    name(key);
    return openCell() ? readRaw(<u32>remaining()) : null;
  }

  /** Whether there is a value under a key. */
  export function has(key: Uint8Array): bool {
    name(key);
    return hasCell();
  }

  /** Puts a value under a key. */
  export function set(key: Uint8Array, value: Uint8Array): void {
    name(key);
    setStorage(SCRATCH, <u32>written(), value.dataStart, value.length);
  }

  /** Removes the value under a key and gives it back, or null. */
  export function take(key: Uint8Array): Uint8Array | null {
    name(key);
    return takeCell() ? readRaw(<u32>remaining()) : null;
  }

  /** Removes the value under a key; false when there was none. */
  export function remove(key: Uint8Array): bool {
    name(key);
    return clearCell();
  }
}

function name(key: Uint8Array): void {
  begin();
  copy(reserve(key.length), key.dataStart, key.length);
}
