/**
 * The entry calls of the enclave: the only ways in. Bytes in, bytes out; anything else is refused.
 *
 * Everything that arrives here is the host's, so it is hostile: it is read by codecs that trust nothing, and what is
 * wrong becomes an error for the caller, never the end of the enclave.
 * @module
 */

import { randomBytes } from "node:crypto";
import { blake2_256 } from "../crypto/hash.ts";
import { EngineError } from "../errors.ts";
import type { Platform } from "../platform/platform.ts";
import type { Surroundings } from "../platform/surroundings.ts";
import { Machine } from "../vm/index.ts";
import { decodeRelayedBlock } from "../wire/block.ts";
import { type EnclaveSettings, readSettings, writeMetrics } from "../wire/egress.ts";
import {
  type EnclaveLog,
  Entry,
  readEnclaveOptions,
  writeEnclaveFacts,
  writeEnclaveHeight,
  writeEnclaveResult,
} from "../wire/entry.ts";
import { readQuery } from "../wire/query.ts";
import { writeSealedReceipts } from "../wire/receipt.ts";
import { decode, encode, type Reader } from "../wire/scale.ts";
import { measuredConfiguration } from "./configuration.ts";
import { maxContractStack } from "./contract/limits.ts";
import { LocalCache } from "./contract/pink/cache.ts";
import { Egress } from "./egress/egress.ts";
import { Queries } from "./egress/queries.ts";
import { keysFromRoot } from "./keys/from-root.ts";
import type { KeyProvider } from "./keys/provider.ts";
import { seal, unseal } from "./keys/sealing.ts";
import { openSecrets, type Seals, sealSecrets, sealsOf } from "./keys/secrets.ts";
import { Runtime, type RuntimeServices } from "./runtime/runtime.ts";

const SNAPSHOT = "state snapshot";
const QUERY_LOG = "query log";
/** The most log lines that one call gives back; the first ones are kept. */
const MOST_LOGS = 10_000;

interface Opened {
  readonly platform: Platform;
  readonly keys: KeyProvider;
  readonly seals: Seals;
  readonly genesis: Uint8Array;
  readonly settings: EnclaveSettings;
  readonly egress: Egress;
}

/** What answers queries, from `start` on. */
interface Started {
  readonly runtime: Runtime;
  readonly queries: Queries;
}

/** Milliseconds of a clock that never goes back. */
const now = (): number => performance.now();

function outOfOrder(entry: string): EngineError {
  return new EngineError("EntryUnknown", { entry: `"${entry}" in this state of the enclave` });
}

/** The enclave behind its entries. */
export class Entries {
  readonly #openPlatform: Surroundings["openPlatform"];
  #opened: Opened | undefined;
  #running: Started | undefined;
  #logs: EnclaveLog[] = [];

  /** @param openPlatform opens the platform that has measured this code. */
  constructor(openPlatform: Surroundings["openPlatform"]) {
    this.#openPlatform = openPlatform;
  }

  /**
   * Answers one call, a query later.
   * @param request number of the call, by which a query can be cancelled.
   * @throws {PhatError} whatever is wrong with it; the enclave is as it was. A promise rejects with the same.
   */
  call(entry: number, body: Uint8Array, request = 0): Uint8Array | Promise<Uint8Array> {
    switch (entry) {
      case Entry.open:
        return this.#open(body);
      case Entry.start:
        return this.#start(body);
      case Entry.dispatch:
        return this.#dispatch(body);
      case Entry.query:
        return this.#running === undefined
          ? this.#none("query")
          : this.#running.queries.ask(decode(body, "query", readQuery), request);
      case Entry.cancel: {
        const { queries } = this.#running ?? this.#none("cancel");
        queries.cancel(decode(body, "request number", (r) => r.u32()));
        return new Uint8Array();
      }
      case Entry.metrics: {
        const { queries } = this.#running ?? this.#none("metrics");
        return encode((this.#opened as Opened).egress.metrics.read(queries.active), writeMetrics);
      }
      case Entry.egressRules: {
        const rules = this.#started("egressRules").egressRules(account(body));
        return encode(rules, (w) => w.option(rules, (o, bytes) => o.raw(bytes)));
      }
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

  #none(entry: string): never {
    throw outOfOrder(entry);
  }

  #started(entry: string): Runtime {
    return (this.#running ?? this.#none(entry)).runtime;
  }

  #open(body: Uint8Array): Uint8Array {
    if (this.#opened !== undefined) throw outOfOrder("open");
    const options = decode(body, "enclave options", readEnclaveOptions);
    const settings = readSettings(options.settings);
    const egress = new Egress({
      options: settings.egress,
      now,
      owned: (contract) => this.#running?.runtime.egressRules(contract),
    });
    const platform = this.#openPlatform(options.platformFolder, measuredConfiguration(settings));
    const { genesis } = options;
    const genesisHash = blake2_256(genesis);
    const known = options.secrets;
    const root = known === undefined ? new Uint8Array(randomBytes(32)) : openSecrets(platform, genesisHash, known);
    const secrets = known === undefined ? sealSecrets(platform, genesisHash, root) : undefined;
    const keys = keysFromRoot(root);
    this.#opened = { platform, keys, seals: sealsOf(root, genesisHash), genesis, settings, egress };
    const { measurement, signer, name } = platform;
    return encode({ measurement, platform: name, signer, worker: keys.workerKey, secrets }, writeEnclaveFacts);
  }

  #start(body: Uint8Array): Uint8Array {
    const opened = this.#opened;
    if (opened === undefined || this.#running !== undefined) throw outOfOrder("start");
    const snapshot = decode(body, "start", (r: Reader) => r.option((o) => o.bytes()));
    const services = {
      machine: new Machine(),
      maxStack: maxContractStack,
      keys: opened.keys,
      cache: new LocalCache(() => Math.floor(now() / 1000)),
      log: (record: EnclaveLog) => {
        if (this.#logs.length < MOST_LOGS) this.#logs.push(record);
      },
    };
    const runtime =
      snapshot === undefined ? Runtime.create(opened.genesis, services) : this.#restored(opened, snapshot, services);
    this.#running = { runtime, queries: this.#queries(opened, services.machine, runtime) };
    const { height, hash } = runtime;
    return encode({ height, hash }, writeEnclaveHeight);
  }

  #restored(opened: Opened, snapshot: Uint8Array, services: RuntimeServices): Runtime {
    const { root, policy } = opened.seals;
    const { plaintext, header } = unseal(root, policy, SNAPSHOT, snapshot);
    const runtime = Runtime.restore(opened.genesis, plaintext, services);
    if (BigInt(runtime.height) !== header.sequence) {
      throw new EngineError("SealBroken", { what: `The ${SNAPSHOT}`, reason: "its header names another block" });
    }
    return runtime;
  }

  #queries({ seals, settings, egress }: Opened, machine: Machine, runtime: Runtime): Queries {
    const { root, policy } = seals;
    return new Queries({
      runtime,
      egress,
      limits: settings.queries,
      logs: {
        seal: (log, block) => seal(root, policy, QUERY_LOG, { sequence: BigInt(block), counter: 0n }, log),
        unseal: (sealed) => unseal(root, policy, QUERY_LOG, sealed).plaintext,
      },
      within: (milliseconds, work) => machine.within(milliseconds, work),
      now,
      time: () => BigInt(Date.now()),
      random: (length) => new Uint8Array(randomBytes(length)),
      logInto: (lines, work) => {
        const before = this.#logs;
        this.#logs = lines;
        try {
          return work();
        } finally {
          this.#logs = before;
        }
      },
    });
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

  #snapshot(): Uint8Array {
    const runtime = this.#started("snapshot");
    const { platform, seals } = this.#opened as Opened;
    const header = { sequence: BigInt(runtime.height), counter: platform.counter() };
    const sealed = seal(seals.root, seals.policy, SNAPSHOT, header, runtime.snapshot());
    return encode(runtime.height, (w) => {
      writeEnclaveHeight(w, runtime);
      w.bytes(sealed);
    });
  }
}

function account(body: Uint8Array): Uint8Array {
  return decode(body, "32 bytes", (r) => r.raw(32));
}
