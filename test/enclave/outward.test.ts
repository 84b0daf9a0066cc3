/**
 * Secrets stay inside: neither a secret that a contract keeps nor any private key is in a byte that leaves the enclave,
 * nor in the memory of a host whose isolate is a process.
 *
 * The test stands where hardware stands: it opens the platform's folder itself, and so knows what to look for. That its
 * search finds what is there is shown by hosts that let something out.
 * @module
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { hkdf } from "../../src/crypto/kdf.ts";
import { sr25519Secret } from "../../src/crypto/mini-secret.ts";
import { measuredConfiguration } from "../../src/enclave/configuration.ts";
import { keysFromRoot } from "../../src/enclave/keys/from-root.ts";
import { userSecret } from "../../src/enclave/keys/hierarchy.ts";
import { openSecrets } from "../../src/enclave/keys/secrets.ts";
import { built } from "../../src/host/isolate/isolate.ts";
import { lmdbStore } from "../../src/host/store/lmdb.ts";
import { key } from "../../src/host/store/store.ts";
import { openPlatform } from "../../src/platform/simulated.ts";
import { type ClusterId, clusterNumber, contractId } from "../../src/wire/bytes.ts";
import { isolatesOf, until } from "./processes.ts";

const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const host = join(import.meta.dirname, "outward.mjs");
const utf8 = new TextEncoder();

const source = `
import { Bytes, Hash, hash, keys, log } from "phatvm/assembly";

@contract
export class Keeper {
  @storage secret: Bytes;
  @storage rounds: u32;

  @constructor
  new(): void {
    this.secret = keys.named("the mark").slice(0, 32);
  }

  @message
  keep(): u32 {
    this.secret = keys.named("the mark").slice(0, 32);
    log.info("kept");
    return ++this.rounds;
  }

  @message({ mutates: false })
  proof(): Hash {
    return hash.encoded<Bytes>(this.secret);
  }

  @message
  stumble(): u32 {
    const held = this.secret;
    if (held.length == 32) unreachable();
    return held.length;
  }

  @message({ mutates: false })
  betray(): Bytes {
    return this.secret;
  }
}
`;

let work: string;
let bundle: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "phatvm-outward-"));
  writeFileSync(join(work, "keeper.ts"), source);
  execFileSync(process.execPath, [cli, "build", join(work, "keeper.ts"), "-o", join(work, "built")], { stdio: "pipe" });
  bundle = join(work, "built/keeper.contract");
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

type Secrets = Readonly<Record<string, Uint8Array>>;

/** Everything private, from the platform's folder, the sealed secrets on the chain, and the contract's id. */
async function secretsOf(dir: string, contract: string): Promise<Secrets> {
  const platformFolder = join(dir, "platform");
  const code = readFileSync(built("enclave/main.js"));
  const platform = openPlatform(platformFolder, code, measuredConfiguration({ egress: {}, queries: {}, enclave: {} }));
  const store = await lmdbStore(join(dir, "chain.mdb"), dir, false);
  const sealed = store.get(key("meta", "secrets")) as Uint8Array;
  const genesisHash = blake2_256(store.get(key("meta", "genesis")) as Uint8Array);
  await store.close();
  const root = openSecrets(platform, genesisHash, sealed);
  const cluster = clusterNumber(1) as ClusterId;
  const id = contractId(contract);
  const keys = keysFromRoot(root);
  const secretFor = (purpose: string) => hkdf(root, utf8.encode("phatvm/keys/1"), utf8.encode(purpose), 32);
  const clusterKey = keys.clusterKey(cluster) as Uint8Array;
  return {
    "the platform's root": readFileSync(join(platformFolder, "root")),
    "the platform's quoting key": readFileSync(join(platformFolder, "quoting")),
    "the measurement's seal key": platform.sealKey,
    "the root of the enclave's secrets": root,
    "the root of the state's seals": hkdf(root, utf8.encode("phatvm/seals/1"), genesisHash, 32),
    "the worker's key": secretFor("worker identity"),
    "the master key's seed": secretFor("master key"),
    "the master key": sr25519Secret(secretFor("master key")),
    "the cluster's key": clusterKey,
    "the contract's key": keys.contractKey(cluster, id) as Uint8Array,
    "the contract's own secret": userSecret(clusterKey, id, utf8.encode("the mark")).subarray(0, 32),
  };
}

/** The ways in which 16 bytes may be written down. */
function spellings(bytes: Buffer): Buffer[] {
  const backwards = Buffer.from(bytes).reverse();
  return [bytes, backwards].flatMap((order) => {
    const hex = order.toString("hex");
    const decimal = [...order].join();
    // Within longer base64 the bytes may begin at any of three places; the digits at the ends depend on neighbours.
    const base64 = [0, 1, 2].map((before) =>
      Buffer.concat([Buffer.alloc(before), order])
        .toString("base64")
        .slice(before === 0 ? 0 : before + 1, -4),
    );
    const texts = [hex, hex.toUpperCase(), decimal, ...base64];
    return [order, ...texts.map((text) => Buffer.from(text)), Buffer.from(hex, "utf16le")];
  });
}

/** What is looked for: both halves of each 32 bytes of each secret, in every spelling. */
function needlesOf(secrets: Secrets): { readonly name: string; readonly bytes: Buffer }[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    Array.from({ length: secret.length / 16 }, (_, i) => Buffer.from(secret.subarray(16 * i, 16 * i + 16)))
      .flatMap(spellings)
      .map((bytes) => ({ name, bytes })),
  );
}

/** Names of the secrets that are in some bytes. */
function found(needles: ReturnType<typeof needlesOf>, bytes: Buffer): string[] {
  return [...new Set(needles.filter((needle) => bytes.includes(needle.bytes)).map(({ name }) => name))];
}

/** The memory that a process may write to, in pieces that overlap. */
function* memoryOf(pid: number): Generator<Buffer> {
  const piece = Buffer.alloc(32 * 1024 * 1024);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const [range = "", mode = ""] = line.split(" ");
      if (!mode.startsWith("rw")) continue;
      const [start = 0n, end = 0n] = range.split("-").map((hex) => BigInt(`0x${hex}`));
      for (let at = start; at < end; at += BigInt(piece.length - 256)) {
        const wanted = Number(end - at < BigInt(piece.length) ? end - at : BigInt(piece.length));
        try {
          yield piece.subarray(0, readSync(memory, piece, 0, wanted, at as unknown as number));
        } catch {
          // What cannot be read by whoever may read everything is no memory.
        }
      }
    }
  } finally {
    closeSync(memory);
  }
}

interface Outward {
  /** Names of the secrets found, by where: only places where something was found. */
  readonly places: Readonly<Record<string, readonly string[]>>;
  /** Where was searched, with the number of bytes. */
  readonly searched: Readonly<Record<string, number>>;
}

let runs = 0;
/** Runs a host, and searches whatever leaves its enclave. */
async function searched(kind: "thread" | "process", betray: string, mark?: Uint8Array): Promise<Outward> {
  const folder = join(work, `run-${++runs}`);
  mkdirSync(join(folder, "kept"), { recursive: true });
  const child = spawn(process.execPath, [host, folder, bundle, kind, betray], { stdio: ["pipe", "pipe", "pipe"] });
  try {
    const printed: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => printed.push(chunk));
    const said = () => Buffer.concat(printed).toString();
    await until(() => said().includes("\nopen\n") || child.exitCode !== null, "the host was open");
    expect(child.exitCode, said()).toBeNull();
    // While it runs its memory holds what it holds; the store's secrets are read once it has closed.
    const memories =
      kind === "process" ? { host: child.pid as number, isolate: isolatesOf(child.pid as number)[0] as number } : {};
    const dumps = Object.entries(memories).map(
      ([name, pid]) => [name, Array.from(memoryOf(pid), (part) => Buffer.from(part))] as const,
    );
    child.stdin.end("go on\n");
    await once(child, "exit");
    const dir = join(folder, "net");
    const contract = /contract (0x[0-9a-f]{64})/.exec(said())?.[1] as string;
    const secrets = mark === undefined ? await secretsOf(dir, contract) : { "the mark": mark };
    const needles = needlesOf(secrets);

    const places: Record<string, string[]> = {};
    const sizes: Record<string, number> = {};
    const search = (where: string, bytes: Buffer): void => {
      sizes[where] = (sizes[where] ?? 0) + bytes.length;
      for (const name of found(needles, bytes)) (places[where] ??= []).push(name);
    };
    search("printed", Buffer.concat(printed));
    for (const name of readdirSync(join(folder, "kept"))) search(name, readFileSync(join(folder, "kept", name)));
    for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(dir, path);
      if (entry.isFile() && !name.startsWith("platform/")) search("files", readFileSync(path));
    }
    // Memory is searched for the beginnings as they are and as hex: the rest would take minutes.
    const firsts = Object.entries(secrets).map(([name, secret]) => [name, secret.subarray(0, 16)] as const);
    const few = needlesOf(Object.fromEntries(firsts)).filter((_, i) => i % 16 < 2);
    for (const [name, parts] of dumps) {
      for (const part of parts) {
        const where = `memory of the ${name}`;
        sizes[where] = (sizes[where] ?? 0) + part.length;
        for (const secret of found(few, part))
          if (!places[where]?.includes(secret)) (places[where] ??= []).push(secret);
      }
    }
    return { places, searched: sizes };
  } finally {
    child.kill("SIGKILL");
  }
}

describe("what leaves the enclave", () => {
  const outward = ["errors", "files", "frames-in", "frames-out", "heap", "printed", "said", "socket"];

  it("holds no secret, when the isolate is a thread", async () => {
    const { places, searched: sizes } = await searched("thread", "nothing");
    expect(places).toEqual({});
    for (const where of outward) expect(sizes[where], where).toBeGreaterThan(50);
  });

  it("holds no secret, nor does the host's memory, when the isolate is a process", async () => {
    const { places, searched: sizes } = await searched("process", "nothing");
    for (const where of outward) expect(sizes[where], where).toBeGreaterThan(50);
    const { "memory of the isolate": inside, ...outside } = places;
    expect(outside).toEqual({});
    expect(sizes["memory of the host"]).toBeGreaterThan(10_000_000);
    // Where they are, they are found.
    expect(inside).toEqual(expect.arrayContaining(["the root of the enclave's secrets", "the contract's own secret"]));
  });

  it("holds a contract's secret as soon as the contract tells it: so the search finds what is there", async () => {
    const { places } = await searched("process", "secret");
    expect(places["frames-out"]).toEqual(["the contract's own secret"]);
    expect(places.socket).toEqual(["the contract's own secret"]);
    expect(places.heap).toEqual(["the contract's own secret"]);
    expect(places["memory of the host"]).toEqual(["the contract's own secret"]);
  });

  it("is found wherever and however a host lets it out: so the search looks everywhere", async () => {
    const mark = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 255);
    const { places } = await searched("process", Buffer.from(mark.map((byte) => byte ^ 255)).toString("hex"), mark);
    const all = ["errors", "files", "frames-in", "frames-out", "heap", "memory of the host", "printed", "said"];
    expect(Object.keys(places).toSorted()).toEqual(all);
  });
});
