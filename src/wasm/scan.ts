/**
 * The walk over function bodies: full validation, stretches of gas, float taint, stack heights.
 *
 * One loop, one visit per instruction, no object per instruction: types on the operand stack are bytes in a typed
 * array, what the writer needs to know is noted in `Events`. The loop keeps the cursor and the stack height in
 * variables; everything rarer than arithmetic is a method that finds them in the fields. Stretches follow `gas.md` to
 * the letter: the words "opens", "resumed", "left early" and "absorbed" mean the same there and here.
 * @module
 */

import type { CostTable } from "./costs.ts";
import * as event from "./events.ts";
import { Events } from "./events.ts";
import type { Features } from "./features.ts";
import * as floats from "./floats.ts";
import type { ModuleInfo } from "./module.ts";
import * as opcodes from "./opcodes.ts";
import type { FloatMode, Limits } from "./options.ts";
import { Reader } from "./reader.ts";
import { reject } from "./reject.ts";
import { scanPrefixed } from "./scan-prefixed.ts";
import { scanVector } from "./scan-vector.ts";
import { bottom, f32, f64, funcref, i32, i64, isFloat, isReference, isValueType, typeName, v128 } from "./types.ts";

const isBlock = 0;
const isLoop = 1;
const isThen = 2;
const isElse = 3;
const isFunction = 4;

/** What the walk finds out about one function. */
export class Bodies {
  /** Byte of the input where the body (its local declarations) begins, where its code begins, and its end. */
  start: Int32Array;
  code: Int32Array;
  end: Int32Array;
  /** Events of function i are `events[first[i]]` to `events[first[i + 1]] - 1`. */
  first: Int32Array;
  /** Parameters and locals; groups of local declarations. */
  locals: Int32Array;
  groups: Int32Array;
  height: Int32Array;
  instructions: Int32Array;
  /** Instructions whose results the engine may keep beyond their place on the operand stack (`stack.md`). */
  computations: Int32Array;
  /** 1 when some instruction, reached or not, may trap by itself. */
  traps: Uint8Array;
  /** Accesses of function i to its first two declared locals, by their opcodes: `accesses[firstAccess[i]]` and on. */
  firstAccess: Int32Array;
  accesses = new Int32Array(1024);
  accessCount = 0;

  constructor(n: number) {
    this.start = new Int32Array(n);
    this.code = new Int32Array(n);
    this.end = new Int32Array(n);
    this.first = new Int32Array(n + 1);
    this.locals = new Int32Array(n);
    this.groups = new Int32Array(n);
    this.height = new Int32Array(n);
    this.instructions = new Int32Array(n);
    this.computations = new Int32Array(n);
    this.traps = new Uint8Array(n);
    this.firstAccess = new Int32Array(n + 1);
  }

  /** Notes an access to one of a function's first two declared locals. */
  access(at: number): void {
    if (this.accessCount === this.accesses.length) {
      const { accesses } = this;
      (this.accesses = new Int32Array(accesses.length * 2)).set(accesses);
    }
    this.accesses[this.accessCount++] = at;
  }
}

/** What a walk needs to know besides the module. */
export interface ScanSettings {
  readonly limits: Limits;
  readonly features: Features;
  readonly costs: CostTable;
  readonly floats: FloatMode;
}

export class Scanner extends Reader {
  readonly info: ModuleInfo;
  readonly features: Features;
  readonly refusesFloats: boolean;
  readonly tracksFloats: boolean;
  readonly events = new Events();
  readonly bodies: Bodies;
  private readonly limits: Limits;
  private readonly costs: CostTable;
  private readonly heavier: Int32Array;
  private readonly operand: Uint8Array;
  private readonly floatEffect: Uint8Array;
  private readonly floatLocals = new floats.FloatLocals();
  private func = 0;

  // Operand stack: types, and tags of float values (floats.ts).
  vals = new Uint8Array(1024);
  tags = new Int32Array(1024);
  h = 0;
  /** The current frame's height; whether its operands are polymorphic; whether its code is unreached for gas. */
  base = 0;
  poly = false;
  dead = false;
  private maxHeight = 0;

  // Control stack.
  private depth = 0;
  private kinds = new Uint8Array(256);
  private bases = new Int32Array(256);
  private polys = new Uint8Array(256);
  private deads = new Uint8Array(256);
  private paramStart = new Int32Array(256);
  private paramCount = new Int32Array(256);
  private resultStart = new Int32Array(256);
  private resultCount = new Int32Array(256);
  /** The stretch current at the construct's opening, and the one at which the sequence's chain of stretches stops. */
  private outers = new Int32Array(256);
  private stops = new Int32Array(256);
  /** Outermost label that a branch inside goes to; whether the sequence ended in `unreachable`. */
  private targets = new Int32Array(256);
  private ended = new Uint8Array(256);
  private loops = new Int32Array(256);
  private callsAt = new Int32Array(256);
  private chargesAt = new Int32Array(256);

  private locals = new Uint8Array(1024);
  private localCount = 0;
  private parameters = 0;

  // The current stretch: its event, the instructions counted when it became current, and weight beyond `plain`.
  private current = 0;
  private n = 0;
  private counted = 0;
  extra = 0;
  computations = 0;
  private traps = 0;
  private switched = 0;
  private calls = 0;
  private charges = 0;

  constructor(bytes: Uint8Array, info: ModuleInfo, functions: number, settings: ScanSettings) {
    super(bytes, 0, bytes.length);
    this.info = info;
    this.features = settings.features;
    this.limits = settings.limits;
    this.costs = settings.costs;
    this.bodies = new Bodies(functions);
    this.refusesFloats = settings.floats === "reject";
    this.tracksFloats = settings.floats === "canonical";
    this.heavier = new Int32Array(256);
    for (let op = 0; op < 256; op++) {
      if (opcodes.isDivision[op] === 1) this.heavier[op] = settings.costs.division - settings.costs.plain;
    }
    this.operand = opcodes.operand.slice();
    for (let op = 0; op < 256; op++) {
      const usesFloat = opcodes.operand[op] === f32 || opcodes.operand[op] === f64 || isFloat(opcodes.result[op]!);
      if (usesFloat && this.refusesFloats) this.operand[op] = 0;
      if (op >= 0xc0 && op <= 0xc4 && !settings.features.signExtension) this.operand[op] = 0;
    }
    this.floatEffect = this.tracksFloats ? floats.floatEffect : new Uint8Array(256);
  }

  /** Refuses the module at `offset` of the function being walked. */
  fail(reason: string, offset: number): never {
    return reject(reason, offset, this.func);
  }

  /** Walks the body at `start` (its local declarations) to `end`, as the `i`th defined function. */
  scan(i: number, start: number, end: number): void {
    const { info, bodies, events } = this;
    const func = info.importedFunctions + i;
    const type = info.functions[func]!;
    this.func = func;
    this.p = start;
    this.end = end;
    bodies.start[i] = start;
    bodies.end[i] = end;
    bodies.first[i] = events.count;
    this.readLocals(i, type);
    bodies.code[i] = this.p;
    if (this.vals.length < end - start + 64) {
      this.vals = new Uint8Array((end - start) * 2);
      this.tags = new Int32Array((end - start) * 2);
    }
    this.h = this.maxHeight = 0;
    this.depth = -1;
    this.poly = this.dead = false;
    this.n = this.counted = this.extra = this.calls = this.charges = this.computations = this.traps = 0;
    this.floatLocals.reset();
    this.current = this.open(event.openFunction, this.p, -1);
    this.extra = this.costs.local * (this.localCount - this.parameters);
    const { types } = info;
    this.push(isFunction, 0, 0, types.resultStart[type]!, types.resultCount[type]!);
    this.stops[0] = this.current;
    this.walk();
    if (this.p !== end) this.fail("the body goes on after its last end", this.p);
    if (this.tracksFloats) {
      this.floatLocals.solve(events, bodies.first[i]!, this.localCount, this.parameters, this.locals);
    }
    bodies.locals[i] = this.localCount;
    bodies.height[i] = this.maxHeight;
    bodies.instructions[i] = this.n;
    bodies.computations[i] = this.computations;
    bodies.traps[i] = this.traps;
    bodies.firstAccess[i + 1] = bodies.accessCount;
    bodies.first[i + 1] = events.count;
  }

  private readLocals(i: number, type: number): void {
    const { types } = this.info;
    let total = types.paramCount[type]!;
    if (total > this.locals.length) this.locals = new Uint8Array(total * 2);
    for (let k = 0; k < total; k++) this.locals[k] = types.flat[types.paramStart[type]! + k]!;
    this.parameters = total;
    const groups = this.u32();
    if (groups > this.end - this.p) this.fail("local declarations end early", this.p);
    for (let g = 0; g < groups; g++) {
      const at = this.p;
      const n = this.u32();
      const t = this.byte();
      this.checkType(t, at);
      if (n > this.limits.locals || total + n > this.limits.locals) {
        this.fail(`more than ${this.limits.locals} locals`, at);
      }
      if (total + n > this.locals.length) {
        const { locals } = this;
        (this.locals = new Uint8Array((total + n) * 2)).set(locals);
      }
      this.locals.fill(t, total, total + n);
      total += n;
    }
    this.bodies.groups[i] = groups;
    this.localCount = total;
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

  private walk(): void {
    const code = this.bytes;
    const { locals, floatEffect, operand, heavier, end, parameters, bodies } = this;
    const { result, arity, memoryType, memoryAlign, mayTrap } = opcodes;
    let { p, h, base, vals } = this;
    let n = 0;
    let computations = 0;
    let traps = 0;
    for (;;) {
      if (p >= end) this.fail("the body ends without its last end", p);
      const op = code[p++]!;
      n++;
      switch (op) {
        case 0x20: {
          const at = p - 1;
          let i = code[p++]!;
          if (i > 127) {
            this.p = p - 1;
            i = this.u32();
            p = this.p;
          }
          if (i >= this.localCount) this.fail(`local ${i} does not exist`, p - 1);
          if (i - parameters < 2 && i >= parameters) bodies.access(at);
          const t = locals[i]!;
          vals[h] = t;
          if (isFloat(t)) this.tags[h] = this.readFloatLocal(i, p);
          if (++h > this.maxHeight) this.maxHeight = h;
          continue;
        }
        case 0x21:
        case 0x22: {
          const at = p - 1;
          let i = code[p++]!;
          if (i > 127) {
            this.p = p - 1;
            i = this.u32();
            p = this.p;
          }
          if (i >= this.localCount) this.fail(`local ${i} does not exist`, p - 1);
          if (i - parameters < 2 && i >= parameters) bodies.access(at);
          const t = locals[i]!;
          if (h > base && vals[h - 1] === t) {
            if (isFloat(t) && this.tracksFloats && !this.dead) this.floatLocals.set(i, this.tags[h - 1]!);
            if (op === 0x21) h--;
          } else {
            this.h = h;
            this.pop(t, p - 2);
            h = this.h;
            if (op === 0x22) {
              vals[h] = t;
              this.tags[h++] = 0;
            }
          }
          continue;
        }
        case 0x41: {
          if (code[p++]! > 127) {
            if (code[p]! < 128) p++;
            else if (code[p + 1]! < 128) p += 2;
            else {
              this.p = p - 1;
              this.signed(32);
              p = this.p;
            }
          }
          vals[h] = i32;
          if (++h > this.maxHeight) this.maxHeight = h;
          continue;
        }
        case 0x42: {
          if (code[p++]! > 127) {
            if (code[p]! < 128) p++;
            else if (code[p + 1]! < 128) p += 2;
            else {
              this.p = p - 1;
              this.signed(64);
              p = this.p;
            }
          }
          vals[h] = i64;
          if (++h > this.maxHeight) this.maxHeight = h;
          continue;
        }
        case 0x28:
        case 0x29:
        case 0x2a:
        case 0x2b:
        case 0x2c:
        case 0x2d:
        case 0x2e:
        case 0x2f:
        case 0x30:
        case 0x31:
        case 0x32:
        case 0x33:
        case 0x34:
        case 0x35: {
          if (code[p++]! > memoryAlign[op]!) p = this.readAlignment(p - 1, memoryAlign[op]!);
          if (code[p++]! > 127) {
            if (code[p]! < 128) p++;
            else {
              this.p = p - 1;
              this.u32();
              p = this.p;
            }
          }
          traps = 1;
          if (this.info.memories.length === 0) this.fail("there is no memory", p);
          if (h > base && vals[h - 1] === i32) h--;
          else {
            this.h = h;
            this.pop(i32, p);
            h = this.h;
          }
          const t = memoryType[op]!;
          vals[h] = t;
          if (t <= f32) {
            if (this.refusesFloats && t >= f64) this.fail("floats are refused", p);
            this.tags[h] = 0;
          }
          h++;
          continue;
        }
        case 0x36:
        case 0x37:
        case 0x38:
        case 0x39:
        case 0x3a:
        case 0x3b:
        case 0x3c:
        case 0x3d:
        case 0x3e: {
          if (code[p++]! > memoryAlign[op]!) p = this.readAlignment(p - 1, memoryAlign[op]!);
          if (code[p++]! > 127) {
            if (code[p]! < 128) p++;
            else {
              this.p = p - 1;
              this.u32();
              p = this.p;
            }
          }
          traps = 1;
          if (this.info.memories.length === 0) this.fail("there is no memory", p);
          const t = memoryType[op]!;
          if (t !== f32 && t !== f64 && h - 2 >= base && vals[h - 1] === t && vals[h - 2] === i32) h -= 2;
          else {
            if (this.refusesFloats && (t === f32 || t === f64)) this.fail("floats are refused", p);
            this.h = h;
            this.see(this.pop(t, p));
            this.pop(i32, p);
            h = this.h;
          }
          continue;
        }
        default: {
          const t = operand[op]!;
          if (t !== 0) {
            computations++;
            traps |= mayTrap[op]!;
            if (heavier[op] !== 0) this.extra += heavier[op]!;
            if (floatEffect[op] !== 0) {
              this.p = p;
              this.h = h;
              this.computeFloat(op);
              h = this.h;
              continue;
            }
            if (arity[op] === 2) {
              if (h - 2 >= base && vals[h - 1] === t && vals[h - 2] === t) h--;
              else {
                this.h = h;
                this.pop(t, p - 1);
                this.pop(t, p - 1);
                h = this.h + 1;
                if (h > this.maxHeight) this.maxHeight = h;
              }
            } else if (!(h > base && vals[h - 1] === t)) {
              this.h = h;
              this.pop(t, p - 1);
              h = this.h + 1;
              if (h > this.maxHeight) this.maxHeight = h;
            }
            vals[h - 1] = result[op]!;
            if (!this.tracksFloats) continue;
            if (isFloat(result[op]!)) this.tags[h - 1] = 0;
            continue;
          }
          this.p = p;
          this.h = h;
          this.n = n;
          this.control(op);
          p = this.p;
          h = this.h;
          base = this.base;
          vals = this.vals;
          if (this.depth < 0) {
            this.computations += computations;
            this.traps |= traps;
            return;
          }
        }
      }
    }
  }

  private control(op: number): void {
    const at = this.p - 1;
    switch (op) {
      case 0x00:
        this.traps = 1;
        if (!this.dead) {
          this.ended[this.depth] = 1;
          this.dropCalls();
        }
        this.leave();
        return;
      case 0x01:
        return;
      case 0x02:
      case 0x03:
      case 0x04:
        this.openConstruct(op, at);
        return;
      case 0x05:
        this.secondArm(at);
        return;
      case 0x0b:
        this.closeConstruct(at);
        return;
      case 0x0c: {
        const t = this.label();
        if (t === 0) this.note(event.exit, at);
        this.popLabel(t, at);
        this.branchTo(t);
        this.leave();
        return;
      }
      case 0x0d: {
        const t = this.label();
        if (t === 0) this.note(event.exit, at);
        this.pop(i32, at);
        this.popLabel(t, at);
        this.pushLabel(t);
        this.branchTo(t);
        if (!this.dead) {
          this.flush();
          this.current = this.open(event.openOther, this.p, this.current);
        }
        return;
      }
      case 0x0e:
        this.table(at);
        return;
      case 0x0f:
        if (this.dead) this.events.add(event.unreached, at, 0, this.p);
        this.note(event.exit, at);
        this.popTypes(this.resultStart[0]!, this.resultCount[0]!, at);
        this.branchTo(0);
        this.leave();
        return;
      case 0x10:
      case 0x12:
        this.directCall(op === 0x12, at);
        return;
      case 0x11:
      case 0x13:
        this.indirectCall(op === 0x13, at);
        return;
      case 0x1a:
        this.popAny(at);
        return;
      case 0x1b:
      case 0x1c:
        this.select(op === 0x1c, at);
        return;
      case 0x23: {
        const g = this.u32();
        if (g >= this.info.globalCount) this.fail(`global ${g} does not exist`, at);
        this.pushType(this.info.globalTypes[g]!, 0);
        return;
      }
      case 0x24: {
        const g = this.u32();
        if (g >= this.info.globalCount) this.fail(`global ${g} does not exist`, at);
        if (this.info.globalMutable[g] === 0) this.fail(`global ${g} is immutable`, at);
        this.see(this.pop(this.info.globalTypes[g]!, at));
        return;
      }
      case 0x3f:
      case 0x40:
        if (this.info.memories.length === 0) this.fail("there is no memory", at);
        if (this.byte() !== 0) this.fail("the memory's index must be a zero byte", at + 1);
        if (op === 0x40) {
          this.traps = 1;
          this.pop(i32, at);
          if (!this.dead) this.events.add(event.grow, at, 0, this.p);
        }
        this.pushType(i32, 0);
        return;
      case 0x43:
        if (this.refusesFloats) this.fail("floats are refused", at);
        this.constant(4, f32);
        return;
      case 0x44:
        if (this.refusesFloats) this.fail("floats are refused", at);
        this.constant(8, f64);
        return;
      case 0x25:
      case 0x26:
      case 0xd0:
      case 0xd1:
      case 0xd2:
        this.reference(op, at);
        return;
      case 0xfc:
        if (this.bytes[this.p]! > 7) this.traps = 1;
        scanPrefixed(this, at);
        return;
      case 0xfd:
        this.traps = 1;
        scanVector(this, at, this.costs.division - this.costs.plain);
        return;
      default:
        if (opcodes.operand[op] !== 0) {
          this.fail(op >= 0xc0 ? "sign extension is not part of the profile" : "floats are refused", at);
        }
        this.fail(`0x${op.toString(16).padStart(2, "0")} is no instruction of the profile`, at);
    }
  }

  // --- operands ---

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

  private readFloatLocal(local: number, end: number): number {
    if (!this.tracksFloats || this.dead || local < this.parameters) return 0;
    return this.events.add(floats.taintedLocal, end, local, 0) + 1;
  }

  private popTypes(start: number, count: number, at: number): void {
    const { flat } = this.info.types;
    for (let i = count - 1; i >= 0; i--) this.see(this.pop(flat[start + i]!, at));
  }

  private pushTypes(start: number, count: number): void {
    if (count > 1 && this.h + count + (this.end - this.p) + 16 > this.vals.length) this.widenStack(count);
    const { flat } = this.info.types;
    for (let i = 0; i < count; i++) this.pushType(flat[start + i]!, 0);
  }

  private widenStack(count: number): void {
    const needed = this.h + count + (this.end - this.p) + 16;
    if (this.h > 1_000_000) this.fail("more than 1,000,000 values on the operand stack", this.p);
    const { vals, tags } = this;
    (this.vals = new Uint8Array(needed * 2)).set(vals);
    (this.tags = new Int32Array(needed * 2)).set(tags);
  }

  private constant(bytes: number, type: number): void {
    const last = this.p + bytes - 1;
    if (last >= this.end) this.fail("the body ends inside a constant", this.p);
    const top = this.bytes[last]! & 127;
    const next = this.bytes[last - 1]!;
    const mayBeNaN = type === f32 ? top === 127 && next >= 128 : top === 127 && next >= 240;
    this.p += bytes;
    this.pushType(type, mayBeNaN ? floats.exact : floats.neutral);
  }

  private computeFloat(op: number): void {
    const at = this.p - 1;
    const takes = opcodes.operand[op]!;
    const gives = opcodes.result[op]!;
    const effect = this.floatEffect[op]!;
    for (let k = opcodes.arity[op]!; k > 0; k--) {
      const tag = this.pop(takes, at);
      if (effect === floats.bits) this.see(tag);
    }
    const tag =
      effect === floats.arithmetic
        ? this.taint(floats.scalarShape(gives))
        : effect === floats.number
          ? floats.neutral
          : floats.exact;
    this.pushType(gives, tag);
  }

  /** Reads an alignment at `at` that is too large or not written in one byte; returns the place after it. */
  readAlignment(at: number, most: number): number {
    this.p = at;
    if (this.u32() > most) this.fail(`an alignment is larger than 2^${most}`, at);
    return this.p;
  }

  // --- stretches ---

  /** Puts what was counted since the last switch into the current stretch. */
  private flush(): void {
    this.events.cost[this.current]! += (this.n - this.counted) * this.costs.plain + this.extra;
    this.counted = this.n;
    this.extra = 0;
  }

  private open(kind: number, pos: number, parent: number): number {
    this.charges++;
    const e = this.events.add(kind, pos, parent, 0);
    this.switched = e;
    return e;
  }

  /** Absorbs the small stretches of the sequence that ends, last opened first. */
  private closeSequence(): void {
    const { kind, a, b, cost } = this.events;
    const stop = this.stops[this.depth]!;
    const last = this.ended[this.depth] === 1 ? this.current : -1;
    const { slack } = this.costs;
    for (let s = this.current; s !== stop; ) {
      const parent = a[s]!;
      if (s !== last && cost[s]! + b[parent]! <= slack) {
        cost[parent]! += cost[s]!;
        b[parent]! += cost[s]!;
        kind[s] = 0;
        this.charges--;
      }
      s = parent;
    }
  }

  /** Calls made since the last stretch opened never come back: an `unreachable` follows. */
  private dropCalls(): void {
    const { events } = this;
    for (let e = events.count - 1; e > this.switched; e--) {
      if (events.kind[e] === event.call) {
        events.kind[e] = event.lastCall;
        this.calls--;
      }
    }
  }

  /** What follows in this sequence is not reached. */
  leave(): void {
    if (!this.dead) {
      this.flush();
      this.dead = true;
    }
    this.poly = true;
    this.h = this.base;
  }

  private branchTo(target: number): void {
    if (!this.dead && target < this.targets[this.depth]!) this.targets[this.depth] = target;
  }

  /** Notes an event, in reached code. */
  note(kind: number, at: number): void {
    if (!this.dead) this.events.add(kind, at, 0, 0);
  }

  /** Adds weight beyond `plain` to the current stretch (ignored in unreached code, where `revive` drops it). */
  weigh(extra: number): void {
    this.extra += extra;
  }

  private revive(dead: boolean): void {
    if (this.dead) {
      this.counted = this.n;
      this.extra = 0;
    }
    this.dead = dead;
  }

  // --- control ---

  private push(kind: number, pStart: number, pCount: number, rStart: number, rCount: number): void {
    const d = ++this.depth;
    if (d > this.limits.nesting) this.fail(`blocks are nested deeper than ${this.limits.nesting}`, this.p);
    if (d === this.kinds.length) this.widenControl();
    if (d > 0) this.polys[d - 1] = this.poly ? 1 : 0;
    this.kinds[d] = kind;
    this.bases[d] = this.base = this.h;
    this.poly = false;
    this.deads[d] = this.dead ? 1 : 0;
    this.paramStart[d] = pStart;
    this.paramCount[d] = pCount;
    this.resultStart[d] = rStart;
    this.resultCount[d] = rCount;
    this.outers[d] = this.stops[d] = this.current;
    this.targets[d] = d;
    this.ended[d] = 0;
    this.loops[d] = -1;
    this.pushTypes(pStart, pCount);
  }

  private widenControl(): void {
    const n = this.kinds.length * 2;
    const bytes = (from: Uint8Array): Uint8Array<ArrayBuffer> => {
      const to = new Uint8Array(n);
      to.set(from);
      return to;
    };
    const words = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(n);
      to.set(from);
      return to;
    };
    this.kinds = bytes(this.kinds);
    this.polys = bytes(this.polys);
    this.deads = bytes(this.deads);
    this.ended = bytes(this.ended);
    this.bases = words(this.bases);
    this.paramStart = words(this.paramStart);
    this.paramCount = words(this.paramCount);
    this.resultStart = words(this.resultStart);
    this.resultCount = words(this.resultCount);
    this.outers = words(this.outers);
    this.stops = words(this.stops);
    this.targets = words(this.targets);
    this.loops = words(this.loops);
    this.callsAt = words(this.callsAt);
    this.chargesAt = words(this.chargesAt);
  }

  private openConstruct(op: number, at: number): void {
    const { types } = this.info;
    let pStart = 0;
    let pCount = 0;
    let rStart = 0;
    let rCount = 0;
    const first = this.bytes[this.p]!;
    if (first === 0x40) this.p++;
    else if (first < 128 && first >= 64) {
      this.checkType(first, this.p++);
      rStart = types.single(first);
      rCount = 1;
    } else {
      const index = this.signed(33);
      if (index < 0 || index >= types.count) this.fail(`type ${index} does not exist`, at + 1);
      if (!this.features.multiValue) this.fail("blocks with a function type are not part of the profile", at + 1);
      pStart = types.paramStart[index]!;
      pCount = types.paramCount[index]!;
      rStart = types.resultStart[index]!;
      rCount = types.resultCount[index]!;
    }
    if (op === 0x04) this.pop(i32, at);
    this.popTypes(pStart, pCount, at);
    if (op !== 0x04) this.extra -= this.costs.plain;
    if (this.dead) {
      this.push(op === 0x04 ? isThen : op === 0x03 ? isLoop : isBlock, pStart, pCount, rStart, rCount);
      return;
    }
    if (op === 0x02) {
      this.push(isBlock, pStart, pCount, rStart, rCount);
      return;
    }
    this.flush();
    if (op === 0x03) {
      const loop = this.events.add(event.loop, at, 0, 0);
      this.push(isLoop, pStart, pCount, rStart, rCount);
      const d = this.depth;
      this.loops[d] = loop;
      this.callsAt[d] = this.calls;
      this.chargesAt[d] = this.charges;
      this.current = this.stops[d] = this.open(event.openLoop, this.p, -1);
    } else {
      this.push(isThen, pStart, pCount, rStart, rCount);
      this.current = this.open(event.openOther, this.p, this.current);
    }
  }

  private secondArm(at: number): void {
    const d = this.depth;
    if (this.kinds[d] !== isThen) this.fail("an else without an if", at);
    this.checkEnd(d, at);
    this.extra -= this.costs.plain;
    const constructDead = this.deads[d] === 1;
    if (!constructDead) {
      if (!this.dead) this.flush();
      this.closeSequence();
    }
    this.revive(constructDead);
    this.kinds[d] = isElse;
    this.h = this.bases[d]!;
    this.poly = false;
    this.ended[d] = 0;
    this.pushTypes(this.paramStart[d]!, this.paramCount[d]!);
    if (!constructDead) this.current = this.open(event.openOther, this.p, this.outers[d]!);
  }

  /** At the end of a sequence the stack must hold exactly its results. */
  private checkEnd(d: number, at: number): void {
    this.popTypes(this.resultStart[d]!, this.resultCount[d]!, at);
    if (this.h !== this.base) this.fail(`${this.h - this.base} values too many at the end of a block`, at);
  }

  private closeConstruct(at: number): void {
    const d = this.depth;
    const kind = this.kinds[d]!;
    if (kind === isFunction) this.note(event.exit, at);
    this.checkEnd(d, at);
    if (kind === isThen && !this.sameTypes(d)) {
      this.fail("an if without else must give what it takes", at);
    }
    this.extra -= this.costs.plain;
    const constructDead = this.deads[d] === 1;
    if (!constructDead) {
      if (!this.dead) this.flush();
      this.closeSequence();
    }
    this.revive(constructDead);
    this.depth = d - 1;
    if (d === 0) return;
    this.base = this.bases[d - 1]!;
    this.poly = this.polys[d - 1] === 1;
    this.pushTypes(this.resultStart[d]!, this.resultCount[d]!);
    if (constructDead) return;
    const target = this.targets[d]!;
    if (target < this.targets[d - 1]!) this.targets[d - 1] = target;
    if (kind === isLoop) {
      const { events } = this;
      const loop = this.loops[d]!;
      events.a[loop] = this.calls - this.callsAt[d]!;
      events.b[loop] = this.charges - this.chargesAt[d]!;
      events.add(event.loopEnd, this.p, loop, target < d ? 1 : 0);
    }
    if (target < d) this.current = this.open(event.openOther, this.p, this.outers[d]!);
    else {
      this.current = this.outers[d]!;
      this.switched = this.events.count - 1;
    }
  }

  private sameTypes(d: number): boolean {
    const n = this.paramCount[d]!;
    if (n !== this.resultCount[d]) return false;
    const { flat } = this.info.types;
    for (let i = 0; i < n; i++) if (flat[this.paramStart[d]! + i] !== flat[this.resultStart[d]! + i]) return false;
    return true;
  }

  /** Reads a label and returns its place in the control stack. */
  private label(): number {
    const at = this.p;
    const depth = this.u32();
    if (depth > this.depth) this.fail(`label ${depth} does not exist`, at);
    return this.depth - depth;
  }

  private popLabel(t: number, at: number): void {
    if (this.kinds[t] === isLoop) this.popTypes(this.paramStart[t]!, this.paramCount[t]!, at);
    else this.popTypes(this.resultStart[t]!, this.resultCount[t]!, at);
  }

  private pushLabel(t: number): void {
    if (this.kinds[t] === isLoop) this.pushTypes(this.paramStart[t]!, this.paramCount[t]!);
    else this.pushTypes(this.resultStart[t]!, this.resultCount[t]!);
  }

  private labelCount(t: number): number {
    return this.kinds[t] === isLoop ? this.paramCount[t]! : this.resultCount[t]!;
  }

  private table(at: number): void {
    this.pop(i32, at);
    const n = this.u32();
    if (n > this.limits.brTableTargets || n > this.end - this.p) this.fail(`a br_table has ${n} targets`, at);
    let count = -1;
    let leaves = false;
    const { flat } = this.info.types;
    for (let i = 0; i <= n; i++) {
      const t = this.label();
      const arity = this.labelCount(t);
      if (count === -1) count = arity;
      else if (count !== arity) this.fail("a br_table's targets take different numbers of values", at);
      if (t === 0) leaves = true;
      const start = this.kinds[t] === isLoop ? this.paramStart[t]! : this.resultStart[t]!;
      for (let k = 0; k < arity; k++) this.peek(arity - 1 - k, flat[start + k]!, at);
      this.branchTo(t);
    }
    if (leaves) this.note(event.exit, at);
    this.leave();
  }

  /** Checks the value `down` below the top without taking it; it goes to a label, so its bits are seen. */
  private peek(down: number, t: number, at: number): void {
    const i = this.h - 1 - down;
    if (i < this.base) {
      if (!this.poly) this.fail(`a branch needs ${typeName(t)}, and the stack is empty`, at);
      return;
    }
    const actual = this.vals[i]!;
    if (actual !== t && actual !== bottom) this.fail(`a branch needs ${typeName(t)} and finds ${typeName(actual)}`, at);
    if (isFloat(actual)) this.see(this.tags[i]!);
  }

  // --- calls, select, references ---

  private directCall(tail: boolean, at: number): void {
    const { info } = this;
    const f = this.u32();
    if (f >= info.functionCount) this.fail(`function ${f} does not exist`, at);
    this.finishCall(tail, f, info.functions[f]!, at);
    this.extra += this.costs.call - this.costs.plain;
    if (tail) this.leave();
  }

  private indirectCall(tail: boolean, at: number): void {
    const { info } = this;
    const type = this.u32();
    if (type >= info.types.count) this.fail(`type ${type} does not exist`, at);
    const tableAt = this.p;
    const table = this.u32();
    if (!this.features.referenceTypes && (table !== 0 || this.p !== tableAt + 1)) {
      this.fail("the table's index must be a zero byte", tableAt);
    }
    if (table >= info.tables.length) this.fail(`table ${table} does not exist`, tableAt);
    if (info.tables[table]!.element !== funcref) this.fail("an indirect call needs a table of funcref", at);
    this.pop(i32, at);
    if (!this.dead) info.callsIndirectly = true;
    this.traps = 1;
    this.finishCall(tail, -1, type, at);
    this.extra += this.costs.callIndirect - this.costs.plain;
    if (tail) this.leave();
  }

  private finishCall(tail: boolean, callee: number, type: number, at: number): void {
    const { types } = this.info;
    if (tail) {
      if (!this.features.tailCalls) this.fail("tail calls are not part of the profile", at);
      const n = types.resultCount[type]!;
      let same = n === this.resultCount[0]!;
      for (let i = 0; same && i < n; i++) {
        same = types.flat[types.resultStart[type]! + i] === types.flat[this.resultStart[0]! + i];
      }
      if (!same) this.fail("a tail call must give what its function gives", at);
    }
    this.popTypes(types.paramStart[type]!, types.paramCount[type]!, at);
    if (!this.dead) {
      if (tail) {
        this.events.add(event.tailCall, at, callee, this.p);
        this.branchTo(0);
      } else {
        this.calls++;
        this.events.add(event.call, at, callee, this.p);
      }
    } else if (tail || callee !== -1) this.events.add(event.unreached, at, 0, this.p);
    if (!tail) this.pushTypes(types.resultStart[type]!, types.resultCount[type]!);
  }

  private select(typed: boolean, at: number): void {
    this.computations++;
    if (typed) {
      if (!this.features.referenceTypes) this.fail("a select with a type is not part of the profile", at);
      if (this.u32() !== 1) this.fail("a select names exactly one type", at);
      const t = this.byte();
      this.checkType(t, at);
      this.pop(i32, at);
      this.merge(t, this.pop(t, at), this.pop(t, at));
      return;
    }
    this.pop(i32, at);
    const first = this.popAny(at);
    const a = isFloat(first) ? this.tags[this.h]! : 0;
    const second = this.popAny(at);
    const b = isFloat(second) ? this.tags[this.h]! : 0;
    if (isReference(first) || isReference(second)) this.fail("a select of references must name its type", at);
    if (first !== second && first !== bottom && second !== bottom) {
      this.fail(`a select between ${typeName(second)} and ${typeName(first)}`, at);
    }
    this.merge(first === bottom ? second : first, a, b);
  }

  /** Pushes one of two values: tainted only when both are (or one certainly is no NaN) and their shapes are known and equal. */
  private merge(type: number, a: number, b: number): void {
    const { events } = this;
    const shape = (tag: number): number =>
      tag > 0 && events.kind[tag - 1] === floats.taintedResult ? events.a[tag - 1]! : 0;
    const shapeA = shape(a);
    const shapeB = shape(b);
    if (shapeA !== 0 && (shapeA === shapeB || b === floats.neutral)) this.pushType(type, this.taint(shapeA));
    else if (shapeB !== 0 && a === floats.neutral) this.pushType(type, this.taint(shapeB));
    else {
      this.see(a);
      this.see(b);
      this.pushType(type, a === floats.neutral && b === floats.neutral ? floats.neutral : floats.exact);
    }
  }

  private reference(op: number, at: number): void {
    const { info } = this;
    if (!this.features.referenceTypes) this.fail("reference instructions are not part of the profile", at);
    switch (op) {
      case 0xd0: {
        const t = this.byte();
        if (!isReference(t)) this.fail(`0x${t.toString(16)} is no reference type`, at + 1);
        this.pushType(t, 0);
        return;
      }
      case 0xd1: {
        const t = this.popAny(at);
        if (t !== bottom && !isReference(t)) this.fail(`ref.is_null needs a reference and finds ${typeName(t)}`, at);
        this.pushType(i32, 0);
        return;
      }
      case 0xd2: {
        const f = this.u32();
        if (f >= info.functionCount) this.fail(`function ${f} does not exist`, at);
        if (info.referable[f] === 0) this.fail(`function ${f} is not declared as referable`, at);
        info.escaping[f] = 1;
        this.pushType(funcref, 0);
        return;
      }
      default: {
        const t = this.u32();
        this.traps = 1;
        if (t >= info.tables.length) this.fail(`table ${t} does not exist`, at);
        const { element } = info.tables[t]!;
        if (op === 0x26) {
          this.pop(element, at);
          info.writesTable = true;
        }
        this.pop(i32, at);
        if (op === 0x25) this.pushType(element, 0);
      }
    }
  }
}
