/**
 * Makes a new contract project: a contract, a test that deploys it in memory, and the scripts to build both.
 * @module
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { BuildError } from "./errors.ts";

/** What to make and where. */
export interface ProjectOptions {
  /** The project's name, as it stands in its package.json. */
  readonly name: string;
  /** The folder, by default one with that name; it is made, and must be empty when it is there. */
  readonly folder?: string;
  /** The version or path of phatvm that it depends on, by default this one. */
  readonly phatvm?: string;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const names = /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/;

/**
 * Makes a contract project.
 *
 * @returns The files made, relative to the folder.
 * @throws {BuildError} `ProjectName` for a name that npm would not take, `FolderNotEmpty`.
 */
export async function newProject(options: ProjectOptions): Promise<{ folder: string; files: string[] }> {
  const { name } = options;
  if (!names.test(name) || name.length > 214) {
    throw new BuildError("ProjectName", `"${name}" cannot be the name of a project.`, { name });
  }
  const folder = path.resolve(options.folder ?? name);
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new BuildError("FolderNotEmpty", `There is something in ${folder} already.`, { folder });
  }
  const { version } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as { version: string };
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
      .replaceAll("__PHATVM__", options.phatvm ?? `^${version}`);
    await mkdir(path.dirname(path.join(folder, to)), { recursive: true });
    await writeFile(path.join(folder, to), text);
    files.push(to);
  }
  return { folder, files: files.sort() };
}
