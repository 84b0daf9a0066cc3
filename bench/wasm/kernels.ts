/**
 * The kernels: AssemblyScript programs under `bench/kernels`, compiled once per run of a bench.
 *
 * Each exports `run(rounds) -> f64`; the result is compared between the original and the prepared module.
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A compiled kernel. */
export interface Kernel {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Kernels whose garbage must be collected. */
const collected = new Set(["map", "strings"]);

/** Compiles one program with the AssemblyScript compiler, optimised for speed. */
export function compile(file: string, name: string): Kernel {
  const folder = mkdtempSync(join(tmpdir(), "phatvm-kernel-"));
  const out = join(folder, "out.wasm");
  try {
    const asc = join(process.cwd(), "node_modules/assemblyscript/bin/asc.js");
    const runtime = collected.has(name) ? "incremental" : "stub";
    const flags = ["-O3", "--runtime", runtime, "--enable", "simd", "--use", "abort=", "-o", out];
    const { status, stderr } = spawnSync(process.execPath, [asc, file, ...flags], {
      encoding: "utf8",
      // Away from the contracts' asconfig.json.
      cwd: join(process.cwd(), "bench"),
    });
    if (status !== 0) throw new Error(`the kernel ${name} does not compile: ${stderr}`);
    return { name, bytes: readFileSync(out) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Compiles every kernel, or those named. */
export function compileKernels(names?: readonly string[]): Kernel[] {
  const folder = join(process.cwd(), "bench/kernels");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({ file: join("kernels", file), name: file.replace(/\.ts$/, "") }))
    .filter(({ name }) => names === undefined || names.includes(name))
    .map(({ file, name }) => compile(file, name));
}
