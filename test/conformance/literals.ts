/**
 * Number literals of the WebAssembly text format, to bits.
 *
 * Floats are read as exact fractions and rounded once, to nearest even, so that no literal is rounded twice on its
 * way to 32 bits.
 * @module
 * @see https://webassembly.github.io/spec/core/text/values.html
 */

/** How many bits a float type gives to its exponent and its fraction. */
interface FloatFormat {
  readonly exponent: number;
  readonly fraction: number;
}

const FORMATS = { 32: { exponent: 8, fraction: 23 }, 64: { exponent: 11, fraction: 52 } } as const;

/** Which width a float literal has, in bits. */
export type FloatWidth = keyof typeof FORMATS;

/** The bits of an integer literal, wrapped to `width` bits. */
export function integerBits(text: string, width: number): bigint {
  const digits = text.replaceAll("_", "");
  const negative = digits.startsWith("-");
  const magnitude = BigInt(digits.replace(/^[+-]/, ""));
  return BigInt.asUintN(width, negative ? -magnitude : magnitude);
}

/** The bits of a float literal: decimal, hexadecimal, `inf`, `nan` or `nan:0x...`. */
export function floatBits(text: string, width: FloatWidth): bigint {
  const format = FORMATS[width];
  const sign = text.startsWith("-") ? 1n << BigInt(width - 1) : 0n;
  const body = text.replace(/^[+-]/, "").replaceAll("_", "");
  const infinity = ((1n << BigInt(format.exponent)) - 1n) << BigInt(format.fraction);
  if (body === "inf") return sign | infinity;
  if (body === "nan") return sign | infinity | (1n << BigInt(format.fraction - 1));
  if (body.startsWith("nan:0x")) return sign | infinity | BigInt(body.slice(4));
  const [numerator, denominator] = /^0x/i.test(body) ? hexFraction(body.slice(2)) : decimalFraction(body);
  return sign | roundToFloat(numerator, denominator, format);
}

function hexFraction(body: string): [bigint, bigint] {
  const [mantissa, exponent = "0"] = body.split(/p/i) as [string, string?];
  const [whole, fraction = ""] = mantissa.split(".") as [string, string?];
  return scaled(BigInt(`0x${whole}${fraction}`), 2n, BigInt(exponent.replace("+", "")) - BigInt(4 * fraction.length));
}

function decimalFraction(body: string): [bigint, bigint] {
  const [mantissa, exponent = "0"] = body.split(/e/i) as [string, string?];
  const [whole, fraction = ""] = mantissa.split(".") as [string, string?];
  return scaled(BigInt(whole + fraction), 10n, BigInt(exponent.replace("+", "")) - BigInt(fraction.length));
}

const scaled = (value: bigint, base: bigint, power: bigint): [bigint, bigint] =>
  power >= 0n ? [value * base ** power, 1n] : [value, base ** -power];

const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);

/** The bits of the float nearest to a fraction that is not negative; ties go to even, too large becomes infinity. */
function roundToFloat(numerator: bigint, denominator: bigint, format: FloatFormat): bigint {
  if (numerator === 0n) return 0n;
  const bias = 2 ** (format.exponent - 1) - 1;
  // 2^power <= the fraction < 2^(power + 1), after one correction of the estimate.
  let power = bitLength(numerator) - bitLength(denominator);
  const [shiftedUp, shiftedDown] = [BigInt(Math.max(-power, 0)), BigInt(Math.max(power, 0))];
  if (numerator << shiftedUp < denominator << shiftedDown) power--;
  power = Math.max(power, 1 - bias);
  // The fraction in units of the last place at that power.
  const unit = power - format.fraction;
  const scaledNumerator = numerator << BigInt(Math.max(-unit, 0));
  const scaledDenominator = denominator << BigInt(Math.max(unit, 0));
  let quotient = scaledNumerator / scaledDenominator;
  const twiceRest = (scaledNumerator % scaledDenominator) * 2n;
  if (twiceRest > scaledDenominator || (twiceRest === scaledDenominator && (quotient & 1n) === 1n)) quotient++;
  // The hidden bit adds one to the exponent field by carrying, and so does a rounding that overflows the fraction.
  const bits = (BigInt(power + bias - 1) << BigInt(format.fraction)) + quotient;
  const infinity = ((1n << BigInt(format.exponent)) - 1n) << BigInt(format.fraction);
  return bits < infinity ? bits : infinity;
}
