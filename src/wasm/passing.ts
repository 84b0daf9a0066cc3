/**
 * Which functions hand the counter from one to another in registers, and how their types are written.
 *
 * A _private_ function takes what remains of gas as its last parameter but one (and what remains of the stack as its
 * last, when it passes it on) and gives what remains of gas back as its last result. With one other result or none,
 * both come in registers. Only direct calls can reach it: what stands in tables, is named by a reference, starts the
 * module or takes part in tail calls keeps its type. An exported function that is also called directly is private, and
 * a thunk of its original type, which stands behind all other functions, is exported in its place: no index changes.
 *
 * A private function that cannot trap but by its own tests, and calls none but private ones, never _writes_ the
 * global, since nobody can look. All others write every charge through.
 * @module
 */

import type { Depths } from "./depth.ts";
import * as event from "./events.ts";
import type { ModuleInfo } from "./module.ts";
import type { Settings } from "./options.ts";
import type { Scanner } from "./scan.ts";
import { i32, i64 } from "./types.ts";
import type { Writer } from "./writer.ts";

/** What engines take. */
const mostParameters = 1000;
const mostFunctions = 1_000_000;
const mostTypes = 1_000_000;

/** How each defined function takes and leaves the counter. */
export interface Passing {
  /** How many parameters are added: 0 (not private), 1 (gas) or 2 (gas and stack). */
  readonly added: Uint8Array;
  /** 1 when the global holds the exact figure at every point of the function. */
  readonly writes: Uint8Array;
  /** Exported private functions, in order of their thunks; each function's thunk by its index, or -1. */
  readonly thunks: readonly number[];
  readonly thunkOf: Int32Array;
  /** Type index of each private function, and the types to be added: an original type and how many parameters it gains. */
  readonly types: Int32Array;
  readonly newTypes: readonly { readonly type: number; readonly added: number }[];
}

/** Chooses the private functions. */
export function choosePassing(info: ModuleInfo, scanner: Scanner, depths: Depths, settings: Settings): Passing {
  const imported = info.importedFunctions;
  const n = info.functionCount - imported;
  const added = new Uint8Array(n);
  const writes = new Uint8Array(n).fill(1);
  const thunkOf = new Int32Array(n).fill(-1);
  const types = new Int32Array(n).fill(-1);
  const thunks: number[] = [];
  const newTypes: { type: number; added: number }[] = [];
  const tailCalled = new Set<number>();
  const passing = { added, writes, thunks, thunkOf, types, newTypes };
  if (!settings.meter) return passing;
  if (info.functionCount + info.exports.length > mostFunctions || info.types.count * 3 > mostTypes) return passing;
  const { bodies, events } = scanner;
  const { kind, a } = events;
  const isCall = (e: number): boolean => kind[e] === event.call || kind[e] === event.lastCall;
  for (let e = 0; e < events.count; e++) if (isCall(e) && a[e]! >= imported) added[a[e]! - imported] = 1;
  for (let i = 0; i < n; i++) {
    const type = info.functions[imported + i]!;
    if (info.escaping[imported + i] === 1) added[i] = 0;
    if (info.types.resultCount[type]! > 1 || info.types.paramCount[type]! + 2 > mostParameters) added[i] = 0;
    for (let e = bodies.first[i]!; e < bodies.first[i + 1]!; e++) {
      if (kind[e] !== event.tailCall) continue;
      added[i] = 0;
      if (a[e]! >= imported) tailCalled.add(a[e]! - imported);
    }
  }
  for (const i of tailCalled) added[i] = 0;
  if (info.start >= imported) added[info.start - imported] = 0;
  for (const { kind: what, index } of info.exports) {
    // A thunk's frame is reckoned nowhere; a host function that calls back would put one on the stack again and again.
    if (what === 0 && index >= imported && settings.reentrant) added[index - imported] = 0;
  }
  const known = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    if (added[i] === 0) continue;
    if (depths.counted[i] === 1 || depths.passes[i] === 1) added[i] = 2;
    const type = info.functions[imported + i]!;
    const key = type * 2 + added[i]! - 1;
    let own = known.get(key);
    if (own === undefined) {
      own = info.types.count + newTypes.length;
      known.set(key, own);
      newTypes.push({ type, added: added[i]! });
    }
    types[i] = own;
    let sees = bodies.traps[i]!;
    for (let e = bodies.first[i]!; sees === 0 && e < bodies.first[i + 1]!; e++) {
      if (isCall(e) && (a[e]! < imported || added[a[e]! - imported] === 0)) sees = 1;
    }
    writes[i] = sees;
  }
  for (const { kind: what, index } of info.exports) {
    const i = index - imported;
    if (what !== 0 || i < 0 || added[i] === 0 || thunkOf[i] !== -1) continue;
    thunkOf[i] = info.functionCount + thunks.length;
    thunks.push(i);
  }
  return passing;
}

/** Copies the types and adds those of private functions. */
export function writeTypes(w: Writer, info: ModuleInfo, passing: Passing, content: Uint8Array): void {
  const { types } = info;
  w.room(content.length + 32);
  w.byte(1);
  const from = w.o;
  w.u32(types.count + passing.newTypes.length);
  let p = 0;
  while (content[p++]! > 127);
  w.copy(content, p, content.length);
  for (const { type, added } of passing.newTypes) {
    const parameters = types.paramCount[type]!;
    const results = types.resultCount[type]!;
    w.room(parameters + 32);
    w.byte(0x60);
    w.u32(parameters + added);
    w.copy(types.flat, types.paramStart[type]!, types.paramStart[type]! + parameters);
    w.byte(i64);
    if (added === 2) w.byte(i32);
    w.u32(results + 1);
    w.copy(types.flat, types.resultStart[type]!, types.resultStart[type]! + results);
    w.byte(i64);
  }
  w.room(16);
  w.prefixLength(from);
}

/** Writes the functions' types anew, and those of the thunks. */
export function writeFunctions(w: Writer, info: ModuleInfo, passing: Passing): void {
  const { importedFunctions, functionCount, functions } = info;
  const n = functionCount - importedFunctions;
  w.room(5 * (n + passing.thunks.length) + 32);
  w.byte(3);
  const from = w.o;
  w.u32(n + passing.thunks.length);
  for (let i = 0; i < n; i++) w.u32(passing.types[i] === -1 ? functions[importedFunctions + i]! : passing.types[i]!);
  for (const i of passing.thunks) w.u32(functions[importedFunctions + i]!);
  w.prefixLength(from);
}

/** Writes the body of the thunk of private function `i`, its size before it: what the host calls. */
export function writeThunk(
  w: Writer,
  info: ModuleInfo,
  passing: Passing,
  globals: { readonly gas: number; readonly stack: number },
  i: number,
): void {
  const func = info.importedFunctions + i;
  const parameters = info.types.paramCount[info.functions[func]!]!;
  const depth = passing.added[i] === 2;
  w.room(4 * parameters + 96);
  const from = w.o;
  const put = (op: number, index: number): void => {
    w.byte(op);
    w.u32(index);
  };
  if (depth) for (const x of [1, 1, i32]) w.byte(x);
  else w.byte(0);
  for (let k = 0; k < parameters; k++) put(0x20, k);
  put(0x23, globals.gas);
  if (depth) {
    put(0x23, globals.stack);
    put(0x22, parameters);
  }
  put(0x10, func);
  put(0x24, globals.gas);
  put(0x23, globals.gas);
  for (const x of [0x42, 0x00, 0x53, 0x04, 0x40, 0x00, 0x0b]) w.byte(x);
  if (depth) {
    put(0x20, parameters);
    put(0x24, globals.stack);
  }
  w.byte(0x0b);
  w.prefixLength(from);
}
