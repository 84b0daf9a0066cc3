import { randomInt } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PhatError } from "../../src/errors.ts";
import { openNode } from "../../src/host/node.ts";
import { isOwnerFile } from "../../src/host/owner.ts";
import type { Inclusion } from "../../src/wire/node.ts";
import { account, deposit, hashOf, signed } from "../host/support/extrinsics.ts";
import { random } from "./promise.ts";

/**
 * A campaign to be asked for: LMDB keeps no checksums of its own pages, so that damage inside them can end the process
 * (the README says so), and with it the runner. Damage to the header and to values is in test/host, and always run.
 */
const ROUNDS = Number(process.env.PHATVM_DAMAGES ?? 0);
const PAGE = 4096;
const seed = Number(process.env.PHATVM_SEED ?? randomInt(2 ** 31));

let work: string;
const truth = new Map<Uint8Array, Inclusion>();
let genesisHash: Uint8Array;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "phatvm-damage-"));
  const node = await openNode({ dir: join(work, "good") });
  ({ genesisHash } = await node.facts());
  const bob = account("//Bob", "ed25519");
  for (let nonce = 0; nonce < 40; nonce++) {
    const extrinsic = signed(bob, genesisHash, nonce, deposit(bob.publicKey, 0n));
    truth.set(hashOf(extrinsic), await node.submit(extrinsic));
  }
  await node.close();
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.skipIf(ROUNDS === 0)(`a chain file with damage anywhere in it (PHATVM_DAMAGES rounds, seed ${seed})`, () => {
  const next = random(seed);
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    "tells the truth or a typed error: damage %i",
    async (round) => {
      const dir = join(work, String(round));
      cpSync(join(work, "good"), dir, {
        recursive: true,
        filter: (path) => !isOwnerFile(path.slice(path.lastIndexOf("/") + 1)),
      });
      const file = join(dir, "chain.mdb");
      const bytes = readFileSync(file);
      const at = Math.floor(next() * bytes.length);
      const page = at - (at % PAGE);
      if (round % 3 === 0) bytes.fill(0, page, page + PAGE);
      else if (round % 3 === 1) bytes.fill(0xff, page, page + PAGE);
      else bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(next() * 8));
      writeFileSync(file, bytes);

      const codes: string[] = [];
      const caught = (error: unknown): void => {
        expect(error).toBeInstanceOf(PhatError);
        codes.push((error as PhatError).code);
      };
      try {
        const node = await openNode({ dir });
        try {
          expect((await node.facts()).genesisHash).toEqual(genesisHash);
          for (const [hash, inclusion] of truth) {
            const found = await node.inclusion(hash).catch(caught);
            if (found !== undefined) expect(found).toEqual(inclusion);
          }
        } finally {
          await node.close().catch(caught);
        }
      } catch (error) {
        caught(error);
      }
      for (const code of codes) expect(code).toMatch(/^(FolderDamaged|StorageFailed|RollbackDetected)$/);
    },
  );
});
