/**
 * Byte strings of a fixed length, held inside the object itself: account ids, hashes, keys, signatures.
 */
import { copy, reserve, take } from "../scratch";

/** Thirty-two bytes. */
export class Bytes32 {
  private a: u64 = 0;
  private b: u64 = 0;
  private c: u64 = 0;
  private d: u64 = 0;

  /** Copies the first 32 bytes of an array. */
  static from<T extends Bytes32>(bytes: Uint8Array): T {
    if (bytes.length < 32) unreachable();
    return at32<T>(bytes.dataStart);
  }

  /** Whether every byte is zero. */
  get isZero(): bool {
    return (this.a | this.b | this.c | this.d) == 0;
  }

  /** The byte at an index from 0 to 31. */
  @operator("[]")
  byteAt(index: i32): u8 {
    if (<u32>index > 31) unreachable();
    return load<u8>(changetype<usize>(this) + index);
  }

  @operator("==")
  protected static equals(left: Bytes32 | null, right: Bytes32 | null): bool {
    const a = changetype<usize>(left);
    const b = changetype<usize>(right);
    if (a == b) return true;
    if (a == 0 || b == 0) return false;
    return (
      load<u64>(a) == load<u64>(b) &&
      load<u64>(a, 8) == load<u64>(b, 8) &&
      load<u64>(a, 16) == load<u64>(b, 16) &&
      load<u64>(a, 24) == load<u64>(b, 24)
    );
  }

  @operator("!=")
  protected static differs(left: Bytes32 | null, right: Bytes32 | null): bool {
    return !Bytes32.equals(left, right);
  }

  /** The bytes, copied. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(32);
    copy(bytes.dataStart, changetype<usize>(this), 32);
    return bytes;
  }

  /** The bytes as lower-case hex with 0x before them. */
  toString(): string {
    return hex(changetype<usize>(this), 32);
  }

  __write(): void {
    copy32(reserve(32), changetype<usize>(this));
  }

  __read(): void {
    const at = take(32);
    if (at != 0) copy32(changetype<usize>(this), at);
  }
}

/** Who calls, who is called, who owns: 32 bytes. */
export class AccountId extends Bytes32 {}

/** A hash of 32 bytes. */
export class Hash extends Bytes32 {}

/** The 32 bytes at an address as a value of the class. */
export function at32<T extends Bytes32>(address: usize): T {
  const value = changetype<T>(__new(offsetof<T>(), idof<T>()));
  copy32(changetype<usize>(value), address);
  return value;
}

function copy32(to: usize, from: usize): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
  store<u64>(to, load<u64>(from, 16), 16);
  store<u64>(to, load<u64>(from, 24), 24);
}

/** Lower-case hex, with 0x before it, of `size` bytes at an address. */
export function hex(address: usize, size: usize): string {
  const text = changetype<string>(__new((2 + size * 2) << 1, idof<string>()));
  const to = changetype<usize>(text);
  store<u32>(to, 0x00780030); // "0x" in UTF-16
  for (let i: usize = 0; i < size; ++i) {
    const byte = <u32>load<u8>(address + i);
    store<u32>(to + 4 + (i << 2), digit(byte >> 4) | (digit(byte & 15) << 16));
  }
  return text;
}

// @ts-ignore: decorator
@inline
function digit(nibble: u32): u32 {
  return nibble + (nibble < 10 ? 0x30 : 0x57);
}
