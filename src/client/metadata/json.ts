/**
 * Reads untrusted JSON with the place of every value at hand, so that a complaint can name it.
 * @module
 */

import { EngineError } from "../../errors.ts";
import { fromHex } from "../../wire/bytes.ts";

/** A value of a JSON document and its place in it. Every method throws `MetadataInvalid` when the value is another. */
export class Json {
  readonly value: unknown;
  /** As in `spec.messages[2].selector`. */
  readonly place: string;

  constructor(value: unknown, place = "") {
    this.value = value;
    this.place = place;
  }

  /** The complaint about this value. */
  fail(reason: string): EngineError {
    return new EngineError("MetadataInvalid", { reason, ...(this.place === "" ? {} : { at: this.place }) });
  }

  /** Whether the value is there and not null. */
  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** A member of an object; of anything else, an absent value. */
  get(key: string): Json {
    const value =
      typeof this.value === "object" && this.value !== null && Object.hasOwn(this.value, key)
        ? (this.value as Record<string, unknown>)[key]
        : undefined;
    return new Json(value, this.place === "" ? key : `${this.place}.${key}`);
  }

  /** The first of these members that is there. */
  either(...keys: readonly string[]): Json {
    for (const key of keys) {
      const found = this.get(key);
      if (found.present) return found;
    }
    return this.get(keys[0] as string);
  }

  /** The names of an object's members. */
  keys(): readonly string[] {
    return typeof this.value === "object" && this.value !== null && !Array.isArray(this.value)
      ? Object.keys(this.value)
      : [];
  }

  object(): this {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) {
      throw this.fail("an object is missing");
    }
    return this;
  }

  /** The items of an array; an absent array is empty, as emitters leave empty ones out. */
  items(): readonly Json[] {
    if (!this.present) return [];
    if (!Array.isArray(this.value)) throw this.fail("a list is expected");
    return this.value.map((item, i) => new Json(item, `${this.place}[${i}]`));
  }

  text(): string {
    if (typeof this.value !== "string") throw this.fail("a text is missing");
    return this.value;
  }

  textOr(otherwise: string): string {
    return typeof this.value === "string" ? this.value : otherwise;
  }

  /** A name that is a text, or a path of texts to be joined by "::". */
  label(): string {
    if (Array.isArray(this.value)) {
      if (this.value.length === 0) throw this.fail("an empty name");
      return this.items()
        .map((part) => part.text())
        .join("::");
    }
    return this.text();
  }

  flag(otherwise: boolean): boolean {
    return typeof this.value === "boolean" ? this.value : otherwise;
  }

  /** A whole number from 0 to 2^32 - 1. */
  count(): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw this.fail("a whole number is missing");
    }
    return value;
  }

  /** `0x…` of exactly `length` bytes. */
  bytes(length: number): Uint8Array {
    const text = this.text();
    if (!/^0x[0-9a-fA-F]*$/.test(text) || text.length !== 2 + 2 * length) {
      throw this.fail(`0x and ${2 * length} hex digits are expected`);
    }
    return fromHex(text);
  }
}
