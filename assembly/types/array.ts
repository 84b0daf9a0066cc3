/**
 * Arrays whose length is part of their type, on the wire without a length before them.
 */
import { read, write } from "../scale";
import { failed } from "../scratch";

/**
 * An array of a fixed length: `@fixed(9) class Board extends FixedArray<u8> {}`. The transform fills in the length, so
 * that `new Board()` has nine items. Indices at or past the length trap, and so does an item that was never set.
 */
export abstract class FixedArray<T> {
  private items: StaticArray<T>;

  constructor(length: i32 = 0) {
    this.items = new StaticArray<T>(length);
  }

  /** How many items there are. */
  get length(): i32 {
    return this.items.length;
  }

  @operator("[]")
  protected at(index: i32): T {
    return this.items[index];
  }

  @operator("[]=")
  protected put(index: i32, value: T): void {
    this.items[index] = value;
  }

  __write(): void {
    const items = this.items;
    for (let i = 0, n = items.length; i < n; ++i) write<T>(items[i]);
  }

  /** Decodes so many items; the transform knows how many. */
  protected __readItems(length: i32): void {
    const items = new StaticArray<T>(length);
    this.items = items;
    for (let i = 0; i < length && !failed(); ++i) items[i] = read<T>();
  }
}

/** Two values: a tuple on the wire. */
@final
export class Pair<A, B> {
  constructor(
    public first: A,
    public second: B,
  ) {}

  __write(): void {
    write<A>(this.first);
    write<B>(this.second);
  }

  __read(): void {
    this.first = read<A>();
    this.second = read<B>();
  }
}

/** Three values: a tuple on the wire. */
@final
export class Triple<A, B, C> {
  constructor(
    public first: A,
    public second: B,
    public third: C,
  ) {}

  __write(): void {
    write<A>(this.first);
    write<B>(this.second);
    write<C>(this.third);
  }

  __read(): void {
    this.first = read<A>();
    this.second = read<B>();
    this.third = read<C>();
  }
}

/** Two values as one. */
export function pair<A, B>(first: A, second: B): Pair<A, B> {
  return new Pair<A, B>(first, second);
}

/** Three values as one. */
export function triple<A, B, C>(first: A, second: B, third: C): Triple<A, B, C> {
  return new Triple<A, B, C>(first, second, third);
}
