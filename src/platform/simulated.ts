/**
 * The simulated platform: a folder that stands for hardware.
 *
 * It is loaded inside the isolate from its own file, which is no part of the measurement, as hardware would be none. It
 * protects nothing from whoever can read the folder or the process, and says "simulated" in every quote.
 *
 * ```text
 * root      32 random bytes: what seals are made from
 * quoting   32 random bytes: ed25519 seed of the key that signs quotes
 * counter   the monotonic counter, decimal
 * ```
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ed25519Signer } from "../crypto/ed25519.ts";
import { hkdf } from "../crypto/kdf.ts";
import { measurementOf, quoteMessage } from "../crypto/quote.ts";
import { EngineError } from "../errors.ts";
import type { Platform } from "./platform.ts";

const NAME = "simulated";
const sealDomain = new TextEncoder().encode("phatvm/simulated/seal/1");

function damaged(file: string, reason: string): EngineError {
  return new EngineError("PlatformDamaged", { file, reason });
}

/** Files of one folder, each replaced as a whole. */
class Files {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): Uint8Array | undefined {
    try {
      return new Uint8Array(readFileSync(this.path(name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw damaged(this.path(name), error instanceof Error ? error.message : String(error));
    }
  }

  /** Old or new after a crash, never half: written beside, flushed, renamed, and the folder flushed. */
  write(name: string, bytes: Uint8Array): void {
    const beside = this.path(`${name}.new`);
    try {
      const file = openSync(beside, "w", 0o600);
      try {
        writeFileSync(file, bytes);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(beside, this.path(name));
      const folder = openSync(this.folder, "r");
      try {
        fsyncSync(folder);
      } finally {
        closeSync(folder);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineError("StorageFailed", { what: `Writing ${this.path(name)}`, reason }, { cause: error });
    }
  }

  /** A secret that is made when it is first asked for. */
  secret(name: string): Uint8Array {
    const found = this.read(name);
    if (found !== undefined) {
      if (found.length !== 32) throw damaged(this.path(name), `it has ${found.length} bytes, not 32`);
      return found;
    }
    const made = new Uint8Array(randomBytes(32));
    this.write(name, made);
    return made;
  }
}

/**
 * Opens the simulated platform.
 * @param folder where it keeps itself; undefined = nowhere, it is gone with the process.
 * @param code the enclave's code, byte for byte as it was loaded: what is measured.
 * @param configuration what else belongs to the measurement.
 */
export function openPlatform(folder: string | undefined, code: Uint8Array, configuration: Uint8Array): Platform {
  const files = folder === undefined ? undefined : new Files(folder);
  const secret = (name: string): Uint8Array => files?.secret(name) ?? new Uint8Array(randomBytes(32));
  const root = secret("root");
  const quoting = ed25519Signer(secret("quoting"));
  const measurement = measurementOf(createHash("sha256").update(code).digest(), configuration);
  let inMemory = 0n;

  const counter = (): bigint => {
    if (files === undefined) return inMemory;
    const bytes = files.read("counter");
    if (bytes === undefined) return 0n;
    const text = new TextDecoder().decode(bytes);
    if (!/^\d{1,20}$/.test(text)) throw damaged(files.path("counter"), "it is no number");
    return BigInt(text);
  };

  return {
    name: NAME,
    measurement,
    signer: quoting.publicKey,
    sealKey: hkdf(root, sealDomain, measurement, 32),
    counter,
    increment() {
      const next = counter() + 1n;
      if (files === undefined) inMemory = next;
      else files.write("counter", new TextEncoder().encode(next.toString()));
      return next;
    },
    quote(data) {
      if (data.length > 64) {
        throw new EngineError("Undecodable", {
          what: "quote",
          reason: `${data.length} bytes to vouch for, 64 at most`,
        });
      }
      const quote = { platform: NAME, measurement, data: data.slice() };
      return { ...quote, signer: quoting.publicKey, signature: quoting.sign(quoteMessage(quote)) };
    },
  };
}
