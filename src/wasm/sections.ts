/**
 * Reads a module section by section and validates everything outside function bodies.
 *
 * Nothing is left for an engine to find: order and lengths of sections, counts that must agree, limits, names,
 * constant expressions, segments.
 * @module
 */

import { readConstant } from "./constant-expressions.ts";
import type { Features } from "./features.ts";
import { type LimitsEntry, ModuleInfo } from "./module.ts";
import { type Limits, profileLimits, type Settings } from "./options.ts";
import { Reader } from "./reader.ts";
import { reject } from "./reject.ts";
import { Scanner } from "./scan.ts";
import { readData, readElements } from "./segments.ts";
import { f32, f64, funcref, isReference, isValueType, v128 } from "./types.ts";

/** A section as it stands in the input. */
export interface Section {
  readonly id: number;
  /** Of the id byte, of the content, and of what follows. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** A limit to be written anew: bytes `start` to `end` of the input become `minimum` and `maximum`. */
export interface LimitEdit {
  readonly start: number;
  readonly end: number;
  readonly minimum: number;
  readonly maximum: number;
}

export const sectionNames = [
  "custom",
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "code",
  "data",
  "data count",
] as const;

/** Where a section stands in the order; the data count section comes between elements and code. */
export const sectionRank = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10] as const;

const mostPages = 65_536;

/** A module that has been read and found valid. */
export class ModuleReader extends Reader {
  readonly info = new ModuleInfo();
  readonly sections: Section[] = [];
  readonly edits: LimitEdit[] = [];
  scanner!: Scanner;
  dataBytes = 0;
  readonly limits: Limits;
  readonly features: Features;
  private readonly settings: Settings;
  private bodies = false;
  datas = 0;

  constructor(bytes: Uint8Array, settings: Settings, features: Features) {
    super(bytes, 0, bytes.length);
    this.settings = settings;
    this.limits = settings.limits;
    this.features = features;
  }

  /** Reads the whole module. */
  read(): void {
    const { bytes, limits, info } = this;
    if (bytes.length > limits.moduleBytes) {
      reject(`the module has ${bytes.length} bytes, and the limit is ${limits.moduleBytes}`, 0);
    }
    const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
    for (let i = 0; i < 8; i++) if (bytes[i] !== magic[i]) reject("this is no WebAssembly module of version 1", i);
    this.p = 8;
    let rank = 0;
    while (this.p < bytes.length) {
      const start = this.p;
      this.end = bytes.length;
      const id = this.byte();
      const size = this.u32();
      const content = this.p;
      const end = content + size;
      if (end > bytes.length) reject("a section is longer than the module", start);
      if (id >= sectionNames.length) reject(`there is no section ${id} in the profile`, start);
      this.end = end;
      if (id === 0) this.name();
      else {
        if (sectionRank[id]! <= rank) reject(`the ${sectionNames[id]} section stands twice or out of order`, start);
        rank = sectionRank[id]!;
        this.section(id);
        if (this.p !== end) reject(`the ${sectionNames[id]} section's length does not match its content`, this.p);
      }
      this.sections.push({ id, start, content, end });
      this.p = end;
    }
    const defined = info.functionCount - info.importedFunctions;
    if (defined > 0 && !this.bodies) reject(`${defined} functions are declared and there are no bodies`, bytes.length);
    if (info.dataCount >= 0 && info.dataCount !== this.datas) {
      reject(`the data count section promises ${info.dataCount} segments, and there are ${this.datas}`, bytes.length);
    }
    if (!this.bodies) this.makeScanner(0);
  }

  private section(id: number): void {
    switch (id) {
      case 1:
        this.readTypes();
        break;
      case 2:
        this.readImports();
        break;
      case 3:
        this.readFunctions();
        break;
      case 4:
        this.readTables();
        break;
      case 5:
        this.readMemories();
        break;
      case 6:
        this.readGlobals();
        break;
      case 7:
        this.readExports();
        break;
      case 8:
        this.readStart();
        break;
      case 9:
        readElements(this);
        break;
      case 10:
        this.readCode();
        break;
      case 11:
        readData(this);
        break;
      default:
        if (!this.features.bulkMemory) reject("a data count section is not part of the profile", this.p);
        this.info.dataCount = this.u32();
        if (this.info.dataCount > this.limits.dataSegments) reject("too many data segments", this.p);
    }
  }

  /** Reads a value type. */
  private valueType(): number {
    const at = this.p;
    const type = this.byte();
    this.checkType(type, at);
    return type;
  }

  checkType(type: number, at: number): void {
    if (!isValueType(type)) reject(`0x${type.toString(16)} is no value type`, at);
    if (type === v128) {
      if (!this.features.vectors) reject("vectors are not part of the profile", at);
      this.info.usesVectors = true;
    }
    if ((type === f32 || type === f64) && this.settings.floats === "reject") reject("floats are refused", at);
    if (isReference(type) && !this.features.referenceTypes) reject("references are not part of the profile", at);
  }

  private readTypes(): void {
    const { types } = this.info;
    const n = this.count(this.limits.types, "types");
    types.reserve(n);
    types.count = n;
    for (let i = 0; i < n; i++) {
      const at = this.p;
      if (this.byte() !== 0x60) reject("a type is no function type", at);
      types.paramCount[i] = this.count(this.limits.parameters, "parameters");
      types.paramStart[i] = types.used;
      for (let k = types.paramCount[i]!; k > 0; k--) types.push(this.valueType());
      types.resultCount[i] = this.count(this.limits.results, "results");
      types.resultStart[i] = types.used;
      for (let k = types.resultCount[i]!; k > 0; k--) types.push(this.valueType());
      if (types.resultCount[i]! > 1 && !this.features.multiValue) {
        reject("functions with several results are not part of the profile", at);
      }
    }
  }

  private typeIndex(): number {
    const at = this.p;
    const type = this.u32();
    if (type >= this.info.types.count) reject(`type ${type} does not exist`, at);
    return type;
  }

  private readImports(): void {
    const { info } = this;
    const n = this.count(this.limits.imports, "imports");
    for (let i = 0; i < n; i++) {
      const offset = this.p;
      const module = this.name();
      const name = this.name();
      const kindAt = this.p;
      const kind = this.byte();
      let index = 0;
      if (kind === 0) {
        index = info.functionCount;
        info.addFunction(this.typeIndex());
      } else if (kind === 1) {
        index = info.tables.length;
        this.tableType(true);
      } else if (kind === 2) {
        index = info.memories.length;
        this.memoryType(true);
      } else if (kind === 3) {
        index = info.globalCount;
        this.globalType();
        if (!this.features.mutableGlobals && info.globalMutable[index] === 1) {
          reject("importing mutable globals is not part of the profile", offset);
        }
      } else reject(`there are no imports of kind ${kind} in the profile`, kindAt);
      info.imports.push({ module, name, kind, index, offset });
    }
    info.importedFunctions = info.functionCount;
    info.importedGlobals = info.globalCount;
  }

  private readFunctions(): void {
    const { info } = this;
    const n = this.count(this.limits.functions, "functions");
    for (let i = 0; i < n; i++) info.addFunction(this.typeIndex());
  }

  private tableType(imported: boolean): void {
    const { info, limits } = this;
    const at = this.p;
    const element = this.byte();
    if (!isReference(element)) reject(`0x${element.toString(16)} is no reference type`, at);
    if (element !== funcref && !this.features.referenceTypes) reject("references are not part of the profile", at);
    const entry = this.limitsOf(
      "table",
      2 ** 32 - 1,
      limits.tableElements,
      profileLimits.wasm2.tableElements,
      imported,
    );
    if (info.tables.length > 0 && !this.features.referenceTypes)
      reject("several tables are not part of the profile", at);
    if (info.tables.length >= limits.tables) reject(`more than ${limits.tables} tables`, at);
    info.tables.push({ ...entry, element });
  }

  private memoryType(imported: boolean): void {
    const { info, limits } = this;
    const at = this.p;
    const entry = this.limitsOf("memory", mostPages, limits.memoryPages, mostPages, imported);
    if (info.memories.length > 0) reject("several memories are not part of the profile", at);
    info.memories.push({ ...entry, element: 0 });
  }

  /** Reads limits of a table or memory, and notes how they must be rewritten so that growth ends at the profile's limit. */
  private limitsOf(what: string, range: number, limit: number, engine: number, imported: boolean): LimitsEntry {
    const start = this.p;
    const flags = this.byte();
    if (flags > 1) reject(`limits with flags ${flags} are not part of the profile`, start);
    const minimum = this.u32();
    const declared = flags === 1 ? this.u32() : -1;
    if (minimum > range || declared > range) reject(`a ${what} is larger than ${range}`, start);
    if (declared !== -1 && declared < minimum) reject(`a ${what}'s maximum is below its minimum`, start);
    if (minimum > limit) reject(`a ${what} of ${minimum} is more than the limit of ${limit}`, start);
    let limited = declared;
    if (limit < engine && !(imported && what === "table")) {
      limited = declared === -1 ? limit : Math.min(declared, limit);
      if (limited !== declared) this.edits.push({ start, end: this.p, minimum, maximum: limited });
    }
    return { element: 0, minimum, maximum: declared, limited, imported };
  }

  private globalType(): void {
    const type = this.valueType();
    const at = this.p;
    const mutable = this.byte();
    if (mutable > 1) reject("a global's mutability is 0 or 1", at);
    if (this.info.globalCount >= this.limits.globals) reject(`more than ${this.limits.globals} globals`, at);
    this.info.addGlobal(type, mutable);
  }

  private readTables(): void {
    const n = this.count(this.limits.tables, "tables");
    for (let i = 0; i < n; i++) this.tableType(false);
  }

  private readMemories(): void {
    const n = this.count(2, "memories");
    for (let i = 0; i < n; i++) this.memoryType(false);
  }

  private readGlobals(): void {
    const { info } = this;
    const n = this.count(this.limits.globals, "globals");
    for (let i = 0; i < n; i++) {
      this.globalType();
      readConstant(this, info.globalTypes[info.globalCount - 1]!);
    }
  }

  skip(n: number): void {
    if (n > this.end - this.p) reject("a section ends early", this.p);
    this.p += n;
  }

  /** A function is named by a reference. */
  refer(f: number, at: number): void {
    const { info } = this;
    if (f >= info.functionCount) reject(`function ${f} does not exist`, at);
    this.flag();
    info.referable[f] = 1;
    info.escaping[f] = 1;
  }

  /** Makes room for a flag per function: no function is declared after the first use. */
  private flag(): void {
    const { info } = this;
    if (info.referable.length < info.functionCount) {
      const { referable, escaping } = info;
      (info.referable = new Uint8Array(info.functionCount)).set(referable);
      (info.escaping = new Uint8Array(info.functionCount)).set(escaping);
    }
  }

  private readExports(): void {
    const { info } = this;
    const n = this.count(this.limits.exports, "exports");
    const names = new Set<string>();
    this.flag();
    for (let i = 0; i < n; i++) {
      const offset = this.p;
      const name = this.name();
      if (names.has(name)) reject(`"${name}" is exported twice`, offset);
      names.add(name);
      const kind = this.byte();
      const index = this.u32();
      const counts = [info.functionCount, info.tables.length, info.memories.length, info.globalCount];
      if (kind > 3) reject(`there are no exports of kind ${kind} in the profile`, offset);
      if (index >= counts[kind]!) reject(`the export "${name}" names what does not exist`, offset);
      if (kind === 0) info.referable[index] = 1;
      if (kind === 3 && !this.features.mutableGlobals && info.globalMutable[index] === 1) {
        reject("exporting mutable globals is not part of the profile", offset);
      }
      info.exports.push({ name, kind, index, offset });
    }
  }

  private readStart(): void {
    const { info } = this;
    const at = this.p;
    const f = this.u32();
    if (f >= info.functionCount) reject(`the start function ${f} does not exist`, at);
    const type = info.functions[f]!;
    if (info.types.paramCount[type] !== 0 || info.types.resultCount[type] !== 0) {
      reject("the start function takes or gives something", at);
    }
    info.start = f;
  }

  private makeScanner(defined: number): void {
    this.flag();
    this.scanner = new Scanner(this.bytes, this.info, defined, {
      limits: this.limits,
      features: this.features,
      costs: this.settings.costs,
      floats: this.settings.floats,
    });
  }

  private readCode(): void {
    const { info } = this;
    const defined = info.functionCount - info.importedFunctions;
    const at = this.p;
    const n = this.u32();
    if (n !== defined) reject(`${defined} functions are declared and ${n} have bodies`, at);
    this.bodies = true;
    this.makeScanner(defined);
    const { scanner, end } = this;
    for (let i = 0; i < n; i++) {
      const sizeAt = this.p;
      const size = this.u32();
      if (size > end - this.p) reject("a body is longer than its section", sizeAt, info.importedFunctions + i);
      if (size > this.limits.functionBytes) {
        reject(`a body is longer than ${this.limits.functionBytes} bytes`, sizeAt, info.importedFunctions + i);
      }
      scanner.scan(i, this.p, this.p + size);
      this.p += size;
    }
  }
}
