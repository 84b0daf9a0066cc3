/**
 * Points of secp256k1 and their multiples.
 *
 * A point is three elements of the field one behind the other, X, Y, Z, in projective coordinates: the formulas hold for
 * any two points, equal, opposite or none (Renes, Costello and Batina 2016, algorithms 7 and 9). Multiples take the
 * same steps whatever the scalar is, but look up tables by its digits: not proof against an observer of the processor's
 * caches.
 * @module
 */

import { elementSize, makeFieldSecp256k1, modulus } from "./field-secp256k1.ts";

/** The order of the group. */
export const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const X = 0;
const Y = elementSize;
const Z = 2 * elementSize;
const pointSize = 3 * elementSize;
const rowSize = 16 * pointSize;

/** A point of the curve other than the identity. */
export interface AffinePoint {
  readonly x: bigint;
  readonly y: bigint;
}

const generator: AffinePoint = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
};
const digitsOf = (scalar: bigint): string => scalar.toString(16).padStart(64, "0");
const digit = (digits: string, place: number): number => Number.parseInt(digits[place] as string, 16);

/** Makes the group: the field, and what is computed once. */
function makeSecp256k1() {
  const { add, allocate, copy, mul, power, setNumber, sqr, sub, toNumber } = makeFieldSecp256k1();

  /** Three times the curve's b: 21. */
  const b3 = allocate();
  setNumber(b3, 21n);
  const seven = allocate();
  setNumber(seven, 7n);

  const [t0, t1, t2, t3, t4, x3, y3, z3] = Array.from({ length: 8 }, () => allocate()) as [
    ...[number, number, number, number, number, number, number, number],
  ];

  /** out = p + q; complete. */
  function addPoints(out: number, p: number, q: number): void {
    mul(t0, p + X, q + X);
    mul(t1, p + Y, q + Y);
    mul(t2, p + Z, q + Z);
    add(t3, p + X, p + Y);
    add(t4, q + X, q + Y);
    mul(t3, t3, t4);
    add(t4, t0, t1);
    sub(t3, t3, t4);
    add(t4, p + Y, p + Z);
    add(x3, q + Y, q + Z);
    mul(t4, t4, x3);
    add(x3, t1, t2);
    sub(t4, t4, x3);
    add(x3, p + X, p + Z);
    add(y3, q + X, q + Z);
    mul(x3, x3, y3);
    add(y3, t0, t2);
    sub(y3, x3, y3);
    add(x3, t0, t0);
    add(t0, x3, t0);
    mul(t2, b3, t2);
    add(z3, t1, t2);
    sub(t1, t1, t2);
    mul(y3, b3, y3);
    mul(x3, t4, y3);
    mul(t2, t3, t1);
    sub(out + X, t2, x3);
    mul(y3, y3, t0);
    mul(t1, t1, z3);
    add(out + Y, t1, y3);
    mul(t0, t0, t3);
    mul(z3, z3, t4);
    add(out + Z, z3, t0);
  }

  /** out = p + p */
  function doublePoint(out: number, p: number): void {
    sqr(t0, p + Y);
    add(z3, t0, t0);
    add(z3, z3, z3);
    add(z3, z3, z3);
    mul(t1, p + Y, p + Z);
    sqr(t2, p + Z);
    mul(t2, b3, t2);
    mul(x3, t2, z3);
    add(y3, t0, t2);
    mul(t3, p + X, p + Y);
    mul(out + Z, t1, z3);
    add(t1, t2, t2);
    add(t2, t1, t2);
    sub(t0, t0, t2);
    mul(y3, t0, y3);
    add(out + Y, x3, y3);
    mul(x3, t0, t3);
    add(out + X, x3, x3);
  }

  function setIdentity(out: number): void {
    setNumber(out + X, 0n);
    setNumber(out + Y, 1n);
    setNumber(out + Z, 0n);
  }

  function setAffine(out: number, x: bigint, y: bigint): void {
    setNumber(out + X, x);
    setNumber(out + Y, y);
    setNumber(out + Z, 1n);
  }

  /** The multiples 0 to 15 of a point: a row of sixteen points. */
  function row(at: number, p: number): void {
    setIdentity(at);
    copy(at + pointSize, p, 3);
    for (let i = 2; i < 16; i++) addPoints(at + i * pointSize, at + (i - 1) * pointSize, p);
  }

  const [sum, start, inverse] = [allocate(3), allocate(3), allocate()];
  const pointRow = allocate(3 * 16);
  /** For each place of a scalar's 64 digits, a row: its digits times the generator. Made at first use, in a millisecond. */
  const generatorRows = allocate(64 * 3 * 16);
  let generatorRowsMade = false;

  /** sum = sum + scalar times the generator: an addition for each digit. @param digits those of the scalar. */
  function addGeneratorMultiple(digits: string): void {
    if (!generatorRowsMade) {
      setAffine(start, generator.x, generator.y);
      for (let place = 63; place >= 0; place--) {
        const at = generatorRows + place * rowSize;
        row(at, start);
        addPoints(start, start, at + 15 * pointSize);
      }
      generatorRowsMade = true;
    }
    for (let place = 0; place < 64; place++) {
      addPoints(sum, sum, generatorRows + place * rowSize + digit(digits, place) * pointSize);
    }
  }

  /** The sum as a point; undefined when it is the identity. */
  function affine(): AffinePoint | undefined {
    if (toNumber(sum + Z) === 0n) return undefined;
    power(inverse, sum + Z, modulus - 2n);
    mul(sum + X, sum + X, inverse);
    mul(sum + Y, sum + Y, inverse);
    return { x: toNumber(sum + X), y: toNumber(sum + Y) };
  }

  /** A multiple of the generator; undefined when it is the identity. @param scalar from 0 to the order. */
  function generatorMultiple(scalar: bigint): AffinePoint | undefined {
    setIdentity(sum);
    addGeneratorMultiple(digitsOf(scalar));
    return affine();
  }

  /** a·G + b·P; undefined when it is the identity. Takes steps that depend on b, which must not be secret. */
  function sumOfMultiples(a: bigint, b: bigint, point: AffinePoint): AffinePoint | undefined {
    setAffine(start, point.x, point.y);
    row(pointRow, start);
    const digits = digitsOf(b);
    setIdentity(sum);
    for (let place = 0; place < 64; place++) {
      for (let i = 0; i < 4; i++) doublePoint(sum, sum);
      const value = digit(digits, place);
      if (value > 0) addPoints(sum, sum, pointRow + value * pointSize);
    }
    addGeneratorMultiple(digitsOf(a));
    return affine();
  }

  const [xCubed, root] = [allocate(), allocate()];

  /** The point of an x coordinate whose y is odd or even; undefined when there is none. */
  function liftX(x: bigint, odd: boolean): AffinePoint | undefined {
    if (x >= modulus) return undefined;
    setNumber(start, x);
    sqr(xCubed, start);
    mul(xCubed, xCubed, start);
    add(xCubed, xCubed, seven);
    power(root, xCubed, (modulus + 1n) / 4n);
    sqr(inverse, root);
    if (toNumber(inverse) !== toNumber(xCubed)) return undefined;
    const y = toNumber(root);
    // No point of this curve has y = 0: the order of the group is odd.
    return { x, y: ((y & 1n) === 1n) === odd ? y : modulus - y };
  }

  return { generatorMultiple, sumOfMultiples, liftX };
}

let made: ReturnType<typeof makeSecp256k1> | undefined;

/** The group; made when it is first asked for. */
export function secp256k1(): ReturnType<typeof makeSecp256k1> {
  made ??= makeSecp256k1();
  return made;
}
