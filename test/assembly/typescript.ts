/**
 * Type-checks what a host wrote, as strictly as a project of its own would.
 * @module
 */
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";

const options = { noEmit: true, strict: true, module: "nodenext", target: "es2023", types: [], skipLibCheck: true };

/** Fails, with TypeScript's words on standard error, unless the files of a folder compile. */
export async function typeCheck(folder: string, what: { readonly files?: string[]; readonly include?: string[] }) {
  await writeFile(path.join(folder, "package.json"), '{"type":"module"}');
  await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, ...what }));
  execFileSync(process.execPath, [path.resolve("node_modules/typescript/bin/tsc"), "-p", folder], { stdio: "inherit" });
}
