/**
 * Calls: direct, through a table, and in tail position.
 * @module
 */

import * as event from "./events.ts";
import type { Scanner } from "./scan.ts";
import { funcref, i32 } from "./types.ts";

export function scanCall(s: Scanner, tail: boolean, at: number): void {
  const { info } = s;
  const f = s.u32();
  if (f >= info.functionCount) s.fail(`function ${f} does not exist`, at);
  finishCall(s, tail, f, info.functions[f]!, at);
  s.extra += s.costs.call - s.costs.plain;
  if (tail) s.leave();
}

export function scanIndirectCall(s: Scanner, tail: boolean, at: number): void {
  const { info } = s;
  const type = s.u32();
  if (type >= info.types.count) s.fail(`type ${type} does not exist`, at);
  const tableAt = s.p;
  const table = s.u32();
  if (!s.features.referenceTypes && (table !== 0 || s.p !== tableAt + 1)) {
    s.fail("the table's index must be a zero byte", tableAt);
  }
  if (table >= info.tables.length) s.fail(`table ${table} does not exist`, tableAt);
  if (info.tables[table]!.element !== funcref) s.fail("an indirect call needs a table of funcref", at);
  s.pop(i32, at);
  if (!s.dead) info.callsIndirectly = true;
  finishCall(s, tail, -1, type, at);
  s.extra += s.costs.callIndirect - s.costs.plain;
  if (tail) s.leave();
}

function finishCall(s: Scanner, tail: boolean, callee: number, type: number, at: number): void {
  const { types } = s.info;
  if (tail) {
    if (!s.features.tailCalls) s.fail("tail calls are not part of the profile", at);
    const n = types.resultCount[type]!;
    let same = n === s.resultCount[0]!;
    for (let i = 0; same && i < n; i++) {
      same = types.flat[types.resultStart[type]! + i] === types.flat[s.resultStart[0]! + i];
    }
    if (!same) s.fail("a tail call must give what its function gives", at);
  }
  s.popTypes(types.paramStart[type]!, types.paramCount[type]!, at);
  if (!s.dead) {
    if (tail) {
      s.events.add(event.tailCall, at, callee, s.p);
      s.branchTo(0);
    } else {
      s.calls++;
      s.events.add(event.call, at, callee, s.p);
    }
  } else if (tail || callee !== -1) s.events.add(event.unreached, at, 0, s.p);
  if (!tail) s.pushTypes(types.resultStart[type]!, types.resultCount[type]!);
}
