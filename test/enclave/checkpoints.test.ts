import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BeginSave, Checkpoints, type Started } from "../../src/enclave/checkpoint/checkpoints.ts";
import { SealingKeys } from "../../src/enclave/keys/sealing.ts";
import type { Place } from "../../src/enclave/state/extents.ts";
import { EngineError } from "../../src/errors.ts";
import { openFiles } from "../../src/platform/files.ts";

let folder: string;
let platform: { value: bigint; broken: boolean; counter(): bigint; increment(): bigint };
const saved: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phatvm-checkpoints-"));
  platform = {
    value: 0n,
    broken: false,
    counter: () => platform.value,
    increment() {
      if (platform.broken) throw new EngineError("StorageFailed", { what: "The counter", reason: "it is stuck" });
      platform.value += 1n;
      return platform.value;
    },
  };
});
afterEach(() => {
  for (const dir of [folder, ...saved.splice(0)]) rmSync(dir, { recursive: true, force: true });
});

/** Saves a content that is large enough for several parts, and then what a checkpoint begins with. */
const saves =
  (content: Iterable<Uint8Array>): BeginSave =>
  (sink) =>
    (function* () {
      const places: Place[] = [];
      for (const piece of content) {
        places.push(sink.write(piece));
        yield;
      }
      return {
        content: Uint8Array.from(places.flatMap((place) => [...place])),
        commit: () => undefined,
        places: () => places,
      };
    })();

let salts = 0;
const keys = new SealingKeys(new Uint8Array(32).fill(1));
const hash = (height: number, fork = 0) => new Uint8Array(32).fill(height).fill(fork, 31);
const block = (height: number, fork = 0) => ({ height, hash: hash(height, fork), stateRoot: hash(height + 100) });
const state = (height: number) => new Uint8Array(700_000).fill(height);

/** A new enclave over the folder. */
function enclave(sealing = keys): Checkpoints {
  return new Checkpoints({
    files: openFiles(folder),
    platform,
    keys: sealing,
    policy: { kind: "measurement", identity: new Uint8Array(32) },
    genesisHash: hash(0),
    now: () => performance.now(),
    graceMs: 0,
    random: (length) => {
      salts++;
      return new Uint8Array(length).fill(salts & 255).fill(salts >> 8, 8);
    },
  });
}

function start(checkpoints: Checkpoints, head: number, acceptRollback = false): Started<number> {
  return checkpoints.start({ head, acceptRollback }, (at, content) => {
    expect(Buffer.compare(stateOf(checkpoints, content), state(at.height))).toBe(0);
    return at.height;
  });
}

/** What was saved, read from its places. */
function stateOf(checkpoints: Checkpoints, content: Uint8Array): Uint8Array {
  const places = Array.from({ length: content.length / 12 }, (_, i) => content.subarray(12 * i, 12 * i + 12));
  return Buffer.concat(places.map((place) => checkpoints.source.read(place)));
}

/** A whole life: starts with a chain of so many blocks, takes a checkpoint of each of these. */
async function life(head: number, ...takes: readonly number[]): Promise<Started<number>> {
  const checkpoints = enclave();
  const started = start(checkpoints, head);
  for (const height of takes) await checkpoints.take(block(height), saves([state(height)]));
  return started;
}

const refused = (work: () => unknown) =>
  expect(work).toThrowError(expect.objectContaining({ code: "RollbackDetected" }));
const name = (height: number) => `checkpoint-${String(height).padStart(10, "0")}.sealed`;
/** The files there are, but for the segments. */
const files = () =>
  readdirSync(folder)
    .filter((one) => !one.startsWith("segment-"))
    .toSorted();
const anchors = ["anchor-a.sealed", "anchor-b.sealed"];
const hide = (...names: readonly string[]) => {
  for (const one of names) rmSync(join(folder, one), { recursive: true });
};
/** A copy of the folder as it is, to be put back. */
function copy(): string {
  const dir = mkdtempSync(join(tmpdir(), "phatvm-copy-"));
  saved.push(dir);
  cpSync(folder, dir, { recursive: true });
  return dir;
}
const putBack = (from: string, ...names: readonly string[]) => {
  for (const one of names) cpSync(join(from, one), join(folder, one));
};

describe("checkpoints", () => {
  it("come back: the newest that the chain reaches, and two are kept", async () => {
    expect(await life(0)).toEqual({ restored: undefined, warnings: [] });
    await life(9, 3, 5, 9);
    expect(files()).toEqual([...anchors, name(5), name(9)]);
    expect(await life(12)).toEqual({ restored: 9, warnings: [] });
    expect(await life(9)).toEqual({ restored: 9, warnings: [] });
  });

  it("may be of any length", async () => {
    const checkpoints = enclave();
    start(checkpoints, 0);
    const pieces = [0, 1, 68, 2 ** 18 - 68, 2 ** 18, 2 ** 19 + 5, 7].map((length, i) => new Uint8Array(length).fill(i));
    await checkpoints.take(block(4), saves(pieces));
    const again = enclave();
    const content = again.start({ head: 4, acceptRollback: false }, (_, bytes) => stateOf(again, bytes)).restored;
    expect(Buffer.compare(content as Uint8Array, Buffer.concat(pieces))).toBe(0);
  });

  it("raise the counter by one each, and by one more for what an earlier life may have left", async () => {
    await life(9, 3, 5);
    expect(platform.value).toBe(3n);
    await life(9);
    expect(platform.value).toBe(3n);
    await life(9, 9);
    expect(platform.value).toBe(5n);
  });

  it("are passed over with a warning when they are damaged, and the older one is used", async () => {
    await life(9, 5, 9);
    const bytes = readFileSync(join(folder, name(9)));
    for (const at of [0, 10, 30, 60, 80, bytes.length - 17, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 4;
      writeFileSync(join(folder, name(9)), changed);
      expect(start(enclave(), 9), `byte ${at}`).toEqual({
        restored: 5,
        warnings: [expect.stringContaining(join(folder, name(9)))],
      });
    }
    // The next one takes the place of the damaged one, not of the good one.
    const checkpoints = enclave();
    start(checkpoints, 12);
    await checkpoints.take(block(12), saves([state(12)]));
    expect(files()).toEqual([...anchors, name(5), name(12)]);
  });

  it("are a link, a pipe or a folder to nobody: nothing is followed and nothing waited for", async () => {
    await life(9, 5, 9);
    hide(name(9));
    execFileSync("mkfifo", [join(folder, name(9))]);
    mkdirSync(join(folder, name(8)));
    symlinkSync(join(folder, name(5)), join(folder, name(7)));
    expect(start(enclave(), 9)).toMatchObject({ restored: 5, warnings: { length: 3 } });
    hide(...anchors);
    execFileSync("mkfifo", [join(folder, anchors[0] as string)]);
    refused(() => start(enclave(), 9));
  });

  it("do not pass for those of another block", async () => {
    await life(9, 5, 9);
    cpSync(join(folder, name(5)), join(folder, name(8)));
    hide(name(9), name(5));
    expect(start(enclave(), 9)).toMatchObject({
      restored: undefined,
      warnings: [expect.stringContaining("another block")],
    });
  });
});

describe("the binding to the counter", () => {
  it("refuses a chain that ends below it", async () => {
    await life(9, 5, 9);
    expect(() => start(enclave(), 8)).toThrowError(
      expect.objectContaining({ code: "RollbackDetected", facts: { chain: 8, enclave: 9 } }),
    );
  });

  it("is known as long as one of its three files is there, and good", async () => {
    await life(9, 5, 9);
    const whole = copy();
    const three = [name(9), ...anchors];
    for (const kept of three) {
      hide(...three.filter((one) => one !== kept));
      refused(() => start(enclave(), 8));
      expect(start(enclave(), 9)).toEqual(
        kept === name(9)
          ? { restored: 9, warnings: [] }
          : { restored: 5, warnings: [expect.stringContaining("block 9")] },
      );
      putBack(whole, ...three);
    }
    hide(...three);
    refused(() => start(enclave(), 9));
    for (const one of three) writeFileSync(join(folder, one), "phatseal and then nothing");
    refused(() => start(enclave(), 9));
    hide(...readdirSync(folder));
    refused(() => start(enclave(), 9));
  });

  it("is not that of older files put back", async () => {
    await life(5, 5);
    const older = copy();
    await life(9, 9);
    hide(...readdirSync(folder));
    putBack(older, name(5), ...anchors);
    refused(() => start(enclave(), 5));
    refused(() => start(enclave(), 9));
  });

  it("is not that of another platform's files", async () => {
    await life(5, 5);
    const other = enclave(new SealingKeys(new Uint8Array(32).fill(9)));
    refused(() => start(other, 9));
  });

  it("holds when the enclave ends between a checkpoint and the counter's step", async () => {
    await life(5, 5);
    const before = platform.value;
    const checkpoints = enclave();
    start(checkpoints, 9);
    await checkpoints.take(block(7), saves([state(7)]));
    platform.broken = true;
    await expect(checkpoints.take(block(9), saves([state(9)]))).rejects.toMatchObject({ code: "StorageFailed" });
    platform.broken = false;
    expect(platform.value).toBe(before + 2n);
    expect(await life(9)).toEqual({ restored: 9, warnings: [] });
    // It has not been acknowledged: a host that hides it takes nothing back.
    hide(name(9), ...anchors);
    expect(start(enclave(), 7)).toEqual({ restored: 7, warnings: [] });
  });

  it.each(["a later life", "the same life"])("is not weakened by unacknowledged files kept for %s", async (whose) => {
    await life(5, 5);
    let checkpoints = enclave();
    start(checkpoints, 7);
    await checkpoints.take(block(6), saves([state(6)]));
    platform.broken = true;
    await expect(checkpoints.take(block(7), saves([state(7)]))).rejects.toMatchObject({ code: "StorageFailed" });
    platform.broken = false;
    const unacknowledged = copy();
    if (whose === "a later life") {
      hide(name(7), ...anchors);
      checkpoints = enclave();
      expect(start(checkpoints, 9).restored).toBe(6);
    }
    await checkpoints.take(block(9), saves([state(9)]));
    // What would have had the value that the checkpoint of block 9 came to.
    hide(...readdirSync(folder));
    putBack(unacknowledged, name(7), ...anchors);
    refused(() => start(enclave(), 7));
    refused(() => start(enclave(), 9));
  });

  it("notices a counter that went back", async () => {
    await life(9, 5, 7, 9);
    platform.value = 1n;
    refused(() => start(enclave(), 9));
    platform.value = 0n;
    refused(() => start(enclave(), 9));
  });

  it("notices another enclave that is at work", async () => {
    const one = enclave();
    start(one, 5);
    await one.take(block(4), saves([state(4)]));
    platform.increment = () => {
      platform.value += 2n;
      return platform.value;
    };
    await expect(one.take(block(5), saves([state(5)]))).rejects.toMatchObject({ code: "RollbackDetected" });
  });

  it("refuses another block, and another state, at its height", async () => {
    await life(9, 5, 9);
    hide(name(9));
    const checkpoints = enclave();
    expect(start(checkpoints, 9).restored).toBe(5);
    checkpoints.check(6, () => hash(6, 1));
    expect(() => checkpoints.check(9, () => hash(9, 1))).toThrowError(
      expect.objectContaining({ code: "RollbackDetected" }),
    );
    checkpoints.check(9, () => hash(9));
    expect(() => checkpoints.checkState({ height: 9, stateRoot: hash(1) })).toThrowError(
      expect.objectContaining({ code: "StateDiverged" }),
    );
    checkpoints.checkState(block(9));
    await expect(checkpoints.take(block(8), saves([state(8)]))).rejects.toMatchObject({ code: "Internal" });
  });

  it("is given up when the owner accepts it, and then holds from where it went on", async () => {
    await life(9, 5, 7, 9);
    const lost = copy();
    refused(() => start(enclave(), 8));
    const checkpoints = enclave();
    expect(start(checkpoints, 8, true)).toEqual({ restored: 7, warnings: [expect.stringContaining("accepted")] });
    await checkpoints.take(block(8, 1), saves([state(8)]));
    expect(files()).toEqual([...anchors, name(8)]);
    expect(await life(8)).toEqual({ restored: 8, warnings: [] });
    refused(() => start(enclave(), 7));
    putBack(lost, name(9), ...anchors);
    expect(start(enclave(), 8)).toEqual({ restored: 8, warnings: [] });
    hide(...readdirSync(folder));
    expect(start(enclave(), 8, true)).toMatchObject({ restored: undefined });
  });

  it("stays as it is when there is no room for a checkpoint", async () => {
    await life(5, 5);
    const checkpoints = enclave();
    start(checkpoints, 9);
    function* failing(): Generator<Uint8Array> {
      yield state(9);
      throw new EngineError("StorageFailed", { what: "Writing", reason: "no space left on device" });
    }
    await expect(checkpoints.take(block(9), saves(failing()))).rejects.toMatchObject({ code: "StorageFailed" });
    expect(files()).toEqual([...anchors, name(5)]);
    expect(await life(5)).toEqual({ restored: 5, warnings: [] });
    await checkpoints.take(block(9), saves([state(9)]));
    expect(await life(9)).toEqual({ restored: 9, warnings: [] });
  });
});
