import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNode } from "../../src/host/node.ts";
import { isOwnerFile } from "../../src/host/owner.ts";
import { type ContractId, fromHex, toHex } from "../../src/wire/bytes.ts";
import { account, deployed, deposit, signed } from "../host/support/extrinsics.ts";
import {
  construct,
  counter,
  expectCounted,
  expectPromiseKept,
  type Given,
  increment,
  incrementExtrinsic,
  random,
  sender,
} from "./promise.ts";

/** Random points, over all operations of a run; a campaign takes 200. */
const POINTS = Number(process.env.PHATVM_KILL_POINTS ?? 6);
const seed = Number(process.env.PHATVM_SEED ?? randomInt(2 ** 31));
/** Increments before the run, and in one that ends. */
const BEFORE = 4;
const COUNT = 10;

let work: string;
let contract: ContractId;
let given: readonly Given[];
/** Operations of a run that nothing happens to. */
let operations = 0;

/**
 * Runs the victim on a copy of the folder.
 * @param at the operation that it is killed at; 0 = none.
 * @param count increments after which it ends; 0 = it does not.
 */
async function run(
  dir: string,
  at: number,
  torn: boolean,
  count: number,
): Promise<{ said: string[]; signal: string | null }> {
  cpSync(join(work, "good"), dir, {
    recursive: true,
    filter: (path) => !isOwnerFile(path.slice(path.lastIndexOf("/") + 1)),
  });
  const setting = { dir, at, torn, count: `${dir}.operations` };
  const child = spawn(
    process.execPath,
    [
      "--require",
      join(import.meta.dirname, "kill-at.cjs"),
      join(import.meta.dirname, "victim.mjs"),
      dir,
      String(count),
      "",
      "",
      toHex(increment),
      "3",
      "1",
      toHex(contract),
      String(BEFORE),
    ],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, PHATVM_KILL_AT: JSON.stringify(setting) } },
  );
  const said: string[] = [];
  const ended = new Promise<string | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)));
  const reader = createInterface(child.stdout);
  reader.on("line", (line) => said.push(line));
  await new Promise((resolve) => reader.once("close", resolve));
  return { said, signal: await ended };
}

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "phatvm-points-"));
  const node = await openNode({ dir: join(work, "good") });
  const { genesisHash } = await node.facts();
  await node.submit(signed(account("//Alice"), genesisHash, 0, deposit(sender.publicKey, 10n ** 17n)));
  contract = await deployed(node, sender, counter.code, construct);
  const all: Given[] = [];
  for (let i = 0; i < BEFORE; i++) {
    all.push({ i, ...(await node.submit(incrementExtrinsic(genesisHash, contract, i))) });
  }
  given = all;
  await node.close();
  const dir = join(work, "whole");
  const { said, signal } = await run(dir, 0, false, COUNT);
  expect([said.at(-1), signal]).toEqual(["closed", null]);
  operations = Number(readFileSync(`${dir}.operations`, "utf8"));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe(`kill -9 at an operation on sealed files or the platform (seed ${seed})`, () => {
  const next = random(seed);
  it("is one of the many that checkpoints and the counter take", () => {
    expect(operations).toBeGreaterThan(50);
  });

  it.each(Array.from({ length: POINTS }, (_, round) => round))(
    "loses nothing, warns of nothing, and goes on: point %i",
    async (round) => {
      // One in every stretch of the run, so that all of it is covered.
      const at = 1 + Math.floor(((round + next()) * operations) / POINTS);
      const dir = join(work, String(round));
      // How many checkpoints there are depends on how long each takes, so most runs go on until they come to their
      // operation. Some of the late ones end before, to be killed while they close, or never.
      const ends = at > 0.7 * operations && (round >> 1) % 2 === 0;
      const { said, signal } = await run(dir, at, round % 2 === 1, ends ? COUNT : 0);
      if (!ends || signal !== null) expect(signal).toBe("SIGKILL");
      else expect(said.at(-1)).toBe("closed");
      const told = said.flatMap((line) => {
        const [word, i, block, index, receipt] = line.split(" ");
        if (word !== "receipt") return [];
        return [{ i: Number(i), block: Number(block), index: Number(index), receipt: fromHex(receipt as string) }];
      });
      const warnings: string[] = [];
      const node = await openNode({ dir, onWarning: (warning) => warnings.push(warning) });
      try {
        expect(warnings, `operation ${at}`).toEqual([]);
        // One increment at a time is on its way.
        const included = await expectPromiseKept(node, contract, BEFORE + told.length + 1, [...given, ...told]);
        expect(included).toBeGreaterThanOrEqual(BEFORE + told.length);
        const { genesisHash } = await node.facts();
        await node.submit(incrementExtrinsic(genesisHash, contract, included));
        await expectCounted(node, contract, included + 1);
      } finally {
        await node.close();
      }
      rmSync(dir, { recursive: true });
    },
  );
});
