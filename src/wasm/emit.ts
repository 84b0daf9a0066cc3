/**
 * Writes the bodies: runs of the input copied as they are, and between them what the events call for.
 *
 * Where the counter lives. Private functions (`passing.ts`) take it as a parameter and give it back as a result; they
 * and all that call them keep it in a local throughout. Others keep it in a local inside loops, so that no load stands
 * between one charge and the next, and outside loops in the global. Every charge writes the exported global, except in
 * private functions in which nobody can see it; so nothing has to be written back before a trap, a call or a return.
 * After a call to a function that does not write, one that does writes what it got back.
 *
 * A counted loop (`counted.ts`) becomes two: when the comparisons on arrival (`guard.ts`) show that it will run to its
 * end, its whole charge is taken at once and a copy without any runs; else the metered one.
 *
 * What remains of the stack lives in a local of each function that passes it on; it goes to private functions as a
 * parameter, and through the global at other calls.
 * @module
 */

import { type CountedLoop, recogniseCounted, staticCount } from "./counted.ts";
import type { Depths } from "./depth.ts";
import * as event from "./events.ts";
import { shapeF32, shapeF32x4, shapeF64, taintedResult } from "./floats.ts";
import { guardBytes, writeGuard } from "./guard.ts";
import type { ModuleInfo } from "./module.ts";
import type { Settings } from "./options.ts";
import type { Passing } from "./passing.ts";
import type { Scanner } from "./scan.ts";
import { f32, f64, i32, i64, v128 } from "./types.ts";
import type { Writer } from "./writer.ts";

/** A function this short without calls and loops is not tested at its entry: the next test is never far. */
const shortLeaf = 100;

/** Temporaries a function may need, in the order in which they are appended to its locals. */
const gasLocal = 0;
const depthLocal = 1;
const countLocal = 2;
const resultLocal = 3;
const f32Local = 4;
const f64Local = 5;
const vectorLocal = 6;
const iterationsLocal = 7;
const sizeLocal = 8;
const afterLocal = 9;
const temporaryTypes = [i64, i32, i32, i32, f32, f64, v128, i64, i64, i64];

/** Loops longer than this are not worth a second copy. */
const longestCounted = 256;
/** Loops with fewer iterations than this, known in advance, are not worth a guard. */
const fewestIterations = 16;
/** Loops that run at most so often, known in advance, and cost at most so much, are not tested for exhaustion. */
const mostUntested = 4096;
const largestUntested = 2 ** 33;

/** Indices of the globals that the pass appends. */
export interface Globals {
  readonly gas: number;
  readonly stack: number;
}

/** Writes one body after another. */
export class Emitter {
  /** Places in the output and the input bytes that stand there, in order: pairs for `originalOffset`. */
  readonly places: number[] = [];
  /** Stretches charged, per defined function. */
  readonly charged: Int32Array;
  private readonly w: Writer;
  private readonly info: ModuleInfo;
  private readonly scanner: Scanner;
  private readonly depths: Depths;
  private readonly settings: Settings;
  private readonly passing: Passing;
  private readonly globals: Globals;
  /** Index of each temporary in the function being written, -1 when it has none. */
  private readonly temporaries = new Int32Array(temporaryTypes.length);
  private readonly needed = new Uint8Array(temporaryTypes.length);
  /** Whether the local holds the counter here; whether nothing was charged since the test at the entry. */
  private inLocal = false;
  private tested = false;
  /** Loops of the function being written that are charged as a whole, and those that need no test, by their event. */
  private readonly counted = new Map<number, CountedLoop>();
  private readonly untested = new Set<number>();
  /** How many bytes may still be spent on second copies of loops. */
  private spare: number;
  /** Whether the function being written is private, and whether it writes the global. */
  private isPrivate = false;
  private writes = true;
  /** The next access to a local that a parameter has displaced, and the last; the first declared local, and where the displaced are. */
  private access = 0;
  private lastAccess = 0;
  private firstDeclared = 0;
  private readonly displaced: number[] = [];

  constructor(
    w: Writer,
    info: ModuleInfo,
    scanner: Scanner,
    depths: Depths,
    settings: Settings,
    passing: Passing,
    globals: Globals,
  ) {
    this.w = w;
    this.info = info;
    this.scanner = scanner;
    this.depths = depths;
    this.settings = settings;
    this.passing = passing;
    this.globals = globals;
    this.charged = new Int32Array(scanner.bodies.start.length);
    this.spare = 2048 + scanner.bytes.length / 10;
  }

  /** Writes the body of the `i`th defined function, its size before it. */
  body(i: number): void {
    const { w, scanner, depths } = this;
    const { events, bodies, bytes } = scanner;
    const first = bodies.first[i]!;
    const last = bodies.first[i + 1]!;
    const { meter } = this.settings;
    const sizeAt = w.o;
    w.room(bodies.end[i]! - bodies.start[i]! + 256);
    this.isPrivate = this.passing.added[i]! > 0;
    this.writes = this.passing.writes[i] === 1;
    const wholeLocal = this.plan(i, first, last);
    this.writeLocals(i);
    if (this.isPrivate) this.openBody(i);
    this.inLocal = false;
    this.tested = false;
    let region = -1;
    let p = bodies.code[i]!;
    this.places.push(w.o, p);
    const { pos, kind, a, b, cost } = events;
    for (let e = first; e < last; e++) {
      const what = kind[e]!;
      if (what === 0) continue;
      w.room(pos[e]! - p + 160);
      if (pos[e]! > p) {
        this.copy(p, pos[e]!);
        p = pos[e]!;
      }
      switch (what) {
        case event.openFunction:
          this.enter(i, cost[e]!, wholeLocal, last - first);
          break;
        case event.openLoop:
          if (meter && cost[e]! > 0) {
            const test = !this.untested.has(e - 1);
            this.charge(cost[e]!, test);
            if (test) this.test();
          }
          break;
        case event.openOther:
          if (meter) this.charge(cost[e]!, false);
          break;
        case event.call:
        case event.lastCall: {
          const before = w.o;
          this.beforeCall(i, a[e]!, false);
          if (w.o > before) this.places.push(w.o, p);
          w.copy(bytes, p, b[e]!);
          p = b[e]!;
          if (this.callsPrivate(a[e]!)) this.takeBack(a[e]!);
          else if (this.inLocal && what === event.call) this.reload();
          break;
        }
        case event.tailCall:
          this.beforeCall(i, a[e]!, true);
          if (depths.passes[i] === 1) this.release(i);
          break;
        case event.loop:
          if (meter && !this.inLocal && (a[e] === 0 || b[e]! > a[e]!)) {
            region = e;
            this.reload();
            this.inLocal = true;
          }
          if (this.counted.has(e)) this.wholeLoop(e, this.counted.get(e)!);
          break;
        case event.loopEnd:
          if (this.counted.has(a[e]!)) w.byte(0x0b);
          if (region === a[e]) {
            region = -1;
            this.inLocal = false;
          }
          break;
        case event.unreached:
          // Types have changed; an instruction that fits all of them does as well where none runs.
          w.byte(0x00);
          p = b[e]!;
          break;
        case event.exit:
          if (this.isPrivate) {
            if (bytes[p] === 0x0f) this.getLocal(gasLocal);
          } else if (depths.fromOutside[i] === 1) {
            if (meter && !this.tested) this.test();
            if (depths.passes[i] === 1) this.release(i);
          }
          break;
        case event.bulk:
          if (meter) this.chargeByLength(a[e] === 0 ? this.settings.costs.bulkByte : this.settings.costs.tableElement);
          break;
        case event.grow:
          this.beforeGrow();
          w.copy(bytes, p, b[e]!);
          p = b[e]!;
          this.afterGrow();
          break;
        case taintedResult:
          this.canonical(a[e]!);
          break;
      }
      this.places.push(w.o, p);
    }
    w.room(bodies.end[i]! - p + 16);
    this.copy(p, bodies.end[i]!);
    if (this.isPrivate) {
      w.room(16);
      this.getLocal(gasLocal);
      w.byte(0x0b);
    }
    w.prefixLength(sizeAt);
    this.shift(sizeAt, w);
  }

  /** The function's label must take what it took: the body becomes a block, after which the counter is given back. */
  private openBody(i: number): void {
    const { w, info } = this;
    const { types } = info;
    const type = info.functions[info.importedFunctions + i]!;
    w.byte(0x02);
    w.byte(types.resultCount[type] === 0 ? 0x40 : types.flat[types.resultStart[type]!]!);
    this.places.push(w.o, this.scanner.bodies.code[i]!);
  }

  /** Copies a run of the input; accesses to displaced locals go to where these are. */
  private copy(start: number, end: number): void {
    const { w, scanner } = this;
    const { bytes } = scanner;
    const { accesses } = scanner.bodies;
    let p = start;
    while (this.access < this.lastAccess && accesses[this.access]! < end) {
      const at = accesses[this.access++]!;
      let next = at + 1;
      let local = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[next++]!;
        local |= (byte & 127) << shift;
        if (byte < 128) break;
      }
      const to = this.place(local);
      if (to === local) continue;
      w.room(end - p + 176);
      w.copy(bytes, p, at + 1);
      const before = w.o;
      w.u32(to);
      if (w.o - before !== next - at - 1) this.places.push(w.o, next);
      p = next;
    }
    w.copy(bytes, p, end);
  }

  /** Where a local of the original is. */
  private place(local: number): number {
    const k = local - this.firstDeclared;
    return k >= 0 && k < this.displaced.length ? this.displaced[k]! : local;
  }

  private callsPrivate(callee: number): boolean {
    return callee >= this.info.importedFunctions && this.passing.added[callee - this.info.importedFunctions]! > 0;
  }

  /** After a call to a private function, with the counter on top of the stack. */
  private takeBack(callee: number): void {
    if (this.writes && this.passing.writes[callee - this.info.importedFunctions] === 0) {
      this.teeLocal(gasLocal);
      this.get(0x24, this.globals.gas);
    } else this.setLocal(gasLocal);
  }

  /** Decides which temporaries the function needs; says whether the counter lives in a local throughout. */
  private plan(i: number, first: number, last: number): boolean {
    const { needed, settings, depths } = this;
    const { events } = this.scanner;
    needed.fill(0);
    if (depths.counted[i] === 1 || depths.passes[i] === 1) needed[depthLocal] = 1;
    let charges = 0;
    let calls = 0;
    let loops = 0;
    let privately = this.isPrivate;
    let innermost = -1;
    this.counted.clear();
    this.untested.clear();
    for (let e = first; e < last; e++) {
      switch (events.kind[e]) {
        case event.openFunction:
        case event.openLoop:
        case event.openOther:
          if (events.cost[e]! > 0) charges++;
          break;
        case event.call:
          calls++;
          if (this.callsPrivate(events.a[e]!)) privately = true;
          break;
        case event.lastCall:
          if (this.callsPrivate(events.a[e]!)) privately = true;
          break;
        case event.loop:
          loops++;
          innermost = e;
          break;
        case event.loopEnd:
          if (settings.meter && innermost === events.a[e]) this.consider(innermost, e);
          innermost = -1;
          break;
        case event.bulk:
          if (settings.meter) needed[countLocal] = 1;
          break;
        case event.grow:
          needed[countLocal] = needed[resultLocal] = 1;
          break;
        case taintedResult: {
          const shape = events.a[e]!;
          needed[shape === shapeF32 ? f32Local : shape === shapeF64 ? f64Local : vectorLocal] = 1;
          break;
        }
      }
    }
    this.charged[i] = settings.meter ? charges : 0;
    if (!settings.meter) return false;
    needed[gasLocal] = 1;
    return privately || (calls === 0 && (charges > 1 || loops > 0));
  }

  /** Looks at an innermost loop: can it be charged as a whole, or go untested? */
  private consider(loop: number, loopEnd: number): void {
    const { events, bytes } = this.scanner;
    const { pos, kind, a, b, cost } = events;
    const start = pos[loop]!;
    const end = pos[loopEnd]!;
    if (end - start > longestCounted || a[loop] !== 0 || b[loopEnd] === 1 || bytes[start + 1] !== 0x40) return;
    const found = recogniseCounted(bytes, start + 2, end);
    if (found === undefined) return;
    let each = 0;
    let charges = 0;
    let elsewhere = false;
    for (let e = loop + 1; e < loopEnd; e++) {
      if (kind[e] !== event.openLoop && kind[e] !== event.openOther) continue;
      each += cost[e]!;
      if (kind[e] === event.openOther && cost[e]! > 0) {
        charges++;
        if (pos[e] !== found.arm) elsewhere = true;
      }
    }
    const known = new Map<number, number>();
    if (
      cost[loop] === 1 &&
      bytes[start - 4] === 0x41 &&
      bytes[start - 3]! < 64 &&
      bytes[start - 2] === 0x21 &&
      bytes[start - 1]! < 128
    ) {
      known.set(2 * bytes[start - 1]!, bytes[start - 3]!);
    }
    const count = staticCount(found, known);
    const short = count !== undefined && count < fewestIterations;
    const size = end - start + 64 + 32 * (found.reaches.length + found.sides.length);
    if (!found.traps && !short && !elsewhere && charges <= 1 && each <= 2 ** 29 && size <= this.spare) {
      this.spare -= size;
      this.counted.set(loop, found);
      for (const t of [iterationsLocal, sizeLocal, afterLocal]) this.needed[t] = 1;
    } else if (count !== undefined && count <= mostUntested && count * each <= largestUntested) {
      this.untested.add(loop);
    }
  }

  /** Before a counted loop: when it will run to its end, charges it as a whole and runs a copy without charges. The loop itself becomes the other arm. */
  private wholeLoop(loop: number, found: CountedLoop): void {
    const { w, temporaries, globals } = this;
    const { events } = this.scanner;
    const { pos, kind, a, cost } = events;
    const head = cost[loop + 1]!;
    let body = 0;
    let loopEnd = loop + 1;
    for (; kind[loopEnd] !== event.loopEnd; loopEnd++) {
      if (kind[loopEnd] === event.openOther) body += cost[loopEnd]!;
    }
    w.room(guardBytes(found) + (pos[loopEnd]! - pos[loop]!) + 64);
    writeGuard(w, found, {
      gas: temporaries[gasLocal]!,
      place: (local) => this.place(local),
      iterations: temporaries[iterationsLocal]!,
      size: temporaries[sizeLocal]!,
      after: temporaries[afterLocal]!,
      each: head + body,
      once: found.test === "head" ? head : 0,
    });
    w.byte(0x04);
    w.byte(0x40);
    this.getLocal(afterLocal);
    if (this.writes) {
      this.teeLocal(gasLocal);
      this.get(0x24, globals.gas);
    } else this.setLocal(gasLocal);
    // The loop is copied twice.
    const access = this.access;
    let p = pos[loop]!;
    this.places.push(w.o, p);
    for (let e = loop + 1; e < loopEnd; e++) {
      if (kind[e] !== taintedResult) continue;
      w.room(pos[e]! - p + 160);
      this.copy(p, pos[e]!);
      p = pos[e]!;
      this.canonical(a[e]!);
      this.places.push(w.o, p);
    }
    w.room(pos[loopEnd]! - p + 160);
    this.copy(p, pos[loopEnd]!);
    this.access = access;
    w.byte(0x05);
  }

  /** Copies the local declarations and appends the temporaries. */
  private writeLocals(i: number): void {
    const { w, needed, temporaries, info, displaced } = this;
    const { bodies, bytes } = this.scanner;
    let extra = 0;
    let index = bodies.locals[i]!;
    displaced.length = 0;
    const added = this.passing.added[i]!;
    const parameters = info.types.paramCount[info.functions[info.importedFunctions + i]!]!;
    this.firstDeclared = parameters;
    this.access = this.lastAccess = 0;
    if (added > 0) {
      // The added parameters take the place of the first declared locals, which move behind all others.
      index = Math.max(index, parameters + added);
      needed[gasLocal] = needed[depthLocal] = 0;
      this.access = bodies.firstAccess[i]!;
      this.lastAccess = bodies.firstAccess[i + 1]!;
    }
    for (let t = 0; t < needed.length; t++) {
      if (needed[t] === 1) {
        temporaries[t] = index++;
        extra++;
      } else temporaries[t] = -1;
    }
    let p = bodies.start[i]!;
    while (bytes[p++]! > 127);
    const moved: number[] = [];
    if (added > 0) {
      temporaries[gasLocal] = parameters;
      temporaries[depthLocal] = added === 2 ? parameters + 1 : -1;
      const groups: number[] = [];
      while (p < bodies.code[i]!) {
        let n = 0;
        for (let factor = 1; ; factor *= 128) {
          const byte = bytes[p++]!;
          n += (byte & 127) * factor;
          if (byte < 128) break;
        }
        const type = bytes[p++]!;
        for (; n > 0 && moved.length < added; n--) {
          displaced.push(index++);
          moved.push(type);
        }
        if (n > 0) groups.push(n, type);
      }
      w.u32(groups.length / 2 + extra + moved.length);
      for (let g = 0; g < groups.length; g += 2) {
        w.u32(groups[g]!);
        w.byte(groups[g + 1]!);
      }
    } else {
      w.u32(bodies.groups[i]! + extra);
      w.copy(bytes, p, bodies.code[i]!);
    }
    for (let t = 0; t < needed.length; t++) {
      if (needed[t] === 1) {
        w.byte(1);
        w.byte(temporaryTypes[t]!);
      }
    }
    for (const type of moved) {
      w.byte(1);
      w.byte(type);
    }
  }

  /** `prefixLength` moved the body: so must its places. */
  private shift(sizeAt: number, w: Writer): void {
    let bytes = 1;
    while (w.buffer[sizeAt + bytes - 1]! > 127) bytes++;
    const { places } = this;
    for (let k = places.length - 2; k >= 0 && places[k]! >= sizeAt; k -= 2) places[k]! += bytes;
  }

  private get(op: number, index: number): void {
    this.w.byte(op);
    this.w.u32(index);
  }

  private getLocal(t: number): void {
    this.get(0x20, this.temporaries[t]!);
  }
  private setLocal(t: number): void {
    this.get(0x21, this.temporaries[t]!);
  }
  private teeLocal(t: number): void {
    this.get(0x22, this.temporaries[t]!);
  }

  private reload(): void {
    this.get(0x23, this.globals.gas);
    this.setLocal(gasLocal);
  }

  /** Charges a stretch; `keep` leaves the counter in the local also where it does not live there. */
  private charge(cost: number, keep: boolean): void {
    if (cost === 0) return;
    const { w } = this;
    this.tested = false;
    if (this.inLocal) this.getLocal(gasLocal);
    else this.get(0x23, this.globals.gas);
    w.byte(0x42);
    w.signed(cost);
    w.byte(0x7d);
    if (this.writes) {
      if (this.inLocal || keep) this.teeLocal(gasLocal);
      this.get(0x24, this.globals.gas);
    } else this.setLocal(gasLocal);
    this.kept = keep;
  }
  private kept = false;

  /** Ends the run in a trap when the counter is below zero. */
  private test(): void {
    const { w } = this;
    if (this.inLocal || this.kept) this.getLocal(gasLocal);
    else this.get(0x23, this.globals.gas);
    this.kept = false;
    w.byte(0x42);
    w.byte(0);
    w.byte(0x53);
    w.byte(0x04);
    w.byte(0x40);
    this.show();
    w.byte(0x00);
    w.byte(0x0b);
  }

  /** Before a trap: the global is to hold the exact figure. */
  private show(): void {
    if (this.writes || !this.settings.meter) return;
    this.getLocal(gasLocal);
    this.get(0x24, this.globals.gas);
  }

  /** A function's entry: the first charge, the test, and the depth. */
  private enter(i: number, cost: number, wholeLocal: boolean, eventCount: number): void {
    const { w, depths, settings } = this;
    if (settings.meter) {
      this.inLocal = this.isPrivate;
      const short = eventCount < 64 && this.isShortLeaf(i);
      if (cost > 0) this.charge(cost, wholeLocal || !short);
      else if (this.isPrivate) {
        if (this.writes) {
          this.getLocal(gasLocal);
          this.get(0x24, this.globals.gas);
        }
      } else if (wholeLocal) this.reload();
      if (!short) {
        this.test();
        this.tested = true;
      }
      this.kept = false;
      this.inLocal = wholeLocal;
    }
    if (depths.counted[i] !== 1 && depths.passes[i] !== 1) return;
    if (this.isPrivate) this.getLocal(depthLocal);
    else this.get(0x23, this.globals.stack);
    w.byte(0x41);
    w.signed(depths.cost[i]!);
    w.byte(0x6b);
    if (depths.counted[i] !== 1) {
      this.setLocal(depthLocal);
      return;
    }
    this.teeLocal(depthLocal);
    w.byte(0x41);
    w.signed(Math.min(depths.bound[i]!, 2 ** 31 - 1));
    w.byte(0x48);
    w.byte(0x04);
    w.byte(0x40);
    this.stop(-1);
    w.byte(0x0b);
  }

  /** Leaves a reason in the stack's global and traps. */
  private stop(reason: number): void {
    const { w } = this;
    w.byte(0x41);
    w.signed(reason);
    this.get(0x24, this.globals.stack);
    this.show();
    w.byte(0x00);
  }

  private isShortLeaf(i: number): boolean {
    const { bodies, events } = this.scanner;
    if (bodies.instructions[i]! > shortLeaf) return false;
    for (let e = bodies.first[i]!; e < bodies.first[i + 1]!; e++) {
      const kind = events.kind[e]!;
      if (kind >= event.call && kind <= event.loop) return false;
      if (kind === event.bulk || kind === event.grow) return false;
    }
    return true;
  }

  /** Before a call: no call to the host with an exhausted counter, and what remains of the stack is passed on. */
  private beforeCall(caller: number, callee: number, tail: boolean): void {
    const { info, depths, settings } = this;
    const defined = callee - info.importedFunctions;
    const toHost = callee === -1 ? depths.hostIndirectly : defined < 0;
    if (settings.meter) {
      if (toHost) {
        if (!this.tested) this.test();
        this.tested = false;
      } else if (callee === -1 || depths.fromOutside[defined] !== 1) this.tested = false;
    }
    if (this.callsPrivate(callee)) {
      this.tested = false;
      this.getLocal(gasLocal);
      if (this.passing.added[defined] === 2) this.getLocal(depthLocal);
      return;
    }
    const passes =
      callee === -1
        ? depths.passes[caller] === 1
        : defined < 0
          ? depths.hostPasses
          : depths.counted[defined] === 1 || depths.passes[defined] === 1;
    if (passes && !tail) {
      this.getLocal(depthLocal);
      this.get(0x24, this.globals.stack);
    }
  }

  /** Gives the frame's depth back. */
  private release(i: number): void {
    const { w } = this;
    this.getLocal(depthLocal);
    w.byte(0x41);
    w.signed(this.depths.cost[i]!);
    w.byte(0x6a);
    this.get(0x24, this.globals.stack);
  }

  /** With a count on top of the stack: charges count x weight and tests. The count stays. */
  private chargeByLength(weight: number): void {
    const { w } = this;
    this.teeLocal(countLocal);
    if (this.inLocal) this.getLocal(gasLocal);
    else this.get(0x23, this.globals.gas);
    this.getLocal(countLocal);
    w.byte(0xad);
    w.byte(0x42);
    w.signed(weight);
    w.byte(0x7e);
    w.byte(0x7d);
    this.teeLocal(gasLocal);
    this.get(0x24, this.globals.gas);
    this.kept = true;
    this.test();
  }

  private beforeGrow(): void {
    if (this.settings.meter) this.chargeByLength(this.settings.costs.memoryPage);
    else this.teeLocal(countLocal);
  }

  /** In a contract a grow within the declared maximum that the machine refuses is the host's fault, not a -1. */
  private afterGrow(): void {
    const { w, info, settings } = this;
    if (settings.profile === "wasm2") return;
    this.teeLocal(resultLocal);
    w.byte(0x41);
    w.byte(0x7f);
    w.byte(0x46);
    w.byte(0x04);
    w.byte(0x40);
    this.getLocal(countLocal);
    w.byte(0xad);
    w.byte(0x3f);
    w.byte(0x00);
    w.byte(0xad);
    w.byte(0x7c);
    w.byte(0x42);
    w.signed(info.memories[0]!.limited === -1 ? 65_536 : info.memories[0]!.limited);
    w.byte(0x58);
    w.byte(0x04);
    w.byte(0x40);
    this.stop(-2);
    w.byte(0x0b);
    w.byte(0x0b);
    this.getLocal(resultLocal);
  }

  /** With a value of `shape` on top of the stack: replaces a NaN by the canonical one. */
  private canonical(shape: number): void {
    const { w } = this;
    const local = shape === shapeF32 ? f32Local : shape === shapeF64 ? f64Local : vectorLocal;
    this.teeLocal(local);
    if (shape === shapeF32) {
      w.byte(0x43);
      for (const x of [0x00, 0x00, 0xc0, 0x7f]) w.byte(x);
    } else if (shape === shapeF64) {
      w.byte(0x44);
      for (const x of [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]) w.byte(x);
    } else {
      w.byte(0xfd);
      w.byte(0x0c);
      for (let k = 0; k < 4; k++) {
        const lane =
          shape === shapeF32x4 ? [0x00, 0x00, 0xc0, 0x7f] : (k & 1) === 0 ? [0, 0, 0, 0] : [0, 0, 0xf8, 0x7f];
        for (const x of lane) w.byte(x);
      }
    }
    this.getLocal(local);
    this.getLocal(local);
    if (shape === shapeF32) w.byte(0x5b);
    else if (shape === shapeF64) w.byte(0x61);
    else {
      w.byte(0xfd);
      w.byte(shape === shapeF32x4 ? 0x41 : 0x47);
    }
    if (shape === shapeF32 || shape === shapeF64) w.byte(0x1b);
    else {
      w.byte(0xfd);
      w.byte(0x52);
    }
  }
}
