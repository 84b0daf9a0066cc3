/**
 * What the sections before the code say, in flat arrays the walk over the bodies can look up.
 * @module
 */

import { bottom, externref, f32, f64, funcref, i32, i64, v128 } from "./types.ts";

/** Runs of value types: parameters and results of every function type, and the seven single types. */
export class TypeTable {
  flat = new Uint8Array(256);
  used = 0;
  count = 0;
  paramStart = new Int32Array(64);
  paramCount = new Int32Array(64);
  resultStart = new Int32Array(64);
  resultCount = new Int32Array(64);
  private readonly singles: Readonly<Record<number, number>>;

  constructor() {
    const singles: Record<number, number> = {};
    for (const type of [i32, i64, f32, f64, v128, funcref, externref, bottom]) {
      singles[type] = this.used;
      this.flat[this.used++] = type;
    }
    this.singles = singles;
  }

  /** Where a run of just this type starts. */
  single(type: number): number {
    return this.singles[type]!;
  }

  /** Adds a value type to the run being built. */
  push(type: number): void {
    if (this.used === this.flat.length) {
      const { flat } = this;
      (this.flat = new Uint8Array(flat.length * 2)).set(flat);
    }
    this.flat[this.used++] = type;
  }

  /** Makes room for `n` function types. */
  reserve(n: number): void {
    this.paramStart = new Int32Array(n);
    this.paramCount = new Int32Array(n);
    this.resultStart = new Int32Array(n);
    this.resultCount = new Int32Array(n);
  }

  /** Whether two function types are the same structure. */
  same(a: number, b: number): boolean {
    if (a === b) return true;
    const n = this.paramCount[a]!;
    const m = this.resultCount[a]!;
    if (n !== this.paramCount[b] || m !== this.resultCount[b]) return false;
    for (let i = 0; i < n; i++) {
      if (this.flat[this.paramStart[a]! + i] !== this.flat[this.paramStart[b]! + i]) return false;
    }
    for (let i = 0; i < m; i++) {
      if (this.flat[this.resultStart[a]! + i] !== this.flat[this.resultStart[b]! + i]) return false;
    }
    return true;
  }
}

/** One import, as far as the pass needs it. */
export interface ImportEntry {
  readonly module: string;
  readonly name: string;
  /** 0 function, 1 table, 2 memory, 3 global; `index` is in that kind's index space. */
  readonly kind: number;
  readonly index: number;
  readonly offset: number;
}

/** One export. */
export interface ExportEntry {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
  readonly offset: number;
}

/** A table or memory: limits as declared; `limited` is the maximum that the prepared module declares (-1 for none). */
export interface LimitsEntry {
  readonly element: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly limited: number;
  readonly imported: boolean;
}

/** Everything known before the code section, and flags that the bodies set. */
export class ModuleInfo {
  readonly types = new TypeTable();
  readonly imports: ImportEntry[] = [];
  readonly exports: ExportEntry[] = [];
  readonly tables: LimitsEntry[] = [];
  readonly memories: LimitsEntry[] = [];
  /** Type index of each function, imports first. */
  functions = new Int32Array(16);
  functionCount = 0;
  importedFunctions = 0;
  globalTypes = new Uint8Array(16);
  globalMutable = new Uint8Array(16);
  globalCount = 0;
  importedGlobals = 0;
  elementTypes = new Uint8Array(16);
  elementCount = 0;
  dataCount = -1;
  start = -1;
  /** 1 for functions that a `ref.func` in a body may name. */
  referable = new Uint8Array(16);
  /** 1 for functions that stand in an element segment or in a global's `ref.func`: reachable through a reference. */
  escaping = new Uint8Array(16);
  usesVectors = false;
  callsIndirectly = false;
  dropsData = false;
  dropsElements = false;
  growsTable = false;
  writesTable = false;

  addFunction(type: number): void {
    if (this.functionCount === this.functions.length) {
      const { functions } = this;
      (this.functions = new Int32Array(functions.length * 2)).set(functions);
    }
    this.functions[this.functionCount++] = type;
  }

  addGlobal(type: number, mutable: number): void {
    if (this.globalCount === this.globalTypes.length) {
      const { globalTypes, globalMutable } = this;
      (this.globalTypes = new Uint8Array(globalTypes.length * 2)).set(globalTypes);
      (this.globalMutable = new Uint8Array(globalTypes.length * 2)).set(globalMutable);
    }
    this.globalTypes[this.globalCount] = type;
    this.globalMutable[this.globalCount++] = mutable;
  }

  addElement(type: number): void {
    if (this.elementCount === this.elementTypes.length) {
      const { elementTypes } = this;
      (this.elementTypes = new Uint8Array(elementTypes.length * 2)).set(elementTypes);
    }
    this.elementTypes[this.elementCount++] = type;
  }
}
