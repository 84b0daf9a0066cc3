import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildContract, newProject } from "../../assembly/transform/build.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "phatvm-project-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a new project", () => {
  test("builds, is typed, and passes its own test", async () => {
    const at = path.join(folder, "hello");
    const { files } = await newProject({ name: "hello", folder: at, phatvm: "file:../phatvm" });
    expect(files).toContain(".gitignore");
    const manifest = JSON.parse(await readFile(path.join(at, "package.json"), "utf8")) as Record<string, unknown>;
    expect(manifest).toMatchObject({ name: "hello", devDependencies: { phatvm: "file:../phatvm" } });

    const modules = path.join(at, "node_modules");
    await mkdir(modules);
    await symlink(path.resolve("."), path.join(modules, "phatvm"));
    for (const name of ["vitest", "assemblyscript"])
      await symlink(path.resolve("node_modules", name), path.join(modules, name));

    await buildContract({ entry: path.join(at, "contracts/greeter.ts"), outDir: path.join(at, "build") });
    execFileSync(process.execPath, [path.resolve("node_modules/typescript/bin/tsc"), "-p", at], { stdio: "inherit" });
    const said = execFileSync(process.execPath, [path.resolve("node_modules/vitest/vitest.mjs"), "run"], { cwd: at });
    expect(said.toString()).toContain("3 passed");
  });

  test("looks right in an editor", () => {
    // The SDK itself is not TypeScript that an editor could understand in full; the author's files are.
    const at = path.join(folder, "hello");
    const tsc = path.resolve("node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", path.join(at, "contracts"), "--noEmit"], { cwd: at });
    const lines = stdout.toString().split("\n");
    expect(lines.filter((l) => l.startsWith("contracts/") || l.includes("decorators.d.ts"))).toEqual([]);
  });

  test("depends on the very phatvm that made it: on this folder, when it is not installed", async () => {
    const at = path.join(folder, "from-here");
    await newProject({ name: "here", folder: at });
    const { devDependencies } = JSON.parse(await readFile(path.join(at, "package.json"), "utf8")) as {
      devDependencies: Record<string, string>;
    };
    expect(devDependencies.phatvm).toBe(`file:${path.resolve(".")}`);
  });

  test("is not put over what is there, and needs a name that npm takes", async () => {
    await expect(newProject({ name: "hello", folder: path.join(folder, "hello") })).rejects.toMatchObject({
      code: "FolderNotEmpty",
    });
    await expect(newProject({ name: "../Hello" })).rejects.toMatchObject({ code: "ProjectName" });
  });

  test("cannot be made below a file", async () => {
    const at = path.join(folder, "hello/package.json/below");
    await expect(newProject({ name: "below", folder: at })).rejects.toMatchObject({ code: "FileNotWritten" });
    const building = buildContract({ entry: "fixtures/flipper.ts", outDir: at });
    await expect(building).rejects.toMatchObject({ code: "FileNotWritten" });
  });
});
