/**
 * Values that may be absent and calls that may fail: `Option<T>` and `Result<T, E>`.
 *
 * A message that returns an `err(...)` reverts everything it did, and its caller sees the error by name.
 */
import { read, write } from "../scale";

/** A value that may be absent; for classes and strings `T | null` says the same. */
@final
export class Option<T> {
  constructor(
    /** Whether there is a value. */
    readonly isSome: bool,
    private inner: T,
  ) {}

  /** Whether there is no value. */
  get isNone(): bool {
    return !this.isSome;
  }

  /** The value; traps when there is none. */
  get value(): T {
    if (!this.isSome) unreachable();
    return this.inner;
  }

  /** The value, or another when there is none. */
  or(fallback: T): T {
    return this.isSome ? this.inner : fallback;
  }

  __write(): void {
    write<bool>(this.isSome);
    if (this.isSome) write<T>(this.inner);
  }

  __read(): void {
    const isSome = read<bool>();
    store<bool>(changetype<usize>(this), isSome, offsetof<Option<T>>("isSome"));
    if (isSome) this.inner = read<T>();
  }
}

/** An option with a value. */
export function some<T>(value: T): Option<T> {
  return new Option<T>(true, value);
}

/** An option without one. */
export function none<T>(): Option<T> {
  if (isReference<T>()) return new Option<T>(false, changetype<T>(0));
  else return new Option<T>(false, <T>0);
}

/** What a call that may fail gives: a value, or an error; `Result<void, E>` has no value. */
@final
export class Result<T, E> {
  /** Whether it failed. */
  readonly isErr: bool;
  // A value or an error, as the word that holds it: a field of type T would forbid `void`.
  private word: u64;

  constructor(isErr: bool, word: u64) {
    this.isErr = isErr;
    this.word = word;
  }

  /** Whether it succeeded. */
  get isOk(): bool {
    return !this.isErr;
  }

  /** The value; traps when it failed. */
  get value(): T {
    if (this.isErr) unreachable();
    if (!isVoid<T>()) return fromWord<T>(this.word);
  }

  /** The error; traps when it succeeded. */
  get error(): E {
    if (!this.isErr) unreachable();
    return fromWord<E>(this.word);
  }

  __write(): void {
    write<bool>(this.isErr);
    if (this.isErr) write<E>(fromWord<E>(this.word));
    else if (!isVoid<T>()) write<T>(fromWord<T>(this.word));
  }

  __read(): void {
    const isErr = read<bool>();
    store<bool>(changetype<usize>(this), isErr, offsetof<Result<T, E>>("isErr"));
    if (isErr) this.word = toWord<E>(read<E>());
    else if (!isVoid<T>()) this.word = toWord<T>(read<T>());
  }
}

/** Success without a value. In a function that returns a `Result` the transform fills in the type arguments. */
export function done<E>(): Result<void, E> {
  return new Result<void, E>(false, 0);
}

/** Success. In a function that returns a `Result` the transform fills in the type arguments. */
export function ok<T, E>(value: T = missing<T>()): Result<T, E> {
  return new Result<T, E>(false, toWord<T>(value));
}

/** For editors, which do not know that the transform gives `ok()` a function of its own. */
function missing<T>(): T {
  ERROR("ok() without a value belongs into a function that returns Result<void, E>");
}

/** Failure. In a function that returns a `Result` the transform fills in the type arguments. */
export function err<T, E>(error: E): Result<T, E> {
  return new Result<T, E>(true, toWord<E>(error));
}

// @ts-ignore: decorator
@inline
function toWord<T>(value: T): u64 {
  if (isReference<T>()) return <u64>changetype<usize>(value);
  else return <u64>value;
}

// @ts-ignore: decorator
@inline
function fromWord<T>(word: u64): T {
  if (isReference<T>()) return changetype<T>(<usize>word);
  else return <T>word;
}
