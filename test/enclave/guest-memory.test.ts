/**
 * The heap's limit does not count the memory of contracts, so that has bounds of its own: measured from outside, on the
 * process of an isolate.
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Network, open } from "../../src/index.ts";
import { unhurried } from "../egress/servers.ts";
import { isolatesOf } from "./processes.ts";

const bundle = join(import.meta.dirname, "../../build/stress.contract");
let net: Network | undefined;
afterEach(() => net?.close());

/** Mebibytes that a process has held at most. */
function most(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

describe("the memory of contracts", () => {
  it("is bounded, however many ask for all there is, and however deep", async () => {
    net = await open({ isolate: "process", enclaveMegabytes: 256, queries: unhurried });
    const signer = net.account("//Alice");
    // biome-ignore lint/suspicious/noExplicitAny: the contracts are used without their types.
    const contracts: any[] = [];
    for (let i = 0; i < 8; i++) {
      const salt = new Uint8Array(32).fill(i);
      contracts.push(await net.deploy({ bundle, constructor: "new", args: [], signer, salt }));
    }
    const [pid] = isolatesOf(process.pid) as [number];
    const before = most(pid);
    const all = Array.from({ length: 160 }, (_, i) => {
      const stress = contracts[i % contracts.length];
      // Much of the mebibyte that this code declares, or more than there is, or six memories one in the other.
      const kind = i % 3;
      if (kind === 0) return stress.query.allocate({ args: [1, 600_000] });
      if (kind === 1) return stress.query.allocate({ args: [1, 500_000_000] });
      return stress.query.nest({ args: [20] });
    });
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(107);
    expect(outcomes.filter(({ status }) => status === "rejected").length).toBeGreaterThanOrEqual(53);
    // One contract at a time runs, six frames deep: what stays is what the pool keeps.
    expect(most(pid) - before).toBeLessThan(64);
  });
});
