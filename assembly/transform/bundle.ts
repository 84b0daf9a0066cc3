/**
 * The files that stand beside a contract's wasm: metadata, bundle, and the module from which a client is inferred.
 * @module
 */

import { toHex } from "./hashes.ts";
import type { Metadata } from "./inkMetadata.ts";

/** `<name>.json`: the metadata alone. */
export const metadataText = (metadata: Metadata): string => `${JSON.stringify(metadata, null, 2)}\n`;

/** `<name>.contract`: the metadata with the code in it. */
export function bundleText(metadata: Metadata, wasm: Uint8Array): string {
  return `${JSON.stringify({ ...metadata, source: { ...metadata.source, wasm: toHex(wasm) } })}\n`;
}

/** `<name>.meta.js`. */
export const moduleText = (metadata: Metadata): string =>
  `/** The interface of ${metadata.contract.name}. */\nexport const metadata = ${JSON.stringify(metadata, null, 2)};\n`;

/** `<name>.meta.d.ts`: the same as types, each value its own literal type, so that a client can be inferred from it. */
export const declarationText = (metadata: Metadata): string =>
  `/** The interface of ${metadata.contract.name}. */\nexport declare const metadata: ${literalType(metadata, "")};\n`;

/** A value as the type that only it has. */
function literalType(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "readonly []";
    return `readonly [\n${value.map((item) => `${deeper}${literalType(item, deeper)},\n`).join("")}${indent}]`;
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length === 0) return "{}";
  const lines = fields.map(
    ([name, field]) => `${deeper}readonly ${JSON.stringify(name)}: ${literalType(field, deeper)};\n`,
  );
  return `{\n${lines.join("")}${indent}}`;
}
