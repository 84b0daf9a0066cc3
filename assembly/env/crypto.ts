/**
 * Hashes, signatures and keys. Keys are made inside the enclave and never leave it unless the contract hands them out.
 */
import { Pink, answered, ask } from "./extension";
import * as host from "./imports";
import { readRaw, write, writeCompact, writeRaw } from "../scale";
import { SCRATCH, begin, failed, reserve, written } from "../scratch";
import { Hash, at32 } from "../types/fixed";

/** A signature scheme. */
export enum SigType {
  Ed25519,
  /** Signatures are randomised, so a transaction cannot make them: there, `sign` gives no bytes. */
  Sr25519,
  Ecdsa,
}

/** Hash functions. */
export namespace hash {
  /** BLAKE2b with 32 bytes of output. */
  export function blake2b256(bytes: Uint8Array): Hash {
    host.hashBlake2256(bytes.dataStart, bytes.length, SCRATCH);
    return at32<Hash>(SCRATCH);
  }

  /** BLAKE2b with 16 bytes of output. */
  export function blake2b128(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(16);
    host.hashBlake2128(bytes.dataStart, bytes.length, out.dataStart);
    return out;
  }

  /** SHA-2 with 32 bytes of output. */
  export function sha256(bytes: Uint8Array): Hash {
    host.hashSha2256(bytes.dataStart, bytes.length, SCRATCH);
    return at32<Hash>(SCRATCH);
  }

  /** Keccak as Ethereum uses it. */
  export function keccak256(bytes: Uint8Array): Hash {
    host.hashKeccak256(bytes.dataStart, bytes.length, SCRATCH);
    return at32<Hash>(SCRATCH);
  }

  /** BLAKE2b-256 of a value's SCALE encoding. */
  export function encoded<T>(value: T): Hash {
    begin();
    write<T>(value);
    host.hashBlake2256(SCRATCH, <u32>written(), SCRATCH);
    return at32<Hash>(SCRATCH);
  }
}

/** Signatures. */
export namespace crypto {
  /** Signs a message. Keys: 32 bytes for Ed25519 and Ecdsa, 32 or 64 for Sr25519; any other length traps. */
  export function sign(scheme: SigType, key: Uint8Array, message: Uint8Array): Uint8Array {
    begin();
    write<u8>(<u8>scheme);
    write<Uint8Array>(key);
    write<Uint8Array>(message);
    ask(Pink.Sign);
    return answered<Uint8Array>();
  }

  /** Whether a signature is that of a message. A key or signature of the wrong length traps. */
  export function verify(scheme: SigType, key: Uint8Array, message: Uint8Array, signature: Uint8Array): bool {
    begin();
    write<u8>(<u8>scheme);
    write<Uint8Array>(key);
    write<Uint8Array>(message);
    write<Uint8Array>(signature);
    ask(Pink.Verify);
    return answered<bool>();
  }

  /** The public key of a secret one: 32 bytes, or 33 for Ecdsa. */
  export function publicKey(scheme: SigType, key: Uint8Array): Uint8Array {
    begin();
    write<u8>(<u8>scheme);
    write<Uint8Array>(key);
    ask(Pink.PublicKey);
    return answered<Uint8Array>();
  }

  /** Signs a hash with an Ecdsa key of 32 bytes: 65 bytes, r, s and v. The same every time. */
  export function signHash(key: Uint8Array, digest: Hash): Uint8Array {
    begin();
    write<Uint8Array>(key);
    write<Hash>(digest);
    ask(Pink.EcdsaSignPrehashed);
    const signature = readRaw(65);
    if (failed()) unreachable();
    return signature;
  }

  /** Whether 65 bytes are the signature of a hash by an Ecdsa key of 33 bytes. */
  export function verifyHash(signature: Uint8Array, digest: Hash, key: Uint8Array): bool {
    begin();
    writeRaw(signature, 65);
    write<Hash>(digest);
    writeRaw(key, 33);
    ask(Pink.EcdsaVerifyPrehashed);
    return answered<bool>();
  }

  /** The Ecdsa key of 33 bytes that signed a hash, or null when the signature of 65 bytes is none. */
  export function recover(signature: Uint8Array, digest: Hash): Uint8Array | null {
    if (signature.length != 65) return null;
    const key = new Uint8Array(33);
    return host.ecdsaRecover(signature.dataStart, changetype<usize>(digest), key.dataStart) == 0 ? key : null;
  }

  /** The Ethereum address of an Ecdsa key of 33 bytes, or null when it is no point of the curve. */
  export function ethAddress(key: Uint8Array): Uint8Array | null {
    if (key.length != 33) return null;
    const address = new Uint8Array(20);
    return host.ecdsaToEthAddress(key.dataStart, address.dataStart) == 0 ? address : null;
  }
}

/** Keys that belong to this contract alone: the same salt gives the same key, on every worker, in every call. */
export namespace keys {
  /** A secret sr25519 key of 64 bytes; its first 32 serve as a key of the other schemes. */
  export function derive(salt: Uint8Array): Uint8Array {
    begin();
    write<Uint8Array>(salt);
    ask(Pink.DeriveKey);
    return answered<Uint8Array>();
  }

  /** As `derive`, with a text for a salt. */
  export function named(name: string): Uint8Array {
    begin();
    write<string>(name);
    ask(Pink.DeriveKey);
    return answered<Uint8Array>();
  }

  /** 64 bytes that nobody outside can foresee and that are the same whenever asked for: a verifiable random value. */
  export function vrf(salt: Uint8Array): Uint8Array {
    begin();
    writeCompact(4 + salt.length);
    store<u32>(reserve(4), 0x3a667276); // "vrf:"
    writeRaw(salt, salt.length);
    ask(Pink.DeriveKey);
    return answered<Uint8Array>();
  }
}
