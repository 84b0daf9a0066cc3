/**
 * A list in storage: its length in one cell, each item in another, so that a long list costs what is touched.
 */
import { clearCell, decodeCell, fieldOf, keyIn, keyOf, openCell, setCell } from "./cell";

/** A growable list. Indices at or past the length trap. */
@final @unmanaged
export class StorageList<T> {
  /** How many items there are. */
  get length(): u32 {
    keyOf(fieldOf(changetype<usize>(this)));
    return openCell() ? decodeCell<u32>() : 0;
  }

  /** The item at an index; `list[index]` says the same. */
  @operator("[]")
  get(index: u32): T {
    keyIn<u32>(fieldOf(changetype<usize>(this)), index);
    if (!openCell()) unreachable();
    return decodeCell<T>();
  }

  /** Replaces the item at an index; `list[index] = value` says the same. */
  @operator("[]=")
  set(index: u32, value: T): void {
    if (index >= this.length) unreachable();
    this.put(index, value);
  }

  /** Adds an item at the end and returns the new length. */
  push(value: T): u32 {
    const length = this.length;
    this.put(length, value);
    this.resize(length + 1);
    return length + 1;
  }

  /** Removes the last item and returns it; traps when the list is empty. */
  pop(): T {
    const length = this.length;
    if (length == 0) unreachable();
    const value = this.get(length - 1);
    this.drop(length - 1);
    return value;
  }

  /** Removes the item at an index by moving the last one into its place: cheap, but the order changes. */
  swapRemove(index: u32): T {
    const last = this.length - 1;
    const value = this.get(index);
    if (index != last) this.put(index, this.get(last));
    this.drop(last);
    return value;
  }

  private put(index: u32, value: T): void {
    keyIn<u32>(fieldOf(changetype<usize>(this)), index);
    setCell<T>(value);
  }

  private drop(last: u32): void {
    keyIn<u32>(fieldOf(changetype<usize>(this)), last);
    clearCell();
    this.resize(last);
  }

  private resize(length: u32): void {
    keyOf(fieldOf(changetype<usize>(this)));
    setCell<u32>(length);
  }
}
