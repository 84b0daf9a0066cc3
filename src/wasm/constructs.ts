/**
 * The control stack of the walk: blocks, loops, ifs, and the branches to their labels.
 * @module
 */

import * as event from "./events.ts";
import type { ModuleInfo } from "./module.ts";
import type { ScanSettings } from "./operands.ts";
import type { Limits } from "./options.ts";
import { Stretches } from "./stretches.ts";
import { i32 } from "./types.ts";

const isBlock = 0;
const isLoop = 1;
const isThen = 2;
const isElse = 3;
export const isFunction = 4;

/** Open constructs, innermost last; 0 is the function itself. */
export class Constructs extends Stretches {
  protected readonly limits: Limits;
  protected depth = 0;
  private kinds = new Uint8Array(256);
  private bases = new Int32Array(256);
  private polys = new Uint8Array(256);
  private deads = new Uint8Array(256);
  private paramStart = new Int32Array(256);
  private paramCount = new Int32Array(256);
  resultStart = new Int32Array(256);
  resultCount = new Int32Array(256);
  /** The stretch current at the construct's opening, and the one at which the sequence's chain of stretches stops. */
  private outers = new Int32Array(256);
  protected stops = new Int32Array(256);
  /** Outermost label that a branch inside goes to; whether the sequence ended in `unreachable`. */
  private targets = new Int32Array(256);
  protected ended = new Uint8Array(256);
  private loops = new Int32Array(256);
  private callsAt = new Int32Array(256);
  private chargesAt = new Int32Array(256);
  /** The stretch opened by an `if`; that of the last `if` without `else` that was closed, and the place of its `end`. */
  private arms = new Int32Array(256);
  private closedArm = -1;
  private closedAt = -1;

  /** The byte after the last local that was set to a constant of one byte by the instruction before. */
  protected constantEnd = -1;

  constructor(bytes: Uint8Array, info: ModuleInfo, settings: ScanSettings) {
    super(bytes, info, settings);
    this.limits = settings.limits;
  }

  branchTo(target: number): void {
    if (!this.dead && target < this.targets[this.depth]!) this.targets[this.depth] = target;
  }

  protected push(kind: number, pStart: number, pCount: number, rStart: number, rCount: number): void {
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

  private closeSequence(d: number): void {
    this.absorb(this.stops[d]!, this.ended[d] === 1 ? this.current : -1);
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
    this.arms = words(this.arms);
  }

  protected openConstruct(op: number, at: number): void {
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
      if (this.constantEnd === at) this.events.cost[loop] = 1;
      this.push(isLoop, pStart, pCount, rStart, rCount);
      const d = this.depth;
      this.loops[d] = loop;
      this.callsAt[d] = this.calls;
      this.chargesAt[d] = this.charges;
      this.current = this.stops[d] = this.open(event.openLoop, this.p, -1);
    } else {
      this.push(isThen, pStart, pCount, rStart, rCount);
      this.current = this.arms[this.depth] = this.open(event.openOther, this.p, this.current);
    }
  }

  protected secondArm(at: number): void {
    const d = this.depth;
    if (this.kinds[d] !== isThen) this.fail("an else without an if", at);
    this.checkEnd(d, at);
    this.extra -= this.costs.plain;
    const constructDead = this.deads[d] === 1;
    if (!constructDead) {
      if (!this.dead) this.flush();
      this.closeSequence(d);
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

  protected closeConstruct(at: number): void {
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
      this.closeSequence(d);
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
      const end = events.add(event.loopEnd, this.p, loop, target < d ? 1 : 0);
      if (this.closedAt === at - 1 && this.closedArm === loop + 2) events.cost[end] = 1;
    } else if (kind === isThen) {
      this.closedArm = this.arms[d]!;
      this.closedAt = at;
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
  protected label(): number {
    const at = this.p;
    const depth = this.u32();
    if (depth > this.depth) this.fail(`label ${depth} does not exist`, at);
    return this.depth - depth;
  }

  protected popLabel(t: number, at: number): void {
    if (this.kinds[t] === isLoop) this.popTypes(this.paramStart[t]!, this.paramCount[t]!, at);
    else this.popTypes(this.resultStart[t]!, this.resultCount[t]!, at);
  }

  protected pushLabel(t: number): void {
    if (this.kinds[t] === isLoop) this.pushTypes(this.paramStart[t]!, this.paramCount[t]!);
    else this.pushTypes(this.resultStart[t]!, this.resultCount[t]!);
  }

  private labelCount(t: number): number {
    return this.kinds[t] === isLoop ? this.paramCount[t]! : this.resultCount[t]!;
  }

  protected table(at: number): void {
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
}
