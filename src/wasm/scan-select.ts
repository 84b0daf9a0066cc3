/**
 * `select`, with and without a type.
 * @module
 */

import * as floats from "./floats.ts";
import type { Scanner } from "./scan.ts";
import { bottom, i32, isFloat, isReference, typeName } from "./types.ts";

export function scanSelect(s: Scanner, typed: boolean, at: number): void {
  s.computations++;
  if (typed) {
    if (!s.features.referenceTypes) s.fail("a select with a type is not part of the profile", at);
    if (s.u32() !== 1) s.fail("a select names exactly one type", at);
    const t = s.byte();
    s.checkType(t, at);
    s.pop(i32, at);
    merge(s, t, s.pop(t, at), s.pop(t, at));
    return;
  }
  s.pop(i32, at);
  const first = s.popAny(at);
  const a = isFloat(first) ? s.tags[s.h]! : 0;
  const second = s.popAny(at);
  const b = isFloat(second) ? s.tags[s.h]! : 0;
  if (isReference(first) || isReference(second)) s.fail("a select of references must name its type", at);
  if (first !== second && first !== bottom && second !== bottom) {
    s.fail(`a select between ${typeName(second)} and ${typeName(first)}`, at);
  }
  merge(s, first === bottom ? second : first, a, b);
}

/** Pushes one of two values: tainted only when both are (or one certainly is no NaN) and their shapes are known and equal. */
function merge(s: Scanner, type: number, a: number, b: number): void {
  const { events } = s;
  const shape = (tag: number): number =>
    tag > 0 && events.kind[tag - 1] === floats.taintedResult ? events.a[tag - 1]! : 0;
  const shapeA = shape(a);
  const shapeB = shape(b);
  if (shapeA !== 0 && (shapeA === shapeB || b === floats.neutral)) s.pushType(type, s.taint(shapeA));
  else if (shapeB !== 0 && a === floats.neutral) s.pushType(type, s.taint(shapeB));
  else {
    s.see(a);
    s.see(b);
    s.pushType(type, a === floats.neutral && b === floats.neutral ? floats.neutral : floats.exact);
  }
}
