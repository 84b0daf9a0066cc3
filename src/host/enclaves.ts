/**
 * The enclaves of a folder: the code of the one that holds its secrets, kept beside them.
 *
 * An upgrade of the package replaces its enclave, and only the one before can hand the secrets over to it. So each folder
 * keeps a copy of the code that its secrets are sealed to, named by its hash. Nobody has to believe the copy: the platform
 * measures it when it is started, and a changed one cannot open the secrets.
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EngineError } from "../errors.ts";
import { sameBytes } from "../wire/bytes.ts";
import { decode, encode } from "../wire/scale.ts";
import { built } from "./isolate/isolate.ts";

/** The enclave that secrets are sealed to, as a host starts it again. */
export interface EnclaveRecord {
  /** SHA-256 of its code: 32 bytes. */
  readonly code: Uint8Array;
  /** JSON of the `EnclaveSettings` that it was opened with: some of them are measured. */
  readonly settings: string;
}

export function encodeEnclaveRecord(record: EnclaveRecord): Uint8Array {
  return encode(record, (w, { code, settings }) => w.raw(code).str(settings));
}

export function decodeEnclaveRecord(bytes: Uint8Array): EnclaveRecord {
  return decode(bytes, "enclave record", (r) => ({ code: r.raw(32), settings: r.str() }));
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());

/** The code of enclaves: the package's own, and the copies in one folder. */
export class Enclaves {
  /** Path of the code that new enclaves are started from. */
  readonly own: string;
  private readonly folder: string | undefined;

  /**
   * @param folder where copies are kept; undefined = nowhere.
   * @param own path of the code that new enclaves are started from, the package's by default.
   */
  constructor(folder: string | undefined, own = fileURLToPath(built("enclave/main.js"))) {
    this.folder = folder;
    this.own = own;
  }

  private path(code: Uint8Array): string {
    return join(this.folder ?? "", `${Buffer.from(code).toString("hex")}.js`);
  }

  /**
   * Keeps a copy of the package's own code, if it is not there; ends when it is on disk.
   * @returns SHA-256 of the code: 32 bytes.
   * @throws {EngineError} `StorageFailed`.
   */
  async keep(): Promise<Uint8Array> {
    const bytes = readFileSync(this.own);
    const code = sha256(bytes);
    if (this.folder === undefined || this.whole(code)) return code;
    const path = this.path(code);
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      const file = await open(`${path}.new`, "w", 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
      const folder = await open(this.folder, "r");
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineError("StorageFailed", { what: `Writing ${path}`, reason }, { cause: error });
    }
    return code;
  }

  /** Whether there is a copy of an enclave's code, or none is to be kept. */
  has(code: Uint8Array): boolean {
    return this.folder === undefined || existsSync(this.path(code));
  }

  private whole(code: Uint8Array): boolean {
    try {
      return sameBytes(sha256(readFileSync(this.path(code))), code);
    } catch {
      return false;
    }
  }

  /**
   * Path of the copy of an enclave's code.
   * @throws {EngineError} `EnclaveMissing` when there is none, or not a whole one.
   */
  find(code: Uint8Array): string {
    const path = this.path(code);
    if (this.whole(code)) return path;
    throw new EngineError("EnclaveMissing", { dir: this.folder, reason: `${path} is missing or damaged` });
  }

  /** Removes all copies but one. */
  prune(code: Uint8Array): void {
    if (this.folder === undefined) return;
    for (const name of readdirSync(this.folder)) {
      if (join(this.folder, name) !== this.path(code)) rmSync(join(this.folder, name), { force: true });
    }
  }
}
