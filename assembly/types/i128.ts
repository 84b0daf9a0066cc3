/**
 * Signed 128-bit integers: balances that may be debts, differences of amounts.
 *
 * Values do not change once made, and arithmetic is checked: what does not fit traps. Two's complement on the wire.
 */
import { readHalves, sameHalves, u128, writeHalves } from "./u128";

/** The bit that makes the high half of a value negative. */
const SIGN: u64 = 1 << 63;

/** A signed 128-bit integer. */
@final
export class i128 {
  /** Zero. */
  static get Zero(): i128 {
    return new i128(0, 0);
  }
  /** One. */
  static get One(): i128 {
    return new i128(1, 0);
  }
  /** -2^127. */
  static get Min(): i128 {
    return new i128(0, SIGN);
  }
  /** 2^127 - 1. */
  static get Max(): i128 {
    return new i128(u64.MAX_VALUE, SIGN - 1);
  }

  /** Makes a value of a 64-bit one. */
  static from(value: i64): i128 {
    return new i128(<u64>value, <u64>(value >> 63));
  }

  /** Makes a value of an amount; traps when it does not fit. */
  static fromU128(value: u128): i128 {
    return signed(value, false);
  }

  /** Reads decimal digits, with a minus before them or not; traps on anything else. */
  static parse(text: string): i128 {
    const negative = text.startsWith("-");
    return signed(u128.parse(negative ? text.substring(1) : text), negative);
  }

  constructor(
    /** The low 64 bits. */
    readonly lo: u64,
    /** The high 64 bits, the highest of them the sign. */
    readonly hi: u64,
  ) {}

  /** Whether this is zero. */
  get isZero(): bool {
    return (this.lo | this.hi) == 0;
  }

  /** Whether this is less than zero. */
  get isNegative(): bool {
    return (this.hi & SIGN) != 0;
  }

  /** How far from zero it is. */
  abs(): u128 {
    if (!this.isNegative) return new u128(this.lo, this.hi);
    return new u128(0 - this.lo, ~this.hi + <u64>(this.lo == 0));
  }

  @operator.prefix("-")
  private static neg(a: i128): i128 {
    return signed(a.abs(), !a.isNegative);
  }

  @operator("+")
  private static add(a: i128, b: i128): i128 {
    const lo = a.lo + b.lo;
    const hi = a.hi + b.hi + <u64>(lo < a.lo);
    // It does not fit when both have one sign and the sum has the other.
    if ((((a.hi ^ hi) & (b.hi ^ hi)) & SIGN) != 0) unreachable();
    return new i128(lo, hi);
  }

  @operator("-")
  private static sub(a: i128, b: i128): i128 {
    const hi = a.hi - b.hi - <u64>(a.lo < b.lo);
    if ((((a.hi ^ b.hi) & (a.hi ^ hi)) & SIGN) != 0) unreachable();
    return new i128(a.lo - b.lo, hi);
  }

  @operator("*")
  private static mul(a: i128, b: i128): i128 {
    return signed(a.abs() * b.abs(), a.isNegative != b.isNegative);
  }

  /** Rounds towards zero. */
  @operator("/")
  private static div(a: i128, b: i128): i128 {
    return signed(a.abs() / b.abs(), a.isNegative != b.isNegative);
  }

  /** Has the sign of what is divided. */
  @operator("%")
  private static rem(a: i128, b: i128): i128 {
    return signed(a.abs() % b.abs(), a.isNegative);
  }

  @operator("==")
  private static eq(a: i128 | null, b: i128 | null): bool {
    return sameHalves(changetype<usize>(a), changetype<usize>(b));
  }

  @operator("!=")
  private static ne(a: i128 | null, b: i128 | null): bool {
    return !i128.eq(a, b);
  }

  @operator("<")
  private static lt(a: i128, b: i128): bool {
    return a.hi == b.hi ? a.lo < b.lo : <i64>a.hi < <i64>b.hi;
  }

  @operator(">")
  private static gt(a: i128, b: i128): bool {
    return i128.lt(b, a);
  }

  @operator("<=")
  private static le(a: i128, b: i128): bool {
    return !i128.lt(b, a);
  }

  @operator(">=")
  private static ge(a: i128, b: i128): bool {
    return !i128.lt(a, b);
  }

  /** The value as 64 bits; traps when it does not fit. */
  toI64(): i64 {
    if (<u64>(<i64>this.lo >> 63) != this.hi) unreachable();
    return <i64>this.lo;
  }

  /** The value as an amount; traps when it is negative. */
  toU128(): u128 {
    if (this.isNegative) unreachable();
    return new u128(this.lo, this.hi);
  }

  /** Decimal digits, with a minus before them when it is negative. */
  toString(): string {
    return (this.isNegative ? "-" : "") + this.abs().toString();
  }

  __write(): void {
    writeHalves(changetype<usize>(this));
  }

  __read(): void {
    readHalves(changetype<usize>(this));
  }

  __zero(): i128 {
    return new i128(0, 0);
  }
}

/** A value of its distance from zero and its sign; traps when it does not fit. */
function signed(distance: u128, negative: bool): i128 {
  const lo = distance.lo;
  const hi = distance.hi;
  if (negative) {
    if (hi > SIGN || (hi == SIGN && lo != 0)) unreachable();
    return new i128(0 - lo, ~hi + <u64>(lo == 0));
  }
  if (hi >= SIGN) unreachable();
  return new i128(lo, hi);
}
