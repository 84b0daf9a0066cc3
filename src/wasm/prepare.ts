/**
 * The pass: validates a module and rewrites it, in one walk over its bytes.
 *
 * Reading and validation fill flat arrays (`sections.ts`, `scan.ts`); the call graph decides what counts depth
 * (`depth.ts`); writing copies sections as they are, and bodies with code added (`emit.ts`). Indices of functions and
 * globals never change: the pass only appends (two globals, types, thunks, exports), so names stay true.
 * Parameters that are added may displace the first locals of a function (`passing.ts`).
 * @module
 */

import { measureDepths } from "./depth.ts";
import { Emitter, type Globals } from "./emit.ts";
import { profileFeatures } from "./features.ts";
import type { ModuleInfo } from "./module.ts";
import { type PrepareOptions, type Settings, settle } from "./options.ts";
import { choosePassing, type Passing, writeFunctions, writeThunk, writeTypes } from "./passing.ts";
import { originalOffsets } from "./places.ts";
import { checkContract } from "./policy.ts";
import type { ImageNames, PreparedModule } from "./prepared.ts";
import { reject } from "./reject.ts";
import { ModuleReader, type Section, sectionRank } from "./sections.ts";
import { makeReport, summarizeExports, summarizeImage, summarizeImports } from "./summary.ts";
import { i32, i64 } from "./types.ts";
import { Writer } from "./writer.ts";

const typeSection = 1;
const importSection = 2;
const functionSection = 3;
const tableSection = 4;
const memorySection = 5;
const globalSection = 6;
const exportSection = 7;
const startSection = 8;
const codeSection = 10;
/** What V8 takes as the size of one function. */
const largestBody = 7_654_321;

/**
 * Validates a module and adds gas metering, stack counting and deterministic floats.
 *
 * @param bytes the module in the binary format; not kept, not changed
 * @throws {ContractFault} `CodeRejected` with `reason`, `function` (index) and `offset` (byte of the input) when the
 *   module is malformed, invalid, or outside the profile
 */
export function prepareModule(bytes: Uint8Array, options: PrepareOptions = {}): PreparedModule {
  const settings = settle(options);
  const reader = new ModuleReader(bytes, settings, profileFeatures[settings.profile]);
  reader.read();
  const { info, scanner } = reader;
  checkContract(info, settings.profile);
  const depths = measureDepths(info, scanner, settings);
  const passing = choosePassing(info, scanner, depths, settings);
  const prefix = freePrefix(info);
  const image = settings.image ? summarizeImage(info, prefix) : undefined;
  const takesStart = info.start !== -1 && (settings.image || settings.profile !== "wasm2");
  const start = takesStart ? `${prefix}:start` : undefined;

  const w = new Writer(bytes.length + (bytes.length >> 1) + 1024);
  const added = { gas: info.globalCount, stack: info.globalCount + 1 };
  const emitter = new Emitter(w, info, scanner, depths, settings, passing, added);
  w.copy(bytes, 0, 8);
  let wroteGlobals = false;
  let wroteExports = false;
  const globals = (section?: Section): void => {
    wroteGlobals = true;
    writeGlobals(w, reader, settings, section);
  };
  const exports = (section?: Section): void => {
    wroteExports = true;
    writeExports(w, reader, passing, prefix, image, start, section);
  };
  for (const section of reader.sections) {
    const rank = section.id === 0 ? 0 : sectionRank[section.id]!;
    if (rank > globalSection && !wroteGlobals) globals();
    if (rank > exportSection && !wroteExports) exports();
    if (section.id === typeSection && passing.newTypes.length > 0) {
      writeTypes(w, info, passing, bytes.subarray(section.content, section.end));
    } else if (section.id === functionSection && passing.newTypes.length > 0) writeFunctions(w, info, passing);
    else if (section.id === globalSection) globals(section);
    else if (section.id === exportSection) exports(section);
    else if (section.id === codeSection) writeCode(w, reader, emitter, passing, added, section);
    else if (section.id === startSection && takesStart) continue;
    else writeEdited(w, reader, section);
  }
  if (!wroteGlobals) globals();
  if (!wroteExports) exports();
  const output = w.buffer.slice(0, w.o);
  const report = makeReport(info, scanner.bodies, depths, emitter.charged, {
    inputBytes: bytes.length,
    outputBytes: output.length,
    dataBytes: reader.dataBytes,
  });
  return {
    bytes: output,
    gasGlobal: `${prefix}:gas`,
    stackGlobal: `${prefix}:stack`,
    ...(start === undefined ? {} : { start }),
    ...(image === undefined ? {} : { image }),
    imports: summarizeImports(info),
    exports: summarizeExports(info),
    report,
    originalOffset: originalOffsets(emitter.places),
    key: settings.key,
  };
}

/** A prefix that no export of the module begins with. */
function freePrefix(info: ModuleInfo): string {
  let prefix = "phatvm";
  while (info.exports.some(({ name }) => name.startsWith(`${prefix}:`))) prefix += "_";
  return prefix;
}

/** Copies a section; limits that must be rewritten are. */
function writeEdited(w: Writer, reader: ModuleReader, section: Section): void {
  const { bytes } = reader;
  w.room(section.end - section.start + 64);
  // Only imports, tables and memories have limits; there may be very many other sections.
  const hasLimits = section.id === importSection || section.id === tableSection || section.id === memorySection;
  const edits = hasLimits ? reader.edits.filter(({ start }) => start >= section.content && start < section.end) : [];
  if (edits.length === 0) {
    w.copy(bytes, section.start, section.end);
    return;
  }
  w.byte(section.id);
  const from = w.o;
  let p = section.content;
  for (const edit of edits) {
    w.room(section.end - p + 64);
    w.copy(bytes, p, edit.start);
    w.byte(1);
    w.u32(edit.minimum);
    w.u32(edit.maximum);
    p = edit.end;
  }
  w.copy(bytes, p, section.end);
  w.prefixLength(from);
}

function writeGlobals(w: Writer, reader: ModuleReader, settings: Settings, section: Section | undefined): void {
  const { bytes, info } = reader;
  w.room((section === undefined ? 0 : section.end - section.start) + 128);
  w.byte(globalSection);
  const from = w.o;
  w.u32(info.globalCount - info.importedGlobals + 2);
  if (section !== undefined) {
    let p = section.content;
    while (bytes[p++]! > 127);
    w.copy(bytes, p, section.end);
  }
  for (const [type, op, value] of [
    [i64, 0x42, settings.gas],
    [i32, 0x41, BigInt(settings.maxStack)],
  ] as const) {
    w.byte(type);
    w.byte(1);
    w.byte(op);
    w.big(value);
    w.byte(0x0b);
  }
  w.prefixLength(from);
}

function writeExports(
  w: Writer,
  reader: ModuleReader,
  passing: Passing,
  prefix: string,
  image: ImageNames | undefined,
  start: string | undefined,
  section: Section | undefined,
): void {
  const { bytes, info } = reader;
  const added: [name: string, kind: number, index: number][] = [
    [`${prefix}:gas`, 3, info.globalCount],
    [`${prefix}:stack`, 3, info.globalCount + 1],
  ];
  if (start !== undefined) added.push([start, 0, info.start]);
  if (image !== undefined) {
    for (const [m, { name }] of image.memories.entries()) added.push([name, 2, m]);
    for (const [t, { name }] of image.tables.entries()) added.push([name, 1, t]);
    for (let g = 0; g < info.globalCount; g++)
      if (info.globalMutable[g] === 1) added.push([`${prefix}:global:${g}`, 3, g]);
  }
  w.room((section === undefined ? 0 : section.end - section.start) + 64);
  w.byte(exportSection);
  const from = w.o;
  w.u32(info.exports.length + added.length);
  if (section !== undefined) {
    let p = section.content;
    while (bytes[p++]! > 127);
    if (passing.thunks.length === 0) w.copy(bytes, p, section.end);
    else {
      for (const { name, kind, index } of info.exports) {
        const thunk =
          kind === 0 && index >= info.importedFunctions ? passing.thunkOf[index - info.importedFunctions]! : -1;
        w.name(name);
        w.byte(kind);
        w.u32(thunk === -1 ? index : thunk);
      }
    }
  }
  for (const [name, kind, index] of added) {
    w.name(name);
    w.byte(kind);
    w.u32(index);
  }
  w.room(16);
  w.prefixLength(from);
}

function writeCode(
  w: Writer,
  reader: ModuleReader,
  emitter: Emitter,
  passing: Passing,
  globals: Globals,
  section: Section,
): void {
  const { bodies } = reader.scanner;
  const n = bodies.start.length;
  w.room(section.end - section.start + 64);
  w.byte(codeSection);
  const from = w.o;
  w.u32(n + passing.thunks.length);
  for (let i = 0; i < n; i++) {
    const before = w.o;
    emitter.body(i);
    if (w.o - before > largestBody) {
      reject("a body is too large once metered", bodies.start[i], reader.info.importedFunctions + i);
    }
  }
  for (const i of passing.thunks) {
    // What stands in a thunk is no byte of the original: it counts as the start of the function it leads to.
    const body = bodies.start[i]!;
    emitter.places.push(w.o, body);
    writeThunk(w, reader.info, passing, globals, i);
    emitter.places.push(w.o, body);
  }
  const end = w.o;
  w.prefixLength(from);
  for (let k = 0; k < emitter.places.length; k += 2) emitter.places[k]! += w.o - end;
}
