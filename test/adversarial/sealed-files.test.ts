import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PhatError } from "../../src/errors.ts";
import { type Cut, Disk, Gone } from "../faults/disk.ts";
import { random } from "../faults/promise.ts";
import { chainOf, type Kept, Life, type SealedChain, type Verdict, verdict } from "./sealed.ts";

/** Bytes of each file that are flipped: `PHATVM_FLIPS=all` for every one. */
const FLIPS = process.env.PHATVM_FLIPS === "all" ? Number.POSITIVE_INFINITY : Number(process.env.PHATVM_FLIPS ?? 24);
/** Every how manieth operation of the disk is one that an enclave ends at: 1 in a campaign. */
const STEP = Number(process.env.PHATVM_STEP ?? 5);
/** Random combinations of tampering. */
const COMBINATIONS = Number(process.env.PHATVM_COMBINATIONS ?? 60);
const seed = Number(process.env.PHATVM_SEED ?? 20260);

const LENGTH = 16;
/** Blocks after which checkpoints are taken; the last one is what the counter is bound to. */
const taken = [5, 8, 12];
const bound = 12;

let chain: SealedChain;
const kept: Kept = {};
/** The disk after the checkpoints, and as it was after each of them. */
let good: Disk;
const earlier: Disk[] = [];

/** What was tried, and what came of it. */
interface Row {
  tried: number;
  detected: number;
  recovered: number;
  lost: number;
}
const table = new Map<string, Row>();

function note(fault: string, outcome: "detected" | "recovered" | "lost"): void {
  const row = table.get(fault) ?? { tried: 0, detected: 0, recovered: 0, lost: 0 };
  row.tried++;
  row[outcome]++;
  table.set(fault, row);
}

/** Notes what became of a start; a wrong state is what is lost. */
function outcomeOf(fault: string, disk: Disk, head = LENGTH): Verdict | "lost" {
  try {
    const found = verdict(disk, chain, kept, head);
    note(fault, found.startsWith("refused") ? "detected" : "recovered");
    return found;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    note(fault, "lost");
    return "lost";
  }
}

/**
 * A disk that was tampered with: whatever it is, nothing is lost, nothing taken back without being noticed, and once the
 * next checkpoint is taken nothing is left of it.
 */
async function judge(fault: string, disk: Disk): Promise<Verdict | "lost"> {
  const found = outcomeOf(fault, disk.copy());
  expect(found, fault).toMatch(/^(recovered|refused: (RollbackDetected|SealBroken))/);
  // A host that tampers so as to offer a shorter chain.
  expect(verdict(disk.copy(), chain, kept, bound - 1), fault).toBe("refused: RollbackDetected");
  if (found === "recovered with a warning") {
    const life = new Life(disk, chain, { ...kept }, LENGTH);
    life.feed(14);
    await life.checkpoint();
    expect(verdict(disk, chain, kept, LENGTH), fault).toBe("recovered");
  }
  return found;
}

beforeAll(async () => {
  chain = chainOf(LENGTH, 4000);
  // The roots are blinded with a secret of the enclave, so it has to be the same one.
  new Life(new Disk(), chain, kept, 0).feed(LENGTH);
  good = new Disk();
  const life = new Life(good, chain, kept, 0);
  for (const height of taken) {
    life.feed(height);
    await life.checkpoint();
    earlier.push(good.copy());
  }
});

afterAll(() => {
  const rows = [...table].map(
    ([fault, { tried, detected, recovered, lost }]) =>
      `${fault.padEnd(44)} ${String(tried).padStart(6)} ${String(detected).padStart(9)} ${String(recovered).padStart(10)} ${String(lost).padStart(5)}`,
  );
  process.stdout.write(
    `\n${"fault (seed ".concat(String(seed), ")").padEnd(44)}  tried  refused  recovered  lost\n${rows.join("\n")}\n`,
  );
  for (const [fault, { lost }] of table) expect(lost, fault).toBe(0);
});

describe("sealed files", () => {
  it("are a good place to start from when nothing happened to them", () => {
    expect(verdict(good.copy(), chain, kept, LENGTH)).toBe("recovered");
    expect(verdict(good.copy(), chain, kept, bound)).toBe("recovered");
    expect(verdict(good.copy(), chain, kept, bound - 1)).toBe("refused: RollbackDetected");
    expect(new Life(good.copy(), chain, kept, LENGTH).from).toBe(bound);
  });

  it("with a byte flipped anywhere are noticed, and do no harm", async () => {
    const next = random(seed);
    for (const [name, bytes] of good.files) {
      const places =
        bytes.length <= FLIPS
          ? bytes.keys()
          : // The head byte for byte in a large campaign, places in between in a small one.
            Array.from({ length: FLIPS }, (_, i) => (i % 4 === 0 ? (i >> 2) % 128 : Math.floor(next() * bytes.length)));
      for (const at of places) {
        const disk = good.copy();
        const changed = bytes.slice();
        changed[at] = (changed[at] as number) ^ (1 << Math.floor(next() * 8));
        disk.put(name, changed);
        expect(await judge("a bit flipped", disk), `${name} byte ${at}`).toMatch(/^recovered/);
      }
    }
  });

  it("that were cut, or grew, are noticed, and do no harm", async () => {
    const next = random(seed + 1);
    for (const [name, bytes] of good.files) {
      const lengths = [0, 1, 50, bytes.length - 1, bytes.length - 16, bytes.length - 17];
      for (let i = 0; i < 6; i++) lengths.push(Math.floor(next() * bytes.length));
      for (const length of lengths) {
        const disk = good.copy();
        disk.put(name, bytes.slice(0, Math.max(0, length)));
        expect(await judge("truncated", disk), `${name} to ${length}`).toMatch(/^recovered/);
      }
      const disk = good.copy();
      disk.put(name, Uint8Array.from([...bytes, 0]));
      expect(await judge("a byte added", disk), name).toMatch(/^recovered/);
    }
  });

  it("that were exchanged with one another do not pass for each other", async () => {
    const names = [...good.files.keys()];
    for (const one of names) {
      for (const other of names) {
        if (one >= other) continue;
        const disk = good.copy();
        disk.put(one, good.files.get(other));
        disk.put(other, good.files.get(one));
        expect(await judge("two files exchanged", disk), `${one} and ${other}`).toMatch(/^recovered/);
      }
    }
  });

  it("have parts that do not pass for parts of others", async () => {
    const next = random(seed + 2);
    for (const [name, bytes] of good.files) {
      for (const [from, others] of earlier.flatMap((disk) => [...disk.files])) {
        const start = Math.floor(next() * Math.min(bytes.length, others.length));
        const changed = bytes.slice();
        changed.set(others.subarray(start, Math.min(others.length, bytes.length)), start);
        if (Buffer.compare(changed, bytes) === 0) continue;
        const disk = good.copy();
        disk.put(name, changed);
        expect(await judge("a part of another file spliced in", disk), `${name} with ${from}`).toMatch(/^recovered/);
      }
    }
  });

  it("that are older do no harm beside the newer ones, and are noticed in their place", async () => {
    for (const older of earlier.slice(0, -1)) {
      for (const [name, bytes] of older.files) {
        const disk = good.copy();
        disk.put(name, bytes);
        expect(await judge("one older file put back", disk), name).toMatch(/^recovered/);
      }
      const disk = older.copy();
      disk.counter = good.counter;
      expect(await judge("all older files put back", disk)).toBe("refused: RollbackDetected");
    }
  });

  it("may be deleted one at a time, the newest too; all that tell of the bound may not", async () => {
    for (const name of good.files.keys()) {
      const disk = good.copy();
      disk.put(name, undefined);
      expect(await judge("one file deleted", disk), name).toMatch(/^recovered/);
    }
    const without = (...names: string[]): Disk => {
      const disk = good.copy();
      for (const name of names) disk.put(name, undefined);
      return disk;
    };
    const newest = [...good.files.keys()]
      .filter((name) => name.startsWith("checkpoint-"))
      .sort()
      .at(-1) as string;
    const telling = [newest, ...[...good.files.keys()].filter((name) => name.startsWith("anchor-"))];
    for (const left of telling) {
      const gone = telling.filter((name) => name !== left);
      expect(await judge("all but one of the files that bind deleted", without(...gone)), left).toMatch(/^recovered/);
    }
    expect(await judge("all files that bind deleted", without(...telling))).toBe("refused: RollbackDetected");
    expect(await judge("every file deleted", without(...good.files.keys()))).toBe("refused: RollbackDetected");
  });

  it("in any combination of all this lose nothing, and take nothing back unnoticed", async () => {
    const next = random(seed + 3);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)] as T;
    for (let round = 0; round < COMBINATIONS; round++) {
      const disk = good.copy();
      for (let i = 1 + Math.floor(next() * 4); i > 0; i--) {
        const name = pick([...good.files.keys()]);
        const bytes = disk.files.get(name);
        const kind = Math.floor(next() * 5);
        if (kind === 0 || bytes === undefined || bytes.length === 0) disk.put(name, undefined);
        else if (kind === 1) disk.put(name, pick(earlier).files.get(name));
        else if (kind === 2) disk.put(name, disk.files.get(pick([...good.files.keys()])));
        else if (kind === 3) disk.put(name, bytes.slice(0, Math.floor(next() * bytes.length)));
        else {
          const changed = bytes.slice();
          changed[Math.floor(next() * bytes.length)]! ^= 1 << Math.floor(next() * 8);
          disk.put(name, changed);
        }
      }
      await judge("random combinations", disk);
    }
  });
});

/**
 * A life that takes two checkpoints, the first of which has to use up a value of the counter.
 * @returns the block of the last one that was acknowledged.
 */
async function interrupted(disk: Disk, secrets: Kept): Promise<number> {
  let acknowledged = 5;
  try {
    const life = new Life(disk, chain, secrets, LENGTH);
    for (const height of [10, 14]) {
      life.feed(height);
      await life.checkpoint();
      acknowledged = height;
    }
  } catch (error) {
    // The enclave tells of a disk that is gone in its own words.
    if (!(error instanceof Gone) && !(error instanceof PhatError)) throw error;
  }
  return acknowledged;
}

describe("an enclave that ends at any operation of its disk or counter", () => {
  it.each(["kill", "torn write", "power cut"] satisfies Cut[])(
    "by a %s recovers without a word, and holds what it acknowledged",
    async (cut) => {
      const next = random(seed + 4);
      const first = earlier[0] as Disk;
      const whole = first.copy();
      expect(await interrupted(whole, { ...kept })).toBe(14);
      const { operations } = whole;
      expect(operations).toBeGreaterThan(40);
      for (let at = 1 + Math.floor(next() * STEP); at <= operations; at += STEP) {
        const disk = first.copy();
        disk.cutAt = at;
        disk.cut = cut;
        const acknowledged = await interrupted(disk, { ...kept });
        const left = disk.left(next);
        const found = outcomeOf(`${cut} at an operation of disk or counter`, left.copy());
        // Names that became durable out of their order cost work, and a warning of it; a kill leaves none.
        if (cut === "power cut") expect(found, `operation ${at}`).toMatch(/^recovered/);
        else expect(found, `operation ${at}`).toBe("recovered");
        expect(verdict(left.copy(), chain, kept, acknowledged - 1), `operation ${at}`).toBe(
          "refused: RollbackDetected",
        );
        // And it goes on from there, to a checkpoint and another start.
        const again = new Life(left, chain, { ...kept }, LENGTH);
        again.feed(15);
        await again.checkpoint();
        expect(verdict(left.copy(), chain, kept, LENGTH)).toBe("recovered");
        expect(verdict(left, chain, kept, 14)).toBe("refused: RollbackDetected");
      }
    },
  );
});

describe("a disk that is full", () => {
  it("takes no checkpoint, keeps the older ones, and takes one when there is room again", async () => {
    const first = earlier[0] as Disk;
    const size = [...good.files.values()].reduce((sum, { length }) => sum + length, 0);
    for (let i = 0; i < 24; i++) {
      const disk = first.copy();
      const life = new Life(disk, chain, { ...kept }, LENGTH);
      life.feed(10);
      disk.room = Math.floor((size * i * i) / (24 * 24));
      const full = await life.checkpoint().then(
        () => undefined,
        (error) => error,
      );
      if (full !== undefined) expect(full).toMatchObject({ code: "StorageFailed" });
      expect(outcomeOf("a full disk", disk.copy())).toBe("recovered");
      expect(verdict(disk.copy(), chain, kept, 4)).toBe("refused: RollbackDetected");
      disk.room = Number.POSITIVE_INFINITY;
      life.feed(13);
      await life.checkpoint();
      expect(verdict(disk.copy(), chain, kept, 12)).toBe("refused: RollbackDetected");
      expect(new Life(disk, chain, { ...kept }, LENGTH).from).toBe(13);
    }
  });
});
