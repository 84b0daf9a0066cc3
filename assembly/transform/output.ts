/**
 * Writes what a build or a new project makes.
 * @module
 */
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { BuildError } from "./errors.ts";

/** Makes a folder and those above it. Node's `recursive` never ends where a file system answers ENOENT, as /proc does. */
async function makeFolder(folder: string): Promise<void> {
  if (await stat(folder).catch(() => undefined)) return;
  await makeFolder(path.dirname(path.resolve(folder)));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/**
 * Writes a file, and makes its folder, as a whole or not at all: who kills a build finds the old file or the new one.
 *
 * @throws {BuildError} `FileNotWritten`
 */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await makeFolder(path.dirname(file));
    await writeFile(part, content);
    await rename(part, file);
  } catch (cause) {
    throw new BuildError("FileNotWritten", { file, reason: (cause as NodeJS.ErrnoException).code }, { cause });
  }
}
