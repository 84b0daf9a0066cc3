/**
 * An embedded network's own worker: registered from the first block on, anew in good time, and trusted by clients only
 * as long as that counts.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Network } from "../../src/client/network.ts";
import { connectNode, openNode } from "../../src/host/node.ts";
import type { Contract, OpenOptions, PhatError, TransactionReceipt, WorkerInfo } from "../../src/index.ts";
import { readAttestation, writeAttestation } from "../../src/wire/attestation.ts";
import { readGenesis, readHeader, writeGenesis, writeHeader } from "../../src/wire/block.ts";
import { fromHex, toHex } from "../../src/wire/bytes.ts";
import type { NodeApi, Registrations, WorkerRecord } from "../../src/wire/node.ts";
import { decode, encode } from "../../src/wire/scale.ts";
import { account, signed } from "../host/support/extrinsics.ts";
import { codeOf } from "./support.ts";

const flipper = fileURLToPath(new URL("../../build/flipper.contract", import.meta.url));
const day = 86_400_000;
const valid = 7 * day;
const patience = { timeout: 120_000 };

let dir: string;
let nodes: NodeApi[];
const warnings: string[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-attestation-"));
  nodes = [];
  warnings.length = 0;
});
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  vi.useRealTimers();
  rmSync(dir, { recursive: true, force: true });
});

async function open(options: OpenOptions = { dir }) {
  const node = await openNode({ onWarning: (warning) => warnings.push(warning), ...options });
  nodes.push(node);
  return { node, net: new Network(node, await node.facts()) };
}

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

async function deployed(net: Network): Promise<{ contract: Contract; receipt: TransactionReceipt }> {
  const contract = await net.deploy({ bundle: flipper, args: [true], signer: net.account("//Alice") });
  return { contract, receipt: contract.deployment as TransactionReceipt };
}

describe("the worker of an embedded network", () => {
  it.each([
    ["in memory", () => ({})],
    ["in a folder", () => ({ dir })],
  ])(
    "is registered %s when the network opens, by the first block, and says that it is simulated",
    async (_, options) => {
      const before = Date.now();
      const { node, net } = await open(options());
      const facts = await node.facts();
      const [worker, ...others] = await net.workers();
      expect(others).toEqual([]);
      expect(worker).toMatchObject({
        publicKey: toHex(facts.worker),
        measurement: toHex(facts.measurement),
        platform: "simulated",
        active: true,
      });
      const attestedAt = worker?.attestedAt.getTime() as number;
      expect(attestedAt).toBeGreaterThanOrEqual(before);
      expect(worker?.expires.getTime()).toBe(attestedAt + valid);
      expect(await node.proof(2)).toBeUndefined();
      expect(warnings).toEqual([]);
    },
  );

  it("is registered anew when a folder is opened in the second half of its time, and not before", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const first = await open();
    const { receipt, contract } = await deployed(first.net);
    const [before] = await first.net.workers();
    await first.net.close();
    later(3 * day);
    const second = await open();
    expect((await second.net.workers())[0]).toEqual(before);
    await second.net.close();
    // Also when it has long expired: nobody was there to do it.
    for (const pause of [day, 30 * day]) {
      later(pause);
      const { net } = await open();
      const [worker] = await net.workers();
      expect(worker).toMatchObject({ publicKey: before?.publicKey, active: true });
      expect(Date.now() - (worker?.attestedAt.getTime() as number)).toBeLessThan(60_000);
      expect(await net.verify(receipt)).toMatchObject({ worker: before?.publicKey });
      expect(await (await net.attach(contract.id)).query.get?.()).toBe(true);
      await net.close();
    }
    expect(warnings).toEqual([]);
  });

  it("is registered anew while the network is open and nothing else happens", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    const { net, node } = await open({});
    const [before] = await net.workers();
    const blocks: number[] = [];
    node.on("block", ({ number }) => blocks.push(number));
    for (let half = 0; half < 3; half++) {
      await vi.advanceTimersByTimeAsync(valid / 2);
      // What the timer began takes its time in the isolate.
      const fresh = async () => Date.now() - ((await net.workers())[0]?.attestedAt.getTime() as number) < day;
      await vi.waitUntil(fresh, patience);
    }
    expect((await net.workers())[0]).toMatchObject({ publicKey: before?.publicKey, active: true });
    // An empty block each time, which the quote names, and one for the registration.
    await vi.waitUntil(() => blocks.length >= 6, patience);
    expect(blocks).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it("is trusted no more once its time is over, or governance has taken its measurement off the list", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { net } = await open({});
    const { receipt } = await deployed(net);
    const [worker] = await net.workers();
    await net.verify(receipt);
    later(valid - 60_000);
    await net.verify(receipt);
    later(60_001);
    expect(await codeOf(net.verify(receipt))).toBe("WorkerUntrusted");
    await expect(net.verify(receipt, { worker: worker?.publicKey as `0x${string}` })).rejects.toThrow(/expired at/);
    expect((await net.workers())[0]).toMatchObject({ active: false });
    later(-60_001);
    await net.verify(receipt);
    const measurement = worker?.measurement as `0x${string}`;
    const change = { kind: "removeMeasurement", measurement } as const;
    expect(await codeOf(net.governTrust({ change, signer: net.account("//Bob") }))).toBe("NotPermitted");
    expect(await net.trusted()).toMatchObject({ measurements: [{ measurement, addedAt: 1 }] });
    await net.governTrust({ change, signer: net.account("//Alice") });
    expect(await net.trusted()).toMatchObject({ measurements: [] });
    expect(await codeOf(net.governTrust({ change, signer: net.account("//Alice") }))).toBe("NotListed");
    expect(await codeOf(net.verify(receipt))).toBe("WorkerUntrusted");
    expect((await net.workers())[0]).toMatchObject({ active: false });
  });

  it("is not registered under another's name by a client that sends its quote around", async () => {
    const { node, net } = await open({});
    const { genesisHash } = await node.facts();
    const [record] = (await node.workers()).workers as [WorkerRecord];
    const attestation = decode(record.attestation, "attestation", readAttestation);
    const thief = account("//Eve", "ed25519");
    const send = (changed: typeof attestation) =>
      node.submit(
        signed(thief, genesisHash, 0, { kind: "registry", call: { kind: "registerWorker", attestation: changed } }),
      );
    expect(await codeOf(send(attestation))).toBe("QuoteReplayed");
    const { registration, quote } = attestation;
    const own = { ...registration, worker: thief.publicKey };
    expect(await codeOf(send({ registration: own, quote }))).toBe("QuoteForged");
    const operated = { ...registration, operator: thief.publicKey as never };
    expect(await codeOf(send({ registration: operated, quote }))).toBe("QuoteForged");
    expect(await net.workers()).toHaveLength(1);
  });
});

describe("what a network trusts", () => {
  it("is told and changed through the socket as in the process, and says simulated wherever it shows", async () => {
    const owner = await open({ dir, listen: true });
    const node = (await connectNode(dir)) as NodeApi;
    nodes.push(node);
    const net = new Network(node, await node.facts());
    expect(await net.workers()).toEqual(await owner.net.workers());
    const [worker] = await net.workers();
    const { publicKey, measurement, signer } = worker as WorkerInfo;
    const trusted = { measurements: [{ measurement, addedAt: 1 }], signers: [{ platform: "simulated", signer }] };
    expect(await net.trusted()).toEqual(trusted);
    const alice = net.account("//Alice");
    const other = toHex(new Uint8Array(32).fill(0x99));
    await net.governTrust({ change: { kind: "addMeasurement", measurement: other }, signer: alice });
    await net.governTrust({ change: { kind: "addSigner", platform: "sgx", signer: other }, signer: alice });
    expect(await owner.net.trusted()).toMatchObject({
      measurements: [{ measurement }, { measurement: other }],
      signers: [{ signer }, { platform: "sgx", signer: other }],
    });
    await net.governTrust({ change: { kind: "removeSigner", platform: "simulated", signer }, signer: alice });
    expect(await net.workers()).toEqual([{ ...worker, publicKey, active: false }]);
    const short = { kind: "addMeasurement", measurement: "0x12" } as const;
    expect(await codeOf(net.governTrust({ change: short, signer: alice }))).toBe("Undecodable");
    const none = { kind: "registerWorker" } as never;
    expect(await codeOf(net.governTrust({ change: none, signer: alice }))).toBe("Undecodable");
  });
});

describe("a node that lies about its workers is found out:", () => {
  const through = (node: NodeApi, change: (told: Registrations) => Registrations): Promise<Network> =>
    node.facts().then(
      (facts) =>
        new Network(
          new Proxy(node, {
            get: (target, name) => {
              if (name === "workers") return async () => change(await target.workers());
              const value = (target as unknown as Record<string | symbol, unknown>)[name];
              return typeof value === "function" ? value.bind(target) : value;
            },
          }),
          facts,
        ),
    );
  const one = (told: Registrations, change: (record: WorkerRecord) => WorkerRecord): Registrations => ({
    ...told,
    workers: told.workers.map(change),
  });

  it.each<[string, string, (told: Registrations) => Registrations]>([
    ["no workers at all", "WorkerUntrusted", (told) => ({ ...told, workers: [] })],
    [
      "a genesis by which registrations count for ever",
      "GenesisMismatch",
      (told) => {
        const read = decode(told.genesis, "genesis", readGenesis);
        const attestation = { ...read.attestation, validMs: 10n ** 15n };
        return { ...told, genesis: encode({ ...read, attestation }, writeGenesis) };
      },
    ],
    [
      "a date that is not that of the block named",
      "WorkerUntrusted",
      (told) =>
        one(told, (record) => {
          const header = decode(record.header as Uint8Array, "header", readHeader);
          return { ...record, header: encode({ ...header, timestamp: header.timestamp + 1n }, writeHeader) };
        }),
    ],
    ["no date", "WorkerUntrusted", (told) => one(told, (record) => ({ ...record, header: undefined }))],
    [
      "another's key in a quote",
      "WorkerUntrusted",
      (told) =>
        one(told, (record) => {
          const { registration, quote } = decode(record.attestation, "attestation", readAttestation);
          const changed = { registration: { ...registration, features: [1, 2, 3] }, quote };
          return { ...record, attestation: encode(changed, writeAttestation) };
        }),
    ],
  ])("%s", async (_, expected, change) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const first = await open();
    await first.net.close();
    later(5 * day);
    // Registered anew, by a quote that names a block with a header.
    const { node, net } = await open();
    const { receipt } = await deployed(net);
    await net.verify(receipt);
    const liar = await through(node, change);
    expect(await codeOf(liar.verify(receipt))).toBe(expected);
  });

  it("any byte of what it tells", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const first = await open();
    await first.net.close();
    later(5 * day);
    const { node, net } = await open();
    const { receipt } = await deployed(net);
    const flip = (bytes: Uint8Array, at: number): Uint8Array =>
      bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << (at % 8)) : byte));
    for (let at = 0; at < 400; at += 7) {
      for (const part of ["attestation", "header"] as const) {
        const liar = await through(node, (told) =>
          one(told, (record) => ({ ...record, [part]: flip(record[part] as Uint8Array, at) })),
        );
        expect(await codeOf(liar.verify(receipt)), `byte ${at} of ${part}`).toMatch(/^(WorkerUntrusted|Undecodable)$/);
        const listed = await liar.workers().catch((error: PhatError) => error.code);
        expect(listed === "Undecodable" || (listed as WorkerInfo[])[0]?.active === false).toBe(true);
      }
    }
  });

  it("an enclave other than the one that its client insists on", async () => {
    const { net } = await open({});
    const { receipt } = await deployed(net);
    const [worker] = await net.workers();
    const other = toHex(fromHex(worker?.measurement as string).map((byte) => byte ^ 1));
    const measurement = worker?.measurement as `0x${string}`;
    await net.verify(receipt, { measurements: [other, measurement] });
    expect(await codeOf(net.verify(receipt, { measurements: [other] }))).toBe("WorkerUntrusted");
    expect(await codeOf(net.verify(receipt, { measurements: [] }))).toBe("WorkerUntrusted");
    expect(await codeOf(net.verify(receipt, { signers: [other] }))).toBe("WorkerUntrusted");
  });
});
