/**
 * One value in a cell of its own that is read and written only when asked, with no copy kept in between.
 */
import { Option, none, some } from "../types/choice";
import { clearCell, decodeCell, fieldOf, hasCell, keyOf, openCell, setCell } from "./cell";
import { zero } from "./zero";

/** A value that goes to storage at once. Plain `@storage` fields are loaded lazily too, and are written at the end. */
@final @unmanaged
export class Lazy<T> {
  /** The value, or `absent` (by default zero, empty or null) when none was written. */
  get(absent: T = zero<T>()): T {
    keyOf(fieldOf(changetype<usize>(this)));
    return openCell() ? decodeCell<T>() : absent;
  }

  /** The value, if one was written. */
  find(): Option<T> {
    keyOf(fieldOf(changetype<usize>(this)));
    return openCell() ? some<T>(decodeCell<T>()) : none<T>();
  }

  /** Whether a value was written. */
  get exists(): bool {
    keyOf(fieldOf(changetype<usize>(this)));
    return hasCell();
  }

  /** Writes the value. */
  set(value: T): void {
    keyOf(fieldOf(changetype<usize>(this)));
    setCell<T>(value);
  }

  /** Removes the value; false when there was none. */
  clear(): bool {
    keyOf(fieldOf(changetype<usize>(this)));
    return clearCell();
  }
}
