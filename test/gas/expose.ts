/**
 * Makes everything that a module keeps visible from outside, so that two ways of running it can be compared.
 * @module
 */

import { type Bytes, name, unsigned } from "../conformance/encode.ts";
import { appended, countOf, readImported, readSections, SECTION, writeSections } from "./sections.ts";

/** A module that also exports its memory and each of its globals. */
export function exposed(bytes: Uint8Array): Uint8Array {
  const sections = readSections(bytes);
  const imported = readImported(sections.get(SECTION.import));
  const memories = imported.memories + countOf(sections.get(SECTION.memory));
  const globals = imported.globals.length + countOf(sections.get(SECTION.global));
  const all = (count: number, kind: number, title: string): Bytes[] =>
    Array.from({ length: count }, (_, index) => [name(`exposed ${title} ${index}`), kind, unsigned(index)]);
  const written = new Map<number, Bytes>(sections);
  const added = [...all(memories, 2, "memory"), ...all(globals, 3, "global")];
  written.set(SECTION.export, appended(sections.get(SECTION.export), added));
  return writeSections(written);
}
