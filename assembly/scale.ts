/**
 * SCALE, decided per type at compile time: `write<T>` appends a value to the scratch space, `read<T>` takes one.
 *
 * A value class brings its own `__write` and `__read`; the transform adds them to the classes of the contract. Reading
 * never traps: malformed input sets a flag and gives some value of the type, and the caller asks `failed()` once at the
 * end. Every encoded item has at least one byte, so a length that promises more items than there are bytes is refused
 * before anything is allocated.
 */
import { copy, fail, failed, remaining, reserve, take } from "./scratch";
import { isUtf8 } from "./text";

/** Appends a value. */
export function write<T>(value: T): void {
  if (isBoolean<T>()) {
    store<u8>(reserve(1), value ? 1 : 0);
  } else if (isInteger<T>()) {
    store<T>(reserve(sizeof<T>()), value);
  } else if (isFloat<T>()) {
    ERROR("floats have no place in a contract's interface or storage");
  } else if (isNullable<T>()) {
    if (changetype<usize>(value) == 0) {
      store<u8>(reserve(1), 0);
    } else {
      store<u8>(reserve(1), 1);
      write<NonNullable<T>>(changetype<NonNullable<T>>(value));
    }
  } else if (isString<T>()) {
    writeText(changetype<string>(value));
  } else if (isArray<T>()) {
    writeItems<T>(value);
  } else if (isDefined(value.__write)) {
    value.__write();
  } else if (idof<T>() == idof<Uint8Array>()) {
    const bytes = changetype<Uint8Array>(value);
    writeCompact(bytes.length);
    copy(reserve(bytes.length), bytes.dataStart, bytes.length);
  } else if (value instanceof Map) {
    writeMap(value);
  } else if (value instanceof Set) {
    writeSet(value);
  } else {
    ERROR("this type has no SCALE encoding");
  }
}

/** Takes a value; what it is when the input is malformed must not be used. */
export function read<T>(): T {
  if (isBoolean<T>()) {
    const at = take(1);
    if (at == 0) return <T>false;
    const byte = load<u8>(at);
    if (byte > 1) fail();
    return <T>(byte != 0);
  } else if (isInteger<T>()) {
    const at = take(sizeof<T>());
    return at == 0 ? <T>0 : load<T>(at);
  } else if (isFloat<T>()) {
    ERROR("floats have no place in a contract's interface or storage");
  } else if (isNullable<T>()) {
    return read<bool>() ? read<NonNullable<T>>() : null;
  } else if (isString<T>()) {
    return changetype<T>(readText());
  } else if (isArray<T>()) {
    return readItems<T>();
  } else if (isDefined(changetype<T>(0).__decode)) {
    return changetype<T>(0).__decode();
  } else if (isDefined(changetype<T>(0).__read)) {
    const value = changetype<T>(__new(offsetof<T>(), idof<T>()));
    value.__read();
    return value;
  } else if (idof<T>() == idof<Uint8Array>()) {
    return changetype<T>(readBytes());
  } else if (changetype<T>(0) instanceof Map) {
    return readMap(changetype<T>(0));
  } else if (changetype<T>(0) instanceof Set) {
    return readSet(changetype<T>(0));
  } else {
    ERROR("this type has no SCALE encoding");
  }
}

/** Appends a compact length. */
export function writeCompact(value: u32): void {
  if (value < 1 << 6) {
    store<u8>(reserve(1), <u8>(value << 2));
  } else if (value < 1 << 14) {
    store<u16>(reserve(2), <u16>((value << 2) | 1));
  } else if (value < 1 << 30) {
    store<u32>(reserve(4), (value << 2) | 2);
  } else {
    store<u8>(reserve(1), 3);
    store<u32>(reserve(4), value);
  }
}

/** Takes a compact length; a form longer than needed is malformed. */
export function readCompact(): u32 {
  let at = take(1);
  if (at == 0) return 0;
  const first = <u32>load<u8>(at);
  let value: u32 = 0;
  let least: u32 = 0;
  switch (first & 3) {
    case 0:
      return first >> 2;
    case 1:
      if (take(1) != 0) value = <u32>load<u16>(at) >> 2;
      least = 1 << 6;
      break;
    case 2:
      if (take(3) != 0) value = load<u32>(at) >> 2;
      least = 1 << 14;
      break;
    default:
      if (first != 3) fail();
      at = take(4);
      if (at != 0) value = load<u32>(at);
      least = 1 << 30;
  }
  if (value < least) fail();
  return failed() ? 0 : value;
}

/** Takes the length of a collection: at most as many items as bytes are left. */
function readLength(): u32 {
  const length = readCompact();
  if (length > <u32>remaining()) {
    fail();
    return 0;
  }
  return length;
}

function writeText(value: string): void {
  const size = <u32>String.UTF8.byteLength(value);
  writeCompact(size);
  String.UTF8.encodeUnsafe(changetype<usize>(value), value.length, reserve(size), false, String.UTF8.ErrorMode.REPLACE);
}

function readText(): string {
  const size = readLength();
  if (size == 0) return "";
  const at = take(size);
  if (!isUtf8(at, size)) {
    fail();
    return "";
  }
  return String.UTF8.decodeUnsafe(at, size);
}

function readBytes(): Uint8Array {
  const size = readLength();
  return size == 0 ? noBytes() : readRaw(size);
}

// @ts-ignore: decorator
@lazy let sharedEmpty: usize = 0;

/** One empty byte string for all: a list of ten thousand of them must not fill the memory. */
function noBytes(): Uint8Array {
  if (sharedEmpty == 0) sharedEmpty = changetype<usize>(new Uint8Array(0));
  return changetype<Uint8Array>(sharedEmpty);
}

/** Appends bytes without a length before them; traps when there are not as many. */
export function writeRaw(bytes: Uint8Array, size: u32): void {
  if (<u32>bytes.length != size) unreachable();
  copy(reserve(size), bytes.dataStart, size);
}

/** Takes so many bytes. */
export function readRaw(size: u32): Uint8Array {
  const at = take(size);
  const bytes = new Uint8Array(at == 0 ? 0 : size);
  if (at != 0) copy(bytes.dataStart, at, size);
  return bytes;
}

function writeItems<T>(items: T): void {
  const length = items.length;
  writeCompact(length);
  for (let i = 0; i < length; ++i) write<valueof<T>>(unchecked(items[i]));
}

function readItems<T>(): T {
  const length = readLength();
  const items = instantiate<T>(length);
  for (let i: u32 = 0; i < length; ++i) {
    unchecked((items[i] = read<valueof<T>>()));
    if (failed()) break;
  }
  return items;
}

/** Maps and sets are written in the order in which they were filled; the reader does not demand another. */
function writeMap<K, V>(map: Map<K, V>): void {
  const keys = map.keys();
  const values = map.values();
  writeCompact(keys.length);
  for (let i = 0, n = keys.length; i < n; ++i) {
    write<K>(unchecked(keys[i]));
    write<V>(unchecked(values[i]));
  }
}

function readMap<K, V>(_: Map<K, V>): Map<K, V> {
  const map = new Map<K, V>();
  for (let n = readLength(); n > 0 && !failed(); --n) {
    const key = read<K>();
    map.set(key, read<V>());
  }
  return map;
}

function writeSet<T>(set: Set<T>): void {
  const values = set.values();
  writeCompact(values.length);
  for (let i = 0, n = values.length; i < n; ++i) write<T>(unchecked(values[i]));
}

function readSet<T>(_: Set<T>): Set<T> {
  const set = new Set<T>();
  for (let n = readLength(); n > 0 && !failed(); --n) set.add(read<T>());
  return set;
}
