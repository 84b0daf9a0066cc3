/**
 * Unsigned 128-bit integers: amounts of money.
 *
 * Values do not change once made. Arithmetic is checked, as it is in contracts compiled by ink!: a result that does not
 * fit, and a division by zero, trap. `wrapping*` say so when they wrap.
 */
import { reserve, take } from "../scratch";

/** An unsigned 128-bit integer. */
@final
export class u128 {
  /** Zero. */
  static get Zero(): u128 {
    return new u128(0, 0);
  }
  /** One. */
  static get One(): u128 {
    return new u128(1, 0);
  }
  /** 2^128 - 1. */
  static get Max(): u128 {
    return new u128(u64.MAX_VALUE, u64.MAX_VALUE);
  }

  /** Makes a value of a 64-bit one. */
  // @ts-ignore: decorator
  @inline
  static from(value: u64): u128 {
    return new u128(value, 0);
  }

  /** Reads decimal digits; traps on anything else. */
  static parse(text: string): u128 {
    if (text.length == 0) unreachable();
    let value = u128.Zero;
    const ten = u128.from(10);
    for (let i = 0; i < text.length; ++i) {
      const digit = <u32>text.charCodeAt(i) - 0x30;
      if (digit > 9) unreachable();
      value = value * ten + u128.from(digit);
    }
    return value;
  }

  constructor(
    /** The low 64 bits. */
    readonly lo: u64,
    /** The high 64 bits. */
    readonly hi: u64,
  ) {}

  /** Whether this is zero. */
  get isZero(): bool {
    return (this.lo | this.hi) == 0;
  }

  @operator("+")
  private static add(a: u128, b: u128): u128 {
    const lo = a.lo + b.lo;
    const carry = <u64>(lo < a.lo);
    const hi = a.hi + b.hi;
    const sum = hi + carry;
    if (hi < a.hi || sum < hi) unreachable();
    return new u128(lo, sum);
  }

  @operator("-")
  private static sub(a: u128, b: u128): u128 {
    if (u128.lt(a, b)) unreachable();
    return new u128(a.lo - b.lo, a.hi - b.hi - <u64>(a.lo < b.lo));
  }

  @operator("*")
  private static mul(a: u128, b: u128): u128 {
    if (a.hi != 0 && b.hi != 0) unreachable();
    const low = multiply(a.lo, b.lo);
    const cross = a.hi != 0 ? multiply(a.hi, b.lo) : multiply(a.lo, b.hi);
    const hi = low.hi + cross.lo;
    if (cross.hi != 0 || hi < low.hi) unreachable();
    return new u128(low.lo, hi);
  }

  @operator("/")
  private static div(a: u128, b: u128): u128 {
    return divide(a, b, false);
  }

  @operator("%")
  private static rem(a: u128, b: u128): u128 {
    return divide(a, b, true);
  }

  @operator("==")
  private static eq(a: u128 | null, b: u128 | null): bool {
    return sameHalves(changetype<usize>(a), changetype<usize>(b));
  }

  @operator("!=")
  private static ne(a: u128 | null, b: u128 | null): bool {
    return !u128.eq(a, b);
  }

  @operator("<")
  private static lt(a: u128, b: u128): bool {
    return a.hi == b.hi ? a.lo < b.lo : a.hi < b.hi;
  }

  @operator(">")
  private static gt(a: u128, b: u128): bool {
    return u128.lt(b, a);
  }

  @operator("<=")
  private static le(a: u128, b: u128): bool {
    return !u128.lt(b, a);
  }

  @operator(">=")
  private static ge(a: u128, b: u128): bool {
    return !u128.lt(a, b);
  }

  @operator("&")
  private static and(a: u128, b: u128): u128 {
    return new u128(a.lo & b.lo, a.hi & b.hi);
  }

  @operator("|")
  private static or(a: u128, b: u128): u128 {
    return new u128(a.lo | b.lo, a.hi | b.hi);
  }

  @operator("^")
  private static xor(a: u128, b: u128): u128 {
    return new u128(a.lo ^ b.lo, a.hi ^ b.hi);
  }

  @operator("<<")
  private static shl(a: u128, by: i32): u128 {
    by &= 127;
    if (by == 0) return a;
    if (by >= 64) return new u128(0, a.lo << (by - 64));
    return new u128(a.lo << by, (a.hi << by) | (a.lo >> (64 - by)));
  }

  @operator(">>")
  private static shr(a: u128, by: i32): u128 {
    by &= 127;
    if (by == 0) return a;
    if (by >= 64) return new u128(a.hi >> (by - 64), 0);
    return new u128((a.lo >> by) | (a.hi << (64 - by)), a.hi >> by);
  }

  /** The sum, modulo 2^128. */
  wrappingAdd(other: u128): u128 {
    const lo = this.lo + other.lo;
    return new u128(lo, this.hi + other.hi + <u64>(lo < this.lo));
  }

  /** The difference, modulo 2^128. */
  wrappingSub(other: u128): u128 {
    return new u128(this.lo - other.lo, this.hi - other.hi - <u64>(this.lo < other.lo));
  }

  /** The product, modulo 2^128. */
  wrappingMul(other: u128): u128 {
    const low = multiply(this.lo, other.lo);
    return new u128(low.lo, low.hi + this.lo * other.hi + this.hi * other.lo);
  }

  /** The value as 64 bits; traps when it does not fit. */
  toU64(): u64 {
    if (this.hi != 0) unreachable();
    return this.lo;
  }

  /** Decimal digits. */
  toString(): string {
    if (this.hi == 0) return this.lo.toString();
    const base = u128.from(10_000_000_000_000_000_000); // 10^19, the largest power of ten below 2^64
    const head = this / base;
    return head.toString() + (this % base).lo.toString().padStart(19, "0");
  }

  __write(): void {
    writeHalves(changetype<usize>(this));
  }

  __read(): void {
    readHalves(changetype<usize>(this));
  }

  __zero(): u128 {
    return new u128(0, 0);
  }
}

/** Whether two numbers of two halves are equal, either of them null or not. */
export function sameHalves(left: usize, right: usize): bool {
  if (left == 0 || right == 0) return left == right;
  return load<u64>(left) == load<u64>(right) && load<u64>(left, 8) == load<u64>(right, 8);
}

/** Appends a number of two halves, the low one first, as it lies in memory. */
export function writeHalves(from: usize): void {
  const at = reserve(16);
  store<u64>(at, load<u64>(from));
  store<u64>(at, load<u64>(from, 8), 8);
}

/** Takes a number of two halves. */
export function readHalves(to: usize): void {
  const at = take(16);
  if (at == 0) return;
  store<u64>(to, load<u64>(at));
  store<u64>(to, load<u64>(at, 8), 8);
}

/** The full product of two 64-bit values. */
export function multiply(a: u64, b: u64): u128 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >> 32);
  const other = aLow * bHigh + (middle & 0xffffffff);
  return new u128((other << 32) | (low & 0xffffffff), aHigh * bHigh + (middle >> 32) + (other >> 32));
}

/** Quotient or remainder, bit by bit from the highest bit that can matter. */
function divide(a: u128, b: u128, remainder: bool): u128 {
  if (b.isZero) unreachable();
  if ((a.hi | b.hi) == 0) return new u128(remainder ? a.lo % b.lo : a.lo / b.lo, 0);
  let restLow: u64 = 0;
  let restHigh: u64 = 0;
  let quotientLow: u64 = 0;
  let quotientHigh: u64 = 0;
  for (let i = a.hi != 0 ? 127 - <i32>clz(a.hi) : 63 - <i32>clz(a.lo); i >= 0; --i) {
    const bit = i >= 64 ? (a.hi >> (i - 64)) & 1 : (a.lo >> i) & 1;
    const carry = restHigh >> 63;
    restHigh = (restHigh << 1) | (restLow >> 63);
    restLow = (restLow << 1) | bit;
    if (carry != 0 || restHigh > b.hi || (restHigh == b.hi && restLow >= b.lo)) {
      restHigh = restHigh - b.hi - <u64>(restLow < b.lo);
      restLow -= b.lo;
      if (i >= 64) quotientHigh |= <u64>1 << (i - 64);
      else quotientLow |= <u64>1 << i;
    }
  }
  return remainder ? new u128(restLow, restHigh) : new u128(quotientLow, quotientHigh);
}
