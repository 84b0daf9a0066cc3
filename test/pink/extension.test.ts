import { describe, expect, test } from "vitest";
import { ecdsaPublicKey } from "../../src/crypto/ecdsa.ts";
import { blake2_256, keccak_256 } from "../../src/crypto/hash.ts";
import { sr25519PublicKey } from "../../src/crypto/sr25519.ts";
import { extensionFunctions } from "../../src/enclave/contract/pink/extension.ts";
import { keysFromRoot } from "../../src/enclave/keys/from-root.ts";
import { userSecret } from "../../src/enclave/keys/hierarchy.ts";
import { Runtime } from "../../src/enclave/runtime/runtime.ts";
import { codeHash, fromHex, toHex } from "../../src/wire/bytes.ts";
import type { Reader } from "../../src/wire/scale.ts";
import { alice, bob, cluster, genesisBytes, Network, treasury, wat } from "../runtime/network.ts";
import { ext, extensionInput, type Mode, probe, run, text, value } from "./probe.ts";

const hex = (bytes: Uint8Array): string => toHex(bytes).slice(2);
const bytes = (r: Reader): Uint8Array => r.bytes();
const modes: readonly Mode[] = ["tx", "query", "estimate"];
const secret = fromHex("cb6df9de1efca7a3998a8ead4e02159d5fa99c3e0d4fd6432667390bb4726854");
const hash = keccak_256(text("hello world"));
const [ed25519, sr25519, ecdsa] = [0, 1, 2];

const network = Network.start();
const contract = network.deploy(probe);
const other = network.deploy(probe, undefined, { salt: text("other") });

describe("calling the extension", () => {
  test("the table has every function once, by its number", () => {
    expect(extensionFunctions.map((f) => f.id)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect(new Set(extensionFunctions.map((f) => f.name)).size).toBe(25);
  });

  test("a function or an extension that does not exist ends the call", () => {
    for (const mode of modes) {
      for (const id of [0, 26, 0xffff]) {
        expect(ext(network, contract, mode, id)).toEqual({ ok: false, error: "Pink.UnknownChainExtensionFunction" });
      }
      for (const id of [0x010001, 0xffff0001]) {
        expect(ext(network, contract, mode, id)).toEqual({ ok: false, error: "Pink.UnknownChainExtensionId" });
      }
    }
  });

  test("an answer that does not fit the guest's buffer ends the call", () => {
    const long = extensionInput(4, (w) => w.bytes(text("salt")), 6);
    for (const mode of modes) {
      expect(run(network, contract, mode, long)).toEqual({ ok: false, error: "Pink.ContractIoBufferOverflow" });
      expect(run(network, contract, mode, extensionInput(12, undefined, 6)).ok).toBe(true);
    }
  });

  test("arguments are all of the input and nothing else", () => {
    const calls: readonly (readonly [number, Uint8Array])[] = [
      [2, fromHex("03")],
      [4, new Uint8Array()],
      [4, fromHex("08aa")],
      [4, fromHex("04aa00")],
      [6, fromHex("04aa")],
      [10, fromHex("0104ff")],
      [12, fromHex("00")],
      [13, new Uint8Array(32)],
      [16, new Uint8Array(31)],
      [19, Uint8Array.from([...new Uint8Array(32), 2])],
      [22, fromHex("feffffff")],
      [24, fromHex("040200")],
    ];
    for (const mode of modes) {
      for (const [id, input] of calls) {
        expect(
          ext(network, contract, mode, id, (w) => w.raw(input)),
          `${id} ${hex(input)}`,
        ).toEqual({
          ok: false,
          error: "DecodingFailed",
        });
      }
    }
  });

  test("every function costs what the table says, before it does anything", () => {
    const { gasUsed: cheap } = network.call(contract, extensionInput(12));
    const { gasUsed: dear } = network.call(
      contract,
      extensionInput(4, (w) => w.bytes(text("salt"))),
    );
    const [fact, derive] = [extensionFunctions[11], extensionFunctions[3]].map((f) => f?.cost as number);
    expect(Number(dear - cheap)).toBeGreaterThan((derive as number) - (fact as number));
    const short = network.call(
      contract,
      extensionInput(4, (w) => w.bytes(text("salt"))),
      { gas: cheap + 1_000_000n },
    );
    expect(short.outcome).toBe("outOfGas");
    const long = network.call(
      contract,
      extensionInput(4, (w) => w.bytes(new Uint8Array(10_000))),
    );
    expect(long.gasUsed - dear).toBeGreaterThan(BigInt(9_996 * (extensionFunctions[3]?.costPerByte as number)));
  });
});

describe("keys and signatures", () => {
  test("a contract's key by salt is the same in queries and transactions, and nobody else's", () => {
    const keys = modes.map((mode) =>
      value(
        ext(network, contract, mode, 4, (w) => w.bytes(text("foo"))),
        bytes,
      ),
    );
    const root = keysFromRoot(new Uint8Array(32).fill(3)).clusterKey(cluster) as Uint8Array;
    for (const key of keys) expect(hex(key)).toBe(hex(userSecret(root, contract, text("foo"))));
    const publicKeys = modes.map((mode) =>
      value(
        ext(network, contract, mode, 5, (w) => w.u8(sr25519).bytes(keys[0] as Uint8Array)),
        bytes,
      ),
    );
    for (const key of publicKeys) expect(key).toEqual(sr25519PublicKey(keys[0] as Uint8Array));
    expect(
      value(
        ext(network, contract, "tx", 4, (w) => w.bytes(text("bar"))),
        bytes,
      ),
    ).not.toEqual(keys[0]);
    expect(
      value(
        ext(network, other, "tx", 4, (w) => w.bytes(text("foo"))),
        bytes,
      ),
    ).not.toEqual(keys[0]);
  });

  test("a worker without the cluster's key cannot derive", () => {
    const keyless = new Network();
    const keys = { ...keysFromRoot(new Uint8Array(32).fill(3)), clusterKey: () => undefined };
    keyless.runtime = Runtime.create(genesisBytes, { ...keyless.services(), keys });
    const prices = { gasPrice: 0n, depositPerItem: 0n, depositPerByte: 0n, profile: "deterministic" };
    keyless.event({ kind: "deploy", cluster, owner: alice, treasury, ...prices, systemCode: undefined });
    keyless.event({ kind: "deposit", cluster, to: alice, amount: 10n ** 9n });
    const id = keyless.deploy(probe);
    for (const mode of modes) {
      expect(ext(keyless, id, mode, 4, (w) => w.bytes(text("foo")))).toEqual({
        ok: false,
        error: "Pink.KeySeedMissing",
      });
    }
  });

  test("signatures of sr25519 verify in a query, and are empty where they would differ", () => {
    const key = value(
      ext(network, contract, "query", 4, (w) => w.bytes(text("foo"))),
      bytes,
    );
    const publicKey = sr25519PublicKey(key);
    for (const secretForm of [key, new Uint8Array(32).fill(7)]) {
      const of =
        secretForm.length === 64
          ? publicKey
          : value(
              ext(network, contract, "tx", 5, (w) => w.u8(sr25519).bytes(secretForm)),
              bytes,
            );
      const sign = (mode: Mode): Uint8Array =>
        value(
          ext(network, contract, mode, 2, (w) => w.u8(sr25519).bytes(secretForm).bytes(text("m"))),
          bytes,
        );
      expect(sign("tx").length + sign("estimate").length).toBe(0);
      const signature = sign("query");
      const verify = (mode: Mode, message: string): boolean =>
        value(
          ext(network, contract, mode, 3, (w) => w.u8(sr25519).bytes(of).bytes(text(message)).bytes(signature)),
          (r) => r.bool(),
        );
      for (const mode of modes) {
        expect(verify(mode, "m")).toBe(true);
        expect(verify(mode, "fake")).toBe(false);
      }
    }
  });

  test("ed25519 and ECDSA sign alike in every mode", () => {
    for (const scheme of [ed25519, ecdsa]) {
      const signatures = modes.map((mode) =>
        value(
          ext(network, contract, mode, 2, (w) =>
            w
              .u8(scheme as number)
              .bytes(secret)
              .bytes(text("m")),
          ),
          bytes,
        ),
      );
      expect(new Set(signatures.map(hex)).size).toBe(1);
      const key = value(
        ext(network, contract, "tx", 5, (w) => w.u8(scheme as number).bytes(secret)),
        bytes,
      );
      expect(key.length).toBe(scheme === ecdsa ? 33 : 32);
      for (const mode of modes) {
        const verify = (message: string): boolean =>
          value(
            ext(network, contract, mode, 3, (w) =>
              w
                .u8(scheme as number)
                .bytes(key)
                .bytes(text(message))
                .bytes(signatures[0] as Uint8Array),
            ),
            (r) => r.bool(),
          );
        expect(verify("m")).toBe(true);
        expect(verify("fake")).toBe(false);
      }
    }
  });

  test("a hash is signed as upstream signs it, the same in every mode", () => {
    for (const mode of modes) {
      const signature = value(
        ext(network, contract, mode, 13, (w) => w.bytes(secret).raw(hash)),
        (r) => r.raw(65),
      );
      expect(hex(signature)).toBe(
        "52411451616b334765f3573d2f341d0ecac2121cdb2966c3c6423eaac1339b347e92223cc88ba17f23c6e7fb683dbd91" +
          "20adec5c6edacdbcadfc624276815bb000",
      );
      const verify = (of: Uint8Array): boolean =>
        value(
          ext(network, contract, mode, 14, (w) => w.raw(signature).raw(of).raw(ecdsaPublicKey(secret))),
          (r) => r.bool(),
        );
      expect(verify(hash)).toBe(true);
      expect(verify(keccak_256(text("other")))).toBe(false);
    }
  });

  test("keys and signatures that cannot be such end the call, in every mode", () => {
    const other = { ok: false, error: "Other" };
    for (const mode of modes) {
      for (const [scheme, key] of [
        [ed25519, 31],
        [ed25519, 64],
        [ecdsa, 33],
        [sr25519, 33],
        [sr25519, 0],
      ] as const) {
        // biome-ignore format: one case a line
        expect(ext(network, contract, mode, 5, (w) => w.u8(scheme as number).bytes(new Uint8Array(key)))).toEqual(other);
      }
      expect(ext(network, contract, mode, 5, (w) => w.u8(1).bytes(new Uint8Array(64).fill(255)))).toEqual(other);
      expect(ext(network, contract, mode, 13, (w) => w.bytes(new Uint8Array(32)).raw(hash))).toEqual(other);
      for (const [scheme, key, signature] of [
        [0, 31, 64],
        [0, 32, 63],
        [1, 33, 64],
        [1, 32, 65],
        [2, 32, 65],
        [2, 33, 64],
      ] as const) {
        // biome-ignore format: one case a line
        expect(
          ext(network, contract, mode, 3, (w) =>
            w.u8(scheme).bytes(new Uint8Array(key)).bytes(text("m")).bytes(new Uint8Array(signature)),
          ),
        ).toEqual(other);
      }
    }
  });
});

describe("what surrounds a contract", () => {
  test("randomness, time and the worker's key are there in queries alone", () => {
    const random = (mode: Mode): Uint8Array =>
      value(
        ext(network, contract, mode, 11, (w) => w.u8(32)),
        bytes,
      );
    const millis = (mode: Mode): bigint => value(ext(network, contract, mode, 18), (r) => r.u64());
    const worker = (mode: Mode): Uint8Array => value(ext(network, contract, mode, 17), (r) => r.raw(32));
    const inTransaction = (mode: Mode): boolean => value(ext(network, contract, mode, 12), (r) => r.bool());
    expect(random("query")).toEqual(new Uint8Array(32).fill(4));
    expect(millis("query")).toBe(1_800_000_000_000n);
    expect(worker("query")).toEqual(network.services().keys.workerKey);
    expect(inTransaction("query")).toBe(false);
    for (const mode of ["tx", "estimate"] as const) {
      expect(random(mode).length).toBe(0);
      expect(millis(mode)).toBe(0n);
      expect(worker(mode)).toEqual(new Uint8Array(32));
      expect(inTransaction(mode)).toBe(true);
    }
  });

  test("HTTP in a transaction has a fixed answer, whatever is asked", () => {
    const request = (w: { str(s: string): unknown }): unknown => w.str("sip://nowhere");
    for (const mode of ["tx", "estimate"] as const) {
      const response = value(
        ext(network, contract, mode, 1, (w) => {
          request(w);
          w.str("GET").compact(0).bytes(text("body"));
        }),
        (r) => ({ status: r.u16(), reason: r.str(), headers: r.compact(), body: r.bytes() }),
      );
      expect(response).toEqual({
        status: 523,
        reason: "API Unavailable",
        headers: 0,
        body: text("HTTP request is not supported in transaction"),
      });
      const batch = ext(network, contract, mode, 22, (w) => {
        request(w.compact(1));
        w.str("GET").compact(0).bytes(text("body")).u64(1000n);
      });
      expect(batch).toEqual({ ok: true, status: 7, output: new Uint8Array() });
    }
  });

  test("JavaScript cannot be evaluated, and an SGX quote cannot be had", () => {
    const evaluate = (mode: Mode): string =>
      value(
        ext(network, contract, mode, 24, (w) => w.compact(1).u8(0).str("1 + 1").compact(0)),
        (r) => {
          expect(r.u8()).toBe(5);
          return r.str();
        },
      );
    expect(evaluate("query")).toBe("No js runtime");
    expect(evaluate("tx")).toBe("Js evaluation is not supported in transaction");
    expect(evaluate("estimate")).toBe("Js evaluation is not supported in transaction");
    for (const mode of modes) expect(value(ext(network, contract, mode, 25), (r) => r.u8())).toBe(0);
  });

  test("a contract's log lines come with their level, also from a call that is undone", () => {
    network.logs.length = 0;
    for (const level of [1, 5, 0, 6]) ext(network, contract, "tx", 10, (w) => w.u8(level).str(`level ${level}`));
    run(
      network,
      contract,
      "tx",
      extensionInput(10, (w) => w.u8(2).str("undone"), 5),
    );
    ext(network, contract, "query", 10, (w) => w.u8(3).str("asked"));
    expect(network.logs.map(({ level, text, query }) => `${level} ${text} ${query}`)).toEqual([
      "1 level 1 false",
      "5 level 5 false",
      "1 level 0 false",
      "1 level 6 false",
      "2 undone false",
      "3 asked true",
    ]);
    expect(network.logs.every((line) => hex(line.contract) === hex(contract))).toBe(true);
  });

  test("code is known by its hash; there is no other kind of code", () => {
    const exists = (mode: Mode, of: Uint8Array, sidevm: boolean): boolean =>
      value(
        ext(network, contract, mode, 19, (w) => w.raw(of).bool(sidevm)),
        (r) => r.bool(),
      );
    for (const mode of modes) {
      expect(exists(mode, new Uint8Array(32), false)).toBe(false);
      expect(exists(mode, new Uint8Array(32), true)).toBe(false);
      expect(exists(mode, blake2_256(probe), false)).toBe(true);
      expect(exists(mode, blake2_256(probe), true)).toBe(false);
    }
  });

  test("anybody may read a balance", () => {
    network.call(contract, extensionInput(12), { value: 114_514n, from: bob });
    for (const mode of modes) {
      const read = value(
        ext(network, other, mode, 16, (w) => w.raw(contract)),
        (r) => [r.u128(), r.u128()],
      );
      const { total, free } = network.runtime.balance(contract);
      expect(read).toEqual([total, free]);
      expect(total).toBeGreaterThanOrEqual(114_514n);
      expect(
        value(
          ext(network, other, mode, 16, (w) => w.raw(new Uint8Array(32))),
          (r) => [r.u128(), r.u128()],
        ),
      ).toEqual([0n, 0n]);
    }
  });

  test("the head of the signed chain is the next block and the hash of the last", () => {
    for (const mode of modes) {
      const last = network.runtime.hash;
      const next = BigInt(network.runtime.height + 1);
      const head = value(ext(network, contract, mode, 23), (r) => ({ next: r.u64(), hash: r.raw(32) }));
      expect(next).toBeGreaterThan(0n);
      expect(head).toEqual({ next, hash: last });
    }
  });

  test("the runtime's version is the newest of upstream's", () => {
    for (const mode of modes)
      expect(value(ext(network, contract, mode, 21), (r) => [r.u32(), r.u32()])).toEqual([1, 2]);
  });

  test("in a cluster without a system contract, asking for it ends the call", () => {
    for (const mode of modes) {
      expect(ext(network, contract, mode, 15)).toEqual({ ok: false, error: "Pink.SystemContractMissing" });
      expect(ext(network, contract, mode, 20, (w) => w.raw(alice))).toEqual({ ok: false, error: "BadOrigin" });
    }
  });
});

describe("the system contract", () => {
  test("has an id that all can ask for, and alone imports the system code", () => {
    const newer = wat(`(module (import "env" "memory" (memory 2 16)) (func (export "deploy")) (func (export "call")))`);
    const system = Network.start({ systemCode: probe });
    const user = system.deploy(probe, undefined, { salt: text("user") });
    const id = system.runtime.systemContract as NonNullable<typeof system.runtime.systemContract>;
    expect(id).toBeDefined();
    for (const mode of modes) {
      expect(value(ext(system, user, mode, 15), (r) => r.raw(32))).toEqual(id);
      expect(ext(system, user, mode, 20, (w) => w.raw(alice))).toEqual({ ok: false, error: "BadOrigin" });
    }
    expect(system.event({ kind: "systemCode", code: newer }).outcome).toBe("ok");
    const importCode = (mode: Mode): string | undefined =>
      value(
        ext(system, id, mode, 20, (w) => w.raw(alice)),
        (r) => r.option((o) => hex(o.raw(32))),
      );
    expect(importCode("estimate")).toBe(hex(blake2_256(newer)));
    expect(system.runtime.codeExists(blake2_256(newer))).toBe(false);
    expect(importCode("tx")).toBe(hex(blake2_256(newer)));
    expect(system.runtime.codeExists(codeHash(blake2_256(newer)))).toBe(true);
    expect(importCode("tx")).toBe(hex(blake2_256(newer)));
  });

  test("imports nothing when the chain has no system code", () => {
    const system = Network.start({ systemCode: probe });
    system.event({ kind: "systemCode", code: new Uint8Array() });
    const id = system.runtime.systemContract as NonNullable<typeof system.runtime.systemContract>;
    expect(
      value(
        ext(system, id, "tx", 20, (w) => w.raw(alice)),
        (r) => r.option((o) => o.raw(32)),
      ),
    ).toBeUndefined();
  });
});
