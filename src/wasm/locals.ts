/**
 * The locals of the function being written: the original's, and the temporaries behind them.
 *
 * Added parameters (`passing.ts`) take the place of the first declared locals, which move behind all others; accesses
 * to these are rewritten while runs of the input are copied.
 * @module
 */

import type { Bodies } from "./bodies.ts";
import { f32, f64, i32, i64, v128 } from "./types.ts";
import type { Writer } from "./writer.ts";

/** Temporaries a function may need, in the order in which they are appended to its locals. */
export const gasLocal = 0;
export const depthLocal = 1;
export const countLocal = 2;
export const resultLocal = 3;
export const f32Local = 4;
export const f64Local = 5;
export const vectorLocal = 6;
export const iterationsLocal = 7;
export const afterLocal = 8;
const temporaryTypes = [i64, i32, i32, i32, f32, f64, v128, i64, i64];

/** Where the locals of the function being written are. */
export class Locals {
  /** 1 for each temporary that the function needs. */
  readonly needed = new Uint8Array(temporaryTypes.length);
  private readonly w: Writer;
  private readonly bytes: Uint8Array;
  private readonly bodies: Bodies;
  /** Places in the output and the input bytes that stand there (`Emitter.places`). */
  private readonly places: number[];
  /** Index of each temporary in the function being written, -1 when it has none. */
  private readonly temporaries = new Int32Array(temporaryTypes.length);
  /** The next access to a displaced local, and the last. */
  private access = 0;
  private lastAccess = 0;
  /** The first declared local, and where the displaced are: it and those after it. */
  private firstDeclared = 0;
  private readonly displaced: number[] = [];

  constructor(w: Writer, bytes: Uint8Array, bodies: Bodies, places: number[]) {
    this.w = w;
    this.bytes = bytes;
    this.bodies = bodies;
    this.places = places;
  }

  /** Writes the declarations of the `i`th defined function, of so many parameters and added ones, and of what it needs besides. */
  declare(i: number, parameters: number, added: number): void {
    const { w, bytes, bodies, needed, temporaries, displaced } = this;
    let index = bodies.locals[i]!;
    let extra = 0;
    displaced.length = 0;
    this.firstDeclared = parameters;
    this.access = this.lastAccess = 0;
    if (added > 0) {
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
    if (added > 0) {
      temporaries[gasLocal] = parameters;
      temporaries[depthLocal] = added === 2 ? parameters + 1 : -1;
      this.declareDisplaced(p, bodies.code[i]!, added, index, extra);
      return;
    }
    w.u32(bodies.groups[i]! + extra);
    w.copy(bytes, p, bodies.code[i]!);
    this.declareTemporaries();
  }

  /** Declares all but the first locals where they were, then the temporaries, then the first, from `index` on. */
  private declareDisplaced(start: number, end: number, count: number, index: number, extra: number): void {
    const { w, bytes, displaced } = this;
    const moved: number[] = [];
    const groups: number[] = [];
    for (let p = start; p < end; ) {
      let n = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = bytes[p++]!;
        n += (byte & 127) * factor;
        if (byte < 128) break;
      }
      const type = bytes[p++]!;
      for (; n > 0 && moved.length < count; n--) {
        displaced.push(index + moved.length);
        moved.push(type);
      }
      if (n > 0) groups.push(n, type);
    }
    w.u32(groups.length / 2 + extra + moved.length);
    for (let g = 0; g < groups.length; g += 2) {
      w.u32(groups[g]!);
      w.byte(groups[g + 1]!);
    }
    this.declareTemporaries();
    for (const type of moved) {
      w.byte(1);
      w.byte(type);
    }
  }

  private declareTemporaries(): void {
    const { w, needed } = this;
    for (let t = 0; t < needed.length; t++) {
      if (needed[t] === 1) {
        w.byte(1);
        w.byte(temporaryTypes[t]!);
      }
    }
  }

  /** Copies a run of the input; accesses to displaced locals go to where these are. */
  copy(start: number, end: number): void {
    const { w, bytes } = this;
    const { accesses } = this.bodies;
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

  /** Writes something in which runs are copied that will be copied again. */
  twice(write: () => void): void {
    const { access } = this;
    write();
    this.access = access;
  }

  /** Where a local of the original is. */
  place(local: number): number {
    const k = local - this.firstDeclared;
    return k >= 0 && k < this.displaced.length ? this.displaced[k]! : local;
  }

  /** The index of a temporary. */
  temporary(t: number): number {
    return this.temporaries[t]!;
  }

  get(t: number): void {
    this.w.indexed(0x20, this.temporaries[t]!);
  }

  set(t: number): void {
    this.w.indexed(0x21, this.temporaries[t]!);
  }

  tee(t: number): void {
    this.w.indexed(0x22, this.temporaries[t]!);
  }
}
