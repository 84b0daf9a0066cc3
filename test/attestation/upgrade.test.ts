/**
 * A folder whose package was upgraded: two enclaves with different bundles, and the secrets go from the one to the other.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Network } from "../../src/client/network.ts";
import { EmbeddedNode } from "../../src/host/embedded.ts";
import type { NodeOptions } from "../../src/host/options.ts";
import { lmdbStore } from "../../src/host/store/lmdb.ts";
import { key, type Store } from "../../src/host/store/store.ts";
import { type Contract, EngineError, type TransactionReceipt } from "../../src/index.ts";
import { toHex } from "../../src/wire/bytes.ts";
import type { NodeApi } from "../../src/wire/node.ts";
import { account, signed } from "../host/support/extrinsics.ts";
import { codeOf } from "./support.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const vault = join(root, "build/vault.contract");

let bundles: string;
let [older, newer] = ["", ""];
beforeAll(() => {
  bundles = mkdtempSync(join(tmpdir(), "phatvm-bundles-"));
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  // The package's own way to bundle, once as it is and once with a constant of the enclave changed.
  const [, flags = ""] =
    /esbuild src\/enclave\/main\.ts (.*) --outfile=/.exec(scripts["build:enclave"] as string) ?? [];
  const bundle = (name: string, ...more: string[]): string => {
    const path = join(bundles, name);
    const esbuild = join(root, "node_modules/.bin/esbuild");
    execFileSync(esbuild, ["src/enclave/main.ts", ...flags.split(" "), ...more, `--outfile=${path}`], { cwd: root });
    return path;
  };
  older = bundle("older.js");
  const changed = readFileSync(older, "utf8").replace("state of the enclave", "state of this enclave");
  newer = join(bundles, "newer.js");
  writeFileSync(newer, changed);
  expect(changed).not.toBe(readFileSync(older, "utf8"));
});
afterAll(() => rmSync(bundles, { recursive: true, force: true }));

let dir: string;
let nodes: NodeApi[];
let warnings: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-upgrade-"));
  nodes = [];
  warnings = [];
});
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  rmSync(dir, { recursive: true, force: true });
});

/** Opens the folder with the enclave of one bundle or the other. */
async function open(code: string, options: NodeOptions = {}, wrap = (store: Store): Store => store) {
  const at = join(dir, "chain.mdb");
  const store = await lmdbStore(at, dir, !existsSync(at));
  const places = {
    store: wrap(store),
    checkpointFolder: join(dir, "checkpoints"),
    platformFolder: join(dir, "platform"),
    enclaveFolder: join(dir, "enclaves"),
    code,
    release: async () => undefined,
  };
  try {
    const node = await EmbeddedNode.start(places, { onWarning: (warning) => warnings.push(warning), ...options });
    nodes.push(node);
    return { node, net: new Network(node, await node.facts()) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

const call = (contract: Contract, message: string, ...args: unknown[]) =>
  (contract.query[message] as NonNullable<Contract["query"][string]>)({ args });

/** A vault, whose key only the enclave's secrets give. */
async function prepared(net: Network) {
  const contract = await net.deploy({ bundle: vault, signer: net.account("//Alice") });
  return { contract, receipt: contract.deployment as TransactionReceipt, key: await call(contract, "publicKey") };
}

describe("an upgrade", () => {
  it.each(["thread", "process"] as const)(
    "hands over to the same worker with the same keys, as a %s",
    async (isolate) => {
      const first = await open(older, { isolate });
      const { contract, receipt, key: before } = await prepared(first.net);
      const [was] = await first.net.workers();
      await first.net.close();

      const { net, node } = await open(newer, { isolate });
      const [worker, ...others] = await net.workers();
      expect(others).toEqual([]);
      expect(worker).toMatchObject({ publicKey: was?.publicKey, platform: "simulated", active: true });
      expect(worker?.measurement).not.toBe(was?.measurement);
      expect(worker?.measurement).toBe(toHex((await node.facts()).measurement));
      expect(await call(await net.attach(contract.id), "publicKey")).toEqual(before);
      expect(await net.verify(receipt)).toMatchObject({ worker: was?.publicKey, measurement: worker?.measurement });
      expect(warnings).toEqual([
        expect.stringMatching(/^The enclave 0x[0-9a-f]{64} has handed its secrets over to 0x/),
      ]);
      await net.close();

      // From now on the secrets are the new one's: nothing is handed over again, and the old code is no more needed.
      warnings.length = 0;
      const again = await open(newer);
      expect(await call(await again.net.attach(contract.id), "publicKey")).toEqual(before);
      expect(warnings).toEqual([]);
      expect(readdirSync(join(dir, "enclaves"))).toHaveLength(1);
    },
  );

  it("starts from the old one's checkpoint, and executes nothing again", async () => {
    const first = await open(older);
    const { contract } = await prepared(first.net);
    await first.net.close();
    const { net, node } = await open(newer);
    const executed: number[] = [];
    node.on("block", ({ number }) => executed.push(number));
    expect(await call(await net.attach(contract.id), "publicKey")).toBeDefined();
    expect(warnings.filter((warning) => !warning.includes("handed its secrets over"))).toEqual([]);
    expect(executed).toEqual([]);
  });

  it("can be taken back, when governance says that the old enclave is the newer one again", async () => {
    const first = await open(older);
    const { contract, key: before } = await prepared(first.net);
    const [was] = await first.net.workers();
    await first.net.close();
    await (await open(newer)).net.close();
    const { net } = await open(older);
    expect(await call(await net.attach(contract.id), "publicKey")).toEqual(before);
    expect((await net.workers())[0]).toMatchObject({ measurement: was?.measurement, active: true });
  });

  it("of what is set of whom contracts can rely on goes the same way", async () => {
    const first = await open(older);
    const { contract, key: before } = await prepared(first.net);
    const [was] = await first.net.workers();
    await first.net.close();
    for (const clearLogs of [true, false]) {
      const { net } = await open(older, { queries: { clearLogs } });
      expect(await call(await net.attach(contract.id), "publicKey")).toEqual(before);
      const [worker] = await net.workers();
      expect(worker?.measurement === was?.measurement).toBe(!clearLogs);
      expect(worker?.active).toBe(true);
      await net.close();
    }
  });

  it("is refused when the old code is gone, and loses nothing: it is done when the code is back", async () => {
    const first = await open(older);
    const { contract, key: before } = await prepared(first.net);
    await first.net.close();
    const enclaves = join(dir, "enclaves");
    renameSync(enclaves, `${dir}-enclaves`);
    expect(await codeOf(open(newer))).toBe("EnclaveMissing");
    // Whoever changes the copy gets nothing for it either.
    renameSync(`${dir}-enclaves`, enclaves);
    const [name = ""] = readdirSync(enclaves);
    const copy = readFileSync(join(enclaves, name), "utf8");
    writeFileSync(join(enclaves, name), `${copy}\n`);
    expect(await codeOf(open(newer))).toBe("EnclaveMissing");
    rmSync(join(enclaves, name));
    expect(await codeOf(open(newer))).toBe("EnclaveMissing");
    // The version that was last used opens it as before, and keeps its code again.
    const back = await open(older);
    expect(await call(await back.net.attach(contract.id), "publicKey")).toEqual(before);
    await back.net.close();
    const { net } = await open(newer);
    expect(await call(await net.attach(contract.id), "publicKey")).toEqual(before);
  });

  it("that fails before the new secrets are on disk is done again", async () => {
    const first = await open(older);
    const { contract, key: before } = await prepared(first.net);
    await first.net.close();
    const secrets = key("meta", "secrets");
    const failing = (store: Store): Store => ({
      ...store,
      get: (name) => store.get(name),
      close: () => store.close(),
      write: (writes) => {
        if (!writes.some((write) => Buffer.from(write.key).equals(secrets))) return store.write(writes);
        const flushed = Promise.reject(
          new EngineError("StorageFailed", { what: "Writing", reason: "the disk is full" }),
        );
        flushed.catch(() => undefined);
        return { committed: flushed, flushed };
      },
    });
    expect(await codeOf(open(newer, {}, failing))).toBe("StorageFailed");
    const { net } = await open(newer);
    expect(await call(await net.attach(contract.id), "publicKey")).toEqual(before);
    expect(await net.workers()).toHaveLength(1);
  });

  it("that ends before the chain knows the new enclave can be taken back, or on", async () => {
    const first = await open(older);
    const { contract, key: before } = await prepared(first.net);
    const [was] = await first.net.workers();
    await first.net.close();
    const secrets = key("meta", "secrets");
    /** Takes nothing more once it has the new secrets. */
    const last = (store: Store): Store => {
      let full = false;
      return {
        ...store,
        get: (name) => store.get(name),
        close: () => store.close(),
        write: (writes) => {
          if (!full) {
            full = writes.some((write) => Buffer.from(write.key).equals(secrets));
            return store.write(writes);
          }
          const flushed = Promise.reject(
            new EngineError("StorageFailed", { what: "Writing", reason: "the disk is full" }),
          );
          flushed.catch(() => undefined);
          return { committed: flushed, flushed };
        },
      };
    };
    for (const [taken, opened] of [
      [newer, older],
      [newer, newer],
      [older, newer],
    ] as const) {
      expect(await codeOf(open(taken, {}, last))).toBe("StorageFailed");
      const { net } = await open(opened);
      expect(await call(await net.attach(contract.id), "publicKey")).toEqual(before);
      expect(await net.workers()).toMatchObject([{ publicKey: was?.publicKey, active: true }]);
      await net.close();
    }
  });

  it("that is killed at any instant is done again: the secrets are the one's or the other's", async () => {
    const first = await open(older);
    const { contract, key: before } = await prepared(first.net);
    const [was] = await first.net.workers();
    await first.net.close();
    const good = `${dir}-good`;
    cpSync(dir, good, { recursive: true });
    /** Runs an upgrade, to be killed some time after it has begun; gives how long it took if it was not. */
    const upgrade = async (ms: number): Promise<number> => {
      const child = spawn(process.execPath, [join(import.meta.dirname, "upgrader.mjs"), dir, newer], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      const began = performance.now();
      const timer = setTimeout(() => child.kill("SIGKILL"), ms);
      await once(child, "exit");
      clearTimeout(timer);
      return performance.now() - began;
    };
    const whole = await upgrade(60_000);
    for (let kill = 0; kill < 4; kill++) {
      rmSync(dir, { recursive: true });
      cpSync(good, dir, { recursive: true });
      await upgrade((whole * (kill + 0.5)) / 4);
      // Whichever of them has the secrets now: both can be opened, one after the other.
      for (const code of kill % 2 === 0 ? [newer, older] : [older, newer]) {
        const { net } = await open(code);
        expect(await call(await net.attach(contract.id), "publicKey")).toEqual(before);
        expect(await net.workers()).toMatchObject([{ publicKey: was?.publicKey, active: true }]);
        await net.close();
      }
    }
    rmSync(good, { recursive: true });
  });

  it("is refused when governance has taken the old measurement off the list", async () => {
    const first = await open(older);
    const { genesisHash, measurement } = await first.node.facts();
    const governor = account("//Alice");
    const nonce = await first.node.nextNonce(governor.publicKey);
    const forbid = { kind: "registry", call: { kind: "removeMeasurement", measurement } } as const;
    await first.node.submit(signed(governor, genesisHash, nonce, forbid));
    await first.net.close();
    expect(await codeOf(open(newer))).toBe("MeasurementNotAllowed");
    // What it had been trusted with stays with it.
    const { net } = await open(older);
    expect((await net.workers())[0]).toMatchObject({ active: false });
  });
});
