/**
 * What a prepared module tells about itself: imports, exports, image, report.
 * @module
 */

import type { Bodies } from "./bodies.ts";
import type { Depths } from "./depth.ts";
import type { ModuleInfo } from "./module.ts";
import type { ExportSummary, ExternType, FunctionReport, ImageNames, ImportSummary, Report } from "./prepared.ts";
import { typeName, typeNames, v128 } from "./types.ts";

function externType(info: ModuleInfo, kind: number, index: number): ExternType {
  const { types } = info;
  if (kind === 0) {
    const t = info.functions[index]!;
    return {
      kind: "function",
      type: {
        parameters: typeNames(types.flat, types.paramStart[t]!, types.paramCount[t]!),
        results: typeNames(types.flat, types.resultStart[t]!, types.resultCount[t]!),
      },
    };
  }
  if (kind === 3) {
    const type = typeNames(info.globalTypes, index, 1)[0]!;
    return { kind: "global", type, mutable: info.globalMutable[index] === 1 };
  }
  const entry = kind === 1 ? info.tables[index]! : info.memories[index]!;
  const limits = { minimum: entry.minimum, ...(entry.limited === -1 ? {} : { maximum: entry.limited }) };
  if (kind === 2) return { kind: "memory", ...limits };
  return { kind: "table", element: typeNames(Uint8Array.of(entry.element), 0, 1)[0]!, ...limits };
}

/** The imports, in order. */
export const summarizeImports = (info: ModuleInfo): ImportSummary[] =>
  info.imports.map(({ module, name, kind, index }) => ({ module, name, ...externType(info, kind, index) }));

/** The exports of the original, in order. */
export const summarizeExports = (info: ModuleInfo): ExportSummary[] =>
  info.exports.map(({ name, kind, index }) => ({ name, index, ...externType(info, kind, index) }));

/** Names for everything a reset needs, all beginning with `prefix`. */
export function summarizeImage(info: ModuleInfo, prefix: string): ImageNames {
  const globals: ImageNames["globals"][number][] = [];
  let vectorGlobal = false;
  for (let g = 0; g < info.globalCount; g++) {
    if (info.globalMutable[g] === 0) continue;
    if (info.globalTypes[g] === v128) vectorGlobal = true;
    globals.push({
      name: `${prefix}:global:${g}`,
      type: typeNames(info.globalTypes, g, 1)[0]!,
      imported: g < info.importedGlobals,
    });
  }
  const exported = new Set(info.exports.filter(({ kind }) => kind === 1).map(({ index }) => index));
  const reason = info.dropsData
    ? "it drops data segments"
    : info.dropsElements
      ? "it drops element segments"
      : info.growsTable
        ? "it grows a table"
        : vectorGlobal
          ? "it has a mutable global of type v128, which JavaScript cannot read"
          : undefined;
  return {
    memories: info.memories.map(({ minimum, imported }, m) => ({ name: `${prefix}:memory:${m}`, minimum, imported })),
    globals,
    tables: info.tables.map(({ element, minimum, imported }, t) => ({
      name: `${prefix}:table:${t}`,
      element: typeName(element) as "funcref" | "externref",
      minimum,
      mutable: imported || exported.has(t) || info.writesTable,
      imported,
    })),
    resettable: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Makes the report; the list of functions only when it is asked for. */
export function makeReport(
  info: ModuleInfo,
  bodies: Bodies,
  depths: Depths,
  charged: Int32Array,
  sizes: { inputBytes: number; outputBytes: number; dataBytes: number },
): Report {
  const n = charged.length;
  const { counted, bound } = depths;
  const instructionCounts = bodies.instructions;
  const imported = info.importedFunctions;
  let instructions = 0;
  let worstStack = 0;
  let countedFunctions = 0;
  for (let i = 0; i < n; i++) {
    instructions += instructionCounts[i]!;
    if (counted[i] === 1) countedFunctions++;
    else worstStack = Math.max(worstStack, bound[i]!);
  }
  let functions: readonly FunctionReport[] | undefined;
  return {
    get functions() {
      functions ??= Array.from({ length: n }, (_, i) => ({
        index: imported + i,
        instructions: instructionCounts[i]!,
        stack: counted[i] === 1 ? "counted" : bound[i]!,
        stretches: charged[i]!,
      }));
      return functions;
    },
    instructions,
    worstStack,
    counted: countedFunctions,
    ...sizes,
  };
}
