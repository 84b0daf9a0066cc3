/**
 * The call graph: which functions count their depth at run time, and the static bound of the others (`stack.md`).
 * @module
 */

import * as event from "./events.ts";
import type { ModuleInfo } from "./module.ts";
import type { Settings } from "./options.ts";
import type { Scanner } from "./scan.ts";
import { funcref } from "./types.ts";

/** Bytes of stack that a call to the host is reckoned at. */
const hostFrame = 256;
const frame = 96;

/** What the writer must know about each defined function, and about calls to the host. */
export interface Depths {
  /** Cost of a frame, in bytes. */
  readonly cost: Float64Array;
  /** Static bound; for a counted function what must fit below it. */
  readonly bound: Float64Array;
  readonly counted: Uint8Array;
  /** Passes what remains on to the functions it calls. */
  readonly passes: Uint8Array;
  /** A call to the host passes what remains on. */
  readonly hostPasses: boolean;
  /** May be entered by the host, so that it returns to it. */
  readonly fromOutside: Uint8Array;
  /** An indirect call may reach the host. */
  readonly hostIndirectly: boolean;
}

/** Works out depths from the calls that the walk noted. */
export function measureDepths(info: ModuleInfo, scanner: Scanner, settings: Settings): Depths {
  const imported = info.importedFunctions;
  const n = info.functionCount - imported;
  const host = n;
  const reenters = settings.reentrant;
  const handsOut = handsReferencesOut(info);
  const indirect = new Uint8Array(n);
  let anyIndirect = false;
  if (info.callsIndirectly || handsOut) {
    for (let i = 0; i < n; i++) {
      if (info.escaping[imported + i] === 1) {
        indirect[i] = 1;
        anyIndirect = true;
      }
    }
  }
  const fromOutside = findEntries(info, scanner, n, handsOut);
  const cost = frameCosts(info, scanner, n);
  const counted = new Uint8Array(n + 1);
  const bound = new Float64Array(n + 1);
  const passes = new Uint8Array(n + 1);
  counted.set(indirect);

  const edges = callEdges(info, scanner, n);
  const { heads, targets } = edges;
  const entries: number[] = [];
  if (reenters) for (let i = 0; i < n; i++) if (fromOutside[i] === 1) entries.push(i);

  // Tarjan's algorithm without recursion: components complete callees first.
  const index = new Int32Array(n + 1).fill(-1);
  const low = new Int32Array(n + 1);
  const onStack = new Uint8Array(n + 1);
  const next = new Int32Array(n + 1);
  const component: number[] = [];
  const path: number[] = [];
  let visited = 0;
  const degree = (v: number): number => (v === host ? entries.length : heads[v + 1]! - heads[v]!);
  const edge = (v: number, k: number): number => (v === host ? entries[k]! : targets[heads[v]! + k]!);
  const settleNode = (v: number): void => {
    // Callees are settled, or in v's own component, whose members are all counted.
    let below = 0;
    let pass = 0;
    for (let k = degree(v) - 1; k >= 0; k--) {
      const w = edge(v, k);
      if (w === -1) {
        if (anyIndirect) pass = 1;
        below = Math.max(below, hostFrame);
        continue;
      }
      if (counted[w] === 1 || passes[w] === 1) pass = 1;
      if (w === host) below = Math.max(below, hostFrame);
      if (counted[w] === 0) below = Math.max(below, bound[w]!);
    }
    passes[v] = pass;
    bound[v] = counted[v] === 1 ? below : below + cost[v]!;
  };
  for (let root = 0; root <= n; root++) {
    if (index[root] !== -1) continue;
    path.push(root);
    index[root] = low[root] = visited++;
    component.push(root);
    onStack[root] = 1;
    while (path.length > 0) {
      const v = path[path.length - 1]!;
      if (next[v]! < degree(v)) {
        const w = edge(v, next[v]!++);
        if (w === -1) continue;
        if (w === v) counted[v] = 1;
        if (index[w] === -1) {
          path.push(w);
          index[w] = low[w] = visited++;
          component.push(w);
          onStack[w] = 1;
        } else if (onStack[w] === 1 && index[w]! < low[v]!) low[v] = index[w]!;
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      if (parent !== undefined && low[v]! < low[parent]!) low[parent] = low[v]!;
      if (low[v] === index[v]) {
        const from = component.lastIndexOf(v);
        const members = component.splice(from);
        if (members.length > 1) for (const w of members) counted[w] = 1;
        for (const w of members) {
          onStack[w] = 0;
          settleNode(w);
        }
        // A member's bound may rest on a fellow that was settled after it; fellows are counted, so only `passes` can be late.
        if (members.length > 1) for (const w of members) passes[w] = 1;
      }
    }
  }
  let deepest = 0;
  for (let i = 0; i < n; i++) if (counted[i] === 0 && bound[i]! > deepest) deepest = bound[i]!;
  if (deepest > settings.maxStack) {
    counted.fill(1, 0, n);
    for (let i = 0; i < n; i++) {
      bound[i] = 0;
      passes[i] = 0;
      for (let k = degree(i) - 1; k >= 0; k--) {
        const w = edge(i, k);
        if (w === -1 || w === host) bound[i] = hostFrame;
        if (w !== host || (reenters && entries.length > 0)) passes[i] = 1;
      }
    }
    counted[host] = 0;
    passes[host] = reenters && entries.length > 0 ? 1 : 0;
  }
  return {
    cost,
    bound,
    counted,
    passes,
    hostPasses: reenters && (counted[host] === 1 || passes[host] === 1),
    fromOutside,
    hostIndirectly: info.callsIndirectly && (handsOut || info.escaping.subarray(0, imported).includes(1)),
  };
}

/** Whether a reference to a function can get from the module to the host or back. */
function handsReferencesOut(info: ModuleInfo): boolean {
  if (info.tables.some((table) => table.imported)) return true;
  const { types } = info;
  const mentions = (f: number): boolean => {
    const t = info.functions[f]!;
    for (let i = 0; i < types.paramCount[t]!; i++) if (types.flat[types.paramStart[t]! + i] === funcref) return true;
    for (let i = 0; i < types.resultCount[t]!; i++) if (types.flat[types.resultStart[t]! + i] === funcref) return true;
    return false;
  };
  for (let f = 0; f < info.importedFunctions; f++) if (mentions(f)) return true;
  for (let g = 0; g < info.importedGlobals; g++) if (info.globalTypes[g] === funcref) return true;
  return info.exports.some(
    ({ kind, index }) =>
      kind === 1 || (kind === 0 && mentions(index)) || (kind === 3 && info.globalTypes[index] === funcref),
  );
}

/** Functions that may return to the host: exports, the start function, handed-out references, and what these end in by tail calls. */
function findEntries(info: ModuleInfo, scanner: Scanner, n: number, handsOut: boolean): Uint8Array {
  const imported = info.importedFunctions;
  const entries = new Uint8Array(n);
  const queue: number[] = [];
  const add = (i: number): void => {
    if (i < 0 || entries[i] === 1) return;
    entries[i] = 1;
    queue.push(i);
  };
  for (const { kind, index } of info.exports) if (kind === 0) add(index - imported);
  add(info.start - imported);
  const addEscaping = (): void => {
    for (let i = 0; i < n; i++) if (info.escaping[imported + i] === 1) add(i);
  };
  if (handsOut) addEscaping();
  const { events, bodies } = scanner;
  for (let i = queue.pop(); i !== undefined; i = queue.pop()) {
    for (let e = bodies.first[i]!; e < bodies.first[i + 1]!; e++) {
      if (events.kind[e] !== event.tailCall) continue;
      if (events.a[e] === -1) addEscaping();
      else add(events.a[e]! - imported);
    }
  }
  return entries;
}

function frameCosts(info: ModuleInfo, scanner: Scanner, n: number): Float64Array {
  const slot = info.usesVectors ? 32 : 16;
  const cost = new Float64Array(n + 1);
  const { bodies } = scanner;
  for (let i = 0; i < n; i++)
    cost[i] = frame + slot * (bodies.locals[i]! + bodies.height[i]!) + (slot / 2) * bodies.computations[i]!;
  cost[n] = hostFrame;
  return cost;
}

/** Calls per function: the callee's place among the defined functions, `n` for the host, -1 through a table. */
function callEdges(info: ModuleInfo, scanner: Scanner, n: number): { heads: Int32Array; targets: Int32Array } {
  const { events, bodies } = scanner;
  const isCall = (kind: number): boolean => kind === event.call || kind === event.lastCall || kind === event.tailCall;
  let total = 0;
  for (let e = 0; e < events.count; e++) if (isCall(events.kind[e]!)) total++;
  const heads = new Int32Array(n + 1);
  const targets = new Int32Array(total);
  let t = 0;
  for (let i = 0; i < n; i++) {
    heads[i] = t;
    for (let e = bodies.first[i]!; e < bodies.first[i + 1]!; e++) {
      if (!isCall(events.kind[e]!)) continue;
      const callee = events.a[e]!;
      targets[t++] = callee === -1 ? -1 : callee < info.importedFunctions ? n : callee - info.importedFunctions;
    }
  }
  heads[n] = t;
  return { heads, targets };
}
