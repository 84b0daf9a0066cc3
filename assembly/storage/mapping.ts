/**
 * Maps in storage: each entry in a cell of its own, so that only what is asked for is read.
 *
 * A mapping is its key and nothing else: the reference that a contract holds is the number that names the field, no
 * object stands behind it, and the compiler folds it into each call.
 */
import { Option, none, some } from "../types/choice";
import { clearCell, decodeCell, fieldOf, hasCell, keyIn, keyInBoth, openCell, setCell, takeCell } from "./cell";
import { zero } from "./zero";

/** A map from keys to values. It cannot be walked and does not know how many entries it has. */
@final @unmanaged
export class Mapping<K, V> {
  /** The value under a key, or `absent` (by default zero, empty or null) when there is none. */
  get(key: K, absent: V = zero<V>()): V {
    keyIn<K>(fieldOf(changetype<usize>(this)), key);
    return openCell() ? decodeCell<V>() : absent;
  }

  /** The value under a key, if there is one. */
  find(key: K): Option<V> {
    keyIn<K>(fieldOf(changetype<usize>(this)), key);
    return openCell() ? some<V>(decodeCell<V>()) : none<V>();
  }

  /** Whether there is a value under a key. */
  has(key: K): bool {
    keyIn<K>(fieldOf(changetype<usize>(this)), key);
    return hasCell();
  }

  /** Puts a value under a key. */
  set(key: K, value: V): void {
    keyIn<K>(fieldOf(changetype<usize>(this)), key);
    setCell<V>(value);
  }

  /** Removes the value under a key; false when there was none. */
  delete(key: K): bool {
    keyIn<K>(fieldOf(changetype<usize>(this)), key);
    return clearCell();
  }

  /** Removes the value under a key and returns it, if there was one. */
  take(key: K): Option<V> {
    keyIn<K>(fieldOf(changetype<usize>(this)), key);
    return takeCell() ? some<V>(decodeCell<V>()) : none<V>();
  }
}

/** A map with two keys, such as the allowances of owner and spender. */
@final @unmanaged
export class DoubleMapping<A, B, V> {
  /** The value under a pair of keys, or `absent` (by default zero, empty or null) when there is none. */
  get(a: A, b: B, absent: V = zero<V>()): V {
    keyInBoth<A, B>(fieldOf(changetype<usize>(this)), a, b);
    return openCell() ? decodeCell<V>() : absent;
  }

  /** The value under a pair of keys, if there is one. */
  find(a: A, b: B): Option<V> {
    keyInBoth<A, B>(fieldOf(changetype<usize>(this)), a, b);
    return openCell() ? some<V>(decodeCell<V>()) : none<V>();
  }

  /** Whether there is a value under a pair of keys. */
  has(a: A, b: B): bool {
    keyInBoth<A, B>(fieldOf(changetype<usize>(this)), a, b);
    return hasCell();
  }

  /** Puts a value under a pair of keys. */
  set(a: A, b: B, value: V): void {
    keyInBoth<A, B>(fieldOf(changetype<usize>(this)), a, b);
    setCell<V>(value);
  }

  /** Removes the value under a pair of keys; false when there was none. */
  delete(a: A, b: B): bool {
    keyInBoth<A, B>(fieldOf(changetype<usize>(this)), a, b);
    return clearCell();
  }
}
