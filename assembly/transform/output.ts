/**
 * Writes what a build or a new project makes.
 * @module
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { BuildError } from "./errors.ts";

/**
 * Writes a file, and makes its folder, as a whole or not at all: who kills a build finds the old file or the new one.
 *
 * @throws {BuildError} `FileNotWritten`
 */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(part, content);
    await rename(part, file);
  } catch (cause) {
    throw new BuildError("FileNotWritten", { file, reason: (cause as NodeJS.ErrnoException).code }, { cause });
  }
}
