/**
 * One execution: a root call or instantiation, the state it works on, and what it has gathered on the way.
 *
 * What frames emit and charge is kept here in order; a frame that rolls back cuts it to where it stood. Debug text and
 * log lines are kept whatever happens, as upstream keeps them.
 * @module
 */

import type { Host, Machine } from "../../vm/index.ts";
import type { AccountId, CodeHash, ContractId } from "../../wire/bytes.ts";
import type { KeyProvider } from "../keys/provider.ts";
import type { Journal } from "../state/journal.ts";
import type { ClusterRecord } from "../state/records.ts";
import { accountOf } from "./balances.ts";
import type { EmittedEvent, Execution, LogLevel, Mode, QueryEnvironment } from "./call.ts";
import { type CodeStore, upload } from "./codes.ts";
import type { DepositCharge } from "./deposits.ts";
import { exhausted } from "./dispatch-error.ts";
import type { Frame } from "./frame.ts";
import { heldOverhead, maxDebugLength, maxEventBytes, maxLogLength, maxWrittenBytes } from "./limits.ts";

/** What every execution of a runtime stands on. */
export interface Engine {
  readonly machine: Machine;
  readonly host: Host<Frame>;
  readonly codes: CodeStore;
  readonly keys: KeyProvider;
  readonly log: (contract: ContractId, level: LogLevel, text: string, query: boolean, block: number) => void;
}

/** When and why an execution takes place. */
export interface Moment {
  readonly mode: Mode;
  /** Number of the block. */
  readonly block: number;
  /** Hash of the last block that was executed to its end. */
  readonly lastBlockHash: Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: bigint;
  readonly environment: QueryEnvironment | undefined;
}

/** A place to go back to. */
export interface Mark {
  readonly journal: number;
  readonly events: number;
  readonly palletEvents: number;
  readonly charges: number;
}

/** One execution under way. */
export class RootExecution implements Execution {
  readonly engine: Engine;
  readonly moment: Moment;
  readonly journal: Journal;
  readonly cluster: ClusterRecord;
  readonly origin: AccountId | undefined;
  readonly entryContract: ContractId;

  /** Events of contracts, in order. */
  readonly events: EmittedEvent[] = [];
  /** Events of the contracts pallet, encoded, in order. */
  readonly palletEvents: Uint8Array[] = [];
  /** Deposits to be settled when all is done. */
  readonly charges: DepositCharge[] = [];
  /** Instantiations so far, those of this execution counted. */
  nonce: number;
  /** Why the last frame that failed did: a local diagnostic. */
  diagnosis: (() => string) | undefined;
  readonly #debug: Uint8Array[] = [];
  #debugLength = 0;
  #eventBytes = 0;
  #writtenBytes = 0;
  #logLength = 0;

  constructor(
    engine: Engine,
    moment: Moment,
    journal: Journal,
    cluster: ClusterRecord,
    root: { readonly origin: AccountId | undefined; readonly entryContract: ContractId },
  ) {
    this.engine = engine;
    this.moment = moment;
    this.journal = journal;
    this.cluster = cluster;
    this.origin = root.origin;
    this.entryContract = root.entryContract;
    this.nonce = cluster.nonce;
  }

  get mode(): Mode {
    return this.moment.mode;
  }

  get block(): number {
    return this.moment.block;
  }

  get lastBlockHash(): Uint8Array {
    return this.moment.lastBlockHash;
  }

  get now(): bigint {
    return this.moment.now;
  }

  get environment(): QueryEnvironment | undefined {
    return this.moment.environment;
  }

  get keys(): KeyProvider {
    return this.engine.keys;
  }

  mark(): Mark {
    return {
      journal: this.journal.mark(),
      events: this.events.length,
      palletEvents: this.palletEvents.length,
      charges: this.charges.length,
    };
  }

  rollback(mark: Mark): void {
    this.journal.rollback(mark.journal);
    this.events.length = mark.events;
    this.palletEvents.length = mark.palletEvents;
    this.charges.length = mark.charges;
  }

  /**
   * Counts an event that is to be held.
   * @throws {DispatchFault} `Exhausted`.
   */
  holdEvent(bytes: number): void {
    this.#eventBytes += bytes + heldOverhead;
    if (this.#eventBytes > maxEventBytes) throw exhausted("the execution has emitted as much as one may");
  }

  /**
   * Counts a value that is to be held.
   * @throws {DispatchFault} `Exhausted`.
   */
  holdWrite(bytes: number): void {
    this.#writtenBytes += bytes + heldOverhead;
    if (this.#writtenBytes > maxWrittenBytes) throw exhausted("the execution has written as much as one may");
  }

  log(contract: ContractId, level: LogLevel, text: string): void {
    this.#logLength += text.length;
    if (this.#logLength > maxLogLength) return;
    this.engine.log(contract, level, text, this.moment.mode !== "transaction", this.moment.block);
  }

  balanceOf(account: Uint8Array): { readonly total: bigint; readonly free: bigint } {
    const { free, held } = accountOf(this.journal.state, account);
    return { total: free + held, free };
  }

  codeExists(hash: Uint8Array): boolean {
    return hash.length === 32 && this.journal.state.codes.get(hash) !== undefined;
  }

  uploadCode(code: Uint8Array, payer: AccountId, charge: (gas: number) => void): CodeHash {
    return upload(
      this.journal,
      this.engine.codes,
      this.cluster,
      { code, uploader: payer, determinism: "enforced", charge },
      (event) => this.palletEvents.push(event),
    ).hash;
  }

  /** Takes debug text; what does not fit whole is dropped. */
  print(text: Uint8Array): void {
    if (text.length === 0 || this.#debugLength + text.length > maxDebugLength) return;
    this.#debug.push(text);
    this.#debugLength += text.length;
  }

  /** The debug text so far. */
  debugText(): Uint8Array {
    if (this.#debug.length === 0) return nothing;
    const text = new Uint8Array(this.#debugLength);
    let at = 0;
    for (const part of this.#debug) {
      text.set(part, at);
      at += part.length;
    }
    return text;
  }
}

const nothing = new Uint8Array(0);
