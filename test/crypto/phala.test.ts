import { describe, expect, test } from "vitest";
import { ecdsaAccount, evmAccount } from "../../src/crypto/account.ts";
import { openAead, sealAead } from "../../src/crypto/aead.ts";
import {
  ecdsaPublicKey,
  ethereumAddress,
  isEcdsaSecret,
  recoverEcdsa,
  signEcdsa,
  verifyEcdsa,
} from "../../src/crypto/ecdsa.ts";
import { certificateDigest, queryDigest } from "../../src/crypto/eip712.ts";
import { keccak_256 } from "../../src/crypto/hash.ts";
import { deriveSecret } from "../../src/crypto/kdf.ts";
import { sr25519Secret } from "../../src/crypto/mini-secret.ts";
import { agreeSr25519, sr25519PublicKey } from "../../src/crypto/sr25519.ts";
import { fromSs58, toSs58 } from "../../src/crypto/ss58.ts";
import { EngineError } from "../../src/errors.ts";
import { fromHex, toHex } from "../../src/wire/bytes.ts";

const hex = (bytes: Uint8Array): string => toHex(bytes).slice(2);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const master = sr25519Secret(new Uint8Array(32).fill(0x2a));

describe("Phala's primitives", () => {
  test("AES-256-GCM without associated data", () => {
    const key = fromHex("8a3ae1de0dddb21d1dce3647d66d488ce9dfd0f0f4bdad4766e931aef7e35656");
    const iv = fromHex("989e2eaba6f775ef660ccdd3");
    const plain = fromHex("675abfa9aff26fbf3f4a0bd91f513c40644571f86aa2c18d2d284ad68f17fc97");
    const sealed = sealAead(key, iv, plain);
    expect(hex(sealed)).toBe(
      "ba10a8bd942fddc0d3acc5c20e33fb114c292d3521efed516e7e7dc444a92a3f69d69dd07a003cb8160067953d79fad4",
    );
    expect(openAead(key, iv, sealed)).toEqual(plain);
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      (changed[i] as number) ^= 1;
      expect(openAead(key, iv, changed)).toBeUndefined();
    }
    expect(openAead(key, iv, sealed, text("other"))).toBeUndefined();
    expect(openAead(key, iv, sealed.subarray(0, 15))).toBeUndefined();
    expect(() => sealAead(key.subarray(1), iv, plain)).toThrow(EngineError);
    expect(() => openAead(key, iv.subarray(1), sealed)).toThrow(EngineError);
  });

  test("a mini secret expands to the canonical scalar and its nonce", () => {
    expect(hex(master)).toBe(
      "5ec164a297d739b34141a2e98df8f732a6938179de5e8fe5a7bcae3617934c0a" +
        "7a9faa61097aa0ec5bed3aa1e55d47306438047a0ea467ec15cc423ea2931ec1",
    );
    expect(hex(sr25519PublicKey(master))).toBe("6023d052711f478bc758918bdd26e24ac5d773629fc902dfb09de2588ba4ab08");
    expect(() => sr25519Secret(new Uint8Array(31))).toThrow(EngineError);
  });

  test("a master key is handed to a worker by key agreement", () => {
    const sharing = deriveSecret(master, text("master_key_sharing"));
    expect(hex(sr25519PublicKey(sharing))).toBe("3e1e310289cb09803ca2d27ca1452b416f4fcc7aa0678bce14f8811a4e0fe51a");
    const worker = sr25519Secret(text("12345678901234567890123456789013"));
    const workerKey = sr25519PublicKey(worker);
    expect(hex(workerKey)).toBe("d05640363cb226b01fb274c69050b18c525aaa291e52ae5c54d513c923293d3c");
    const shared = agreeSr25519(sharing, workerKey);
    expect(hex(shared)).toBe("2836630ec5b5ebd20497c1c655720a8f069a0497bc009d149f882039e379c378");
    expect(agreeSr25519(worker, sr25519PublicKey(sharing))).toEqual(shared);
    expect(hex(sealAead(shared, new Uint8Array(12).fill(9), master))).toBe(
      "7353cda77718d13d3fc5cd32c18432a976b5dd9ee24132b942afae878ee81abfa8f00f159914a45b7b36c098db6c54b8" +
        "1a022375337a2c3d9f564d07f613d9c67505a4a2a3640966d34dd046b2eed51d",
    );
  });

  test("ECDSA over a hash is deterministic and recoverable", () => {
    const secret = fromHex("cb6df9de1efca7a3998a8ead4e02159d5fa99c3e0d4fd6432667390bb4726854");
    const hash = keccak_256(text("hello world"));
    expect(hex(hash)).toBe("47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad");
    const signature = signEcdsa(secret, hash);
    expect(hex(signature)).toBe(
      "52411451616b334765f3573d2f341d0ecac2121cdb2966c3c6423eaac1339b347e92223cc88ba17f23c6e7fb683dbd91" +
        "20adec5c6edacdbcadfc624276815bb000",
    );
    const key = ecdsaPublicKey(secret);
    expect(hex(key)).toBe("020a1091341fe5664bfa1782d5e04779689068c916b04cb365ec3153755684d9a1");
    expect(verifyEcdsa(key, hash, signature)).toBe(true);
    expect(verifyEcdsa(key, keccak_256(text("hello")), signature)).toBe(false);
    const shifted = Uint8Array.from(signature);
    shifted[64] = 27;
    expect(recoverEcdsa(shifted, hash)).toEqual(key);
    expect(verifyEcdsa(key, hash, shifted)).toBe(false);
    shifted[64] = 31;
    expect(recoverEcdsa(shifted, hash)).toBeUndefined();
    expect(isEcdsaSecret(new Uint8Array(32))).toBe(false);
    expect(() => signEcdsa(new Uint8Array(32).fill(0xff), hash)).toThrow(EngineError);
  });

  test("a key recovers from the interface's vector, and has its address", () => {
    const signature = fromHex(
      "73a5c857e5738b8ea9bab7e4fb0de0bdd0d73030aca7e7e3f62ae97b6b4629e3729bad61cbeba1b0b9a0b9526dc6f359" +
        "c9a5052616843e391a4a388f23607d1500",
    );
    const key = recoverEcdsa(signature, new Uint8Array(32).fill(7));
    expect(key && hex(key)).toBe("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    expect(hex(ethereumAddress(key as Uint8Array) as Uint8Array)).toBe("7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    expect(ethereumAddress(new Uint8Array(33))).toBeUndefined();
  });
});

describe("wallets of Ethereum", () => {
  const signer = fromHex("029df1e69b8b7c2da2efe0069dc141c2cec0317bf3fd135abaeb69ee33801f5970");

  test("the signature over a certificate's typed data recovers to the wallet's key", () => {
    const digest = certificateDigest(text("Hello"), 42);
    expect(hex(digest)).toBe("dab3c1073ec2a5ab6a4b98cd76051541d48672409bba6d23bb9eafc9b954c17a");
    const signature = fromHex(
      "885074f9b49de7bb73d23a801a69fb160f7cfef50cbf710c7aaff70c5581d7ab63bb7a80e4d8b3983498a9ffb10130fd" +
        "cb98d5d5c49b7f84e3f99f194c26dcdf1b",
    );
    expect(recoverEcdsa(signature, digest)).toEqual(signer);
    expect(queryDigest(text("Hello"))).not.toEqual(digest);
  });

  test("its account carries the address, and is written by network", () => {
    const account = evmAccount(signer) as Uint8Array;
    expect(hex(account)).toBe("77bb3d64ea13e4f0beafdd5d92508d4643bb09cb4065766d5f61646472657373");
    expect(toSs58(account)).toBe("5EmhBEe8vsSfqYseKctWsaQqNKCF9FFao6Mqa9hNfcdF25oE");
    expect(toSs58(account, 30)).toBe("43Kn5L9JKNwwxr25TELELmDjcVUiV3hLXoiGBwym7MVPeQBM");
    expect(fromSs58("43Kn5L9JKNwwxr25TELELmDjcVUiV3hLXoiGBwym7MVPeQBM")).toEqual({ account, network: 30 });
    expect(evmAccount(new Uint8Array(33))).toBeUndefined();
  });

  test("on Substrate the account is the hash of the key", () => {
    const key = fromHex("027cf2fa7bfe66adad4149481ff86794ce7e1ab2f7ed615ad3918f91581d2c00f1");
    expect(toSs58(ecdsaAccount(key))).toBe("5DT96geTS2iLpkH8fAhYAAphNpxddKCV36s5ShVFavf1xQiF");
  });

  test("SS58 goes there and back for every kind of prefix, and refuses what was changed", () => {
    const account = fromHex(`00${"ab".repeat(31)}`);
    for (const network of [0, 1, 63, 64, 255, 256, 1234, 16383]) {
      expect(fromSs58(toSs58(account, network))).toEqual({ account, network });
    }
    const good = toSs58(account);
    for (const bad of [
      "",
      "5",
      good.slice(1),
      `${good}1`,
      good.replace(/.$/, "0"),
      `${good.slice(0, -1)}l`,
      "x".repeat(99),
    ]) {
      expect(() => fromSs58(bad), bad).toThrow(EngineError);
    }
    const swapped = good.slice(0, 10) + good[11] + good[10] + good.slice(12);
    expect(() => fromSs58(swapped)).toThrow(/checksum/);
  });
});
