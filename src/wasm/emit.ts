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
 * end, its whole charge is taken at once and a copy without any runs; else the metered one. One that always runs to its
 * end, as often each time, is only charged before. In a loop that is all an `if`, the charge of a test in which nobody
 * can see the counter moves to where the test leads: into the `if`'s own, and once to where the loop ends.
 *
 * What remains of the stack lives in a local of each function that passes it on; it goes to private functions as a
 * parameter, and through the global at other calls.
 * @module
 */

import { writeCanonical } from "./canonical.ts";
import type { Depths } from "./depth.ts";
import * as event from "./events.ts";
import { taintedResult } from "./floats.ts";
import { Guard, guardBytes } from "./guard.ts";
import { afterLocal, countLocal, depthLocal, gasLocal, iterationsLocal, Locals, resultLocal } from "./locals.ts";
import type { Treatment } from "./loops.ts";
import type { ModuleInfo } from "./module.ts";
import type { Settings } from "./options.ts";
import type { Passing } from "./passing.ts";
import { Plan } from "./plan.ts";
import type { Scanner } from "./scan.ts";
import type { Writer } from "./writer.ts";

/** A function this short without calls and loops is not tested at its entry: the next test is never far. */
const shortLeaf = 100;

/** i32 comparisons from `lt_s` on, negated. */
const opposite = [0x4e, 0x4f, 0x4c, 0x4d, 0x4a, 0x4b, 0x48, 0x49];

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
  private readonly locals: Locals;
  private readonly plan: Plan;
  /** Whether the local holds the counter here; whether nothing was charged since the test at the entry. */
  private inLocal = false;
  private tested = false;
  /** Whether the last charge was kept in the local, though the counter does not live there. */
  private kept = false;
  /** Whether the function being written is private, and whether it writes the global. */
  private isPrivate = false;
  private writes = true;

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
    this.locals = new Locals(w, scanner.bytes, scanner.bodies, this.places);
    this.plan = new Plan(scanner, depths, settings, passing);
  }

  /** Writes the body of the `i`th defined function, its size before it. */
  body(i: number): void {
    const { w, info, scanner, depths } = this;
    const { events, bodies, bytes } = scanner;
    const first = bodies.first[i]!;
    const last = bodies.first[i + 1]!;
    const { meter } = this.settings;
    const sizeAt = w.o;
    w.room(bodies.end[i]! - bodies.start[i]! + 256);
    this.isPrivate = this.passing.added[i]! > 0;
    this.writes = this.passing.writes[i] === 1;
    const { plan, locals } = this;
    plan.make(i, locals);
    this.charged[i] = plan.charges;
    locals.declare(i, info.types.paramCount[info.functions[info.importedFunctions + i]!]!, this.passing.added[i]!);
    if (this.isPrivate) this.openBody(i);
    this.inLocal = false;
    this.tested = false;
    let region = -1;
    let prepaid = false;
    let p = bodies.code[i]!;
    this.places.push(w.o, p);
    const { pos, kind, a, b, cost } = events;
    for (let e = first; e < last; e++) {
      const what = kind[e]!;
      if (what === 0) continue;
      w.room(pos[e]! - p + 160);
      if (what === event.loopEnd && plan.sunk.has(a[e]!)) {
        // The `if`'s end and the loop's.
        locals.copy(p, pos[e]! - 2);
        p = pos[e]! - 2;
        this.places.push(w.o, p);
        w.byte(0x05);
        this.charge(cost[a[e]! + 1]!, false);
        this.places.push(w.o, p);
      }
      if (pos[e]! > p) {
        locals.copy(p, pos[e]!);
        p = pos[e]!;
      }
      switch (what) {
        case event.openFunction:
          this.enter(i, cost[e]!, plan.inLocal, last - first);
          break;
        case event.openLoop:
          if (meter && cost[e]! > 0 && !prepaid && !plan.sunk.has(e - 1)) {
            this.chargeTurn(cost[e]!, plan.treated.get(e - 1));
          }
          break;
        case event.openOther:
          if (meter && !prepaid) {
            if (plan.sunk.has(e - 2)) this.chargeTurn(cost[e - 1]! + cost[e]!, plan.treated.get(e - 2));
            else this.charge(cost[e]!, false);
          }
          break;
        case event.call:
        case event.lastCall: {
          const before = w.o;
          this.beforeCall(i, a[e]!, false);
          if (w.o > before) this.places.push(w.o, p);
          w.copy(bytes, p, b[e]!);
          p = b[e]!;
          if (this.callsPrivate(a[e]!)) this.takeBack(a[e]!);
          else if (this.inLocal && (what === event.call || this.callFollows(e, last))) this.reload();
          break;
        }
        case event.tailCall:
          this.beforeCall(i, a[e]!, true);
          if (depths.passes[i] === 1) this.release(i);
          break;
        case event.loop: {
          const treatment = plan.treated.get(e);
          if (meter && !this.inLocal && (a[e] === 0 || b[e]! > a[e]!)) {
            region = e;
            this.reload();
            this.inLocal = true;
          }
          if (treatment?.kind === "whole") this.wholeLoop(e, treatment);
          if (treatment?.kind === "untested" && treatment.asked) this.test();
          if (treatment?.kind === "prepaid") {
            this.prepay(e, treatment);
            prepaid = true;
          }
          break;
        }
        case event.loopEnd:
          prepaid = false;
          this.closeWhole(plan.treated.get(a[e]!));
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
            if (bytes[p] === 0x0f) locals.get(gasLocal);
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
          writeCanonical(w, locals, a[e]!);
          break;
      }
      this.places.push(w.o, p);
    }
    w.room(bodies.end[i]! - p + 16);
    locals.copy(p, bodies.end[i]!);
    if (this.isPrivate) {
      w.room(16);
      locals.get(gasLocal);
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

  /** Whether the sequence of a call before an `unreachable` may come to another instruction that reads the counter. */
  private callFollows(e: number, last: number): boolean {
    const { kind } = this.scanner.events;
    for (let next = e + 1; next < last; next++) {
      const what = kind[next]!;
      if (what === event.call || what === event.lastCall || what === event.tailCall) return true;
      if (what === event.bulk || what === event.grow) return true;
      if (what >= event.openFunction && what <= event.openOther) return false;
    }
    return false;
  }

  private callsPrivate(callee: number): boolean {
    return callee >= this.info.importedFunctions && this.passing.added[callee - this.info.importedFunctions]! > 0;
  }

  /** After a call to a private function, with the counter on top of the stack. */
  private takeBack(callee: number): void {
    if (this.writes && this.passing.writes[callee - this.info.importedFunctions] === 0) {
      this.locals.tee(gasLocal);
      this.w.indexed(0x24, this.globals.gas);
    } else this.locals.set(gasLocal);
  }

  /** What the head and the rest of an innermost loop cost a turn, and where it ends. */
  private costsOf(loop: number): { head: number; body: number; loopEnd: number } {
    const { kind, cost } = this.scanner.events;
    let body = 0;
    let loopEnd = loop + 1;
    for (; kind[loopEnd] !== event.loopEnd; loopEnd++) {
      if (kind[loopEnd] === event.openOther) body += cost[loopEnd]!;
    }
    return { head: cost[loop + 1]!, body, loopEnd };
  }

  /** Before a loop that always runs so many turns, and cannot trap: charges all of them. */
  private prepay(loop: number, { found, bounds, asked }: Treatment): void {
    const { head, body } = this.costsOf(loop);
    const total = bounds.turns.constant * (head + body) + (found.test === "head" ? head : 0);
    this.charge(total, asked);
    if (asked) this.test();
  }

  /** Before a counted loop: when it will run to its end, charges it as a whole and runs a copy without charges. The loop itself becomes the other arm. */
  private wholeLoop(loop: number, { found, bounds }: Treatment): void {
    const { w, locals, globals } = this;
    const { events } = this.scanner;
    const { pos, kind, a } = events;
    const { head, body, loopEnd } = this.costsOf(loop);
    w.room(guardBytes(bounds) + 2 * (pos[loopEnd]! - pos[loop]!) + 128);
    if (bounds.asksFirst) {
      // The test's opposite, so that engines do not take the loop's first test out of it, which makes it slower.
      const start = pos[loop]!;
      const order = found.arm - 3;
      this.places.push(w.o, start);
      locals.twice(() => locals.copy(start + 2, order));
      w.byte(opposite[this.scanner.bytes[order]! - 0x48]!);
      w.byte(0x04);
      w.byte(0x40);
      this.charge(head, false);
      w.byte(0x05);
    }
    const guard = new Guard(w, bounds, {
      gas: locals.temporary(gasLocal),
      place: (local) => locals.place(local),
      iterations: locals.temporary(iterationsLocal),
      after: locals.temporary(afterLocal),
      each: head + body,
      once: found.test === "head" ? head : 0,
    });
    guard.conditions();
    w.byte(0x04);
    w.byte(0x40);
    guard.result();
    if (this.writes) {
      this.locals.tee(gasLocal);
      this.w.indexed(0x24, globals.gas);
    } else this.locals.set(gasLocal);
    locals.twice(() => {
      let p = pos[loop]!;
      this.places.push(w.o, p);
      for (let e = loop + 1; e < loopEnd; e++) {
        if (kind[e] !== taintedResult) continue;
        w.room(pos[e]! - p + 160);
        locals.copy(p, pos[e]!);
        p = pos[e]!;
        writeCanonical(w, locals, a[e]!);
        this.places.push(w.o, p);
      }
      w.room(pos[loopEnd]! - p + 160);
      locals.copy(p, pos[loopEnd]!);
    });
    w.byte(0x05);
  }

  /** After a loop of which there are two. */
  private closeWhole(treatment: Treatment | undefined): void {
    if (treatment?.kind !== "whole") return;
    this.w.byte(0x0b);
    if (treatment.bounds.asksFirst) this.w.byte(0x0b);
  }

  /** `prefixLength` moved the body: so must its places. */
  private shift(sizeAt: number, w: Writer): void {
    let bytes = 1;
    while (w.buffer[sizeAt + bytes - 1]! > 127) bytes++;
    const { places } = this;
    for (let k = places.length - 2; k >= 0 && places[k]! >= sizeAt; k -= 2) places[k]! += bytes;
  }

  private reload(): void {
    this.w.indexed(0x23, this.globals.gas);
    this.locals.set(gasLocal);
  }

  /** Charges a stretch; `keep` leaves the counter in the local also where it does not live there. */
  private charge(cost: number, keep: boolean): void {
    if (cost === 0) return;
    const { w } = this;
    this.tested = false;
    if (this.inLocal) this.locals.get(gasLocal);
    else this.w.indexed(0x23, this.globals.gas);
    w.byte(0x42);
    w.signed(cost);
    w.byte(0x7d);
    if (this.writes) {
      if (this.inLocal || keep) this.locals.tee(gasLocal);
      this.w.indexed(0x24, this.globals.gas);
    } else this.locals.set(gasLocal);
    this.kept = keep;
  }

  /** Charges a turn of a loop, and tests unless the loop surely ends. */
  private chargeTurn(cost: number, treatment: Treatment | undefined): void {
    const test = treatment?.kind !== "untested";
    this.charge(cost, test);
    if (test) this.test();
  }

  /** Ends the run in a trap when the counter is below zero. */
  private test(): void {
    const { w } = this;
    if (this.inLocal || this.kept) this.locals.get(gasLocal);
    else this.w.indexed(0x23, this.globals.gas);
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
    this.locals.get(gasLocal);
    this.w.indexed(0x24, this.globals.gas);
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
          this.locals.get(gasLocal);
          this.w.indexed(0x24, this.globals.gas);
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
    if (this.isPrivate) this.locals.get(depthLocal);
    else this.w.indexed(0x23, this.globals.stack);
    w.byte(0x41);
    w.signed(depths.cost[i]!);
    w.byte(0x6b);
    if (depths.counted[i] !== 1) {
      this.locals.set(depthLocal);
      return;
    }
    this.locals.tee(depthLocal);
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
    this.w.indexed(0x24, this.globals.stack);
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
      this.locals.get(gasLocal);
      if (this.passing.added[defined] === 2) this.locals.get(depthLocal);
      return;
    }
    const passes =
      callee === -1
        ? depths.passes[caller] === 1
        : defined < 0
          ? depths.hostPasses
          : depths.counted[defined] === 1 || depths.passes[defined] === 1;
    if (passes && !tail) {
      this.locals.get(depthLocal);
      this.w.indexed(0x24, this.globals.stack);
    }
  }

  /** Gives the frame's depth back. */
  private release(i: number): void {
    const { w } = this;
    this.locals.get(depthLocal);
    w.byte(0x41);
    w.signed(this.depths.cost[i]!);
    w.byte(0x6a);
    this.w.indexed(0x24, this.globals.stack);
  }

  /** With a count on top of the stack: charges count x weight and tests. The count stays. */
  private chargeByLength(weight: number): void {
    const { w } = this;
    this.locals.tee(countLocal);
    if (this.inLocal) this.locals.get(gasLocal);
    else this.w.indexed(0x23, this.globals.gas);
    this.locals.get(countLocal);
    w.byte(0xad);
    w.byte(0x42);
    w.signed(weight);
    w.byte(0x7e);
    w.byte(0x7d);
    this.locals.tee(gasLocal);
    this.w.indexed(0x24, this.globals.gas);
    this.kept = true;
    this.test();
  }

  private beforeGrow(): void {
    if (this.settings.meter) this.chargeByLength(this.settings.costs.memoryPage);
    else this.locals.tee(countLocal);
  }

  /** In a contract a grow within the declared maximum that the machine refuses is the host's fault, not a -1. */
  private afterGrow(): void {
    const { w, info, settings } = this;
    if (settings.profile === "wasm2") return;
    this.locals.tee(resultLocal);
    w.byte(0x41);
    w.byte(0x7f);
    w.byte(0x46);
    w.byte(0x04);
    w.byte(0x40);
    this.locals.get(countLocal);
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
    this.locals.get(resultLocal);
  }
}
