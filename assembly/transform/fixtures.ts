/**
 * Builds every contract of a folder into another, leaving alone what is up to date: `node fixtures.js <from> <to>`.
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BuildError, buildContract } from "./build.ts";

/** A line of progress. */
export type Say = (line: string) => void;

/** Builds the contracts of a folder: every `.ts` file in it that holds a class with `@contract`. */
export async function buildFolder(from: string, to: string, say: Say): Promise<string[]> {
  const entries = (await readdir(from)).filter((f) => f.endsWith(".ts") && !f.endsWith(".d.ts")).sort();
  const sources = [
    from,
    fileURLToPath(new URL("../../assembly/", import.meta.url)),
    fileURLToPath(new URL(".", import.meta.url)),
  ];
  const newest = Math.max(...(await Promise.all(sources.map(newestIn))));
  const names: string[] = [];
  for (const file of entries) {
    const entry = path.join(from, file);
    if (!/^@contract\b/m.test(await readFile(entry, "utf8"))) continue;
    const name = file.slice(0, -3);
    names.push(name);
    const built = await stat(path.join(to, `${name}.contract`)).catch(() => undefined);
    if (built !== undefined && built.mtimeMs > newest) {
      say(`${name.padEnd(10)} up to date`);
      continue;
    }
    const { wasm, codeHash } = await buildContract({ entry, outDir: to });
    say(`${name.padEnd(10)} ${String(wasm.length).padStart(6)} bytes  ${codeHash}`);
  }
  return names;
}

async function newestIn(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const times = files.filter((f) => f.isFile()).map((f) => stat(path.join(f.parentPath, f.name)));
  return Math.max(0, ...(await Promise.all(times)).map((s) => s.mtimeMs));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [from = "fixtures", to = "build"] = process.argv.slice(2);
  try {
    await buildFolder(from, to, (line) => console.log(line));
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
