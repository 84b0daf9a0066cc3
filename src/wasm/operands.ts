/**
 * The operand stack of the walk: a byte for each value's type, and the tag of its float bits (`floats.ts`).
 * @module
 */

import type { CostTable } from "./costs.ts";
import { Events } from "./events.ts";
import type { Features } from "./features.ts";
import * as floats from "./floats.ts";
import type { ModuleInfo } from "./module.ts";
import type { FloatMode, Limits } from "./options.ts";
import { Reader } from "./reader.ts";
import { reject } from "./reject.ts";
import { bottom, f32, f64, isFloat, isReference, isValueType, typeName, v128 } from "./types.ts";

/** What a walk needs to know besides the module. */
export interface ScanSettings {
  readonly limits: Limits;
  readonly features: Features;
  readonly costs: CostTable;
  readonly floats: FloatMode;
}

/** A cursor over a body, and the values that stand on the stack there. */
export class Operands extends Reader {
  readonly info: ModuleInfo;
  readonly features: Features;
  readonly refusesFloats: boolean;
  readonly tracksFloats: boolean;
  readonly events = new Events();
  /** The function being walked, by its index. */
  protected func = 0;
  vals = new Uint8Array(1024);
  tags = new Int32Array(1024);
  h = 0;
  /** The current construct's height; whether its operands are polymorphic; whether its code is unreached for gas. */
  base = 0;
  poly = false;
  dead = false;
  protected maxHeight = 0;

  constructor(bytes: Uint8Array, info: ModuleInfo, settings: ScanSettings) {
    super(bytes, 0, bytes.length);
    this.info = info;
    this.features = settings.features;
    this.refusesFloats = settings.floats === "reject";
    this.tracksFloats = settings.floats === "canonical";
  }

  /** Refuses the module at `offset` of the function being walked. */
  fail(reason: string, offset: number): never {
    return reject(reason, offset, this.func);
  }

  /** Refuses what is no value type of the profile. */
  checkType(type: number, offset: number): void {
    if (!isValueType(type)) this.fail(`0x${type.toString(16)} is no value type`, offset);
    if (type === v128) {
      if (!this.features.vectors) this.fail("vectors are not part of the profile", offset);
      this.info.usesVectors = true;
    }
    if ((type === f32 || type === f64) && this.refusesFloats) this.fail("floats are refused", offset);
    if (isReference(type) && !this.features.referenceTypes) this.fail("references are not part of the profile", offset);
  }

  /** Takes a value of type `t` from the stack and returns its tag. */
  pop(t: number, at: number): number {
    if (this.h === this.base) {
      if (!this.poly)
        this.fail(`an instruction needs ${t === bottom ? "a value" : typeName(t)}, and the stack is empty`, at);
      return 0;
    }
    const actual = this.vals[--this.h]!;
    if (actual !== t && actual !== bottom && t !== bottom) {
      this.fail(`an instruction needs ${typeName(t)} and finds ${typeName(actual)}`, at);
    }
    return isFloat(actual) ? this.tags[this.h]! : 0;
  }

  /** Takes a value of any type and returns the type. */
  popAny(at: number): number {
    if (this.h === this.base) {
      if (!this.poly) this.fail("an instruction needs a value, and the stack is empty", at);
      return bottom;
    }
    return this.vals[--this.h]!;
  }

  pushType(t: number, tag: number): void {
    const { h } = this;
    this.vals[h] = t;
    this.tags[h] = tag;
    this.h = h + 1;
    if (h >= this.maxHeight) this.maxHeight = h + 1;
  }

  /** Checks the value `down` below the top without taking it; it goes to a label, so its bits are seen. */
  protected peek(down: number, t: number, at: number): void {
    const i = this.h - 1 - down;
    if (i < this.base) {
      if (!this.poly) this.fail(`a branch needs ${typeName(t)}, and the stack is empty`, at);
      return;
    }
    const actual = this.vals[i]!;
    if (actual !== t && actual !== bottom) this.fail(`a branch needs ${typeName(t)} and finds ${typeName(actual)}`, at);
    if (isFloat(actual)) this.see(this.tags[i]!);
  }

  popTypes(start: number, count: number, at: number): void {
    const { flat } = this.info.types;
    for (let i = count - 1; i >= 0; i--) this.see(this.pop(flat[start + i]!, at));
  }

  pushTypes(start: number, count: number): void {
    if (count > 1 && this.h + count + (this.end - this.p) + 16 > this.vals.length) this.widenStack(count);
    const { flat } = this.info.types;
    for (let i = 0; i < count; i++) this.pushType(flat[start + i]!, 0);
  }

  protected widenStack(count: number): void {
    const needed = this.h + count + (this.end - this.p) + 16;
    if (this.h > 1_000_000) this.fail("more than 1,000,000 values on the operand stack", this.p);
    const { vals, tags } = this;
    (this.vals = new Uint8Array(needed * 2)).set(vals);
    (this.tags = new Int32Array(needed * 2)).set(tags);
  }

  /** Something can see the bits of a value with this tag. */
  see(tag: number): void {
    if (tag > 0) this.events.b[tag - 1]! |= floats.seen;
  }

  /** A value with this tag is read as floats of `shape`. */
  readAs(tag: number, shape: number): void {
    if (tag <= 0) return;
    const e = tag - 1;
    if (this.events.kind[e] === floats.taintedLocal) this.events.b[e]! |= floats.usedAs(shape);
    else if (this.events.a[e] !== shape) this.events.b[e]! |= floats.seen;
  }

  /** The tag of a fresh tainted result of `shape`, produced by the instruction that ends at the cursor. */
  taint(shape: number): number {
    return this.tracksFloats && !this.dead ? this.events.add(floats.taintedResult, this.p, shape, 0) + 1 : 0;
  }
}
