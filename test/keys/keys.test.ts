import { describe, expect, test } from "vitest";
import { verifyEd25519 } from "../../src/crypto/ed25519.ts";
import { deriveSeed } from "../../src/crypto/kdf.ts";
import { sr25519Secret } from "../../src/crypto/mini-secret.ts";
import { sr25519PublicKey } from "../../src/crypto/sr25519.ts";
import { keysFromRoot } from "../../src/enclave/keys/from-root.ts";
import { clusterSecret, contractSecret, userSecret } from "../../src/enclave/keys/hierarchy.ts";
import { EngineError } from "../../src/errors.ts";
import { clusterNumber, contractId, toHex } from "../../src/wire/bytes.ts";

const hex = (bytes: Uint8Array): string => toHex(bytes).slice(2);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const master = sr25519Secret(new Uint8Array(32).fill(0x2a));
const seven = contractId(new Uint8Array(32).fill(7));

describe("the key hierarchy", () => {
  test("a cluster's key is upstream's", () => {
    expect(hex(deriveSeed(master, text("cluster_key"), clusterNumber(1)))).toBe(
      "1d2bb22d7e23821e0aed31dd7d0adee20d21e8b9182f8eae6268c61ff5ad954f",
    );
    expect(hex(sr25519PublicKey(clusterSecret(master, clusterNumber(1))))).toBe(
      "2a1b38a5dfbb273a78d5b301d1077dcb70cb2a65b390dccec6084a19f2317a31",
    );
  });

  test("a key that a contract derives by salt is upstream's", () => {
    const secret = userSecret(master, seven, text("foo"));
    expect(hex(secret)).toBe(
      "59e6a2f427a9929c14ad38999d33a5a38e8bae520417f21580850bb10019430e" +
        "8fb924606911a1866d473b4f8d107811f1d12595369dad0b6c9cba5d6fc9b82c",
    );
    expect(hex(sr25519PublicKey(secret))).toBe("90fe34ae8938582daed1a5263a477ea2b57bb5895d0698167818117d22dfa140");
  });

  test("every cluster, contract and salt has a key of its own", () => {
    const eight = contractId(new Uint8Array(32).fill(8));
    const keys: Uint8Array[] = [];
    for (const cluster of [clusterSecret(master, clusterNumber(1)), clusterSecret(master, clusterNumber(2))]) {
      keys.push(cluster);
      for (const contract of [seven, eight]) {
        keys.push(contractSecret(cluster, contract));
        for (const salt of ["", "a", "b"]) keys.push(userSecret(cluster, contract, text(salt)));
      }
    }
    expect(new Set(keys.map(hex)).size).toBe(keys.length);
  });
});

describe("a worker's keys from its platform", () => {
  const cluster = clusterNumber(1);

  test("the same root gives the same keys again, another root other keys", () => {
    const [first, again, other] = [1, 1, 2].map((n) => keysFromRoot(new Uint8Array(32).fill(n)));
    expect(again?.workerKey).toEqual(first?.workerKey);
    expect(again?.contractKey(cluster, seven)).toEqual(first?.contractKey(cluster, seven));
    expect(other?.workerKey).not.toEqual(first?.workerKey);
    expect(other?.clusterKey(cluster)).not.toEqual(first?.clusterKey(cluster));
  });

  test("what the worker signs is verified by its key", () => {
    const keys = keysFromRoot(new Uint8Array(32).fill(1));
    expect(verifyEd25519(keys.workerKey, text("seal"), keys.sign(text("seal")))).toBe(true);
    expect(verifyEd25519(keys.workerKey, text("sea1"), keys.sign(text("seal")))).toBe(false);
  });

  test("contract keys hang below their cluster's key", () => {
    const keys = keysFromRoot(new Uint8Array(32).fill(1));
    expect(keys.contractKey(cluster, seven)).toEqual(contractSecret(keys.clusterKey(cluster) as Uint8Array, seven));
  });

  test("a root that is not 32 bytes is refused", () => {
    expect(() => keysFromRoot(new Uint8Array(31))).toThrow(EngineError);
  });
});
