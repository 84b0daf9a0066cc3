import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";
import { openNode } from "../../src/host/node.ts";
import { contractId, fromHex, toHex } from "../../src/wire/bytes.ts";
import {
  construct,
  expectCounted,
  expectPromiseKept,
  type Given,
  increment,
  incrementExtrinsic,
  random,
} from "./promise.ts";

const COUNT = 500;
const ROUNDS = Number(process.env.PHATVM_KILLS ?? 20);
const seed = Number(process.env.PHATVM_SEED ?? randomInt(2 ** 31));
const victim = join(import.meta.dirname, "victim.mjs");
const code = join(import.meta.dirname, "../../build/counter.wasm");

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

interface Testimony {
  readonly said: string[];
  readonly given: Given[];
  readonly contract: string | undefined;
}

/** Runs the victim in a folder and kills it some milliseconds after it has said so many lines. */
async function runAndKill(dir: string, lines: number, milliseconds: number): Promise<Testimony> {
  const child = spawn(process.execPath, [victim, dir, String(COUNT), code, toHex(construct), toHex(increment), "8"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const reader = createInterface(child.stdout);
  reader.on("line", (line) => {
    said.push(line);
    if (said.length === lines) setTimeout(() => child.kill("SIGKILL"), milliseconds);
  });
  await Promise.all([exited, new Promise((resolve) => reader.once("close", resolve))]);
  const given = said.flatMap((line) => {
    const [word, i, block, index, receipt] = line.split(" ");
    if (word !== "receipt") return [];
    return [{ i: Number(i), block: Number(block), index: Number(index), receipt: fromHex(receipt as string) }];
  });
  return { said, given, contract: said.find((line) => line.startsWith("contract "))?.split(" ")[1] };
}

describe(`kill -9 in a run of ${COUNT} transactions (seed ${seed})`, () => {
  const next = random(seed);
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    "loses nothing that was acknowledged: kill %i",
    async (round) => {
      const dir = mkdtempSync(join(tmpdir(), "phatvm-kill-"));
      dirs.push(dir);
      // Some die while the folder is made, most in the middle of the run, some while it is closed.
      const lines = round % 7 === 0 ? 1 + Math.floor(next() * 3) : 3 + Math.floor(next() * (COUNT + 2));
      const { given, contract } = await runAndKill(dir, lines, lines < 3 ? next() * 120 : next() * 6);
      const warnings: string[] = [];
      const node = await openNode({ dir, onWarning: (warning) => warnings.push(warning) });
      try {
        expect(warnings).toEqual([]);
        if (contract === undefined) {
          expect(given).toEqual([]);
          return;
        }
        const id = contractId(contract);
        const included = await expectPromiseKept(node, id, COUNT, given);
        expect(included).toBeGreaterThanOrEqual(given.length);
        // And it goes on from there.
        const { genesisHash } = await node.facts();
        await node.submit(incrementExtrinsic(genesisHash, id, included));
        await expectCounted(node, id, included + 1);
      } finally {
        await node.close();
      }
    },
  );
});
