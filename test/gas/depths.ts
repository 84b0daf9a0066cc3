/**
 * The stack oracle: what each function's frame costs and which functions count, by the text of `src/wasm/stack.md`.
 * @module
 */

import { type FunctionType, readInterface } from "../conformance/interface.ts";
import { largestHeight } from "./heights.ts";
import { type Instruction, OPCODE, Reader, readInstructions } from "./instructions.ts";
import { reachedCode } from "./reached.ts";
import { readFunctions, readImported, readSections, readTypes, SECTION, type TypeCodes } from "./sections.ts";

/** What is known of one function of the module; imported ones have none. */
export interface Depth {
  readonly cost: number;
  readonly counted: boolean;
  /** The largest bound of the uncounted functions and host functions that it calls. */
  readonly below: number;
  /** Whether it passes on what remains, less its cost: it counts, or can reach a function that does. */
  readonly carries: boolean;
}

const HOST_COST = 256;
const FRAME_COST = 96;
const VALUE_COST = 16;
const VALUE_COST_WITH_VECTORS = 32;
const REF_FUNC = 0xd2;
const V128 = 0x7b;

interface Body {
  readonly type: TypeCodes;
  readonly values: number;
  readonly calls: ReadonlySet<number>;
  readonly callsIndirectly: boolean;
  readonly code: readonly Instruction[];
}

/** Reads the depths of a valid module, in the order of its own functions. */
export function findDepths(bytes: Uint8Array, maxStack: number): Depth[] {
  const sections = readSections(bytes);
  const types = readTypes(sections.get(SECTION.type));
  const imported = readImported(sections.get(SECTION.import)).functions.map((type) => types[type]!);
  const own = readFunctions(sections.get(SECTION.function)).map((type) => types[type]!);
  const functions = [...imported, ...own];
  const first = imported.length;

  let index = 0;
  let vectors =
    types.some(({ params, results }) => [...params, ...results].includes(V128)) || mentionsVectorGlobals(sections);
  const reader = new Reader(sections.get(SECTION.code) ?? Uint8Array.of(0));
  const bodies: Body[] = reader.list(() => {
    const bytesOf = reader.sized();
    const inner = new Reader(bytesOf);
    let locals = 0;
    inner.list(() => {
      locals += inner.u32();
      if (inner.byte() === V128) vectors = true;
    });
    const code = readInstructions(bytesOf, inner.at);
    const type = own[index++]!;
    if (code.some(({ opcode, start }) => opcode >= 0xfd00 || blockIsVector(bytesOf, opcode, start))) vectors = true;
    const reached = reachedCode(code);
    const called = reached.filter(({ opcode }) => opcode === OPCODE.call || opcode === OPCODE.returnCall);
    return {
      type,
      values: type.params.length + locals + largestHeight(bytesOf, code, { types, functions, type }),
      calls: new Set(called.map(({ indices }) => indices[0]!)),
      callsIndirectly: reached.some(
        ({ opcode }) => opcode === OPCODE.callIndirect || opcode === OPCODE.returnCallIndirect,
      ),
      code,
    };
  });
  const value = vectors ? VALUE_COST_WITH_VECTORS : VALUE_COST;
  const costs = bodies.map(
    ({ values, code }) => FRAME_COST + value * values + (value / 2) * code.filter(isComputation).length,
  );

  const ownCalls = (f: number): number[] => [...bodies[f]!.calls].filter((g) => g >= first).map((g) => g - first);
  const callsHost = (f: number): boolean => bodies[f]!.callsIndirectly || [...bodies[f]!.calls].some((g) => g < first);
  /** Everything that direct calls lead to from f, in one step or more. */
  const reachable = (f: number): Set<number> => {
    const found = new Set<number>();
    const todo = ownCalls(f);
    for (let g = todo.pop(); g !== undefined; g = todo.pop()) {
      if (found.has(g)) continue;
      found.add(g);
      todo.push(...ownCalls(g));
    }
    return found;
  };
  const reached = bodies.map((_, f) => reachable(f));
  const referenced = referencedFunctions(sections, bodies);
  const handsOut = bodies.some(({ callsIndirectly }) => callsIndirectly) || sharesReferences(bytes);
  const counted = bodies.map((_, f) => reached[f]!.has(f) || (handsOut && referenced.has(first + f)));

  const below = (f: number, isCounted: (g: number) => boolean): number =>
    Math.max(
      callsHost(f) ? HOST_COST : 0,
      ...ownCalls(f).map((g) => (isCounted(g) ? 0 : costs[g]! + below(g, isCounted))),
    );
  const some = (g: number): boolean => counted[g]!;
  const tooDeep = bodies.some((_, f) => !counted[f] && costs[f]! + below(f, some) > maxStack);
  const isCounted = tooDeep ? () => true : some;
  const anyReferenced = handsOut && [...referenced].some((f) => f >= first);
  return bodies.map(({ callsIndirectly }, f) => {
    const reaches =
      [...reached[f]!].some(isCounted) ||
      (anyReferenced && (callsIndirectly || [...reached[f]!].some((g) => bodies[g]!.callsIndirectly)));
    return { cost: costs[f]!, counted: isCounted(f), below: below(f, isCounted), carries: isCounted(f) || reaches };
  });
}

/** `select`, the opcodes from 0x45 to 0xc4, the saturating conversions, and everything with prefix 0xfd. */
function isComputation({ opcode }: Instruction): boolean {
  if (opcode === 0x1b || opcode === 0x1c) return true;
  return (opcode >= 0x45 && opcode <= 0xc4) || (opcode >= 0xfc00 && opcode <= 0xfc07) || opcode >= 0xfd00;
}

function blockIsVector(body: Uint8Array, opcode: number, start: number): boolean {
  const isBlock = opcode === OPCODE.block || opcode === OPCODE.loop || opcode === OPCODE.if;
  return isBlock && body[start + 1] === V128;
}

/** Whether a global, imported or not, is of the vector type. */
function mentionsVectorGlobals(sections: ReadonlyMap<number, Uint8Array>): boolean {
  const types: number[] = [];
  const globals = new Reader(sections.get(SECTION.global) ?? Uint8Array.of(0));
  globals.list(() => {
    types.push(globals.byte());
    globals.byte();
    types.push(...skipConstant(globals).map((opcode) => (opcode >= 0xfd00 ? V128 : 0)));
  });
  return types.includes(V128);
}

/** Functions that stand in an element segment of any kind or in a `ref.func`, by their index in the module. */
function referencedFunctions(sections: ReadonlyMap<number, Uint8Array>, bodies: readonly Body[]): Set<number> {
  const found = new Set<number>();
  for (const { code } of bodies)
    for (const { opcode, indices } of code) if (opcode === REF_FUNC) found.add(indices[0]!);
  const globals = new Reader(sections.get(SECTION.global) ?? Uint8Array.of(0));
  globals.list(() => {
    globals.at += 2;
    skipConstant(globals, found);
  });
  const elements = new Reader(sections.get(SECTION.element) ?? Uint8Array.of(0));
  elements.list(() => {
    const flags = elements.u32();
    const passive = (flags & 1) !== 0;
    if (!passive) {
      if ((flags & 2) !== 0) elements.u32();
      skipConstant(elements);
    }
    if ((flags & 3) !== 0) elements.byte();
    if ((flags & 4) === 0) elements.list(() => found.add(elements.u32()));
    else elements.list(() => skipConstant(elements, found));
  });
  return found;
}

/** Steps over a constant expression; gives its opcodes, and adds the functions that it refers to. */
function skipConstant(reader: Reader, referenced?: Set<number>): number[] {
  const from = reader.at;
  const opcodes: number[] = [];
  // An `end` byte inside an immediate does not end the expression, so instructions are read one by one.
  for (let length = 1; ; length++) {
    const slice = reader.bytes.subarray(from, from + length);
    if (slice.at(-1) !== OPCODE.end) continue;
    const code = readInstructions(slice, 0);
    if (code.at(-1)!.end !== length || code.at(-1)!.opcode !== OPCODE.end) continue;
    for (const { opcode, indices } of code) {
      opcodes.push(opcode);
      if (opcode === REF_FUNC) referenced?.add(indices[0]!);
    }
    reader.at = from + length;
    return opcodes;
  }
}

/** Whether a table or a function reference can come from outside or go there. */
function sharesReferences(bytes: Uint8Array): boolean {
  const { imports, functions, globals } = readInterface(bytes);
  const passes = ({ params, results }: FunctionType): boolean => [...params, ...results].includes("funcref");
  const brought = imports.some(
    (each) =>
      each.kind === "table" ||
      (each.kind === "function" && passes(each.type)) ||
      (each.kind === "global" && each.type.type === "funcref"),
  );
  const given =
    [...functions.values()].some(passes) ||
    [...globals.values()].some(({ type }) => type === "funcref") ||
    exportsTable(bytes);
  return brought || given;
}

const exportsTable = (bytes: Uint8Array): boolean =>
  WebAssembly.Module.exports(new WebAssembly.Module(bytes)).some(({ kind }) => kind === "table");
