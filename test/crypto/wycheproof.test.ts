import { describe, expect, test } from "vitest";
import { openAead, sealAead } from "../../src/crypto/aead.ts";
import { recoverEcdsa, verifyEcdsa } from "../../src/crypto/ecdsa.ts";
import { verifyEd25519 } from "../../src/crypto/ed25519.ts";
import { sha2_256 } from "../../src/crypto/hash.ts";
import { hkdf } from "../../src/crypto/kdf.ts";
import { fromHex, toHex } from "../../src/wire/bytes.ts";
import { vectors } from "./conformance-data.ts";

interface Group<C> {
  readonly tests: readonly (C & { readonly tcId: number; readonly comment: string; readonly result: string })[];
  readonly publicKey: { readonly pk: string; readonly uncompressed: string };
  readonly keySize: number;
  readonly ivSize: number;
  readonly tagSize: number;
}
type Suite<C> = { readonly testGroups: readonly Group<C>[] } | undefined;

const edwards: Suite<{ msg: string; sig: string }> = vectors("wycheproof/ed25519_test.json");
const ecdsa: Suite<{ msg: string; sig: string }> = vectors("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json");
const gcm: Suite<{ key: string; iv: string; aad: string; msg: string; ct: string; tag: string }> =
  vectors("wycheproof/aes_gcm_test.json");
const derivation: Suite<{ ikm: string; salt: string; info: string; size: number; okm: string }> = vectors(
  "wycheproof/hkdf_sha256_test.json",
);

describe("Wycheproof", () => {
  test.skipIf(edwards === undefined)("ed25519: every valid signature is accepted, every invalid one refused", () => {
    let count = 0;
    for (const group of edwards?.testGroups ?? []) {
      for (const { tcId, msg, sig, result } of group.tests) {
        const verdict = verifyEd25519(fromHex(group.publicKey.pk), fromHex(msg), fromHex(sig));
        expect(verdict, `case ${tcId}`).toBe(result === "valid");
        count++;
      }
    }
    expect(count).toBeGreaterThan(100);
  });

  test.skipIf(ecdsa === undefined)(
    "secp256k1: a valid signature recovers to its key, an invalid one never does",
    () => {
      let count = 0;
      for (const group of ecdsa?.testGroups ?? []) {
        const point = fromHex(group.publicKey.uncompressed);
        const key = Uint8Array.from([2 + ((point[64] as number) & 1), ...point.subarray(1, 33)]);
        for (const { tcId, msg, sig, result } of group.tests) {
          const hash = sha2_256(fromHex(msg));
          const raw = fromHex(sig);
          // The vectors carry no recovery id: the signature is good when one of the four leads to the key.
          const verdict = [0, 1, 2, 3].some((id) => verifyEcdsa(key, hash, Uint8Array.from([...raw, id])));
          expect(verdict, `case ${tcId}`).toBe(result === "valid");
          count++;
        }
      }
      expect(count).toBeGreaterThan(100);
      expect(recoverEcdsa(new Uint8Array(65), new Uint8Array(32))).toBeUndefined();
    },
  );

  test.skipIf(gcm === undefined)("AES-256-GCM: seals to the bytes given and opens nothing that was changed", () => {
    let count = 0;
    for (const group of gcm?.testGroups ?? []) {
      if (group.keySize !== 256 || group.ivSize !== 96 || group.tagSize !== 128) continue;
      for (const { tcId, key, iv, aad, msg, ct, tag, result } of group.tests) {
        const sealed = fromHex(ct + tag);
        const opened = openAead(fromHex(key), fromHex(iv), sealed, fromHex(aad));
        if (result === "valid") {
          expect(toHex(sealAead(fromHex(key), fromHex(iv), fromHex(msg), fromHex(aad))), `case ${tcId}`).toBe(
            toHex(sealed),
          );
          expect(opened && toHex(opened), `case ${tcId}`).toBe(`0x${msg}`);
        } else expect(opened, `case ${tcId}`).toBeUndefined();
        count++;
      }
    }
    expect(count).toBeGreaterThan(30);
  });

  test.skipIf(derivation === undefined)("HKDF-SHA256 gives the bytes of every valid case", () => {
    let count = 0;
    for (const group of derivation?.testGroups ?? []) {
      for (const { tcId, ikm, salt, info, size, okm, result } of group.tests) {
        if (result !== "valid") continue;
        expect(toHex(hkdf(fromHex(ikm), fromHex(salt), fromHex(info), size)), `case ${tcId}`).toBe(`0x${okm}`);
        count++;
      }
    }
    expect(count).toBeGreaterThan(50);
  });
});
