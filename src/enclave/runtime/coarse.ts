/**
 * Coarse figures: what a query or an estimate tells of gas and deposits is rounded up, so that it does not tell what
 * the contract read.
 *
 * The lowest bits are set: all but the highest nine, and at least a minimum. What is told is never less than the truth.
 * @see phala-runtime.md, section 2.5
 * @module
 */

const shownBits = 9;
/** Bits of gas that are never shown. */
const gasBits = 28;
/** Bytes of storage that are never told apart. */
const maskedBytes = 256n;

const word = 2 ** 32;
/** `masks[n]` has the lowest n bits set. */
const masks: readonly bigint[] = Array.from({ length: 129 }, (_, bits) => (1n << BigInt(bits)) - 1n);

function bitLength(value: bigint): number {
  if (value > 0x1f_ffff_ffff_ffffn) return value.toString(2).length;
  const number = Number(value);
  return number >= word ? 64 - Math.clz32(number / word) : 32 - Math.clz32(number);
}

/** Sets the low bits of a figure of `width` bits: at least `least` of them. */
export function maskLowBits(value: bigint, least: number, width: number): bigint {
  const bits = Math.min(Math.max(Math.max(bitLength(value), shownBits) - shownBits, least), width);
  return value | masks[bits]!;
}

/** Gas as a query tells it, u64. */
export function coarseGas(gas: bigint): bigint {
  return maskLowBits(gas, gasBits, 64);
}

/** A deposit, or a refund, as a query tells it, u128; the sign stays. */
export function coarseDeposit(deposit: bigint, depositPerByte: bigint): bigint {
  const most = (1n << 128n) - 1n;
  const step = depositPerByte * maskedBytes;
  const least = bitLength(step === 0n ? 0n : (step < most ? step : most) - 1n);
  return deposit < 0n ? -maskLowBits(-deposit, least, 128) : maskLowBits(deposit, least, 128);
}
