/**
 * Looks through a function before it is written: which temporaries it needs, where its counter lives, and what becomes
 * of its loops.
 * @module
 */

import { canonicalLocal } from "./canonical.ts";
import type { Depths } from "./depth.ts";
import * as event from "./events.ts";
import { taintedResult } from "./floats.ts";
import { afterLocal, countLocal, depthLocal, gasLocal, iterationsLocal, type Locals, resultLocal } from "./locals.ts";
import { type Treatment, treatLoop } from "./loops.ts";
import type { Settings } from "./options.ts";
import type { Passing } from "./passing.ts";
import { isPure } from "./pure.ts";
import type { Scanner } from "./scan.ts";

/** The plan of the function being written; made anew for each. */
export class Plan {
  /** Loops that are charged as a whole, or need no test, by their event. */
  readonly treated = new Map<number, Treatment>();
  /** Loops whose head is charged in the arm of the `if` that is all they are, and where that is not entered. */
  readonly sunk = new Set<number>();
  /** Whether the counter lives in a local throughout. */
  inLocal = false;
  /** Stretches that are charged. */
  charges = 0;
  private readonly scanner: Scanner;
  private readonly depths: Depths;
  private readonly settings: Settings;
  private readonly passing: Passing;
  /** How many bytes may still be spent on second copies of loops. */
  private spare: number;

  constructor(scanner: Scanner, depths: Depths, settings: Settings, passing: Passing) {
    this.scanner = scanner;
    this.depths = depths;
    this.settings = settings;
    this.passing = passing;
    this.spare = 2048 + scanner.bytes.length / 10;
  }

  /** Plans the `i`th defined function; sets what it needs in `locals`. */
  make(i: number, locals: Locals): void {
    const { depths, settings, scanner } = this;
    const { events, bodies } = scanner;
    const { needed } = locals;
    const { meter } = settings;
    const imported = scanner.info.importedFunctions;
    needed.fill(0);
    if (depths.counted[i] === 1 || depths.passes[i] === 1) needed[depthLocal] = 1;
    let charges = 0;
    let calls = 0;
    let loops = 0;
    let privately = this.passing.added[i]! > 0;
    let innermost = -1;
    this.treated.clear();
    this.sunk.clear();
    const last = bodies.first[i + 1]!;
    for (let e = bodies.first[i]!; e < last; e++) {
      switch (events.kind[e]) {
        case event.openFunction:
        case event.openLoop:
        case event.openOther:
          if (events.cost[e]! > 0) charges++;
          break;
        case event.call:
        case event.lastCall: {
          if (events.kind[e] === event.call) calls++;
          const callee = events.a[e]! - imported;
          if (callee >= 0 && this.passing.added[callee]! > 0) privately = true;
          break;
        }
        case event.loop:
          loops++;
          innermost = e;
          break;
        case event.loopEnd:
          if (meter && innermost === events.a[e]) this.consider(innermost, e, needed);
          innermost = -1;
          if (meter && events.cost[e] === 1) this.considerHead(events.a[e]!);
          break;
        case event.bulk:
          if (meter) needed[countLocal] = 1;
          break;
        case event.grow:
          needed[countLocal] = needed[resultLocal] = 1;
          break;
        case taintedResult:
          needed[canonicalLocal(events.a[e]!)] = 1;
          break;
      }
    }
    this.charges = meter ? charges : 0;
    this.inLocal = meter && (privately || (calls === 0 && (charges > 1 || loops > 0)));
    if (meter) needed[gasLocal] = 1;
  }

  private considerHead(loop: number): void {
    const { events, bytes } = this.scanner;
    const { kind, pos, cost } = events;
    const arm = loop + 2;
    const treatment = this.treated.get(loop)?.kind;
    if (treatment === "whole" || treatment === "prepaid" || kind[arm] !== event.openOther) return;
    if (cost[arm]! > 0 && cost[loop + 1]! > 0 && isPure(bytes, pos[loop + 1]!, pos[arm]!)) this.sunk.add(loop);
  }

  private consider(loop: number, loopEnd: number, needed: Uint8Array): void {
    const treatment = treatLoop(this.scanner, loop, loopEnd, this.spare);
    if (treatment === undefined) return;
    this.treated.set(loop, treatment);
    if (treatment.kind !== "whole") return;
    this.spare -= treatment.bytes;
    needed[afterLocal] = 1;
    if (treatment.bounds.quotient !== undefined) needed[iterationsLocal] = 1;
  }
}
