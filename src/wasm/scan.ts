/**
 * The walk over function bodies: full validation, stretches of gas, float taint, stack heights.
 *
 * One loop, one visit per instruction, no object per instruction: types on the operand stack are bytes in a typed
 * array, what the writer needs to know is noted in `Events`. The loop keeps the cursor and the stack height in
 * variables; everything rarer than arithmetic finds them in the fields, which lie in layers: the operand stack
 * (`operands.ts`), stretches (`stretches.ts`), the control stack (`constructs.ts`).
 * @module
 */

import { Bodies } from "./bodies.ts";
import { Constructs, isFunction } from "./constructs.ts";
import * as event from "./events.ts";
import * as floats from "./floats.ts";
import type { ModuleInfo } from "./module.ts";
import * as opcodes from "./opcodes.ts";
import type { ScanSettings } from "./operands.ts";
import { scanCall, scanIndirectCall } from "./scan-calls.ts";
import { scanPrefixed } from "./scan-prefixed.ts";
import { scanReference } from "./scan-references.ts";
import { scanSelect } from "./scan-select.ts";
import { scanVector } from "./scan-vector.ts";
import { f32, f64, i32, i64, isFloat } from "./types.ts";

/** Walks one body after another. */
export class Scanner extends Constructs {
  readonly bodies: Bodies;
  private readonly heavier: Int32Array;
  private readonly operand: Uint8Array;
  private readonly floatEffect: Uint8Array;
  private readonly floatLocals = new floats.FloatLocals();
  private locals = new Uint8Array(1024);
  private localCount = 0;
  private parameters = 0;
  computations = 0;
  private traps = 0;

  constructor(bytes: Uint8Array, info: ModuleInfo, functions: number, settings: ScanSettings) {
    super(bytes, info, settings);
    this.bodies = new Bodies(functions);
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

  private walk(): void {
    const code = this.bytes;
    const { locals, floatEffect, operand, heavier, end, parameters, bodies } = this;
    const { result, arity, memoryType, memoryAlign, mayTrap } = opcodes;
    let { p, h, base, vals } = this;
    let n = 0;
    let computations = 0;
    let traps = 0;
    let constantAt = -2;
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
          if (at === constantAt + 2) this.constantEnd = p;
          continue;
        }
        case 0x41: {
          constantAt = p - 1;
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
        scanCall(this, op === 0x12, at);
        return;
      case 0x11:
      case 0x13:
        this.traps = 1;
        scanIndirectCall(this, op === 0x13, at);
        return;
      case 0x1a:
        this.popAny(at);
        return;
      case 0x1b:
      case 0x1c:
        scanSelect(this, op === 0x1c, at);
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
        this.traps = 1;
        scanReference(this, op, at);
        return;
      case 0xd0:
      case 0xd1:
      case 0xd2:
        scanReference(this, op, at);
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

  private readFloatLocal(local: number, end: number): number {
    if (!this.tracksFloats || this.dead || local < this.parameters) return 0;
    return this.events.add(floats.taintedLocal, end, local, 0) + 1;
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
}
