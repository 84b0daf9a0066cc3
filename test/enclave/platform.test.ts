import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyEd25519 } from "../../src/crypto/ed25519.ts";
import { measurementOf, quoteMessage } from "../../src/crypto/quote.ts";
import { openPlatform as openWith } from "../../src/platform/simulated.ts";

const plain = Uint8Array.of(0);
const openPlatform = (folder: string | undefined, loaded: Uint8Array) => openWith(folder, loaded, plain);

let dir: string;
const code = Uint8Array.of(1, 2, 3);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-platform-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the simulated platform", () => {
  it("is the same platform when it is opened again, and another in another folder or in memory", () => {
    const [one, two] = [join(dir, "one"), join(dir, "two")];
    const first = openPlatform(one, code);
    expect(openPlatform(one, code)).toMatchObject({ sealKey: first.sealKey, signer: first.signer });
    const all = [first, openPlatform(two, code), openPlatform(undefined, code), openPlatform(undefined, code)];
    expect(new Set(all.map(({ sealKey }) => Buffer.from(sealKey).toString("hex"))).size).toBe(4);
    expect(new Set(all.map(({ signer }) => Buffer.from(signer).toString("hex"))).size).toBe(4);
    expect(first.sealKey).toHaveLength(32);
  });

  it("keeps its folder and files for its owner", () => {
    const folder = join(dir, "p");
    const platform = openPlatform(folder, code);
    platform.increment();
    platform.quote(new Uint8Array(1));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).toSorted()).toEqual(["counter", "quoting", "root"]);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it("has a counter that only goes up, also across openings", () => {
    const folder = join(dir, "p");
    expect(openPlatform(folder, code).counter()).toBe(0n);
    expect(openPlatform(folder, code).increment()).toBe(1n);
    expect(openPlatform(folder, code).increment()).toBe(2n);
    expect(openPlatform(folder, code).counter()).toBe(2n);
    writeFileSync(join(folder, "counter"), "-5");
    expect(() => openPlatform(folder, code).counter()).toThrow(expect.objectContaining({ code: "PlatformDamaged" }));
    const inMemory = openPlatform(undefined, code);
    inMemory.increment();
    expect(inMemory.increment()).toBe(2n);
  });

  it("measures the code and the configuration, and gives each measurement a seal key of its own", () => {
    const folder = join(dir, "p");
    const first = openPlatform(folder, code);
    expect(first.measurement).toEqual(measurementOf(createHash("sha256").update(code).digest(), plain));
    const set = openWith(folder, code, Uint8Array.of(1));
    const changed = openPlatform(folder, code.slice(1));
    const all = [first, set, changed];
    expect(new Set(all.map(({ measurement }) => Buffer.from(measurement).toString("hex"))).size).toBe(3);
    expect(new Set(all.map(({ sealKey }) => Buffer.from(sealKey).toString("hex"))).size).toBe(3);
    // None of them is told what the others' keys are made from.
    const root = readFileSync(join(folder, "root"));
    for (const platform of all) {
      const told = Object.values(platform).filter((value) => value instanceof Uint8Array);
      expect(told.some((value) => Buffer.from(value).equals(root))).toBe(false);
    }
  });

  it("binds data to the measurement in a quote that says simulated", () => {
    const platform = openPlatform(join(dir, "p"), code);
    const quote = platform.quote(Uint8Array.of(1, 2, 3));
    expect(quote).toMatchObject({
      platform: "simulated",
      measurement: platform.measurement,
      data: Uint8Array.of(1, 2, 3),
    });
    expect(verifyEd25519(quote.signer, quoteMessage(quote), quote.signature)).toBe(true);
    expect(verifyEd25519(quote.signer, quoteMessage({ ...quote, data: Uint8Array.of(1) }), quote.signature)).toBe(
      false,
    );
    expect(() => platform.quote(new Uint8Array(65))).toThrow(expect.objectContaining({ code: "Undecodable" }));
  });

  it("that was damaged says so, instead of starting as another one", () => {
    const folder = join(dir, "p");
    openPlatform(folder, code);
    const root = readFileSync(join(folder, "root"));
    writeFileSync(join(folder, "root"), root.subarray(0, 31));
    expect(() => openPlatform(folder, code)).toThrow(expect.objectContaining({ code: "PlatformDamaged" }));
  });
});
