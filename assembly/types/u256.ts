/**
 * Unsigned 256-bit integers, for what 128 bits cannot hold: products of amounts, values of other chains.
 *
 * Values do not change once made, and arithmetic is checked: what does not fit traps.
 */
import { reserve, take } from "../scratch";
import { multiply, u128 } from "./u128";

/** An unsigned 256-bit integer: four limbs, the lowest first. */
@final
export class u256 {
  /** Zero. */
  static get Zero(): u256 {
    return new u256();
  }
  /** One. */
  static get One(): u256 {
    return new u256(1);
  }
  /** 2^256 - 1. */
  static get Max(): u256 {
    return new u256(u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE);
  }

  /** Makes a value of a 64-bit one. */
  static from(value: u64): u256 {
    return new u256(value);
  }

  /** Makes a value of a 128-bit one. */
  static fromU128(value: u128): u256 {
    return new u256(value.lo, value.hi);
  }

  constructor(
    /** Bits 0 to 63. */
    readonly a: u64 = 0,
    /** Bits 64 to 127. */
    readonly b: u64 = 0,
    /** Bits 128 to 191. */
    readonly c: u64 = 0,
    /** Bits 192 to 255. */
    readonly d: u64 = 0,
  ) {}

  /** Whether this is zero. */
  get isZero(): bool {
    return (this.a | this.b | this.c | this.d) == 0;
  }

  @operator("+")
  private static add(x: u256, y: u256): u256 {
    const sum = blank();
    let carry: u64 = 0;
    for (let i: usize = 0; i < 4; ++i) {
      const left = limb(x, i);
      const half = left + limb(y, i);
      const whole = half + carry;
      carry = <u64>(half < left) | <u64>(whole < half);
      setLimb(sum, i, whole);
    }
    if (carry != 0) unreachable();
    return sum;
  }

  @operator("-")
  private static sub(x: u256, y: u256): u256 {
    const difference = blank();
    let borrow: u64 = 0;
    for (let i: usize = 0; i < 4; ++i) {
      const left = limb(x, i);
      const right = limb(y, i);
      const half = left - right;
      const whole = half - borrow;
      borrow = <u64>(left < right) | <u64>(half < borrow);
      setLimb(difference, i, whole);
    }
    if (borrow != 0) unreachable();
    return difference;
  }

  @operator("*")
  private static mul(x: u256, y: u256): u256 {
    const product = blank();
    for (let i: usize = 0; i < 4; ++i) {
      let carry: u64 = 0;
      for (let j: usize = 0; j < 4; ++j) {
        const part = multiply(limb(x, i), limb(y, j));
        if (i + j > 3) {
          if ((part.lo | part.hi | carry) != 0) unreachable();
          continue;
        }
        const low = part.lo + carry;
        const before = limb(product, i + j);
        const sum = low + before;
        carry = part.hi + <u64>(low < carry) + <u64>(sum < before);
        setLimb(product, i + j, sum);
      }
      if (carry != 0) unreachable();
    }
    return product;
  }

  @operator("/")
  private static div(x: u256, y: u256): u256 {
    return divide(x, y, false);
  }

  @operator("%")
  private static rem(x: u256, y: u256): u256 {
    return divide(x, y, true);
  }

  @operator("==")
  private static eq(x: u256 | null, y: u256 | null): bool {
    const left = changetype<usize>(x);
    const right = changetype<usize>(y);
    if (left == 0 || right == 0) return left == right;
    return memory.compare(left, right, 32) == 0;
  }

  @operator("!=")
  private static ne(x: u256 | null, y: u256 | null): bool {
    return !u256.eq(x, y);
  }

  @operator("<")
  private static lt(x: u256, y: u256): bool {
    return compare(x, y) < 0;
  }

  @operator(">")
  private static gt(x: u256, y: u256): bool {
    return compare(x, y) > 0;
  }

  @operator("<=")
  private static le(x: u256, y: u256): bool {
    return compare(x, y) <= 0;
  }

  @operator(">=")
  private static ge(x: u256, y: u256): bool {
    return compare(x, y) >= 0;
  }

  /** The value as 128 bits; traps when it does not fit. */
  toU128(): u128 {
    if ((this.c | this.d) != 0) unreachable();
    return new u128(this.a, this.b);
  }

  __write(): void {
    const at = reserve(32);
    for (let i: usize = 0; i < 4; ++i) store<u64>(at + (i << 3), limb(this, i));
  }

  __read(): void {
    const at = take(32);
    if (at == 0) return;
    for (let i: usize = 0; i < 4; ++i) setLimb(this, i, load<u64>(at + (i << 3)));
  }

  __zero(): u256 {
    return new u256();
  }
}

// A new object of its own: a limb may be set only before anyone else has seen it.
// @ts-ignore: decorator
@inline
function blank(): u256 {
  return new u256();
}

// @ts-ignore: decorator
@inline
function limb(value: u256, index: usize): u64 {
  return load<u64>(changetype<usize>(value) + (index << 3));
}

// @ts-ignore: decorator
@inline
function setLimb(value: u256, index: usize, to: u64): void {
  store<u64>(changetype<usize>(value) + (index << 3), to);
}

function compare(x: u256, y: u256): i32 {
  for (let i: isize = 3; i >= 0; --i) {
    const left = limb(x, <usize>i);
    const right = limb(y, <usize>i);
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

/** Quotient or remainder, bit by bit. */
function divide(x: u256, y: u256, remainder: bool): u256 {
  if (y.isZero) unreachable();
  const quotient = blank();
  const rest = blank();
  for (let i: i32 = 255; i >= 0; --i) {
    const carry = rest.d >> 63;
    for (let j: usize = 3; j > 0; --j) setLimb(rest, j, (limb(rest, j) << 1) | (limb(rest, j - 1) >> 63));
    setLimb(rest, 0, (rest.a << 1) | ((limb(x, <usize>(i >> 6)) >> (i & 63)) & 1));
    if (carry == 0 && compare(rest, y) < 0) continue;
    let borrow: u64 = 0;
    for (let j: usize = 0; j < 4; ++j) {
      const left = limb(rest, j);
      const right = limb(y, j);
      const half = left - right;
      setLimb(rest, j, half - borrow);
      borrow = <u64>(left < right) | <u64>(half < borrow);
    }
    const word = <usize>(i >> 6);
    setLimb(quotient, word, limb(quotient, word) | (<u64>1 << (i & 63)));
  }
  return remainder ? rest : quotient;
}
