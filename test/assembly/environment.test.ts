/**
 * Every function of the SDK's environment, on the real network; HTTP on a host that answers from a list.
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { blake2b } from "@noble/hashes/blake2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildContract } from "../../assembly/transform/build.ts";
import { fromHex } from "../../assembly/transform/hashes.ts";
import { loadBundle } from "../../src/client/bundle.ts";
import { type Account, type Contract, type Network, open, type TransactionReceipt } from "../../src/index.ts";
import { Reader, Writer } from "../../src/wire/scale.ts";
import { Contract as BareContract } from "./host.ts";

const hex = (bytes: Uint8Array): string => `0x${bytesToHex(bytes)}`;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

let bundle: string;
beforeAll(async () => {
  ({ bundle } = await buildContract({ entry: "fixtures/types/environment.ts" }));
});

describe("on the network", () => {
  let net: Network;
  let alice: Account;
  let contract: Contract;
  let counter: Contract;
  beforeAll(async () => {
    net = await open();
    alice = net.account("//Alice");
    contract = await net.deploy({ bundle: JSON.parse(bundle) as object, signer: alice });
    counter = await net.deploy({ bundle: "build/counter.contract", constructor: "new", args: [4], signer: alice });
  });
  afterAll(() => net.close());

  const ask = (message: string, ...args: unknown[]): Promise<unknown> =>
    contract.query[message]!({ signer: alice, args });
  const send = (message: string, ...args: unknown[]): Promise<TransactionReceipt> =>
    contract.tx[message]!({ signer: alice, args });

  test("who, where and when", async () => {
    expect(await ask("whoCalls")).toBe(hex(alice.publicKey));
    expect(await ask("self")).toBe(contract.id);
    expect(await ask("block")).toBeGreaterThan(0);
    expect(await ask("time")).toBeTypeOf("bigint");
    expect(await ask("minimum")).toBe(1n);
    expect(await ask("gasLeft")).toBeGreaterThan(0n);
    expect(await ask("price", 0n)).toBe(0n);
    expect(await ask("made")).toBeGreaterThan(0n);
    expect((await send("fromOrigin")).output).toBe(true);
    expect(await ask("isContract", counter.id)).toBe(true);
    expect(await ask("isContract", alice)).toBe(false);
    expect(await ask("ownCode")).toBe(contract.codeHash);
    expect(await ask("codeOf", counter.id)).toBe(counter.codeHash);
    expect(await ask("codeOf", alice)).toBeUndefined();
  });

  test("money", async () => {
    const paid = await contract.tx.value!({ signer: alice, value: 500n });
    expect(paid).toMatchObject({ outcome: "ok", output: 500n });
    expect(await send("send", net.account("//Poor"), 100n)).toMatchObject({ output: true });
    expect(await send("send", net.account("//Poor"), 10n ** 12n)).toMatchObject({ output: false });
    expect(await ask("balanceOf", net.account("//Poor"))).toEqual([100n, 100n]);
    expect(await ask("balance")).toBeGreaterThan(300n);
  });

  test("hashes", async () => {
    for (const text of ["", "abc", "x".repeat(3000)]) {
      const input = bytes(text);
      expect(await ask("blake2b256", input)).toBe(hex(blake2b(input, { dkLen: 32 })));
      expect(await ask("blake2b128", input)).toEqual(blake2b(input, { dkLen: 16 }));
      expect(await ask("sha256", input)).toBe(hex(sha256(input)));
      expect(await ask("keccak256", input)).toBe(hex(keccak_256(input)));
    }
    expect(await ask("hashPair", 1, "hi")).toBe(hex(blake2b(hexToBytes("01000000086869"), { dkLen: 32 })));
  });

  test("keys and signatures of each scheme", async () => {
    const secret = (await ask("named", "k")) as Uint8Array;
    expect(secret).toHaveLength(64);
    expect(await ask("derive", bytes("k"))).toEqual(secret);
    expect(await ask("vrf", bytes("k"))).toEqual(await ask("named", "vrf:k"));
    const key = secret.slice(0, 32);
    for (const scheme of ["Ed25519", "Sr25519", "Ecdsa"]) {
      const signature = (await ask("sign", scheme, key, bytes("m"))) as Uint8Array;
      const pub = await ask("publicKey", scheme, key);
      expect(await ask("verify", scheme, pub, bytes("m"), signature)).toBe(true);
      expect(await ask("verify", scheme, pub, bytes("n"), signature)).toBe(false);
    }
    const digest = blake2b(bytes("m"), { dkLen: 32 });
    const pub = (await ask("publicKey", "Ecdsa", key)) as Uint8Array;
    const signature = (await ask("signHash", key, digest)) as Uint8Array;
    expect(signature).toHaveLength(65);
    expect(await ask("verifyHash", signature, digest, pub)).toBe(true);
    expect(await ask("recover", signature, digest)).toEqual(pub);
    expect(await ask("recover", new Uint8Array(65).fill(255), digest)).toBeUndefined();
    expect(
      await ask("ethAddress", hexToBytes("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")),
    ).toEqual(hexToBytes("7e5f4552091a69125d5dfcb7b8c2659029395bdf"));
    expect((await send("sign", "Sr25519", key, bytes("m"))).output).toEqual(new Uint8Array());
  });

  test("the worker, its clocks, its randomness", async () => {
    expect(await ask("inTransaction")).toBe(false);
    expect((await send("inTransaction")).output).toBe(true);
    const [one, other] = [await ask("random", 32), await ask("random", 32)] as Uint8Array[];
    expect(one).toHaveLength(32);
    expect(one).not.toEqual(other);
    expect((await send("random", 32)).output).toEqual(new Uint8Array());
    expect(await ask("untrusted")).toBeGreaterThan(1_600_000_000_000n);
    expect((await send("untrusted")).output).toBe(0n);
    expect(await ask("workerKey")).toMatch(/^0x(?!0{64})/);
    expect((await send("workerKey")).output).toBe(`0x${"0".repeat(64)}`);
    expect(await ask("version")).toEqual([expect.any(Number), expect.any(Number)]);
    expect(await ask("quote")).toEqual(Uint8Array.of(0));
    expect(((await ask("evaluate", "1 + 1")) as Uint8Array)[0]).toBe(5);
    expect(await ask("codeExists", fromHex(counter.codeHash))).toBe(true);
    expect(await ask("codeExists", new Uint8Array(32))).toBe(false);
    const system = await ask("system").catch((error: { code: string }) => error.code);
    expect(system).toMatch(/^0x[0-9a-f]{64}$|^ContractTrapped$/); // a cluster may have none
    expect((await ask("chainHead")) as unknown[]).toHaveLength(2);
    expect((await send("importSystemCode", alice)).outcome).toBe("trapped");
  });

  test("the log", async () => {
    const lines: unknown[] = [];
    net.on("log", (line) => lines.push(line));
    const said = await send("say", "hello, wörld");
    expect(said.debug).toContain("hello, wörld");
    expect(lines).toMatchObject(["error", "warn", "info", "debug", "trace", "debug"].map((level) => ({ level })));
  });

  test("the cache: a share of nothing takes nothing, a transaction reads nothing", async () => {
    expect(await ask("cacheSet", bytes("k"), bytes("v"))).toBe(false);
    expect((await send("cacheSet", bytes("k"), bytes("v"))).output).toBe(true);
    expect((await send("cacheGet", bytes("k"))).output).toBeUndefined();
    expect((await send("cacheRemove", bytes("k"))).output).toBeUndefined();
    expect((await send("cacheExpire", bytes("k"), 5n)).outcome).toBe("ok");
  });

  test("storage by keys of one's own", async () => {
    const key = bytes("x".repeat(128));
    expect(await ask("rawGet", key)).toBeUndefined();
    expect(await send("rawSet", key, bytes("one"))).toMatchObject({ outcome: "ok", output: false });
    expect(await send("rawSet", key, new Uint8Array())).toMatchObject({ outcome: "ok", output: true });
    expect(await ask("rawGet", key)).toEqual(new Uint8Array());
    expect(await send("rawSet", key, bytes("two"))).toMatchObject({ outcome: "ok" });
    expect(await send("rawTake", key)).toMatchObject({ output: bytes("two") });
    expect(await send("rawTake", key)).toMatchObject({ outcome: "ok", output: undefined });
    expect(await send("rawRemove", key)).toMatchObject({ output: false });
    expect(await send("rawSet", bytes("x".repeat(129)), bytes(""))).toMatchObject({ outcome: "trapped" });
  });

  test("a contract that is called and is none, does not exist, or does not understand", async () => {
    expect(await send("tryAdd", alice, 1, 2)).toMatchObject({ output: { err: 8 } });
    expect((await send("add", alice, 1, 2)).outcome).toBe("trapped");
    expect((await send("add", counter.id, 1, 2)).outcome).toBe("trapped");
    expect(await send("create", new Uint8Array(32), 1, new Uint8Array())).toMatchObject({ output: { err: 7 } });
    expect(await send("delegate", new Uint8Array(32))).toMatchObject({ output: { err: 7 } });
  });

  test("what it stored before a call that may come back is there, and read anew afterwards", async () => {
    expect(await send("reenter", counter.id)).toMatchObject({ output: 7 });
  });

  test("ends", async () => {
    expect(await send("become", new Uint8Array(32))).toMatchObject({ output: false });
    expect(await send("become", fromHex(counter.codeHash))).toMatchObject({ output: true });
  });

  test("is gone after it has ended itself", async () => {
    const other = await net.deploy({ bundle: JSON.parse(bundle) as object, signer: alice });
    expect(await other.tx.end!({ signer: alice, args: [alice] })).toMatchObject({ outcome: "ok" });
    expect((await other.tx.poke!({ signer: alice, args: [alice] })).outcome).not.toBe("ok");
  });
});

test("a call into another cluster compiles, and is refused by name until the engine has it", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "phatvm-cluster-"));
  const entry = path.join(folder, "afar.ts");
  await writeFile(
    entry,
    `import { AccountId, clusters, Hash } from "phatvm/assembly";
@contract
class Afar {
  @constructor new(): void {}
  @message call(cluster: Hash, id: AccountId): u64 {
    return clusters.prepare(cluster, id, "get").arg<u32>(1).answerTo("answered").send();
  }
  @message answered(value: u32): void {}
}
`,
  );
  const afar = await buildContract({ entry });
  const net = await open();
  const upload = net.upload({ bundle: JSON.parse(afar.bundle) as object, signer: net.account("//Alice") });
  await expect(upload).rejects.toThrow("cluster_call");
  await net.close();
  await rm(folder, { recursive: true });
});

describe("HTTP", () => {
  let contract: BareContract;
  const asked: { url: string; method: string; headers: [string, string][]; body: string }[] = [];
  const answers = new Map<string, [status: number, body: string]>();

  beforeAll(async () => {
    contract = new BareContract(await loadBundle(JSON.parse(bundle) as object));
    contract.more["seal0.call_chain_extension"] = (
      id: number,
      at: number,
      length: number,
      out: number,
      cell: number,
    ) => {
      const r = new Reader(contract.bytes(at, length), "request");
      const w = new Writer();
      const readRequest = () => {
        const request = {
          url: r.str(),
          method: r.str(),
          headers: r.vec((h): [string, string] => [h.str(), h.str()], 2),
          body: new TextDecoder().decode(r.bytes()),
        };
        asked.push(request);
        return request;
      };
      const write = (url: string): void => {
        const [status, body] = answers.get(url) ?? [404, ""];
        w.u16(status).str("reason");
        w.vec([["Content-Type", "text/plain"]] as const, (h, [name, value]) => h.str(name).str(value)).bytes(
          bytes(body),
        );
      };
      if (id === 1) write(readRequest().url);
      else if (id === 22) {
        const requests = r.vec(readRequest, 4);
        if (r.u64() === 0n) return 6;
        w.vec(requests, (item, { url }) => {
          if (url === "bad") item.u8(1).u8(8);
          else {
            item.u8(0);
            write(url);
          }
        });
      }
      contract.output(out, cell, w.take());
      return 0;
    };
    contract.deploy("new");
  });

  test("asks and reads the answer", () => {
    answers.set("http://a", [200, "päng"]);
    expect(contract.call("get", ["http://a"])).toEqual([200, "päng"]);
    expect(asked.at(-1)).toEqual({ url: "http://a", method: "GET", headers: [], body: "" });
    expect(contract.call("post", ["http://a", "{}"])).toEqual([200, "text/plain"]);
    expect(asked.at(-1)).toMatchObject({ method: "POST", headers: [["Content-Type", "application/json"]], body: "{}" });
  });

  test("takes an answer larger than the usual room when it expects one, and traps when it does not", () => {
    answers.set("http://large", [200, "x".repeat(100_000)]);
    expect(
      contract.run("call", contract.face.encodeInput(contract.face.message("get"), ["http://large"])).outcome,
    ).toBe("trapped");
    expect(contract.call("post", ["http://large", "{}"])).toEqual([200, "text/plain"]);
  });

  test("asks several at once, each with an answer or an error of its own", () => {
    answers.set("http://b", [201, ""]);
    expect(contract.call("batch", ["http://b", "bad", 5n])).toEqual({ ok: [201, 8] });
    expect(contract.call("batch", ["http://b", "bad", 0n])).toEqual({ err: 5 });
  });

  test.each([
    ['{"data":[{"price":"12.34567"}]}', 123_456n],
    ['{"data":[{"price":12.3}]}', 123_000n],
    [' { "data" : [ { "price" : 7 } ] } ', 70_000n],
    ['{"data":[{"price":"1","price":"2"}]}', 20_000n],
    ['{"data":[{"\\u0070rice":"3"}]}', 30_000n],
    ['{"data":[]}', 0n],
    ['{"data":[{"price":-1}]}', 0n],
    ['{"data":[{"price":1e3}]}', 0n],
    ['{"data":[{"price":01}]}', 0n],
    ['{"data":[{"price":"999999999999999999999999999999999999999999"}]}', 0n],
    ['{"data":[{"price":"5"}]', 0n],
    ['{"data":[{"price":"5"}]}x', 0n],
    ["", 0n],
    ["[".repeat(500), 0n],
  ])("reads a price out of %s", (body, price) => {
    answers.set("http://json", [200, body]);
    expect(contract.call("price2", ["http://json"])).toBe(price);
  });
});
