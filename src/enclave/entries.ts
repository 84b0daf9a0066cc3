/**
 * The entry calls of the enclave: the only ways in. Bytes in, bytes out; anything else is refused.
 *
 * Everything that arrives here is the host's, so it is hostile: it is read by codecs that trust nothing, and what is
 * wrong becomes an error for the caller, never the end of the enclave.
 * @module
 */

import { randomBytes } from "node:crypto";
import { EngineError } from "../errors.ts";
import type { OpenPlatform, Platform } from "../platform/platform.ts";
import { Machine } from "../vm/index.ts";
import { decodeRelayedBlock } from "../wire/block.ts";
import {
  type EnclaveLog,
  Entry,
  readEnclaveOptions,
  writeEnclaveFacts,
  writeEnclaveHeight,
  writeEnclaveResult,
} from "../wire/entry.ts";
import { readQuery, writeAnswer } from "../wire/query.ts";
import { writeSealedReceipts } from "../wire/receipt.ts";
import { decode, encode, type Reader } from "../wire/scale.ts";
import type { QueryEnvironment } from "./contract/call.ts";
import { LocalCache } from "./contract/pink/cache.ts";
import { type EgressRequest, unreachable } from "./contract/pink/http.ts";
import { QuerySession } from "./contract/pink/session.ts";
import { keysFromRoot } from "./keys/from-root.ts";
import type { KeyProvider } from "./keys/provider.ts";
import { seal, unseal } from "./keys/sealing.ts";
import { Runtime } from "./runtime/runtime.ts";

const SNAPSHOT = "state snapshot";
/** The most log lines that one call gives back; the first ones are kept. */
const MOST_LOGS = 10_000;
/** The most times that one query may ask for something outside. */
const MOST_REQUESTS = 32;

interface Opened {
  readonly platform: Platform;
  readonly keys: KeyProvider;
  readonly genesis: Uint8Array;
}

function outOfOrder(entry: string): EngineError {
  return new EngineError("EntryUnknown", { entry: `"${entry}" in this state of the enclave` });
}

/** The enclave behind its entries. */
export class Entries {
  readonly #openPlatform: OpenPlatform;
  readonly #code: string;
  #opened: Opened | undefined;
  #runtime: Runtime | undefined;
  #logs: EnclaveLog[] = [];

  /** @param code path of the enclave's code, for the platform to measure. */
  constructor(openPlatform: OpenPlatform, code: string) {
    this.#openPlatform = openPlatform;
    this.#code = code;
  }

  /**
   * Answers one call.
   * @throws {PhatError} whatever is wrong with it; the enclave is as it was.
   */
  call(entry: number, body: Uint8Array): Uint8Array {
    switch (entry) {
      case Entry.open:
        return this.#open(body);
      case Entry.start:
        return this.#start(body);
      case Entry.dispatch:
        return this.#dispatch(body);
      case Entry.query:
        return this.#query(body);
      case Entry.snapshot:
        return this.#snapshot();
      case Entry.balance: {
        const { total, free } = this.#started("balance").balance(account(body));
        return encode(total, (w) => w.u128(total).u128(free));
      }
      case Entry.codeExists: {
        const exists = this.#started("codeExists").codeExists(account(body));
        return encode(exists, (w) => w.bool(exists));
      }
      case Entry.contractCode: {
        const code = this.#started("contractCode").contractCode(account(body));
        return encode(code, (w) => w.option(code, (o, hash) => o.raw(hash)));
      }
      default:
        throw new EngineError("EntryUnknown", { entry });
    }
  }

  #started(entry: string): Runtime {
    if (this.#runtime === undefined) throw outOfOrder(entry);
    return this.#runtime;
  }

  #open(body: Uint8Array): Uint8Array {
    if (this.#opened !== undefined) throw outOfOrder("open");
    const options = decode(body, "enclave options", readEnclaveOptions);
    const platform = this.#openPlatform(options.platformFolder, this.#code);
    const keys = keysFromRoot(platform.rootKey);
    this.#opened = { platform, keys, genesis: options.genesis };
    return encode(
      { measurement: platform.measurement, platform: platform.name, worker: keys.workerKey },
      writeEnclaveFacts,
    );
  }

  #start(body: Uint8Array): Uint8Array {
    const opened = this.#opened;
    if (opened === undefined || this.#runtime !== undefined) throw outOfOrder("start");
    const snapshot = decode(body, "start", (r: Reader) => r.option((o) => o.bytes()));
    const services = {
      machine: new Machine(),
      keys: opened.keys,
      cache: new LocalCache(() => Math.floor(performance.now() / 1000)),
      log: (record: EnclaveLog) => {
        if (this.#logs.length < MOST_LOGS) this.#logs.push(record);
      },
    };
    if (snapshot === undefined) {
      this.#runtime = Runtime.create(opened.genesis, services);
    } else {
      const { rootKey, measurement } = opened.platform;
      const { plaintext, header } = unseal(rootKey, measurement, SNAPSHOT, snapshot);
      const runtime = Runtime.restore(opened.genesis, plaintext, services);
      if (BigInt(runtime.height) !== header.sequence) {
        throw new EngineError("SealBroken", { what: `The ${SNAPSHOT}`, reason: "its header names another block" });
      }
      this.#runtime = runtime;
    }
    const { height, hash } = this.#runtime;
    return encode({ height, hash }, writeEnclaveHeight);
  }

  #takeLogs(): EnclaveLog[] {
    const logs = this.#logs;
    this.#logs = [];
    return logs;
  }

  #dispatch(body: Uint8Array): Uint8Array {
    const runtime = this.#started("dispatch");
    this.#takeLogs();
    const { sealed } = runtime.dispatch(decodeRelayedBlock(body));
    return encode({ result: encode(sealed, writeSealedReceipts), logs: this.#takeLogs() }, writeEnclaveResult);
  }

  #query(body: Uint8Array): Uint8Array {
    const runtime = this.#started("query");
    const request = decode(body, "query", readQuery);
    this.#takeLogs();
    const session = new QuerySession(runtime.cache);
    const environment: QueryEnvironment = {
      nowMs: BigInt(Date.now()),
      random: (length) => new Uint8Array(randomBytes(length)),
      pink: session,
    };
    const snapshot = runtime.pin();
    let pass = snapshot.query(request, environment);
    for (let asked = 0; pass.type === "suspended"; asked++) {
      if (asked === MOST_REQUESTS) throw new EngineError("QueryLimit", { limit: `${MOST_REQUESTS} requests` });
      session.supply(unreachable(pass.request as EgressRequest, "this worker has no way to the internet"));
      pass = snapshot.query(request, environment);
    }
    return encode({ result: encode(pass.answer, writeAnswer), logs: this.#takeLogs() }, writeEnclaveResult);
  }

  #snapshot(): Uint8Array {
    const runtime = this.#started("snapshot");
    const { platform } = this.#opened as Opened;
    const header = { sequence: BigInt(runtime.height), counter: platform.counter() };
    const sealed = seal(platform.rootKey, platform.measurement, SNAPSHOT, header, runtime.snapshot());
    return encode(runtime.height, (w) => {
      writeEnclaveHeight(w, runtime);
      w.bytes(sealed);
    });
  }
}

function account(body: Uint8Array): Uint8Array {
  return decode(body, "32 bytes", (r) => r.raw(32));
}
