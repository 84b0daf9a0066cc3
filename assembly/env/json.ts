/**
 * JSON, read: enough to take figures and texts out of what a server answered.
 *
 * Reading never traps. A path that leads nowhere gives null, and whatever is asked of null is zero, empty or null again,
 * so that a contract asks once at the end. There are no floats: a number keeps its digits, and `scaled` gives it in a
 * unit so small that it is whole.
 */
import { u128 } from "../types/u128";

/** What a JSON value is. */
export enum JsonKind {
  Null,
  Bool,
  Number,
  Text,
  List,
  Object,
}

/** The deepest nesting that is read. */
const DEEPEST: i32 = 64;

/** A JSON value. */
export class Json {
  private names: string[] = [];
  private items: Json[] = [];

  constructor(
    /** What it is. */
    readonly kind: JsonKind = JsonKind.Null,
    private raw: string = "",
  ) {}

  /** Reads a text; what is not JSON gives null. */
  static parse(text: string): Json {
    const reader = new Reader(text);
    const value = reader.value(0);
    reader.space();
    return reader.bad || !reader.atEnd ? new Json() : value;
  }

  /** Whether it is null, or was not there. */
  get isNull(): bool {
    return this.kind == JsonKind.Null;
  }

  /** How many items a list has, or names an object. */
  get length(): i32 {
    return this.items.length;
  }

  /** What an object has under a name; the last one when it stands there twice. */
  get(name: string): Json {
    for (let i = this.names.length - 1; i >= 0; --i) if (this.names[i] == name) return this.items[i];
    return new Json();
  }

  /** The item of a list at an index. */
  at(index: i32): Json {
    return this.kind == JsonKind.List && index >= 0 && index < this.items.length ? this.items[index] : new Json();
  }

  /** A text, or the digits of a number as they stood there; empty for anything else. */
  text(): string {
    return this.kind == JsonKind.Text || this.kind == JsonKind.Number ? this.raw : "";
  }

  /** A boolean; false for anything else. */
  bool(): bool {
    return this.kind == JsonKind.Bool && this.raw == "true";
  }

  /** A whole number from 0 on, also out of a text of digits; zero for anything else or when it does not fit. */
  u64(): u64 {
    const value = this.scaled(0);
    return value.hi == 0 ? value.lo : 0;
  }

  /**
   * A number from 0 on, times 10 to the power of `decimals`; digits behind those are cut off. Reads texts such as
   * "12.5" too, as many servers send prices. Zero for anything else, for exponents, and when it does not fit.
   */
  scaled(decimals: i32): u128 {
    const digits = this.text();
    let value = u128.Zero;
    let behind = -1;
    const ten = u128.from(10);
    const most = u128.Max / ten - u128.One;
    for (let i = 0; i < digits.length; ++i) {
      const code = digits.charCodeAt(i);
      if (code == 0x2e && behind < 0 && i > 0) {
        behind = 0;
        continue;
      }
      if (code < 0x30 || code > 0x39) return u128.Zero;
      if (behind >= decimals) continue;
      if (value > most) return u128.Zero;
      value = value * ten + u128.from(code - 0x30);
      if (behind >= 0) ++behind;
    }
    for (let i = behind < 0 ? 0 : behind; i < decimals; ++i) {
      if (value > most) return u128.Zero;
      value = value * ten;
    }
    return value;
  }

  /** Adds to a value while it is read. */
  add(name: string | null, item: Json): void {
    if (name !== null) this.names.push(name);
    this.items.push(item);
  }
}

class Reader {
  private pos: i32 = 0;
  bad: bool = false;

  constructor(private source: string) {}

  get atEnd(): bool {
    return this.pos >= this.source.length;
  }

  space(): void {
    for (; this.pos < this.source.length; ++this.pos) {
      const code = this.source.charCodeAt(this.pos);
      if (code != 0x20 && code != 0x0a && code != 0x0d && code != 0x09) return;
    }
  }

  value(depth: i32): Json {
    this.space();
    if (this.atEnd || depth > DEEPEST) return this.wrong();
    const code = this.source.charCodeAt(this.pos);
    if (code == 0x7b || code == 0x5b) return this.nested(code == 0x7b, depth);
    if (code == 0x22) return new Json(JsonKind.Text, this.text());
    if (code == 0x2d || (code >= 0x30 && code <= 0x39)) return this.number();
    if (this.word("true")) return new Json(JsonKind.Bool, "true");
    if (this.word("false")) return new Json(JsonKind.Bool, "false");
    return this.word("null") ? new Json() : this.wrong();
  }

  private nested(isObject: bool, depth: i32): Json {
    const whole = new Json(isObject ? JsonKind.Object : JsonKind.List);
    const close = isObject ? 0x7d : 0x5d;
    ++this.pos;
    if (this.skip(close)) return whole;
    do {
      let name: string | null = null;
      if (isObject) {
        this.space();
        name = this.text();
        if (!this.skip(0x3a)) return this.wrong();
      }
      whole.add(name, this.value(depth + 1));
      if (this.bad) return whole;
    } while (this.skip(0x2c));
    return this.skip(close) ? whole : this.wrong();
  }

  private number(): Json {
    const from = this.pos;
    if (this.source.charCodeAt(this.pos) == 0x2d) ++this.pos;
    const first = this.pos;
    if (this.digits() == 0 || (this.pos - first > 1 && this.source.charCodeAt(first) == 0x30)) return this.wrong();
    if (this.here() == 0x2e) {
      ++this.pos;
      if (this.digits() == 0) return this.wrong();
    }
    if ((this.here() | 0x20) == 0x65) {
      ++this.pos;
      if (this.here() == 0x2b || this.here() == 0x2d) ++this.pos;
      if (this.digits() == 0) return this.wrong();
    }
    return new Json(JsonKind.Number, this.source.substring(from, this.pos));
  }

  private digits(): i32 {
    const from = this.pos;
    while (this.here() >= 0x30 && this.here() <= 0x39) ++this.pos;
    return this.pos - from;
  }

  private text(): string {
    if (this.here() != 0x22) {
      this.bad = true;
      return "";
    }
    let text = "";
    let from = ++this.pos;
    for (; !this.atEnd; ++this.pos) {
      const code = this.source.charCodeAt(this.pos);
      if (code < 0x20) break;
      if (code == 0x22) {
        text += this.source.substring(from, this.pos++);
        return text;
      }
      if (code != 0x5c) continue;
      text += this.source.substring(from, this.pos++) + this.escape();
      from = this.pos + 1;
    }
    this.bad = true;
    return "";
  }

  private escape(): string {
    switch (this.here()) {
      case 0x22:
      case 0x5c:
      case 0x2f:
        return this.source.charAt(this.pos);
      case 0x62:
        return "\b";
      case 0x66:
        return "\f";
      case 0x6e:
        return "\n";
      case 0x72:
        return "\r";
      case 0x74:
        return "\t";
      case 0x75: {
        let unit = 0;
        for (let i = 1; i <= 4; ++i) {
          const digit = this.pos + i < this.source.length ? this.source.charCodeAt(this.pos + i) | 0x20 : 0;
          if (digit >= 0x30 && digit <= 0x39) unit = (unit << 4) | (digit - 0x30);
          else if (digit >= 0x61 && digit <= 0x66) unit = (unit << 4) | (digit - 0x57);
          else this.bad = true;
        }
        this.pos += 4;
        return String.fromCharCode(unit);
      }
    }
    this.bad = true;
    return "";
  }

  private here(): i32 {
    return this.atEnd ? -1 : this.source.charCodeAt(this.pos);
  }

  private skip(code: i32): bool {
    this.space();
    if (this.here() != code) return false;
    ++this.pos;
    return true;
  }

  private word(text: string): bool {
    if (!this.source.startsWith(text, this.pos)) return false;
    this.pos += text.length;
    return true;
  }

  private wrong(): Json {
    this.bad = true;
    return new Json();
  }
}
