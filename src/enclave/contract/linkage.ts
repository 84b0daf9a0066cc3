/**
 * What contract code may import: the check of an upload against the table of host functions.
 *
 * Profile `pink` links what upstream links. Profile `deterministic` is kinder to the ends of the range: it also links
 * what upstream has not opened yet, and what it has closed to new code, so that contracts of every age can be uploaded.
 * @module
 */

import type { Code } from "../../vm/index.ts";
import type { Profile } from "../state/records.ts";
import { contractsFault } from "./dispatch-error.ts";
import { type HostFunctionRow, hostFunctionsByImport } from "./imports.ts";

const noSuchFunction = "New code rejected on wasmi instantiation!";

/** The wasm signature of a row, as text. */
export function signatureOf(row: HostFunctionRow): string {
  const parameters = row.parameters.map(({ kind }) => (kind === "u64" ? "i64" : "i32"));
  const result = row.result === "none" || row.result === "never" ? "" : row.result === "i64" ? "i64" : "i32";
  return `(${parameters.join(", ")}) -> (${result})`;
}

/**
 * Checks every function import of a module.
 * @throws {DispatchFault} `CodeRejected`, naming the import.
 */
export function checkImports(imports: Code["imports"], profile: Profile): void {
  for (const item of imports) {
    if (item.kind !== "function") continue;
    const name = `${item.module}.${item.name}`;
    const row = hostFunctionsByImport.get(name);
    if (row === undefined || (profile === "pink" && row.stability !== "stable")) {
      const why = row === undefined ? "there is no such function" : `the function is ${row.stability}`;
      throw contractsFault("CodeRejected", { detail: `${noSuchFunction} It imports ${name}: ${why}.` });
    }
    const found = `(${item.type.parameters.join(", ")}) -> (${item.type.results.join(", ")})`;
    const expected = signatureOf(row);
    if (found !== expected) {
      throw contractsFault("CodeRejected", {
        detail: `${noSuchFunction} It imports ${name} as ${found}, which is ${expected}.`,
      });
    }
  }
}
