/**
 * The group ristretto255 (RFC 9496): points, their 32-byte form, and multiples of them.
 *
 * A point is four elements of the field one behind the other: X, Y, Z, T. Multiples take the same steps whatever the
 * scalar is, but look up tables by its digits: not proof against an observer of the processor's caches.
 * @module
 */

import { elementSize, makeField25519 } from "./field25519.ts";

const X = 0;
const Y = elementSize;
const Z = 2 * elementSize;
const T = 3 * elementSize;
const pointSize = 4 * elementSize;
const rowSize = 16 * pointSize;

/** Makes the group: the field, and what is computed once. */
function makeRistretto() {
  const { add, allocate, copy, mul, setBytes, setSmall, sqr, sub, toBytes } = makeField25519();

  function constant(hex: string): number {
    const address = allocate();
    setBytes(
      address,
      Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)),
    );
    return address;
  }

  const zero = allocate();
  const one = allocate();
  setSmall(one, 1);
  /** d of the curve, twice d, the square root of -1, and 1 / sqrt(a - d): RFC 9496, 4.1. */
  const d = constant("a3785913ca4deb75abd841414d0a700098e879777940c78c73fe6f2bee6c0352");
  const twiceD = constant("59f1b226949bd6eb56b183829a14e00030d1f3eef2808e19e7fcdf56dcd90624");
  const rootOfMinusOne = constant("b0a00e4a271beec478e42fad0618432fa7d7fb3d99004d2b0bdfc14f8024832b");
  const inverseRoot = constant("ea405d80aafdc899be72415a17162f9d40d801fe917bc216a2fcafcf05896c78");

  /** Room for one point. */
  function allocatePoint(): number {
    return allocate(4);
  }

  function setIdentity(out: number): void {
    setSmall(out + X, 0);
    setSmall(out + Y, 1);
    setSmall(out + Z, 1);
    setSmall(out + T, 0);
  }

  const [t0, t1, t2, t3, t4, t5, t6, t7] = Array.from({ length: 8 }, () => allocate()) as [
    ...[number, number, number, number, number, number, number, number],
  ];

  /** out = p + q; complete: for any two points. */
  function addPoints(out: number, p: number, q: number): void {
    sub(t0, p + Y, p + X);
    sub(t1, q + Y, q + X);
    mul(t0, t0, t1);
    add(t1, p + Y, p + X);
    add(t2, q + Y, q + X);
    mul(t1, t1, t2);
    mul(t2, p + T, q + T);
    mul(t2, t2, twiceD);
    mul(t3, p + Z, q + Z);
    add(t3, t3, t3);
    sub(t4, t1, t0);
    sub(t5, t3, t2);
    add(t6, t3, t2);
    add(t7, t1, t0);
    mul(out + X, t4, t5);
    mul(out + Y, t6, t7);
    mul(out + T, t4, t7);
    mul(out + Z, t5, t6);
  }

  /** out = p + p */
  function doublePoint(out: number, p: number): void {
    sqr(t0, p + X);
    sqr(t1, p + Y);
    sqr(t2, p + Z);
    add(t2, t2, t2);
    add(t3, p + X, p + Y);
    sqr(t3, t3);
    add(t4, t0, t1);
    sub(t3, t4, t3);
    sub(t5, t0, t1);
    add(t6, t2, t5);
    mul(out + X, t3, t6);
    mul(out + Y, t5, t4);
    mul(out + T, t3, t4);
    mul(out + Z, t5, t6);
  }

  const isNegative = (f: number): boolean => ((toBytes(f)[0] as number) & 1) === 1;

  function isZero(f: number): boolean {
    return toBytes(f).every((byte) => byte === 0);
  }

  function equal(f: number, g: number): boolean {
    const bytes = toBytes(g);
    return toBytes(f).every((byte, i) => byte === bytes[i]);
  }

  function negate(out: number, f: number): void {
    sub(out, zero, f);
  }

  function absolute(out: number, f: number): void {
    if (isNegative(f)) negate(out, f);
    else if (out !== f) copy(out, f);
  }

  const [p0, p1, p2] = [allocate(), allocate(), allocate()];

  function squares(f: number, times: number): void {
    for (let i = 0; i < times; i++) sqr(f, f);
  }

  /** out = f^((p - 5) / 8) */
  function power(out: number, f: number): void {
    sqr(p0, f);
    copy(p1, p0);
    squares(p1, 2);
    mul(p1, f, p1);
    mul(p0, p0, p1);
    sqr(p0, p0);
    mul(p0, p1, p0);
    const step = (times: number, by: number): void => {
      copy(p1, p0);
      squares(p1, times);
      mul(p0, p1, by);
    };
    step(5, p0); // 2^10 - 1
    copy(p2, p0);
    step(10, p2); // 2^20 - 1
    copy(p1, p0);
    squares(p1, 20);
    mul(p1, p1, p0); // 2^40 - 1
    squares(p1, 10);
    mul(p0, p1, p2); // 2^50 - 1
    copy(p2, p0);
    step(50, p2); // 2^100 - 1
    copy(p1, p0);
    squares(p1, 100);
    mul(p1, p1, p0); // 2^200 - 1
    squares(p1, 50);
    mul(p0, p1, p2); // 2^250 - 1
    squares(p0, 2);
    mul(out, p0, f);
  }

  const [r0, r1, r2, r3] = [allocate(), allocate(), allocate(), allocate()];

  /** out = |sqrt(u / v)|, or |sqrt(i u / v)| when that is no square; returns which: SQRT_RATIO_M1, RFC 9496, 4.2. */
  function rootOfRatio(out: number, u: number, v: number): boolean {
    sqr(r0, v);
    mul(r0, r0, v);
    sqr(r1, r0);
    mul(r1, r1, v);
    mul(r0, u, r0);
    mul(r1, u, r1);
    power(r1, r1);
    mul(r0, r0, r1);
    sqr(r2, r0);
    mul(r2, v, r2);
    const correct = equal(r2, u);
    negate(r3, u);
    const flipped = equal(r2, r3);
    mul(r3, r3, rootOfMinusOne);
    const flippedI = equal(r2, r3);
    if (flipped || flippedI) mul(r0, r0, rootOfMinusOne);
    absolute(out, r0);
    return correct || flipped;
  }

  const [e0, e1, e2, e3, e4, e5, e6, e7] = Array.from({ length: 8 }, () => allocate()) as [
    ...[number, number, number, number, number, number, number, number],
  ];

  /** Reads a point; false when the bytes are none in canonical form. */
  function decodePoint(out: number, bytes: Uint8Array): boolean {
    setBytes(e0, bytes);
    const canonical = toBytes(e0);
    if (bytes.length !== 32 || !canonical.every((byte, i) => byte === bytes[i])) return false;
    if (((bytes[0] as number) & 1) === 1) return false;
    sqr(e1, e0);
    sub(e2, one, e1); // u1
    add(e3, one, e1); // u2
    sqr(e4, e3); // u2²
    sqr(e5, e2);
    mul(e5, e5, d);
    negate(e5, e5);
    sub(e5, e5, e4); // v
    mul(e6, e5, e4);
    const square = rootOfRatio(e7, one, e6);
    mul(e3, e7, e3); // den_x
    mul(e4, e7, e3);
    mul(e4, e4, e5); // den_y
    add(e0, e0, e0);
    mul(e0, e0, e3);
    absolute(out + X, e0);
    mul(out + Y, e2, e4);
    setSmall(out + Z, 1);
    mul(out + T, out + X, out + Y);
    return square && !isNegative(out + T) && !isZero(out + Y);
  }

  function encodePoint(p: number): Uint8Array {
    add(e0, p + Z, p + Y);
    sub(e1, p + Z, p + Y);
    mul(e0, e0, e1); // u1
    mul(e1, p + X, p + Y); // u2
    sqr(e2, e1);
    mul(e2, e0, e2);
    rootOfRatio(e3, one, e2);
    mul(e0, e3, e0); // den1
    mul(e1, e3, e1); // den2
    mul(e2, e0, e1);
    mul(e2, e2, p + T); // 1 / z
    mul(e4, p + T, e2);
    if (isNegative(e4)) {
      mul(e5, p + Y, rootOfMinusOne);
      mul(e6, p + X, rootOfMinusOne);
      mul(e1, e0, inverseRoot);
    } else {
      copy(e5, p + X);
      copy(e6, p + Y);
    }
    mul(e4, e5, e2);
    if (isNegative(e4)) negate(e6, e6);
    sub(e4, p + Z, e6);
    mul(e4, e1, e4);
    absolute(e4, e4);
    return toBytes(e4);
  }

  /** The multiples 0 to 15 of a point: a row of sixteen points. */
  function row(at: number, p: number): void {
    setIdentity(at);
    copy(at + pointSize, p, 4);
    for (let i = 2; i < 16; i++) addPoints(at + i * pointSize, at + (i - 1) * pointSize, p);
  }

  const base = allocatePoint();
  setBytes(base + X, toBytes(constant("1ad5258f602d56c9b2a7259560c72c695cdcd6fd31e2a4c0fe536ecdd3366921")));
  setBytes(base + Y, toBytes(constant("5866666666666666666666666666666666666666666666666666666666666666")));
  setSmall(base + Z, 1);
  mul(base + T, base + X, base + Y);

  const peerRow = allocate(4 * 16);
  /** For each place of a scalar's 64 digits, a row: its digits times the base point. Made at first use, in a millisecond. */
  const baseRows = allocate(64 * 4 * 16);
  let baseRowsMade = false;
  const [sumPoint, basePart, peer] = [allocatePoint(), allocatePoint(), allocatePoint()];

  /** The digit of 4 bits at a place of a little-endian scalar. */
  function digit(scalar: Uint8Array, place: number): number {
    const byte = scalar[place >> 1] as number;
    return place & 1 ? byte >> 4 : byte & 15;
  }

  /** sumPoint = sumPoint + scalar times the base point: an addition for each digit. */
  function addBaseMultiple(scalar: Uint8Array): void {
    if (!baseRowsMade) {
      copy(peer, base, 4);
      for (let place = 0; place < 64; place++) {
        const at = baseRows + place * rowSize;
        row(at, peer);
        addPoints(peer, peer, at + 15 * pointSize);
      }
      baseRowsMade = true;
    }
    for (let place = 0; place < 64; place++) {
      addPoints(sumPoint, sumPoint, baseRows + place * rowSize + digit(scalar, place) * pointSize);
    }
  }

  /** A multiple of the base point. @param scalar 32 bytes, little endian. */
  function baseMultiple(scalar: Uint8Array): Uint8Array {
    setIdentity(sumPoint);
    addBaseMultiple(scalar);
    return encodePoint(sumPoint);
  }

  /** A multiple of a point; undefined when the bytes are no point, or its identity. */
  function pointMultiple(point: Uint8Array, scalar: Uint8Array): Uint8Array | undefined {
    if (!decodePoint(peer, point) || isIdentity(point)) return undefined;
    row(peerRow, peer);
    setIdentity(sumPoint);
    for (let place = 63; place >= 0; place--) {
      for (let i = 0; i < 4; i++) doublePoint(sumPoint, sumPoint);
      addPoints(sumPoint, sumPoint, peerRow + digit(scalar, place) * pointSize);
    }
    return encodePoint(sumPoint);
  }

  /**
   * s·B - k·P, as Schnorr signatures are checked by; undefined when the bytes of P are no point, or its identity.
   *
   * Takes steps that depend on k, which must not be secret.
   */
  function differenceOfMultiples(s: Uint8Array, k: Uint8Array, point: Uint8Array): Uint8Array | undefined {
    // What makes the rows of the base point works in the same place: before the peer's point stands there.
    setIdentity(sumPoint);
    addBaseMultiple(s);
    copy(basePart, sumPoint, 4);
    if (!decodePoint(peer, point) || isIdentity(point)) return undefined;
    negate(peer + X, peer + X);
    negate(peer + T, peer + T);
    row(peerRow, peer);
    setIdentity(sumPoint);
    for (let place = 63; place >= 0; place--) {
      for (let i = 0; i < 4; i++) doublePoint(sumPoint, sumPoint);
      const value = digit(k, place);
      if (value > 0) addPoints(sumPoint, sumPoint, peerRow + value * pointSize);
    }
    addPoints(sumPoint, sumPoint, basePart);
    return encodePoint(sumPoint);
  }

  /** Whether bytes are the encoding of the identity. */
  function isIdentity(point: Uint8Array): boolean {
    return point.every((byte) => byte === 0);
  }

  return { baseMultiple, pointMultiple, differenceOfMultiples };
}

let made: ReturnType<typeof makeRistretto> | undefined;

/** The group; made when it is first asked for, so that a process that signs nothing does not pay for it. */
export function ristretto(): ReturnType<typeof makeRistretto> {
  made ??= makeRistretto();
  return made;
}
