/**
 * The module rules of contracts: what may be imported and exported, in the order and words of upstream's upload check.
 *
 * Which host functions exist, and with which signatures, is the contract layer's to check; here stands what depends
 * on the module alone.
 * @module
 */

import type { ModuleInfo } from "./module.ts";
import type { Profile } from "./options.ts";
import { reject } from "./reject.ts";
import { i32 } from "./types.ts";

/** Refuses a module that is no contract; does nothing in profile `wasm2`. */
export function checkContract(info: ModuleInfo, profile: Profile): void {
  if (profile === "wasm2") return;
  checkExports(info);
  checkImports(info);
}

function checkExports(info: ModuleInfo): void {
  const { types } = info;
  const found = new Set<string>();
  for (const { name, kind, index, offset } of info.exports) {
    if (kind === 1) reject("table export is forbidden", offset);
    if (kind === 2) reject("memory export is forbidden", offset);
    if (kind === 3) reject("global export is forbidden", offset);
    if (name !== "call" && name !== "deploy") {
      reject("unknown function export: expecting only deploy and call functions", offset);
    }
    const type = info.functions[index]!;
    const results = types.resultCount[type]!;
    const legacy = results === 1 && types.flat[types.resultStart[type]!] === i32;
    if (types.paramCount[type] !== 0 || (results !== 0 && !legacy)) reject("entry point has wrong signature", offset);
    if (index < info.importedFunctions) reject("entry point is an imported function", offset);
    found.add(name);
  }
  if (!found.has("deploy")) reject("deploy function isn't exported");
  if (!found.has("call")) reject("call function isn't exported");
}

function checkImports(info: ModuleInfo): void {
  for (const { kind, module, name, offset } of info.imports) {
    if (kind === 1) reject("Cannot import tables", offset);
    if (kind === 3) reject("Cannot import globals", offset);
    if (kind !== 2) continue;
    if (module !== "env") reject("Invalid module for imported memory", offset);
    if (name !== "memory") reject("Memory import must have the field name 'memory'", offset);
  }
  if (!info.memories.some(({ imported }) => imported)) reject("No memory import found in the module");
}
