/**
 * What the generated code of a contract calls: how an entry begins, how it ends, how a field comes and goes.
 *
 * The order is ink! 4's: the payment check, the input, the arguments, the message, the changed fields, the answer.
 * Input that cannot be decoded answers `Err(LangError::CouldNotReadInput)`; an error of the message reverts.
 */
export { abort } from "./abort";
import { flush, forget } from "./contract";
import { CallError, beginRemote, callRemote } from "./env/contracts";
import { depositEvent, hashBlake2256, input, sealReturn, setStorage, valueTransferred } from "./env/imports";
import { read, write } from "./scale";
import { LENGTH, SCRATCH, SCRATCH_SIZE, begin, copy, fail, failed, open, openAt, position, remaining, reserve, take, written } from "./scratch";
import { decodeCell, keyOf, openCell, setCell } from "./storage/cell";
import { zero } from "./storage/zero";
import { Result, done, err, ok } from "./types/choice";

export { Result, read, write, fail, failed, zero, done, err, ok, flush, forget, beginRemote, callRemote };

/** `seal_return` with this flag drops everything that the frame did. */
const REVERT: u32 = 1;
/** `Err(LangError::CouldNotReadInput)`. */
const COULD_NOT_READ_INPUT: u16 = 0x0101;

/** Reads the input and takes its selector; input shorter than that is answered, and this does not return. */
export function enter(): u32 {
  store<u32>(LENGTH, <u32>SCRATCH_SIZE);
  input(SCRATCH, LENGTH);
  const size = load<u32>(LENGTH);
  if (size < 4) refuseInput();
  openAt(SCRATCH + 4, SCRATCH + size);
  return load<u32>(SCRATCH);
}

/** Where the next `size` bytes of the arguments are; when there are fewer that is answered, and this does not return. */
export function takeArguments(size: usize): usize {
  const at = take(size);
  if (at == 0) refuseInput();
  return at;
}

/** Ends the frame: there is no such message, or its arguments cannot be decoded. */
export function refuseInput(): void {
  store<u16>(SCRATCH, COULD_NOT_READ_INPUT);
  sealReturn(REVERT, SCRATCH, 2);
  unreachable();
}

/** Traps when value came along with a message that is not payable. */
export function refusePayment(): void {
  store<u32>(LENGTH, 16);
  const out = memory.data(16, 8);
  valueTransferred(out, LENGTH);
  if ((load<u64>(out) | load<u64>(out, 8)) != 0) unreachable();
}

/** Ends the frame with `Ok(())`. */
export function answerNothing(): void {
  store<u8>(SCRATCH, 0);
  sealReturn(0, SCRATCH, 1);
}

/** Ends the frame of a constructor with `Ok(Ok(()))`. */
export function answerConstructed(): void {
  store<u16>(SCRATCH, 0);
  sealReturn(0, SCRATCH, 2);
}

/** Ends the frame with `Ok(value)`. */
export function answer<T>(value: T): void {
  if (isBoolean<T>() || isInteger<T>()) {
    store<u8>(SCRATCH, 0);
    store<T>(SCRATCH, value, 1);
    sealReturn(0, SCRATCH, 1 + sizeof<T>());
  } else {
    begin();
    store<u8>(reserve(1), 0);
    write<T>(value);
    sealReturn(0, SCRATCH, <u32>written());
  }
}

/** Ends the frame with `Ok(Err(error))` and drops what it did. */
export function answerError<R>(result: R): void {
  begin();
  store<u8>(reserve(1), 0);
  write<R>(result);
  sealReturn(REVERT, SCRATCH, <u32>written());
}

/** Whether a field has a value in storage; if so it is ready to be decoded by `loaded`. */
// @ts-ignore: decorator
@inline
export function stored(field: u32): bool {
  keyOf(field);
  return openCell();
}

/** The field's value in storage, after `stored` said that there is one. */
// @ts-ignore: decorator
@inline
export function loaded<T>(): T {
  return decodeCell<T>();
}

/** Stores a field that was assigned. */
export function save<T>(field: u32, value: T): void {
  keyOf(field);
  setCell<T>(value);
}

/** A copy of the bytes about to be decoded, preceded by their length: what `saveIfChanged` compares with. */
export function remember(): usize {
  const size = remaining();
  const kept = heap.alloc(4 + size);
  store<u32>(kept, <u32>size);
  copy(kept + 4, take(0), size);
  return kept;
}

/** As `remember`, for a value that is not in storage yet. */
export function rememberValue<T>(value: T): usize {
  begin();
  write<T>(value);
  open(SCRATCH, written());
  return remember();
}

/** Stores a field whose value may have been changed in place: only when its bytes are not those remembered. */
export function saveIfChanged<T>(field: u32, value: T, remembered: usize): void {
  keyOf(field);
  const at = position();
  write<T>(value);
  const size = <u32>(position() - at);
  if (remembered != 0 && load<u32>(remembered) == size && memory.compare(remembered + 4, at, size) == 0) return;
  setStorage(SCRATCH, <u32>(at - SCRATCH), at, size);
}

/** Room for ink!'s topics: a count and at most four hashes. */
const TOPICS: usize = memory.data(1 + 4 * 32, 8);
// @ts-ignore: decorator
@lazy let topics: u32 = 0;

/** What a call gives whose answer is not what was expected. */
export function undecodable<T>(): Result<T, u8> {
  return err<T, u8>(CallError.Undecodable);
}

/** Starts an event that will have `count` topics. */
export function beginEvent(count: u32): void {
  topics = 0;
  store<u8>(TOPICS, <u8>(count << 2));
}

/**
 * Adds what was encoded since `begin` as a topic: as it is, padded with zeros, or hashed when longer than 32 bytes.
 */
export function addTopic(): void {
  const to = TOPICS + 1 + (topics++ << 5);
  const size = written();
  if (size > 32) {
    hashBlake2256(SCRATCH, <u32>size, to);
  } else {
    for (let i: usize = 0; i < 32; i += 8) store<u64>(to + i, 0);
    copy(to, SCRATCH, size);
  }
}

/** Starts a topic with a fixed text before the value: `text` is an address, encoded by the compiler. */
export function beginTopic(text: usize, size: usize): void {
  begin();
  copy(reserve(size), text, size);
}

/** Starts the event's data with its index. */
export function beginData(index: u8): void {
  begin();
  store<u8>(reserve(1), index);
}

/** Deposits the event. */
export function deposit(): void {
  depositEvent(TOPICS, 1 + (topics << 5), SCRATCH, <u32>written());
}
