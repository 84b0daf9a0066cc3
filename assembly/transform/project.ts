/**
 * Makes a new contract project: a contract, a test that deploys it in memory, and the scripts to build both.
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { BuildError } from "./errors.ts";
import { writeWhole } from "./output.ts";

/** What to make and where. */
export interface ProjectOptions {
  /** The project's name, as it stands in its package.json. */
  readonly name: string;
  /** The folder, by default one with that name; it is made, and must be empty when it is there. */
  readonly folder?: string;
  /** What it depends on for phatvm, as in a package.json: by default this very phatvm, from where it was installed. */
  readonly phatvm?: string;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const names = /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/;

/**
 * Makes a contract project.
 *
 * @returns The files made, relative to the folder.
 * @throws {BuildError} `ProjectName` for a name that npm would not take, `FolderNotEmpty`, `FileNotWritten`.
 */
export async function newProject(options: ProjectOptions): Promise<{ folder: string; files: string[] }> {
  const { name } = options;
  if (!names.test(name) || name.length > 214) {
    throw new BuildError("ProjectName", { name });
  }
  const folder = path.resolve(options.folder ?? name);
  const there = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new BuildError("FileNotWritten", { file: folder, reason: cause.code }, { cause });
  });
  if (there.length > 0) throw new BuildError("FolderNotEmpty", { folder });
  const phatvm = options.phatvm ?? (await ownSource());
  const template = path.join(root, "assembly", "template");
  const entries = await readdir(template, { recursive: true, withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const from = path.join(entry.parentPath, entry.name);
    // npm leaves .gitignore out of packages, so the template's has another name.
    const to = path.relative(template, from).replace(/^gitignore$/, ".gitignore");
    const text = (await readFile(from, "utf8"))
      .replaceAll("__NAME__", name)
      .replaceAll('"__PHATVM__"', JSON.stringify(phatvm));
    await writeWhole(path.join(folder, to), text);
    files.push(to);
  }
  return { folder, files: files.sort() };
}

/** What a package.json calls this phatvm: its version, or the folder or file that it comes from when it is no release. */
async function ownSource(): Promise<string> {
  const modules = path.dirname(root);
  if (path.basename(modules) !== "node_modules") return `file:${path.resolve(root)}`;
  const holder = path.dirname(modules);
  const { version } = await manifestIn(root);
  const { dependencies = {}, devDependencies = {} } = await manifestIn(holder).catch(() => ({}) as Manifest);
  const source = dependencies.phatvm ?? devDependencies.phatvm;
  return source?.startsWith("file:") ? `file:${path.resolve(holder, source.slice(5))}` : `^${version}`;
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifestIn = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as Manifest;
